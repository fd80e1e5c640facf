//! Our congestion controller: delay first, then loss, and probes as the fast way up.
//!
//! | part | tells |
//! |---|---|
//! | [`queue`] | how long packets wait in the path's queue |
//! | [`trend`] | whether that grows |
//! | [`rate`] | how much arrives |
//! | [`loss`] | whether lost packets tell of congestion |
//! | [`probe`] | what a burst sent faster than the target found |
//! | [`outage`] | that nothing comes back at all |
//! | [`competition`] | that somebody else keeps the queue full |
//! | [`limits`] | the constants |

mod competition;
mod limits;
mod loss;
mod outage;
mod probe;
mod queue;
mod rate;
mod recent;
mod trend;

use crate::estimate::{Demand, Estimate};
use crate::feedback::{Estimator, Fallback, PathFeedback};
use crate::trace::{Change, Reason};
use limits::*;
use media::Bitrate;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Delay- and loss-based estimation of what a path carries.
#[derive(Debug)]
pub struct Controller {
    target: f64,
    stable: recent::RecentMinimum,
    /// What the path carried when it was last seen full, and when that was.
    capacity: Option<(f64, Instant)>,
    queue: queue::QueueDelay,
    trend: trend::Trend,
    acknowledged: rate::AcknowledgedRate,
    loss: loss::Loss,
    probes: probe::Probes,
    /// Until then a short queue may be a probe's own.
    probe_echo: Option<Instant>,
    outage: outage::Outage,
    round_trip: Option<Duration>,
    ceiling: f64,
    last_feedback: Option<Instant>,
    last_decrease: Option<Instant>,
    competition: competition::Competition,
    /// Lowered because of a queue that has not drained yet.
    draining: bool,
    /// What to go back to when a queue drains that came while little was sent: it was a hiccup of somebody's, and said
    /// nothing of what the path carries.
    former: Option<f64>,
    /// Messages in a row that showed overuse.
    overused_for: u32,
    changes: VecDeque<Change>,
}

impl Controller {
    /// A controller of a path of which nothing is known.
    pub fn new(now: Instant) -> Self {
        Self {
            target: START,
            stable: recent::RecentMinimum::new(now, START),
            capacity: None,
            queue: queue::QueueDelay::new(now),
            trend: trend::Trend::default(),
            acknowledged: rate::AcknowledgedRate::default(),
            loss: loss::Loss::default(),
            probes: probe::Probes::default(),
            probe_echo: None,
            outage: outage::Outage::default(),
            round_trip: None,
            ceiling: MAX,
            last_feedback: None,
            last_decrease: None,
            competition: competition::Competition::default(),
            draining: false,
            former: None,
            overused_for: 0,
            changes: VecDeque::new(),
        }
    }

    fn set(&mut self, at: Instant, target: f64, reason: Reason) {
        let target = if target.is_finite() {
            target.clamp(MIN, MAX)
        } else {
            self.target
        };
        let before = std::mem::replace(&mut self.target, target);
        if (target - before).abs() < 1.0 {
            return;
        }
        if self.changes.len() >= MAX_CHANGES {
            self.changes.pop_front();
        }
        self.changes.push_back(Change {
            at,
            reason,
            before: Bitrate(before as u64),
            after: Bitrate(target as u64),
        });
    }

