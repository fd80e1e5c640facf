//! A peer from another worker's router goes on here.

use super::{Carried, Moving};
use crate::demux::Owner;
use crate::relay::Import;
use crate::router::Router;
use crate::state::{Origin, PeerKey, RoomKey, SlotRef, Track, TrackKey};
use crate::timers::Timer;
use forward::CaptureTime;
use media::plane::MediaEvent;
use media::{LayerIndex, MLineIndex, TrackId, WorkerId};
use peer::{Peer, PeerStats};

impl<P: Peer> Router<P> {
    /// Puts a peer in that was taken out of another router.
    pub(super) fn arrive(&mut self, from: WorkerId, moving: Moving<P>) {
        let Moving {
            mut entry,
            room,
            to,
            neighbours,
            published,
            slots,
            watched,
        } = moving;
        let participant = entry.participant;
        // They are back, or what they left behind is of an earlier connection.
        self.end_detour(participant);
        if self.by_participant.contains_key(&participant) {
            // The control plane has given them another peer meanwhile.
            self.bid_farewell(entry.peer);
            let reason = "the participant has another connection";
            return self.emit(MediaEvent::Stays { participant, reason });
        }
        if self.peers.len() >= self.config.max_peers {
            return self.turn_away(participant, entry.peer);
        }
        // There is a place for each peer's room.
        let Some(room) = self.room(room) else { return };
        self.meet_neighbours(room, from, neighbours);
        entry.room = room;
        entry.home = Some(entry.home.unwrap_or(from)).filter(|home| *home != to);
        entry.elsewhere = PeerStats::default();
        let (ufrags, paths) = entry.registration.take();
        let Ok(key) = self.peers.insert(entry) else { return };
        self.serving = Some(key);
        self.by_participant.insert(participant, key);
        self.emit(MediaEvent::Moved { participant });
        self.counters.moves += 1;
        self.register(key, &ufrags, &paths);
        if let Some(room) = self.rooms.get_mut(room) {
            room.peers.push(key);
            room.epoch += 1;
        }
        let mut touched = Vec::new();
        for (section, carried) in published {
            touched.extend(self.take_over(key, section, carried));
        }
        for (worker, carried) in watched {
            self.seed(room, worker.unwrap_or(from), to, carried);
        }
        for (slot, track) in slots {
            touched.extend(self.link_slot(key, room, slot, track));
        }
        self.retarget_peer(key);
        for track in touched {
            self.service_track(track);
        }
        self.set_going(key);
        self.update_gauges();
    }

    /// A room that was not known here has neighbours from the first packet on; the control plane tells them again.
    fn meet_neighbours(&mut self, room: RoomKey, from: WorkerId, others: Vec<WorkerId>) {
        if let Some(room) = self.rooms.get_mut(room) {
            for worker in others.into_iter().chain([from]) {
                if !room.neighbours.contains(&worker) {
                    room.neighbours.push(worker);
                }
            }
        }
    }

    fn register(&mut self, key: PeerKey, ufrags: &[String], paths: &[peer::Path]) {
        let Some(entry) = self.peers.get_mut(key) else {
            return;
        };
        let owner = Owner::Peer(key);
        for ufrag in ufrags {
            self.demultiplexer
                .add_ufrag(&mut entry.registration, owner, ufrag);
        }
        for path in paths {
            // Each names the port it is known by, so that nobody here has it.
            if self.demultiplexer.owner_of(*path).is_none() {
                self.demultiplexer
                    .add_address(self.now, &mut entry.registration, owner, *path);
            }
        }
        self.counters.slots += entry.all_slots().count() as u64;
        // The first call of the peer here: from now on it can break.
        entry.elsewhere = entry.peer.stats();
    }

    /// Its timers are asked anew, and what it was about to send and tell is polled.
    fn set_going(&mut self, key: PeerKey) {
        if let Some(entry) = self.peers.get_mut(key) {
            self.timers.arm(&mut entry.reports, self.now, Timer::Reports(key));
            entry.touch(key, &mut self.dirty);
        }
    }

