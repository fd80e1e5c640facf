//! Which temporal layers pass.

use crate::allocate::LayerTarget;
use media::PayloadInfo;

/// Passes temporal layers up to a limit. Changes take effect between frames: down at the next frame, up one
/// layer at a time where a frame of it depends on nothing that was dropped (or all at once at a keyframe).
#[derive(Debug)]
pub(crate) struct TemporalFilter {
    wanted: u8,
    passing: u8,
}

impl Default for TemporalFilter {
    fn default() -> Self {
        Self {
            wanted: LayerTarget::ALL,
            passing: LayerTarget::ALL,
        }
    }
}

impl TemporalFilter {
    /// The highest layer to pass from now on; [`LayerTarget::ALL`] passes all.
    pub(crate) fn set_wanted(&mut self, wanted: u8) {
        self.wanted = wanted;
    }

    /// The highest layer that passes now.
    pub(crate) fn passing(&self) -> u8 {
        self.passing
    }

    /// Whether the newest packet of the stream passes.
    pub(crate) fn newest(&mut self, info: &PayloadInfo) -> bool {
        if info.keyframe {
            self.passing = self.wanted;
        } else if info.starts_frame {
            let next = self.passing.saturating_add(1);
            if self.wanted < self.passing {
                self.passing = self.wanted;
            } else if next <= self.wanted && info.temporal_id == next && info.layer_sync {
                self.passing = next;
            }
        }
        self.passes(info)
    }

    /// Whether a late packet passes.
    pub(crate) fn passes(&self, info: &PayloadInfo) -> bool {
        info.temporal_id <= self.passing
    }
}
