//! Which track flows through which slot, and in which layer.

use crate::counters::DropReason;
use crate::router::Router;
use crate::state::{Layer, PeerEntry, PeerKey, Slot, SlotRef, Track, TrackKey};
use crate::table::Table;
use forward::{Allocation, Budget, Demand, ForwardedTrack, LayerTarget, Step, allocate, select_step};
use media::plane::{MediaEvent, PauseReason, SlotAssignment, SlotState};
use media::{Bitrate, Codec, Kind, LayerIndex, MLineIndex, ParticipantId};
use peer::Peer;
use std::time::{Duration, Instant};

/// How long a slot waits for the first packet of any layer before it is called paused: as long as a publisher
/// takes to be told and to start its encoder.
const START_PATIENCE: Duration = Duration::from_secs(3);

/// How long a layer that was just asked for counts as coming: a round trip over the signaling socket, a keyframe, and
/// the way here.
const ASKED_PATIENCE: Duration = Duration::from_millis(1_500);
/// More than this share does not go into repairs: the loss that asks for more is not repaired any more.
const MOST_REPAIRS: f64 = 0.3;

impl<P: Peer> Router<P> {
    /// Puts tracks into slots of one participant, all at once.
    pub(crate) fn assign(&mut self, participant: ParticipantId, assignments: &[SlotAssignment]) {
        let Some(key) = self.by_participant.get(&participant).copied() else {
            return self.refuse(DropReason::CommandInvalid);
        };
        // Tracks whose viewers change: those that go and those that come.
        let mut touched = Vec::new();
        for assignment in assignments {
            self.assign_slot(key, assignment, &mut touched);
        }
        self.release_paired_talkers(key);
        self.retarget_peer(key);
        for track in touched {
            self.service_track(track);
        }
    }

    fn assign_slot(&mut self, key: PeerKey, assignment: &SlotAssignment, touched: &mut Vec<TrackKey>) {
        let Some(entry) = self.peers.get(key) else { return };
        let Some(slot) = entry.slot(assignment.slot) else {
            return self.refuse(DropReason::CommandInvalid);
        };
        if entry.talker_slots.contains(&assignment.slot) {
            return self.refuse(DropReason::CommandInvalid);
        }
        let (kind, former, room) = (slot.kind, slot.track, entry.room);
        let wanted = assignment.track.and_then(|id| self.by_track.get(&id).copied());
        // Nothing crosses rooms, whoever asks.
        let wanted = wanted.filter(|track| {
            self.tracks
                .get(*track)
                .is_some_and(|track| track.room == room && track.source.kind() == kind)
        });
        if wanted.is_none() && assignment.track.is_some() {
            self.refuse(DropReason::CommandInvalid);
        }
        if former != wanted {
            self.clear_slot(key, assignment.slot);
            if let Some(track) = wanted {
                self.fill_slot(key, assignment.slot, track);
            }
        }
        if let Some(slot) = self
            .peers
            .get_mut(key)
            .and_then(|entry| entry.slot_mut(assignment.slot))
        {
            (slot.height, slot.priority) = (assignment.height, assignment.priority);
        }
        touched.extend(former.into_iter().filter(|former| Some(*former) != wanted));
        touched.extend(wanted);
    }

    /// Makes the slot, which must be empty, one of the track's.
    pub(crate) fn fill_slot(&mut self, key: PeerKey, mline: MLineIndex, track_key: TrackKey) {
        let now = self.now;
        let (Some(entry), Some(track)) = (self.peers.get_mut(key), self.tracks.get_mut(track_key)) else {
            return;
        };
        let unwrap_red = !entry.peer.accepts(mline, Codec::Red);
        let Some(slot) = entry.slot_mut(mline) else { return };
        slot.forwarder.set_track(
            now,
            Some(ForwardedTrack {
                id: track.id,
                unwrap_red,
            }),
        );
        (slot.track, slot.since) = (Some(track_key), now);
        track.subscribers.push(SlotRef {
            peer: key,
            slot: mline,
        });
        self.counters.slots_assigned += 1;
    }

