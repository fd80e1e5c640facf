//! Which temporal layers pass.

use crate::allocate::LayerTarget;
use media::PayloadInfo;

/// Changes of the limit that are remembered. Packets from before the oldest of them pass in the lowest layer only. Each
/// waits for a frame, so a viewer whose estimate is at its noisiest makes a handful while a packet can be late.
const CHANGES: usize = 8;

/// Passes temporal layers up to a limit. Changes take effect between frames: down at the next frame, up one
/// layer at a time where a frame of it depends on nothing that was dropped (or all at once at a keyframe).
#[derive(Debug)]
pub(crate) struct TemporalFilter {
    wanted: u8,
    /// Source numbers from which a limit held, and that limit; the newest first. What comes late is judged by what held
    /// at its place: after a step up it may refer to what was left out before, after a step down others may refer to it.
    limits: [(u64, u8); CHANGES],
}

impl Default for TemporalFilter {
    fn default() -> Self {
        Self {
            wanted: LayerTarget::ALL,
            limits: [(0, LayerTarget::ALL); CHANGES],
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
        self.limits.first().map_or(0, |(_, limit)| *limit)
    }

    /// A run begins: nothing from before it passes.
    pub(crate) fn begin(&mut self) {
        self.limits = [(0, self.wanted); CHANGES];
    }

    /// Whether the newest packet of the stream, with this source number, passes.
    pub(crate) fn newest(&mut self, info: &PayloadInfo, source: u64) -> bool {
        let passing = self.passing();
        if info.keyframe {
            self.change(source, self.wanted);
        } else if info.starts_frame {
            let next = passing.saturating_add(1);
            if self.wanted < passing {
                self.change(source, self.wanted);
            } else if next <= self.wanted && info.temporal_id == next && info.layer_sync {
                self.change(source, next);
            }
        }
        info.temporal_id <= self.passing()
    }

    /// Whether a late packet passes.
    pub(crate) fn late(&self, info: &PayloadInfo, source: u64) -> bool {
        let then = self.limits.iter().find(|(from, _)| *from <= source);
        info.temporal_id <= then.map_or(0, |(_, limit)| *limit)
    }

    fn change(&mut self, source: u64, limit: u8) {
        if limit == self.passing() {
            return;
        }
        self.limits.rotate_right(1);
        if let Some(newest) = self.limits.first_mut() {
            *newest = (source, limit);
        }
    }
}
