//! The publisher's side: what a track keeps for each worker that watches it.

use super::message::{LayerReport, Place, RelayMessage, TrackStatus};
use crate::counters::DropReason;
use crate::router::Router;
use crate::state::{Origin, Track, TrackKey};
use forward::LayerSet;
use media::id::MAX_LAYERS;
use media::{Kind, LayerIndex, SeqNo, WorkerId};
use peer::Peer;
use std::time::{Duration, Instant};

/// Packets remembered by their number on the relay. More than a receiver counts as missing at a time (512): what it
/// may ask for is here. A power of two, so that numbers go round with it.
const REMEMBERED: usize = 1_024;
/// Between two reports of an unchanged status. Its costs are measured over three seconds.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);
/// A worker that watches anew is counted for from this far behind the former numbers, so that packets still under way
/// do not look like a beginning. More than a receiver takes for loss.
const NEW_NUMBERS: u64 = 1_024;

/// Most packets that cross because they came before somebody watched: half a second of a good picture, and much longer
/// than a participant is on the way between workers.
const MOST_SINCE: usize = 256;

/// One other worker that watches a track.
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) worker: WorkerId,
    /// Where that keeps the track.
    place: Place,
    /// What shall cross.
    pub(crate) layers: LayerSet,
    /// All who watch there decode the publisher's own codec.
    pub(crate) decodes: bool,
    /// The next packet's number, of which the lower 16 bits cross.
    next: u64,
    /// By number modulo [`REMEMBERED`]; memory is taken with the first packet.
    sent: Vec<Option<(LayerIndex, SeqNo)>>,
    told: Option<(TrackStatus, Instant)>,
}

impl Export {
    fn new(worker: WorkerId, first: u64) -> Self {
        Self {
            worker,
            place: Place::default(),
            layers: LayerSet::EMPTY,
            decodes: true,
            next: first,
            sent: Vec::new(),
            told: None,
        }
    }

    /// Numbers a packet.
    fn number(&mut self, layer: LayerIndex, seq: SeqNo) -> SeqNo {
        if self.sent.len() < REMEMBERED {
            self.sent.resize(REMEMBERED, None);
        }
        let number = SeqNo(self.next as u16);
        self.next += 1;
        if let Some(place) = self.sent.get_mut(usize::from(number.0) % REMEMBERED) {
            *place = Some((layer, seq));
        }
        number
    }

    /// The packet cannot be sent again: asking for it once more changes nothing.
    fn forget(&mut self, number: SeqNo) {
        if let Some(place) = self.sent.get_mut(usize::from(number.0) % REMEMBERED) {
            *place = None;
        }
    }

    /// What was sent with this number.
    fn sent(&self, number: SeqNo) -> Option<(LayerIndex, SeqNo)> {
        let age = SeqNo(self.next as u16).distance(number);
        let remembered = (1..=REMEMBERED as i32).contains(&i32::from(age));
        let place = self.sent.get(usize::from(number.0) % REMEMBERED);
        place.copied().flatten().filter(|_| remembered)
    }
}

impl Track {
    /// It goes to another worker, and nobody watches it from there yet: who does asks there. Returns how many did.
    pub(crate) fn drop_exports(&mut self) -> usize {
        let exports = std::mem::take(&mut self.exports);
        let numbers = exports.iter().map(|export| export.next + NEW_NUMBERS);
        self.next_number = numbers.fold(self.next_number, u64::max);
        exports.len()
    }
}

