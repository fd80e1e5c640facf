//! What of the sound would be missing: packets against a playout that adapts, as NetEq does.

use crate::plain::Received;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Sound is played this much later than the quickest packet came, at first.
const START: f64 = 0.080;
/// The playout delay shrinks by this share of a packet's surplus, and never below the least.
const SHRINK: f64 = 0.002;
const LEAST: f64 = 0.040;
/// A longer pause in what was captured is a gate, not a gap.
const SILENCE: f64 = 1.0;

/// The longest stretch without sound in seconds, over all tracks, from `from` on.
pub(super) fn longest_gap(audio: &[Received], from: Instant) -> f64 {
    let mut tracks: BTreeMap<_, Playout> = BTreeMap::new();
    let mut longest: f64 = 0.0;
    for packet in audio {
        let at = packet.at.saturating_duration_since(from).as_secs_f64();
        let playout = tracks.entry(packet.track).or_default();
        longest = longest.max(playout.play(at, packet.captured));
    }
    longest
}

#[derive(Debug, Default)]
struct Playout {
    /// Arrival less capture of the quickest packet, and how much later is played.
    base: Option<f64>,
    delay: f64,
    newest: Option<f64>,
}

impl Playout {
    /// A packet; how long nothing could be played before it.
    fn play(&mut self, at: f64, captured: Duration) -> f64 {
        let captured = captured.as_secs_f64();
        let transit = at - captured;
        let Some(base) = self.base else {
            (self.base, self.delay, self.newest) = (Some(transit), START, Some(captured));
            return 0.0;
        };
        let base = base.min(transit);
        self.base = Some(base);
        let before = self.newest.unwrap_or(captured);
        if captured <= before {
            // Came after its successor was played.
            return 0.0;
        }
        self.newest = Some(captured);
        let late = transit - (base + self.delay);
        let skipped = (captured - before - 0.020).max(0.0);
        if late > 0.0 {
            self.delay += late;
        } else {
            self.delay = (self.delay + SHRINK * late).max(LEAST);
        }
        let skipped = if skipped > SILENCE { 0.0 } else { skipped };
        late.max(0.0) + skipped
    }
}
