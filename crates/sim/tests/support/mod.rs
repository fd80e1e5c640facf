//! What the full-mode scenarios share.
#![allow(dead_code)] // Each scenario uses its part.

use sim::full::World;
use std::time::Instant;

/// An empty world; virtual time needs an origin, and nothing else asks the clock.
#[allow(clippy::disallowed_methods)]
pub(crate) fn world(seed: u64) -> World {
    World::new(Instant::now(), seed)
}
