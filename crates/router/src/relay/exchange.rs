//! The two calls by which the world carries messages between routers.

use super::message::{Place, RelayMessage};
use crate::counters::DropReason;
use crate::router::Router;
use crate::state::{Origin, TrackKey};
use media::{TrackId, WorkerId};
use peer::Peer;
use std::time::Instant;

impl<P: Peer> Router<P> {
    /// Next message for another worker's router; call until `None`, with [`poll_event`](Self::poll_event) and
    /// [`poll_transmit`](Self::poll_transmit).
    ///
    /// What is not taken waits: at most [`RELAY_PACKETS`](crate::RELAY_PACKETS) packets, of which the oldest are
    /// dropped and counted, and [`RELAY_CONTROL`](crate::RELAY_CONTROL) other messages for each neighbour.
    pub fn poll_relay(&mut self) -> Option<(WorkerId, RelayMessage)> {
        self.settle();
        self.outboxes.pop()
    }

    /// Next message for this worker's router, when the ways to the others do not take any now.
    pub fn poll_relay_to(&mut self, worker: WorkerId) -> Option<RelayMessage> {
        self.settle();
        self.outboxes.pop_for(worker)
    }

    /// A message from another worker's router. About a track that is not known (any more), or by a worker that has no
    /// business with it, it is counted and otherwise ignored.
    pub fn handle_relay(&mut self, now: Instant, from: WorkerId, message: RelayMessage) {
        if !matches!(message, RelayMessage::Packet { .. }) || now > self.now {
            self.forward_waiting();
        }
        self.advance(now);
        let handled = match message {
            RelayMessage::Packet {
                track,
                place,
                layer,
                number,
                packet,
                capture,
            } => {
                let key = self.imported_at(from, track, place);
                self.handle_relayed_packet((from, track, key), (layer, number), packet, capture);
                Some(())
            }
            RelayMessage::Level { track, level } => self
                .imported_from(from, track)
                .map(|key| self.handle_level(key, level)),
            RelayMessage::Status { track, status } => self
                .imported_from(from, track)
                .map(|key| self.handle_status(key, &status)),
            RelayMessage::Ended { track } => {
                // The control plane may have said so before.
                if let Some(key) = self.imported_from(from, track) {
                    self.remove_track(key);
                }
                Some(())
            }
            RelayMessage::Watch {
                track,
                layers,
                decodes,
                place,
            } => self
                .track_named(track)
                .map(|key| self.handle_watch(key, (from, place), layers, decodes)),
            RelayMessage::Unwatch { track } => {
                if let Some(key) = self.track_named(track) {
                    self.handle_unwatch(key, from);
                }
                Some(())
            }
            RelayMessage::Keyframe { track, layer } => self
                .track_named(track)
                .map(|key| self.handle_relayed_keyframe_request(key, from, layer)),
            RelayMessage::Missing { track, numbers } => self
                .track_named(track)
                .map(|key| self.handle_relay_missing(key, from, &numbers)),
            RelayMessage::Since { track, layer, seq } => self
                .track_named(track)
                .map(|key| self.handle_since(key, from, layer, seq)),
            RelayMessage::Address {
                participant,
                path,
                valid,
            } => {
                self.handle_moved_address(participant, path, valid);
                Some(())
            }
            RelayMessage::Username { participant, ufrag } => {
                self.handle_moved_username(participant, &ufrag);
                Some(())
            }
            RelayMessage::Data {
                room,
                channel,
                envelope,
                recipients,
            } => {
                self.handle_relayed_data((from, room), channel, &envelope, recipients.as_deref());
                Some(())
            }
        };
        if handled.is_none() {
            self.refuse(DropReason::RelayUnknown);
        }
    }

    /// The same where the track is expected, without a look into the table of ids for each packet.
    fn imported_at(&self, worker: WorkerId, track: TrackId, place: Place) -> Option<TrackKey> {
        let is_it = |key: &TrackKey| {
            let held = self.tracks.get(*key);
            held.is_some_and(|held| {
                held.id == track && matches!(&held.origin, Origin::Relay(import) if import.worker == worker)
            })
        };
        let expected = place.0.filter(is_it);
        expected.or_else(|| self.imported_from(worker, track))
    }

    /// The track, when it is one of that worker's.
    pub(super) fn imported_from(&self, worker: WorkerId, track: TrackId) -> Option<TrackKey> {
        let key = self.track_named(track)?;
        let origin = &self.tracks.get(key)?.origin;
        matches!(origin, Origin::Relay(import) if import.worker == worker).then_some(key)
    }
}
