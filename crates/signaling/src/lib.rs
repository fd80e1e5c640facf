//! The wire protocol between client and server, `plenum.v1`: JSON text frames over one WebSocket; and access tokens.
//!
//! First ring: no thread, no socket, no clock, no lock.

pub mod client;
mod parse;
pub mod server;
mod tagged;
pub mod token;
pub mod types;
#[cfg(test)]
mod typescript;

pub use client::{ClientFrame, ClientMessage};
pub use parse::{
    LAYERS_MAX, MID_CHARS_MAX, OFFERED_TRACKS_MAX, PAGE_MAX, ProtocolError, TILES_MAX, parse_client_frame,
};
pub use server::{ServerFrame, ServerMessage};
pub use token::AccessToken;
pub use types::*;

/// WebSocket subprotocol and version of the protocol.
pub const SUBPROTOCOL: &str = "plenum.v1";
