//! Queues by priority, and a budget that fills at the pacing rate.

use super::{Outgoing, Priority};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Video and retransmissions that may wait, in packets and bytes: half a second at 20 Mb/s. What comes on top pushes
/// out the oldest video: it would be too late anyway.
pub(super) const MAX_PACKETS: usize = 2_048;
pub(super) const MAX_BYTES: u64 = 1_250_000;
/// What may leave at once when nothing waited, as time at the pacing rate: frames are not cut into pieces smaller than
/// what a path's queue does not notice. Longer: at 20 ms a path that falls from 3 to 0.8 Mb/s leaves longer gaps. Shorter:
/// at 5 ms a frame of ten packets at 2.6 Mb/s left in four sends instead of two, each with its timer.
const BURST: Duration = Duration::from_millis(15);
/// The same on a path whose end was not seen: an average frame of what is wanted, which at 30 frames a second takes a pace of
/// 1.25 times the 1.3 times as much that probes look for. Longer: where the path ends all the same, that shows later (at
/// 40 ms the gap after a fall from 3 to 0.8 Mb/s is a fifth longer in the mean over round trips). Shorter: frames leave in
/// pieces, each with its send and its timer.
const FREE_BURST: Duration = Duration::from_millis(21);
/// The least burst in bytes: two full packets.
const MIN_BURST: f64 = 2_500.0;
/// What waits is meant to leave within this time, at a higher pace if need be. Shorter: keyframes fill the path's queue;
/// longer: they arrive later than they must.
const DRAIN: Duration = Duration::from_millis(250);
/// The same while the path is overused. Shorter: what a client missed in an outage fills the path's queue once more.
const CALM_DRAIN: Duration = Duration::from_millis(1_000);
/// Retransmissions that may wait, as time at the pacing rate. What comes on top is not sent: the client asks again when
/// it still misses it. Longer: pictures wait behind repairs of pictures that are too late; shorter: a burst of losses
/// is repaired in more round trips.
const MAX_REPAIRS: Duration = Duration::from_millis(500);
/// But so many bytes always may: a frame of a small picture.
const MIN_REPAIRS: f64 = 10_000.0;
/// Time between two releases when something waits: gives GSO something to batch.
const GRANULARITY: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(super) struct Pacer<P> {
    audio: VecDeque<Outgoing<P>>,
    retransmissions: VecDeque<Outgoing<P>>,
    video: VecDeque<Outgoing<P>>,
    /// Bytes of retransmissions and video.
    queued: u64,
    /// Bytes that may leave now; negative after a burst.
    budget: f64,
    updated: Instant,
    /// Bits per second.
    rate: f64,
    burst: Duration,
    drain: Duration,
    /// Bytes of retransmissions.
    repairs: u64,
    pub(super) dropped: u64,
}

impl<P> Pacer<P> {
    pub(super) fn new(now: Instant, rate: f64) -> Self {
        Self {
            audio: VecDeque::new(),
            retransmissions: VecDeque::new(),
            video: VecDeque::new(),
            queued: 0,
            budget: MIN_BURST,
            updated: now,
            rate,
            burst: FREE_BURST,
            drain: DRAIN,
            repairs: 0,
            dropped: 0,
        }
    }

    /// `calm`: what waits is to leave at hardly more than this rate. `free`: the path's end was not seen.
    pub(super) fn set_rate(&mut self, now: Instant, rate: f64, calm: bool, free: bool) {
        self.refill(now);
        self.rate = rate.max(1.0);
        self.burst = if free { FREE_BURST } else { BURST };
        self.drain = if calm { CALM_DRAIN } else { DRAIN };
    }

    /// Bits per second at which the queue leaves now.
    fn pace(&self) -> f64 {
        self.rate.max(self.queued as f64 * 8.0 / self.drain.as_secs_f64())
    }

    /// The latest time it was told.
    pub(super) fn updated(&self) -> Instant {
        self.updated
    }

    /// Time has passed; before something joins an empty queue.
    pub(super) fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.updated).as_secs_f64();
        self.updated = self.updated.max(now);
        let burst = (self.rate * self.burst.as_secs_f64() / 8.0).max(MIN_BURST);
        self.budget = (self.budget + self.pace() * passed / 8.0).min(burst);
    }

    pub(super) fn push(&mut self, outgoing: Outgoing<P>) {
        let bytes = u64::from(outgoing.bytes);
        match outgoing.priority {
            Priority::Audio => {
                self.audio.push_back(outgoing);
                if self.audio.len() > MAX_PACKETS {
                    self.audio.pop_front();
                    self.dropped += 1;
                }
                return;
            }
            Priority::Retransmission => {
                let room = (self.rate / 8.0 * MAX_REPAIRS.as_secs_f64()).max(MIN_REPAIRS);
                if (self.repairs + bytes) as f64 > room {
                    self.dropped += 1;
                    return;
                }
                self.repairs += bytes;
                self.retransmissions.push_back(outgoing);
            }
            Priority::Video => self.video.push_back(outgoing),
        }
        self.queued += bytes;
        while self.queued > MAX_BYTES || self.video.len() + self.retransmissions.len() > MAX_PACKETS {
            let Some(gone) = self.video.pop_front().or_else(|| self.pop_repair()) else {
                break;
            };
            self.queued -= u64::from(gone.bytes);
            self.dropped += 1;
        }
    }

    /// The next packet that may leave now; `unpaced` ignores the budget (a probe is sent at its own pace).
    pub(super) fn pop(&mut self, now: Instant, unpaced: bool) -> Option<Outgoing<P>> {
        if let Some(audio) = self.audio.pop_front() {
            return Some(audio);
        }
        self.refill(now);
        if self.budget <= 0.0 && !unpaced {
            return None;
        }
        let next = self.pop_repair().or_else(|| self.video.pop_front())?;
        self.queued -= u64::from(next.bytes);
        Some(next)
    }

    fn pop_repair(&mut self) -> Option<Outgoing<P>> {
        let next = self.retransmissions.pop_front()?;
        self.repairs -= u64::from(next.bytes);
        Some(next)
    }

    /// Something left: it counts against the budget, audio and padding too.
    pub(super) fn spend(&mut self, bytes: u32) {
        // A long probe must not silence what follows.
        let floor = -(self.rate * 0.1 / 8.0).max(MIN_BURST);
        self.budget = (self.budget - f64::from(bytes)).max(floor);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queued == 0 && self.audio.is_empty() && self.video.is_empty() && self.retransmissions.is_empty()
    }

    /// How long what waits will take.
    pub(super) fn queue_time(&self) -> Duration {
        Duration::from_secs_f64((self.queued as f64 * 8.0 / self.pace()).clamp(0.0, 60.0))
    }

    /// When the next packet may leave, if one waits.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        if !self.audio.is_empty() {
            return Some(self.updated);
        }
        if self.video.is_empty() && self.retransmissions.is_empty() {
            return None;
        }
        if self.budget > 0.0 {
            return Some(self.updated);
        }
        let wait = Duration::from_secs_f64((-self.budget * 8.0 / self.pace()).clamp(0.0, 1.0));
        Some(self.updated + wait.max(GRANULARITY))
    }
}
