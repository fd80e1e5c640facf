//! A peer is taken out of its router, with all that has to go on elsewhere.

use super::{Carried, Handover, Moving};
use crate::relay::{Import, unwatched};
use crate::router::{Router, add_stats};
use crate::state::{Origin, PeerKey, SlotRef, TrackKey};
use crate::timers::Armed;
use media::plane::MediaEvent;
use media::{LayerIndex, MLineIndex, ParticipantId, WorkerId};
use peer::Peer;

impl<P: Peer> Router<P> {
    /// The control plane wants somebody to go on on another worker.
    pub(crate) fn release(&mut self, participant: ParticipantId, to: WorkerId) {
        let key = self.by_participant.get(&participant).copied();
        let Some(key) = key else {
            let reason = "the participant has no connection here";
            return self.emit(MediaEvent::Stays { participant, reason });
        };
        self.serving = Some(key);
        if let Err(reason) = self.may_leave(key) {
            return self.emit(MediaEvent::Stays { participant, reason });
        }
        let Some(entry) = self.peers.get(key) else { return };
        let (room, published) = (entry.room, entry.all_published().map(|(_, track)| track));
        let watched = entry.all_slots().filter_map(|(_, slot)| slot.track);
        let tracks: Vec<TrackKey> = published.chain(watched).collect();
        let Some(moving) = self.take_peer(key, to) else {
            return;
        };
        self.handovers.push(to, Handover::Peer(Box::new(moving)));
        self.leave_room(room, key);
        // What is asked of the new worker goes behind the participant.
        for track in tracks {
            self.service_track(track);
        }
        self.update_gauges();
    }

    pub(super) fn may_leave(&self, key: PeerKey) -> Result<(), &'static str> {
        let entry = self.peers.get(key).ok_or("the participant has gone")?;
        if entry.registration.has_tcp() {
            return Err("a TCP connection does not move");
        }
        if !entry.peer.is_reachable() {
            return Err("the connection is not established");
        }
        if self.detours.len() >= self.config.max_peers {
            return Err("too many who have moved are still sent to here");
        }
        Ok(())
    }

    /// Takes a peer out as it is. What it published goes on here as tracks of that other worker.
    fn take_peer(&mut self, key: PeerKey, to: WorkerId) -> Option<Moving<P>> {
        let entry = self.peers.get(key)?;
        // Before anything is taken apart: it is the last call of the peer here.
        let stats = entry.stats_here();
        let room = self.rooms.get(entry.room)?;
        let (room_id, room_key) = (room.id, entry.room);
        let mut neighbours = room.neighbours.clone();
        neighbours.retain(|worker| *worker != to);
        let sections: Vec<(MLineIndex, TrackKey)> = entry.all_published().collect();
        let slots: Vec<(MLineIndex, TrackKey)> = entry
            .all_slots()
            .filter_map(|(mline, slot)| Some((mline, slot.track?)))
            .collect();
        let watched = self.carry_watched(key, &slots);
        let named = slots
            .iter()
            .filter_map(|(mline, track)| Some((*mline, self.tracks.get(*track)?.id)))
            .collect();
        for (mline, track) in &slots {
            self.unlink_slot(key, *mline, *track);
        }
        let published = sections
            .iter()
            .filter_map(|(mline, track)| Some((*mline, self.turn_into_import(*track, to)?)))
            .collect();
        let mut entry = self.peers.remove(key)?;
        self.serving = None;
        self.counters.slots -= entry.all_slots().count() as u64;
        self.departed = add_stats(self.departed, stats);
        self.by_participant.remove(&entry.participant);
        self.begin_detour(entry.participant, to, entry.registration.clone());
        if let Some(room) = self.rooms.get_mut(room_key)
            && !room.neighbours.contains(&to)
        {
            room.neighbours.push(to);
        }
        (entry.timer, entry.reports) = (Armed::default(), Armed::default());
        (entry.dirty, entry.sending) = (false, false);
        entry
            .slots
            .iter_mut()
            .flatten()
            .for_each(|slot| slot.track = None);
        entry
            .sections
            .iter_mut()
            .flatten()
            .for_each(|section| section.track = None);
        Some(Moving {
            entry,
            room: room_id,
            to,
            neighbours,
            published,
            slots: named,
            watched,
        })
    }

    /// Of what its slots carry, what the other router may not have: the packets of the layers that flow.
    fn carry_watched(
        &self,
        key: PeerKey,
        slots: &[(MLineIndex, TrackKey)],
    ) -> Vec<(Option<WorkerId>, Carried)> {
        let entry = self.peers.get(key);
        let carry = |(mline, track): &(MLineIndex, TrackKey)| {
            let state = entry?.slot(*mline)?.forwarder.state();
            let track = self.tracks.get(*track)?;
            let worker = match &track.origin {
                Origin::Peer { .. } => None,
                Origin::Relay(import) => Some(import.worker),
            };
            let mut carried = Carried::of(track);
            let flows = |layer: LayerIndex| {
                let targets = [state.layer, state.target];
                targets.into_iter().flatten().any(|target| target.layer == layer)
            };
            for (index, layer) in (0..).map(LayerIndex).zip(&mut carried.layers) {
                layer.reported = Some(layer.cost());
                if !flows(index) {
                    layer.ring.clear();
                }
            }
            Some((worker, carried))
        };
        slots.iter().filter_map(carry).collect()
    }

    /// Takes a slot of somebody who goes on elsewhere from its track's subscribers; its forwarder stays as it is.
    fn unlink_slot(&mut self, key: PeerKey, mline: MLineIndex, track: TrackKey) {
        self.counters.slots_assigned -= 1;
        if let Some(track) = self.tracks.get_mut(track) {
            let slot = SlotRef {
                peer: key,
                slot: mline,
            };
            track.subscribers.retain(|other| *other != slot);
            track.listeners_checked = None;
        }
    }

    /// The track comes from that worker from now on. What is in its rings stays, so that repairs go on.
    fn turn_into_import(&mut self, key: TrackKey, worker: WorkerId) -> Option<Carried> {
        let now = self.now;
        let track = self.tracks.get_mut(key)?;
        self.counters.exports -= track.drop_exports() as u64;
        let mut carried = Carried::of(track);
        carried.wanted = Some(std::mem::replace(&mut track.wanted, unwatched(now)));
        let mut import = Import::new(worker);
        for (index, layer) in (0..).map(LayerIndex).zip(&mut track.layers) {
            layer.reported = Some(layer.cost());
            if layer.ring.newest().is_some() {
                import.fresh.insert(index);
            }
        }
        track.origin = Origin::Relay(import);
        track.claimed = None;
        let room = track.room;
        self.begin_import(room);
        Some(carried)
    }
}
