//! Recorded media: VP8 in IVF and Opus in Ogg (RFC 3533, RFC 7845), as ffmpeg writes them.

use super::ClientError;
use bytes::Bytes;
use std::time::Duration;

/// The frames of an IVF file.
#[derive(Debug, Clone)]
pub struct Ivf {
    /// Picture width in pixels.
    pub width: u16,
    /// Picture height in pixels.
    pub height: u16,
    /// Time from frame to frame.
    pub frame_time: Duration,
    /// Frames in order of decoding.
    pub frames: Vec<Bytes>,
}

impl Ivf {
    /// Reads a whole file.
    ///
    /// # Errors
    /// When it is not IVF with VP8, or has no frame.
    pub fn parse(file: &Bytes) -> Result<Self, ClientError> {
        let bad = |what| ClientError::Media(format!("not a usable IVF file: {what}"));
        let field = |at: usize, len: usize| file.get(at..at + len).ok_or_else(|| bad("header is cut short"));
        if field(0, 4)? != b"DKIF" || field(8, 4)? != b"VP80" {
            return Err(bad("no DKIF header with VP80"));
        }
        let rate = little(field(16, 4)?).max(1);
        let scale = little(field(20, 4)?).max(1);
        let mut frames = Vec::new();
        let mut at = usize::try_from(little(field(6, 2)?)).unwrap_or(32);
        while let Some(header) = file.get(at..at + 12) {
            let len = usize::try_from(little(header.get(..4).unwrap_or_default())).unwrap_or(usize::MAX);
            let start = at + 12;
            let Some(end) = start.checked_add(len).filter(|end| *end <= file.len()) else {
                break;
            };
            if len > 0 {
                frames.push(file.slice(start..end));
            }
            at = end;
        }
        if frames.is_empty() {
            return Err(bad("no frames"));
        }
        Ok(Self {
            width: u16::try_from(little(field(12, 2)?)).unwrap_or(0),
            height: u16::try_from(little(field(14, 2)?)).unwrap_or(0),
            frame_time: Duration::from_secs_f64(scale as f64 / rate as f64),
            frames,
        })
    }
}

/// The Opus packets of an Ogg file, 20 ms each, without the two header packets.
///
/// # Errors
/// When it is not Ogg with Opus, or has no packet.
pub fn parse_ogg_opus(file: &Bytes) -> Result<Vec<Bytes>, ClientError> {
    let bad = |what| ClientError::Media(format!("not a usable Ogg Opus file: {what}"));
    let mut packets: Vec<Bytes> = Vec::new();
    let mut partial: Vec<u8> = Vec::new();
    let mut at = 0;
    while let Some(header) = file.get(at..at + 27) {
        if !header.starts_with(b"OggS") {
            return Err(bad("a page does not start with OggS"));
        }
        let segments = usize::from(header.last().copied().unwrap_or(0));
        let Some(table) = file.get(at + 27..at + 27 + segments) else {
            break;
        };
        let mut body = at + 27 + segments;
        for &lacing in table {
            let end = body + usize::from(lacing);
            partial.extend_from_slice(file.get(body..end).ok_or_else(|| bad("a page is cut short"))?);
            body = end;
            if lacing < 255 {
                packets.push(Bytes::from(std::mem::take(&mut partial)));
            }
        }
        at = body;
    }
    if !packets.first().is_some_and(|p| p.starts_with(b"OpusHead")) || packets.len() < 3 {
        return Err(bad("no OpusHead, or no packets after it"));
    }
    Ok(packets.split_off(2))
}

fn little(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ivf_file_gives_its_frames() {
        let mut file = b"DKIF\0\0\x20\0VP80".to_vec();
        file.extend(640u16.to_le_bytes());
        file.extend(360u16.to_le_bytes());
        file.extend(15u32.to_le_bytes());
        file.extend(1u32.to_le_bytes());
        file.extend([0; 8]);
        for frame in [&[0u8, 1, 2][..], &[1, 5]] {
            file.extend(u32::try_from(frame.len()).unwrap().to_le_bytes());
            file.extend([0; 8]);
            file.extend(frame);
        }
        let ivf = Ivf::parse(&Bytes::from(file)).unwrap();
        assert_eq!((ivf.width, ivf.height, ivf.frames.len()), (640, 360, 2));
        assert_eq!(ivf.frame_time.as_millis(), 66);
        assert_eq!(&ivf.frames[1][..], &[1, 5]);
        assert!(Ivf::parse(&Bytes::from_static(b"DKIF")).is_err());
    }

    #[test]
    fn an_ogg_file_gives_its_packets() {
        let page = |packets: &[&[u8]]| {
            let mut page = b"OggS".to_vec();
            page.extend([0; 22]);
            page.push(u8::try_from(packets.len()).unwrap());
            page.extend(packets.iter().map(|p| u8::try_from(p.len()).unwrap()));
            page.extend(packets.concat());
            page
        };
        let file = [page(&[b"OpusHead"]), page(&[b"OpusTags"]), page(&[&[1, 2], &[3]])].concat();
        let packets = parse_ogg_opus(&Bytes::from(file)).unwrap();
        assert_eq!(packets, [&[1u8, 2][..], &[3]]);
        assert!(parse_ogg_opus(&Bytes::from_static(b"RIFF")).is_err());
    }
}
