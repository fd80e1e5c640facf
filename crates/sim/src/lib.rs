//! A simulated internet: links, clients, oracles, scenarios, in virtual time.
//!
//! Two modes. [`plain`] has no cryptography and no `rtc`: repeatable bit for bit from a seed, and fast. [`full`] runs
//! real `rtc` connections on both ends ([`client`] is theirs), for what plain mode leaves out.

pub mod client;
pub mod estimators;
pub mod full;
pub mod plain;
pub mod scoreboard;
pub mod soak;
