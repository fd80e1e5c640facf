//! Our controller with one thing broken: what each threshold must notice.

use bwe::{Change, Controller, Demand, Estimate, Estimator, Fallback, PathFeedback};
use media::Bitrate;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Flaw {
    /// Says so many bits per second, whatever comes back.
    Fixed(u64),
    /// Takes a probe's packets for any others, so that probes find nothing.
    BlindToProbes,
    /// Takes every loss for congestion: less by half the share lost, with each message.
    LossIsCongestion,
    /// Takes a packet that is later than the one before it for congestion: less by a tenth.
    JitterIsCongestion,
    /// Hears everything so much later.
    Late(Duration),
    /// After a second without a message it stays at its least for so long.
    Mourning(Duration),
    /// Says one rate, then four times as much, by turns: every probe seems to have found something.
    Credulous(u64),
}

/// A pause of messages that is an outage.
const OUTAGE: Duration = Duration::from_secs(1);
/// Between two turns.
const TURN: Duration = Duration::from_millis(100);
/// What flawed controllers say at the least, in bits per second.
const FLOOR: f64 = 60_000.0;
/// Arrivals later than this are jitter.
const LATE: f64 = 0.010;

/// A controller with a [`Flaw`].
#[derive(Debug)]
pub struct Flawed {
    flaw: Flaw,
    inner: Controller,
    /// Not heard yet.
    waiting: VecDeque<PathFeedback>,
    last: Option<Instant>,
    mourning_until: Option<Instant>,
    began: Instant,
    /// What is left of the controller's estimate.
    factor: f64,
}

impl Flawed {
    /// A controller of a path of which nothing is known.
    pub fn new(now: Instant, flaw: Flaw) -> Self {
        Self {
            flaw,
            inner: Controller::new(now),
            waiting: VecDeque::new(),
            last: None,
            mourning_until: None,
            began: now,
            factor: 1.0,
        }
    }

    fn deliver_late(&mut self, now: Instant, delay: Duration) {
        while self.waiting.front().is_some_and(|first| first.at + delay <= now) {
            let Some(mut feedback) = self.waiting.pop_front() else {
                break;
            };
            feedback.at = now;
            self.inner.handle_feedback(&feedback);
        }
    }

    /// Less with each cause, and slowly more again.
    fn shrink(&mut self, share: f64) {
        self.factor = (self.factor * (1.0 - share) * 1.01).clamp(0.02, 1.0);
    }
}

/// The share of packets that came much later after their predecessors than they were sent.
fn share_late(feedback: &PathFeedback) -> f64 {
    let pairs = feedback.acknowledged.windows(2);
    let late = pairs.filter(|pair| {
        let [before, after] = pair else { return false };
        let sent = after.sent.saturating_duration_since(before.sent).as_secs_f64();
        after.arrival.as_secs_f64() - before.arrival.as_secs_f64() - sent > LATE
    });
    late.count() as f64 / feedback.acknowledged.len().max(1) as f64
}

impl Estimator for Flawed {
    fn handle_feedback(&mut self, feedback: &PathFeedback) {
        let now = feedback.at;
        if let Flaw::Mourning(time) = self.flaw
            && self
                .last
                .is_some_and(|last| now.saturating_duration_since(last) > OUTAGE)
        {
            self.mourning_until = Some(now + time);
        }
        self.last = Some(now);
        match self.flaw {
            Flaw::Late(_) => return self.waiting.push_back(feedback.clone()),
            Flaw::BlindToProbes => {
                let mut blind = feedback.clone();
                blind
                    .acknowledged
                    .iter_mut()
                    .for_each(|packet| packet.probe = None);
                return self.inner.handle_feedback(&blind);
            }
            Flaw::LossIsCongestion => {
                let all = feedback.lost.len() + feedback.acknowledged.len();
                self.shrink(feedback.lost.len() as f64 / all.max(1) as f64 / 2.0);
            }
            Flaw::JitterIsCongestion => {
                let share = if share_late(feedback) > 0.0 { 0.1 } else { 0.0 };
                self.shrink(share);
            }
            Flaw::Credulous(_) | Flaw::Fixed(_) | Flaw::Mourning(_) => {}
        }
        self.inner.handle_feedback(feedback);
    }

    fn handle_fallback(&mut self, now: Instant, fallback: Fallback) {
        self.inner.handle_fallback(now, fallback);
    }

    fn set_demand(&mut self, now: Instant, demand: Demand) {
        self.inner.set_demand(now, demand);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if let Flaw::Late(delay) = self.flaw {
            self.deliver_late(now, delay);
        }
        if self.mourning_until.is_some_and(|until| until <= now) {
            self.mourning_until = None;
        }
        self.inner.handle_timeout(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let late = match self.flaw {
            Flaw::Late(delay) => self.waiting.front().map(|first| first.at + delay),
            _ => None,
        };
        [late, self.mourning_until, self.inner.poll_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    fn estimate(&self) -> Estimate {
        let estimate = self.inner.estimate();
        let heard = self.last.unwrap_or(self.began);
        let turn = heard.saturating_duration_since(self.began).as_millis() / TURN.as_millis();
        let told = |rate: Bitrate| match self.flaw {
            Flaw::Fixed(rate) => Bitrate(rate),
            Flaw::Credulous(rate) => Bitrate(rate << (2 * (turn % 2))),
            _ if self.mourning_until.is_some() => Bitrate(FLOOR as u64),
            _ => Bitrate((rate.0 as f64 * self.factor).max(FLOOR.min(rate.0 as f64)) as u64),
        };
        Estimate {
            target: told(estimate.target),
            stable: told(estimate.stable),
            ..estimate
        }
    }

    fn is_overused(&self) -> bool {
        match self.flaw {
            Flaw::Fixed(_) | Flaw::Credulous(_) => false,
            _ => self.inner.is_overused(),
        }
    }

    fn capacity(&self) -> Option<Bitrate> {
        self.inner.capacity()
    }

    fn poll_change(&mut self) -> Option<Change> {
        self.inner.poll_change()
    }
}
