//! The VP8 payload descriptor (RFC 7741 §4.2).

use crate::packet::SlotPayload;
use crate::payload::PictureId;
use bytes::{BufMut, Bytes};

/// Longest descriptor: two flag bytes, a 15-bit picture id, TL0PICIDX, TID/Y/KEYIDX.
const MAX_DESCRIPTOR: usize = 6;

const X: u8 = 0x80;
const N: u8 = 0x20;
const S: u8 = 0x10;
const PID: u8 = 0x07;
const I: u8 = 0x80;
const L: u8 = 0x40;
const T: u8 = 0x20;
const K: u8 = 0x10;

/// A parsed descriptor, and what the first byte of the VP8 data behind it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// N: no later frame refers to this one.
    pub non_reference: bool,
    /// S: the payload starts a partition.
    pub starts_partition: bool,
    /// PID: partition the payload belongs to, 0..=7.
    pub partition: u8,
    /// PictureID: counts frames.
    pub picture_id: Option<PictureId>,
    /// TL0PICIDX: counts frames of temporal layer 0.
    pub tl0_picture_index: Option<u8>,
    /// TID: temporal layer, 0..=3.
    pub temporal_id: Option<u8>,
    /// Y: the frame refers to temporal layer 0 only, so a receiver may start on its layer here.
    pub layer_sync: bool,
    /// KEYIDX: counts keyframes, 0..=31.
    pub key_index: Option<u8>,
    /// P bit of the frame header (RFC 6386 §9.1) is 0 where the frame starts.
    pub keyframe: bool,
    /// Bytes before the VP8 data.
    pub len: usize,
}

impl Descriptor {
    /// Read the descriptor at the start of an RTP payload. `None` when the payload ends within it.
    pub fn parse(payload: &[u8]) -> Option<Descriptor> {
        let mut reader = Reader {
            bytes: payload,
            at: 0,
        };
        let first = reader.byte()?;
        let flags = if first & X != 0 { reader.byte()? } else { 0 };
        let picture_id = if flags & I != 0 {
            Some(reader.picture_id()?)
        } else {
            None
        };
        let tl0_picture_index = if flags & L != 0 {
            Some(reader.byte()?)
        } else {
            None
        };
        // One byte holds both; T and K say which of its parts mean something.
        let tid_y_keyidx = if flags & (T | K) != 0 { reader.byte()? } else { 0 };
        let has_temporal_id = flags & T != 0;

        let starts_frame = first & S != 0 && first & PID == 0;
        Some(Descriptor {
            non_reference: first & N != 0,
            starts_partition: first & S != 0,
            partition: first & PID,
            picture_id,
            tl0_picture_index,
            temporal_id: has_temporal_id.then_some(tid_y_keyidx >> 6),
            layer_sync: has_temporal_id && tid_y_keyidx & 0x20 != 0,
            key_index: (flags & K != 0).then_some(tid_y_keyidx & 0x1f),
            keyframe: starts_frame && payload.get(reader.at).is_some_and(|frame| frame & 1 == 0),
            len: reader.at,
        })
    }

    /// Whether the payload is the first of its frame.
    pub fn starts_frame(&self) -> bool {
        self.starts_partition && self.partition == 0
    }
}

/// `payload` with other numbers in its descriptor: `picture_id` (always written with 15 bits) and
/// `tl0_picture_index`, each only where the original has one. `None` when there is no descriptor to rewrite.
pub fn rewrite(payload: &Bytes, picture_id: u16, tl0_picture_index: u8) -> Option<SlotPayload> {
    let descriptor = Descriptor::parse(payload)?;
    let mut head = [0; MAX_DESCRIPTOR];
    let mut rest = &mut head[..];
    let &first = payload.first()?;
    rest.put_u8(first);
    if first & X != 0 {
        rest.put_u8(*payload.get(1)?);
    }
    if descriptor.picture_id.is_some() {
        rest.put_u16(0x8000 | (picture_id & 0x7fff));
    }
    if descriptor.tl0_picture_index.is_some() {
        rest.put_u8(tl0_picture_index);
    }
    if descriptor.temporal_id.is_some() || descriptor.key_index.is_some() {
        rest.put_u8(*payload.get(descriptor.len.checked_sub(1)?)?);
    }
    let unused = rest.len();
    let written = head.get(..MAX_DESCRIPTOR - unused)?;
    SlotPayload::new(written, payload.slice(descriptor.len..))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn picture_id(&mut self) -> Option<PictureId> {
        let id = PictureId::parse(self.bytes.get(self.at..)?)?;
        self.at += id.len();
        Some(id)
    }
}
