//! What one participant can receive: its bandwidth shared among its slots.

use crate::select::select_step;
use media::{Bitrate, Kind, LayerIndex, Source};

/// What is better than now may take this share of the recent minimum. Higher: an upgrade's own keyframe is what the
/// path did not carry, and it has to be taken back. Lower: bandwidth is left unused.
const UPGRADE_SHARE: f64 = 0.95;

/// The same for a higher encoding at less than its full rate: it costs a keyframe, and gains the least. Higher: on a network
/// whose estimate goes up and down it is taken back again and again.
const PARTIAL_SHARE: f64 = 0.75;

/// More of the encoding that flows may take this share of the estimate, even if the recent minimum was lower: it costs no
/// keyframe, and is taken back with the next frame. Higher: the frame rate goes up and down with a noisy estimate. Lower:
/// after a dip, frames are left out for seconds.
const QUICK_SHARE: f64 = 0.85;

/// [`Step::rate_permille`] of all frames.
const FULL_RATE: u16 = 1_000;

/// A step that flows counts as worth so much more than it is: what equal tracks cost goes up and down by a tenth, and a
/// swap between two of them is two keyframes for nothing. Higher: a better use of the bandwidth waits for longer.
const KEPT: f64 = 1.2;

/// What of a track should flow: an encoding, and what of its structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerTarget {
    /// Which encoding (simulcast rid); 0 when there is one.
    pub layer: LayerIndex,
    /// Highest spatial id to pass, for SVC; [`LayerTarget::ALL`] passes all.
    pub spatial: u8,
    /// Highest temporal id to pass; [`LayerTarget::ALL`] passes all.
    pub temporal: u8,
}

impl LayerTarget {
    /// Above every spatial or temporal id.
    pub const ALL: u8 = u8::MAX;
}

impl From<LayerIndex> for LayerTarget {
    /// All of an encoding.
    fn from(layer: LayerIndex) -> Self {
        Self {
            layer,
            spatial: Self::ALL,
            temporal: Self::ALL,
        }
    }
}

/// One quality a track can be had in now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What flows.
    pub target: LayerTarget,
    /// Picture height in pixels; 0 when the publisher did not say.
    pub height: u16,
    /// Frames a second, in thousandths of the track's full rate (1,000: all of them).
    pub rate_permille: u16,
    /// What it costs on the wire: measured, headers included; or announced, while nothing was measured.
    pub bitrate: Bitrate,
}

/// How much one participant can receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Nothing limits it: send what the view asks for.
    Unlimited,
    /// Measured.
    Measured {
        /// What the path carries now: what flows must fit.
        estimate: Bitrate,
        /// The recent minimum: what is better than now must fit.
        stable: Bitrate,
    },
}

/// What one slot should carry.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// What the track is: audio comes before screens, screens before cameras.
    pub source: Source,
    /// Height in pixels at which the track is shown; 0: not visible. Ignored for audio.
    pub height: u16,
    /// 0 is the most important; decides among equal sources.
    pub priority: u8,
    /// What flows, or was last asked for; `None`: nothing.
    pub current: Option<LayerTarget>,
    /// What can be had, each dearer and worth more than the one before ([`ladder`](crate::ladder())); for audio one entry.
    /// Empty: nothing can.
    pub steps: &'a [Step],
}

impl Demand<'_> {
    /// Where among its steps is what flows. What is not on offer any more counts as the next better one of its encoding, or
    /// as what is best below it: nothing there is better than now.
    fn flows(&self) -> Option<usize> {
        let current = self.current?;
        let as_good = |step: &Step| step.target.layer == current.layer && step.target >= current;
        let as_good = self.steps.iter().position(as_good);
        as_good.or_else(|| self.steps.iter().rposition(|step| step.target <= current))
    }

    /// What the step after so many must fit, when it is better than now, and what share of the recent minimum that is.
    fn upgrade_limit(&self, taken: usize, (estimate, stable): (u64, u64)) -> (u64, f64) {
        let next = self
            .steps
            .get(taken)
            .map(|step| (step.target.layer, step.rate_permille));
        let now = self.current.map(|current| current.layer);
        let part = |share: f64, of: u64| (share * of as f64) as u64;
        match (next, now) {
            (Some((layer, _)), Some(now)) if layer == now => {
                let quick = part(QUICK_SHARE, estimate);
                (part(UPGRADE_SHARE, stable).max(quick), UPGRADE_SHARE)
            }
            (Some((layer, rate)), Some(now)) if layer > now && rate < FULL_RATE => {
                (part(PARTIAL_SHARE, stable), PARTIAL_SHARE)
            }
            _ => (part(UPGRADE_SHARE, stable), UPGRADE_SHARE),
        }
    }
}

