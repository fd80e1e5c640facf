//! When to send faster than the estimate, how much, and for how long.
//!
//! A probe asks "would this rate get through?" and costs, if the answer is no, a queue of
//! (rate − capacity) / capacity × duration. So each is sized by what is proven so far: at most [`STEP_UP`] times as fast,
//! for at most [`DURATION`]. On a path of which nothing is known the estimate's start is taken for proven.

use crate::estimate::{Demand, Estimate};
use crate::feedback::{Probe, ProbeId};
use media::Bitrate;
use std::time::{Duration, Instant};

/// How long a cluster lasts (libwebrtc: 15 ms at least). Longer: more exact, and a longer queue when it fails.
const DURATION: Duration = Duration::from_millis(20);
/// On a path that jitters (see [`Estimate::is_jittery`]) a cluster is longer, and goes less far beyond what is proven.
const JITTERY_STEP_UP: f64 = 1.5;
const LONGEST: Duration = Duration::from_millis(160);
/// And has at least so many packets: some are lost, and the others' jitter has to average out.
const JITTERY_PACKETS: u32 = 12;
/// A cluster has at least this many packets' worth of bytes, or no rate could be told from it.
const LEAST_BYTES: f64 = 2_000.0;
/// The most a probe goes beyond what is proven.
const STEP_UP: f64 = 3.0;
/// How far beyond the next step a probe aims: what it finds must still be enough after caution.
const MARGIN: f64 = 1.15;
/// Beyond this multiple of all that is wanted nothing is probed.
const CEILING: f64 = 1.3;
/// A wish that comes after so long without one is a new one. Shorter: wishes that come and go (a publisher's layer does)
/// are probed for each time.
const CONTENT: Duration = Duration::from_secs(2);
/// Waiting for the far end's reports on a cluster, beyond the round trip.
const PATIENCE: Duration = Duration::from_millis(250);
/// Between a probe that found nothing new and the next, doubled each time up to the longest. Shorter: more padding on a
/// path that is full; longer: later up when it is not any more.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(1_000), Duration::from_millis(3_500));
/// And so little for the first few: nothing may flow at all before, and of jitter, which makes short clusters tell of ends
/// that are none, nothing is known. Shorter, or more: padding on a path that carries no more than the start.
const EARLY: (u64, Duration) = (4, Duration::from_millis(300));
/// A capacity within this multiple of the target is what the last cluster found.
const END: f64 = 1.1;
/// Size of a padding packet asked for.
const PADDING_BYTES: u32 = 1_100;
const LEAST_PADDING: u32 = 200;
/// A cluster has at least so many packets.
const LEAST_PACKETS: u32 = 5;
/// The most loss for which a cluster is made larger. Higher: more padding where probes tell little anyway.
const MOST_LOSS: f64 = 0.25;
/// A cluster that lost more than this share of its bytes told nothing: the judge waits for more than came.
const TOO_MUCH_LOST: f64 = 0.2;
/// So many clusters in a row may tell nothing before the next waits longer. Higher: more padding into a queue that is too
/// short for a cluster.
const MOST_UNTOLD: u32 = 3;

#[derive(Debug)]
pub(super) struct Probes {
    next_id: u32,
    sending: Option<Sending>,
    /// Sent; waiting for what it found.
    waiting: Option<Waiting>,
    /// Clusters in a row of which too little arrived to tell anything.
    untold: u32,
    /// Not before this.
    earliest: Option<Instant>,
    backoff: Duration,
    demand: Demand,
    /// Since when nothing better is wanted.
    content_since: Option<Instant>,
    pub(super) started: u64,
    pub(super) succeeded: u64,
}

/// A cluster that was sent.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    deadline: Instant,
    id: ProbeId,
    /// All of it.
    bytes: u32,
    lost_bytes: u32,
    /// The estimate when it left.
    before: f64,
}