    /// Takes in what a message says; the best verdict of a probe that it completed.
    fn measure(&mut self, feedback: &PathFeedback) -> Option<probe::Verdict> {
        let weight = if self.round_trip.is_some() {
            ROUND_TRIP_WEIGHT
        } else {
            1.0
        };
        let before = self.round_trip.unwrap_or_default();
        self.round_trip =
            Some(before.mul_f64(1.0 - weight) + feedback.round_trip.min(MAX_ROUND_TRIP).mul_f64(weight));
        let jittery = self.estimate().is_jittery();
        let (mut least, mut sum, mut bursts) = (f64::INFINITY, 0.0, 0);
        let mut burst: Option<Instant> = None;
        let mut verdict: Option<probe::Verdict> = None;
        for packet in &feedback.acknowledged {
            self.acknowledged.add(packet.arrival, packet.bytes);
            self.trend.add(packet.sent, packet.arrival);
            let one_way = self.queue.one_way(packet.sent, packet.arrival);
            least = least.min(one_way);
            // What leaves at once waits for itself.
            if burst.is_none_or(|began| packet.sent.saturating_duration_since(began) > AT_ONCE) {
                burst = Some(packet.sent);
                bursts += 1;
                sum += one_way;
            }
            if packet.probe.is_some() {
                self.probe_echo = Some(feedback.at + PROBE_ECHO);
            }
            let found = packet
                .probe
                .and_then(|probe| self.probes.add(packet, probe, jittery));
            verdict = found.or(verdict);
        }
        if least.is_finite() {
            let mean = sum / f64::from(bursts);
            self.queue.add(feedback.at, least, mean, self.competition.is_on());
        }
        self.loss
            .add(feedback.at, feedback.acknowledged.len(), feedback.lost.len());
        verdict
    }

    fn response_time(&self) -> Duration {
        self.round_trip.unwrap_or(DEFAULT_ROUND_TRIP) + FEEDBACK_INTERVAL
    }

    /// Whether the last decrease has had time to show.
    fn may_decrease(&self, at: Instant) -> bool {
        let wait = if self.competition.is_on() {
            COMPETING_PAUSE.max(self.response_time())
        } else {
            self.response_time()
        };
        self.last_decrease
            .is_none_or(|last| at.saturating_duration_since(last) >= wait)
    }

    fn note_queue(&mut self, at: Instant) {
        // Of a path that became thinner than what is sent, more is lost than a flow beside ours takes: the queue is ours.
        // And what an outage left in it says nothing.
        if self.loss.share() > COMPETITORS_LOSS || self.outage.is_recent(at) {
            self.competition.look_anew();
        }
        let seen = competition::Seen {
            queue: self.queue.seconds(),
            short: self.is_short(),
            response: self.response_time(),
        };
        let capacity = self
            .capacity
            .map_or(self.target, |(capacity, _)| capacity.max(self.target));
        if self.competition.note(at, seen, capacity, self.target) {
            let target = self.target.max(capacity_share(self.competition.capacity()));
            self.set(at, target, Reason::Competition);
        }
    }

    /// What of a queue may be jitter.
    fn allowed_jitter(&self) -> f64 {
        (JITTER_ROOM * self.queue.jitter()).min(MOST_JITTER)
    }

    fn is_short(&self) -> bool {
        self.queue.seconds() < SHORT_QUEUE + self.allowed_jitter()
    }

    fn is_overuse(&self, at: Instant) -> bool {
        let queue = self.queue.seconds();
        if self.competition.is_on() {
            return queue > COMPETING_MARGIN * self.competition.largest_queue().max(LONG_QUEUE);
        }
        let jitter = self.allowed_jitter();
        if self.probe_echo.is_some_and(|until| at < until) {
            return queue > PROBE_QUEUE + jitter;
        }
        queue > LONG_QUEUE + jitter
            || (queue > SHORT_QUEUE + jitter && self.trend.usage() == trend::Usage::Over)
    }

    /// Lower the target to what gets through, and below that by as much as empties the queue.
    fn decrease(&mut self, at: Instant, reason: Reason, limited: bool) {
        let queue = self.queue.seconds();
        // A moment's rate means nothing where arrivals jump about.
        let rate = if queue > SHORT_QUEUE && self.queue.jitter() < CALM_JITTER {
            self.acknowledged.latest()
        } else {
            self.acknowledged.rate()
        };
        let mut carried = rate.map_or(self.target, |rate| rate.0 as f64);
        if limited && (self.competition.is_on() || queue < LONG_QUEUE + self.allowed_jitter()) {
            // What arrives is what was sent, not what the path could carry.
            carried = carried.max(self.target * UNSEEN);
        }
        // A hiccup loses nothing: the packets come late, and all at once.
        if limited && !self.competition.is_on() && !self.loss.is_congestion() {
            self.former.get_or_insert(self.target);
        } else if queue > SHORT_QUEUE && !self.competition.is_on() {
            self.former = None;
            self.capacity = Some((carried.min(self.target * 1.5), at));
        }
        let drain = 1.0 - (queue / DRAIN_TIME).min(MOST_DRAIN);
        let factor = if self.competition.is_on() {
            LOSS_FACTOR
        } else {
            DECREASE * drain
        };
        let wanted = carried.min(self.target) * factor;
        let target = wanted.max(self.target * DEEPEST).min(self.target);
        self.last_decrease = Some(at);
        self.draining = !self.competition.is_on();
        self.set(at, target, reason);
    }

