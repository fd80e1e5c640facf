//! When frames are shown: a jitter buffer as libwebrtc's, and what its statistics call a freeze.

use super::receiver::SlotStats;
use media::{RtpTime, TrackId};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Jitter is this many deviations of the time between frames, less this much (libwebrtc's `JitterEstimator`:
/// `kNoiseStdDevs` and `kNoiseStdDevOffset`), and something for the operating system.
const DEVIATIONS: f64 = 2.33;
const LESS_MS: f64 = 30.0;
const SYSTEM_MS: f64 = 10.0;
/// Deviations are averaged over this many frames (`kAlphaCountMax`); what lies further out than this many of them counts
/// as that many.
const FRAMES: f64 = 400.0;
const OUTLIER: f64 = 3.5;
/// Once this many frames had to be repaired, a round trip is added, until none had to for this long (`kNackLimit`,
/// `kNackCountTimeout`).
const REPAIRED: u32 = 3;
const REPAIRED_LAST: Duration = Duration::from_mins(1);
/// The delay moves by at most so many milliseconds in a second (`kDelayMaxChangeMsPerS`).
const CHANGE_MS: f64 = 100.0;
/// The quickest frame is forgotten by so many milliseconds in a second, so that a path may become longer.
const FORGET_MS: f64 = 2.0;
/// A delay of more than this is a path that has changed, or a timestamp that jumped: the buffer begins anew.
const ANEW_MS: f64 = 10_000.0;
/// A freeze is longer than three mean intervals and than one and this (webrtc-stats, `freezeCount`), over the last 30.
const FREEZE: Duration = Duration::from_millis(150);
const INTERVALS: usize = 30;
/// Fewer intervals say nothing (libwebrtc's `kMinFrameSamplesToDetectFreeze`).
const INTERVALS_LEAST: usize = 5;

/// The buffer of one slot.
#[derive(Debug, Default)]
pub(crate) struct Playout {
    line: Option<Line>,
    mean: f64,
    variance: f64,
    frames: f64,
    repaired: u32,
    repaired_at: Option<Instant>,
    delay_ms: f64,
    shown: Option<Shown>,
}

/// Where the quickest frame puts timestamps on the clock.
#[derive(Debug, Clone, Copy)]
struct Line {
    timestamp: RtpTime,
    at: Instant,
    /// Of the last frame, against the quickest.
    late_ms: f64,
    updated: Instant,
}

#[derive(Debug)]
struct Shown {
    at: Instant,
    track: TrackId,
    intervals: VecDeque<Duration>,
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

fn after_ms(at: Instant, ms: f64) -> Instant {
    let distance = Duration::from_secs_f64(ms.abs() / 1_000.0);
    if ms < 0.0 {
        at.checked_sub(distance).unwrap_or(at)
    } else {
        at + distance
    }
}

impl Line {
    /// When a frame with this timestamp would be here if it were as quick as the quickest.
    fn expects(&self, timestamp: RtpTime) -> Instant {
        after_ms(self.at, f64::from(timestamp.distance(self.timestamp)) / 90.0)
    }

    fn late_ms(&self, now: Instant, timestamp: RtpTime) -> f64 {
        let expected = self.expects(timestamp);
        if now >= expected {
            ms(now - expected)
        } else {
            -ms(expected - now)
        }
    }
}

impl Playout {
    /// When a frame with this timestamp is shown at the earliest, as far as is known.
    pub(crate) fn due(&self, timestamp: RtpTime) -> Option<Instant> {
        let line = self.line?;
        Some(after_ms(line.expects(timestamp), self.delay_ms))
    }

    /// A frame can be decoded; when it is shown.
    pub(crate) fn decoded(
        &mut self,
        now: Instant,
        timestamp: RtpTime,
        repaired: bool,
        round_trip: Duration,
    ) -> Instant {
        let begin = Line {
            timestamp,
            at: now,
            late_ms: 0.0,
            updated: now,
        };
        let mut line = *self.line.get_or_insert(begin);
        let mut late = line.late_ms(now, timestamp);
        if late.abs() > ANEW_MS {
            (*self, line, late) = (
                Self {
                    shown: self.shown.take(),
                    ..Self::default()
                },
                begin,
                0.0,
            );
        }
        let passed = now.saturating_duration_since(line.updated).as_secs_f64();
        if late < 0.0 {
            (line.timestamp, line.at) = (timestamp, now);
        } else {
            line.at = after_ms(line.at, (FORGET_MS * passed).min(late));
        }
        if repaired {
            self.repaired += 1;
            self.repaired_at = Some(now);
        } else {
            self.learn(late - line.late_ms);
        }
        line.late_ms = late.max(0.0);
        line.updated = now;
        self.line = Some(line);
        self.follow(now, passed, round_trip);
        self.due(timestamp).map_or(now, |due| due.max(now))
    }

    /// The frame came so much later after the one before than it was captured after it.
    fn learn(&mut self, later_ms: f64) {
        self.frames = (self.frames + 1.0).min(FRAMES);
        let most = OUTLIER * self.variance.sqrt();
        let later = if self.frames > INTERVALS as f64 {
            later_ms.clamp(-most, most)
        } else {
            later_ms
        };
        let share = 1.0 / self.frames;
        self.mean += share * (later - self.mean);
        self.variance += share * ((later - self.mean).powi(2) - self.variance);
        self.variance = self.variance.max(1.0);
    }

    fn follow(&mut self, now: Instant, passed: f64, round_trip: Duration) {
        let recently = |at: Instant| now.saturating_duration_since(at) < REPAIRED_LAST;
        if !self.repaired_at.is_some_and(recently) {
            self.repaired = 0;
        }
        let repair = if self.repaired >= REPAIRED {
            ms(round_trip)
        } else {
            0.0
        };
        let noise = (DEVIATIONS * self.variance.sqrt() - LESS_MS).max(1.0);
        let change = CHANGE_MS * passed;
        let wanted = noise + SYSTEM_MS + repair;
        self.delay_ms = wanted.clamp((self.delay_ms - change).max(0.0), self.delay_ms + change);
        if self.frames <= 1.0 {
            self.delay_ms = wanted;
        }
    }

    /// A frame of a camera is shown: counts what came before as a freeze, if it was one.
    pub(crate) fn show(&mut self, at: Instant, track: TrackId, stats: &mut SlotStats) {
        let Some(shown) = self.shown.as_mut().filter(|shown| shown.track == track) else {
            let intervals = VecDeque::with_capacity(INTERVALS);
            self.shown = Some(Shown { at, track, intervals });
            return;
        };
        let interval = at.saturating_duration_since(shown.at);
        shown.at = shown.at.max(at);
        let count = shown.intervals.len();
        if count >= INTERVALS_LEAST {
            let mean = shown.intervals.iter().sum::<Duration>() / count as u32;
            if interval > (mean * 3).max(mean + FREEZE) {
                stats.freezes += 1;
                stats.frozen += interval;
            }
        }
        if count >= INTERVALS {
            shown.intervals.pop_front();
        }
        shown.intervals.push_back(interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Duration = Duration::from_millis(100);

    fn start() -> Instant {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        Instant::now()
    }

    /// Shows frames at these times in milliseconds; freezes, and how long they took.
    fn freezes(times: impl IntoIterator<Item = u64>) -> (u64, u128) {
        let (t0, mut playout, mut stats) = (start(), Playout::default(), SlotStats::default());
        for ms in times {
            playout.show(t0 + Duration::from_millis(ms), TrackId(1), &mut stats);
        }
        (stats.freezes, stats.frozen.as_millis())
    }

    #[test]
    fn a_freeze_is_longer_than_three_intervals_and_150_ms_more_than_one() {
        let steady = |from: u64, interval: u64| (0..30).map(move |n| from + n * interval);
        // At 30 ms a frame the limit is 180 ms, at 100 ms a frame 300.
        assert_eq!(freezes(steady(0, 30).chain([870 + 179])), (0, 0));
        assert_eq!(freezes(steady(0, 30).chain([870 + 181])), (1, 181));
        assert_eq!(freezes(steady(0, 100).chain([2_900 + 299])), (0, 0));
        assert_eq!(freezes(steady(0, 100).chain([2_900 + 301])), (1, 301));
    }

    /// What frames wait after so many of them that came so much later than the one before and after them, every other
    /// one, of which some were repaired.
    fn wait_ms(late: u64, repaired: bool) -> f64 {
        let (t0, mut playout) = (start(), Playout::default());
        let mut wait = 0.0;
        for n in 0..600 {
            let now = t0 + Duration::from_millis(n * 33 + (n % 2) * late);
            let shown = playout.decoded(
                now,
                RtpTime(n as u32 * 33 * 90),
                repaired && n % 10 == 0,
                ROUND_TRIP,
            );
            wait = ms(shown - now);
        }
        wait + late as f64
    }

    #[test]
    fn frames_wait_for_the_jitter_and_for_repairs() {
        assert!((10.0..15.0).contains(&wait_ms(0, false)), "{}", wait_ms(0, false));
        let jittery = wait_ms(40, false);
        assert!((50.0..100.0).contains(&jittery), "{jittery}");
        let repaired = wait_ms(0, true);
        assert!((110.0..115.0).contains(&repaired), "{repaired}");
    }
}