/// What the slot of the [`Demand`] at the same position gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// What to forward; `None`: paused.
    pub layer: Option<LayerTarget>,
    /// Paused, or less than the view asks for, because of the budget.
    pub limited: bool,
}

/// The answer of [`allocate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// One per demand, in the same order.
    pub targets: Vec<Target>,
    /// What these cost.
    pub allocated: Bitrate,
    /// The stable estimate at which the next better choice is possible, at its full frame rate; `None` when every view is
    /// met.
    pub next_step: Option<Bitrate>,
    /// What all views would cost in full.
    pub ceiling: Bitrate,
}

/// One target per demand, in the same order.
///
/// An unlimited budget gives every slot what its height asks for. A measured one is spent so:
///
/// 1. all audio, whether it fits or not;
/// 2. screens before cameras;
/// 3. everyone the cheapest step, by priority and then by size, before anyone a better one;
/// 4. better steps by priority, then by what they add to the picture's worth ([`Step::worth`]) for each bit.
///
/// That order does not depend on the budget, and the budget is spent along it until something does not fit: so more
/// bandwidth never makes any slot worse where nothing flows yet. What flows now must fit `estimate`, what would be better than now `stable`; one
/// upgrade that does not fit holds back those after it, and takes nothing from what flows.
pub fn allocate(budget: Budget, demands: &[Demand<'_>]) -> Allocation {
    let wishes: Vec<usize> = demands.iter().map(wish).collect();
    let ceiling = demands
        .iter()
        .zip(&wishes)
        .map(|(demand, wish)| cost(demand, *wish))
        .sum();
    let mut spending = Spending {
        demands,
        taken: vec![0; demands.len()],
        used: 0,
        refused: None,
        exhausted: false,
    };
    match budget {
        Budget::Unlimited => {
            spending.taken.copy_from_slice(&wishes);
            spending.used = ceiling;
        }
        Budget::Measured { estimate, stable } => {
            let limits = (estimate.0, stable.0.min(estimate.0));
            spending.take_audio(&wishes);
            for source in [Source::Screen, Source::Camera] {
                spending.take_base(source, &wishes, limits);
            }
            for source in [Source::Screen, Source::Camera] {
                spending.take_better(source, &wishes, limits);
            }
        }
    }
    let targets = std::iter::zip(demands, std::iter::zip(&spending.taken, &wishes));
    Allocation {
        targets: targets
            .map(|(demand, (taken, wish))| Target {
                layer: step(demand, *taken).map(|step| step.target),
                limited: taken < wish,
            })
            .collect(),
        allocated: Bitrate(spending.used),
        next_step: spending.refused.map(Bitrate),
        ceiling: Bitrate(ceiling),
    }
}

/// How many of its steps, counted from the cheapest, a demand asks for when bandwidth is no object.
fn wish(demand: &Demand<'_>) -> usize {
    match demand.source.kind() {
        Kind::Audio => demand.steps.len().min(1),
        Kind::Video => select_step(demand.height, demand.steps).map_or(0, |index| index + 1),
    }
}

/// The best of so many steps; `None` of none.
fn step<'a>(demand: &Demand<'a>, taken: usize) -> Option<&'a Step> {
    demand.steps.get(taken.checked_sub(1)?)
}

fn cost(demand: &Demand<'_>, taken: usize) -> u64 {
    step(demand, taken).map_or(0, |step| step.bitrate.0)
}

/// A budget being spent.
struct Spending<'a, 'b> {
    demands: &'a [Demand<'b>],
    /// How many of its steps each demand has got.
    taken: Vec<usize>,
    used: u64,
    /// The recent minimum at which the first step that did not fit would have, with all of its encoding's frames.
    refused: Option<u64>,
    /// Not even what flows fits any more.
    exhausted: bool,
}

