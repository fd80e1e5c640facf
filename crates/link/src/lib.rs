//! A model of one direction of a network path, deterministic from a seed and told the time.
//!
//! The simulator puts it between people and the server, the impairment relay between a real browser and a real
//! server, and the tests of `bwe` under a single sender: what is measured in one place holds in the others.

mod config;
mod loss;
mod rng;
mod wire;

pub use config::{LinkConfig, LossModel, RateStep};
pub use rng::Rng;
pub use wire::{Drop, Fate, HEADER_BYTES, Link};
