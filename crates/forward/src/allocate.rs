//! What one participant can receive: its bandwidth shared among its slots.

use crate::select::select_step;
use media::{Bitrate, Kind, LayerIndex, Source};

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
    /// What can be had, cheapest first; for audio one entry. Empty: nothing can.
    pub steps: &'a [Step],
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
    /// The stable estimate at which the next better choice becomes possible; `None` when every view is met.
    pub next_step: Option<Bitrate>,
    /// What all views would cost in full.
    pub ceiling: Bitrate,
}

/// One target per demand, in the same order.
///
/// When the budget is short, it is spent in this order: all audio; screens, by priority; cameras, by priority;
/// among equals, in the order given. An unlimited budget gives every slot the layer its height asks for.
pub fn allocate(_budget: Budget, demands: &[Demand<'_>]) -> Allocation {
    let wishes = demands.iter().map(wish);
    let targets: Vec<Target> = wishes
        .clone()
        .map(|wish| Target {
            layer: wish.map(|step| step.target),
            limited: false,
        })
        .collect();
    let ceiling = Bitrate(wishes.flatten().map(|step| step.bitrate.0).sum());
    Allocation {
        targets,
        allocated: ceiling,
        next_step: None,
        ceiling,
    }
}

/// What a demand asks for when bandwidth is no object.
fn wish<'a>(demand: &Demand<'a>) -> Option<&'a Step> {
    match demand.source.kind() {
        Kind::Audio => demand.steps.first(),
        Kind::Video => select_step(demand.height, demand.steps),
    }
}
