//! The wire protocol between client and server, `plenum.v1`: JSON text frames over one WebSocket.

pub mod client;
pub mod server;
pub mod types;
#[cfg(test)]
mod typescript;

pub use client::{ClientFrame, ClientMessage};
pub use server::{ServerFrame, ServerMessage};
pub use types::*;

/// WebSocket subprotocol and version of the protocol.
pub const SUBPROTOCOL: &str = "plenum.v1";
