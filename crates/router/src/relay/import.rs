//! The viewers' side: a track whose publisher is on another worker.

use super::message::{Place, RelayMessage, TrackStatus};
use crate::counters::DropReason;
use crate::router::Router;
use crate::state::{Origin, RoomKey, Track, TrackKey};
use crate::timers::Timer;
use crate::tracks::layers_of;
use forward::{CaptureTime, LayerSet, WantedLayers};
use media::id::MAX_LAYERS;
use media::{Kind, LayerIndex, LayerInfo, Packet, RoomId, SeqNo, Source, TrackId, WorkerId};
use peer::{Missing, Peer};
use std::time::{Duration, Instant};

/// How long a layer goes on crossing after its last viewer here has left. Longer: packets cross for nobody; shorter:
/// whoever pages back and forth makes two workers talk. (The publisher is told [`forward::LINGER`] later.)
const RELAY_LINGER: Duration = Duration::from_secs(1);
/// What is watched is said again after so long, in case it was lost.
const REPEAT: Duration = Duration::from_secs(1);
/// A question and its answer between two workers, when neither is behind. What is missing is asked for again after
/// this, and a little more.
const ROUND_TRIP: Duration = Duration::from_millis(20);
/// A microphone whose gate was closed for so long begins anew. Less than the numbers of its packets take to go round
/// (65,536 of 10 ms: 11 minutes), more than anybody waits for a packet.
const LONG_SILENCE: Duration = Duration::from_secs(10);

/// A worker tells once a second how a track does that is watched elsewhere. One that has not for so long has ended, or is
/// stuck. Longer: pictures stand still without a reason for longer; shorter: one late batch makes them pause.
const LOST_AFTER: Duration = Duration::from_secs(3);

/// So far behind the newest packet is looked for what is missing when a track's worker becomes another.
const REPAIRED: u16 = 64;

/// What stands in for a publisher's peer.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) worker: WorkerId,
    missing: Missing,
    /// What the worker was last told, and when; `None` while nobody watches.
    told: Option<(LayerSet, bool, Instant)>,
    /// When the worker last told something of the track, or was first asked to.
    heard: Option<Instant>,
    /// Layers whose rings are up to date although nothing of them crosses yet: their packets came another way.
    pub(crate) fresh: LayerSet,
    /// Of those, so many packets before the newest may be missing.
    gaps: u16,
}

impl Import {
    pub(crate) fn new(worker: WorkerId) -> Self {
        Self {
            worker,
            // Between workers nothing overtakes anything.
            missing: Missing::new(Duration::ZERO),
            told: None,
            heard: None,
            fresh: LayerSet::EMPTY,
            gaps: 0,
        }
    }

    /// Goes on from another worker: what was told and asked has to be said anew, to that one. What crosses is up to date
    /// but for what was asked for and has not come.
    fn turn_to(&mut self, worker: WorkerId) {
        let fresh = self.told.map_or(self.fresh, |(layers, ..)| layers);
        let gaps = if self.missing.poll_timeout().is_some() {
            REPAIRED
        } else {
            0
        };
        *self = Self {
            fresh,
            gaps,
            ..Self::new(worker)
        };
    }

    /// Begins anew, as after an [`RelayMessage::Unwatch`].
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.worker);
    }

    /// Whether the worker was told that somebody watches.
    pub(crate) fn is_watched(&self) -> bool {
        self.told.is_some()
    }

    /// When to ask or tell next.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let repeat = self.told.map(|(.., at)| at + REPEAT);
        let missing = self.missing.poll_timeout().filter(|_| self.is_watched());
        [repeat, missing].into_iter().flatten().min()
    }
}

/// The wanted layers of an imported track: none until somebody watches.
pub(crate) fn unwatched(now: Instant) -> WantedLayers {
    WantedLayers::of_unsent(now, RELAY_LINGER)
}

/// What the control plane says of a track on another worker.
#[derive(Debug)]
pub(crate) struct Imported {
    pub(crate) track: TrackId,
    pub(crate) room: RoomId,
    pub(crate) worker: WorkerId,
    pub(crate) source: Source,
    pub(crate) layers: Vec<LayerInfo>,
    pub(crate) muted: bool,
}

