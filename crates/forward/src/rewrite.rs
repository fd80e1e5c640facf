//! Numbers inside payloads: what each codec needs so that runs of different sources look like one stream.

mod pictures;
mod vp8;
mod vp9;

use bytes::Bytes;
use media::Codec;
use media::packet::SlotPayload;
use std::fmt::Debug;

/// Numbers to write into one payload. Small, so that a slot can remember them for every packet it may have to
/// send again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// The payload stays as it is.
    Unchanged,
    /// For the VP8 payload descriptor.
    Vp8 { picture_id: u16, tl0_picture_index: u8 },
    /// For the VP9 payload descriptor.
    Vp9 { picture_id: u16, tl0_picture_index: u8 },
}

impl Numbers {
    /// The payload with these numbers in it.
    pub(crate) fn write(self, payload: &Bytes) -> Option<SlotPayload> {
        match self {
            Numbers::Unchanged => Some(payload.clone().into()),
            Numbers::Vp8 {
                picture_id,
                tl0_picture_index,
            } => media::vp8::rewrite(payload, picture_id, tl0_picture_index),
            Numbers::Vp9 {
                picture_id,
                tl0_picture_index,
            } => media::vp9::rewrite(payload, picture_id, tl0_picture_index),
        }
    }
}

/// Keeps one codec's numbers continuous over the life of a slot.
pub(crate) trait Rewriter: Debug {
    /// A run begins with this payload; its numbers go on from those used last.
    fn begin(&mut self, payload: &[u8]);
    /// The numbers of a payload of the run, in any order. `None` when it does not belong to it.
    fn numbers(&mut self, payload: &[u8]) -> Option<Numbers>;
    /// This payload's frame is dropped on purpose and must not be missed.
    fn skip(&mut self, payload: &[u8]);
}

/// The rewriters of one slot. A codec's goes on where it stopped when the slot returns to that codec.
#[derive(Debug, Default)]
pub(crate) struct Rewriters {
    vp8: vp8::Vp8Rewriter,
    vp9: vp9::Vp9Rewriter,
    plain: Plain,
}

impl Rewriters {
    pub(crate) fn of(&mut self, codec: Codec) -> &mut dyn Rewriter {
        match codec {
            Codec::Vp8 => &mut self.vp8,
            Codec::Vp9 => &mut self.vp9,
            Codec::Opus | Codec::Red | Codec::Av1 | Codec::H264 => &mut self.plain,
        }
    }
}

/// For codecs without numbers in their payload.
#[derive(Debug, Default)]
struct Plain;

impl Rewriter for Plain {
    fn begin(&mut self, _: &[u8]) {}
    fn numbers(&mut self, _: &[u8]) -> Option<Numbers> {
        Some(Numbers::Unchanged)
    }
    fn skip(&mut self, _: &[u8]) {}
}
