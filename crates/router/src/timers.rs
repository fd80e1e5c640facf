//! One heap of deadlines for all peers, tracks and rooms.
//!
//! An owner has at most one deadline that counts, kept in its [`Armed`]. Moving it later leaves the heap alone:
//! when the former time comes the owner looks and asks again. Moving it earlier pushes a second entry, and the
//! one left behind is skipped when it surfaces. So the heap holds few more entries than there are owners.

use crate::state::{PeerKey, RoomKey, TrackKey};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Whose deadline, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The peer's own machinery.
    Peer(PeerKey),
    /// Sender reports of all its slots.
    Reports(PeerKey),
    /// Keyframe requests, silent layers, wanted layers.
    Track(TrackKey),
    /// Audio levels.
    Room(RoomKey),
}

impl Timer {
    /// The peer it is about, if it is about one.
    pub(crate) fn peer(self) -> Option<PeerKey> {
        match self {
            Timer::Peer(key) | Timer::Reports(key) => Some(key),
            Timer::Track(_) | Timer::Room(_) => None,
        }
    }

    fn order(self) -> (u8, (u32, u32)) {
        match self {
            Timer::Peer(key) => (0, key.order()),
            Timer::Reports(key) => (1, key.order()),
            Timer::Track(key) => (2, key.order()),
            Timer::Room(key) => (3, key.order()),
        }
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

/// The heap's entry that counts for one owner and purpose.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Armed(Option<Instant>);

impl Armed {
    /// Whether `at` is the entry that counts.
    pub(crate) fn is(self, at: Instant) -> bool {
        self.0 == Some(at)
    }

    /// Whether `at` is the entry that counts; if so it is used up.
    pub(crate) fn fires(&mut self, at: Instant) -> bool {
        let fires = self.0 == Some(at);
        if fires {
            self.0 = None;
        }
        fires
    }
}

/// Deadlines, earliest first.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, Timer)>>,
}

impl Timers {
    /// Asks to be called no later than `at`.
    pub(crate) fn arm(&mut self, armed: &mut Armed, at: Instant, timer: Timer) {
        if armed.0.is_none_or(|former| at < former) {
            armed.0 = Some(at);
            self.heap.push(Reverse((at, timer)));
        }
    }

    /// The earliest entry, which may be one that no longer counts.
    pub(crate) fn peek(&self) -> Option<(Instant, Timer)> {
        self.heap.peek().map(|Reverse(entry)| *entry)
    }

    /// Next entry that is due.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(Instant, Timer)> {
        if self.peek()?.0 > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// Removes the earliest entry, which its owner no longer wants.
    pub(crate) fn discard(&mut self) {
        self.heap.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;
    use std::time::Duration;

    #[test]
    fn moving_a_deadline_leaves_at_most_one_entry_behind() {
        #[allow(clippy::disallowed_methods)] // the origin of virtual time
        let t0 = Instant::now();
        let at = |ms| t0 + Duration::from_millis(ms);
        let mut owners = Table::<(), crate::state::PeerTag>::new(1);
        let timer = Timer::Peer(owners.insert(()).expect("there is a place"));
        let (mut timers, mut armed) = (Timers::default(), Armed::default());
        timers.arm(&mut armed, at(50), timer);
        timers.arm(&mut armed, at(90), timer);
        timers.arm(&mut armed, at(20), timer);
        assert_eq!(timers.heap.len(), 2);
        assert_eq!(timers.pop_due(at(10)), None);
        let (first, _) = timers.pop_due(at(60)).expect("due");
        assert!(first == at(20) && armed.fires(first));
        let (second, _) = timers.pop_due(at(60)).expect("due, but it no longer counts");
        assert!(second == at(50) && !armed.fires(second));
    }
}
