//! Video layers allocation: which layers a publisher sends now, and at which rates it aims.
//!
//! The header extension `video-layers-allocation00` of libwebrtc
//! (<https://webrtc.googlesource.com/src/+/refs/heads/main/docs/native-code/rtp-hdrext/video-layers-allocation00/README.md>).
//! Chromium puts it on keyframes, and after each change on the next frame of temporal layer 0, of every stream it sends.

use crate::unit::Bitrate;
use bytes::{BufMut, Bytes, BytesMut};

/// The extension's URI in `a=extmap`.
pub const URI: &str = "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00";
/// RTP streams, spatial layers of each and temporal layers of each of these: two bits number any of them.
const MOST: usize = 4;
/// Larger rates are nonsense, in kb/s (libwebrtc: the same).
const MOST_KBPS: u64 = 1_000_000;
/// Bytes of one layer's picture size and frame rate.
const PICTURE_BYTES: usize = 5;

/// What one publisher sends of one video track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayersAllocation {
    /// Index of the RTP stream the packet belongs to, in the order of the rids; 0 when nothing is sent.
    pub stream: u8,
    /// By stream and spatial id, ascending, at most 16; empty when nothing is sent.
    pub layers: Vec<AllocatedLayer>,
}

/// One spatial layer of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllocatedLayer {
    /// Index of its RTP stream, 0 to 3.
    pub stream: u8,
    /// Spatial id, 0 to 3.
    pub spatial: u8,
    /// Its picture, when the publisher says so.
    pub picture: Option<AllocatedPicture>,
    targets: [Bitrate; MOST],
    temporal: u8,
}

/// Size of a layer's picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllocatedPicture {
    /// Pixels, 1 to 65,536.
    pub width: u32,
    /// Pixels, 1 to 65,536.
    pub height: u32,
    /// Most frames per second.
    pub fps: u8,
}

impl AllocatedLayer {
    /// A layer with the target of each of its temporal layers, each with those below it: one to four, in whole kb/s;
    /// further ones are left out.
    pub fn new(stream: u8, spatial: u8, targets: &[Bitrate]) -> AllocatedLayer {
        let mut layer = AllocatedLayer {
            stream: stream.min(MOST as u8 - 1),
            spatial: spatial.min(MOST as u8 - 1),
            picture: None,
            targets: [Bitrate(0); MOST],
            temporal: targets.len().clamp(1, MOST) as u8,
        };
        for (place, target) in layer.targets.iter_mut().zip(targets) {
            *place = Bitrate(target.0.min(1_000 * MOST_KBPS) / 1_000 * 1_000);
        }
        layer
    }

    /// Target rate in bits per second of each temporal layer, with those below it.
    pub fn targets(&self) -> &[Bitrate] {
        self.targets.get(..usize::from(self.temporal)).unwrap_or_default()
    }
}

impl LayersAllocation {
    /// Reads the extension's value. `None` when it is malformed.
    pub fn parse(bytes: &[u8]) -> Option<LayersAllocation> {
        if bytes == [0] {
            return Some(LayersAllocation {
                stream: 0,
                layers: Vec::new(),
            });
        }
        let (head, rest) = bytes.split_first()?;
        let streams = usize::from(head >> 4 & 3) + 1;
        let (masks, mut rest) = read_masks(head & 0x0F, streams, rest)?;
        let mut layers = Vec::new();
        for (stream, mask) in (0u8..).zip(masks).take(streams) {
            let spatial = (0..MOST as u8).filter(|spatial| mask & 1 << spatial != 0);
            layers.extend(spatial.map(|spatial| AllocatedLayer::new(stream, spatial, &[])));
        }
        let counts = rest.split_off(..layers.len().div_ceil(4))?;
        for (index, layer) in layers.iter_mut().enumerate() {
            let byte = counts.get(index / 4)?;
            layer.temporal = (byte >> (6 - 2 * (index % 4)) & 3) + 1;
            for target in layer.targets.iter_mut().take(usize::from(layer.temporal)) {
                *target = Bitrate(1_000 * read_leb128(&mut rest)?);
            }
        }
        if !rest.is_empty() {
            read_pictures(rest, &mut layers)?;
        }
        (!layers.is_empty()).then_some(LayersAllocation {
            stream: head >> 6,
            layers,
        })
    }

