//! From a track to all of its slots: what a burst brought goes to one subscriber after the other.
//!
//! Packet by packet to each subscriber would read all subscribers' memory once for every packet, and in a room of some
//! hundred that does not fit in a core's cache. So packets wait here until the burst is over or something else happens
//! that they came before.

use crate::router::Router;
use crate::slot_state::tell;
use crate::state::{SlotRef, TrackKey};
use forward::CaptureTime;
use media::{LayerIndex, ReadPacket, SeqNo};
use peer::Peer;

/// Packets that wait. Higher: a burst of several tracks or a flood is cut up less; lower: less of a ring can be
/// overwritten meanwhile. When it is full, they go.
const MAX_WAITING: usize = 64;

/// Packets of one track that are in its rings and not yet in its slots.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    track: Option<TrackKey>,
    packets: Vec<(LayerIndex, SeqNo, CaptureTime)>,
}

impl<P: Peer> Router<P> {
    /// A packet that has become part of its track's ring is to go to every slot of the track.
    pub(crate) fn forward(&mut self, key: TrackKey, index: LayerIndex, seq: SeqNo, capture: CaptureTime) {
        if self.waiting.track != Some(key) || self.waiting.packets.len() >= MAX_WAITING {
            self.forward_waiting();
            self.waiting.track = Some(key);
        }
        self.waiting.packets.push((index, seq, capture));
    }

    /// Before a packet joins its track's ring: what waits goes first when it is another track's, of which this one may take
    /// a slot, or when the ring may overwrite it or begin anew.
    pub(crate) fn make_way(&mut self, key: TrackKey, index: LayerIndex, seq: SeqNo) {
        let of_another = self.waiting.track.is_some_and(|track| track != key);
        let last = self.waiting.packets.iter().rfind(|(layer, ..)| *layer == index);
        let far =
            last.is_some_and(|(_, last, _)| usize::from(seq.distance(*last).unsigned_abs()) >= MAX_WAITING);
        if of_another || far {
            self.forward_waiting();
        }
    }

    /// What waits goes to its slots now: before anything that could change what they make of it.
    pub(crate) fn forward_waiting(&mut self) {
        let Some(key) = self.waiting.track.take() else {
            return;
        };
        let waiting = std::mem::take(&mut self.waiting.packets);
        let switched_slots = self.fan_out(key, &waiting);
        for SlotRef { peer, slot } in switched_slots {
            if let Some(event) = tell(self.now, &mut self.peers, &self.tracks, peer, slot) {
                self.emit(event);
            }
        }
        // Its memory is for the next burst.
        self.waiting.packets = waiting;
        self.waiting.packets.clear();
    }

    /// Returns the slots that began to carry something else: rarely any, so this rarely allocates.
    fn fan_out(&mut self, key: TrackKey, waiting: &[(LayerIndex, SeqNo, CaptureTime)]) -> Vec<SlotRef> {
        let (now, ntp) = (self.now, self.ntp());
        let mut switched_slots = Vec::new();
        let Some(track) = self.tracks.get(key) else {
            return switched_slots;
        };
        let (kind, before) = (track.source.kind(), self.serving);
        let find = |(index, seq, capture): &(LayerIndex, SeqNo, CaptureTime)| {
            let layer = track.layers.get(usize::from(index.0))?;
            Some((*index, layer.ring.get(*seq)?, *capture))
        };
        let packets: Vec<(LayerIndex, &ReadPacket, CaptureTime)> = waiting.iter().filter_map(find).collect();
        for subscriber in &track.subscribers {
            self.serving = Some(subscriber.peer);
            let Some(entry) = self.peers.get_mut(subscriber.peer) else {
                continue;
            };
            let Some(Some(slot)) = entry.slots.get_mut(usize::from(subscriber.slot.0)) else {
                continue;
            };
            let mut sent = false;
            for (index, packet, capture) in &packets {
                let Some(packet) = slot.forwarder.handle_packet(now, *index, packet, *capture) else {
                    continue;
                };
                self.counters.outgoing(kind, packet.payload.len());
                entry.peer.send_rtp(now, subscriber.slot, packet);
                sent = true;
                // With the first packet, or the client could not tell for a second how it goes with the others.
                if !slot.reported
                    && let Some(report) = slot.forwarder.report(now, ntp)
                {
                    slot.reported = true;
                    self.counters.reports_out += 1;
                    entry
                        .peer
                        .send_report(now, subscriber.slot, crate::feedback::to_peer(report));
                }
            }
            if !sent {
                continue;
            }
            let switches = slot.forwarder.switches();
            if switches != slot.switches {
                self.counters.switches += switches - slot.switches;
                slot.switches = switches;
                switched_slots.push(*subscriber);
            }
            entry.touch(subscriber.peer, &mut self.dirty);
        }
        self.serving = before;
        switched_slots
    }
}
