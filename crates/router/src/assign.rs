//! Which track flows through which slot.

use crate::counters::DropReason;
use crate::router::Router;
use crate::state::{PeerKey, SlotRef, TrackKey};
use forward::ForwardedTrack;
use media::plane::SlotAssignment;
use media::{Codec, MLineIndex, ParticipantId};
use peer::Peer;

impl<P: Peer> Router<P> {
    /// Puts tracks into slots of one participant, all at once.
    pub(crate) fn assign(&mut self, participant: ParticipantId, assignments: &[SlotAssignment]) {
        let Some(key) = self.by_participant.get(&participant).copied() else {
            return self.refuse(DropReason::CommandInvalid);
        };
        self.serving = Some(key);
        // Tracks whose viewers change: those that go and those that come.
        let mut touched = Vec::new();
        for assignment in assignments {
            self.assign_slot(key, assignment, &mut touched);
        }
        self.release_paired_talkers(key);
        self.retarget_peer(key);
        for track in touched {
            self.service_track(track);
        }
    }

    fn assign_slot(&mut self, key: PeerKey, assignment: &SlotAssignment, touched: &mut Vec<TrackKey>) {
        let Some(entry) = self.peers.get(key) else { return };
        let Some(slot) = entry.slot(assignment.slot) else {
            return self.refuse(DropReason::CommandInvalid);
        };
        if entry.talker_slots.contains(&assignment.slot) {
            return self.refuse(DropReason::CommandInvalid);
        }
        let (kind, former, room) = (slot.kind, slot.track, entry.room);
        let wanted = assignment.track.and_then(|id| self.by_track.get(&id).copied());
        // Nothing crosses rooms, whoever asks.
        let wanted = wanted.filter(|track| {
            self.tracks
                .get(*track)
                .is_some_and(|track| track.room == room && track.source.kind() == kind)
        });
        if wanted.is_none() && assignment.track.is_some() {
            self.refuse(DropReason::CommandInvalid);
        }
        if former != wanted {
            self.clear_slot(key, assignment.slot);
            if let Some(track) = wanted {
                self.fill_slot(key, assignment.slot, track);
            }
        }
        if let Some(slot) = self
            .peers
            .get_mut(key)
            .and_then(|entry| entry.slot_mut(assignment.slot))
        {
            (slot.height, slot.priority) = (assignment.height, assignment.priority);
        }
        touched.extend(former.into_iter().filter(|former| Some(*former) != wanted));
        touched.extend(wanted);
    }

    /// Makes the slot, which must be empty, one of the track's.
    pub(crate) fn fill_slot(&mut self, key: PeerKey, mline: MLineIndex, track_key: TrackKey) {
        let now = self.now;
        let (Some(entry), Some(track)) = (self.peers.get_mut(key), self.tracks.get_mut(track_key)) else {
            return;
        };
        let unwrap_red = !entry.peer.accepts(mline, Codec::Red);
        let Some(slot) = entry.slot_mut(mline) else { return };
        slot.forwarder.set_track(
            now,
            Some(ForwardedTrack {
                id: track.id,
                unwrap_red,
            }),
        );
        (slot.track, slot.since) = (Some(track_key), now);
        track.subscribers.push(SlotRef {
            peer: key,
            slot: mline,
        });
        self.counters.slots_assigned += 1;
    }

    /// Takes the slot's track out, if there is one.
    pub(crate) fn clear_slot(&mut self, key: PeerKey, mline: MLineIndex) {
        let now = self.now;
        let Some(slot) = self.peers.get_mut(key).and_then(|entry| entry.slot_mut(mline)) else {
            return;
        };
        let Some(track) = slot.track.take() else { return };
        slot.forwarder.set_track(now, None);
        slot.told = None;
        self.counters.slots_assigned -= 1;
        if let Some(track) = self.tracks.get_mut(track) {
            track.subscribers.retain(|other| {
                *other
                    != SlotRef {
                        peer: key,
                        slot: mline,
                    }
            });
            track.listeners_checked = None;
        }
    }

    /// Every subscriber of the track starts anew at a keyframe.
    pub(crate) fn restart_subscribers(&mut self, key: TrackKey) {
        let Some(track) = self.tracks.get(key) else { return };
        for subscriber in track.subscribers.clone() {
            self.clear_slot(subscriber.peer, subscriber.slot);
            self.fill_slot(subscriber.peer, subscriber.slot, key);
        }
    }
}