impl<P: Peer> Router<P> {
    /// A packet that has become part of its track's ring goes once to every worker that watches the layer.
    pub(crate) fn export(
        &mut self,
        key: TrackKey,
        layer: LayerIndex,
        seq: SeqNo,
        capture: forward::CaptureTime,
    ) {
        let Some(track) = self.tracks.get_mut(key).filter(|track| !track.exports.is_empty()) else {
            return;
        };
        let of_layer = track.layers.get(usize::from(layer.0));
        let Some(read) = of_layer.and_then(|layer| layer.ring.get(seq)) else {
            return;
        };
        let packet = &read.packet;
        for export in track
            .exports
            .iter_mut()
            .filter(|export| export.layers.contains(layer))
        {
            let message = RelayMessage::Packet {
                track: track.id,
                place: export.place,
                layer,
                number: export.number(layer, seq),
                packet: packet.clone(),
                capture,
            };
            self.counters.relay_out.add(packet.payload.len());
            self.outboxes.push(&mut self.counters, export.worker, message);
        }
    }

    /// Another worker watches, or watches something else than before.
    pub(super) fn handle_watch(
        &mut self,
        key: TrackKey,
        (from, place): (WorkerId, Place),
        layers: LayerSet,
        decodes: bool,
    ) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        // Nothing crosses rooms: a worker without people of this room has nobody to show it to.
        let neighbour = self
            .rooms
            .get(track.room)
            .is_some_and(|room| room.neighbours.contains(&from));
        if !neighbour || !matches!(track.origin, Origin::Peer { .. }) {
            return self.refuse(DropReason::RelayUnknown);
        }
        let known = track.exports.iter().position(|export| export.worker == from);
        let index = known.unwrap_or_else(|| {
            track.exports.push(Export::new(from, track.next_number));
            self.counters.exports += 1;
            track.exports.len() - 1
        });
        if let Some(export) = track.exports.get_mut(index) {
            export.place = place;
            let before = (export.layers, export.decodes);
            (export.layers, export.decodes) = (layers, decodes);
            if known.is_some() && before == (layers, decodes) {
                return;
            }
        }
        self.service_track(key);
    }

    /// Another worker does not watch any more.
    pub(super) fn handle_unwatch(&mut self, key: TrackKey, from: WorkerId) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let Some(index) = track.exports.iter().position(|export| export.worker == from) else {
            return;
        };
        let export = track.exports.swap_remove(index);
        // Of several that watched in turn, the one that has seen most.
        track.next_number = track.next_number.max(export.next + NEW_NUMBERS);
        self.counters.exports -= 1;
        self.service_track(key);
    }

    /// Somebody on another worker waits for a keyframe.
    pub(super) fn handle_relayed_keyframe_request(
        &mut self,
        key: TrackKey,
        from: WorkerId,
        layer: LayerIndex,
    ) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        if track.exports.iter().any(|export| export.worker == from) {
            track.keyframes.request(self.now, layer);
            self.service_track(key);
        }
    }

    /// Packets did not reach another worker: each comes again from its layer's ring, and for one that has gone from
    /// there a keyframe.
    pub(super) fn handle_relay_missing(&mut self, key: TrackKey, from: WorkerId, numbers: &[SeqNo]) {
        let now = self.now;
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let Origin::Peer { key: publisher, .. } = track.origin else {
            return;
        };
        let (Some(export), Some(publisher)) = (
            track.exports.iter_mut().find(|export| export.worker == from),
            self.peers.get(publisher),
        ) else {
            return;
        };
        let mut gone = false;
        for number in numbers.iter().take(REMEMBERED) {
            let Some((index, seq)) = export.sent(*number) else {
                continue;
            };
            let layer = track.layers.get(usize::from(index.0));
            let found = layer.and_then(|layer| Some((layer, layer.ring.get(seq)?)));
            let Some((layer, read)) = found else {
                self.counters.drop(DropReason::RetransmissionGone);
                export.forget(*number);
                if track.source.kind() == Kind::Video && export.layers.contains(index) {
                    track.keyframes.request(now, index);
                    gone = true;
                }
                continue;
            };
            let packet = &read.packet;
            let message = RelayMessage::Packet {
                track: track.id,
                place: export.place,
                layer: index,
                number: *number,
                packet: packet.clone(),
                capture: layer.clock.capture_time(&publisher.clock, packet.timestamp, now),
            };
            self.counters.relay_resent += 1;
            self.outboxes.push(&mut self.counters, from, message);
        }
        if gone {
            self.service_track(key);
        }
    }

    /// Another worker has a layer's packets up to this one: newer ones that came before it watched cross as if they came
    /// now. What it has of them already is a duplicate there.
    pub(super) fn handle_since(&mut self, key: TrackKey, from: WorkerId, index: LayerIndex, seq: SeqNo) {
        let now = self.now;
        let Some(track) = self.tracks.get_mut(key).filter(|track| track.open) else {
            return;
        };
        let publisher = track.publisher().and_then(|publisher| self.peers.get(publisher));
        let export = track.exports.iter_mut().find(|export| export.worker == from);
        let layer = track.layers.get(usize::from(index.0));
        let (Some(publisher), Some(export), Some(layer)) = (publisher, export, layer) else {
            return;
        };
        if !export.layers.contains(index) {
            return;
        }
        for seq in layer.ring.since(seq).take(MOST_SINCE) {
            let Some(read) = layer.ring.get(seq) else { continue };
            let packet = &read.packet;
            let message = RelayMessage::Packet {
                track: track.id,
                place: export.place,
                layer: index,
                number: export.number(index, seq),
                packet: packet.clone(),
                capture: layer.clock.capture_time(&publisher.clock, packet.timestamp, now),
            };
            self.counters.relay_out.add(packet.payload.len());
            self.outboxes.push(&mut self.counters, from, message);
        }
    }

    /// Tells workers that watch how the track does, when that has changed or was said long ago.
    pub(crate) fn tell_status(&mut self, key: TrackKey) {
        let now = self.now;
        let Some(track) = self.tracks.get_mut(key).filter(|track| !track.exports.is_empty()) else {
            return;
        };
        let (id, status) = (track.id, track.relay_status());
        for export in &mut track.exports {
            let fresh = export
                .told
                .is_some_and(|(told, at)| told.is_like(&status) && now < at + STATUS_INTERVAL);
            if !fresh {
                export.told = Some((status, now));
                let message = RelayMessage::Status { track: id, status };
                self.outboxes.push(&mut self.counters, export.worker, message);
            }
        }
    }

    /// The track is over for all who watch it elsewhere.
    pub(crate) fn end_exports(&mut self, track: &Track) {
        self.counters.exports -= track.exports.len() as u64;
        for export in &track.exports {
            let message = RelayMessage::Ended { track: track.id };
            self.outboxes.push(&mut self.counters, export.worker, message);
        }
    }
}

