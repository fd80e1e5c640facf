//! What is known of the path, and what is wanted of it.

use media::Bitrate;
use std::time::Duration;

/// Beyond this much jitter single arrivals tell nothing of a rate. Higher: probes fail on paths that jitter; lower: they
/// are longer than they have to be on others.
const JITTERY: Duration = Duration::from_millis(8);

/// What the path carries, by all that is known now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// What can be sent now; the current layers must fit.
    pub target: Bitrate,
    /// The lowest `target` of the recent past: a layer above the current one must fit into this, so that a noisy
    /// estimate does not make layers flap.
    pub stable: Bitrate,
    /// Round trip, smoothed.
    pub round_trip: Duration,
    /// Share lost over the last second or so, 0.0 to 1.0.
    pub loss: f64,
    /// Share of what is sent that goes into sending lost packets again, over the last few seconds, 0.0 to 1.0: steadier
    /// than `loss`, so that what is left for layers does not go up and down with luck.
    pub repairs: f64,
    /// What waits in the path's queue by the latest delays.
    pub queue_delay: Duration,
    /// How much later than the least delayed packet of a message the others come, on the average: what a probe has to
    /// be longer than.
    pub jitter: Duration,
}

impl Estimate {
    /// Whether the path jitters so much that a probe has to be longer, and is told by all of its packets together.
    pub(crate) fn is_jittery(&self) -> bool {
        self.jitter > JITTERY
    }
}

/// What the allocator would do with more bandwidth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demand {
    /// What flows now, by the rates of the layers chosen.
    pub allocated: Bitrate,
    /// The estimate at which the next better choice becomes possible; `None` when nothing better is wanted. The
    /// reason to probe: without this, an application-limited path is never found to carry more.
    pub next_step: Option<Bitrate>,
    /// All that could ever be wanted: estimates and probes above it are of no use.
    pub ceiling: Bitrate,
}
