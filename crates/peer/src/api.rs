//! What a router needs of a peer.

use bytes::{Bytes, BytesMut};
use media::packet::SlotPacket;
use media::plane::Sections;
use media::{LayerIndex, MLineIndex, NtpTime, Packet, RtpTime, SeqNo};
use std::net::SocketAddr;
use std::time::Instant;

/// UDP, or TCP with RFC 4571 framing already removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Datagrams.
    Udp,
    /// ICE-TCP (RFC 6544), passive on our side.
    Tcp,
}

/// The two ends a datagram travels between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    /// UDP or TCP.
    pub protocol: Protocol,
    /// Our address, as it is in the answer's candidates.
    pub local: SocketAddr,
    /// Theirs, as seen by our socket.
    pub remote: SocketAddr,
}

/// A datagram to send.
#[derive(Debug, Clone)]
pub struct Transmit {
    /// Where to.
    pub path: Path,
    /// What.
    pub datagram: BytesMut,
}

/// What an accepted offer leads to.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The SDP for the client.
    pub sdp: String,
    /// The client's m-lines.
    pub sections: Sections,
    /// ICE username fragment of our side: STUN requests for this peer start with `ufrag:` (RFC 8445 §7.2.2).
    /// After an ICE restart the former one stays valid until the peer closes.
    pub ufrag: String,
}

/// Why an offer cannot be met. The text is for the client's developer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Not SDP.
    #[error("the offer is not SDP that can be parsed: {0}")]
    Malformed(String),
    /// Over a size or count limit.
    #[error("the offer is too large: {what} is {actual}, at most {limit} are accepted")]
    TooLarge {
        /// What is counted.
        what: &'static str,
        /// In the offer.
        actual: usize,
        /// Limit.
        limit: usize,
    },
    /// No codec in common on a section.
    #[error("m-line {mline} offers no codec this server forwards; offer {wanted}")]
    NoCodec {
        /// Which section.
        mline: u16,
        /// What would do.
        wanted: &'static str,
    },
    /// Something required is missing or used in a way that is not supported.
    #[error("{0}")]
    Unsupported(String),
    /// A direction changed since the first offer, or an m-line vanished.
    #[error("m-line {mline} changed since the first offer: {what}")]
    Changed {
        /// Which section.
        mline: u16,
        /// How.
        what: String,
    },
}

/// A channel between client and server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataChannel {
    /// Label `reliable`: ordered, retransmitted.
    Reliable,
    /// Label `lossy`: unordered, never retransmitted.
    Lossy,
}

/// What a peer tells its router.
#[derive(Debug, Clone)]
pub enum PeerEvent {
    /// Handshakes done.
    Connected {
        /// IANA name of the SRTP profile.
        srtp_profile: &'static str,
        /// Protocol of the current path.
        protocol: Protocol,
    },
    /// ICE validated this path: datagrams from its remote address belong to this peer, and may speak DTLS.
    PathValidated(Path),
    /// The path is stale or replaced: forget the address.
    PathForgotten(Path),
    /// A media packet of a publish section, decrypted, retransmissions already unwrapped into their original.
    Rtp {
        /// Publish section.
        section: MLineIndex,
        /// Which of its layers; 0 without simulcast.
        layer: LayerIndex,
        /// The packet.
        packet: Packet,
    },
    /// The publisher's clock for one layer (RFC 3550 §6.4.1).
    SenderReport {
        /// Publish section.
        section: MLineIndex,
        /// Which of its layers.
        layer: LayerIndex,
        /// The publisher's wall clock.
        ntp: NtpTime,
        /// The same instant on the layer's RTP clock.
        rtp: RtpTime,
    },
    /// The subscriber misses packets of a slot (RFC 4585 §6.2.1), in the slot's numbering.
    Nack {
        /// Slot.
        slot: MLineIndex,
        /// Missing, at most 17 × 32 per event.
        missing: Vec<SeqNo>,
    },
    /// PLI (RFC 4585) or FIR (RFC 5104) for a slot.
    KeyframeRequest {
        /// Slot.
        slot: MLineIndex,
    },
    /// Receiver report block for a slot.
    ReceiverReport {
        /// Slot.
        slot: MLineIndex,
        /// Fraction lost since the last one, 0..=255.
        fraction_lost: u8,
        /// In the slot's clock.
        jitter: u32,
        /// Round trip in milliseconds, when the client echoed a sender report.
        rtt_ms: Option<u32>,
    },
    /// [`Peer::bandwidth`] changed by so much that layers may have to change: at most every 50 ms.
    Bandwidth,
    /// A channel the client opened is ready, or ready again.
    ChannelOpen(DataChannel),
    /// A channel closed: by the client, or by us with a reason (a reader too slow).
    ChannelClosed(DataChannel),
    /// A message from the client.
    Data {
        /// Through which channel.
        channel: DataChannel,
        /// The bytes, as sent.
        message: Bytes,
    },
    /// Nothing authenticated has come for `seconds` (3, then 15: sending stops, RFC 7675 §5.1), or the
    /// client is back (0).
    Silent {
        /// Of silence: 0, 3 or 15.
        seconds: u32,
    },
    /// The peer is over. Nothing follows.
    Closed {
        /// Why.
        reason: &'static str,
        /// DTLS ended with an alert before it was connected.
        dtls_alert: bool,
    },
}

/// A sender report for a slot: its fixed line (see `forward`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotReport {
    /// Server wall clock.
    pub ntp: NtpTime,
    /// The same instant on the slot's RTP clock.
    pub rtp: RtpTime,
    /// Packets sent through the slot.
    pub packets: u32,
    /// Payload bytes sent through the slot.
    pub octets: u32,
}

