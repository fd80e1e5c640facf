//! Synthetic participants: real WebRTC over real sockets, and a relay that is a bad network. The library of the
//! program `plenum-loadtest`.
//!
//! A participant is [`sim::client::Client`] with a WebSocket, a UDP socket and, when told to, TCP connections.
//! It knows from signaling which track each of its slots should carry, and checks every packet's CSRC against it.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // A program of the I/O ring: it owns clocks, tasks and sockets.

pub mod access;
pub mod bare;
pub mod capacity;
pub mod colour_code;
pub mod compare;
pub mod control;
pub mod engine;
pub mod impair;
pub mod make_media;
pub mod media_files;
pub mod net;
pub mod options;
pub mod oracle;
pub mod participant;
pub mod plan;
pub mod report;
pub mod run;
pub mod scenario;
pub mod signal;
pub mod summary;
