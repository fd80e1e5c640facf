//! How good pictures are on bad networks: the same rows under three controllers, with thresholds.
//!
//! A [`Row`] is a network and who is on it; a [`Column`] a congestion controller. [`run`] plays one seed of one cell in
//! plain mode and measures it; [`THRESHOLDS`] say what has to hold over all seeds.

mod board;
mod measure;
mod play;
mod plot;
mod red;
mod report;
mod rows;
mod sound;
mod thresholds;

pub use board::{Board, Cell};
pub use measure::{Measured, percentile};
pub use play::{Run, run, run_flawed};
pub use plot::plot;
pub use red::reds;
pub use report::{markdown, summary};
pub use rows::{Column, ROUND_TRIPS, Row, rows};
pub use thresholds::{THRESHOLDS, Threshold, Verdict};
