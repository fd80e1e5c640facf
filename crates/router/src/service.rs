//! What a video track's viewers need of its publisher: layers, and keyframes to begin at.

use crate::router::Router;
use crate::state::{PeerEntry, Track, TrackKey};
use crate::timers::Timer;
use forward::{LAYER_SILENCE, LayerSet};
use media::id::MAX_LAYERS;
use media::plane::MediaEvent;
use media::{Kind, LayerIndex};
use peer::Peer;
use std::time::{Duration, Instant};

/// How often a video track is looked at, besides when a layer may have fallen silent: viewers still without a
/// keyframe, tracks that do not come at all.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

impl<P: Peer> Router<P> {
    pub(crate) fn handle_track_timer(&mut self, key: TrackKey, at: Instant) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        if !track.timer.fires(at) {
            return;
        }
        let Track { layers, status, .. } = track;
        for (layer, status) in layers.iter().zip(status) {
            let silence = layer.heard.map(|heard| self.now.saturating_duration_since(heard));
            status.active &= silence.is_some_and(|silence| silence < LAYER_SILENCE);
        }
        track.note_absent(self.now);
        // Also without a change: a track that nobody sends becomes a reason to pause after a while.
        self.retarget_subscribers(key);
        self.service_track(key);
    }

    /// Asks the publisher for what viewers need, tells what they watch, and sets the next time to look.
    pub(crate) fn service_track(&mut self, key: TrackKey) {
        let is_video = |track: &Track| track.source.kind() == Kind::Video;
        if !self.tracks.get(key).is_some_and(is_video) {
            return;
        }
        let watched = self.gather_needs(key);
        self.choose_codec(key);
        self.request_keyframes(key);
        let now = self.now;
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        track.wanted.set_watched(now, watched);
        let before = track.wanted.announced();
        let wanted = track.wanted.poll(now);
        for layer in wanted
            .iter()
            .flat_map(|layers| layers.iter())
            .filter(|layer| !before.contains(*layer))
        {
            if let Some(layer) = track.layers.get_mut(usize::from(layer.0)) {
                layer.asked = Some(now);
            }
        }
        let wanted = wanted.map(|layers| (track.id, layers.iter().collect()));
        let alive = !track.subscribers.is_empty() || track.status.iter().any(|status| status.active);
        let check = alive.then(|| now + CHECK_INTERVAL);
        let deadlines = [
            check,
            track.silence_due(),
            track.keyframes.poll_timeout(),
            track.wanted.poll_timeout(),
        ];
        if let Some(at) = deadlines.into_iter().flatten().min() {
            self.timers.arm(&mut track.timer, at, Timer::Track(key));
        }
        if let Some((track, layers)) = wanted {
            self.emit(MediaEvent::WantedLayers { track, layers });
        }
    }

    /// Notes keyframes that viewers wait for; returns the layers that flow or should.
    fn gather_needs(&mut self, key: TrackKey) -> LayerSet {
        let mut watched = LayerSet::EMPTY;
        let Some(track) = self.tracks.get_mut(key) else {
            return watched;
        };
        let mut needed = LayerSet::EMPTY;
        for subscriber in &track.subscribers {
            let entry = self.peers.get(subscriber.peer);
            let Some(slot) = entry.and_then(|entry| entry.slot(subscriber.slot)) else {
                continue;
            };
            let state = slot.forwarder.state();
            let is_absent = |layer: &LayerIndex| !track.is_to_be_had(usize::from(layer.0), self.now);
            // A layer that does not come stays asked for, with those between it and what is shown instead: telling the
            // publisher to stop it and to send it again, in turns, would restart an encoder each time.
            let ideal = track.ideal_layer(slot.height).filter(is_absent);
            let target = state.target.map(|target| target.layer);
            let absent = ideal.max(target.filter(is_absent));
            let shown = target.filter(|layer| !is_absent(layer));
            let hoped_for = absent.map_or(0..0, |top| shown.map_or(0, |layer| layer.0)..top.0 + 1);
            hoped_for.map(LayerIndex).for_each(|layer| watched.insert(layer));
            let flows = state.layer.map(|layer| layer.layer);
            flows
                .into_iter()
                .chain(target)
                .for_each(|layer| watched.insert(layer));
            slot.forwarder
                .keyframe_layer()
                .into_iter()
                .for_each(|layer| needed.insert(layer));
            if let Some(layer) = slot.forwarder.wants_keyframe() {
                track.keyframes.request(self.now, layer);
            }
        }
        for layer in (0..MAX_LAYERS as u8).map(LayerIndex) {
            // Muted, or its viewers have gone or turned to other layers.
            if !needed.contains(layer) {
                track.keyframes.cancel(layer);
            }
        }
        watched
    }

    /// Tells the publisher which codec to send, when that has changed.
    fn choose_codec(&mut self, key: TrackKey) {
        let (now, peers) = (self.now, &self.peers);
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let Some(own) = track.codec_wish.own() else { return };
        let all_able = track.subscribers.iter().all(|subscriber| {
            let entry = peers.get(subscriber.peer);
            let watches =
                |entry: &PeerEntry<P>| entry.slot(subscriber.slot).is_some_and(|slot| slot.height > 0);
            entry.is_none_or(|entry| !watches(entry) || entry.peer.accepts(subscriber.slot, own))
        });
        if let Some(codec) = track.codec_wish.poll(now, all_able) {
            let track = track.id;
            self.emit(MediaEvent::Codec { track, codec });
        }
    }

    /// Sends the requests that are due.
    fn request_keyframes(&mut self, key: TrackKey) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let Some(entry) = self.peers.get_mut(track.publisher) else {
            return;
        };
        while let Some(layer) = track.keyframes.poll(self.now) {
            let Some(layer) = track.layers.get(usize::from(layer.0)) else {
                continue;
            };
            entry
                .peer
                .request_keyframe(self.now, track.section, layer.section_layer);
            entry.touch(track.publisher, &mut self.dirty);
            self.counters.keyframe_requests_out += 1;
        }
    }
}

impl Track {
    /// When the first of the active layers counts as silent if nothing more comes of it.
    fn silence_due(&self) -> Option<Instant> {
        let layers = self.layers.iter().zip(&self.status);
        let heard = layers.filter_map(|(layer, status)| layer.heard.filter(|_| status.active));
        heard.min().map(|heard| heard + LAYER_SILENCE)
    }
}
