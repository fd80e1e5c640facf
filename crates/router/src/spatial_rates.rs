//! What the spatial layers inside one encoding cost, as far as it has any (SVC).

use crate::layer_rate::LayerRate;
use forward::LAYER_SILENCE;
use media::Bitrate;
use std::time::Instant;

/// Spatial layers told apart: browsers send three. What is above counts as the highest.
const MAX_SPATIAL: usize = 4;

/// Follows one encoding.
#[derive(Debug, Clone, Default)]
pub(crate) struct SpatialRates {
    /// From the lowest up; empty while all that comes is of spatial layer 0.
    layers: Vec<SpatialLayer>,
}

#[derive(Debug, Clone)]
struct SpatialLayer {
    rate: LayerRate,
    heard: Instant,
}

/// One of them, with those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpatialStep {
    /// Its spatial id.
    pub(crate) id: u8,
    /// How often the picture's sides are halved against the encoding's full picture.
    pub(crate) halvings: u32,
    /// What it costs, with those below.
    pub(crate) bitrate: Bitrate,
}

impl SpatialRates {
    /// A packet of the encoding, by its spatial id and its payload's bytes.
    pub(crate) fn add(&mut self, now: Instant, id: u8, bytes: usize) {
        let index = usize::from(id).min(MAX_SPATIAL - 1);
        if index == 0 && self.layers.is_empty() {
            return;
        }
        while self.layers.len() <= index {
            self.layers.push(SpatialLayer {
                rate: LayerRate::new(now),
                // The lower ones are on the way, or nobody could decode this.
                heard: now,
            });
        }
        if let Some(layer) = self.layers.get_mut(index) {
            layer.heard = now;
            layer.rate.add(now, bytes);
        }
    }

    /// What can be had now, from the lowest up; `announced` is the rate the publisher named for all of it. Nothing when
    /// there is nothing to choose.
    pub(crate) fn steps(&self, now: Instant, announced: Bitrate) -> impl Iterator<Item = SpatialStep> {
        let top = self.layers.len().saturating_sub(1);
        let mut below = 0;
        let comes = move |layer: &SpatialLayer| now.saturating_duration_since(layer.heard) < LAYER_SILENCE;
        let coming = self
            .layers
            .iter()
            .enumerate()
            .filter(move |(_, layer)| comes(layer));
        coming.map(move |(index, layer)| {
            // Four times the pixels cost about four times the bits; the layer pays for what is not below it.
            let share = |index: usize| announced.0 >> (2 * (top - index)).min(63);
            let own = share(index) - index.checked_sub(1).map_or(0, share);
            below += layer.rate.cost(Bitrate(own)).0;
            SpatialStep {
                id: index as u8,
                halvings: (top - index) as u32,
                bitrate: Bitrate(below),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_step_costs_what_is_below_it_too() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let t0 = Instant::now();
        let mut rates = SpatialRates::default();
        let announced = Bitrate(1_600_000);
        rates.add(t0, 0, 1_000);
        assert_eq!(rates.steps(t0, announced).count(), 0, "nothing to choose");
        let mut now = t0;
        for i in 0..400 {
            now = t0 + Duration::from_millis(10) * i;
            // Headers of 76 bytes make these 100, 200 and 400 kb/s.
            for (id, bytes) in [(0, 49), (1, 174), (2, 424)] {
                rates.add(now, id, bytes);
            }
            if i == 0 {
                let first: Vec<u64> = rates
                    .steps(now, announced)
                    .map(|step| step.bitrate.0 / 1_000)
                    .collect();
                assert_eq!(first, [108, 432, 1_728], "as announced, with headers");
            }
        }
        let steps: Vec<SpatialStep> = rates.steps(now, Bitrate(0)).collect();
        let kilobits: Vec<u64> = steps.iter().map(|step| step.bitrate.0.div_ceil(1_000)).collect();
        assert_eq!(kilobits, [100, 300, 700]);
        assert_eq!(
            steps.iter().map(|step| step.halvings).collect::<Vec<_>>(),
            [2, 1, 0]
        );
        // The encoder has dropped the top layer: the others are as high as they were.
        for i in 0..200 {
            now += Duration::from_millis(10) * u32::from(i > 0);
            (0..2).for_each(|id| rates.add(now, id, 100));
        }
        assert_eq!(
            rates
                .steps(now, Bitrate(0))
                .map(|step| step.halvings)
                .collect::<Vec<_>>(),
            [2, 1]
        );
        for id in [9, 200] {
            rates.add(now, id, 100);
        }
        assert_eq!(rates.steps(now, Bitrate(0)).count(), 3, "bounded");
    }
}
