//! How long packets wait in the path's queue: one-way delay above the least that was seen.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a minimum is believed, in seconds. Longer: a route that became longer looks like a queue for longer.
/// Shorter: a queue that a competing flow never lets drain is taken for the path itself sooner.
const BASE_WINDOW: Duration = Duration::from_secs(10);
/// Steps kept at most.
const MOST_STEPS: usize = 32;
/// Weight of a message in the jitter.
const JITTER_WEIGHT: f64 = 0.1;
/// The window moves in steps of this.
const STEP: Duration = Duration::from_millis(500);

/// The queue's delay, from send times on our clock and arrivals on theirs: only differences are used, so the
/// clocks' offset cancels out and their drift is forgotten with the window.
#[derive(Debug)]
pub(super) struct QueueDelay {
    origin: Instant,
    /// Least one-way delay (in seconds, plus an unknown constant) by step, newest last.
    minima: VecDeque<(Instant, f64)>,
    /// Of the newest message: how long its least delayed packet waited.
    now: f64,
    /// Mean above least within a message, smoothed.
    jitter: f64,
}

impl QueueDelay {
    pub(super) fn new(origin: Instant) -> Self {
        Self {
            origin,
            minima: VecDeque::new(),
            now: 0.0,
            jitter: 0.0,
        }
    }

    /// A packet's one-way delay in seconds, plus a constant.
    pub(super) fn one_way(&self, sent: Instant, arrival: Duration) -> f64 {
        arrival.as_secs_f64() - sent.saturating_duration_since(self.origin).as_secs_f64()
    }

    /// The least one-way delay of one message. The least, because it is what jitter and our own bursts leave alone.
    /// `keep`: do not forget the path's least delay.
    pub(super) fn add(&mut self, at: Instant, least: f64, mean: f64, keep: bool) {
        self.jitter += JITTER_WEIGHT * (mean - least - self.jitter);
        match self.minima.back_mut() {
            Some((from, value)) if at.saturating_duration_since(*from) < STEP => *value = value.min(least),
            _ => self.minima.push_back((at, least)),
        }
        let old = |(from, _): &(Instant, f64)| at.saturating_duration_since(*from) > BASE_WINDOW;
        while !keep && self.minima.front().is_some_and(old) {
            self.minima.pop_front();
        }
        while self.minima.len() > MOST_STEPS {
            // While somebody keeps the queue full, the path without it is not seen: the least stays.
            let Some((at, value)) = self.minima.pop_front() else {
                break;
            };
            if let Some(next) = self.minima.front_mut() {
                *next = (at, next.1.min(value));
            }
        }
        let base = self
            .minima
            .iter()
            .map(|(_, value)| *value)
            .fold(f64::INFINITY, f64::min);
        self.now = (least - base).max(0.0);
    }

    /// How much later than the least delayed packet of a message the others come, in seconds.
    pub(super) fn jitter(&self) -> f64 {
        self.jitter
    }

    /// What waits in front of the newest packets, in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.now
    }
}
