//! What of its track flows into each slot.

use crate::router::Router;
use crate::slot_state::tell;
use crate::state::{Layer, PeerEntry, PeerKey, Slot, Track, TrackKey};
use forward::{Allocation, Budget, Demand, LayerTarget, Step, allocate, ladder};
use media::{Bitrate, Codec, Kind, MLineIndex, Source};
use peer::Peer;
use std::time::{Duration, Instant};

/// More than this share does not go into repairs: the loss that asks for more is not repaired any more.
const MOST_REPAIRS: f64 = 0.3;

/// For so long after a slot has turned to another encoding it does not turn to a higher one at less than the full rate.
/// Shorter: an estimate that rises in steps costs a keyframe at each, and so does one that goes up and down. Longer: what
/// the network carries is left unused for longer.
const SETTLED: Duration = Duration::from_millis(3_000);

impl<P: Peer> Router<P> {
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
        let before = self.serve(key);
        let touched = self.share_out(key);
        self.serving = before;
        touched
    }

    fn share_out(&mut self, key: PeerKey) -> Vec<TrackKey> {
        let mut touched = Vec::new();
        let Some(entry) = self.peers.get(key) else {
            return touched;
        };
        let bandwidth = entry.peer.bandwidth();
        let repairs = bandwidth.map_or(0.0, |estimate| estimate.repairs);
        let budget = match bandwidth {
            Some(estimate) => Budget::Measured {
                estimate: without_repairs(estimate.target, estimate.repairs),
                stable: without_repairs(estimate.stable, estimate.repairs),
            },
            None => Budget::Unlimited,
        };
        let wishes: Vec<Wish> = entry
            .all_slots()
            .filter_map(|(mline, slot)| {
                let track = slot.track.and_then(|track| self.tracks.get(track))?;
                Some(Wish::of(entry, mline, slot, track, self.now))
            })
            .collect();
        let demands: Vec<Demand<'_>> = wishes.iter().map(Wish::demand).collect();
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
        let too_dear: Vec<bool> = over_budget(budget, &allocation, &wishes).collect();
        for ((wish, target), too_dear) in wishes.iter().zip(&allocation.targets).zip(too_dear) {
            if too_dear {
                self.stop(key, wish.mline);
            }
            touched.extend(self.set_target(key, wish.mline, wish.goes_on.or(target.layer)));
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
            let before = slot.forwarder.state().target;
            if before.map(|before| before.layer) != target.map(|target| target.layer) {
                slot.turned = now;
            }
            changed = slot.track.filter(|_| before != target);
            slot.forwarder.set_target(now, target);
        }
        if let Some(event) = tell(now, &mut self.peers, &self.tracks, key, mline) {
            self.emit(event);
        }
        changed
    }
}

/// What one slot could carry.
struct Wish {
    mline: MLineIndex,
    source: Source,
    height: u16,
    priority: u8,
    /// What it stays with, whatever the allocation says.
    goes_on: Option<LayerTarget>,
    flows: Option<LayerTarget>,
    /// What that costs, also where it is not to be had any more.
    flowing_cost: Bitrate,
    target: Option<LayerTarget>,
    /// All there is, and of that what is worth choosing among.
    steps: Vec<Step>,
    ladder: Vec<Step>,
}

impl Wish {
    fn of<P: Peer>(
        entry: &PeerEntry<P>,
        mline: MLineIndex,
        slot: &Slot,
        track: &Track,
        now: Instant,
    ) -> Self {
        let state = slot.forwarder.state();
        let goes_on = goes_on(entry, mline, slot, track);
        let mut steps = if may_flow(entry, mline, track) {
            let lowest = track.codec == Some(Codec::Av1) && !entry.peer.takes_descriptors(mline);
            track.steps(now, state.layer.is_none(), lowest)
        } else {
            Vec::new()
        };
        // No bandwidth is kept for a layer to which a picture that stands still will not switch.
        steps.retain(|step| goes_on.is_none_or(|stays| step.target.layer == stays.layer));
        let ladder = match slot.kind {
            Kind::Audio => steps.clone(),
            Kind::Video => {
                let settled = now.saturating_duration_since(slot.turned) >= SETTLED;
                let offered = worth_a_switch(&steps, state.layer, settled);
                ladder(track.source, slot.height, &offered)
            }
        };
        Self {
            mline,
            source: track.source,
            height: slot.height,
            priority: slot.priority,
            goes_on,
            flows: state.layer,
            flowing_cost: state
                .layer
                .and_then(|flows| track.layers.get(usize::from(flows.layer.0)))
                .map_or(Bitrate(0), Layer::cost),
            target: state.target,
            steps,
            ladder,
        }
    }