    /// The extension's value, at most 277 bytes, from libwebrtc's senders at most some 60; pictures are written when all layers have one.
    pub fn to_wire(&self) -> Bytes {
        let Some(last) = self.layers.last() else {
            return Bytes::from_static(&[0]);
        };
        let mut out = BytesMut::with_capacity(48);
        let mut masks = [0u8; MOST];
        for layer in &self.layers {
            if let Some(mask) = masks.get_mut(usize::from(layer.stream)) {
                *mask |= 1 << layer.spatial;
            }
        }
        let streams = usize::from(last.stream) + 1;
        let same = masks.iter().take(streams).all(|mask| *mask == masks[0]);
        out.put_u8(self.stream << 6 | last.stream << 4 | if same { masks[0] } else { 0 });
        if !same {
            out.put_u8(masks[0] << 4 | masks[1]);
            if streams > 2 {
                out.put_u8(masks[2] << 4 | masks[3]);
            }
        }
        for four in self.layers.chunks(4) {
            let counts = four.iter().enumerate();
            out.put_u8(counts.fold(0, |byte, (index, layer)| {
                byte | (layer.temporal - 1) << (6 - 2 * index)
            }));
        }
        let targets = self.layers.iter().flat_map(AllocatedLayer::targets);
        targets.for_each(|target| put_leb128(&mut out, target.0 / 1_000));
        let pictures: Option<Vec<_>> = self.layers.iter().map(|layer| layer.picture).collect();
        for picture in pictures.into_iter().flatten() {
            out.put_u16(picture.width.saturating_sub(1) as u16);
            out.put_u16(picture.height.saturating_sub(1) as u16);
            out.put_u8(picture.fps);
        }
        out.freeze()
    }

    /// What this stream aims at in bits per second, all of its layers together; `None`: it is not sent.
    pub fn target(&self, stream: u8) -> Option<Bitrate> {
        let of_stream = self.layers.iter().filter(|layer| layer.stream == stream);
        // Each value holds what is below it, so the largest is the whole.
        of_stream.flat_map(AllocatedLayer::targets).copied().max()
    }

    /// Height of this stream's largest picture in pixels, when the publisher says so.
    pub fn height(&self, stream: u8) -> Option<u32> {
        let of_stream = self.layers.iter().filter(|layer| layer.stream == stream);
        of_stream.filter_map(|layer| Some(layer.picture?.height)).max()
    }
}

/// The spatial layers of each stream as bits, and what follows them.
fn read_masks(common: u8, streams: usize, rest: &[u8]) -> Option<([u8; MOST], &[u8])> {
    if common != 0 {
        return Some(([common; MOST], rest));
    }
    let mut masks = [0; MOST];
    let (bytes, rest) = rest.split_at_checked(streams.div_ceil(2))?;
    for (pair, byte) in masks.chunks_mut(2).zip(bytes) {
        pair.copy_from_slice(&[byte >> 4, byte & 0x0F]);
    }
    Some((masks, rest))
}

/// A number of the AV1 specification's `leb128()`, here no larger than [`MOST_KBPS`].
fn read_leb128(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    // Four times seven bits are more than enough.
    for index in 0..4 {
        let byte = *rest.split_off_first()?;
        value |= u64::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return (value <= MOST_KBPS).then_some(value);
        }
    }
    None
}

fn put_leb128(out: &mut BytesMut, mut value: u64) {
    while value >= 0x80 {
        out.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

fn read_pictures(rest: &[u8], layers: &mut [AllocatedLayer]) -> Option<()> {
    if rest.len() != PICTURE_BYTES * layers.len() {
        return None;
    }
    for (bytes, layer) in rest.chunks_exact(PICTURE_BYTES).zip(layers) {
        let [w0, w1, h0, h1, fps] = *bytes.first_chunk::<PICTURE_BYTES>()?;
        layer.picture = Some(AllocatedPicture {
            width: u32::from(u16::from_be_bytes([w0, w1])) + 1,
            height: u32::from(u16::from_be_bytes([h0, h1])) + 1,
            fps,
        });
    }
    Some(())
}
