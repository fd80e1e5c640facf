//! The lowest value of the recent past.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long the past is. Longer: fewer needless switches, and later up after a dip.
const WINDOW: Duration = Duration::from_millis(1_500);
const STEP: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct RecentMinimum {
    steps: VecDeque<(Instant, f64)>,
}

impl RecentMinimum {
    pub(super) fn new(now: Instant, value: f64) -> Self {
        Self {
            steps: VecDeque::from([(now, value)]),
        }
    }

    pub(super) fn add(&mut self, at: Instant, value: f64) {
        match self.steps.back_mut() {
            Some((from, least)) if at.saturating_duration_since(*from) < STEP => *least = least.min(value),
            _ => self.steps.push_back((at, value)),
        }
        while self.steps.len() > 1
            && self
                .steps
                .front()
                .is_some_and(|(from, _)| at.saturating_duration_since(*from) > WINDOW)
        {
            self.steps.pop_front();
        }
    }

    /// It was proven to be higher: what was before does not count.
    pub(super) fn raise(&mut self, at: Instant, value: f64) {
        self.steps.clear();
        self.steps.push_back((at, value));
    }

    pub(super) fn value(&self) -> f64 {
        self.steps
            .iter()
            .map(|(_, value)| *value)
            .fold(f64::INFINITY, f64::min)
    }
}
