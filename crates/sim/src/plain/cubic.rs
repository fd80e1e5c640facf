//! Somebody else's download on the same link: one TCP flow with Cubic's window (RFC 9438).

use std::time::{Duration, Instant};

/// Payload and headers of a segment, without those of IP and UDP that links add.
pub(crate) const SEGMENT_BYTES: usize = 1_420;
/// Window growth (RFC 9438 §4.2) in segments per second cubed, and what is left of the window after a loss (§4.6).
const C: f64 = 0.4;
const BETA: f64 = 0.7;
/// Segments in flight at the start (RFC 6928).
const INITIAL_WINDOW: f64 = 10.0;
/// Most segments in flight.
const MAX_WINDOW: f64 = 2_000.0;

/// The sender's state.
#[derive(Debug)]
pub(crate) struct Cubic {
    window: f64,
    largest: f64,
    threshold: f64,
    epoch: Option<Instant>,
    /// A second loss within a round trip is the same event.
    reduced: Option<Instant>,
    in_flight: usize,
    pub(crate) delivered_bytes: u64,
}

impl Cubic {
    pub(crate) fn new() -> Self {
        Self {
            window: INITIAL_WINDOW,
            largest: 0.0,
            threshold: f64::INFINITY,
            epoch: None,
            reduced: None,
            in_flight: 0,
            delivered_bytes: 0,
        }
    }

    /// Whether another segment may leave.
    pub(crate) fn may_send(&self) -> bool {
        (self.in_flight as f64) < self.window
    }

    pub(crate) fn sent(&mut self) {
        self.in_flight += 1;
    }

    pub(crate) fn acknowledged(&mut self, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.delivered_bytes += SEGMENT_BYTES as u64;
        if self.window < self.threshold {
            self.window += 1.0;
        } else {
            let since = now.saturating_duration_since(*self.epoch.get_or_insert(now));
            let k = (self.largest * (1.0 - BETA) / C).cbrt();
            let target = C * (since.as_secs_f64() - k).powi(3) + self.largest;
            // Toward the curve within a round trip, never faster than slow start's half.
            self.window += ((target - self.window) / self.window).clamp(0.01 / self.window, 0.5);
        }
        self.window = self.window.min(MAX_WINDOW);
    }

    pub(crate) fn lost(&mut self, now: Instant, round_trip: Duration) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let same = self
            .reduced
            .is_some_and(|at| now.saturating_duration_since(at) < round_trip);
        if same {
            return;
        }
        self.reduced = Some(now);
        self.largest = self.window;
        self.window = (self.window * BETA).max(2.0);
        self.threshold = self.window;
        self.epoch = Some(now);
    }
}
