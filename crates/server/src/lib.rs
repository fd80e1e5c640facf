//! The server program: configuration, HTTP, WebSocket sessions, metrics, lifecycle.
//!
//! The control plane is one task that owns every room ([`room::Rooms`]); sessions, offer builders and media workers
//! send it values through bounded queues. Media never passes through here.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the I/O ring: tasks, sockets and the clock of the control plane live here"
)]

mod access;
pub mod addresses;
pub mod cli;
pub mod config;
mod control;
mod fault;
mod http;
pub mod logging;
pub mod metrics;
pub mod page;
mod rate;
mod run;
mod session;
mod token_command;
mod trace;
mod translate;

pub use access::{AccessError, KeyFileError, KeyFileProblem};
pub use fault::Fault;
pub use run::{Server, StartError};
