//! What waits to go to the worker that a participant has moved to.

use super::Moving;
use bytes::BytesMut;
use media::WorkerId;
use peer::Path;
use std::collections::VecDeque;

/// Datagrams that wait for one other worker. When full, the newest is dropped and counted, as by a socket that is full:
/// what it carried is asked for again. More: a worker that is behind works off what nobody waits for any more; fewer: a
/// burst of those who have moved is taken for congestion.
pub const HANDOVER_DATAGRAMS: usize = 4_096;

/// From one worker to another, in order.
#[derive(Debug)]
pub enum Handover<P> {
    /// A participant.
    Peer(Box<Moving<P>>),
    /// What the client of one who has moved sent to the port it knows.
    Datagram {
        /// From where, and to which port.
        path: Path,
        /// As it came.
        datagram: BytesMut,
    },
}

/// By worker; there are few.
#[derive(Debug)]
pub(crate) struct Handovers<P> {
    by_worker: Vec<(WorkerId, VecDeque<Handover<P>>)>,
}

impl<P> Default for Handovers<P> {
    fn default() -> Self {
        Self {
            by_worker: Vec::new(),
        }
    }
}

impl<P> Handovers<P> {
    /// Queues it; `false` when it is a datagram for which there is no room. Of peers there are no more than a router has.
    pub(crate) fn push(&mut self, to: WorkerId, handover: Handover<P>) -> bool {
        let known = self.by_worker.iter().position(|(worker, _)| *worker == to);
        let index = known.unwrap_or_else(|| {
            self.by_worker.push((to, VecDeque::new()));
            self.by_worker.len() - 1
        });
        let Some((_, waiting)) = self.by_worker.get_mut(index) else {
            return false;
        };
        if matches!(handover, Handover::Datagram { .. }) && waiting.len() >= HANDOVER_DATAGRAMS {
            return false;
        }
        waiting.push_back(handover);
        true
    }

    pub(crate) fn pop(&mut self) -> Option<(WorkerId, Handover<P>)> {
        let mut workers = self.by_worker.iter_mut();
        workers.find_map(|(worker, waiting)| Some((*worker, waiting.pop_front()?)))
    }

    pub(crate) fn pop_for(&mut self, to: WorkerId) -> Option<Handover<P>> {
        let waiting = self.by_worker.iter_mut().find(|(worker, _)| *worker == to);
        waiting?.1.pop_front()
    }
}
