//! What every run is made of, whatever it plays: threads, tallies, and a look at the processes involved.

pub mod bottleneck;
pub mod process;
pub mod rest;
pub mod server;
pub mod tally;
pub mod threads;
