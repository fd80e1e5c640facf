//! A track comes to the worker that its publisher has moved to.

use super::Carried;
use crate::router::Router;
use crate::state::{Origin, PeerKey, Track, TrackKey};
use media::{LayerIndex, MLineIndex, SeqNo};
use peer::Peer;
use std::time::Instant;

/// So far behind the newest packet of a track that was imported before is looked for what had not come over.
const REPAIRED: u16 = 64;

impl<P: Peer> Router<P> {
    /// A track comes with its publisher. Where it was imported, who watches goes on with it.
    pub(super) fn take_over(
        &mut self,
        key: PeerKey,
        section: MLineIndex,
        carried: Carried,
    ) -> Option<TrackKey> {
        let room = self.peers.get(key)?.room;
        let origin = Origin::Peer { key, section };
        let missing = match self.by_track.get(&carried.id).copied() {
            Some(known) => {
                let track = self.tracks.get_mut(known)?;
                if !track.is_imported() || track.room != room {
                    return None;
                }
                let missing = missing_here(track, &carried);
                track.origin = origin;
                self.counters.imports -= 1;
                if let Some(room) = self.rooms.get_mut(room) {
                    room.imports -= 1;
                }
                // Before anybody is called: it goes with the peer from here on.
                if let Some(section) = self.peers.get_mut(key)?.section_mut(section) {
                    section.track = Some(known);
                }
                missing
            }
            None => {
                self.add_track(room, origin, carried.id, carried.source, carried.infos());
                Vec::new()
            }
        };
        let known = self.by_track.get(&carried.id).copied()?;
        let same = carried.has_layers_of(self.tracks.get(known)?);
        let now = self.now;
        self.tracks.get_mut(known)?.go_on_from(now, carried);
        if same {
            self.forward_missing(known, key, &missing);
        } else {
            self.restart_subscribers(known);
        }
        Some(known)
    }

    /// What the publisher's former worker had, and had not come over: to those who watch here.
    fn forward_missing(&mut self, key: TrackKey, publisher: PeerKey, missing: &[(LayerIndex, SeqNo)]) {
        for (index, seq) in missing {
            let Some(track) = self.tracks.get(key).filter(|track| track.open) else {
                return;
            };
            let layer = track.layers.get(usize::from(index.0));
            let (Some(layer), Some(entry)) = (layer, self.peers.get(publisher)) else {
                continue;
            };
            if let Some(read) = layer.ring.get(*seq) {
                let clock = &layer.clock;
                let capture = clock.capture_time(&entry.clock, read.packet.timestamp, self.now);
                self.forward(key, *index, *seq, capture);
            }
        }
        self.forward_waiting();
    }
}

/// What the former worker has of layers that crossed to here, and this one has not.
fn missing_here(track: &Track, carried: &Carried) -> Vec<(LayerIndex, SeqNo)> {
    let mut missing = Vec::new();
    if !carried.has_layers_of(track) {
        return missing;
    }
    for (index, (here, there)) in (0..).zip(track.layers.iter().zip(&carried.layers)) {
        let Some(newest) = here.ring.newest() else {
            continue;
        };
        let from = SeqNo(newest.0.wrapping_sub(REPAIRED));
        let lacks = there.ring.since(from).filter(|seq| here.ring.get(*seq).is_none());
        missing.extend(lacks.map(|seq| (LayerIndex(index), seq)));
    }
    missing
}

impl Track {
    /// It is published here now, and everything about it goes on as it was where its publisher comes from.
    fn go_on_from(&mut self, now: Instant, carried: Carried) {
        let Carried {
            codec,
            codec_wish,
            layers,
            status,
            mut keyframes,
            wanted,
            next_number,
            ..
        } = carried;
        for index in (0..layers.len() as u8).map(LayerIndex) {
            if self.keyframes.is_pending(index) && !keyframes.is_pending(index) {
                keyframes.request(now, index);
            }
        }
        (self.codec, self.codec_wish, self.keyframes) = (codec, codec_wish, keyframes);
        (self.layers, self.status) = (layers, status);
        self.layers.iter_mut().for_each(|layer| layer.reported = None);
        self.next_number = self.next_number.max(next_number);
        if let Some(wanted) = wanted {
            self.wanted = wanted;
        }
        self.number_layers();
    }
}
