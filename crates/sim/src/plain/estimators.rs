//! Which congestion controller the server uses for somebody.

use bwe::{Controller, Estimator};
use std::sync::Arc;
use std::time::Instant;

/// Makes the estimator of a peer that is built now.
#[derive(Clone)]
pub struct Estimators(Arc<dyn Fn(Instant) -> Box<dyn Estimator> + Send + Sync>);

impl Estimators {
    /// Estimators made by this function.
    pub fn new(make: impl Fn(Instant) -> Box<dyn Estimator> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    pub(crate) fn make(&self, now: Instant) -> Box<dyn Estimator> {
        (self.0)(now)
    }
}

impl Default for Estimators {
    /// Ours.
    fn default() -> Self {
        Self::new(|now| Box::new(Controller::new(now)))
    }
}

impl std::fmt::Debug for Estimators {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Estimators")
    }
}
