//! A room of Janus' VideoRoom plugin, through its WebSocket API.

mod protocol;
mod room;

pub(super) use room::{JanusRoom, connect};
