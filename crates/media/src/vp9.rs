//! The VP9 payload descriptor (RFC 9628 §4.2).

use crate::packet::SlotPayload;
use crate::payload::PictureId;
use bytes::{BufMut, Bytes};

/// Most bytes up to the last number that is rewritten: flags, a 15-bit picture id, layer indices, TL0PICIDX.
const MAX_REWRITTEN: usize = 5;

const I: u8 = 0x80;
const P: u8 = 0x40;
const L: u8 = 0x20;
const F: u8 = 0x10;
const B: u8 = 0x08;
const E: u8 = 0x04;

/// A parsed descriptor, up to what forwarding needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// P: the frame refers to earlier pictures.
    pub inter_picture_predicted: bool,
    /// B: the payload starts a layer frame.
    pub starts_layer_frame: bool,
    /// E: the payload ends a layer frame.
    pub ends_layer_frame: bool,
    /// Counts pictures; all layer frames of one picture share it.
    pub picture_id: Option<PictureId>,
    /// TID, 0..=7; 0 without layers.
    pub temporal_id: u8,
    /// U: what follows in this temporal layer refers to nothing before this picture in it.
    pub switching_up_point: bool,
    /// SID, 0..=7; 0 without layers.
    pub spatial_id: u8,
    /// Counts pictures of temporal layer 0; absent in flexible mode.
    pub tl0_picture_index: Option<u8>,
    /// Bytes before the TL0PICIDX, or where it would be: where the numbers end that are the same in every codec.
    tl0_at: usize,
}

impl Descriptor {
    /// Read the descriptor at the start of an RTP payload. `None` when the payload ends within it, or is nothing else.
    pub fn parse(payload: &[u8]) -> Option<Descriptor> {
        let &first = payload.first()?;
        let picture_id = if first & I != 0 {
            Some(PictureId::parse(payload.get(1..)?)?)
        } else {
            None
        };
        let mut at = 1 + picture_id.map_or(0, PictureId::len);
        let layers = if first & L != 0 {
            Some(*payload.get(at)?)
        } else {
            None
        };
        at += usize::from(layers.is_some());
        let counts_tl0 = layers.is_some() && first & F == 0;
        let tl0_picture_index = if counts_tl0 { Some(*payload.get(at)?) } else { None };
        let layers = layers.unwrap_or(0);
        // There is VP9 data behind it.
        payload.get(at + usize::from(counts_tl0))?;
        Some(Descriptor {
            inter_picture_predicted: first & P != 0,
            starts_layer_frame: first & B != 0,
            ends_layer_frame: first & E != 0,
            picture_id,
            temporal_id: layers >> 5,
            switching_up_point: layers & 0x10 != 0,
            spatial_id: (layers >> 1) & 0x07,
            tl0_picture_index,
            tl0_at: at,
        })
    }

    /// Whether the payload is the first of a picture that refers to none before it.
    pub fn starts_keyframe(&self) -> bool {
        self.starts_layer_frame && self.spatial_id == 0 && !self.inter_picture_predicted
    }
}

/// `payload` with other numbers in its descriptor: `picture_id` (always written with 15 bits) and
/// `tl0_picture_index`, each only where the original has one. `None` when there is no descriptor to rewrite.
pub fn rewrite(payload: &Bytes, picture_id: u16, tl0_picture_index: u8) -> Option<SlotPayload> {
    let descriptor = Descriptor::parse(payload)?;
    let mut head = [0; MAX_REWRITTEN];
    let mut rest = &mut head[..];
    rest.put_u8(*payload.first()?);
    let id_len = descriptor.picture_id.map_or(0, PictureId::len);
    if descriptor.picture_id.is_some() {
        rest.put_u16(0x8000 | (picture_id & 0x7fff));
    }
    // Layer indices: one byte, or none.
    for byte in payload.get(1 + id_len..descriptor.tl0_at)? {
        rest.put_u8(*byte);
    }
    let counts_tl0 = descriptor.tl0_picture_index.is_some();
    if counts_tl0 {
        rest.put_u8(tl0_picture_index);
    }
    let unused = rest.len();
    let written = head.get(..MAX_REWRITTEN - unused)?;
    SlotPayload::new(
        written,
        payload.slice(descriptor.tl0_at + usize::from(counts_tl0)..),
    )
}