    /// Takes the slot's track out, if there is one.
    pub(crate) fn clear_slot(&mut self, key: PeerKey, mline: MLineIndex) {
        let now = self.now;
        let Some(slot) = self.peers.get_mut(key).and_then(|entry| entry.slot_mut(mline)) else {
            return;
        };
        let Some(track) = slot.track.take() else { return };
        slot.forwarder.set_track(now, None);
        slot.told = None;
        self.counters.slots_assigned -= 1;
        if let Some(track) = self.tracks.get_mut(track) {
            track.subscribers.retain(|other| {
                *other
                    != SlotRef {
                        peer: key,
                        slot: mline,
                    }
            });
            track.listeners_checked = None;
        }
    }

    /// Every subscriber of the track starts anew at a keyframe.
    pub(crate) fn restart_subscribers(&mut self, key: TrackKey) {
        let Some(track) = self.tracks.get(key) else { return };
        for subscriber in track.subscribers.clone() {
            self.clear_slot(subscriber.peer, subscriber.slot);
            self.fill_slot(subscriber.peer, subscriber.slot, key);
        }
    }

    /// Something about the track changed: looks at all its viewers' layers again.
    pub(crate) fn retarget_subscribers(&mut self, key: TrackKey) {
        let Some(track) = self.tracks.get(key) else { return };
        let mut viewers: Vec<PeerKey> = track
            .subscribers
            .iter()
            .map(|subscriber| subscriber.peer)
            .collect();
        viewers.sort_unstable_by_key(|viewer| viewer.order());
        viewers.dedup();
        for viewer in viewers {
            self.retarget_peer(viewer);
        }
    }

    /// The client can be reached now, or cannot any more: its slots begin or end, and their tracks' publishers
    /// are asked for what that needs.
    pub(crate) fn handle_reachability(&mut self, key: PeerKey) {
        self.retarget_peer(key);
        let Some(entry) = self.peers.get(key) else { return };
        let tracks: Vec<TrackKey> = entry.all_slots().filter_map(|(_, slot)| slot.track).collect();
        for track in tracks {
            self.service_track(track);
        }
    }

    /// Shares what a participant can receive among its slots; returns the tracks of which something else is to flow.
    pub(crate) fn retarget_peer(&mut self, key: PeerKey) -> Vec<TrackKey> {
        let mut touched = Vec::new();
        let Some(entry) = self.peers.get(key) else {
            return touched;
        };
        let mut slots = Vec::new();
        let (mut steps, mut demands, mut flowing) = (Vec::new(), Vec::new(), Vec::new());
        let bandwidth = entry.peer.bandwidth();
        let repairs = bandwidth.map_or(0.0, |estimate| estimate.repairs);
        let budget = match bandwidth {
            Some(estimate) => Budget::Measured {
                estimate: without_repairs(estimate.target, estimate.repairs),
                stable: without_repairs(estimate.stable, estimate.repairs),
            },
            None => Budget::Unlimited,
        };
        for (mline, slot) in entry.all_slots() {
            let Some(track) = slot.track.and_then(|track| self.tracks.get(track)) else {
                continue;
            };
            let goes_on = goes_on(entry, mline, slot, track);
            let mut track_steps = if may_flow(entry, mline, track) {
                let lowest = track.codec == Some(Codec::Av1) && !entry.peer.takes_descriptors(mline);
                track.steps(self.now, slot.forwarder.state().layer.is_none(), lowest)
            } else {
                Vec::new()
            };
            // No bandwidth is kept for a layer to which a picture that stands still will not switch.
            track_steps.retain(|step| goes_on.is_none_or(|stays| step.target.layer == stays.layer));
            steps.push(track_steps);
            slots.push((mline, goes_on));
            flowing.push(slot.forwarder.state().layer);
            demands.push(Demand {
                source: track.source,
                height: slot.height,
                priority: slot.priority,
                current: slot.forwarder.state().target,
                steps: &[],
            });
        }
        for (demand, steps) in demands.iter_mut().zip(&steps) {
            demand.steps = steps;
        }
        let allocation = allocate(budget, &demands);
        if let Some(entry) = self.peers.get_mut(key) {
            let demand = bwe::Demand {
                allocated: with_repairs(allocation.allocated, repairs),
                next_step: allocation.next_step.map(|next| with_repairs(next, repairs)),
                ceiling: with_repairs(allocation.ceiling, repairs),
            };
            entry.peer.set_demand(self.now, demand);
            entry.view_share = view_share(&demands, &allocation);
            entry.touch(key, &mut self.dirty);
        }
        let too_dear: Vec<bool> = over_budget(budget, &allocation, &demands, &flowing).collect();
        for (((mline, goes_on), target), too_dear) in slots.into_iter().zip(allocation.targets).zip(too_dear)
        {
            if too_dear {
                self.stop(key, mline);
            }
            let target = goes_on.or(target.layer);
            touched.extend(self.set_target(key, mline, target));
        }
        touched
    }

