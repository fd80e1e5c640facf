//! Who the active speaker is, and who spoke last.

use media::ParticipantId;
use std::time::{Duration, Instant};

/// How much louder than the active speaker a challenger must be, in steps of 1 dB. More: interjections never take
/// over; less: two voices at a table flicker.
const MARGIN: u8 = 6;

/// For how long. More: the picture lags behind the conversation; less: a cough takes over.
const TAKEOVER: Duration = Duration::from_millis(600);

/// Recent speakers remembered; more than any client has slots.
const RECENT_MAX: usize = 64;

/// Picks the active speaker from smoothed levels, with hysteresis.
#[derive(Debug, Default)]
pub(crate) struct SpeakerTracker {
    active: Option<ParticipantId>,
    /// Who is louder than the active speaker, and since when.
    challenger: Option<(ParticipantId, Instant)>,
    /// Former and present active speakers, the latest first.
    recent: Vec<ParticipantId>,
}

impl SpeakerTracker {
    /// Levels as they are now, loudest first. True when the active speaker changed.
    pub(crate) fn handle_levels(&mut self, now: Instant, levels: &[(ParticipantId, u8)]) -> bool {
        let Some(&(loudest, level)) = levels.first() else {
            self.challenger = None;
            return false;
        };
        let Some(active) = self.active else {
            return self.activate(loudest);
        };
        let to_beat = levels
            .iter()
            .find(|(who, _)| *who == active)
            .map_or(0, |(_, level)| *level);
        if loudest == active || level < to_beat.saturating_add(MARGIN) {
            self.challenger = None;
            return false;
        }
        match self.challenger {
            Some((who, since)) if who == loudest => {
                now.saturating_duration_since(since) >= TAKEOVER && self.activate(loudest)
            }
            _ => {
                self.challenger = Some((loudest, now));
                false
            }
        }
    }

    /// The participant left or unpublished its microphone for good. True when it was the active speaker.
    pub(crate) fn remove(&mut self, who: ParticipantId) -> bool {
        self.recent.retain(|recent| *recent != who);
        self.challenger = self.challenger.filter(|(challenger, _)| *challenger != who);
        let was_active = self.active == Some(who);
        if was_active {
            self.active = None;
        }
        was_active
    }

    /// The active speaker; stays so while silent, until somebody else takes over.
    pub(crate) fn active(&self) -> Option<ParticipantId> {
        self.active
    }

    /// Active speakers of the past and present, the latest first.
    pub(crate) fn recent(&self) -> &[ParticipantId] {
        &self.recent
    }

    fn activate(&mut self, who: ParticipantId) -> bool {
        self.active = Some(who);
        self.challenger = None;
        self.recent.retain(|recent| *recent != who);
        self.recent.insert(0, who);
        self.recent.truncate(RECENT_MAX);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ParticipantId = ParticipantId(1);
    const B: ParticipantId = ParticipantId(2);

    #[allow(clippy::disallowed_methods)] // An origin for virtual time.
    fn origin() -> Instant {
        Instant::now()
    }

    fn at(t0: Instant, ms: u64) -> Instant {
        t0 + Duration::from_millis(ms)
    }

    #[test]
    fn the_first_to_speak_is_active_at_once() {
        let mut tracker = SpeakerTracker::default();
        assert!(tracker.handle_levels(origin(), &[(A, 60)]));
        assert_eq!(tracker.active(), Some(A));
    }

    #[test]
    fn a_challenger_must_lead_by_the_margin_for_long_enough() {
        let t0 = origin();
        let mut tracker = SpeakerTracker::default();
        tracker.handle_levels(t0, &[(A, 60)]);
        for ms in (200..2_000).step_by(200) {
            assert!(
                !tracker.handle_levels(at(t0, ms), &[(B, 64), (A, 60)]),
                "4 dB are too little"
            );
        }
        assert!(!tracker.handle_levels(at(t0, 2_000), &[(B, 70), (A, 60)]));
        assert!(!tracker.handle_levels(at(t0, 2_400), &[(B, 70), (A, 60)]));
        assert!(tracker.handle_levels(at(t0, 2_600), &[(B, 70), (A, 60)]));
        assert_eq!(tracker.recent(), [B, A]);
    }

    #[test]
    fn a_cough_does_not_take_over() {
        let t0 = origin();
        let mut tracker = SpeakerTracker::default();
        tracker.handle_levels(t0, &[(A, 60)]);
        tracker.handle_levels(at(t0, 200), &[(B, 90), (A, 60)]);
        tracker.handle_levels(at(t0, 400), &[(A, 60)]);
        assert!(
            !tracker.handle_levels(at(t0, 900), &[(B, 90), (A, 60)]),
            "the lead starts anew"
        );
        assert_eq!(tracker.active(), Some(A));
    }

    #[test]
    fn silence_changes_nothing() {
        let t0 = origin();
        let mut tracker = SpeakerTracker::default();
        tracker.handle_levels(t0, &[(A, 60)]);
        assert!(!tracker.handle_levels(at(t0, 60_000), &[]));
        assert_eq!(tracker.active(), Some(A));
    }

    #[test]
    fn silence_ends_a_challenge() {
        let t0 = origin();
        let mut tracker = SpeakerTracker::default();
        tracker.handle_levels(t0, &[(A, 60)]);
        tracker.handle_levels(at(t0, 200), &[(B, 90)]);
        tracker.handle_levels(at(t0, 400), &[]);
        assert!(!tracker.handle_levels(at(t0, 5_000), &[(B, 90)]));
        assert_eq!(tracker.active(), Some(A));
    }

    #[test]
    fn who_leaves_is_forgotten() {
        let mut tracker = SpeakerTracker::default();
        tracker.handle_levels(origin(), &[(A, 60)]);
        assert!(tracker.remove(A));
        assert_eq!((tracker.active(), tracker.recent().len()), (None, 0));
    }
}
