//! Test media with `ffmpeg`: for every number a camera that shows it ([`crate::colour_code`]) and a tone of its own.
//!
//! For number NN (two digits) the folder gets
//! - `NN-q.ivf`, `NN-h.ivf`, `NN-f.ivf`: VP8, 15 frames a second, a keyframe every 15, 160×90, 320×180, 640×360;
//! - `NN.ogg`: Opus, 20 ms packets, a sine of [`tone_hz`];
//! - `NN.mjpeg`: 640×360 for Chromium's `--use-file-for-fake-video-capture`;
//! - `NN.wav`: the tone for Chromium's `--use-file-for-fake-audio-capture`.
//!
//! Luma is the code and nothing else; the chroma turns slowly, in a direction of its own for every number, so that
//! no two frames are the same.

use crate::colour_code;
use anyhow::{Context, Result, bail};
use sim::client::CAMERA_LAYERS;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Frames per second of the recordings.
pub const FPS: usize = 15;
/// Length of the recordings; they are played in a loop.
pub const SECONDS: usize = 4;

/// Frequency of a number's tone in Hz: far enough apart for a 2,048-point spectrum.
pub fn tone_hz(number: u8) -> u32 {
    300 + 100 * u32::from(number)
}

/// Writes the files of `count` numbers, starting with `first`.
///
/// # Errors
/// When `ffmpeg` is missing or fails, or the folder cannot be written.
pub fn make(out: &Path, first: u8, count: u8) -> Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    for number in first..first.saturating_add(count) {
        for layer in CAMERA_LAYERS {
            let file = out.join(format!("{number:02}-{}.ivf", layer.rid));
            let rate = format!("{}", layer.bitrate);
            let codec = [
                "-c:v",
                "libvpx",
                "-b:v",
                &rate,
                "-g",
                "15",
                "-keyint_min",
                "15",
                "-auto-alt-ref",
                "0",
            ];
            let speed = [
                "-lag-in-frames",
                "0",
                "-deadline",
                "realtime",
                "-cpu-used",
                "8",
                "-error-resilient",
                "1",
            ];
            let size = (usize::from(layer.width), usize::from(layer.height));
            encode(number, size, &[&codec[..], &speed].concat(), &file)?;
        }
        encode(
            number,
            (640, 360),
            &["-c:v", "mjpeg", "-q:v", "3", "-f", "mjpeg"],
            &out.join(format!("{number:02}.mjpeg")),
        )?;
        let tone = format!(
            "sine=frequency={}:sample_rate=48000:duration={SECONDS}",
            tone_hz(number)
        );
        let opus = ["-c:a", "libopus", "-b:a", "32k", "-frame_duration", "20"];
        ffmpeg(
            &["-f", "lavfi", "-i", &tone],
            &opus,
            &out.join(format!("{number:02}.ogg")),
            &[],
        )?;
        ffmpeg(
            &["-f", "lavfi", "-i", &tone],
            &["-ac", "1"],
            &out.join(format!("{number:02}.wav")),
            &[],
        )?;
    }
    Ok(())
}

fn encode(number: u8, (width, height): (usize, usize), codec: &[&str], file: &Path) -> Result<()> {
    let mut frames = Vec::new();
    for frame in 0..FPS * SECONDS {
        picture(number, frame, width, height, &mut frames);
    }
    let (size, fps) = (format!("{width}x{height}"), FPS.to_string());
    let input = [
        "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size, "-r", &fps, "-i", "-",
    ];
    ffmpeg(&input, codec, file, &frames)
}

/// One YUV 4:2:0 picture.
fn picture(number: u8, frame: usize, width: usize, height: usize, out: &mut Vec<u8>) {
    let cells = colour_code::cells(number);
    for y in 0..height {
        out.extend((0..width).map(|x| {
            if colour_code::is_bright(&cells, x, y, width, height) {
                235
            } else {
                16
            }
        }));
    }
    let turn = frame as f64 / (FPS * SECONDS) as f64 + f64::from(number) / 16.0;
    let (sin, cos) = (turn * std::f64::consts::TAU).sin_cos();
    let chroma = width.div_ceil(2) * height.div_ceil(2);
    for part in [cos, sin] {
        out.extend(std::iter::repeat_n((128.0 + 24.0 * part) as u8, chroma));
    }
}

fn ffmpeg(input: &[&str], codec: &[&str], file: &Path, stdin: &[u8]) -> Result<()> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-y"])
        .args(input)
        .args(codec)
        .arg(file)
        .stdin(Stdio::piped())
        .spawn()
        .context("cannot run ffmpeg; install it (apt-get install ffmpeg)")?;
    if let Some(mut pipe) = child.stdin.take() {
        // A broken pipe is ffmpeg's failure, reported by its exit code.
        let _ = pipe.write_all(stdin);
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("ffmpeg failed for {} ({status})", file.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_in_the_luma() {
        let mut yuv = Vec::new();
        picture(0xa5, 3, 160, 90, &mut yuv);
        assert_eq!(yuv.len(), 160 * 90 * 3 / 2);
        let luma = std::array::from_fn(|cell| {
            let (x, y) = ((cell % 4) * 40 + 20, (cell / 4) * 30 + 15);
            yuv[y * 160 + x]
        });
        assert_eq!(colour_code::read(luma), Some(0xa5));
    }
}
