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

#[cfg(test)]
mod tests {
    use super::*;
    use media::{LayerIndex, MLineIndex};

    #[test]
    fn a_keyframe_leaves_in_a_burst_and_then_at_the_pace() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let t0 = Instant::now();
        let mut pacer = Pacer::new(t0);
        // 4 Mb/s is the pace: 2 ms a packet.
        pacer.set_rate(1_600_000.0);
        let message = Message::Keyframe {
            mline: MLineIndex(1),
            layer: LayerIndex(2),
        };
        (0..60).for_each(|_| pacer.push(message.clone(), 1_000 - MORE_HEADERS));
        let mut leaves = |ms: u64| {
            let now = t0 + Duration::from_millis(ms);
            std::iter::from_fn(|| pacer.release(now)).count()
        };
        assert_eq!(leaves(0), 21);
        assert_eq!((leaves(10), leaves(20)), (5, 5));
        assert_eq!(leaves(1_000), 21);
    }
}
