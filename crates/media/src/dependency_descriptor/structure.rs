//! The template dependency structure: what all frames until the next keyframe have in common.

use super::bits::Bits;
use super::grid::Choices;
use super::{Dtis, Fdiffs, MAX_DECODE_TARGETS, MAX_SPATIAL_LAYERS, MAX_TEMPLATES, MAX_TEMPORAL_LAYERS};

/// Two bits that say how the layers of the next template follow from those of the one before.
mod next_layer {
    pub(super) const SAME: u8 = 0;
    pub(super) const NEXT_TEMPORAL: u8 = 1;
    pub(super) const NEXT_SPATIAL: u8 = 2;
}

/// What a keyframe's first packet carries, and every packet until the next keyframe needs to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structure {
    /// Template id of the first template; those of the others count on modulo [`MAX_TEMPLATES`].
    template_id_offset: u8,
    /// From one to [`MAX_TEMPLATES`].
    templates: Vec<Template>,
    /// From one to [`MAX_DECODE_TARGETS`]: what a receiver may decide to decode.
    decode_targets: Vec<DecodeTarget>,
    /// Of each of them.
    choices: Vec<Choices>,
    chains: u8,
    /// Per spatial layer, when the publisher says so.
    resolutions: Vec<Resolution>,
}

/// What frames of one kind have in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) spatial_id: u8,
    pub(super) temporal_id: u8,
    pub(super) dtis: Dtis,
    pub(super) fdiffs: Fdiffs,
    pub(super) chain_diffs: [u8; MAX_DECODE_TARGETS],
}

/// A set of frames that can be decoded without the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DecodeTarget {
    /// The highest spatial layer in it.
    pub spatial_id: u8,
    /// The highest temporal layer in it.
    pub temporal_id: u8,
    /// The chain that says when something of it is missing; `None` without chains.
    pub protected_by: Option<u8>,
}

/// Size of a layer's picture in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution {
    /// 1..=65536.
    pub width: u32,
    /// 1..=65536.
    pub height: u32,
}

impl Structure {
    /// `template_dependency_structure()` of the specification. `None` when it ends too early, has more layers than AV1
    /// can have, or more references than [`MAX_FDIFFS`](super::MAX_FDIFFS).
    pub(super) fn read(bits: &mut Bits<'_>) -> Option<Structure> {
        let template_id_offset = bits.small(6)?;
        let targets = usize::from(bits.small(5)?) + 1;
        let mut templates = read_layers(bits)?;
        for template in &mut templates {
            template.dtis = Dtis::read(bits, targets)?;
        }
        for template in &mut templates {
            while bits.flag()? {
                template.fdiffs.push(bits.number(4)? + 1)?;
            }
        }
        let mut decode_targets = vec![DecodeTarget::default(); targets];
        let chains = read_chains(bits, &mut decode_targets, &mut templates)?;
        for (index, target) in decode_targets.iter_mut().enumerate() {
            let parts = templates.iter().filter(|template| template.dtis.has(index));
            for template in parts {
                target.spatial_id = target.spatial_id.max(template.spatial_id);
                target.temporal_id = target.temporal_id.max(template.temporal_id);
            }
        }
        let choices = Choices::of(&decode_targets);
        let mut resolutions = Vec::new();
        if bits.flag()? {
            let spatial_layers = templates.last()?.spatial_id + 1;
            for _ in 0..spatial_layers {
                let (width, height) = (bits.number(16)? + 1, bits.number(16)? + 1);
                resolutions.push(Resolution { width, height });
            }
        }
        Some(Structure {
            template_id_offset,
            templates,
            decode_targets,
            choices,
            chains,
            resolutions,
        })
    }

    /// The decode targets, by index.
    pub fn decode_targets(&self) -> &[DecodeTarget] {
        &self.decode_targets
    }

    /// How many chains there are, at most as many as decode targets.
    pub fn chains(&self) -> u8 {
        self.chains
    }

    /// Size of a spatial layer's picture; `None` when the publisher does not say.
    pub fn resolution(&self, spatial_id: u8) -> Option<Resolution> {
        self.resolutions.get(usize::from(spatial_id)).copied()
    }

    pub(super) fn choices(&self) -> &[Choices] {
        &self.choices
    }

    /// The template with this id; `None` when it is of another structure.
    pub(super) fn template(&self, id: u8) -> Option<&Template> {
        let all = MAX_TEMPLATES as u8;
        let index = (id % all + all - self.template_id_offset % all) % all;
        self.templates.get(usize::from(index))
    }
}

/// `template_layers()`: as many templates as there are, with their layers.
fn read_layers(bits: &mut Bits<'_>) -> Option<Vec<Template>> {
    let mut templates = Vec::new();
    let mut next = Template::default();
    loop {
        let fits = usize::from(next.spatial_id) < MAX_SPATIAL_LAYERS
            && usize::from(next.temporal_id) < MAX_TEMPORAL_LAYERS
            && templates.len() < MAX_TEMPLATES;
        if !fits {
            return None;
        }
        templates.push(next);
        match bits.small(2)? {
            next_layer::SAME => {}
            next_layer::NEXT_TEMPORAL => next.temporal_id += 1,
            next_layer::NEXT_SPATIAL => {
                next.temporal_id = 0;
                next.spatial_id += 1;
            }
            _ => return Some(templates),
        }
    }
}

/// `template_chains()`: how many there are.
fn read_chains(bits: &mut Bits<'_>, targets: &mut [DecodeTarget], templates: &mut [Template]) -> Option<u8> {
    let chains = bits.non_symmetric(targets.len() as u32 + 1)?;
    if chains == 0 {
        return Some(0);
    }
    for target in targets {
        target.protected_by = Some(bits.non_symmetric(chains)? as u8);
    }
    for template in templates {
        for diff in template.chain_diffs.iter_mut().take(chains as usize) {
            *diff = bits.small(4)?;
        }
    }
    Some(chains as u8)
}
