//! Frames in terms of layers instead of decode targets: what a forwarder asks for each packet, answered once.

use super::{DecodeTarget, Dti, Fdiffs, Frame, MAX_SPATIAL_LAYERS, MAX_TEMPORAL_LAYERS, Structure};

/// A set of choices: each is a highest spatial and a highest temporal layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LayerGrid(u32);

impl LayerGrid {
    /// The choices that these ids satisfy.
    fn of(mut chosen: impl FnMut(u8, u8) -> bool) -> LayerGrid {
        let mut grid = 0;
        for spatial in 0..MAX_SPATIAL_LAYERS as u8 {
            for temporal in 0..MAX_TEMPORAL_LAYERS as u8 {
                grid |= u32::from(chosen(spatial, temporal)) << Self::bit(spatial, temporal);
            }
        }
        LayerGrid(grid)
    }

    fn bit(spatial: u8, temporal: u8) -> u32 {
        let spatial = u32::from(spatial).min(MAX_SPATIAL_LAYERS as u32 - 1);
        let temporal = u32::from(temporal).min(MAX_TEMPORAL_LAYERS as u32 - 1);
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
    pub(super) fn of(target: &DecodeTarget, all: &[DecodeTarget]) -> Choices {
        let layers = |target: &DecodeTarget| (target.spatial_id, target.temporal_id);
        let within = |target: &DecodeTarget, spatial, temporal| {
            target.spatial_id <= spatial && target.temporal_id <= temporal
        };
        let highest = |spatial, temporal| {
            let there = all.iter().filter(|other| within(other, spatial, temporal));
            there.map(layers).max() == Some(layers(target))
        };
        Choices {
            including: LayerGrid::of(|spatial, temporal| within(target, spatial, temporal)),
            highest: LayerGrid::of(|spatial, temporal| {
                within(target, spatial, temporal) && highest(spatial, temporal)
            }),
        }
    }
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
