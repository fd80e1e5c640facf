//! What goes into a client and comes out of it.

use super::assemble::Frame;
use bytes::{Bytes, BytesMut};
use media::Source;
use std::net::SocketAddr;

/// What can go wrong with a client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The stack refused.
    #[error("rtc: {0}")]
    Rtc(#[from] rtc::shared::error::Error),
    /// A recorded file cannot be used.
    #[error("{0}")]
    Media(String),
    /// No cryptography.
    #[error("cryptography: {0}")]
    Crypto(String),
    /// The channel is not open.
    #[error("data channel not open")]
    ChannelNotOpen,
    /// The answer names no candidate of the protocol asked for.
    #[error("the answer has no {0:?} candidate")]
    NoCandidate(Via),
}

/// How a datagram travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Via {
    /// A datagram.
    Udp,
    /// A frame of an ICE-TCP connection (RFC 4571), framing removed.
    Tcp,
}

/// A datagram to send, from the client's address of that protocol.
#[derive(Debug, Clone)]
pub struct Transmit {
    /// UDP or TCP.
    pub via: Via,
    /// Where to.
    pub remote: SocketAddr,
    /// What.
    pub datagram: BytesMut,
}

/// Media that came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Received {
    /// Packets.
    pub packets: u64,
    /// Their payload in bytes.
    pub bytes: u64,
    /// Complete video frames.
    pub frames: u64,
}

/// The two channels the client opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Ordered, retransmitted.
    Reliable,
    /// Unordered, never retransmitted.
    Lossy,
}

/// What a client tells its owner.
#[derive(Debug, Clone)]
pub enum ClientEvent {
    /// ICE and DTLS are done.
    Connected,
    /// ICE or DTLS failed, or the server closed.
    Closed {
        /// The state `rtc` reports.
        state: String,
    },
    /// A channel is open.
    ChannelOpen(Channel),
    /// A channel closed; [`Client::open_channel`](super::Client::open_channel) opens a new one.
    ChannelClosed(Channel),
    /// A message.
    Data {
        /// Through which channel.
        channel: Channel,
        /// The bytes.
        message: Bytes,
    },
    /// Packets of another track began to flow through a slot.
    TrackChanged {
        /// Which of [`Client::slots`](super::Client::slots).
        slot: usize,
        /// The track's number.
        csrc: u32,
    },
    /// An audio packet, the first time it came; only with `frame_events`.
    Sound {
        /// Which of [`Client::slots`](super::Client::slots).
        slot: usize,
        /// The track it came from.
        csrc: u32,
        /// Number of the stream, when it was made up ([`Client::streams`](super::Client::streams)).
        stream: Option<u32>,
    },
    /// A complete frame; only with `frame_events`.
    Frame {
        /// Which of [`Client::slots`](super::Client::slots).
        slot: usize,
        /// The frame.
        frame: Frame,
    },
}

/// The description to send to the server.
#[derive(Debug, Clone)]
pub struct Offer {
    /// SDP.
    pub sdp: String,
    /// Mids of the publish sections and what they are for.
    pub tracks: Vec<(String, Source)>,
}
