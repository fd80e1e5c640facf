//! Peers, forwarders and speakers: the media plane of one worker as a state machine.
//!
//! A [`Router`] is told the time, datagrams and [`MediaCommand`](media::plane::MediaCommand)s, and returns
//! datagrams and [`MediaEvent`](media::plane::MediaEvent)s. First ring: no thread, no socket, no clock, no lock.
//! It sees peers through [`peer::Peer`], so that a simulation can run it without cryptography.
//!
//! Use: any number of `handle_*` calls (a batch of datagrams, say), then drain [`Router::poll_event`] and
//! [`Router::poll_transmit`] until both return `None`, then sleep until [`Router::poll_timeout`].

mod config;
mod counters;
mod router;

pub use config::RouterConfig;
pub use counters::{DROP_NAMES, DropReason, RouterCounters, Traffic};
pub use router::Router;
