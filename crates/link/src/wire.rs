//! A link with its queue.

use crate::config::LinkConfig;
use crate::loss::Loss;
use crate::rng::Rng;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// IPv4 and UDP headers, in bytes: part of what a link carries.
pub const HEADER_BYTES: usize = 28;

/// Most datagrams in the queue, whatever its length in time: bounds memory while the rate is 0.
const MAX_QUEUED: usize = 20_000;

/// What became of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives then.
    Arrives(Instant),
    /// It does not.
    Dropped(Drop),
}

/// Why a datagram does not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drop {
    /// The queue was full.
    Queue,
    /// Lost at random.
    Loss,
}

/// One direction of a path.
#[derive(Debug)]
pub struct Link {
    /// May be changed at any time; what is in the queue keeps the departure it was given.
    pub config: LinkConfig,
    started: Instant,
    /// Departures of what is still in the queue.
    queued: VecDeque<Instant>,
    /// When the last datagram accepted will have left.
    free_at: Instant,
    /// Arrival of the last one, for links that keep the order.
    last_arrival: Option<Instant>,
    loss: Loss,
    rng: Rng,
}

impl Link {
    /// An empty link.
    pub fn new(config: LinkConfig, now: Instant, seed: u64) -> Self {
        Self {
            config,
            started: now,
            queued: VecDeque::new(),
            free_at: now,
            last_arrival: None,
            loss: Loss::default(),
            rng: Rng::new(seed),
        }
    }

    /// Sends a datagram of so many bytes (without the headers of IP and UDP).
    pub fn send(&mut self, now: Instant, bytes: usize) -> Fate {
        // Drawn for every datagram, so that changing one property leaves the others' luck as it was.
        let lost = self.loss.next(self.config.loss, &mut self.rng);
        let jitter = self.config.jitter.mul_f64(self.rng.unit());
        while self.queued.front().is_some_and(|departure| *departure <= now) {
            self.queued.pop_front();
        }
        if self.queue_delay(now) > self.config.queue || self.queued.len() >= MAX_QUEUED {
            return Fate::Dropped(Drop::Queue);
        }
        let bits = (bytes + HEADER_BYTES) as u64 * 8;
        let Some(departure) = self.departure(self.free_at.max(now), bits) else {
            return Fate::Dropped(Drop::Queue);
        };
        self.free_at = departure;
        self.queued.push_back(departure);
        if lost {
            return Fate::Dropped(Drop::Loss);
        }
        let mut arrival = departure + self.config.delay + jitter;
        if !self.config.reorder {
            arrival = self.last_arrival.map_or(arrival, |last| arrival.max(last));
            self.last_arrival = Some(arrival);
        }
        Fate::Arrives(arrival)
    }

    /// How long a datagram sent now would wait.
    pub fn queue_delay(&self, now: Instant) -> Duration {
        self.free_at.saturating_duration_since(now)
    }

    /// The rate at this time; `None`: no limit.
    pub fn rate_at(&self, at: Instant) -> Option<u64> {
        let since = at.saturating_duration_since(self.started);
        let step = self.config.schedule.iter().rev().find(|step| step.at <= since);
        step.map_or(self.config.rate_bps, |step| step.rate_bps)
    }

    /// When the last of these bits has left, with transmission beginning at `at`; `None`: never.
    fn departure(&self, mut at: Instant, mut bits: u64) -> Option<Instant> {
        loop {
            let since = at.saturating_duration_since(self.started);
            let next = self.config.schedule.iter().find(|step| step.at > since);
            let until_next = next.map(|step| step.at - since);
            let Some(rate) = self.rate_at(at) else {
                return Some(at);
            };
            let needed = (rate > 0).then(|| Duration::from_nanos(bits.saturating_mul(1_000_000_000) / rate));
            match (needed, until_next) {
                (Some(needed), None) => return Some(at + needed),
                (Some(needed), Some(span)) if needed <= span => return Some(at + needed),
                (_, Some(span)) => {
                    bits = bits.saturating_sub((u128::from(rate) * span.as_nanos() / 1_000_000_000) as u64);
                    at += span;
                }
                (None, None) => return None,
            }
        }
    }
}
