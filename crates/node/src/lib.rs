//! Workers: one thread each that owns a [`Router`](router::Router), a UDP socket and a TCP listener on the
//! same port. The shell around the sans-IO media plane: it reads the clock once per batch, moves datagrams in
//! batches, and talks to the control plane through bounded queues of values.
//!
//! Second ring: threads, sockets and clocks are this crate's business.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the I/O ring: threads, sockets and the clock live here so that no other crate needs them"
)]

mod busy;
mod config;
mod cores;
mod drain;
mod framing;
mod handle;
mod histogram;
mod listen;
mod relays;
mod snapshot;
mod tcp;
mod udp;
mod worker;

pub use config::{NodeConfig, NodeError};
pub use cores::PinWorkers;
pub use framing::{Deframer, FrameError, frame};
pub use handle::{Busy, Node, NodeEvent, WorkerCommand};
pub use histogram::{Histogram, MAX_BOUNDS};
pub use snapshot::{BATCH_BUCKETS, LAG_BUCKETS_US, WorkerSnapshot};
