//! What a video track's viewers need of its publisher: layers, and keyframes to begin at.

use crate::relay::RelayMessage;
use crate::router::Router;
use crate::state::{Origin, PeerEntry, Track, TrackKey};
use crate::timers::Timer;
use forward::{LAYER_SILENCE, LayerSet};
use media::id::MAX_LAYERS;
use media::plane::MediaEvent;
use media::{Kind, LayerIndex, Source};
use peer::Peer;
use std::time::{Duration, Instant};

/// A camera's layer of which nothing has come for this long while others of its layers went on has stopped: browsers
/// take all of them from the same pictures. Shorter: an encoder that leaves out some pictures costs its viewers a switch
/// (0.5 s are rare in recordings of Chromium, crates/sim/traces); longer: they look at a still picture for longer.
const LAYER_STALL: Duration = Duration::from_millis(500);
/// Between two looks at a layer that may have stopped.
const STALL_CHECK: Duration = Duration::from_millis(100);

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
        self.serving = track.publisher();
        let owed = track.retargets.take_owed(self.now);
        if track.source.kind() == Kind::Audio && !track.is_imported() {
            // Nothing else of it needs a timer.
            if owed {
                self.retarget_now(key);
            } else if let Some(at) = track.retargets.due(self.now) {
                self.timers.arm(&mut track.timer, at, Timer::Track(key));
            }
            return;
        }
        let silent = if track.is_imported() {
            track.note_lost_worker(self.now)
        } else {
            track.note_silence(self.now)
        };
        let looked_at = track.looked_at.is_some_and(|at| self.now < at + CHECK_INTERVAL);
        let now = self.now;
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let asks = due(track.keyframes.poll_timeout()) || due(track.wanted.poll_timeout());
        if silent == LayerSet::EMPTY && looked_at && !asks && !owed && !track.is_imported() {
            // It was about a layer that might have stopped, and has not.
            return self.arm_track(key);
        }
        track.looked_at = Some(self.now);
        let absent = track.note_absent(self.now);
        self.give_up_repairs(key, silent);
        // What changes with time alone is looked at once a second for each viewer, and not for each of its tracks.
        if owed {
            self.retarget_now(key);
        } else if absent || silent != LayerSet::EMPTY {
            self.retarget_subscribers(key);
        }
        self.ask_for_missing(key);
        self.service_track(key);
    }

    /// Asks the publisher for what viewers need, tells what they watch, and sets the next time to look.
    pub(crate) fn service_track(&mut self, key: TrackKey) {
        let is_served = |track: &Track| track.source.kind() == Kind::Video || track.is_imported();
        if !self.tracks.get(key).is_some_and(is_served) {
            return;
        }
        let watched = self.gather_needs(key);
        let decodes = self.choose_codec(key);
        let now = self.now;
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        track
            .wanted
            .set_watched(now, track.with_substitutes(now, watched));
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
        let id = track.id;
        if track.is_imported() {
            self.tell_watched(key, decodes);
        } else if let Some(layers) = wanted {
            let layers = layers.iter().collect();
            self.emit(MediaEvent::WantedLayers { track: id, layers });
        }
        self.tell_status(key);
        // After the layers: another worker asks for keyframes only of what is watched.
        self.request_keyframes(key);
        self.arm_track(key);
    }

    /// Sets the next time to look at the track.
    pub(crate) fn arm_track(&mut self, key: TrackKey) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let (silence, relay, comes) = match &track.origin {
            Origin::Peer { .. } => {
                let comes = track.status.iter().any(|status| status.active);
                (track.silence_due(self.now), None, comes)
            }
            Origin::Relay(import) => (None, import.poll_timeout(), false),
        };
        let alive = comes || !track.subscribers.is_empty() || !track.exports.is_empty();
        let deadlines = [
            alive.then(|| self.now + CHECK_INTERVAL),
            track.retargets.due(self.now),
            silence,
            relay,
            track.keyframes.poll_timeout(),
            track.wanted.poll_timeout(),
        ];
        if let Some(at) = deadlines.into_iter().flatten().min() {
            self.timers.arm(&mut track.timer, at, Timer::Track(key));
        }
    }

    /// Notes keyframes that viewers wait for; returns the layers that flow or should.
    fn gather_needs(&mut self, key: TrackKey) -> LayerSet {
        let Some(track) = self.tracks.get_mut(key) else {
            return LayerSet::EMPTY;
        };
        if track.source.kind() == Kind::Audio {
            return track.watched_sound();
        }
        let mut watched = track.exported();
        let mut needed = watched;
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

    /// Tells the publisher which codec to send, when that has changed. Returns whether everybody who watches decodes the
    /// publisher's own.
    fn choose_codec(&mut self, key: TrackKey) -> bool {
        let (now, peers) = (self.now, &self.peers);
        let Some(track) = self.tracks.get_mut(key) else {
            return true;
        };
        let Some(own) = track.codec_wish.own().filter(|own| own.kind() == Kind::Video) else {
            return true;
        };
        let all_here = track.subscribers.iter().all(|subscriber| {
            let entry = peers.get(subscriber.peer);
            let watches =
                |entry: &PeerEntry<P>| entry.slot(subscriber.slot).is_some_and(|slot| slot.height > 0);
            entry.is_none_or(|entry| !watches(entry) || entry.peer.accepts(subscriber.slot, own))
        });
        let all_able = all_here && track.exports.iter().all(|export| export.decodes);
        if !track.is_imported()
            && let Some(codec) = track.codec_wish.poll(now, all_able)
        {
            let track = track.id;
            self.emit(MediaEvent::Codec { track, codec });
        }
        all_able
    }

    /// These layers have stopped: nothing that is missing of them is asked for any more. Their viewers go on with another
    /// layer, whose keyframe would wait behind the repairs where the publisher's uplink is thin.
    pub(crate) fn give_up_repairs(&mut self, key: TrackKey, stopped: LayerSet) {
        let Some(track) = self.tracks.get(key).filter(|_| stopped != LayerSet::EMPTY) else {
            return;
        };
        let Origin::Peer {
            key: publisher,
            section,
        } = track.origin
        else {
            return;
        };
        let Some(entry) = self.peers.get_mut(publisher) else {
            return;
        };
        let before = self.serving.replace(publisher);
        let layers = stopped
            .iter()
            .filter_map(|layer| track.layers.get(usize::from(layer.0)));
        for layer in layers {
            entry.peer.give_up_repairs(section, layer.section_layer);
        }
        entry.touch(publisher, &mut self.dirty);
        self.serving = before;
    }

    /// Sends the requests that are due.
    fn request_keyframes(&mut self, key: TrackKey) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        while let Some(index) = track.keyframes.poll(self.now) {
            let Some(layer) = track.layers.get(usize::from(index.0)) else {
                continue;
            };
            match &track.origin {
                Origin::Peer { key, section } => {
                    let Some(entry) = self.peers.get_mut(*key) else {
                        return;
                    };
                    let before = self.serving.replace(*key);
                    entry
                        .peer
                        .request_keyframe(self.now, *section, layer.section_layer);
                    entry.touch(*key, &mut self.dirty);
                    self.serving = before;
                    self.counters.keyframe_requests_out += 1;
                }
                Origin::Relay(import) => {
                    let message = RelayMessage::Keyframe {
                        track: track.id,
                        layer: index,
                    };
                    self.outboxes.push(&mut self.counters, import.worker, message);
                }
            }
        }
    }
}