impl Spending<'_, '_> {
    fn take_audio(&mut self, wishes: &[usize]) {
        for (index, demand) in self.demands.iter().enumerate() {
            if demand.source.kind() == Kind::Audio {
                self.taken[index] = wishes[index];
                self.used += cost(demand, wishes[index]);
            }
        }
    }

    /// The cheapest step for everyone, the most important first.
    fn take_base(&mut self, source: Source, wishes: &[usize], limits: (u64, u64)) {
        let of_source = |index: &usize| self.demands[*index].source == source && wishes[*index] > 0;
        let mut order: Vec<usize> = (0..self.demands.len()).filter(of_source).collect();
        let rank = |index: &usize| {
            let demand = &self.demands[*index];
            (demand.priority, std::cmp::Reverse(demand.height), *index)
        };
        order.sort_unstable_by_key(rank);
        for index in order {
            self.take(index, limits);
        }
    }

    /// One step after the other, always the one worth most.
    fn take_better(&mut self, source: Source, wishes: &[usize], limits: (u64, u64)) {
        // The order is that of an unlimited budget: what is refused still has its turn only once.
        let mut turn = self.taken.clone();
        let worth = |index: usize, turn: &[usize]| self.worth(index, turn[index], wishes[index]);
        let mut worths: Vec<_> = (0..self.demands.len()).map(|index| worth(index, &turn)).collect();
        loop {
            let open = |index: &usize| {
                self.demands[*index].source == source && turn[*index] > 0 && turn[*index] < wishes[*index]
            };
            let best = (0..self.demands.len()).filter(open).max_by(|one, other| {
                worths[*one]
                    .partial_cmp(&worths[*other])
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
            let Some(index) = best else { return };
            if self.taken[index] == turn[index] {
                self.take(index, limits);
            }
            turn[index] += 1;
            worths[index] = self.worth(index, turn[index], wishes[index]);
        }
    }

    /// What the step after so many is worth: first by priority, then by what it adds for each bit, or what it leads to does
    /// where that is more; the first of equals.
    fn worth(&self, index: usize, taken: usize, wish: usize) -> (i16, f64, i64) {
        let demand = &self.demands[index];
        let shown = |taken| {
            let shown = step(demand, taken).map_or(0.0, |step| {
                let shown = Step {
                    height: step.height.min(demand.height),
                    ..*step
                };
                shown.worth(demand.source)
            });
            // Steps that say no height are told apart by their order.
            shown + taken as f64
        };
        let gain = |further: usize| {
            let more = cost(demand, further).saturating_sub(cost(demand, taken));
            (shown(further) - shown(taken)) / more.max(1) as f64
        };
        let best = (taken + 1..=wish).map(gain).fold(0.0, f64::max);
        let kept = if demand.flows().is_some_and(|flows| taken <= flows) {
            KEPT
        } else {
            1.0
        };
        (-i16::from(demand.priority), kept * best, -(index as i64))
    }

    /// Takes the next step of a demand if it fits.
    fn take(&mut self, index: usize, (estimate, stable): (u64, u64)) {
        let demand = &self.demands[index];
        let taken = self.taken[index];
        let more = cost(demand, taken + 1).saturating_sub(cost(demand, taken));
        let flows = demand.flows();
        let is_better = flows.is_none_or(|flows| taken > flows);
        let (upgrade, share) = demand.upgrade_limit(taken, (estimate, stable));
        let limit = if is_better { upgrade } else { estimate };
        let held_back = self.exhausted || (is_better && self.refused.is_some());
        if !held_back && self.used + more <= limit {
            self.taken[index] += 1;
            self.used += more;
            return;
        }
        let needed = |more: u64, share: f64| ((self.used + more) as f64 / share).ceil() as u64;
        // Half of its frames are no goal: a probe looks for room for all.
        let full = demand
            .steps
            .iter()
            .skip(taken)
            .find(|step| step.rate_permille >= FULL_RATE);
        let all = full.map_or(0, |full| full.bitrate.0.saturating_sub(cost(demand, taken)));
        let needed = needed(more, share).max(needed(all, UPGRADE_SHARE));
        self.refused.get_or_insert(needed);
        self.exhausted |= !is_better;
    }
}
