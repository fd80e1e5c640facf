//! VP8 in RTP (RFC 7741), written independently of `media`, so that each side checks the other.

use bytes::{BufMut, Bytes, BytesMut};

/// Bytes of a frame in one packet: fits a 1,200-byte datagram with all extensions and the SRTP tag.
pub(super) const MAX_PAYLOAD: usize = 1_100;
/// Bytes of the descriptor written here.
pub(super) const DESCRIPTOR_BYTES: usize = 6;

/// Whether a frame, given from its first byte, is a keyframe (RFC 6386 §9.1: the P bit is 0).
pub(super) fn is_keyframe(frame: &[u8]) -> bool {
    frame.first().is_some_and(|first| first & 1 == 0)
}

/// Splits a frame into payloads of `chunk` bytes of it, with descriptors: 15-bit picture id, TL0PICIDX, temporal id 0.
pub(super) fn packetize(frame: &Bytes, chunk: usize, picture_id: u16, tl0_picture_index: u8) -> Vec<Bytes> {
    let chunk = chunk.max(1);
    let mut payloads = Vec::with_capacity(frame.len() / chunk + 1);
    let mut at = 0;
    while at < frame.len() {
        let end = frame.len().min(at + chunk);
        let mut payload = BytesMut::with_capacity(DESCRIPTOR_BYTES + end - at);
        payload.put_u8(0x80 | if at == 0 { 0x10 } else { 0 }); // X, S at the first packet
        payload.put_u8(0xe0); // I, L, T
        payload.put_u16(0x8000 | (picture_id & 0x7fff));
        payload.put_u8(tl0_picture_index);
        payload.put_u8(0x20); // TID 0, Y: depends on the base layer only
        payload.put_slice(frame.get(at..end).unwrap_or_default());
        payloads.push(payload.freeze());
        at = end;
    }
    payloads
}

/// A parsed descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Descriptor {
    /// Start of a partition and partition 0: first packet of a frame.
    pub(super) frame_start: bool,
    pub(super) picture_id: Option<u16>,
    /// Bytes of descriptor.
    pub(super) len: usize,
}

impl Descriptor {
    /// `None` when truncated.
    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let first = *payload.first()?;
        let mut at = 1;
        let mut picture_id = None;
        if first & 0x80 != 0 {
            let bits = *payload.get(at)?;
            at += 1;
            if bits & 0x80 != 0 {
                let high = *payload.get(at)?;
                at += 1;
                if high & 0x80 != 0 {
                    let low = *payload.get(at)?;
                    at += 1;
                    picture_id = Some(u16::from_be_bytes([high & 0x7f, low]));
                } else {
                    picture_id = Some(u16::from(high));
                }
            }
            at += usize::from(bits & 0x40 != 0) + usize::from(bits & 0x30 != 0);
        }
        (at < payload.len()).then_some(Self {
            frame_start: first & 0x10 != 0 && first & 0x07 == 0,
            picture_id,
            len: at,
        })
    }
}

/// Marks a made-up frame; the stream and number behind it tell a receiver whether the references are right.
const STAMP_MAGIC: [u8; 4] = *b"PLNM";

/// Which encoder made a made-up frame, and which one of its frames it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameStamp {
    /// Encoder: publisher and layer.
    pub stream: u32,
    /// Counts the encoder's frames.
    pub number: u32,
}

impl FrameStamp {
    /// Reads the stamp of a made-up frame; `None` for a recorded one.
    pub fn read(frame: &[u8]) -> Option<Self> {
        let body = frame.get(if is_keyframe(frame) { 10 } else { 3 }..)?;
        let word = |at: usize| Some(u32::from_be_bytes(*body.get(at..)?.first_chunk::<4>()?));
        body.starts_with(&STAMP_MAGIC).then_some(())?;
        Some(Self {
            stream: word(4)?,
            number: word(8)?,
        })
    }
}

/// A frame that looks like VP8 to everything that does not decode it: a right first byte, start code and size.
pub(super) fn pretend_frame(keyframe: bool, size: (u16, u16), len: usize, stamp: FrameStamp) -> Bytes {
    let mut frame = BytesMut::with_capacity(len.max(24));
    // Frame tag: P bit, version 0, show_frame, 19 bits of first partition size (RFC 6386 §9.1).
    let partition = u32::try_from(len / 2).unwrap_or(0) & 0x7_ffff;
    let tag = u32::from(!keyframe) | 0x10 | (partition << 5);
    frame.put_slice(&tag.to_le_bytes()[..3]);
    if keyframe {
        frame.put_slice(&[0x9d, 0x01, 0x2a]);
        frame.put_u16_le(size.0 & 0x3fff);
        frame.put_u16_le(size.1 & 0x3fff);
    }
    frame.put_slice(&STAMP_MAGIC);
    frame.put_u32(stamp.stream);
    frame.put_u32(stamp.number);
    frame.put_bytes(stamp.number.to_be_bytes()[3], len.saturating_sub(frame.len()));
    frame.freeze()
}

/// Picture height of a keyframe (RFC 6386 §9.1).
pub(super) fn keyframe_height(frame: &[u8]) -> Option<u16> {
    let bytes = frame.get(8..10).filter(|_| is_keyframe(frame))?;
    Some(u16::from_le_bytes(*bytes.first_chunk::<2>()?) & 0x3fff)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: FrameStamp = FrameStamp { stream: 3, number: 8 };

    #[test]
    fn a_frame_survives_packetizing() {
        let frame = pretend_frame(true, (640, 360), 3_000, STAMP);
        let payloads = packetize(&frame, MAX_PAYLOAD, 0x7abc, 9);
        assert_eq!(payloads.len(), 3);
        let mut joined = Vec::new();
        for (i, payload) in payloads.iter().enumerate() {
            let descriptor = Descriptor::parse(payload).unwrap();
            assert_eq!(descriptor.frame_start, i == 0);
            assert_eq!(descriptor.picture_id, Some(0x7abc));
            joined.extend_from_slice(&payload[descriptor.len..]);
        }
        assert_eq!(joined, frame);
        assert!(is_keyframe(&joined));
        assert_eq!(
            (keyframe_height(&joined), FrameStamp::read(&joined)),
            (Some(360), Some(STAMP))
        );
        assert!(!is_keyframe(&pretend_frame(false, (640, 360), 100, STAMP)));
    }

    #[test]
    fn truncated_descriptors_are_refused() {
        for payload in [&[][..], &[0x80], &[0x80, 0x80], &[0x80, 0x80, 0x80], &[0x10]] {
            assert_eq!(Descriptor::parse(payload), None, "{payload:?}");
        }
    }
}
