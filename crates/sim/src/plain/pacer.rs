//! When a publisher's packets leave: libwebrtc's pacer.

use super::wire::{MORE_HEADERS, Message};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Video leaves at so many times the rate that is aimed at (libwebrtc's `kDefaultPaceMultiplier`), …
const FACTOR: f64 = 2.5;
/// … and at once as long as it is not more than this ahead (its `kSendBurstInterval`).
const BURST: Duration = Duration::from_millis(40);

/// Packets that wait.
#[derive(Debug)]
pub(crate) struct Pacer {
    queue: VecDeque<(Message, usize)>,
    /// Repairs go first.
    again: VecDeque<(Message, usize)>,
    /// What has left is paid for until then.
    paid: Instant,
    bps: f64,
}

impl Pacer {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            queue: VecDeque::new(),
            again: VecDeque::new(),
            paid: now,
            bps: 1.0,
        }
    }

    /// The rate that is aimed at, in bits per second.
    pub(crate) fn set_rate(&mut self, bps: f64) {
        self.bps = (FACTOR * bps).max(1.0);
    }

    pub(crate) fn push(&mut self, message: Message, payload: usize) {
        self.queue.push_back((message, payload));
    }

    pub(crate) fn push_again(&mut self, message: Message, payload: usize) {
        self.again.push_back((message, payload));
    }

    /// What leaves now.
    pub(crate) fn release(&mut self, now: Instant) -> Option<Message> {
        if self.poll_timeout()? > now {
            return None;
        }
        let (message, payload) = self.again.pop_front().or_else(|| self.queue.pop_front())?;
        let takes = ((payload + MORE_HEADERS) * 8) as f64 / self.bps;
        self.paid = self.paid.max(now) + Duration::from_secs_f64(takes);
        Some(message)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.again.front().or_else(|| self.queue.front())?;
        Some(self.paid.checked_sub(BURST).unwrap_or(self.paid))
    }
}
