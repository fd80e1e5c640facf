//! The oracle's estimator: told what nobody can know.

use bwe::{Change, Demand, Estimate, Estimator, Fallback, PathFeedback};
use link::LinkConfig;
use media::Bitrate;
use std::time::{Duration, Instant};

/// What it leaves free: the rate is known, but frames come in bursts, and a lost packet has to be sent again.
const MARGIN: f64 = 0.05;
/// Told during an outage, and the least otherwise, in bit/s: sound goes on, pictures pause, and nothing piles up in
/// front of the link. Raising it sends video into the outage, lowering it silences the microphone before its time.
const FLOOR: u64 = 60_000;
/// Told of a link without a limit, in bit/s: above all that anybody here wants.
const UNLIMITED: u64 = 100_000_000;

/// An estimator that is told the true rate of its link, less 5 %.
#[derive(Debug)]
pub struct TrueRate {
    started: Instant,
    now: Instant,
    link: LinkConfig,
    /// What of the link is ours: 1.0 alone, 0.5 beside an equal.
    share: f64,
    round_trip: Duration,
}

impl TrueRate {
    /// The oracle of a link that began at `started`, of which `share` (0.0 to 1.0) is ours.
    pub fn new(started: Instant, now: Instant, link: LinkConfig, share: f64, round_trip: Duration) -> Self {
        Self {
            started,
            now,
            link,
            share,
            round_trip,
        }
    }

    fn target(&self) -> Bitrate {
        let since = self.now.saturating_duration_since(self.started);
        let step = self.link.schedule.iter().rev().find(|step| step.at <= since);
        let rate = step.map_or(self.link.rate_bps, |step| step.rate_bps);
        let free = rate.unwrap_or(UNLIMITED) as f64 * self.share * (1.0 - MARGIN);
        Bitrate((free as u64).max(FLOOR))
    }
}

impl Estimator for TrueRate {
    fn handle_feedback(&mut self, feedback: &PathFeedback) {
        self.now = self.now.max(feedback.at);
    }

    fn handle_fallback(&mut self, now: Instant, _fallback: Fallback) {
        self.now = self.now.max(now);
    }

    fn set_demand(&mut self, now: Instant, _demand: Demand) {
        self.now = self.now.max(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let steps = self.link.schedule.iter().map(|step| self.started + step.at);
        steps.filter(|at| *at > self.now).min()
    }

    fn estimate(&self) -> Estimate {
        let loss = match self.link.loss {
            link::LossModel::None => 0.0,
            link::LossModel::Random(share) | link::LossModel::Bursts { share, .. } => share,
        };
        Estimate {
            target: self.target(),
            stable: self.target(),
            round_trip: self.round_trip,
            loss,
            repairs: loss,
            queue_delay: Duration::ZERO,
            jitter: Duration::ZERO,
        }
    }

    fn is_overused(&self) -> bool {
        false
    }

    fn capacity(&self) -> Option<Bitrate> {
        None
    }

    fn poll_change(&mut self) -> Option<Change> {
        None
    }
}
