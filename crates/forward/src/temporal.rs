//! Which temporal layers pass.

use media::PayloadInfo;

/// Passes temporal layers up to a limit. Changes take effect between frames: down at the next frame, up one
/// layer at a time where a frame of it depends on nothing that was dropped (or all at once at a keyframe).
#[derive(Debug, Default)]
pub(crate) struct TemporalFilter {
    wanted: Option<u8>,
    passing: Option<u8>,
}

/// Above every temporal id a descriptor can carry.
const ALL: u8 = u8::MAX;

impl TemporalFilter {
    /// The highest layer to pass from now on; `None` is all.
    pub(crate) fn set_wanted(&mut self, wanted: Option<u8>) {
        self.wanted = wanted;
    }

    /// Whether the newest packet of the stream passes.
    pub(crate) fn newest(&mut self, info: &PayloadInfo) -> bool {
        let wanted = self.wanted.unwrap_or(ALL);
        if info.keyframe {
            self.passing = self.wanted;
        } else if info.starts_frame {
            let passing = self.passing.unwrap_or(ALL);
            let next = passing.saturating_add(1);
            if wanted < passing {
                self.passing = self.wanted;
            } else if next <= wanted && info.temporal_id == next && info.layer_sync {
                self.passing = Some(next);
            }
        }
        self.passes(info)
    }

    /// Whether a late packet passes.
    pub(crate) fn passes(&self, info: &PayloadInfo) -> bool {
        info.temporal_id <= self.passing.unwrap_or(ALL)
    }
}
