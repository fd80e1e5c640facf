//! Every room of the node.

use crate::context::Context;
use crate::error::NOT_JOINED;
use crate::ids::Ids;
use crate::liveness::PeerState;
use crate::notice::{CloseReason, Notice, RoomOutput, SocketId, Welcome};
use crate::participant::Participant;
use crate::request::Join;
use crate::room::Room;
use crate::timers::Timers;
use crate::{Config, RoomError, names};
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
}

/// Every room of the node.
#[derive(Debug)]
pub struct Rooms {
    config: Config,
    pub(crate) cx: Context,
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    names: BTreeMap<String, RoomId>,
    pub(crate) participants: BTreeMap<ParticipantId, RoomId>,
    sockets: BTreeMap<SocketId, ParticipantId>,
    tokens: BTreeMap<String, ParticipantId>,
    timers: Timers<Timer>,
    next_room: u32,
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

    /// A client joins; its room is created when it is the first.
    ///
    /// A participant this socket had before, whose media failed, leaves at once.
    ///
    /// # Errors
    /// `InvalidValue` for a name or metadata out of range, `RoomFull`, `TooManyRooms`, and `WrongOrder` when the
    /// socket has joined already and its media did not fail.
    pub fn handle_join(&mut self, now: Instant, socket: SocketId, join: Join) -> Result<Welcome, RoomError> {
        if let Some(former) = self.sockets.get(&socket).copied() {
            if self.peer_state(former) != Some(PeerState::Failed) {
                return Err(RoomError::WrongOrder("this connection has joined already"));
            }
            self.remove(now, former);
        }
        let Join { room, name, metadata } = join;
        let name = names::display_name(&name)?;
        let metadata = metadata.as_deref().map(names::metadata).transpose()?;
        let room = self.room_for(names::room_name(&room)?)?;
        let taken = &self.participants;
        let id = ParticipantId(
            self.cx
                .ids
                .fresh(|number| taken.contains_key(&ParticipantId(number))),
        );
        let token = self.cx.ids.token();
        self.participants.insert(id, room);
        self.sockets.insert(socket, id);
        self.tokens.insert(token.clone(), id);
        let participant = Participant::new(now, id, name, metadata, token, socket);
        self.with_room(room, |room, cx| {
            room.add(now, participant);
            room.welcome(cx, id, false)
        })
        .flatten()
        .ok_or(NOT_JOINED)
    }

    /// A client takes up its participant on a new socket. A former socket that is still open gets
    /// `Closed(Replaced)`.
    ///
    /// Only a peer connection that has carried media can be taken up, or none at all: a client whose offer was being
    /// answered cannot know whether its answer was lost.
    ///
    /// # Errors
    /// `ResumeExpired` when the token is unknown or its participant has left, `WrongOrder` when the socket has joined
    /// as somebody else.
    pub fn handle_resume(
        &mut self,
        now: Instant,
        socket: SocketId,
        token: &str,
    ) -> Result<Welcome, RoomError> {
        let id = self.tokens.get(token).copied().ok_or(RoomError::ResumeExpired)?;
        if self.sockets.get(&socket).is_some_and(|other| *other != id) {
            return Err(RoomError::WrongOrder("this connection has joined already"));
        }
        let room = self
            .participants
            .get(&id)
            .copied()
            .ok_or(RoomError::ResumeExpired)?;
        let former = self
            .rooms
            .get(&room)
            .and_then(|room| room.participants.get(&id)?.socket);
        if let Some(former) = former.filter(|former| *former != socket) {
            self.sockets.remove(&former);
            self.cx
                .notify(Some(former), Notice::Closed(CloseReason::Replaced));
        }
        let building = |p: &Participant| p.liveness.peer() == PeerState::None && p.pending_offer.is_some();
        let unclear = match self.peer_state(id) {
            Some(PeerState::Connecting | PeerState::Failed) => true,
            _ => self
                .rooms
                .get(&room)
                .and_then(|room| room.participants.get(&id))
                .is_some_and(building),
        };
        if unclear {
            self.remove(now, id);
            return Err(RoomError::ResumeExpired);
        }
        self.sockets.insert(socket, id);
        self.with_participant(id, |room, cx| {
            let me = room.participants.get_mut(&id)?;
            me.socket = Some(socket);
            me.liveness.handle_socket_open();
            room.refresh_state(now, id);
            room.welcome(cx, id, true)
        })
        .flatten()
        .ok_or(RoomError::ResumeExpired)
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
                Timer::Liveness(id) => self.expire(now, id),
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

    /// Works on the room of a participant, and keeps both timers right.
    pub(crate) fn with_participant<T>(
        &mut self,
        id: ParticipantId,
        work: impl FnOnce(&mut Room, &mut Context) -> T,
    ) -> Option<T> {
        let room = self.participants.get(&id).copied()?;
        let (result, deadline) = self.with_room(room, |room, cx| {
            let result = work(room, cx);
            (
                result,
                room.participants.get(&id).and_then(|me| me.liveness.deadline()),
            )
        })?;
        self.timers.set(Timer::Liveness(id), deadline);
        Some(result)
    }

    /// The room of that name with a free place, or a new one.
    fn room_for(&mut self, name: String) -> Result<RoomId, RoomError> {
        if let Some(id) = self.names.get(&name) {
            let here = self.rooms.get(id).map_or(0, |room| room.participants.len());
            let limit = self.config.max_participants;
            return if here < limit {
                Ok(*id)
            } else {
                Err(RoomError::RoomFull { limit })
            };
        }
        let limit = self.config.max_rooms;
        if self.rooms.len() >= limit {
            return Err(RoomError::TooManyRooms { limit });
        }
        let id = RoomId(self.next_room);
        self.next_room = self.next_room.wrapping_add(1);
        self.names.insert(name.clone(), id);
        self.rooms.insert(id, Room::new(id, name));
        Ok(id)
    }

    fn peer_state(&self, id: ParticipantId) -> Option<PeerState> {
        let room = self.rooms.get(self.participants.get(&id)?)?;
        Some(room.participants.get(&id)?.liveness.peer())
    }

    /// Nothing was heard of the participant for too long.
    fn expire(&mut self, now: Instant, id: ParticipantId) {
        let Some(room) = self.participants.get(&id).and_then(|room| self.rooms.get(room)) else {
            return;
        };
        let socket = room.participants.get(&id).and_then(|me| me.socket);
        self.cx.notify(socket, Notice::Closed(CloseReason::MediaSilent));
        self.remove(now, id);
    }

    /// The participant is gone; so is its room when it was the last.
    fn remove(&mut self, now: Instant, id: ParticipantId) {
        let Some(room_id) = self.participants.remove(&id) else {
            return;
        };
        let removed = self
            .with_room(room_id, |room, cx| room.remove(now, cx, id))
            .flatten();
        self.timers.set(Timer::Liveness(id), None);
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
