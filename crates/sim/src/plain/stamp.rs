//! What synthetic payloads say about themselves.

use super::temporal::Place;
use bytes::{BufMut, Bytes, BytesMut};
use media::Source;
use media::vp8;

/// Bytes of a stamp.
const LENGTH: usize = 24;

/// Who captured what when, behind the bytes the server reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The publisher's number in the world.
    pub person: u32,
    /// Which of its tracks.
    pub source: Source,
    /// Which layer of it.
    pub layer: u8,
    /// Frames of the layer are counted from 0; for audio, packets.
    pub frame: u32,
    /// Whether the frame can be decoded alone.
    pub keyframe: bool,
    /// Temporal id; 0 where there are no temporal layers.
    pub temporal: u8,
    /// How many frames of the layer back the ones are that it refers to; 0: none.
    pub references: [u8; 2],
    /// Position of this packet in its frame, and how many it has.
    pub part: u8,
    /// How many packets the frame has.
    pub parts: u8,
    /// When it was captured, in microseconds of virtual time since the world began.
    pub captured_us: u64,
}

impl Stamp {
    fn write(&self, out: &mut BytesMut) {
        let source = match self.source {
            Source::Camera => 0,
            Source::Microphone => 1,
            Source::Screen => 2,
            Source::ScreenAudio => 3,
        };
        out.put_u32(self.person);
        out.put_slice(&[
            source,
            self.layer,
            u8::from(self.keyframe),
            self.part,
            self.parts,
            self.temporal,
            self.references[0],
            self.references[1],
        ]);
        out.put_u32(self.frame);
        out.put_u64(self.captured_us);
    }

    fn read(bytes: &[u8]) -> Option<Stamp> {
        let bytes: &[u8; LENGTH] = bytes.first_chunk()?;
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let source = match bytes[4] {
            0 => Source::Camera,
            1 => Source::Microphone,
            2 => Source::Screen,
            _ => Source::ScreenAudio,
        };
        Some(Stamp {
            person: word(0),
            source,
            layer: bytes[5],
            keyframe: bytes[6] == 1,
            part: bytes[7],
            parts: bytes[8],
            temporal: bytes[9],
            references: [bytes[10], bytes[11]],
            frame: word(12),
            captured_us: u64::from(word(16)) << 32 | u64::from(word(20)),
        })
    }

    /// An audio payload; the server does not look into it.
    pub fn audio(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(1 + LENGTH + 80);
        out.put_u8(0xF8);
        self.write(&mut out);
        out.put_bytes(0, 80);
        out.freeze()
    }

    /// The stamp of an audio payload.
    pub fn of_audio(payload: &[u8]) -> Option<Stamp> {
        Stamp::read(payload.get(1..)?)
    }

    /// A VP8 payload of `size` bytes behind its descriptor (RFC 7741 §4.2): S on the first packet, a 15-bit picture
    /// id; with temporal layers TL0PICIDX, TID and Y, and N where nothing refers to the frame.
    pub(crate) fn vp8(&self, picture_id: u16, place: &Place, size: usize) -> Bytes {
        let mut out = BytesMut::with_capacity(7 + LENGTH + size);
        let starts = if self.part == 0 { 0x10 } else { 0 };
        let unreferred = if place.temporal == Some(2) { 0x20 } else { 0 };
        let layered = if place.temporal.is_some() { 0x60 } else { 0 };
        out.put_slice(&[0x80 | unreferred | starts, 0x80 | layered]);
        out.put_u16(0x8000 | (picture_id & 0x7FFF));
        if let Some(temporal) = place.temporal {
            out.put_slice(&[place.tl0, temporal << 6 | u8::from(place.sync) << 5]);
        }
        // The first byte of the frame header: bit 0 is 0 for keyframes (RFC 6386 §9.1).
        out.put_u8(if self.keyframe { 0x10 } else { 0x11 });
        self.write(&mut out);
        out.put_bytes(0, size.saturating_sub(LENGTH + 1));
        out.freeze()
    }

    /// The stamp and the descriptor of a VP8 payload.
    pub fn of_vp8(payload: &[u8]) -> Option<(Stamp, vp8::Descriptor)> {
        let descriptor = vp8::Descriptor::parse(payload)?;
        let stamp = Stamp::read(payload.get(descriptor.len + 1..)?)?;
        Some((stamp, descriptor))
    }
}
