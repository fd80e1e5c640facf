//! Doors to what fuzz targets reach and nobody else does: each calls one function of this crate. Behind the feature
//! `fuzzing`, which no program turns on.

use crate::api::{OfferError, PeerEvent, PeerStats};
use crate::config::{MAX_OFFER_BYTES, MAX_REOFFER_BYTES, PeerConfig};
use crate::header::{self, Fields, Values};
use crate::receive::Receiver;
use crate::sdp::answer::{self, AnswerParameters};
use crate::sdp::extensions::ExtensionIds;
use crate::sdp::offer::Offer;
use crate::sdp::session::Session;
use crate::sdp::transport::LocalTransport;
use crate::stun::{Binding, Class};
use crate::{control, transport_cc};
use bytes::Bytes;
use media::Extensions;
use media::plane::Sections;
use rtc::rtcp;
use rtc::rtp;
use rtc::shared::marshal::Unmarshal;
use std::collections::VecDeque;
use std::time::Instant;

/// Most SSRCs of one client at a time.
pub const MAX_STREAMS: usize = crate::streams::MAX_STREAMS;
/// Most lines taken from one datagram's feedback.
pub const MAX_REPORTS: usize = transport_cc::MAX_REPORTS;

/// Of a Binding message: whether it is a request, its transaction, and whether it nominates.
pub fn binding(datagram: &[u8]) -> Option<(bool, [u8; 12], bool)> {
    let binding = Binding::parse(datagram)?;
    Some((
        binding.class == Class::Request,
        binding.transaction,
        binding.use_candidate,
    ))
}

/// The packets of a compound, and whether they are all of it.
pub fn split_compound(compound: &[u8]) -> (Vec<&[u8]>, bool) {
    control::split(compound)
}

/// One packet of a compound.
pub fn read_control(packet: &[u8]) -> Option<Box<dyn rtcp::Packet>> {
    control::read(packet)
}

/// Whether a packet of a compound is transport-wide feedback.
pub fn is_feedback(packet: &[u8]) -> bool {
    transport_cc::is_feedback(packet)
}

/// Reads transport-wide feedback messages.
#[derive(Debug, Default)]
pub struct FeedbackReader(transport_cc::Reader);

impl FeedbackReader {
    /// Adds the lines of a message.
    pub fn read(&mut self, message: &[u8], reports: &mut Vec<bwe::Report>) {
        self.0.read(message, reports);
    }
}

/// What a packet's header is made of.
#[derive(Debug)]
pub struct Header<'a> {
    /// Below 128.
    pub payload_type: u8,
    /// Last packet of a frame.
    pub marker: bool,
    /// RTP sequence number.
    pub seq: u16,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Of the slot.
    pub ssrc: u32,
    /// The track.
    pub csrc: Option<u32>,
    /// Extension ids: transport-cc, mid, audio level, orientation, playout delay, content type, dependency descriptor.
    pub ids: [u8; 7],
    /// The section's.
    pub mid: &'a [u8],
    /// What came from the publisher.
    pub carried: &'a Extensions,
    /// Number for transport-wide feedback.
    pub transport_seq: Option<u16>,
    /// Zeros behind the values.
    pub zeros: usize,
}

/// Writes a header; returns how long it is.
pub fn write_header(packet: &mut Vec<u8>, of: &Header<'_>) -> usize {
    let [
        transport_cc,
        mid,
        audio_level,
        video_orientation,
        playout_delay,
        content_type,
        dependency_descriptor,
    ] = of.ids;
    let ids = ExtensionIds {
        mid,
        audio_level,
        transport_cc,
        video_orientation,
        playout_delay,
        content_type,
        dependency_descriptor,
        ..ExtensionIds::default()
    };
    let fields = Fields {
        payload_type: of.payload_type,
        marker: of.marker,
        padding: false,
        seq: of.seq,
        timestamp: of.timestamp,
        ssrc: of.ssrc,
        csrc: of.csrc,
    };
    let values = Values {
        ids: &ids,
        mid: Some(of.mid),
        carried: of.carried,
        seq: of.transport_seq.map(bwe::TransportSeq),
        two_byte: header::needs_two_bytes(&ids, of.mid.len()),
        zeros: of.zeros,
    };
    header::write(packet, &fields, &values, 0)
}

/// What offers have negotiated, without a connection.
#[derive(Debug, Clone)]
pub struct Negotiation(Session);

impl Negotiation {
    /// A first offer.
    ///
    /// # Errors
    /// When it cannot be met.
    pub fn first(offer: &str, config: &PeerConfig) -> Result<Self, OfferError> {
        Session::first(Offer::parse(offer, MAX_OFFER_BYTES)?, config).map(Self)
    }

    /// A later offer.
    ///
    /// # Errors
    /// When it cannot be met.
    pub fn next(&self, offer: &str, config: &PeerConfig) -> Result<Self, OfferError> {
        self.0
            .next(Offer::parse(offer, MAX_REOFFER_BYTES)?, config)
            .map(Self)
    }

    /// The answer.
    pub fn answer(&self, config: &PeerConfig) -> String {
        let local = LocalTransport {
            ufrag: "ufrag".to_owned(),
            pwd: "a password of 22 and more".to_owned(),
        };
        let parameters = AnswerParameters {
            local: &local,
            fingerprint: "sha-256 00:11",
            candidates: &config.candidates,
            max_message_bytes: config.max_message_bytes,
            session_id: 1,
            version: 1,
        };
        answer::write(&self.0, &parameters)
    }

    /// The client's m-lines.
    pub fn sections(&self) -> Sections {
        self.0.plane_sections()
    }
}

/// The receiving half of a peer, past decryption.
pub struct Inbound {
    receiver: Receiver,
    session: Session,
    /// What it counts.
    pub stats: PeerStats,
}

impl Inbound {
    /// Of a client that negotiated this.
    pub fn new(negotiation: &Negotiation) -> Self {
        Self {
            receiver: Receiver::new(&negotiation.0),
            session: negotiation.0.clone(),
            stats: PeerStats::default(),
        }
    }

    /// A decrypted packet.
    pub fn handle_rtp(&mut self, now: Instant, packet: &[u8]) -> Option<PeerEvent> {
        let packet = rtp::Packet::unmarshal(&mut Bytes::copy_from_slice(packet)).ok()?;
        self.receiver
            .handle_rtp(now, packet, &self.session, &mut self.stats)
    }

    /// A decrypted compound.
    pub fn handle_rtcp(&mut self, now: Instant, compound: &[u8]) -> VecDeque<PeerEvent> {
        let mut events = VecDeque::new();
        let (packets, _) = control::split(compound);
        let read = packets.into_iter().filter_map(control::read).collect();
        self.receiver.handle_rtcp(now, read, &mut events);
        events
    }

    /// Feedback that is due.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<Box<dyn rtcp::Packet>> {
        self.receiver.handle_timeout(now, 1, &mut self.stats)
    }
}
