//! Tracks begin, change and end.

use crate::codec_wish::CodecWish;
use crate::counters::DropReason;
use crate::pace::Pace;
use crate::relay::unwatched;
use crate::router::Router;
use crate::state::{Layer, LayerStatus, Origin, PeerKey, RoomKey, Track, TrackKey};
use crate::timers::Armed;
use forward::{KeyframeRequests, WantedLayers};
use media::id::MAX_LAYERS;
use media::plane::MediaEvent;
use media::{Codec, Kind, LayerIndex, LayerInfo, MLineIndex, ParticipantId, Source, TrackId};
use peer::Peer;
use std::time::Instant;

impl<P: Peer> Router<P> {
    /// A section carries this track from now on.
    pub(crate) fn publish(
        &mut self,
        participant: ParticipantId,
        mline: MLineIndex,
        id: TrackId,
        source: Source,
        layers: Vec<LayerInfo>,
    ) {
        let Some(publisher) = self.by_participant.get(&participant).copied() else {
            return self.refuse(DropReason::CommandInvalid);
        };
        self.serving = Some(publisher);
        let Some(section) = self.peers.get(publisher).and_then(|entry| entry.section(mline)) else {
            return self.refuse(DropReason::CommandInvalid);
        };
        let (rids, former) = (section.rids.clone(), section.track);
        let layers = layers_of(source.kind(), layers, &rids);
        // CSRC 0 would say nothing (see `TrackId`).
        if section.kind != source.kind() || id.0 == 0 || layers.is_empty() || layers.len() > MAX_LAYERS {
            return self.refuse(DropReason::CommandInvalid);
        }
        if let Some(known) = self.by_track.get(&id).copied() {
            return self.update_track(known, former, &layers);
        }
        if let Some(former) = former {
            self.remove_track(former);
        }
        let Some(room) = self.peers.get(publisher).map(|entry| entry.room) else {
            return;
        };
        let origin = Origin::Peer {
            key: publisher,
            section: mline,
        };
        self.add_track(room, origin, id, source, layers);
    }

    /// A track begins, wherever its packets come from.
    pub(crate) fn add_track(
        &mut self,
        room: RoomKey,
        origin: Origin,
        id: TrackId,
        source: Source,
        layers: Vec<(LayerInfo, LayerIndex)>,
    ) {
        // Other workers' tracks must not keep this one's peers from publishing.
        let imports = self.counters.imports as usize;
        let like_it = match origin {
            Origin::Peer { .. } => self.tracks.len() - imports,
            Origin::Relay(_) => imports,
        };
        if like_it >= self.config.max_tracks {
            return self.refuse(DropReason::LimitReached);
        }
        let now = self.now;
        let (codec, ring) = match source.kind() {
            Kind::Audio => (Codec::Opus, self.config.audio_ring_packets),
            Kind::Video => (Codec::Vp8, self.config.video_ring_packets),
        };
        let section = match origin {
            Origin::Peer { key, section } => Some((key, section)),
            Origin::Relay(_) => None,
        };
        let mut track = Track {
            id,
            room,
            origin,
            source,
            muted: false,
            shed: false,
            codec: None,
            codec_wish: CodecWish::default(),
            status: Vec::new(),
            by_section_layer: [None; MAX_LAYERS],
            subscribers: Vec::new(),
            exports: Vec::new(),
            next_number: 0,
            microphone: None,
            open: true,
            listeners_checked: None,
            keyframes: KeyframeRequests::new(),
            wanted: WantedLayers::new(now, layers.len()),
            timer: Armed::default(),
            retargets: Pace::default(),
            looked_at: None,
            claimed: None,
            layers: Vec::new(),
        };
        for (info, section_layer) in layers {
            track.status.push(LayerStatus {
                height: info.height,
                active: false,
            });
            track
                .layers
                .push(Layer::new(now, &info, section_layer, codec, ring));
        }
        track.number_layers();
        track.begin_wanted(now);
        let Ok(key) = self.tracks.insert(track) else {
            return self.refuse(DropReason::LimitReached);
        };
        match section {
            Some((publisher, section)) => {
                let entry = self.peers.get_mut(publisher);
                if let Some(section) = entry.and_then(|entry| entry.section_mut(section)) {
                    section.track = Some(key);
                }
            }
            None => self.begin_import(room),
        }
        self.by_track.insert(id, key);
        self.add_microphone(key);
        self.service_track(key);
        self.update_gauges();
    }

    /// The same track again: heights and bitrates may be new, and layers may have been added or dropped.
    pub(crate) fn update_track(
        &mut self,
        known: TrackKey,
        of_section: Option<TrackKey>,
        layers: &[(LayerInfo, LayerIndex)],
    ) {
        if of_section != Some(known) {
            return self.refuse(DropReason::CommandInvalid);
        }
        let (now, ring) = (self.now, self.config.video_ring_packets);
        let Some(track) = self.tracks.get_mut(known) else {
            return;
        };
        if track.source.kind() == Kind::Audio {
            return;
        }
        let same = track
            .layers
            .iter()
            .map(|layer| layer.rid.as_str())
            .eq(layers.iter().map(|(info, _)| info.rid.as_str()));
        if !same {
            // Positions mean other layers now: whoever watches starts anew at a keyframe.
            track.layers = layers
                .iter()
                .map(|(info, section_layer)| Layer::new(now, info, *section_layer, Codec::Vp8, ring))
                .collect();
            track.status = vec![
                LayerStatus {
                    height: 0,
                    active: false
                };
                layers.len()
            ];
            track.begin_wanted(now);
            track.keyframes = KeyframeRequests::new();
            track.number_layers();
        }
        for (status, (info, _)) in track.status.iter_mut().zip(layers) {
            status.height = info.height;
        }
        for (layer, (info, _)) in track.layers.iter_mut().zip(layers) {
            layer.announced = info.max_bitrate;
        }
        let (id, imported) = (track.id, track.is_imported());
        if !same {
            self.restart_subscribers(known);
        }
        if !same && !imported {
            // What the publisher was told of its former layers may have stopped all of these.
            self.emit(MediaEvent::WantedLayers {
                track: id,
                layers: (0..layers.len() as u8).map(LayerIndex).collect(),
            });
        }
        self.retarget_subscribers(known);
        self.service_track(known);
    }

