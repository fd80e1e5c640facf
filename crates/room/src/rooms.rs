//! Every room of the node.

use crate::context::Context;
use crate::error::NOT_JOINED;
use crate::expiry::Due;
use crate::ids::Ids;
use crate::liveness::PeerState;
use crate::notice::{CloseReason, Notice, RoomOutput, SocketId};
use crate::room::Room;
use crate::timers::Timers;
use crate::{Config, RoomError};
use media::{ParticipantId, RoomId};
use std::collections::BTreeMap;
use std::time::Instant;

/// What a deadline is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The room's next batch.
    Batch(RoomId),
    /// The participant counts as left.
    Liveness(ParticipantId),
    /// The participant's access token expires, or is to be renewed.
    Expiry(ParticipantId),
}

/// Every room of the node.
#[derive(Debug)]
pub struct Rooms {
    pub(crate) config: Config,
    pub(crate) cx: Context,
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    pub(crate) names: BTreeMap<String, RoomId>,
    pub(crate) participants: BTreeMap<ParticipantId, RoomId>,
    pub(crate) sockets: BTreeMap<SocketId, ParticipantId>,
    pub(crate) tokens: BTreeMap<String, ParticipantId>,
    timers: Timers<Timer>,
    pub(crate) next_room: u32,
}

/// Somebody's place, as far as the renewal of an access token must know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat<'a> {
    /// Who.
    pub participant: ParticipantId,
    /// Who it is known to be.
    pub identity: Option<&'a str>,
    /// The room's name.
    pub room: &'a str,
}

