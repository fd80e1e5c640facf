//! Who has moved on and is still sent to here: their clients know this worker's port, and no other.

use super::Handover;
use crate::counters::DropReason;
use crate::demux::{Owner, Registration};
use crate::relay::RelayMessage;
use crate::router::Router;
use crate::state::PeerKey;
use bytes::BytesMut;
use media::{ParticipantId, WorkerId};
use peer::{Path, Peer, Protocol};
use std::collections::HashMap;
use std::time::Instant;

/// Where a participant has gone, and what shall be passed on to there.
#[derive(Debug)]
struct Detour {
    to: WorkerId,
    registration: Registration,
}

/// At most as many as a router has peers: one more is not handed over. Each ends when its participant does.
#[derive(Debug, Default)]
pub(crate) struct Detours(HashMap<ParticipantId, Detour>);

impl Detours {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<P: Peer> Router<P> {
    /// The next of what waits for any other worker: participants who move there, and what their clients sent here. Call it
    /// until `None`, before [`poll_relay`](Self::poll_relay): what is said of a participant's tracks comes after the
    /// participant.
    pub fn poll_handover(&mut self) -> Option<(WorkerId, Handover<P>)> {
        self.handovers.pop()
    }

    /// The same for one worker. What is not taken waits: [`HANDOVER_DATAGRAMS`](crate::HANDOVER_DATAGRAMS) and no more.
    pub fn poll_handover_to(&mut self, worker: WorkerId) -> Option<Handover<P>> {
        self.handovers.pop_for(worker)
    }

    /// What another worker's router had for this one.
    pub fn handle_handover(&mut self, now: Instant, from: WorkerId, handover: Handover<P>) {
        match handover {
            Handover::Peer(moving) => {
                self.forward_waiting();
                self.advance(now);
                self.arrive(from, *moving);
            }
            Handover::Datagram { path, datagram } => self.handle_datagram(now, path, datagram),
        }
    }

    /// A datagram for somebody who has moved. Over TCP there is no way: their connections have ended with the move.
    pub(crate) fn pass_on_datagram(&mut self, to: WorkerId, path: Path, datagram: BytesMut) {
        let passed =
            path.protocol == Protocol::Udp && self.handovers.push(to, Handover::Datagram { path, datagram });
        match passed {
            true => self.counters.handed_over += 1,
            false => self.refuse(DropReason::Handover),
        }
    }

    /// What this registration names goes to another worker from now on.
    pub(super) fn begin_detour(&mut self, who: ParticipantId, to: WorkerId, registration: Registration) {
        self.demultiplexer.hand_to(Owner::Moved(to), &registration);
        self.detours.0.insert(who, Detour { to, registration });
    }

    /// They have moved on from there.
    pub(crate) fn redirect(&mut self, participant: ParticipantId, to: WorkerId) {
        if let Some(detour) = self.detours.0.get_mut(&participant) {
            detour.to = to;
            self.demultiplexer.hand_to(Owner::Moved(to), &detour.registration);
        }
    }

    /// They have gone, or are back.
    pub(crate) fn end_detour(&mut self, participant: ParticipantId) {
        if let Some(detour) = self.detours.0.remove(&participant) {
            self.demultiplexer.forget_peer(detour.registration);
            self.update_gauges();
        }
    }

    /// Tells the worker whose port the client sends to, when that is another, that an address is this peer's, or is not
    /// any more: only with that does it know whose the datagrams from there are.
    pub(crate) fn tell_home(&mut self, key: PeerKey, path: Path, valid: bool) {
        let Some(entry) = self.peers.get(key) else { return };
        let (participant, Some(home)) = (entry.participant, entry.home) else {
            return;
        };
        let message = RelayMessage::Address {
            participant,
            path,
            valid,
        };
        self.outboxes.push(&mut self.counters, home, message);
    }

    /// The worker that has somebody who is reached by this one's port tells of an address of theirs.
    pub(crate) fn handle_moved_address(&mut self, participant: ParticipantId, path: Path, valid: bool) {
        let owner = self.demultiplexer.owner_of(path);
        let Some(detour) = self.detours.0.get_mut(&participant) else {
            return self.refuse(DropReason::RelayUnknown);
        };
        if !valid {
            self.demultiplexer.forget_address(&mut detour.registration, path);
        } else if owner.is_none() {
            let owner = Owner::Moved(detour.to);
            self.demultiplexer
                .add_address(self.now, &mut detour.registration, owner, path);
        }
        self.update_gauges();
    }

    /// The same of a username.
    pub(crate) fn handle_moved_username(&mut self, participant: ParticipantId, ufrag: &str) {
        let Some(detour) = self.detours.0.get_mut(&participant) else {
            return self.refuse(DropReason::RelayUnknown);
        };
        self.demultiplexer
            .add_ufrag(&mut detour.registration, Owner::Moved(detour.to), ufrag);
        self.update_gauges();
    }
}
