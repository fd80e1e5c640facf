//! What a run found: the data of a run, and the ways to show it.

pub mod distribution;
pub mod example;
pub(crate) mod format;
pub mod harness;
pub mod html;
pub mod live;
mod machine;
pub mod metrics;
pub mod model;
pub mod outputs;
mod participant;
mod screen;
pub mod table;
pub mod threshold;
mod totals;

pub use participant::{Expects, ParticipantReport, RunReport, TrackReport, millis};
