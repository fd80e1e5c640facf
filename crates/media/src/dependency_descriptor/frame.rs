//! One packet's descriptor.

use super::bits::Bits;
use super::structure::Template;
use super::{Dtis, Fdiffs, FrameLayers, MAX_DECODE_TARGETS, Resolution, Structure};
use bytes::{Bytes, BytesMut};

/// Bytes of the mandatory fields; in a descriptor of no more, the template says everything.
const MANDATORY_BYTES: usize = 3;

/// What a descriptor says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// The packet is the first of its frame: of one spatial layer's part of a picture.
    pub starts_frame: bool,
    /// The packet is the last of its frame.
    pub ends_frame: bool,
    /// Counts frames, in the order in which they are sent; wraps.
    pub number: u16,
    /// Comes with keyframes, in their first packets.
    pub attached: Option<Box<Structure>>,
    /// What the frame is; `None` when the descriptor belongs to a structure that is not known.
    pub frame: Option<Frame>,
}

/// What a frame is, and what it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Spatial layer, 0 the lowest.
    pub spatial_id: u8,
    /// Temporal layer, 0 the lowest.
    pub temporal_id: u8,
    /// What it is to each decode target.
    pub dtis: Dtis,
    /// What it refers to.
    pub fdiffs: Fdiffs,
    /// The same two in terms of layers.
    pub layers: FrameLayers,
    /// What came before it in each chain.
    pub chain_diffs: ChainDiffs,
    /// Which decode targets the publisher still sends from here on, bit *i* for target *i*; `None`: as before.
    pub active_decode_targets: Option<u32>,
    /// Size of its picture, when the publisher says so.
    pub resolution: Option<Resolution>,
}

/// For each chain, how much the number of its last frame is below this frame's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainDiffs {
    count: u8,
    diffs: [u8; MAX_DECODE_TARGETS],
}

impl ChainDiffs {
    /// The differences, by chain.
    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        self.diffs.iter().copied().take(usize::from(self.count))
    }
}

/// `extended_descriptor_fields()`, as far as they are flags.
#[derive(Debug, Clone, Copy, Default)]
struct Extended {
    structure: bool,
    active_decode_targets: bool,
    custom_dtis: bool,
    custom_fdiffs: bool,
    custom_chains: bool,
}

impl Extended {
    fn read(bits: &mut Bits<'_>) -> Option<Extended> {
        Some(Extended {
            structure: bits.flag()?,
            active_decode_targets: bits.flag()?,
            custom_dtis: bits.flag()?,
            custom_fdiffs: bits.flag()?,
            custom_chains: bits.flag()?,
        })
    }
}

/// Read a descriptor; `known` is the structure that came last before it. `None` when it is malformed.
pub fn parse(bytes: &[u8], known: Option<&Structure>) -> Option<Descriptor> {
    let mut bits = Bits::new(bytes);
    let (starts_frame, ends_frame) = (bits.flag()?, bits.flag()?);
    let template_id = bits.small(6)?;
    let number = bits.number(16)? as u16;
    let extended = if bytes.len() > MANDATORY_BYTES {
        Extended::read(&mut bits)?
    } else {
        Extended::default()
    };
    let attached = match extended.structure {
        true => Some(Box::new(Structure::read(&mut bits)?)),
        false => None,
    };
    let structure = attached.as_deref().or(known);
    let template = structure.and_then(|structure| Some((structure, structure.template(template_id)?)));
    let frame = match template {
        Some((structure, template)) => Some(read_frame(&mut bits, extended, structure, template)?),
        // The template is missing from the structure that it came with.
        None if extended.structure => return None,
        None => None,
    };
    Some(Descriptor {
        starts_frame,
        ends_frame,
        number,
        attached,
        frame,
    })
}

/// The rest of the descriptor: the active decode targets, and `frame_dependency_definition()`.
fn read_frame(
    bits: &mut Bits<'_>,
    extended: Extended,
    structure: &Structure,
    template: &Template,
) -> Option<Frame> {
    let targets = structure.decode_targets().len();
    let all = u32::MAX >> (MAX_DECODE_TARGETS - targets.clamp(1, MAX_DECODE_TARGETS));
    let mut frame = Frame {
        spatial_id: template.spatial_id,
        temporal_id: template.temporal_id,
        dtis: template.dtis,
        fdiffs: template.fdiffs,
        layers: FrameLayers::default(),
        chain_diffs: ChainDiffs {
            count: structure.chains(),
            diffs: template.chain_diffs,
        },
        active_decode_targets: extended.structure.then_some(all),
        resolution: structure.resolution(template.spatial_id),
    };
    if extended.active_decode_targets {
        // The specification's f(DtCnt) has target 0 in its lowest bit.
        frame.active_decode_targets = Some(bits.number(targets as u32)?);
    }
    if extended.custom_dtis {
        frame.dtis = Dtis::read(bits, targets)?;
    }
    if extended.custom_fdiffs {
        frame.fdiffs = Fdiffs::default();
        loop {
            let nibbles = bits.number(2)?;
            if nibbles == 0 {
                break;
            }
            frame.fdiffs.push(bits.number(4 * nibbles)? + 1)?;
        }
    }
    if extended.custom_chains {
        for diff in frame
            .chain_diffs
            .diffs
            .iter_mut()
            .take(usize::from(structure.chains()))
        {
            *diff = bits.small(8)?;
        }
    }
    frame.layers = FrameLayers::of(&frame, structure);
    Some(frame)
}

/// A copy of a descriptor with another frame number. `None` when it is too short to have one.
pub fn with_frame_number(descriptor: &[u8], number: u16) -> Option<Bytes> {
    let mut out = BytesMut::from(descriptor);
    out.get_mut(1..MANDATORY_BYTES)?
        .copy_from_slice(&number.to_be_bytes());
    Some(out.freeze())
}
