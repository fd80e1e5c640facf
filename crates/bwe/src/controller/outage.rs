//! Nothing comes back: the path is gone for a while, not slow.

use crate::feedback::PathFeedback;
use std::time::{Duration, Instant};

/// Silence beyond the response time that is an outage. Shorter: a late message halves the rate.
const PATIENCE: Duration = Duration::from_millis(400);
/// The target is halved this often while it lasts.
const HALVING: Duration = Duration::from_millis(500);
/// Down to this, where no picture fits any more: what is sent into an outage is lost, and a picture that was paused
/// begins again with a keyframe as soon as the path is back.
const FLOOR: f64 = super::limits::MIN;
/// After it, delay and loss are the outage's own for this long beyond a response time. Longer: a path that came back
/// thinner gets a queue.
const GRACE: Duration = Duration::from_millis(300);
/// And loss for this much longer: longer than the window it is counted in.
const LOSS_GRACE: Duration = Duration::from_millis(1_200);
/// Share of the former target that is tried at once.
const RETRY: f64 = 0.9;

#[derive(Debug, Default)]
pub(super) struct Outage {
    deadline: Option<Instant>,
    before: Option<f64>,
    recovering_until: Option<Instant>,
}

impl Outage {
    /// What to go on with, when the message ends an outage.
    pub(super) fn handle_feedback(&mut self, feedback: &PathFeedback, response: Duration) -> Option<f64> {
        let waiting = feedback.in_flight_bytes > 0;
        self.deadline = waiting.then(|| feedback.at + response * 2 + PATIENCE);
        let before = self.before.take()?;
        self.recovering_until = Some(feedback.at + response + GRACE);
        Some(before * RETRY)
    }

    /// The lower target, when it is time for one.
    pub(super) fn handle_timeout(&mut self, now: Instant, target: f64) -> Option<f64> {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return None;
        }
        self.before.get_or_insert(target);
        let lower = (target / 2.0).max(FLOOR);
        self.deadline = (lower < target).then(|| now + HALVING);
        (lower < target).then_some(lower)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether what was lost may still be the outage's.
    pub(super) fn is_recent(&self, at: Instant) -> bool {
        self.recovering_until.is_some_and(|until| at < until + LOSS_GRACE)
    }

    pub(super) fn is_recovering(&self, at: Instant) -> bool {
        self.recovering_until.is_some_and(|until| at < until)
    }
}
