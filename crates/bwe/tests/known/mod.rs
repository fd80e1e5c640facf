//! A path of which everything is known.

use bwe::{Change, Demand, Downlink, Estimate, Estimator, Fallback, PathFeedback, Report, TransportSeq};
use media::Bitrate;
use std::time::{Duration, Instant};

/// Says always the same.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) estimate: Estimate,
    pub(crate) overused: bool,
    pub(crate) capacity: Option<Bitrate>,
}

impl Known {
    /// Clean, of 50 ms, and its end was not seen.
    pub(crate) fn carrying(bits_per_second: u64) -> Self {
        Self {
            estimate: Estimate {
                target: Bitrate(bits_per_second),
                stable: Bitrate(bits_per_second),
                round_trip: Duration::from_millis(50),
                loss: 0.0,
                repairs: 0.0,
                queue_delay: Duration::ZERO,
                jitter: Duration::ZERO,
            },
            overused: false,
            capacity: None,
        }
    }

    /// A downlink over it that has had its first report.
    pub(crate) fn downlink(self) -> (Instant, Downlink<u32>) {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let t0 = Instant::now();
        let mut downlink = Downlink::new(t0, Box::new(self));
        downlink.set_reports(true);
        let report = Report {
            seq: TransportSeq(0),
            arrival: Some(Duration::ZERO),
        };
        downlink.handle_feedback(t0, &[report]);
        (t0, downlink)
    }
}

impl Estimator for Known {
    fn handle_feedback(&mut self, _: &PathFeedback) {}
    fn handle_fallback(&mut self, _: Instant, _: Fallback) {}
    fn set_demand(&mut self, _: Instant, _: Demand) {}
    fn handle_timeout(&mut self, _: Instant) {}
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
    fn estimate(&self) -> Estimate {
        self.estimate
    }
    fn is_overused(&self) -> bool {
        self.overused
    }
    fn capacity(&self) -> Option<Bitrate> {
        self.capacity
    }
    fn poll_change(&mut self) -> Option<Change> {
        None
    }
}