    fn demand(&self) -> Demand<'_> {
        Demand {
            source: self.source,
            height: self.height,
            priority: self.priority,
            current: self.target,
            steps: &self.ladder,
        }
    }

    fn cost(&self, target: LayerTarget) -> u64 {
        let as_good = |step: &&Step| step.target.layer == target.layer && step.target >= target;
        let step = self.steps.iter().find(as_good);
        step.map_or(self.flowing_cost.0, |step| step.bitrate.0)
    }
}

/// The steps but for those that turn to another encoding at less than its full rate, where that is not worth a keyframe: to a
/// lower one, because what is below needs less room for it, and to a higher one as long as the slot has not settled. The
/// lowest encoding is for those who would see nothing otherwise.
fn worth_a_switch(steps: &[Step], flows: Option<LayerTarget>, settled: bool) -> Vec<Step> {
    let lowest = steps.iter().map(|step| step.target.layer).min();
    let flows = flows.map(|flows| flows.layer);
    let offered = |step: &&Step| {
        let layer = Some(step.target.layer);
        let all = step.rate_permille >= 1_000;
        all || layer == lowest || layer == flows || (settled && layer > flows)
    };
    steps.iter().filter(offered).copied().collect()
}

/// Of what the views ask for, the share that was allowed: in height, and where frames are left out a little less.
fn view_share(demands: &[Demand<'_>], allocation: &Allocation) -> f64 {
    let (mut allowed, mut asked) = (0.0, 0.0);
    for (demand, target) in demands.iter().zip(&allocation.targets) {
        let video = demand.source.kind() == Kind::Video;
        let Some(wish) = demand.steps.last().filter(|_| video) else {
            continue;
        };
        let got = target
            .layer
            .and_then(|layer| demand.steps.iter().find(|step| step.target == layer));
        // Publishers that say no height send one layer, which comes or does not.
        asked += wish.worth(demand.source);
        allowed += got.map_or(0.0, |step| step.worth(demand.source));
    }
    if asked > 0.0 { allowed / asked } else { 1.0 }
}

/// For each slot, whether the layer that flows has to stop before the one that takes its place can begin: with it, more
/// would be sent than the path carries, and the new layer's keyframe would wait behind it in the path's queue. Going on with
/// its lowest temporal layer, where that fits the estimate, was tried: the queue that made the estimate fall stays, and
/// pictures stand still for longer (the scoreboard's "3 to 0.8 to 3 Mb/s" at 50 ms: 421 ms instead of 386).
fn over_budget(budget: Budget, allocation: &Allocation, wishes: &[Wish]) -> impl Iterator<Item = bool> {
    let estimate = match budget {
        Budget::Unlimited => u64::MAX,
        Budget::Measured { estimate, .. } => estimate.0,
    };
    wishes.iter().zip(&allocation.targets).map(move |(wish, target)| {
        let (Some(flows), Some(target)) = (wish.flows, target.layer) else {
            return false;
        };
        let (before, after) = (wish.cost(flows), wish.cost(target));
        // Spatial and temporal layers of one encoding end without a keyframe.
        flows.layer != target.layer && before > after && allocation.allocated.0 + (before - after) > estimate
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

/// Whether anything of the track may flow into the slot at all.
fn may_flow<P: Peer>(entry: &PeerEntry<P>, mline: MLineIndex, track: &Track) -> bool {
    // A keyframe sent to a client that is not there is lost, and what follows it could not be decoded.
    entry.peer.is_reachable() && !track.muted && !track.shed && takes_codec(entry, mline, track)
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
pub(crate) fn takes_codec<P: Peer>(entry: &PeerEntry<P>, mline: MLineIndex, track: &Track) -> bool {
    track.codec.is_none_or(|codec| entry.peer.accepts(mline, codec))
}