impl<P: Peer> Router<P> {
    /// A track of another worker can be assigned here from now on, or has other layers.
    pub(crate) fn import(&mut self, imported: Imported) {
        let Imported {
            track: id,
            source,
            worker,
            muted,
            ..
        } = imported;
        let Some(room) = self.by_room.get(&imported.room).copied() else {
            return self.refuse(DropReason::CommandInvalid);
        };
        let rids: Vec<String> = imported.layers.iter().map(|layer| layer.rid.clone()).collect();
        let layers = layers_of(source.kind(), imported.layers, &rids);
        if id.0 == 0 || layers.is_empty() || layers.len() > MAX_LAYERS {
            return self.refuse(DropReason::CommandInvalid);
        }
        if let Some(known) = self.by_track.get(&id).copied() {
            match self.tracks.get_mut(known) {
                Some(track) if track.room == room && track.is_imported() => {
                    let same = track.has_layers(&layers);
                    let turned = track.turn_to(worker);
                    // A room's imports are told again whenever this worker may have forgotten them.
                    if !same {
                        self.update_track(known, Some(known), &layers);
                    } else if turned {
                        self.service_track(known);
                    }
                    return self.mute(id, muted);
                }
                Some(track) if track.is_imported() => self.remove_track(known),
                _ => return self.refuse(DropReason::CommandInvalid),
            }
        }
        self.add_track(room, Origin::Relay(Import::new(worker)), id, source, layers);
        if muted {
            self.mute(id, true);
        }
    }

    /// A packet came over. One that nobody watches is answered with that: the worker has not heard it.
    pub(super) fn handle_relayed_packet(
        &mut self,
        (from, id, found): (WorkerId, TrackId, Option<TrackKey>),
        (layer, number): (LayerIndex, SeqNo),
        packet: Packet,
        capture: CaptureTime,
    ) {
        let now = self.now;
        let mut found = found.and_then(|key| Some((key, self.tracks.get_mut(key)?)));
        let watched = found.as_mut().and_then(|(key, track)| match &mut track.origin {
            Origin::Relay(import) if import.is_watched() => Some((*key, import)),
            _ => None,
        });
        let Some((key, import)) = watched else {
            self.outboxes
                .push(&mut self.counters, from, RelayMessage::Unwatch { track: id });
            return self.refuse(DropReason::RelayUnknown);
        };
        import.missing.handle_packet(now, number);
        import.heard = Some(now);
        if let Some((_, track)) = found {
            track.begin_sound(now);
        }
        self.counters.relay_in.add(packet.payload.len());
        self.take_in(key, layer, packet, capture);
        self.ask_for_missing(key);
    }

    /// Asks for what did not come over, as far as it is time to.
    pub(crate) fn ask_for_missing(&mut self, key: TrackKey) {
        let now = self.now;
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let (id, Origin::Relay(import)) = (track.id, &mut track.origin) else {
            return;
        };
        let numbers = import.missing.poll_due(now, ROUND_TRIP);
        if numbers.is_empty() {
            return;
        }
        self.counters.relay_missing += numbers.len() as u64;
        let message = RelayMessage::Missing { track: id, numbers };
        self.outboxes.push(&mut self.counters, import.worker, message);
        if let Some(at) = import.poll_timeout() {
            self.timers.arm(&mut track.timer, at, Timer::Track(key));
        }
    }

    /// The worker of the publisher says how the track does.
    pub(super) fn handle_status(&mut self, key: TrackKey, told: &TrackStatus) {
        let now = self.now;
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        match &mut track.origin {
            Origin::Relay(import) if import.is_watched() => import.heard = Some(now),
            _ => return,
        }
        let mut changed = false;
        let layers = track.layers.iter_mut().zip(&mut track.status);
        for ((layer, status), told) in layers.zip(&told.layers) {
            let was = std::mem::replace(&mut status.active, told.active);
            changed |= was != told.active;
            // What was on its way when the layer stopped does not make it go on.
            layer.claim.leave_out(now, was && !told.active);
            layer.reported = Some(told.cost);
            if told.active {
                (layer.heard, layer.absent) = (Some(now), false);
            }
        }
        if let Some(codec) = told.codec {
            changed |= track.codec.replace(codec) != Some(codec);
        }
        if let Some(own) = told.own_codec {
            changed |= track.codec_wish.own() != Some(own);
            track.codec_wish.note(own);
        }
        if changed && self.retarget_subscribers(key) {
            self.service_track(key);
        }
    }

