//! When a picture stood still, by the rule of libwebrtc's `VideoQualityObserver`, whose figures are `freezeCount` and
//! `totalFreezesDuration` of webrtc-stats.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Frames that the usual distance is the mean of (`kAvgInterframeDelaysWindowSizeFrames`).
const WINDOW: usize = 30;
/// Distances known before one can be too long (`kMinFrameSamplesToDetectFreeze`).
const MIN_SAMPLES: usize = 5;
/// A freeze is longer than the usual distance by at least this (`kMinIncreaseForFreezeMs`).
const MIN_INCREASE: Duration = Duration::from_millis(150);

/// Watches the frames of one track in one slot.
#[derive(Debug, Default)]
pub(super) struct FreezeDetector {
    distances: VecDeque<Duration>,
    last: Option<Instant>,
}

impl FreezeDetector {
    /// A frame that could be shown; how long the one before stood still, if that was a freeze.
    pub(super) fn frame(&mut self, now: Instant) -> Option<Duration> {
        let distance = now.saturating_duration_since(self.last.replace(now)?);
        let known = u32::try_from(self.distances.len()).unwrap_or(u32::MAX);
        let mean = self.distances.iter().sum::<Duration>() / known.max(1);
        let frozen = self.distances.len() >= MIN_SAMPLES && distance >= (mean * 3).max(mean + MIN_INCREASE);
        if self.distances.len() == WINDOW {
            self.distances.pop_front();
        }
        self.distances.push_back(distance);
        frozen.then_some(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Freezes of frames with these distances in milliseconds.
    fn freezes(distances: &[u64]) -> Vec<u64> {
        let mut detector = FreezeDetector::default();
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let mut now = Instant::now();
        assert_eq!(detector.frame(now), None);
        let frozen = distances.iter().filter_map(|ms| {
            now += Duration::from_millis(*ms);
            detector.frame(now)
        });
        frozen.map(|frozen| frozen.as_millis() as u64).collect()
    }

    #[test]
    fn a_freeze_is_three_times_the_usual_distance_and_150_ms_more() {
        let smooth = [33; 40];
        let then = |last| [&smooth[..], &[last]].concat();
        assert_eq!(freezes(&then(182)), [0; 0], "149 ms more");
        assert_eq!(freezes(&then(183)), [183]);
        // At five frames a second three times the distance is the longer of the two.
        let slow = [200; 40];
        assert_eq!(freezes(&[&slow[..], &[599]].concat()), [0; 0]);
        assert_eq!(freezes(&[&slow[..], &[600]].concat()), [600]);
    }

    #[test]
    fn the_first_frames_say_nothing_and_a_freeze_is_part_of_the_usual_afterwards() {
        assert_eq!(
            freezes(&[33, 33, 33, 33, 900]),
            [0; 0],
            "four distances are too few"
        );
        assert_eq!(freezes(&[33, 33, 33, 33, 33, 900]), [900]);
        // (5 · 40 + 1000) / 6 = 200 is the usual distance then.
        assert_eq!(freezes(&[40, 40, 40, 40, 40, 1_000, 400]), [1_000]);
    }
}
