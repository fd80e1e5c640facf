//! The dependency descriptor (AV1 RTP specification, appendix A.8): what a frame is and what it refers to, told beside
//! the payload, for every codec.
//!
//! A descriptor is read with the [`Structure`] that came with the last keyframe, because most of what it says is said
//! there, once. Only the packet's place in its frame and the frame's number can be read without.

mod bits;
mod frame;
mod grid;
mod structure;

pub use frame::{ChainDiffs, Descriptor, Frame, parse, with_frame_number};
pub use grid::{FrameLayers, LayerGrid};
pub use structure::{DecodeTarget, Resolution, Structure};

use bits::Bits;

/// Most templates of a structure: their ids have six bits.
pub const MAX_TEMPLATES: usize = 64;
/// Most decode targets of a structure: their number has five bits.
pub const MAX_DECODE_TARGETS: usize = 32;
/// Most references of one frame that are read. AV1 frames refer to at most seven others; a descriptor with more is nonsense.
pub const MAX_FDIFFS: usize = 8;
/// Most spatial layers: two bits in AV1's OBU extension header.
pub const MAX_SPATIAL_LAYERS: usize = 4;
/// Most temporal layers: three bits in AV1's OBU extension header.
pub const MAX_TEMPORAL_LAYERS: usize = 8;

/// What a frame is to a decode target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dti {
    /// Not part of it.
    NotPresent,
    /// Part of it, and nothing in it refers to this frame.
    Discardable,
    /// Who has decoded this frame can decode all that follows in the decode target.
    Switch,
    /// Others refer to it.
    Required,
}

/// A frame's indications, one for each decode target: bit *i* of both words is target *i*'s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dtis {
    high: u32,
    low: u32,
}

impl Dtis {
    fn read(bits: &mut Bits<'_>, targets: usize) -> Option<Dtis> {
        let mut dtis = Dtis::default();
        for target in 0..targets.min(MAX_DECODE_TARGETS) {
            dtis.high |= u32::from(bits.flag()?) << target;
            dtis.low |= u32::from(bits.flag()?) << target;
        }
        Some(dtis)
    }

    /// What the frame is to this decode target; not present in those there are not.
    pub fn get(self, target: usize) -> Dti {
        let bit = 1u32.checked_shl(target as u32).unwrap_or(0);
        match (self.high & bit != 0, self.low & bit != 0) {
            (false, false) => Dti::NotPresent,
            (false, true) => Dti::Discardable,
            (true, false) => Dti::Switch,
            (true, true) => Dti::Required,
        }
    }

    /// Whether the frame is part of this decode target.
    pub fn has(self, target: usize) -> bool {
        self.get(target) != Dti::NotPresent
    }
}

/// What a frame refers to: differences of frame numbers, all at least 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fdiffs {
    count: u8,
    diffs: [u16; MAX_FDIFFS],
}

impl Fdiffs {
    /// `None` when there is no room left, or the difference has more bits than the format allows (12).
    fn push(&mut self, diff: u32) -> Option<()> {
        *self.diffs.get_mut(usize::from(self.count))? = u16::try_from(diff).ok()?;
        self.count += 1;
        Some(())
    }

    /// The differences, in the order of the descriptor.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.diffs.iter().copied().take(usize::from(self.count))
    }

    /// Whether the frame refers to no other.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}
