//! What the temporal layers of one encoding cost, as far as it has any.

use forward::LAYER_SILENCE;
use media::Bitrate;
use std::time::{Duration, Instant};

/// Temporal layers told apart: browsers send three. What is above counts as the highest.
const MAX_TEMPORAL: usize = 4;
/// Between two times at which what was measured fades.
const PIECE: Duration = Duration::from_millis(250);
/// Of what was measured so much stays each time: half of it is older than 1.3 s. Nearer to one: steadier shares, and later
/// to tell that an encoder divides anew.
const STAYS: (u64, u64) = (7, 8);
/// Pieces from which on what was measured counts: 2 s, several rounds of the pattern. A keyframe would weigh too much before.
const ENOUGH: u32 = 8;
/// After so many pieces of silence it is measured anew.
const FORGOTTEN: u32 = 12;
/// What each layer takes with those below, per mille, for one to four layers: libwebrtc's split
/// (`kLayerRateAllocation`), until it was measured.
const USUAL: [[u64; MAX_TEMPORAL]; MAX_TEMPORAL] = [
    [1_000, 0, 0, 0],
    [600, 1_000, 0, 0],
    [400, 600, 1_000, 0],
    [250, 400, 600, 1_000],
];

/// Follows one encoding. As long as all that comes is of temporal layer 0, a packet costs one comparison.
#[derive(Debug, Clone, Default)]
pub(crate) struct TemporalRates {
    /// When each layer above the lowest was last heard.
    heard: [Option<Instant>; MAX_TEMPORAL],
    /// Bytes of each layer, fading.
    bytes: [u64; MAX_TEMPORAL],
    /// Since when the piece is being filled, and how many there have been.
    piece: Option<(Instant, u32)>,
}

/// One of them, with those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TemporalStep {
    /// Its temporal id.
    pub(crate) id: u8,
    /// Frames a second, in thousandths of all: each layer doubles them (webrtc-svc, scalability modes).
    pub(crate) rate_permille: u16,
    /// What it costs, with those below.
    pub(crate) bitrate: Bitrate,
}

impl TemporalRates {
    /// A packet of the encoding, by its temporal id and its payload's bytes.
    pub(crate) fn add(&mut self, now: Instant, id: u8, bytes: usize) {
        let index = usize::from(id).min(MAX_TEMPORAL - 1);
        if index == 0 && self.piece.is_none() {
            return;
        }
        self.advance(now);
        // After a pause of all of it, each layer has its time to come again.
        let newest = self.heard.iter().flatten().max().copied();
        if newest.is_some_and(|newest| now.saturating_duration_since(newest) >= LAYER_SILENCE) {
            self.heard.iter_mut().flatten().for_each(|heard| *heard = now);
        }
        if let (Some(heard), Some(sum)) = (self.heard.get_mut(index), self.bytes.get_mut(index)) {
            *heard = Some(now);
            *sum += bytes as u64;
        }
    }

    fn advance(&mut self, now: Instant) {
        let (mut from, mut full) = self.piece.unwrap_or((now, 0));
        let behind = now.saturating_duration_since(from);
        let pieces = (behind.as_millis() / PIECE.as_millis()).min(u128::from(FORGOTTEN)) as u32;
        if pieces >= FORGOTTEN {
            self.bytes = [0; MAX_TEMPORAL];
            (from, full) = (now, 0);
        } else {
            for sum in self.bytes.iter_mut() {
                (0..pieces).for_each(|_| *sum = *sum * STAYS.0 / STAYS.1);
            }
            from += PIECE * pieces;
            full = (full + pieces).min(ENOUGH);
        }
        self.piece = Some((from, full));
    }

