//! Which frames of a described encoding pass: those of the wanted layers, and none whose references were left out.

mod fates;

use crate::allocate::LayerTarget;
use fates::Fates;
use media::dependency_descriptor::{FrameLayers, MAX_SPATIAL_LAYERS};
use media::{PayloadInfo, RtpTime};

/// The highest spatial and temporal layer that pass.
type Limits = (u8, u8);

/// Ticks (90 kHz) for which a picture at which something changed is remembered, 30 s: nothing comes so late. Timestamps
/// wrap: after hours those of now would lie before it again.
const LATE: i32 = 30 * 90_000;

/// Changes of the limits that are remembered.
const CHANGES: usize = 8;

/// A frame of the encoding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfferedFrame {
    /// Its number, as the publisher counts.
    pub(crate) number: u16,
    pub(crate) layers: FrameLayers,
    /// The picture it belongs to: layers of one picture share a timestamp.
    pub(crate) picture: RtpTime,
}

/// Passes frames up to limits (dependency descriptors, AV1 RTP specification, appendix A). Down at the next picture: lower
/// layers do not refer to higher ones. Up at a switch point that can be decoded with what was sent: for temporal layers
/// every few pictures, for spatial layers keyframes.
#[derive(Debug)]
pub(crate) struct FrameFilter {
    wanted: Limits,
    passing: Limits,
    /// When `passing` changed, and from what, the newest first: late frames are judged by what was then.
    changes: [Option<(RtpTime, Limits)>; CHANGES],
    /// The picture at which the publisher's count of frames began: older ones may be of another count.
    counted: Option<RtpTime>,
    /// The newest picture.
    picture: Option<RtpTime>,
    /// The highest spatial layer it has had so far.
    seen: u8,
    /// The highest one of the picture before.
    last: u8,
    /// A frame on which all later ones rest could not be sent.
    broken: bool,
    fates: Fates,
}

impl Default for FrameFilter {
    fn default() -> Self {
        let all = (LayerTarget::ALL, LayerTarget::ALL);
        Self {
            wanted: all,
            passing: all,
            changes: [None; CHANGES],
            counted: None,
            picture: None,
            seen: 0,
            last: 0,
            broken: false,
            fates: Fates::default(),
        }
    }
}

impl FrameFilter {
    /// The highest layers to pass from now on; [`LayerTarget::ALL`] passes all.
    pub(crate) fn set_wanted(&mut self, wanted: LayerTarget) {
        self.wanted = (wanted.spatial, wanted.temporal);
    }

    /// The highest layers that pass now.
    pub(crate) fn passing(&self) -> Limits {
        self.passing
    }

    /// Whether what is wanted, and comes, needs a keyframe to pass.
    pub(crate) fn waits(&self) -> bool {
        self.broken || self.passing.0 < self.wanted.0.min(self.seen.max(self.last))
    }

    /// A run begins, with a keyframe: nothing that was sent before counts as a reference.
    pub(crate) fn begin(&mut self) {
        let mut fates = std::mem::take(&mut self.fates);
        fates.restart();
        *self = Self {
            wanted: self.wanted,
            fates,
            ..Self::default()
        };
    }

    /// The slot's number for a frame.
    pub(crate) fn output(&self, number: u16) -> u16 {
        self.fates.output(number)
    }

    /// Whether this packet's frame passes: what was decided with the first of its packets stays.
    pub(crate) fn passes(&mut self, info: &PayloadInfo, frame: &OfferedFrame) -> bool {
        let begins = self
            .picture
            .is_none_or(|newest| frame.picture.distance(newest) > 0);
        let before = |counted| (-LATE..0).contains(&frame.picture.distance(counted));
        if self.counted.is_some_and(before) {
            return false;
        }
        if info.keyframe && begins && !self.fates.is_newest(self.fates.extend(frame.number)) {
            // The publisher counts anew.
            self.fates.restart();
            self.counted = Some(frame.picture);
        }
        let number = self.fates.extend(frame.number);
        let newest = self.fates.is_newest(number);
        if let Some(passed) = self.fates.passed(number) {
            return passed;
        }
        let decodable = self.is_decodable(number, frame);
        if newest {
            if begins {
                self.begin_picture(frame.picture);
            }
            self.seen = self.seen.max(info.spatial_id);
            if info.keyframe {
                self.broken = false;
                self.change(frame.picture, self.wanted);
            } else if decodable && (begins || frame.layers.within.has(self.passing.0, self.passing.1)) {
                // Else what is below it in this picture was left out, or would be if it had come.
                self.go_up(frame, begins);
            }
        }
        let (spatial, temporal) = self.limits(frame.picture);
        let needed = frame.layers.within.has(spatial, temporal);
        self.broken |= needed && !decodable && info.temporal_id == 0;
        self.fates.note(number, needed && decodable);
        needed && decodable
    }

    /// Whether this packet, which passes, is the last of its picture that does.
    pub(crate) fn ends_picture(&self, info: &PayloadInfo, picture: RtpTime) -> bool {
        info.ends_layer_frame && info.spatial_id == self.limits(picture).0
    }

    fn begin_picture(&mut self, picture: RtpTime) {
        self.picture = Some(picture);
        let recent = |since: &RtpTime| (0..LATE).contains(&picture.distance(*since));
        for change in &mut self.changes {
            *change = change.filter(|(since, _)| recent(since));
        }
        self.counted = self.counted.filter(recent);
        self.last = std::mem::take(&mut self.seen);
        let (wanted, passing) = (self.wanted, self.passing);
        self.change(picture, (passing.0.min(wanted.0), passing.1.min(wanted.1)));
    }

    /// With a frame that can be decoded.
    fn go_up(&mut self, frame: &OfferedFrame, begins: bool) {
        let (spatial, temporal) = self.passing;
        // Another spatial layer in the middle of a picture would come behind its marker bit.
        let most = if begins { self.wanted.0 } else { spatial };
        let ids = (0..MAX_SPATIAL_LAYERS as u8).rev();
        let choices = std::iter::once(self.wanted.0).chain(ids);
        let mut better = choices
            .filter(|choice| (spatial..=most).contains(choice))
            .map(|choice| (choice, self.wanted.1.max(temporal)))
            .filter(|choice| *choice != self.passing);
        if let Some(choice) = better.find(|choice| frame.layers.switch.has(choice.0, choice.1)) {
            self.change(frame.picture, choice);
        }
    }

    fn change(&mut self, picture: RtpTime, limits: Limits) {
        if limits == self.passing {
            return;
        }
        self.changes.rotate_right(1);
        if let Some(newest) = self.changes.first_mut() {
            *newest = Some((picture, self.passing));
        }
        self.passing = limits;
    }

    /// The limits for a picture's frames.
    fn limits(&self, picture: RtpTime) -> Limits {
        let changes = self.changes.iter().flatten();
        let later = changes.take_while(|(since, _)| picture.distance(*since) < 0);
        later.last().map_or(self.passing, |(_, before)| *before)
    }

    /// Whether nothing that the frame refers to was left out. What has not arrived counts as there: it comes late, or the
    /// receiver asks for it.
    fn is_decodable(&self, number: u64, frame: &OfferedFrame) -> bool {
        let mut references = frame
            .layers
            .fdiffs
            .iter()
            .map(|diff| number.checked_sub(u64::from(diff)));
        references.all(|reference| reference.is_some_and(|reference| !self.fates.is_left_out(reference)))
    }
}
