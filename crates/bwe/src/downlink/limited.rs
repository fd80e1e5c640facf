//! Whether the application sends less than it might.

use media::Bitrate;
use std::time::{Duration, Instant};

/// Over how much time what was sent is looked at.
const WINDOW: Duration = Duration::from_millis(500);
/// Sending less than this share of the target is being limited by the application (libwebrtc: 0.65). Higher: the
/// estimate stops growing sooner by itself, and probes must raise it.
const SHARE: f64 = 0.85;

#[derive(Debug)]
pub(super) struct ApplicationLimited {
    from: Instant,
    bytes: u64,
    before: u64,
    since: Option<Instant>,
}

impl ApplicationLimited {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            from: now,
            bytes: 0,
            before: 0,
            since: None,
        }
    }

    pub(super) fn sent(&mut self, now: Instant, bytes: u32) {
        self.advance(now);
        self.bytes += u64::from(bytes);
    }

    fn advance(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.from);
        if passed >= WINDOW * 2 {
            (self.from, self.before, self.bytes) = (now, 0, 0);
        } else if passed >= WINDOW {
            (self.from, self.before, self.bytes) = (self.from + WINDOW, self.bytes, 0);
        }
    }

    /// Since when; `None` while the target is used.
    pub(super) fn since(&mut self, now: Instant, target: Bitrate, nothing_waits: bool) -> Option<Instant> {
        self.advance(now);
        let passed = now.saturating_duration_since(self.from).as_secs_f64();
        let rate = (self.before + self.bytes) as f64 * 8.0 / (WINDOW.as_secs_f64() + passed);
        let limited = nothing_waits && rate < target.0 as f64 * SHARE;
        self.since = limited.then(|| self.since.unwrap_or(now));
        self.since
    }
}
