//! Which spatial layers of an SVC encoding pass.

use crate::allocate::LayerTarget;
use media::PayloadInfo;

/// Passes spatial layers up to a limit. Down at the next picture: nothing refers upwards. Up at a keyframe: in between, a
/// higher layer refers to pictures of its own that were not sent.
#[derive(Debug)]
pub(crate) struct SpatialFilter {
    wanted: u8,
    passing: u8,
    /// The highest layer the newest picture has had so far.
    seen: u8,
    /// The highest layer of the picture before.
    last: u8,
}

impl Default for SpatialFilter {
    fn default() -> Self {
        Self {
            wanted: LayerTarget::ALL,
            passing: LayerTarget::ALL,
            seen: 0,
            last: 0,
        }
    }
}

impl SpatialFilter {
    /// The highest layer to pass from now on; [`LayerTarget::ALL`] passes all.
    pub(crate) fn set_wanted(&mut self, wanted: u8) {
        self.wanted = wanted;
    }

    /// The highest layer that passes now.
    pub(crate) fn passing(&self) -> u8 {
        self.passing
    }

    /// Whether layers that are wanted and come do not pass yet.
    pub(crate) fn waits(&self) -> bool {
        self.passing < self.wanted.min(self.seen.max(self.last))
    }

    /// Whether the newest packet of the stream passes.
    pub(crate) fn newest(&mut self, info: &PayloadInfo) -> bool {
        if info.starts_frame {
            self.last = std::mem::take(&mut self.seen);
            if info.keyframe || self.wanted < self.passing {
                self.passing = self.wanted;
            }
        }
        self.seen = self.seen.max(info.spatial_id);
        self.passes(info)
    }

    /// Whether a late packet passes.
    pub(crate) fn passes(&self, info: &PayloadInfo) -> bool {
        info.spatial_id <= self.passing
    }

    /// Whether this packet, which passes, is the last of its picture that does: it carries the marker bit then, which
    /// the publisher put on the picture's last packet of all.
    pub(crate) fn ends_picture(&self, info: &PayloadInfo) -> bool {
        info.ends_layer_frame && info.spatial_id == self.passing
    }
}
