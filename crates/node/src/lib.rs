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

mod framing;
mod handle;
mod relays;
mod snapshot;
mod tcp;
mod udp;
mod worker;

pub use framing::{Deframer, FrameError, frame};
pub use handle::{Busy, Node, NodeConfig, NodeError, NodeEvent, WorkerCommand};
pub use snapshot::{LAG_BUCKETS_US, WorkerSnapshot};