impl Track {
    fn relay_status(&self) -> TrackStatus {
        let mut layers = [LayerReport::default(); MAX_LAYERS];
        for ((report, layer), status) in layers.iter_mut().zip(&self.layers).zip(&self.status) {
            *report = LayerReport {
                active: status.active,
                cost: layer.cost(),
            };
        }
        TrackStatus {
            layers,
            codec: self.codec,
            own_codec: self.codec_wish.own(),
        }
    }

    /// Layers that cross to any other worker.
    pub(crate) fn exported(&self) -> LayerSet {
        let mut layers = LayerSet::EMPTY;
        for export in self.exports.iter().filter(|_| !self.muted) {
            export.layers.iter().for_each(|layer| layers.insert(layer));
        }
        layers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_find_what_was_sent_until_it_is_too_old() {
        let mut export = Export::new(WorkerId(1), 65_500);
        assert_eq!(export.sent(SeqNo(65_500)), None);
        for n in 0..2_000u16 {
            let number = export.number(LayerIndex(2), SeqNo(n));
            assert_eq!(number, SeqNo(65_500).advance(n));
        }
        let sent = |n: u16| export.sent(SeqNo(65_500).advance(n));
        assert_eq!(sent(1_999), Some((LayerIndex(2), SeqNo(1_999))));
        assert_eq!(sent(976), Some((LayerIndex(2), SeqNo(976))));
        assert_eq!((sent(975), sent(2_000)), (None, None));
    }
}
