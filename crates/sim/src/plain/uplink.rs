//! What a publisher believes its uplink to carry, and which layers it sends on it, as Chromium does.

use link::Link;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// From a queue of this length until the estimate falls, and between two falls. In a direct call between two Chromium
/// whose link fell from 3 to 0.8 Mb/s the picture stood still for 0.4 s (`docs/comparison.md`).
const QUEUE: Duration = Duration::from_millis(60);
const REACTION: Duration = Duration::from_millis(400);
/// The estimate falls to this share of what arrives (libwebrtc's `AimdRateControl`).
const FALL: f64 = 0.85;
/// It grows by this factor in a second (the same; that direct call grew by 8.8 % from second 24 to 28 of
/// `docs/comparison/dip.svg`, and by 4 % after the link was back).
const GROWTH: f64 = 1.08;
/// Repairs take at most what the estimate carries in this time (libwebrtc's `retransmission_rate_limiter_`); frames get
/// what they leave, and at least this share of the estimate (`FecControllerDefault::UpdateFecRates`).
const REPAIRS: Duration = Duration::from_millis(500);
const FRAMES_LEAST: f64 = 0.5;
/// No estimate is lower, in bits per second (libwebrtc's `kDefaultMinBitrate` and what sound takes).
const LEAST: f64 = 37_000.0;
/// A layer is sent from this rate on, in bits per second (libwebrtc's `kSimulcastFormats`: 180p, 360p, 720p), …
const MINIMUM: [f64; 3] = [30_000.0, 150_000.0, 600_000.0];
/// … and one that is not sent yet from so many times as much on (its hysteresis for cameras).
const BEGIN: f64 = 1.2;

/// One publisher's estimate of its uplink.
#[derive(Debug, Default)]
pub(crate) struct Uplink {
    /// Bits per second; `None`: nothing limits it.
    estimate: Option<f64>,
    over_since: Option<Instant>,
    updated: Option<Instant>,
    /// Bits of the repairs of the last [`REPAIRS`], and when each was sent.
    repairs: VecDeque<(Instant, f64)>,
}

impl Uplink {
    /// The link as it is now; no more than `most` is of use.
    pub(crate) fn update(&mut self, now: Instant, link: &Link, most: f64) {
        let Some(rate) = link.rate_at(now).map(|bps| bps as f64) else {
            (self.estimate, self.over_since) = (None, None);
            return;
        };
        let passed = self
            .updated
            .map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.updated = Some(now);
        let estimate = *self.estimate.get_or_insert(rate.min(most));
        let next = if link.queue_delay(now) > QUEUE {
            let since = *self.over_since.get_or_insert(now);
            if now.saturating_duration_since(since) < REACTION {
                return;
            }
            estimate.min(FALL * rate)
        } else {
            estimate * GROWTH.powf(passed)
        };
        self.over_since = None;
        self.forget(now);
        self.estimate = Some(next.min(most).max(LEAST));
    }

    /// Whether a repair of so many bytes may be sent.
    pub(crate) fn repair(&mut self, now: Instant, bytes: usize) -> bool {
        let Some(estimate) = self.estimate else {
            return true;
        };
        let bits = bytes as f64 * 8.0;
        self.forget(now);
        let sent: f64 = self.repairs.iter().map(|(_, bits)| bits).sum();
        let may = sent + bits <= estimate * REPAIRS.as_secs_f64();
        if may {
            self.repairs.push_back((now, bits));
        }
        may
    }

    fn forget(&mut self, now: Instant) {
        while self
            .repairs
            .pop_front_if(|(at, _)| now.saturating_duration_since(*at) > REPAIRS)
            .is_some()
        {}
    }

    /// Bits per second; `None`: nothing limits it.
    pub(crate) fn estimate(&self) -> Option<f64> {
        self.estimate
    }

    /// The rate of each layer that is watched, lowest first, when so much goes to other things; `None`: not sent.
    /// The lowest is always sent, at no less than its minimum.
    pub(crate) fn allocate(
        &self,
        watched: [bool; 3],
        sent: [bool; 3],
        most: [u64; 3],
        others: f64,
    ) -> [Option<u64>; 3] {
        let repairs = self.repairs.iter().map(|(_, bits)| bits).sum::<f64>() / REPAIRS.as_secs_f64();
        let for_frames = |estimate: f64| (estimate - repairs).max(FRAMES_LEAST * estimate);
        let mut left = self
            .estimate
            .map_or(f64::INFINITY, |estimate| for_frames(estimate) - others);
        let mut full = false;
        let mut out = [None; 3];
        let mut lowest = true;
        for (layer, rate) in out.iter_mut().enumerate() {
            if !watched[layer] {
                continue;
            }
            let needs = MINIMUM[layer] * if sent[layer] { 1.0 } else { BEGIN };
            full |= !lowest && left < needs;
            if full {
                continue;
            }
            let bps = left.min(most[layer] as f64).max(MINIMUM[layer]);
            left -= bps;
            *rate = Some(bps as u64);
            lowest = false;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYERS: [u64; 3] = [150_000, 500_000, 1_700_000];

    fn at(bps: f64, sent: [bool; 3]) -> [bool; 3] {
        let uplink = Uplink {
            estimate: Some(bps),
            ..Uplink::default()
        };
        uplink
            .allocate([true; 3], sent, LAYERS, 32_000.0)
            .map(|rate| rate.is_some())
    }

    #[test]
    fn the_top_layer_stops_first() {
        assert_eq!(at(2_400_000.0, [true; 3]), [true, true, true]);
        assert_eq!(at(1_290_000.0, [true; 3]), [true, true, true]);
        assert_eq!(at(1_270_000.0, [true; 3]), [true, true, false]);
        assert_eq!(at(300_000.0, [true; 3]), [true, false, false]);
        assert_eq!(at(40_000.0, [true; 3]), [true, false, false]);
    }

    #[test]
    fn a_layer_begins_later_than_it_stops() {
        assert_eq!(at(1_390_000.0, [true, true, false]), [true, true, false]);
        assert_eq!(at(1_410_000.0, [true, true, false]), [true, true, true]);
    }
}