    /// A track that its slots carry, and that comes from elsewhere: known from now on, and with the packets that the
    /// former worker had of the layers that flow.
    fn seed(&mut self, room: RoomKey, worker: WorkerId, own: WorkerId, carried: Carried) {
        if !self.by_track.contains_key(&carried.id) {
            // One that was published here has ended.
            if worker == own {
                return;
            }
            let origin = Origin::Relay(Import::new(worker));
            let (id, muted) = (carried.id, carried.muted);
            self.add_track(room, origin, id, carried.source, carried.infos());
            if muted {
                self.mute(id, true);
            }
        }
        let known = self.by_track.get(&carried.id).copied();
        let track = known.and_then(|known| self.tracks.get_mut(known));
        let Some(track) = track.filter(|track| track.room == room && carried.has_layers_of(track)) else {
            return;
        };
        let was_watched = match &track.origin {
            Origin::Relay(import) => import.is_watched(),
            Origin::Peer { .. } => return,
        };
        track.seed(carried, was_watched);
    }

    /// A slot goes on with the track it carried. Returns that.
    fn link_slot(&mut self, key: PeerKey, room: RoomKey, mline: MLineIndex, id: TrackId) -> Option<TrackKey> {
        let now = self.now;
        let entry = self.peers.get_mut(key)?;
        let is_talker = entry.talker_slots.contains(&mline);
        let slot = entry.slot_mut(mline)?;
        let known = self.by_track.get(&id).copied();
        let found = known.and_then(|known| Some((known, self.tracks.get_mut(known)?)));
        let found = found.filter(|(_, track)| track.room == room && track.source.kind() == slot.kind);
        let Some((known, track)) = found else {
            // It has ended meanwhile.
            slot.forwarder.set_track(now, None);
            slot.told = None;
            if is_talker {
                self.tell_talker(key, mline);
            }
            return None;
        };
        slot.track = Some(known);
        track.subscribers.push(SlotRef {
            peer: key,
            slot: mline,
        });
        self.counters.slots_assigned += 1;
        self.catch_up(key, mline, known);
        Some(known)
    }

    /// The slot gets what came of its layer to this worker before it did.
    fn catch_up(&mut self, key: PeerKey, mline: MLineIndex, track: TrackKey) {
        let now = self.now;
        let (Some(track), Some(entry)) = (self.tracks.get(track), self.peers.get_mut(key)) else {
            return;
        };
        let Some(Some(slot)) = entry.slots.get_mut(usize::from(mline.0)) else {
            return;
        };
        let Some((index, newest)) = slot.forwarder.newest().filter(|_| track.open && !track.muted) else {
            return;
        };
        let Some(layer) = track.layers.get(usize::from(index.0)) else {
            return;
        };
        // They go on on the line that they are on.
        let capture = CaptureTime {
            at: now,
            reported: false,
        };
        for seq in layer.ring.since(newest) {
            let packet = layer.ring.get(seq);
            let packet = packet.and_then(|packet| slot.forwarder.handle_packet(now, index, packet, capture));
            if let Some(packet) = packet {
                self.counters.outgoing(track.source.kind(), packet.payload.len());
                entry.peer.send_rtp(now, mline, packet);
            }
        }
    }
}

impl Track {
    /// Takes what another worker had of layers that do not cross to here yet.
    fn seed(&mut self, carried: Carried, was_watched: bool) {
        let told = self.wanted.announced();
        let layers = self.layers.iter_mut().zip(carried.layers);
        let mut fresh = forward::LayerSet::EMPTY;
        for (index, (here, there)) in (0..).map(LayerIndex).zip(layers) {
            if there.ring.newest().is_some() && !told.contains(index) {
                *here = there;
                fresh.insert(index);
            }
        }
        if !was_watched {
            // Nothing was known of it here.
            (self.status, self.codec, self.codec_wish) = (carried.status, carried.codec, carried.codec_wish);
        }
        if let Origin::Relay(import) = &mut self.origin {
            fresh.iter().for_each(|layer| import.fresh.insert(layer));
        }
    }
}