    /// The same, and publishers are asked at once for what that takes.
    pub(crate) fn retarget_and_serve(&mut self, key: PeerKey) {
        for track in self.retarget_peer(key) {
            self.service_track(track);
        }
    }

    /// Nothing flows into the slot until a keyframe of its target comes.
    fn stop(&mut self, key: PeerKey, mline: MLineIndex) {
        let now = self.now;
        if let Some(slot) = self.peers.get_mut(key).and_then(|entry| entry.slot_mut(mline)) {
            slot.forwarder.set_target(now, None);
        }
    }

    /// Lets this layer flow into the slot from now on, or nothing.
    /// Returns the slot's track when that is something new.
    pub(crate) fn set_target(
        &mut self,
        key: PeerKey,
        mline: MLineIndex,
        target: Option<LayerTarget>,
    ) -> Option<TrackKey> {
        let now = self.now;
        let mut changed = None;
        if let Some(slot) = self.peers.get_mut(key).and_then(|entry| entry.slot_mut(mline)) {
            changed = slot.track.filter(|_| slot.forwarder.state().target != target);
            slot.forwarder.set_target(now, target);
        }
        if let Some(event) = tell(now, &mut self.peers, &self.tracks, key, mline) {
            self.emit(event);
        }
        changed
    }
}

