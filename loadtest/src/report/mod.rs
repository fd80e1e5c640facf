//! What a run found: the data of a run, and the ways to show it.

pub mod distribution;
pub mod model;
mod participant;
mod totals;

pub use participant::{ParticipantReport, RunReport, TrackReport, millis};
