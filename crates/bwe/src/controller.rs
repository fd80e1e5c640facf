//! Our congestion controller.

use crate::estimate::{Demand, Estimate};
use crate::feedback::{Estimator, Fallback, PathFeedback};
use crate::trace::Change;
use media::Bitrate;
use std::time::{Duration, Instant};

/// Delay- and loss-based estimation.
#[derive(Debug)]
pub struct Controller {
    estimate: Estimate,
}

impl Controller {
    /// A controller of a path of which nothing is known.
    pub fn new(_now: Instant) -> Self {
        Self {
            estimate: Estimate {
                target: Bitrate(300_000),
                stable: Bitrate(300_000),
                round_trip: Duration::from_millis(100),
                loss: 0.0,
                queue_delay: Duration::ZERO,
            },
        }
    }
}

impl Estimator for Controller {
    fn handle_feedback(&mut self, _feedback: &PathFeedback) {}
    fn handle_fallback(&mut self, _now: Instant, _fallback: Fallback) {}
    fn set_demand(&mut self, _now: Instant, _demand: Demand) {}
    fn handle_timeout(&mut self, _now: Instant) {}
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
    fn estimate(&self) -> Estimate {
        self.estimate
    }
    fn is_overused(&self) -> bool {
        false
    }
    fn poll_change(&mut self) -> Option<Change> {
        None
    }
}