impl Track {
    /// Notes which layers have fallen silent; returns those that have now.
    fn note_silence(&mut self, now: Instant) -> LayerSet {
        let newest = self.newest_of_camera();
        let mut fallen = LayerSet::EMPTY;
        for (index, (layer, status)) in (0u8..).zip(self.layers.iter().zip(&mut self.status)) {
            let silent = layer.heard.is_none_or(|heard| {
                let stalled =
                    newest.is_some_and(|newest| newest.saturating_duration_since(heard) >= LAYER_STALL);
                stalled || now.saturating_duration_since(heard) >= LAYER_SILENCE
            });
            if silent && std::mem::take(&mut status.active) {
                fallen.insert(LayerIndex(index));
            }
        }
        fallen
    }

    /// When something last came of a camera with several layers: what all of them are measured against.
    fn newest_of_camera(&self) -> Option<Instant> {
        let several = self.source == Source::Camera && self.layers.len() > 1;
        let heard = self.layers.iter().filter_map(|layer| layer.heard);
        heard.max().filter(|_| several)
    }

    /// When the first of the active layers may count as silent if nothing more comes of it.
    fn silence_due(&self, now: Instant) -> Option<Instant> {
        let layers = self.layers.iter().zip(&self.status);
        let heard = layers.filter_map(|(layer, status)| layer.heard.filter(|_| status.active));
        let first = heard.min()?;
        let silent = first + LAYER_SILENCE;
        // While others go on; when they do is not known before.
        let stalled = self
            .newest_of_camera()
            .map(|_| (first + LAYER_STALL).max(now + STALL_CHECK));
        Some(stalled.map_or(silent, |stalled| stalled.min(silent)))
    }
}
