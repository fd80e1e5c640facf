//! Which layer fits a tile.

use crate::allocate::Step;
use std::time::Duration;

/// A layer that has sent nothing for this long counts as absent.
pub const LAYER_SILENCE: Duration = Duration::from_secs(1);

/// The smallest step at least as high as the tile, in full rate if there is one; else the largest. `None` when
/// there is none, or when the tile is hidden (`height` 0). Of equal ones the later counts as the larger.
pub fn select_step(height: u16, steps: &[Step]) -> Option<&Step> {
    if height == 0 {
        return None;
    }
    let rank = |&(index, step): &(usize, &Step)| (step.height, step.rate_permille, index);
    let enough = steps
        .iter()
        .map(|step| step.height)
        .filter(|h| *h >= height)
        .min();
    let steps = steps.iter().enumerate();
    let best = match enough {
        // The smallest that is high enough, with all its frames.
        Some(enough) => steps
            .filter(|(_, step)| step.height == enough)
            .min_by_key(|(index, step)| (std::cmp::Reverse(step.rate_permille), *index)),
        None => steps.max_by_key(rank),
    };
    best.map(|(_, step)| step)
}