    /// The last decrease has not had time to show, but what comes out of a full queue is what the path carries: the target
    /// need not stay above it. (The first messages of a path that became thinner still tell of what it carried before.)
    fn follow(&mut self, at: Instant) {
        let full = self.queue.seconds() > LONG_QUEUE + self.allowed_jitter();
        if !full || !self.draining || self.queue.jitter() >= CALM_JITTER {
            return;
        }
        let carried = self
            .acknowledged
            .latest()
            .map_or(self.target, |rate| rate.0 as f64);
        if carried < FOLLOWED * self.target {
            self.capacity = Some((carried, at));
            self.set(at, carried.max(DEEPEST * self.target), Reason::Overuse);
        }
    }

    /// The queue is short again: back to what the path carries.
    fn drained(&mut self, at: Instant) {
        self.draining = false;
        if let Some(former) = self.former.take() {
            return self.set(at, (former * AFTER_HICCUP).max(self.target), Reason::Drained);
        }
        if let Some((capacity, _)) = self.capacity {
            let target = (capacity * AFTER_DRAIN).max(self.target);
            self.set(at, target, Reason::Drained);
        }
    }

    fn increase(&mut self, at: Instant, since: Duration, application_limited: bool) {
        let seconds = since.as_secs_f64().min(LONGEST_STEP);
        let capacity = self.recent_capacity(at);
        let near =
            capacity.is_some_and(|capacity| self.target > NEAR * capacity && self.target < BEYOND * capacity);
        let step = if self.competition.is_on() {
            self.competition.capacity() * COMPETING_GROWTH * seconds
        } else if near {
            PACKET_BITS / self.response_time().as_secs_f64() * seconds
        } else {
            self.target * GROWTH * seconds
        };
        let carried = self.acknowledged.rate().map_or(self.target, |rate| rate.0 as f64);
        // What was never sent was never shown to get through. But what once got through stays.
        if self.competition.is_on() {
            let most = (self.competition.capacity() * COMPETING_MOST).max(self.target);
            return self.set(at, (self.target + step).min(most), Reason::Increase);
        }
        let proven = if application_limited {
            0.0
        } else {
            PROVEN * carried + PROVEN_MARGIN
        };
        let most = proven.min(self.ceiling * CEILING).max(self.target);
        self.set(at, (self.target + step).min(most), Reason::Increase);
    }

    fn recent_capacity(&self, at: Instant) -> Option<f64> {
        self.capacity
            .filter(|(_, seen)| at.saturating_duration_since(*seen) < CAPACITY_AGE)
            .map(|(capacity, _)| capacity)
    }

    fn take_verdict(&mut self, at: Instant, verdict: probe::Verdict) {
        let found = verdict.rate.0 as f64;
        if verdict.limited {
            let target = found * PROBE_LIMITED;
            if target > self.target {
                self.capacity = Some((found, at));
                self.set(at, target, Reason::ProbeLimited);
                self.stable.raise(at, self.target);
            }
        } else if found > self.target {
            if self.capacity.is_some_and(|(capacity, _)| found > capacity) {
                self.capacity = None;
            }
            self.set(at, found, Reason::Probe);
            self.stable.raise(at, self.target);
        }
    }

    fn end_outage(&mut self, at: Instant, before: f64) {
        self.trend.reset();
        self.loss.forget_recent();
        self.set(at, before, Reason::Recovered);
        self.stable.raise(at, self.target);
    }
}