/// The cluster that is being sent.
#[derive(Debug, Clone, Copy)]
struct Sending {
    probe: Probe,
    start: Instant,
    bytes: u32,
    lost_bytes: u32,
    packets: u32,
    least_bytes: u32,
    least_packets: u32,
}

impl Sending {
    /// A rate can be told from what was sent, even when the path loses its share of it.
    fn is_complete(&self) -> bool {
        self.bytes >= self.least_bytes && self.packets >= self.least_packets
    }
}

impl Default for Probes {
    fn default() -> Self {
        Self {
            next_id: 0,
            sending: None,
            waiting: None,
            untold: 0,
            earliest: None,
            backoff: BACKOFF.0,
            demand: Demand::default(),
            content_since: None,
            started: 0,
            succeeded: 0,
        }
    }
}

impl Probes {
    pub(super) fn set_demand(&mut self, now: Instant, demand: Demand) {
        match (self.content_since, demand.next_step) {
            (None, None) => self.content_since = Some(now),
            // Something new is wanted: no reason to wait for what an old wish has found.
            (Some(since), Some(_)) => {
                self.content_since = None;
                if now.saturating_duration_since(since) >= CONTENT {
                    self.backoff = BACKOFF.0;
                    self.earliest = None;
                }
            }
            _ => {}
        }
        self.demand = demand;
    }

    /// Starts a cluster when there is a reason. `capacity`: what the path carried when it was last seen full.
    pub(super) fn plan(
        &mut self,
        now: Instant,
        estimate: &Estimate,
        capacity: Option<Bitrate>,
        overused: bool,
    ) {
        if self.sending.is_some() {
            return;
        }
        self.judge(now, estimate, capacity);
        if self.earliest.is_some_and(|earliest| earliest <= now) {
            self.earliest = None;
        }
        if self.waiting.is_some() || overused || self.earliest.is_some_and(|earliest| now < earliest) {
            return;
        }
        let target = estimate.target.0 as f64;
        let Some(next) = self
            .demand
            .next_step
            .map(|next| next.0 as f64)
            .filter(|next| *next > target)
        else {
            return;
        };
        let most = (self.demand.ceiling.0 as f64 * CEILING).max(next * MARGIN);
        let (step, duration, least_packets) = if estimate.is_jittery() {
            let duration = (estimate.jitter * 6).clamp(DURATION, LONGEST);
            (JITTERY_STEP_UP, duration, JITTERY_PACKETS)
        } else {
            (STEP_UP, DURATION, LEAST_PACKETS)
        };
        let rate = (next * MARGIN).max(target * 2.0).min(target * step).min(most);
        let bytes = (rate * duration.as_secs_f64() / 8.0).max(LEAST_BYTES) as u32;
        let probe = Probe {
            id: ProbeId(self.next_id),
            rate: Bitrate(rate as u64),
            bytes,
        };
        // Twice the usual loss is bad luck that happens.
        let arrives = 1.0 - 2.0 * estimate.loss.min(MOST_LOSS);
        self.next_id += 1;
        self.started += 1;
        self.sending = Some(Sending {
            probe,
            start: now,
            bytes: 0,
            lost_bytes: 0,
            packets: 0,
            least_bytes: (f64::from(bytes) / arrives) as u32,
            least_packets: (f64::from(least_packets) / arrives).ceil() as u32,
        });
    }

    /// Of a cluster so many bytes did not arrive.
    pub(super) fn lost(&mut self, id: ProbeId, bytes: u32) {
        if let Some(sending) = self.sending.as_mut().filter(|sending| sending.probe.id == id) {
            sending.lost_bytes += bytes;
        }
        if let Some(waiting) = self.waiting.as_mut().filter(|waiting| waiting.id == id) {
            waiting.lost_bytes += bytes;
        }
    }