impl Rooms {
    /// No rooms yet. `seed` must be unpredictable outside of tests: resume tokens come from it.
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        Self {
            config,
            cx: Context::new(Ids::new(seed)),
            rooms: BTreeMap::new(),
            names: BTreeMap::new(),
            participants: BTreeMap::new(),
            sockets: BTreeMap::new(),
            tokens: BTreeMap::new(),
            timers: Timers::new(),
            next_room: 0,
        }
    }

    /// The client leaves now.
    ///
    /// # Errors
    /// `WrongOrder` before the join.
    pub fn handle_leave(&mut self, now: Instant, socket: SocketId) -> Result<(), RoomError> {
        let id = self.sockets.get(&socket).copied().ok_or(NOT_JOINED)?;
        self.remove(now, id);
        Ok(())
    }

    /// The socket is gone without `leave`; its participant can be resumed. Harmless for a socket that never joined,
    /// was replaced or has left.
    pub fn handle_socket_closed(&mut self, now: Instant, socket: SocketId) {
        let Some(id) = self.sockets.remove(&socket) else {
            return;
        };
        self.with_participant(id, |room, _| {
            if let Some(me) = room.participants.get_mut(&id) {
                me.socket = None;
                me.liveness.handle_socket_closed(now);
            }
            room.refresh_state(now, id);
        });
    }

    /// The server goes down: everybody leaves, every socket is told `Closed(ShuttingDown)`.
    pub fn handle_shutdown(&mut self, now: Instant) {
        for socket in self.sockets.keys() {
            self.cx
                .notify(Some(*socket), Notice::Closed(CloseReason::ShuttingDown));
        }
        // Nobody needs to hear of the others any more.
        self.sockets.clear();
        for participant in self
            .rooms
            .values_mut()
            .flat_map(|room| room.participants.values_mut())
        {
            participant.socket = None;
        }
        for id in self.participants.keys().copied().collect::<Vec<_>>() {
            self.remove(now, id);
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Batch(room) => {
                    self.with_room(room, |room, cx| room.flush(now, cx));
                }
                Timer::Liveness(id) => self.close(now, id, CloseReason::MediaSilent),
                Timer::Expiry(id) => self.check_expiry(now, id),
            }
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; may be in the past: call it at once.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The next piece of work; drain it after every `handle_*`. A session sends the answer to the request first.
    pub fn poll_output(&mut self) -> Option<RoomOutput> {
        loop {
            if let Some(output) = self.cx.outputs.pop_front() {
                return Some(output);
            }
            let (room, id) = self.cx.dirty_slots.pop_first()?;
            if let Some(room) = self.rooms.get_mut(&room) {
                room.tell_slots(&mut self.cx, id);
            }
        }
    }

    /// Rooms now.
    pub fn room_count(&self) -> usize {
        self.rooms.len()
    }

    /// Participants in all rooms now.
    pub fn participant_count(&self) -> usize {
        self.participants.len()
    }

    /// Tracks in all rooms now.
    pub fn track_count(&self) -> usize {
        self.cx.tracks.len()
    }

    /// Entries in every table and queue together: 0 when nobody is here and all outputs are drained. For tests that
    /// look for leaks.
    pub fn held(&self) -> usize {
        self.rooms.len()
            + self.names.len()
            + self.participants.len()
            + self.sockets.len()
            + self.tokens.len()
            + self.timers.len()
            + self.cx.outputs.len()
            + self.cx.dirty_slots.len()
            + self.cx.tracks.len()
    }

    /// The seat of the participant behind a socket.
    ///
    /// # Errors
    /// `WrongOrder` before the join.
    pub fn seat_of(&self, socket: SocketId) -> Result<Seat<'_>, RoomError> {
        let participant = self.seat(socket)?;
        let room = self
            .participants
            .get(&participant)
            .and_then(|room| self.rooms.get(room))
            .ok_or(NOT_JOINED)?;
        let me = room.participants.get(&participant).ok_or(NOT_JOINED)?;
        Ok(Seat {
            participant,
            identity: me.identity.as_deref(),
            room: &room.name,
        })
    }

    /// The participant behind a socket.
    pub(crate) fn seat(&self, socket: SocketId) -> Result<ParticipantId, RoomError> {
        self.sockets.get(&socket).copied().ok_or(NOT_JOINED)
    }

    /// Works on a room, and keeps its timer right.
    pub(crate) fn with_room<T>(
        &mut self,
        id: RoomId,
        work: impl FnOnce(&mut Room, &mut Context) -> T,
    ) -> Option<T> {
        let room = self.rooms.get_mut(&id)?;
        let result = work(room, &mut self.cx);
        self.timers.set(Timer::Batch(id), room.flush_at);
        Some(result)
    }

    /// Works on the room of a participant, and keeps all timers right.
    pub(crate) fn with_participant<T>(
        &mut self,
        id: ParticipantId,
        work: impl FnOnce(&mut Room, &mut Context) -> T,
    ) -> Option<T> {
        let room = self.participants.get(&id).copied()?;
        let (result, silent, expiry) = self.with_room(room, |room, cx| {
            let result = work(room, cx);
            let me = room.participants.get(&id);
            let silent = me.and_then(|me| me.liveness.deadline());
            let expiry = me.and_then(|me| Some(me.expiry?.deadline()));
            (result, silent, expiry)
        })?;
        self.timers.set(Timer::Liveness(id), silent);
        self.timers.set(Timer::Expiry(id), expiry);
        Some(result)
    }

    pub(crate) fn peer_state(&self, id: ParticipantId) -> Option<PeerState> {
        let room = self.rooms.get(self.participants.get(&id)?)?;
        Some(room.participants.get(&id)?.liveness.peer())
    }

    /// The participant has to go; its client is told why.
    pub(crate) fn close(&mut self, now: Instant, id: ParticipantId, reason: CloseReason) {
        let Some(room) = self.participants.get(&id).and_then(|room| self.rooms.get(room)) else {
            return;
        };
        let socket = room.participants.get(&id).and_then(|me| me.socket);
        self.cx.notify(socket, Notice::Closed(reason));
        self.remove(now, id);
    }

    fn check_expiry(&mut self, now: Instant, id: ParticipantId) {
        let due = self.with_participant(id, |room, cx| {
            let me = room.participants.get_mut(&id)?;
            let due = me.expiry.as_mut()?.due(now);
            if let Due::Tell(left) = due {
                // Rounded up: a client that waits so long is too late, not too early.
                let seconds = u32::try_from(left.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
                cx.notify(me.socket, Notice::TokenExpiring { seconds });
            }
            Some(due)
        });
        if due.flatten() == Some(Due::Over) {
            self.close(now, id, CloseReason::TokenExpired);
        }
    }

    /// The participant is gone; so is its room when it was the last.
    pub(crate) fn remove(&mut self, now: Instant, id: ParticipantId) {
        let Some(room_id) = self.participants.remove(&id) else {
            return;
        };
        let removed = self
            .with_room(room_id, |room, cx| room.remove(now, cx, id))
            .flatten();
        self.timers.set(Timer::Liveness(id), None);
        self.timers.set(Timer::Expiry(id), None);
        if let Some(participant) = removed {
            self.tokens.remove(&participant.token);
            if let Some(socket) = participant.socket {
                self.sockets.remove(&socket);
            }
        }
        if self
            .rooms
            .get(&room_id)
            .is_some_and(|room| room.participants.is_empty())
        {
            self.timers.set(Timer::Batch(room_id), None);
            if let Some(room) = self.rooms.remove(&room_id) {
                self.names.remove(&room.name);
            }
            self.cx
                .outputs
                .push_back(RoomOutput::RoomClosed { room: room_id });
        }
    }
}