/// Counters of one peer, all since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeerStats {
    /// NACKed packets we asked the publisher for.
    pub nacks_sent: u64,
    /// Retransmissions from the publisher, unwrapped.
    pub rtx_received: u64,
    /// Packets that could not be parsed, decrypted or attributed.
    pub dropped_in: u64,
    /// Packets refused on the way out (codec or slot not negotiated).
    pub dropped_out: u64,
    /// Bytes on the wire of padding, for probes.
    pub padding_bytes: u64,
    /// Probe clusters started.
    pub probes: u64,
    /// Packets pushed out of a full pacer, and repairs for which it had no room.
    pub pacer_drops: u64,
    /// Retransmissions to the client that were sent a second time.
    pub repairs_copied: u64,
}

/// A slow data-channel reader: the message was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// The client has not opened this channel, or it is closed.
    #[error("channel not open")]
    NotOpen,
    /// More than the bound is queued for this reader.
    #[error("reader too slow")]
    Full,
}

/// The server's end of one PeerConnection, as a state machine.
///
/// After any `handle_*` or `send_*` the owner drains [`poll_event`](Peer::poll_event) and
/// [`poll_transmit`](Peer::poll_transmit) until both return `None`, then reads
/// [`poll_timeout`](Peer::poll_timeout).
pub trait Peer {
    /// A datagram that the demultiplexer found to be for this peer.
    fn handle_datagram(&mut self, now: Instant, path: Path, datagram: BytesMut);
    /// The time `poll_timeout` asked for has come.
    fn handle_timeout(&mut self, now: Instant);
    /// When to call `handle_timeout` next.
    fn poll_timeout(&mut self) -> Option<Instant>;
    /// Time has passed since the last `handle_*` call: what is polled from here on leaves now. Without it, it leaves at the
    /// time told last.
    fn tell_time(&mut self, _now: Instant) {}
    /// Next datagram to send.
    fn poll_transmit(&mut self) -> Option<Transmit>;

    /// As [`poll_transmit`](Peer::poll_transmit), but appended to `buffer`; returns where to. For whoever puts datagrams
    /// together anyway: nothing is allocated and nothing copied for each. After a panic the buffer may hold part of one.
    fn poll_datagram(&mut self, buffer: &mut Vec<u8>) -> Option<Path> {
        let transmit = self.poll_transmit()?;
        buffer.extend_from_slice(&transmit.datagram);
        Some(transmit.path)
    }
    /// Next event.
    fn poll_event(&mut self) -> Option<PeerEvent>;

    /// The TCP connection behind this path has closed: nothing goes there any more.
    fn handle_path_closed(&mut self, now: Instant, path: Path);

    /// A later offer (the first one builds the peer).
    ///
    /// # Errors
    /// When it cannot be met; the peer goes on as before.
    fn handle_offer(&mut self, now: Instant, sdp: &str) -> Result<Answer, OfferError>;

    /// Whether media reaches the client now: handshakes done, consent to send not expired (RFC 7675). What is sent
    /// while it does not is lost, so nothing should begin.
    fn is_reachable(&self) -> bool;
    /// Whether the subscriber's slot can take this codec.
    fn accepts(&self, slot: MLineIndex, codec: media::Codec) -> bool;
    /// Whether the subscriber's slot takes dependency descriptors: without them a receiver of AV1 cannot tell which
    /// packets of a picture are of which spatial layer, and shows nothing as soon as there are two.
    fn takes_descriptors(&self, slot: MLineIndex) -> bool;
    /// What the path to the client carries; `None` until anything is known of it (not connected).
    fn bandwidth(&self) -> Option<bwe::Estimate>;
    /// The next decision about what the path carries that was not read yet, for a trace; the oldest go when nobody reads.
    fn poll_change(&mut self) -> Option<bwe::Change> {
        None
    }
    /// What the slots of this peer would take: decides how far to probe.
    fn set_demand(&mut self, now: Instant, demand: bwe::Demand);
    /// Send a packet through a slot: paced, sound first.
    fn send_rtp(&mut self, now: Instant, slot: MLineIndex, packet: SlotPacket);
    /// Send a packet again, as RTX (RFC 4588); `packet.seq` is the original. Without RTX for the codec it is not
    /// sent: one SRTP packet index must never encrypt two different packets (RFC 3711 §9.1).
    fn send_retransmission(&mut self, now: Instant, slot: MLineIndex, packet: SlotPacket);
    /// Send a sender report for a slot.
    fn send_report(&mut self, now: Instant, slot: MLineIndex, report: SlotReport);
    /// Ask the publisher for a keyframe of one layer (PLI; throttled by the caller).
    fn request_keyframe(&mut self, now: Instant, section: MLineIndex, layer: LayerIndex);
    /// The layer has stopped: what is missing of it is not asked for any more. Nothing to do for a peer that never asks.
    fn give_up_repairs(&mut self, _section: MLineIndex, _layer: LayerIndex) {}
    /// Send a message to the client. Lossy: drops the oldest queued when full. Reliable: past 1 MiB or 10 s
    /// of backlog the channel closes ([`PeerEvent::ChannelClosed`]).
    ///
    /// # Errors
    /// When it was not queued.
    fn send_data(&mut self, now: Instant, channel: DataChannel, message: Bytes) -> Result<(), DataError>;
    /// Say goodbye (DTLS close) and end; drain `poll_transmit` once more, then drop.
    fn close(&mut self, now: Instant);
    /// Counters.
    fn stats(&self) -> PeerStats;
}
