//! Which layers of a track its publisher says it sends (video layers allocation).

use crate::state::{Layer, Track};
use forward::{CaptureTime, LayerSet};
use media::{Bitrate, LayerIndex, LayersAllocation, SeqNo};
use std::time::{Duration, Instant};

/// A layer that was left out and of which something captured so much later comes is sent after all. Longer: a publisher
/// whose allocations are wrong is believed for longer. Shorter: where sender reports are missing, captured is what has
/// arrived, and what waited on a thin uplink when the layer stopped would make it count as sent.
const SENT_AFTER_ALL: Duration = Duration::from_secs(1);
/// For so long after a layer was sent that had been left out, its publisher is not believed that it is. Longer: one that was
/// wrong once loses its viewers' quick way down; shorter: who lies is cut off for longer, and more often.
const DOUBTED: Duration = Duration::from_secs(30);
/// Allocations that come later than this are not compared with the last one: the publisher's numbers or clock may have
/// begun anew. Longer: one that has is not heard for longer; shorter: a late repair could be taken for news.
const COMPARED: Duration = Duration::from_secs(2);
/// A layer that is aimed at with less than this share of the most that its publisher named is starved. Browsers go on with
/// the lowest layer that they were asked for however thin the uplink is, at a least rate (libwebrtc's
/// `kSimulcastFormats`: 600 kb/s for 720p, of our SDK's 1,700), which may be more than it carries. Higher: viewers of an
/// uplink that would just do get the next layer instead; lower: on one that does not, they see a still picture.
const STARVED: f64 = 0.4;
/// A layer that is starved for so long does not only begin, and will not become smaller. Longer: a longer time with
/// pictures missing; shorter: Chromium, which needs about 2 s for that, is made to send another layer, which its viewers
/// must switch to (0.4 s more without a picture).
const STARVED_FOR: Duration = Duration::from_secs(3);

/// What a publisher has said of one layer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claim {
    /// The last packet of the layer's own that carried an allocation, and when it came.
    last: Option<(SeqNo, Instant)>,
    /// Since when allocations have left the layer out.
    left_out: Option<Instant>,
    /// When it was last seen that the layer is sent all the same.
    refuted: Option<Instant>,
    /// What the newest allocation that names the layer aims at.
    target: Option<Bitrate>,
    /// Picture height the publisher last told with it.
    height: Option<u32>,
    /// Since when the target is [`STARVED`] for a picture that is not smaller than it was to be.
    starved: Option<Instant>,
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
    pub(crate) fn is_borne_out(&mut self, now: Instant, captured: Instant) -> bool {
        let Some(since) = self.left_out else { return true };
        if captured < since + SENT_AFTER_ALL {
            return false;
        }
        (self.left_out, self.refuted) = (None, Some(now));
        true
    }

    /// The layer is left out, or is not, by what was just said: what was captured before that is no sign of it.
    pub(crate) fn leave_out(&mut self, now: Instant, left_out: bool) {
        self.left_out = left_out.then(|| self.left_out.unwrap_or(now));
    }

    /// Whether its publisher is to be believed that the layer is left out.
    fn is_believed(&self, now: Instant) -> bool {
        self.refuted
            .is_none_or(|at| now.saturating_duration_since(at) >= DOUBTED)
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
        // What costs next to nothing would be given to everybody.
        let least = Bitrate((self.announced.0 as f64 * STARVED) as u64);
        self.claim
            .target
            .map_or(self.announced, |target| target.min(most).max(least))
    }
}

impl Track {
    /// Watched layers, and those below one whose uplink is too thin for it: with these its publisher will leave it out,
    /// and send what fits.
    pub(crate) fn with_substitutes(&self, now: Instant, watched: LayerSet) -> LayerSet {
        let starved = |layer: &LayerIndex| {
            let layer = self.layers.get(usize::from(layer.0));
            let since = layer.and_then(|layer| layer.claim.starved);
            since.is_some_and(|since| now.saturating_duration_since(since) >= STARVED_FOR)
        };
        let mut all = watched;
        let highest = watched.iter().filter(starved).max();
        let below = (0..highest.map_or(0, |layer| layer.0)).map(LayerIndex);
        below.for_each(|layer| all.insert(layer));
        all
    }

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
            let left_out =
                target.is_none() && wanted.contains(LayerIndex(number)) && layer.claim.is_believed(now);
            layer.claim.target = target.or(layer.claim.target);
            layer.claim.height = allocation.height(layer.section_layer.0).or(layer.claim.height);
            let whole = layer
                .claim
                .height
                .is_none_or(|height| height >= u32::from(status.height));
            let least = STARVED * layer.announced.0 as f64;
            let starved = target.is_some_and(|target| whole && (target.0 as f64) < least);
            layer.claim.starved = starved.then(|| layer.claim.starved.unwrap_or(now));
            layer.claim.leave_out(now, left_out);
            if left_out && std::mem::take(&mut status.active) {
                stopped.insert(LayerIndex(number));
            }
        }
        stopped
    }
}
