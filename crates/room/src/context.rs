//! What all rooms share: the outbox, the ids, and which room a track is in.

use crate::ids::Ids;
use crate::notice::{Notice, RoomOutput, SocketId};
use media::plane::MediaCommand;
use media::{ParticipantId, RoomId, TrackId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) outputs: VecDeque<RoomOutput>,
    /// Participants some of whose slots may look different from what they were told. Looked at when everything else is
    /// drained, so that many changes make one message.
    pub(crate) dirty_slots: BTreeSet<(RoomId, ParticipantId)>,
    /// Every track of the node.
    pub(crate) tracks: BTreeMap<TrackId, RoomId>,
    pub(crate) ids: Ids,
}

impl Context {
    pub(crate) fn new(ids: Ids) -> Self {
        Self {
            outputs: VecDeque::new(),
            dirty_slots: BTreeSet::new(),
            tracks: BTreeMap::new(),
            ids,
        }
    }

    /// Tells a client; nobody when its socket is lost, because a resume shows it the whole state.
    pub(crate) fn notify(&mut self, socket: Option<SocketId>, notice: Notice) {
        if let Some(socket) = socket {
            self.outputs.push_back(RoomOutput::Notify { socket, notice });
        }
    }

    pub(crate) fn command(&mut self, room: RoomId, command: MediaCommand) {
        self.outputs.push_back(RoomOutput::Media { room, command });
    }

    pub(crate) fn fresh_track(&mut self, room: RoomId) -> TrackId {
        let tracks = &self.tracks;
        let id = TrackId(self.ids.fresh(|number| tracks.contains_key(&TrackId(number))));
        self.tracks.insert(id, room);
        id
    }
}
