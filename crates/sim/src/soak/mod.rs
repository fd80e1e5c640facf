//! Random calls from seeds, in plain mode: six people on random networks come, look, mute and go, and nothing that must
//! not happen happens to any of them.
//!
//! [`Scenario::random`] makes a call from a seed, [`play`] returns what went wrong in it, and [`shrink`] finds the
//! smallest call in which the same still goes wrong.

mod oracles;
mod play;
mod scenario;
mod shrink;

pub use play::play;
pub use scenario::{Action, Guest, Scenario};
pub use shrink::shrink;

use std::fmt;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which oracle says so.
    pub oracle: Oracle,
    /// Who, when, and by how much.
    pub what: String,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Oracle {
    /// Numbers go on, whatever is decoded has its references, and nothing reaches the wrong person
    /// ([`World::violations`](crate::plain::World::violations)).
    Packets,
    /// A visible picture moves while the network could carry it.
    StuckSlot,
    /// Sound goes on while the network could carry it.
    StuckSound,
    /// What is sent does not stand in front of the network for long.
    StandingQueue,
    /// When everybody has gone, nothing is left on the server.
    Freed,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.oracle, self.what)
    }
}
