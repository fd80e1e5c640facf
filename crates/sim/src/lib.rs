//! A simulated internet: links, clients, oracles, scenarios, in virtual time.

pub mod client;
pub mod full;