    /// What the last cluster found, by what became of the estimate.
    fn judge(&mut self, now: Instant, estimate: &Estimate, capacity: Option<Bitrate>) {
        let Some(Waiting {
            deadline,
            bytes,
            lost_bytes,
            before,
            ..
        }) = self.waiting
        else {
            return;
        };
        let target = estimate.target.0 as f64;
        if target > before * 1.05 {
            self.waiting = None;
            self.untold = 0;
            self.succeeded += 1;
            self.backoff = BACKOFF.0;
            // All of it got through: go on at once. (It may have left more slowly than planned.) Else the path's end was seen.
            let end_seen = capacity.is_some_and(|capacity| (capacity.0 as f64) < END * target);
            // Where it jitters an end is often none; if it is one, the next cluster finds nothing more.
            let doubtful = self.started < EARLY.0 || estimate.is_jittery();
            let wait = if doubtful {
                EARLY.1.max(estimate.round_trip * 2)
            } else {
                self.backoff
            };
            self.earliest = end_seen.then(|| now + wait);
        } else if now >= deadline {
            self.waiting = None;
            if self.started < EARLY.0 {
                self.earliest = Some(now + EARLY.1);
                return;
            }
            let untold = f64::from(lost_bytes) > TOO_MUCH_LOST * f64::from(bytes);
            self.untold = if untold { self.untold + 1 } else { 0 };
            if untold && self.untold <= MOST_UNTOLD {
                self.earliest = Some(now + BACKOFF.0);
                return;
            }
            self.earliest = Some(now + self.backoff);
            self.backoff = (self.backoff * 2).min(BACKOFF.1);
        }
    }

    /// The cluster being sent.
    pub(super) fn current(&self) -> Option<Probe> {
        self.sending.map(|sending| sending.probe)
    }

    /// The cluster being sent, if its pace lets another packet leave now.
    pub(super) fn due(&self, now: Instant) -> Option<Probe> {
        self.current()
            .filter(|_| self.next_at().is_some_and(|at| at <= now))
    }

    /// When its next packet is due.
    fn next_at(&self) -> Option<Instant> {
        let Sending {
            probe, start, bytes, ..
        } = self.sending?;
        Some(start + Duration::from_secs_f64(f64::from(bytes) * 8.0 / probe.rate.0.max(1) as f64))
    }

    /// How much padding its next packet needs when nothing else waits: small clusters are cut into enough packets to
    /// tell a rate.
    pub(super) fn padding(&self) -> u32 {
        let Some(Sending {
            bytes,
            least_bytes,
            least_packets,
            ..
        }) = self.sending
        else {
            return 0;
        };
        let left = least_bytes.saturating_sub(bytes);
        left.min(least_bytes / least_packets)
            .clamp(LEAST_PADDING, PADDING_BYTES)
    }

    /// A packet of the cluster left.
    pub(super) fn sent(&mut self, now: Instant, bytes: u32, estimate: &Estimate) {
        let Some(sending) = &mut self.sending else { return };
        sending.bytes += bytes;
        sending.packets += 1;
        if !sending.is_complete() {
            return;
        }
        self.waiting = Some(Waiting {
            deadline: now + estimate.round_trip * 2 + PATIENCE,
            id: sending.probe.id,
            bytes: sending.bytes,
            lost_bytes: sending.lost_bytes,
            before: estimate.target.0 as f64,
        });
        self.sending = None;
    }

    /// No padding can be sent: the cluster cannot be completed.
    pub(super) fn give_up(&mut self, now: Instant) {
        self.sending = None;
        self.earliest = Some(now + BACKOFF.0);
    }

    /// Whether one is under way, or would be made as soon as the path allows.
    pub(super) fn are_wanted(&self) -> bool {
        self.demand.next_step.is_some() || self.waiting.is_some() || self.next_at().is_some()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let waiting = self.waiting.map(|waiting| waiting.deadline);
        let wanted = self.demand.next_step.is_some();
        let earliest = self.earliest.filter(|_| wanted && self.waiting.is_none());
        [self.next_at(), waiting, earliest].into_iter().flatten().min()
    }
}
