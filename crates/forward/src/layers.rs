//! Which packets of an encoding pass, by whatever it says of its layers.

use crate::allocate::LayerTarget;
use crate::frames::{FrameFilter, OfferedFrame};
use crate::spatial::SpatialFilter;
use crate::temporal::TemporalFilter;
use media::{PayloadInfo, RtpTime};

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is sent.
    Passes,
    /// It is left out, and nobody should miss it.
    LeftOut,
    /// What it belongs to is not known yet: it has its place, and is sent when that is.
    Open,
}

/// The filters of one slot. With a dependency descriptor, layers are told apart by it; else by the payload.
#[derive(Debug, Default)]
pub(crate) struct LayerFilter {
    spatial: SpatialFilter,
    temporal: TemporalFilter,
    frames: FrameFilter,
    /// What flows has descriptors.
    described: bool,
}

impl LayerFilter {
    /// The highest layers to pass from now on.
    pub(crate) fn set_wanted(&mut self, wanted: LayerTarget) {
        self.spatial.set_wanted(wanted.spatial);
        self.temporal.set_wanted(wanted.temporal);
        self.frames.set_wanted(wanted);
    }

    /// The highest spatial and temporal layer that pass now.
    pub(crate) fn passing(&self) -> (u8, u8) {
        match self.described {
            true => self.frames.passing(),
            false => (self.spatial.passing(), self.temporal.passing()),
        }
    }

    /// Whether layers that are wanted, and come, do not pass before a keyframe.
    pub(crate) fn waits(&self) -> bool {
        match self.described {
            true => self.frames.waits(),
            false => self.spatial.waits(),
        }
    }

    /// Whether a run may begin with this packet.
    pub(crate) fn may_begin(&self, info: &PayloadInfo) -> bool {
        let layers = info.described.and_then(|frame| frame.layers);
        info.keyframe && layers.is_none_or(|layers| self.frames.wants(&layers))
    }

    /// A run begins with this packet, the first of a keyframe: it passes.
    pub(crate) fn begin(&mut self, info: &PayloadInfo, picture: RtpTime) {
        self.described = info.described.is_some();
        if self.described {
            self.frames.begin();
        }
        self.newest(info, picture);
    }

    /// The newest packet of the stream; `picture` is its timestamp.
    pub(crate) fn newest(&mut self, info: &PayloadInfo, picture: RtpTime) -> Verdict {
        if info.described.is_some() {
            return self.described(info, picture);
        }
        let (spatial, temporal) = (self.spatial.newest(info), self.temporal.newest(info));
        verdict(spatial && temporal)
    }

    /// A packet that comes behind newer ones.
    pub(crate) fn late(&mut self, info: &PayloadInfo, picture: RtpTime) -> Verdict {
        if info.described.is_some() {
            return self.described(info, picture);
        }
        verdict(self.spatial.passes(info) && self.temporal.passes(info))
    }

    /// Whether this packet, which passes, is the last of its picture that does: it carries the marker bit then, which
    /// the publisher put on the picture's last packet of all.
    pub(crate) fn ends_picture(&self, info: &PayloadInfo, picture: RtpTime) -> bool {
        match info.described {
            Some(_) => self.frames.ends_picture(info, picture),
            None => self.spatial.ends_picture(info),
        }
    }

    /// The number to write into a passing packet's descriptor, if it has one.
    pub(crate) fn frame_number(&self, info: &PayloadInfo) -> Option<u16> {
        info.described.map(|frame| self.frames.output(frame.number))
    }

    fn described(&mut self, info: &PayloadInfo, picture: RtpTime) -> Verdict {
        let layers = info
            .described
            .and_then(|frame| Some((frame.number, frame.layers?)));
        let Some((number, layers)) = layers else {
            return Verdict::Open;
        };
        let frame = OfferedFrame {
            number,
            layers,
            picture,
        };
        verdict(self.frames.passes(info, &frame))
    }
}

fn verdict(passes: bool) -> Verdict {
    if passes { Verdict::Passes } else { Verdict::LeftOut }
}
