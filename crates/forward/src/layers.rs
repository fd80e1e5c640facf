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

/// Ticks (90 kHz) for which nothing can be read before the structure it belongs to counts as lost, 0.5 s: a repair takes a
/// round trip or two. Shorter: a keyframe is asked for while the repair is on its way. Longer: the picture stands still, in
/// the end until the client itself asks.
const LOST_STRUCTURE: i32 = 45_000;

/// The filters of one slot. With a dependency descriptor, layers are told apart by it; else by the payload.
#[derive(Debug, Default)]
pub(crate) struct LayerFilter {
    spatial: SpatialFilter,
    temporal: TemporalFilter,
    frames: FrameFilter,
    /// What flows has descriptors.
    described: bool,
    /// The first and the newest picture since packets cannot be read.
    unread: Option<(RtpTime, RtpTime)>,
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
            true => self.frames.waits() || self.has_lost_structure(),
            false => self.spatial.waits(),
        }
    }

    /// A keyframe's first packet says how all until the next keyframe are to be read.
    fn has_lost_structure(&self) -> bool {
        let lost = |(first, newest): (RtpTime, RtpTime)| newest.distance(first) >= LOST_STRUCTURE;
        self.unread.is_some_and(lost)
    }

    /// Whether a run of what is wanted may begin with this packet.
    pub(crate) fn may_begin(info: &PayloadInfo, wanted: LayerTarget) -> bool {
        let layers = info.described.and_then(|frame| frame.layers);
        info.keyframe && layers.is_none_or(|layers| layers.within.has(wanted.spatial, wanted.temporal))
    }

    /// A run of what is wanted begins with this packet, the first of a keyframe: it passes.
    pub(crate) fn begin(&mut self, info: &PayloadInfo, picture: RtpTime, wanted: LayerTarget) {
        self.set_wanted(wanted);
        self.described = info.described.is_some();
        self.unread = None;
        self.temporal.begin();
        if self.described {
            self.frames.begin();
        }
        self.newest(info, picture, 0);
    }

    /// The newest packet of the stream; `picture` is its timestamp, `source` its number in the run, which does not wrap.
    pub(crate) fn newest(&mut self, info: &PayloadInfo, picture: RtpTime, source: u64) -> Verdict {
        if info.described.is_some() {
            let verdict = self.described(info, picture);
            self.unread = (verdict == Verdict::Open)
                .then(|| (self.unread.map_or(picture, |(first, _)| first), picture));
            return verdict;
        }
        let (spatial, temporal) = (self.spatial.newest(info), self.temporal.newest(info, source));
        verdict(spatial && temporal)
    }

    /// A packet that comes behind newer ones.
    pub(crate) fn late(&mut self, info: &PayloadInfo, picture: RtpTime, source: u64) -> Verdict {
        if info.described.is_some() {
            return self.described(info, picture);
        }
        verdict(self.spatial.passes(info) && self.temporal.late(info, source))
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