/// Of the height that the views ask for, the share that was allowed.
fn view_share(demands: &[Demand<'_>], allocation: &Allocation) -> f64 {
    let (mut allowed, mut asked) = (0.0, 0.0);
    for (demand, target) in demands.iter().zip(&allocation.targets) {
        let wish = select_step(demand.height, demand.steps).and_then(|index| demand.steps.get(index));
        let Some(wish) = wish.filter(|_| demand.source.kind() == Kind::Video) else {
            continue;
        };
        let got = target
            .layer
            .and_then(|layer| demand.steps.iter().find(|step| step.target == layer));
        // Publishers that say no height send one layer, which comes or does not.
        asked += f64::from(wish.height.max(1));
        allowed += got.map_or(0.0, |step| f64::from(step.height.max(1)));
    }
    if asked > 0.0 { allowed / asked } else { 1.0 }
}

/// For each slot, whether the layer that flows has to stop before the one that takes its place can begin: with it, more
/// would be sent than the path carries, and the new layer's keyframe would wait behind it in the path's queue.
fn over_budget(
    budget: Budget,
    allocation: &Allocation,
    demands: &[Demand<'_>],
    flowing: &[Option<LayerTarget>],
) -> impl Iterator<Item = bool> {
    let estimate = match budget {
        Budget::Unlimited => u64::MAX,
        Budget::Measured { estimate, .. } => estimate.0,
    };
    let cost = |demand: &Demand<'_>, target: LayerTarget| {
        let step = demand.steps.iter().find(|step| step.target == target);
        step.map_or(0, |step| step.bitrate.0)
    };
    let slots = demands.iter().zip(flowing).zip(&allocation.targets);
    slots.map(move |((demand, flowing), target)| {
        let (Some(flowing), Some(target)) = (*flowing, target.layer) else {
            return false;
        };
        let (before, after) = (cost(demand, flowing), cost(demand, target));
        // Spatial layers of one encoding end without a keyframe.
        flowing.layer != target.layer
            && before > after
            && allocation.allocated.0 + (before - after) > estimate
    })
}

/// What has to be sent to get so much through.
fn with_repairs(rate: Bitrate, repairs: f64) -> Bitrate {
    Bitrate((rate.0 as f64 / (1.0 - repairs.clamp(0.0, MOST_REPAIRS))).ceil() as u64 + 1)
}

/// What is left when lost packets have been sent again.
fn without_repairs(rate: Bitrate, repairs: f64) -> Bitrate {
    Bitrate((rate.0 as f64 * (1.0 - repairs.clamp(0.0, MOST_REPAIRS))) as u64)
}

impl Track {
    /// What the allocator can choose among. A slot that `starts` begins with what comes already: a better layer that
    /// nobody asked for may never come. Of use may be only the `lowest` spatial layer of each encoding.
    fn steps(&self, now: Instant, starts: bool, lowest: bool) -> Vec<Step> {
        match self.source.kind() {
            // Audio flows or does not; it has no quality to choose, and DTX is no reason to close.
            Kind::Audio if self.open => vec![self.step(0, 0)],
            Kind::Audio => Vec::new(),
            Kind::Video => {
                let had = self.status.iter().enumerate();
                let highest = self.status.iter().rposition(|status| status.active);
                let most = highest.filter(|_| starts).unwrap_or(usize::MAX);
                had.filter(|(index, _)| *index <= most && self.is_to_be_had(*index, now))
                    .flat_map(|(index, status)| self.spatial_steps(index, status.height, now, lowest))
                    .collect()
            }
        }
    }

    /// Whether a layer comes, or would if the publisher were asked: it was told that nobody watches it, or that somebody
    /// does again so lately that it may not have begun. A browser drops layers without a word: one that was asked for
    /// and stays silent is absent until something of it is heard.
    pub(crate) fn is_to_be_had(&self, index: usize, now: Instant) -> bool {
        let active = self.status.get(index).is_some_and(|status| status.active);
        let unasked = !self.wanted.announced().contains(LayerIndex(index as u8));
        let Some(layer) = self.layers.get(index) else {
            return false;
        };
        let coming = layer
            .asked
            .is_some_and(|at| now.saturating_duration_since(at) < ASKED_PATIENCE);
        active || (!layer.absent && (unasked || coming))
    }

    /// Notes which of the layers that were asked for do not come.
    pub(crate) fn note_absent(&mut self, now: Instant) {
        for index in 0..self.layers.len() {
            let wanted = self.wanted.announced().contains(LayerIndex(index as u8));
            let absent = wanted && !self.is_to_be_had(index, now);
            if let Some(layer) = self.layers.get_mut(index) {
                layer.absent |= absent && layer.asked.is_some();
            }
        }
    }

    /// The layer for a tile of this height when bandwidth is no object and the publisher sends all it has.
    pub(crate) fn ideal_layer(&self, height: u16) -> Option<LayerIndex> {
        if self.source.kind() == Kind::Audio {
            return None;
        }
        let heights = self.status.iter().enumerate();
        let steps: Vec<Step> = heights
            .map(|(index, status)| self.step(index, status.height))
            .collect();
        forward::select_step(height, &steps).map(|index| LayerIndex(index as u8))
    }

    /// The steps one encoding can be had in: all of it, and with SVC fewer of its spatial layers.
    fn spatial_steps(&self, index: usize, height: u16, now: Instant, lowest: bool) -> Vec<Step> {
        let mut all = self.step(index, height);
        all.target.spatial = if lowest { 0 } else { all.target.spatial };
        let mut steps: Vec<Step> = (self.layers.get(index))
            .into_iter()
            .flat_map(|layer| layer.spatial.steps(now, layer.announced))
            .map(|step| Step {
                target: LayerTarget {
                    spatial: step.id,
                    ..all.target
                },
                height: all.height >> step.halvings,
                bitrate: step.bitrate,
                ..all
            })
            .take(if lowest { 1 } else { usize::MAX })
            .collect();
        match steps.last_mut() {
            // Nothing to leave out of the highest.
            Some(highest) => highest.target = all.target,
            None => steps.push(all),
        }
        steps
    }

    fn step(&self, index: usize, height: u16) -> Step {
        let layer = self.layers.get(index);
        Step {
            target: LayerIndex(index as u8).into(),
            height,
            rate_permille: 1_000,
            bitrate: layer.map_or(Bitrate(0), Layer::cost),
        }
    }
}

/// Whether anything of the track may flow into the slot at all.
fn may_flow<P: Peer>(entry: &PeerEntry<P>, mline: MLineIndex, track: &Track) -> bool {
    // A keyframe sent to a client that is not there is lost, and what follows it could not be decoded.
    entry.peer.is_reachable() && !track.muted && takes_codec(entry, mline, track)
}

/// The layer to stay with while none of the track comes: there is nothing better to switch to, and a picture that
/// stands still (a shared screen, at one frame a second or less) would cost a keyframe with each of its packets.
fn goes_on<P: Peer>(
    entry: &PeerEntry<P>,
    mline: MLineIndex,
    slot: &Slot,
    track: &Track,
) -> Option<LayerTarget> {
    let quiet = slot.kind == Kind::Video && !track.status.iter().any(|layer| layer.active);
    let shown = slot.height > 0 && may_flow(entry, mline, track);
    slot.forwarder.state().target.filter(|_| quiet && shown)
}

/// Whether the subscriber negotiated the track's codec, as far as it is known.
fn takes_codec<P: Peer>(entry: &PeerEntry<P>, mline: MLineIndex, track: &Track) -> bool {
    track.codec.is_none_or(|codec| entry.peer.accepts(mline, codec))
}

/// The event that the slot's state has become another one, if it has.
pub(crate) fn tell<P: Peer>(
    now: Instant,
    peers: &mut Table<PeerEntry<P>, crate::state::PeerTag>,
    tracks: &Table<Track>,
    key: PeerKey,
    mline: MLineIndex,
) -> Option<MediaEvent> {
    let entry = peers.get_mut(key)?;
    // Whoever is in a talker slot flows; `TalkerSlot` says who that is.
    if entry.talker_slots.contains(&mline) {
        return None;
    }
    let slot = entry.slot(mline)?;
    let track = tracks.get(slot.track?)?;
    let state = state_of(
        now,
        slot,
        track,
        takes_codec(entry, mline, track),
        entry.peer.is_reachable(),
    );
    let participant = entry.participant;
    let slot = entry.slot_mut(mline)?;
    if slot.told == Some((track.id, state)) {
        return None;
    }
    slot.told = Some((track.id, state));
    Some(MediaEvent::SlotState {
        participant,
        slot: mline,
        track: Some(track.id),
        state,
    })
}

fn state_of(now: Instant, slot: &Slot, track: &Track, takes_codec: bool, reachable: bool) -> SlotState {
    if track.muted {
        return SlotState::Paused(PauseReason::Muted);
    }
    if !takes_codec {
        return SlotState::Paused(PauseReason::Codec);
    }
    if slot.kind == Kind::Audio {
        return SlotState::Live;
    }
    if slot.height == 0 {
        return SlotState::Paused(PauseReason::Hidden);
    }
    let flows = slot.forwarder.state();
    if !track.status.iter().any(|layer| layer.active) {
        let heard = track.layers.iter().filter_map(|layer| layer.heard).max();
        let since = heard.map_or(slot.since, |heard| heard.max(slot.since));
        // A short pause of a picture that flows is not worth a message.
        let patient = now.saturating_duration_since(since) < START_PATIENCE;
        return match (patient, flows.layer) {
            (true, Some(_)) => SlotState::Live,
            (true, None) => SlotState::Switching,
            (false, _) => SlotState::Paused(PauseReason::NoLayer),
        };
    }
    match (flows.layer, flows.target) {
        (_, None) if !reachable => SlotState::Switching,
        (_, None) => SlotState::Paused(PauseReason::Bandwidth),
        (Some(_), Some(_)) => SlotState::Live,
        (None, Some(_)) => SlotState::Switching,
    }
}
