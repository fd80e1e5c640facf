//! Which layer fits a tile.

use crate::allocate::Step;
use std::time::Duration;

/// A layer that has sent nothing for this long counts as absent.
pub const LAYER_SILENCE: Duration = Duration::from_secs(1);

/// Which of the steps fits a tile of this height: the smallest at least as high, in full rate if there is one; else the
/// largest. `None` when there is none, or when the tile is hidden (`height` 0). Of equal ones the later counts as the
/// larger.
pub fn select_step(height: u16, steps: &[Step]) -> Option<usize> {
    if height == 0 {
        return None;
    }
    let enough = steps
        .iter()
        .map(|step| step.height)
        .filter(|h| *h >= height)
        .min();
    let indexed = steps.iter().enumerate();
    let best = match enough {
        Some(enough) => indexed
            .filter(|(_, step)| step.height == enough)
            .min_by_key(|(index, step)| (std::cmp::Reverse(step.rate_permille), *index)),
        None => indexed.max_by_key(|(index, step)| (step.height, step.rate_permille, *index)),
    };
    best.map(|(index, _)| index)
}
