//! Which layers of a track its publisher says it sends (video layers allocation).

use crate::state::{Layer, Track};
use forward::{CaptureTime, LayerSet};
use media::{Bitrate, LayerIndex, LayersAllocation, SeqNo};
use std::time::{Duration, Instant};

/// A layer that was left out and of which something captured so much later comes is sent after all. Longer: a publisher
/// whose allocations are wrong is believed for longer. Shorter: where sender reports are missing, captured is what has
/// arrived, and what waited on a thin uplink when the layer stopped would make it count as sent.
const SENT_AFTER_ALL: Duration = Duration::from_secs(1);
/// Allocations that come later than this are not compared with the last one: the publisher's numbers or clock may have
/// begun anew. Longer: one that has is not heard for longer; shorter: a late repair could be taken for news.
const COMPARED: Duration = Duration::from_secs(2);

/// What a publisher has said of one layer.
#[derive(Debug, Default)]
pub(crate) struct Claim {
    /// The last packet of the layer's own that carried an allocation, and when it came.
    last: Option<(SeqNo, Instant)>,
    /// The newest allocation leaves the layer out, and was captured then.
    left_out: Option<Instant>,
    /// What the newest allocation that names the layer aims at.
    target: Option<Bitrate>,
}

/// When the newest allocation of a track was captured, and when it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Newest {
    captured: Instant,
    came: Instant,
}

impl Claim {
    /// Notes a packet of the layer captured then; whether it shows that the layer is sent, rather than being left of
    /// what was sent before it stopped.
    pub(crate) fn is_borne_out(&mut self, captured: Instant) -> bool {
        let left = self
            .left_out
            .is_some_and(|since| captured < since + SENT_AFTER_ALL);
        self.left_out = self.left_out.filter(|_| left);
        !left
    }
}

impl Layer {
    /// What its publisher aims at, codec's bits only: by its last allocation, else the most that it named when it
    /// published; 0 when it said neither.
    pub(crate) fn aimed_at(&self) -> Bitrate {
        let most = if self.announced.0 > 0 {
            self.announced
        } else {
            Bitrate(u64::MAX)
        };
        self.claim
            .target
            .map_or(self.announced, |target| target.min(most))
    }
}

impl Track {
    /// A packet of this layer carried an allocation, of a camera or screen that is published here. Returns the layers
    /// that have stopped with it.
    ///
    /// What the publisher was told not to send is left out too, which is no news of its uplink: such a layer falls silent,
    /// and stays to be had ([`Track::is_to_be_had`]).
    pub(crate) fn handle_allocation(
        &mut self,
        now: Instant,
        index: LayerIndex,
        seq: SeqNo,
        capture: CaptureTime,
        bytes: &[u8],
    ) -> LayerSet {
        let mut stopped = LayerSet::EMPTY;
        let Some(allocation) = LayersAllocation::parse(bytes) else {
            return stopped;
        };
        let Some(carrier) = self.layers.get_mut(usize::from(index.0)) else {
            return stopped;
        };
        // One that says it is of another stream numbers them in a way that is not known here.
        if !allocation.layers.is_empty() && allocation.stream != carrier.section_layer.0 {
            return stopped;
        }
        let fresh = |came: Instant| now.saturating_duration_since(came) < COMPARED;
        let overtaken = carrier
            .claim
            .last
            .is_some_and(|(last, came)| fresh(came) && seq.distance(last) <= 0);
        // Streams are numbered each for itself: among them it is the time of capture that tells which is newer.
        let older = self
            .claimed
            .is_some_and(|newest| fresh(newest.came) && capture.at < newest.captured);
        if overtaken || older {
            return stopped;
        }
        carrier.claim.last = Some((seq, now));
        self.claimed = Some(Newest {
            captured: capture.at,
            came: now,
        });
        let wanted = self.wanted.announced();
        for (number, (layer, status)) in (0u8..).zip(self.layers.iter_mut().zip(&mut self.status)) {
            let target = allocation.target(layer.section_layer.0);
            let left_out = target.is_none() && wanted.contains(LayerIndex(number));
            layer.claim.target = target.or(layer.claim.target);
            layer.claim.left_out = left_out.then_some(capture.at);
            if left_out && std::mem::take(&mut status.active) {
                stopped.insert(LayerIndex(number));
            }
        }
        stopped
    }
}
