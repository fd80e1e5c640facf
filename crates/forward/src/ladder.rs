//! Which of a track's qualities are worth their cost.

use crate::allocate::Step;
use crate::select::select_step;
use media::{LayerIndex, Source};

/// Frames a second, in thousandths of the full rate, below which a camera is for those who would see nothing otherwise:
/// 10 of 30. Lower: 7.5 frames a second of a large picture in the place of all of a smaller one.
const SLOW_PERMILLE: u16 = 333;
/// What frames a second are worth beside height, as a power: half as many of a camera's are worth 0.71 of all.
/// Higher: smaller pictures that move, lower: larger ones that do not.
const CAMERA_FRAMES: f64 = 0.5;
/// The same for a screen, which is to be read: a quarter of the frames is worth 0.84, so half the height is always worth
/// less.
const SCREEN_FRAMES: f64 = 0.125;

impl Step {
    /// What it is worth to somebody who sees it, in pixels of height at the full rate. A height that the publisher did
    /// not say counts as 1.
    pub fn worth(&self, source: Source) -> f64 {
        let power = match source {
            Source::Screen => SCREEN_FRAMES,
            _ => CAMERA_FRAMES,
        };
        let rate = f64::from(self.rate_permille.max(1)) / 1_000.0;
        f64::from(self.height.max(1)) * rate.powf(power)
    }
}

/// The steps worth choosing among for a tile of this height: each costs more, and is worth more, than the one before, and
/// the last is what the tile asks for. Empty when nothing can be had, or when the tile is hidden.
///
/// Of a camera, less than ten frames a second are a step of the lowest encoding only.
pub fn ladder(source: Source, height: u16, steps: &[Step]) -> Vec<Step> {
    let Some(wish) = select_step(height, steps).and_then(|index| steps.get(index)) else {
        return Vec::new();
    };
    let lowest = steps.iter().map(|step| step.target.layer).min();
    let is_slow = |step: &Step| {
        source == Source::Camera && step.rate_permille < SLOW_PERMILLE && Some(step.target.layer) != lowest
    };
    // Of equal worth, as of heights nobody said, the later encoding counts as more.
    let rank = |step: &Step| -> (f64, LayerIndex) { (step.worth(source), step.target.layer) };
    let below = |step: &&Step| step.bitrate < wish.bitrate && rank(step) < rank(wish) && !is_slow(step);
    let mut cheaper: Vec<Step> = steps.iter().filter(below).copied().collect();
    // Of equal cost the one that is worth most comes first: it stays.
    cheaper.sort_by(|one, other| {
        let worth = rank(other)
            .partial_cmp(&rank(one))
            .unwrap_or(std::cmp::Ordering::Equal);
        one.bitrate.cmp(&other.bitrate).then(worth)
    });
    let mut ladder: Vec<Step> = Vec::with_capacity(cheaper.len() + 1);
    for step in cheaper.into_iter().chain([*wish]) {
        if ladder.last().is_none_or(|last| rank(&step) > rank(last)) {
            ladder.push(step);
        }
    }
    ladder
}
