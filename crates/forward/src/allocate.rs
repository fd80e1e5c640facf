//! What one participant can receive: its bandwidth shared among its slots.

use crate::select::{LayerStatus, select_layer};
use media::{Kind, LayerIndex, Source};

/// How much one participant can receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Nothing is known of the path: send what the view asks for. A measured budget becomes a second variant.
    Unlimited,
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
    /// The track's layers, lowest first; for audio one entry.
    pub layers: &'a [LayerStatus],
}

/// What the slot of the [`Demand`] at the same position gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The layer to forward; `None`: paused.
    pub layer: Option<LayerIndex>,
}

/// One target per demand, in the same order.
///
/// When the budget is short, it is spent in this order: all audio; screens, by priority; cameras, by priority;
/// among equals, in the order given. An unlimited budget gives every slot the layer its height asks for.
pub fn allocate(budget: Budget, demands: &[Demand<'_>]) -> Vec<Target> {
    match budget {
        Budget::Unlimited => demands
            .iter()
            .map(|demand| Target { layer: wish(demand) })
            .collect(),
    }
}

/// The layer a demand asks for when bandwidth is no object.
fn wish(demand: &Demand<'_>) -> Option<LayerIndex> {
    match demand.source.kind() {
        Kind::Audio => demand
            .layers
            .first()
            .filter(|layer| layer.active)
            .map(|_| LayerIndex(0)),
        Kind::Video => select_layer(demand.height, demand.layers),
    }
}