    /// Tells the worker of the publisher what is watched here, when that has changed or was said long ago.
    pub(crate) fn tell_watched(&mut self, key: TrackKey, decodes: bool) {
        let now = self.now;
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let (id, layers) = (track.id, track.wanted.announced());
        let watched = !track.subscribers.is_empty() || layers != LayerSet::EMPTY;
        let Origin::Relay(import) = &mut track.origin else {
            return;
        };
        let worker = import.worker;
        let message = if watched {
            let fresh = import
                .told
                .is_some_and(|(told, could, at)| (told, could) == (layers, decodes) && now < at + REPEAT);
            if fresh {
                return;
            }
            import.heard.get_or_insert(now);
            let before = import.told.replace((layers, decodes, now));
            let before = before.map_or(LayerSet::EMPTY, |(told, ..)| told);
            let (fresh, gaps) = (
                std::mem::take(&mut import.fresh),
                std::mem::take(&mut import.gaps),
            );
            let goes_on = |layer| fresh.contains(layer) && layers.contains(layer);
            track.forget_packets(|layer| before.contains(layer) != layers.contains(layer) && !goes_on(layer));
            let watch = RelayMessage::Watch {
                track: id,
                layers,
                decodes,
                place: Place(Some(key)),
            };
            self.outboxes.push(&mut self.counters, worker, watch);
            for layer in fresh.iter().filter(|layer| layers.contains(*layer)) {
                let ring = track.layers.get(usize::from(layer.0)).map(|layer| &layer.ring);
                if let Some(newest) = ring.and_then(forward::PacketRing::newest) {
                    let seq = SeqNo(newest.0.wrapping_sub(gaps));
                    let since = RelayMessage::Since {
                        track: id,
                        layer,
                        seq,
                    };
                    self.outboxes.push(&mut self.counters, worker, since);
                }
            }
            return;
        } else if import.fresh != LayerSet::EMPTY {
            // Nobody watches it here any more.
            import.reset();
            return track.forget_packets(|_| true);
        } else if import.is_watched() {
            import.reset();
            track.forget_packets(|_| true);
            // What was said of them is not true for long.
            track.status.iter_mut().for_each(|status| status.active = false);
            RelayMessage::Unwatch { track: id }
        } else {
            return;
        };
        self.outboxes.push(&mut self.counters, worker, message);
    }

    /// A track of another worker has become one of the room's.
    pub(crate) fn begin_import(&mut self, room: RoomKey) {
        self.counters.imports += 1;
        if let Some(room) = self.rooms.get_mut(room) {
            room.imports += 1;
        }
    }

    /// The track is over here. Its own worker hears of that from the control plane, or with its next packet.
    pub(crate) fn end_import(&mut self, track: &Track) {
        if !track.is_imported() {
            return;
        }
        self.counters.imports -= 1;
        if let Some(room) = self.rooms.get_mut(track.room) {
            room.imports -= 1;
        }
    }
}

impl Track {
    /// Its publisher is on this other worker now; whether that is news.
    fn turn_to(&mut self, worker: WorkerId) -> bool {
        match &mut self.origin {
            Origin::Relay(import) if import.worker != worker => {
                import.turn_to(worker);
                true
            }
            _ => false,
        }
    }

    /// Notes that the worker of the publisher tells nothing any more; returns the layers that have stopped with that.
    pub(crate) fn note_lost_worker(&mut self, now: Instant) -> LayerSet {
        let mut fallen = LayerSet::EMPTY;
        let Origin::Relay(import) = &self.origin else {
            return fallen;
        };
        let heard = import.heard.filter(|_| import.is_watched());
        if heard.is_none_or(|heard| now.saturating_duration_since(heard) < LOST_AFTER) {
            return fallen;
        }
        for (index, status) in (0u8..).zip(&mut self.status) {
            if std::mem::take(&mut status.active) {
                fallen.insert(LayerIndex(index));
            }
        }
        fallen
    }

    /// Layers that begin or stop crossing begin anew. In the meantime their numbers go on, and may go round: then the
    /// ring would take new packets for old ones.
    fn forget_packets(&mut self, which: impl Fn(LayerIndex) -> bool) {
        for (index, layer) in self.layers.iter_mut().enumerate() {
            // At most MAX_LAYERS.
            if which(LayerIndex(index as u8)) {
                layer.ring.clear();
            }
        }
    }

    /// The same for sound, which stops and begins with the gate.
    fn begin_sound(&mut self, now: Instant) {
        let is_old = |heard: Instant| now.saturating_duration_since(heard) > LONG_SILENCE;
        if self.source.kind() == Kind::Audio
            && self.layers.iter().all(|layer| layer.heard.is_some_and(is_old))
        {
            self.forget_packets(|_| true);
        }
    }

    /// The layers of an audio track that cross: all there is, while anybody has it.
    pub(crate) fn watched_sound(&self) -> LayerSet {
        match self.source.kind() {
            Kind::Audio if !self.subscribers.is_empty() && !self.shed => LayerSet::all(1),
            _ => LayerSet::EMPTY,
        }
    }
}
