//! An estimator that tells what it decides.

use bwe::{Change, Demand, Estimate, Estimator, Fallback, PathFeedback};
use media::Bitrate;
use std::sync::mpsc::Sender;
use std::time::Instant;

/// Passes everything on, and every decision to a channel as well.
#[derive(Debug)]
pub struct Traced {
    inner: Box<dyn Estimator>,
    told: Sender<Change>,
}

impl Traced {
    /// Listens to an estimator.
    pub fn new(inner: Box<dyn Estimator>, told: Sender<Change>) -> Self {
        Self { inner, told }
    }
}

impl Estimator for Traced {
    fn handle_feedback(&mut self, feedback: &PathFeedback) {
        self.inner.handle_feedback(feedback);
    }

    fn handle_fallback(&mut self, now: Instant, fallback: Fallback) {
        self.inner.handle_fallback(now, fallback);
    }

    fn set_demand(&mut self, now: Instant, demand: Demand) {
        self.inner.set_demand(now, demand);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.inner.handle_timeout(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.inner.poll_timeout()
    }

    fn estimate(&self) -> Estimate {
        self.inner.estimate()
    }

    fn is_overused(&self) -> bool {
        self.inner.is_overused()
    }

    fn capacity(&self) -> Option<Bitrate> {
        self.inner.capacity()
    }

    fn poll_change(&mut self) -> Option<Change> {
        let change = self.inner.poll_change()?;
        // Nobody listening is no error.
        let _ = self.told.send(change);
        Some(change)
    }
}
