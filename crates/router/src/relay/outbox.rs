//! What waits to cross to each neighbour.

use super::message::RelayMessage;
use crate::counters::{DropReason, RouterCounters};
use media::WorkerId;
use std::collections::VecDeque;

/// Packets, levels and lossy data that wait for one neighbour. When full, the oldest goes: its receiver misses it and
/// asks for it. More: a worker that is behind works off what nobody waits for any more; fewer: a burst (30 keyframes
/// of 100 packets) is taken for congestion.
pub const RELAY_PACKETS: usize = 4_096;
/// Everything else that waits for one neighbour. When full, the newest is refused and counted: watching, keyframe
/// requests, requests for missing packets and status are all said again within a second. Only a message on a reliable
/// data channel would be missing for good, and by then the neighbour has taken nothing for thousands of messages.
pub const RELAY_CONTROL: usize = 4_096;

/// Messages for one neighbour.
#[derive(Debug, Default)]
struct Outbox {
    control: VecDeque<RelayMessage>,
    fleeting: VecDeque<RelayMessage>,
}

/// Messages for all neighbours; their number is that of the node's workers.
#[derive(Debug, Default)]
pub(crate) struct Outboxes {
    by_worker: Vec<(WorkerId, Outbox)>,
}

impl Outboxes {
    /// Queues a message; what has no room is counted.
    pub(crate) fn push(&mut self, counters: &mut RouterCounters, to: WorkerId, message: RelayMessage) {
        let known = self.by_worker.iter().position(|(worker, _)| *worker == to);
        let index = known.unwrap_or_else(|| {
            self.by_worker.push((to, Outbox::default()));
            self.by_worker.len() - 1
        });
        let Some((_, outbox)) = self.by_worker.get_mut(index) else {
            return;
        };
        if outbox.says_last(&message) {
            return;
        }
        if message.is_fleeting() {
            if outbox.fleeting.len() >= RELAY_PACKETS {
                outbox.fleeting.pop_front();
                counters.drop(DropReason::RelayFull);
            }
            outbox.fleeting.push_back(message);
        } else if outbox.control.len() < RELAY_CONTROL {
            outbox.control.push_back(message);
        } else {
            counters.drop(DropReason::RelayControlFull);
        }
    }

    /// The next message: state before packets, which may mean something only with it.
    pub(crate) fn pop(&mut self) -> Option<(WorkerId, RelayMessage)> {
        let mut outboxes = self.by_worker.iter_mut();
        outboxes.find_map(|(worker, outbox)| Some((*worker, outbox.pop()?)))
    }

    /// The same, for one neighbour.
    pub(crate) fn pop_for(&mut self, to: WorkerId) -> Option<RelayMessage> {
        let outbox = self.by_worker.iter_mut().find(|(worker, _)| *worker == to);
        outbox?.1.pop()
    }
}

impl Outbox {
    /// Each of many packets that nobody watches is answered with the same; once is enough until something else is said.
    fn says_last(&self, message: &RelayMessage) -> bool {
        match (self.control.back(), message) {
            (Some(RelayMessage::Unwatch { track: last }), RelayMessage::Unwatch { track }) => last == track,
            _ => false,
        }
    }

    fn pop(&mut self) -> Option<RelayMessage> {
        self.control.pop_front().or_else(|| self.fleeting.pop_front())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::TrackId;

    fn level(track: u32) -> RelayMessage {
        RelayMessage::Level {
            track: TrackId(track),
            level: None,
        }
    }

    #[test]
    fn the_same_answer_waits_once() {
        let (mut outboxes, mut counters) = (Outboxes::default(), RouterCounters::default());
        for track in [1, 1, 2, 1, 1].map(TrackId) {
            outboxes.push(&mut counters, WorkerId(1), RelayMessage::Unwatch { track });
        }
        let waiting = std::iter::from_fn(|| outboxes.pop());
        let tracks: Vec<_> = waiting
            .filter_map(|(_, message)| match message {
                RelayMessage::Unwatch { track } => Some(track.0),
                _ => None,
            })
            .collect();
        assert_eq!(tracks, [1, 2, 1]);
    }

    #[test]
    fn the_oldest_packet_goes_and_the_newest_control_message() {
        let (mut outboxes, mut counters) = (Outboxes::default(), RouterCounters::default());
        let to = WorkerId(1);
        for n in 0..RELAY_PACKETS as u32 + 2 {
            outboxes.push(&mut counters, to, level(n));
        }
        for n in 0..RELAY_CONTROL as u32 + 3 {
            let track = TrackId(n);
            outboxes.push(&mut counters, to, RelayMessage::Unwatch { track });
        }
        assert_eq!(counters.dropped(DropReason::RelayFull), 2);
        assert_eq!(counters.dropped(DropReason::RelayControlFull), 3);
        assert!(outboxes.pop_for(WorkerId(2)).is_none());
        let first = outboxes.pop().map(|(to, message)| {
            assert_eq!(to, WorkerId(1));
            message
        });
        let rest = std::iter::from_fn(|| outboxes.pop_for(WorkerId(1)));
        let all: Vec<RelayMessage> = first.into_iter().chain(rest).collect();
        let (control, packets) = all.split_at(RELAY_CONTROL);
        assert!(matches!(
            control.first(),
            Some(RelayMessage::Unwatch { track: TrackId(0) })
        ));
        assert!(matches!(
            packets.first(),
            Some(RelayMessage::Level {
                track: TrackId(2),
                ..
            })
        ));
        assert_eq!(packets.len(), RELAY_PACKETS);
    }
}
