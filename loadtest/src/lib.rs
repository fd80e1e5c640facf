//! Synthetic participants: real WebRTC over real sockets.

pub mod colour_code;
