//! From a track to all of its slots: what a burst brought goes to one subscriber after the other.
//!
//! Packet by packet to each subscriber would read all subscribers' memory once for every packet, and in a room of some
//! hundred that does not fit in a core's cache. So packets wait here until the burst is over or something else happens
//! that they came before. And whoever polls for datagrams gets those of one subscriber before the next is served: what is
//! written, encrypted and sent for it reads the same memory once more.

use crate::router::Router;
use crate::slot_state::tell;
use crate::state::{SlotRef, TrackKey};
use forward::CaptureTime;
use media::{LayerIndex, SeqNo};
use peer::Peer;

/// Packets that wait. Higher: a burst of several tracks or a flood is cut up less; lower: less of a ring can be
/// overwritten meanwhile. When it is full, they go.
const MAX_WAITING: usize = 64;

/// Packets of one track that are in its rings and not yet in all of its slots.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    track: Option<TrackKey>,
    packets: Vec<(LayerIndex, SeqNo, CaptureTime)>,
    /// Of the track's subscribers, so many have them.
    served: usize,
}

impl<P: Peer> Router<P> {
    /// A packet that has become part of its track's ring is to go to every slot of the track.
    pub(crate) fn forward(&mut self, key: TrackKey, index: LayerIndex, seq: SeqNo, capture: CaptureTime) {
        let waiting = &self.waiting;
        if waiting.track != Some(key) || waiting.served > 0 || waiting.packets.len() >= MAX_WAITING {
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

    /// What waits goes to all of its slots now: before anything that could change what they make of it.
    pub(crate) fn forward_waiting(&mut self) {
        while self.forward_to_next() {}
    }

    /// What waits goes to the next of its slots; `false` when all have it.
    pub(crate) fn forward_to_next(&mut self) -> bool {
        let Some(key) = self.waiting.track else {
            return false;
        };
        let subscribers = self.tracks.get(key).map(|track| &track.subscribers);
        let Some(next) = subscribers.and_then(|all| all.get(self.waiting.served)).copied() else {
            self.waiting.track = None;
            self.waiting.served = 0;
            // Its memory is for the next burst.
            self.waiting.packets.clear();
            return false;
        };
        self.waiting.served += 1;
        let before = self.serve(next.peer);
        if self.forward_to(key, next) == Some(true)
            && let Some(event) = tell(self.now, &mut self.peers, &self.tracks, next.peer, next.slot)
        {
            self.emit(event);
        }
        self.serving = before;
        true
    }

    /// Whether the slot began to carry something else; `None` when nothing waits for it, or it is gone.
    fn forward_to(&mut self, key: TrackKey, subscriber: SlotRef) -> Option<bool> {
        let (now, ntp) = (self.now, self.ntp());
        let track = self.tracks.get(key)?;
        let kind = track.source.kind();
        let entry = self.peers.get_mut(subscriber.peer)?;
        let slot = entry.slots.get_mut(usize::from(subscriber.slot.0))?.as_mut()?;
        let mut sent = false;
        for (index, seq, capture) in &self.waiting.packets {
            let layer = track.layers.get(usize::from(index.0));
            let Some(packet) = layer.and_then(|layer| layer.ring.get(*seq)) else {
                continue;
            };
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
            return None;
        }
        if !entry.sending {
            entry.sending = true;
            self.sending.push_back(subscriber.peer);
        }
        let switches = slot.forwarder.switches();
        let switched = switches != slot.switches;
        self.counters.switches += switches - slot.switches;
        slot.switches = switches;
        Some(switched)
    }
}