/// What to take of a path that somebody else fills.
fn capacity_share(capacity: f64) -> f64 {
    capacity * COMPETING_START
}

impl Estimator for Controller {
    fn handle_feedback(&mut self, feedback: &PathFeedback) {
        let at = feedback.at;
        if feedback.acknowledged.is_empty() && feedback.lost.is_empty() {
            return;
        }
        let since = self
            .last_feedback
            .map_or(Duration::ZERO, |last| at.saturating_duration_since(last));
        self.last_feedback = Some(at);
        if let Some(before) = self.outage.handle_feedback(feedback, self.response_time()) {
            self.end_outage(at, before);
        }
        let verdict = self.measure(feedback);
        let limited = feedback.application_limited_since.is_some();
        self.note_queue(at);
        let recovering = self.outage.is_recovering(at);
        let overused = self.is_overuse(at);
        self.overused_for = if overused { self.overused_for + 1 } else { 0 };
        if !recovering && overused {
            if self.may_decrease(at) && self.overused_for >= MESSAGES_OF_OVERUSE {
                self.decrease(at, Reason::Overuse, limited);
            } else if !limited {
                self.follow(at);
            }
        } else if !self.outage.is_recent(at) && self.loss_tells() {
            if self.may_decrease(at) {
                self.decrease(at, Reason::Loss, limited);
                self.loss.forget_recent();
            }
        } else if let Some(verdict) = verdict {
            self.take_verdict(at, verdict);
        } else if self.is_short() && self.draining {
            self.drained(at);
        } else if self.competition.is_on() || self.is_short() {
            self.increase(at, since, limited);
        }
        self.stable.add(at, self.target);
    }

    fn handle_fallback(&mut self, now: Instant, fallback: Fallback) {
        match fallback {
            Fallback::Remb(rate) => self.set(now, rate.0 as f64, Reason::Remb),
            Fallback::ReceiverReport { loss, round_trip } => {
                self.round_trip = round_trip.or(self.round_trip);
                if loss > REPORT_LOSS.1 {
                    self.set(now, self.target * (1.0 - loss / 2.0), Reason::ReceiverReport);
                } else if loss < REPORT_LOSS.0 {
                    let most = (self.ceiling * CEILING).max(self.target);
                    self.set(
                        now,
                        (self.target * REPORT_GROWTH).min(most),
                        Reason::ReceiverReport,
                    );
                }
            }
        }
        self.stable.add(now, self.target);
    }

    fn set_demand(&mut self, _now: Instant, demand: Demand) {
        self.ceiling = if demand.ceiling.0 == 0 {
            MAX
        } else {
            demand.ceiling.0 as f64
        };
    }

    fn handle_timeout(&mut self, now: Instant) {
        if let Some(lower) = self.outage.handle_timeout(now, self.target) {
            self.set(now, lower, Reason::Outage);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.outage.poll_timeout()
    }

    fn estimate(&self) -> Estimate {
        Estimate {
            target: Bitrate(self.target as u64),
            stable: Bitrate(self.stable.value().min(self.target) as u64),
            round_trip: self.round_trip.unwrap_or(DEFAULT_ROUND_TRIP),
            loss: self.loss.share(),
            repairs: self.loss.usual(),
            queue_delay: Duration::from_secs_f64(self.queue.seconds().clamp(0.0, 10.0)),
            jitter: Duration::from_secs_f64(self.queue.jitter().clamp(0.0, 1.0)),
        }
    }

    fn is_overused(&self) -> bool {
        self.draining || self.competition.is_on() || !self.is_short()
    }

    fn capacity(&self) -> Option<Bitrate> {
        let capacity = self
            .recent_capacity(self.last_feedback?)
            .filter(|_| !self.competition.is_on())?;
        Some(Bitrate(capacity.max(self.target) as u64))
    }

    fn poll_change(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }
}

impl Controller {
    /// Beside a flow that fills queues, every loss is the queue's.
    fn loss_tells(&self) -> bool {
        self.loss.is_congestion() || (self.competition.is_on() && self.loss.share() > COMPETING_LOSS)
    }
}
