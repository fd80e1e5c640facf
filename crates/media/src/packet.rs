//! An RTP packet between decryption and encryption: what both sides of the forwarder need, without
//! numbers that mean something on one leg only (payload types, extension ids, SSRCs).

use crate::codec::Codec;
use crate::unit::{RtpTime, SeqNo};
use bytes::Bytes;

/// One packet of a track's layer, as the publisher sent it.
#[derive(Debug, Clone)]
pub struct Packet {
    /// The publisher's sequence number on this layer's SSRC; of the original for a retransmission.
    pub seq: SeqNo,
    /// The publisher's timestamp, in the codec's clock.
    pub timestamp: RtpTime,
    /// Marker bit: last packet of a frame (video), start of a talk spurt (audio).
    pub marker: bool,
    /// What the payload type stood for on the publisher's leg.
    pub codec: Codec,
    /// The header extensions that travel with the packet.
    pub extensions: Extensions,
    /// Payload, shared among all forwarders. Past the codec's payload descriptor it may be end-to-end
    /// encrypted: nobody reads further than VP8's first byte.
    pub payload: Bytes,
}

/// Header extensions (RFC 8285) that mean something end to end, by meaning instead of id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extensions {
    /// Client-to-mixer audio level (RFC 6464), as on the wire: bit 7 voice activity, low 7 bits −dBov.
    pub audio_level: Option<u8>,
    /// Coordination of video orientation (3GPP TS 26.114), as on the wire.
    pub video_orientation: Option<u8>,
    /// Playout delay limits (libwebrtc `playout-delay`), as on the wire.
    pub playout_delay: Option<[u8; 3]>,
    /// Content type (libwebrtc `video-content-type`): 1 for screen share.
    pub video_content_type: Option<u8>,
    /// Dependency descriptor (AV1 RTP specification, appendix A), as on the wire.
    pub dependency_descriptor: Option<Bytes>,
    /// Video layers allocation ([`crate::LayersAllocation`]), as on the wire: from a publisher to the server, no further.
    pub layers_allocation: Option<Bytes>,
}

/// One packet ready for a slot: sequence number, timestamp and payload rewritten. The peer adds what only
/// it knows: SSRC, payload type, extension ids.
#[derive(Debug, Clone)]
pub struct SlotPacket {
    /// Sequence number in the slot's own continuous numbering.
    pub seq: SeqNo,
    /// Timestamp on the slot's sender-report line.
    pub timestamp: RtpTime,
    /// Marker bit.
    pub marker: bool,
    /// What the payload is; the peer picks the payload type negotiated for it.
    pub codec: Codec,
    /// The track the packet belongs to, written as its only CSRC.
    pub csrc: crate::id::TrackId,
    /// Header extensions to write with the ids of this leg; those not negotiated there are left out.
    pub extensions: Extensions,
    /// Payload with the descriptor already rewritten.
    pub payload: Bytes,
}
