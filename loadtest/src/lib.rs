//! Synthetic participants: real WebRTC over real sockets.