    /// The control plane ends a track. One that went with its peer is not there any more.
    pub(crate) fn unpublish(&mut self, id: TrackId) {
        if let Some(key) = self.by_track.get(&id).copied() {
            self.remove_track(key);
        }
    }

    /// Ends a track: its slots fall silent.
    pub(crate) fn remove_track(&mut self, key: TrackKey) {
        self.remove_microphone(key);
        let Some(track) = self.tracks.get(key) else { return };
        for subscriber in track.subscribers.clone() {
            let is_talker = self
                .peers
                .get(subscriber.peer)
                .is_some_and(|e| e.talker_slots.contains(&subscriber.slot));
            if is_talker {
                self.release_talker_slot(subscriber.peer, subscriber.slot);
            } else {
                self.clear_slot(subscriber.peer, subscriber.slot);
            }
        }
        let Some(track) = self.tracks.remove(key) else {
            return;
        };
        self.by_track.remove(&track.id);
        self.counters.shed -= u64::from(track.shed);
        self.end_exports(&track);
        self.end_import(&track);
        if let Origin::Peer { key, section } = track.origin
            && let Some(section) = self
                .peers
                .get_mut(key)
                .and_then(|entry| entry.section_mut(section))
        {
            section.track = None;
        }
        self.update_gauges();
    }

    /// The publisher muted or unmuted. Nothing of a muted track is passed on, whatever its client sends.
    pub(crate) fn mute(&mut self, id: TrackId, muted: bool) {
        let Some(key) = self.by_track.get(&id).copied() else {
            return self.refuse(DropReason::CommandInvalid);
        };
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        if track.muted == muted {
            return;
        }
        self.serving = track.publisher();
        track.muted = muted;
        self.mute_microphone(key, muted);
        self.retarget_subscribers(key);
        self.service_track(key);
    }
}

impl Track {
    /// Whether another worker has its publisher.
    pub(crate) fn is_imported(&self) -> bool {
        matches!(self.origin, Origin::Relay(_))
    }

    /// The publisher's peer, when it is here.
    pub(crate) fn publisher(&self) -> Option<PeerKey> {
        match self.origin {
            Origin::Peer { key, .. } => Some(key),
            Origin::Relay(_) => None,
        }
    }

    /// Whether its layers are these, with the same heights and bitrates.
    pub(crate) fn has_layers(&self, layers: &[(LayerInfo, LayerIndex)]) -> bool {
        let known = self.layers.iter().zip(&self.status);
        let known = known.map(|(layer, status)| (layer.rid.as_str(), status.height, layer.announced));
        known.eq(layers
            .iter()
            .map(|(info, _)| (info.rid.as_str(), info.height, info.max_bitrate)))
    }

    /// What is wanted of the layers as they are now: a publisher sends all until it is told otherwise, another worker
    /// nothing.
    fn begin_wanted(&mut self, now: Instant) {
        self.wanted = match self.origin {
            Origin::Peer { .. } => WantedLayers::new(now, self.layers.len()),
            Origin::Relay(_) => unwatched(now),
        };
    }

    /// Fills the map from the peer's numbering of layers to ours.
    pub(crate) fn number_layers(&mut self) {
        self.by_section_layer = [None; MAX_LAYERS];
        for (index, layer) in self.layers.iter().enumerate() {
            if let Some(place) = self.by_section_layer.get_mut(usize::from(layer.section_layer.0)) {
                *place = Some(LayerIndex(index as u8));
            }
        }
    }

    /// Our index of a layer as the peer numbers it.
    pub(crate) fn layer_of(&self, section_layer: LayerIndex) -> Option<LayerIndex> {
        *self.by_section_layer.get(usize::from(section_layer.0))?
    }
}

/// A track's layers with the peer's number of each; empty when one is not among the section's.
pub(crate) fn layers_of(kind: Kind, layers: Vec<LayerInfo>, rids: &[String]) -> Vec<(LayerInfo, LayerIndex)> {
    if kind == Kind::Audio || rids.is_empty() {
        let only = layers.into_iter().next();
        let unknown = || LayerInfo {
            rid: String::new(),
            height: 0,
            max_bitrate: media::Bitrate(0),
        };
        return vec![(only.unwrap_or_else(unknown), LayerIndex(0))];
    }
    let number = |info: &LayerInfo| {
        rids.iter()
            .position(|rid| *rid == info.rid)
            .map(|index| LayerIndex(index as u8))
    };
    let numbered: Option<Vec<_>> = layers
        .into_iter()
        .map(|info| number(&info).map(|number| (info, number)))
        .collect();
    numbered.unwrap_or_default()
}
