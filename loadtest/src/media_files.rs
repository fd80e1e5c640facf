//! Reads what [`crate::make_media`] wrote.

use anyhow::{Context, Result};
use bytes::Bytes;
use sim::client::{CAMERA_LAYERS, Ivf, VideoSource, parse_ogg_opus};
use std::path::Path;

/// The camera of a number, all layers.
///
/// # Errors
/// When a file is missing or not IVF.
pub fn video(dir: &Path, number: usize) -> Result<VideoSource> {
    let mut files = Vec::new();
    for layer in CAMERA_LAYERS {
        files.push(Ivf::parse(&read(
            &dir.join(format!("{number:02}-{}.ivf", layer.rid)),
        )?)?);
    }
    Ok(VideoSource::Ivf(files))
}

/// The voice of a number.
///
/// # Errors
/// When the file is missing or not Opus in Ogg.
pub fn audio(dir: &Path, number: usize) -> Result<Vec<Bytes>> {
    Ok(parse_ogg_opus(&read(&dir.join(format!("{number:02}.ogg")))?)?)
}

fn read(path: &Path) -> Result<Bytes> {
    let file = std::fs::read(path).with_context(|| {
        format!(
            "cannot read {} (plenum-loadtest make-media writes it)",
            path.display()
        )
    })?;
    Ok(Bytes::from(file))
}
