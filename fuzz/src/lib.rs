//! Fuzz targets: each is a function of bytes that asserts what must hold whatever they are. `make fuzz` looks for
//! bytes for which it does not; `make test` replays those in `corpus/` (see `docs/fuzzing.md`).
#![allow(
    clippy::disallowed_methods,
    reason = "a target needs an origin for virtual time; it never asks again"
)]

// The scripted peers of the router's tests and the real client of the peer's: one of each is enough.
#[allow(dead_code)]
#[path = "../../crates/router/tests/behaviour/common.rs"]
mod common;
#[path = "../../crates/peer/tests/support/mod.rs"]
mod support;

mod input;
mod offers;
pub mod targets;

pub use targets::{TARGETS, Target, target};
