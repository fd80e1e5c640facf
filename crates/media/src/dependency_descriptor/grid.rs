//! Frames in terms of layers instead of decode targets: what a forwarder asks for each packet, answered once.

use super::{DecodeTarget, Dti, Fdiffs, Frame, MAX_SPATIAL_LAYERS, MAX_TEMPORAL_LAYERS, Structure};

/// Choices there are.
const ALL: usize = MAX_SPATIAL_LAYERS * MAX_TEMPORAL_LAYERS;
/// Choices of one spatial layer, as bits.
const ROW: u32 = (1 << MAX_TEMPORAL_LAYERS) - 1;
/// The lowest bit of each row.
const EACH_ROW: u32 = u32::MAX / ROW;

/// A set of choices: each is a highest spatial and a highest temporal layer. In ascending order they are the bits from the
/// lowest on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LayerGrid(u32);

impl LayerGrid {
    /// The choices that include these layers.
    fn including(spatial: u8, temporal: u8) -> LayerGrid {
        let (spatial, temporal) = Self::place(spatial, temporal);
        let columns = ((ROW << temporal) & ROW) * EACH_ROW;
        LayerGrid(columns & (u32::MAX << (spatial * MAX_TEMPORAL_LAYERS as u32)))
    }

    /// The choices that a choice includes.
    fn within(spatial: u8, temporal: u8) -> LayerGrid {
        let (spatial, temporal) = Self::place(spatial, temporal);
        let rows_above = MAX_SPATIAL_LAYERS as u32 - 1 - spatial;
        let columns = (ROW >> (MAX_TEMPORAL_LAYERS as u32 - 1 - temporal)) * EACH_ROW;
        LayerGrid(columns & (u32::MAX >> (rows_above * MAX_TEMPORAL_LAYERS as u32)))
    }

    fn place(spatial: u8, temporal: u8) -> (u32, u32) {
        let spatial = u32::from(spatial).min(MAX_SPATIAL_LAYERS as u32 - 1);
        (spatial, u32::from(temporal).min(MAX_TEMPORAL_LAYERS as u32 - 1))
    }

    fn bit(spatial: u8, temporal: u8) -> u32 {
        let (spatial, temporal) = Self::place(spatial, temporal);
        spatial * MAX_TEMPORAL_LAYERS as u32 + temporal
    }

    /// Whether layers up to these are in the set. Ids above all there can be count as the highest.
    pub fn has(self, spatial: u8, temporal: u8) -> bool {
        self.0 >> Self::bit(spatial, temporal) & 1 == 1
    }
}

/// Of one decode target: to which choices of layers it matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Choices {
    /// Those that include it.
    including: LayerGrid,
    /// Those for which it is the highest there is.
    highest: LayerGrid,
}

impl Choices {
    /// Of each of these. The work is one step for a target and one for a choice: whoever publishes makes the structure.
    pub(super) fn of(targets: &[DecodeTarget]) -> Vec<Choices> {
        let bit = |target: &DecodeTarget| LayerGrid::bit(target.spatial_id, target.temporal_id);
        let there = targets.iter().fold(0, |there, target| there | (1 << bit(target)));
        let highest = highest(there);
        let choices = targets.iter().map(|target| Choices {
            including: LayerGrid::including(target.spatial_id, target.temporal_id),
            highest: highest.get(bit(target) as usize).copied().unwrap_or_default(),
        });
        choices.collect()
    }
}

/// By the layers that are there: the choices for which they are the highest.
fn highest(there: u32) -> [LayerGrid; ALL] {
    let mut highest = [LayerGrid::default(); ALL];
    for spatial in 0..MAX_SPATIAL_LAYERS as u8 {
        for temporal in 0..MAX_TEMPORAL_LAYERS as u8 {
            let within = there & LayerGrid::within(spatial, temporal).0;
            let best = within
                .checked_ilog2()
                .and_then(|best| highest.get_mut(best as usize));
            if let Some(choices) = best {
                choices.0 |= 1 << LayerGrid::bit(spatial, temporal);
            }
        }
    }
    highest
}

/// What a forwarder must know of a frame to choose among layers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FrameLayers {
    /// The choices of layers that the frame belongs to: it is in a decode target of no higher layers. So whoever has
    /// layers up to a choice has all that is needed to go down to a lower one without a keyframe.
    pub within: LayerGrid,
    /// The choices that one may go over to with this frame, if what it refers to is there: it is a switch point of their
    /// highest decode target.
    pub switch: LayerGrid,
    /// What the frame refers to.
    pub fdiffs: Fdiffs,
}

impl FrameLayers {
    pub(super) fn of(frame: &Frame, structure: &Structure) -> FrameLayers {
        let (mut within, mut switch) = (0, 0);
        for (target, choices) in structure.choices().iter().enumerate() {
            match frame.dtis.get(target) {
                Dti::NotPresent => {}
                Dti::Switch => {
                    within |= choices.including.0;
                    switch |= choices.highest.0;
                }
                Dti::Discardable | Dti::Required => within |= choices.including.0,
            }
        }
        FrameLayers {
            within: LayerGrid(within),
            switch: LayerGrid(switch),
            fdiffs: frame.fdiffs,
        }
    }
}
