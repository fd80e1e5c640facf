//! How somebody gets a seat, takes it up again, and keeps it.

use crate::error::NOT_JOINED;
use crate::expiry::Expiry;
use crate::liveness::PeerState;
use crate::notice::{CloseReason, Notice, SocketId, Welcome};
use crate::participant::Participant;
use crate::permissions::not_allowed;
use crate::request::Join;
use crate::room::Room;
use crate::{Permissions, RoomError, Rooms, names};
use media::{ParticipantId, RoomId};
use std::time::Instant;

impl Rooms {
    /// A client joins; its room is created when it is the first.
    ///
    /// A participant this socket had before, whose media failed, leaves at once. So does one of the same identity in the
    /// same room: its socket gets `Closed(DuplicateIdentity)`.
    ///
    /// # Errors
    /// `InvalidValue` for a name, identity or metadata out of range, `NotAllowed` without the permission to join,
    /// `NoSuchRoom` without the one to create it, `RoomFull`, `TooManyRooms`, and `WrongOrder` when the socket has joined
    /// already and its media did not fail.
    pub fn handle_join(&mut self, now: Instant, socket: SocketId, join: Join) -> Result<Welcome, RoomError> {
        let former = self.sockets.get(&socket).copied();
        if former.is_some_and(|former| self.peer_state(former) != Some(PeerState::Failed)) {
            return Err(RoomError::WrongOrder("this connection has joined already"));
        }
        let former_room = self.seat_of(socket).ok().map(|seat| seat.room.to_owned());
        if let Some(former) = former {
            self.remove(now, former);
        }
        let Join {
            room,
            name,
            metadata,
            credentials,
        } = join;
        if !credentials.permissions.join {
            return Err(not_allowed("joining", "join"));
        }
        let name = names::display_name(&name)?;
        let metadata = metadata.as_deref().map(names::metadata).transpose()?;
        let identity = credentials.identity.as_deref().map(names::identity).transpose()?;
        let room_name = names::room_name(&room)?;
        let double = identity.and_then(|identity| self.find_identity(&room_name, &identity));
        // Who was alone there may come back.
        let may_create = credentials.permissions.create || former_room.as_ref() == Some(&room_name);
        let room = self.room_for(room_name, may_create, double.is_some())?;
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
        let participant = Participant::new(now, id, name, metadata, credentials, token, socket);
        self.with_room(room, |room, _| room.add(now, participant));
        // Now that somebody else is there, the room outlives it.
        if let Some(double) = double {
            self.close(now, double, CloseReason::DuplicateIdentity);
        }
        self.with_participant(id, |room, cx| room.welcome(cx, id, false))
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
            if let Some(expiry) = &mut me.expiry {
                expiry.forget_told();
            }
            room.refresh_state(now, id);
            room.welcome(cx, id, true)
        })
        .flatten()
        .ok_or(RoomError::ResumeExpired)
    }

    /// A client renewed its access token: its permissions and its expiry are these from now on. Whether the new token is
    /// for the same identity and room, the caller has compared with [`seat_of`](Self::seat_of).
    ///
    /// # Errors
    /// `WrongOrder` before the join.
    pub fn handle_renew(
        &mut self,
        now: Instant,
        socket: SocketId,
        permissions: Permissions,
        expires: Option<Instant>,
    ) -> Result<(), RoomError> {
        let id = self.seat(socket)?;
        self.with_participant(id, |room, _| {
            if let Some(me) = room.participants.get_mut(&id) {
                me.expiry = expires.map(|at| Expiry::new(now, at));
            }
        });
        self.handle_permissions(now, id, permissions)
    }

    /// A participant may do this from now on. What it may not do any more ends at once, and its client is told; without
    /// the permission to join it leaves.
    ///
    /// # Errors
    /// `NotFound` when it has left.
    pub fn handle_permissions(
        &mut self,
        now: Instant,
        participant: ParticipantId,
        permissions: Permissions,
    ) -> Result<(), RoomError> {
        self.with_participant(participant, |room, cx| {
            room.set_permissions(now, cx, participant, permissions);
        })
        .ok_or_else(|| RoomError::NotFound(format!("participant {participant} has left")))?;
        if !permissions.join {
            self.close(now, participant, CloseReason::NotAllowed);
        }
        Ok(())
    }

    fn find_identity(&self, room: &str, identity: &str) -> Option<ParticipantId> {
        let room = self.rooms.get(self.names.get(room)?)?;
        room.identities.get(identity).copied()
    }

    /// The room of that name with a free place, or a new one. `replaces`: somebody leaves for the newcomer.
    fn room_for(&mut self, name: String, may_create: bool, replaces: bool) -> Result<RoomId, RoomError> {
        if let Some(id) = self.names.get(&name) {
            let here = self.rooms.get(id).map_or(0, |room| room.participants.len());
            let limit = self.config.max_participants;
            return if here < limit + usize::from(replaces) {
                Ok(*id)
            } else {
                Err(RoomError::RoomFull { limit })
            };
        }
        if !may_create {
            return Err(RoomError::NoSuchRoom);
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
}
