//! What belongs to all of a room, on however many workers it is.

use super::message::RelayMessage;
use crate::counters::DropReason;
use crate::router::Router;
use crate::speakers::is_speech;
use crate::state::{Origin, RoomKey, TrackKey};
use bytes::Bytes;
use media::{ParticipantId, RoomId, TrackId, WorkerId};
use peer::{DataChannel, Peer};
use std::sync::Arc;

impl<P: Peer> Router<P> {
    /// The other workers that a room is on. Those not named any more watch nothing of it.
    pub(crate) fn set_neighbours(&mut self, room: RoomId, workers: Vec<WorkerId>) {
        let found = self.by_room.get(&room).copied();
        let Some((key, entry)) = found.and_then(|key| Some((key, self.rooms.get_mut(key)?))) else {
            return self.refuse(DropReason::CommandInvalid);
        };
        let gone: Vec<WorkerId> = std::mem::replace(&mut entry.neighbours, workers);
        let gone: Vec<WorkerId> = gone
            .into_iter()
            .filter(|worker| !entry.neighbours.contains(worker))
            .collect();
        for worker in gone {
            for track in self.tracks_of(key, |_| true) {
                self.handle_unwatch(track, worker);
            }
        }
    }

    /// With the last peer of a room, all that is imported for it goes.
    pub(crate) fn drop_imports(&mut self, room: RoomKey) {
        if self.rooms.get(room).is_some_and(|room| room.imports > 0) {
            for track in self.tracks_of(room, |origin| matches!(origin, Origin::Relay(_))) {
                self.remove_track(track);
            }
        }
    }

    /// Walks all tracks: for when a room begins or ends on a worker.
    fn tracks_of(&mut self, room: RoomKey, which: impl Fn(&Origin) -> bool) -> Vec<TrackKey> {
        let of_room = self.tracks.iter_mut().filter(|(_, track)| track.room == room);
        of_room
            .filter(|(_, track)| which(&track.origin))
            .map(|(key, _)| key)
            .collect()
    }

    /// A microphone of this worker was heard. Every worker of the room runs the same gate over the same speech, so
    /// that the loudest of the room are the loudest everywhere; silence needs no messages, it shows by itself. Where
    /// the packet crosses, its level is in it.
    pub(crate) fn tell_level(&mut self, key: TrackKey, level: Option<u8>, open: bool) {
        let Some(track) = self.tracks.get(key) else { return };
        if track.microphone.is_none() || !matches!(track.origin, Origin::Peer { .. }) || !is_speech(level) {
            return;
        }
        let Some(room) = self.rooms.get(track.room) else {
            return;
        };
        for worker in &room.neighbours {
            if !open || track.exports.iter().all(|export| export.worker != *worker) {
                let message = RelayMessage::Level {
                    track: track.id,
                    level,
                };
                self.outboxes.push(&mut self.counters, *worker, message);
            }
        }
    }

    /// Speech into a microphone of another worker.
    pub(super) fn handle_level(&mut self, key: TrackKey, level: Option<u8>) {
        if self
            .tracks
            .get(key)
            .is_some_and(|track| track.microphone.is_some() && !track.muted)
        {
            self.hear(key, level);
        }
    }

    /// Sends a data message to all other workers of the room; `false` when there are none.
    pub(crate) fn relay_data(
        &mut self,
        room: RoomKey,
        channel: DataChannel,
        envelope: &Bytes,
        recipients: Option<&Arc<[ParticipantId]>>,
    ) -> bool {
        let Some(room) = self.rooms.get(room) else {
            return false;
        };
        for worker in &room.neighbours {
            let message = RelayMessage::Data {
                room: room.id,
                channel,
                envelope: envelope.clone(),
                recipients: recipients.cloned(),
            };
            self.outboxes.push(&mut self.counters, *worker, message);
        }
        !room.neighbours.is_empty()
    }

    /// A data message from another worker's participant.
    pub(super) fn handle_relayed_data(
        &mut self,
        (from, room): (WorkerId, RoomId),
        channel: DataChannel,
        envelope: &Bytes,
        recipients: Option<&[ParticipantId]>,
    ) {
        let known = self.by_room.get(&room).copied();
        let room = known.filter(|key| {
            self.rooms
                .get(*key)
                .is_some_and(|room| room.neighbours.contains(&from))
        });
        let Some(room) = room else {
            return self.refuse(DropReason::RelayUnknown);
        };
        match recipients {
            None => self.deliver_to_room(room, None, channel, envelope),
            Some(recipients) => {
                for recipient in recipients {
                    // Whoever is not here is on another worker, or nowhere.
                    if let Some(reader) = self.in_room(*recipient, room) {
                        self.deliver(reader, channel, envelope);
                    }
                }
            }
        }
    }

    /// A track by its id.
    pub(super) fn track_named(&self, id: TrackId) -> Option<TrackKey> {
        self.by_track.get(&id).copied()
    }
}