    /// What can be had when all of it costs `total`, from the lowest up. Nothing when there is nothing to choose. Above a
    /// layer that was silent for a second, while others came, there is nothing.
    pub(crate) fn steps(&self, total: Bitrate) -> impl Iterator<Item = TemporalStep> {
        let newest = self.heard.iter().flatten().max().copied();
        let comes = |heard: &Option<Instant>| {
            let silence = newest.zip(*heard);
            let silence = silence.map(|(newest, heard)| newest.saturating_duration_since(heard));
            silence.is_some_and(|silence| silence < LAYER_SILENCE)
        };
        let count = self.heard.iter().take_while(|heard| comes(heard)).count();
        let measured = self.piece.is_some_and(|(_, full)| full >= ENOUGH);
        let sum = self.bytes.iter().take(count).sum::<u64>();
        let usual = USUAL.get(count.saturating_sub(1)).copied().unwrap_or_default();
        let (bytes, offered) = (self.bytes, if count > 1 { count } else { 0 });
        (0..offered).map(move |index| {
            let below: u64 = bytes.iter().take(index + 1).sum();
            let share = if measured && sum > 0 {
                below * 1_000 / sum
            } else {
                usual.get(index).copied().unwrap_or(1_000)
            };
            TemporalStep {
                id: index as u8,
                rate_permille: 1_000 >> (offered - 1 - index),
                bitrate: Bitrate((u128::from(total.0) * u128::from(share) / 1_000) as u64),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOTAL: Bitrate = Bitrate(1_000_000);

    fn origin() -> Instant {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        Instant::now()
    }

    /// Frames of a pattern, 33 ms apart.
    fn play(rates: &mut TemporalRates, from: Instant, frames: u32, pattern: &[(u8, usize)]) -> Instant {
        let frame = |index: u32| from + Duration::from_millis(33) * index;
        for index in 0..frames {
            let (id, bytes) = pattern[index as usize % pattern.len()];
            rates.add(frame(index), id, bytes);
        }
        frame(frames)
    }

    fn offered(rates: &TemporalRates) -> Vec<(u8, u16, u64)> {
        let step = |step: TemporalStep| (step.id, step.rate_permille, step.bitrate.0 / 1_000);
        rates.steps(TOTAL).map(step).collect()
    }

    #[test]
    fn the_usual_split_first_then_what_was_measured() {
        let mut rates = TemporalRates::default();
        let pattern = [(0, 2_000), (2, 500), (1, 1_000), (2, 500)];
        let now = play(&mut rates, origin(), 3, &[(0, 2_000), (1, 1_000)]);
        assert_eq!(offered(&rates), [(0, 500, 600), (1, 1_000, 1_000)]);
        let now = play(&mut rates, now, 4, &pattern);
        let usual = [(0, 250, 400), (1, 500, 600), (2, 1_000, 1_000)];
        assert_eq!(offered(&rates), usual);
        play(&mut rates, now, 120, &pattern);
        let steps = offered(&rates);
        assert!((490..=530).contains(&steps[0].2), "{steps:?}");
        assert!((740..=760).contains(&steps[1].2), "{steps:?}");
        assert_eq!(steps[2], (2, 1_000, 1_000));
    }

    #[test]
    fn one_layer_is_nothing_to_choose() {
        let mut rates = TemporalRates::default();
        play(&mut rates, origin(), 100, &[(0, 1_000)]);
        assert_eq!(offered(&rates), []);
        assert_eq!(rates.piece, None, "nothing is kept");
    }

    #[test]
    fn a_layer_that_stopped_is_not_offered() {
        let mut rates = TemporalRates::default();
        let now = play(
            &mut rates,
            origin(),
            120,
            &[(0, 600), (2, 400), (1, 400), (2, 400)],
        );
        let now = play(&mut rates, now, 40, &[(0, 500), (1, 500)]);
        let steps = offered(&rates);
        assert_eq!((steps.len(), steps[1]), (2, (1, 1_000, 1_000)));
        // It is not silence when nothing of the encoding comes at all.
        let now = now + Duration::from_secs(20);
        assert_eq!(offered(&rates), steps);
        let now = play(&mut rates, now, 1, &[(0, 600)]);
        assert_eq!(offered(&rates).len(), 3, "it has begun again, and may have all");
        play(&mut rates, now, 40, &[(0, 600)]);
        assert_eq!(offered(&rates), []);
    }
}
