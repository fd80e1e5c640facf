//! Random calls from seeds: six people on random networks come, look, mute and go, and nothing that must not happen
//! happens to any of them.
//!
//! [`Scenario::random`] makes a call from a seed, [`Mode::play`] returns what went wrong in it, and [`shrink`] finds the
//! smallest call in which the same still goes wrong. The same calls are played in both modes, under the same oracles.

mod call;
mod in_full;
mod in_plain;
mod oracles;
mod play;
mod scenario;
mod shrink;
mod timeline;
mod verdict;

pub use scenario::{Action, Guest, Scenario};
pub use shrink::{Effort, shrink};

use crate::{full, plain};
use call::Call;
use std::fmt;
use timeline::Timeline;

/// In which of the two worlds a call is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Without cryptography and `rtc`: the same bit for bit each time.
    Plain,
    /// Real `rtc` connections at both ends: not quite the same each time.
    Full,
}

impl Mode {
    /// What goes wrong in this call; nothing, if all is well.
    pub fn play(self, scenario: &Scenario) -> Vec<Failure> {
        match self {
            Mode::Plain => play::play(
                plain::World::begin(scenario.seed, scenario.workers),
                scenario,
                None,
            ),
            Mode::Full => play::play(
                full::World::begin(scenario.seed, scenario.workers),
                scenario,
                None,
            ),
        }
    }

    /// What the oracles say when something goes wrong on purpose, in plain mode.
    pub fn sabotaged(scenario: &Scenario, sabotage: plain::Sabotage) -> Vec<Failure> {
        let mut world = plain::World::begin(scenario.seed, scenario.workers);
        world.sabotage = Some(sabotage);
        play::play(world, scenario, None)
    }

    /// Plays the call, and tells a line every 200 ms about one of its guests: estimate and link, what the server sent,
    /// and what each slot shows.
    pub fn watch(self, scenario: &Scenario, person: usize, tell: &mut dyn FnMut(&str)) -> Vec<Failure> {
        let timeline = Some(Timeline::new(person, tell));
        match self {
            Mode::Plain => play::play(
                plain::World::begin(scenario.seed, scenario.workers),
                scenario,
                timeline,
            ),
            Mode::Full => play::play(
                full::World::begin(scenario.seed, scenario.workers),
                scenario,
                timeline,
            ),
        }
    }

    /// How hard to look for a smaller call.
    pub fn effort(self) -> Effort {
        match self {
            Mode::Plain => Effort { tries: 400, plays: 1 },
            Mode::Full => Effort { tries: 100, plays: 3 },
        }
    }
}

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
    /// ([`plain::World::violations`], [`full::World::complaints`]).
    Packets,
    /// A visible picture moves while the network could carry it.
    StuckSlot,
    /// Sound goes on while the network could carry it.
    StuckSound,
    /// What is sent does not stand in front of the network for long.
    StandingQueue,
    /// Nobody is given up who has not gone.
    ThrownOut,
    /// When everybody has gone, nothing is left on the server.
    Freed,
}

impl Oracle {
    /// All of them.
    pub const ALL: [Oracle; 6] = [
        Oracle::Packets,
        Oracle::StuckSlot,
        Oracle::StuckSound,
        Oracle::StandingQueue,
        Oracle::ThrownOut,
        Oracle::Freed,
    ];
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.oracle, self.what)
    }
}
