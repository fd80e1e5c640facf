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
    pub payload: SlotPayload,
}

/// Most bytes of a rewritten descriptor: VP8's takes six (RFC 7741 §4.2), as much of VP9's as is rewritten five.
const MAX_HEAD_BYTES: usize = 7;

/// A payload whose first bytes are a slot's own and whose rest all slots share: rewriting picture ids copies nothing.
#[derive(Debug, Clone, Default)]
pub struct SlotPayload {
    head: [u8; MAX_HEAD_BYTES],
    head_bytes: u8,
    rest: Bytes,
}

impl SlotPayload {
    /// `head` in front of `rest`. `None` when the head is longer than seven bytes.
    pub fn new(head: &[u8], rest: Bytes) -> Option<Self> {
        let mut payload = Self {
            head_bytes: u8::try_from(head.len()).ok()?,
            rest,
            ..Self::default()
        };
        payload.head.get_mut(..head.len())?.copy_from_slice(head);
        Some(payload)
    }

    /// Its first bytes.
    pub fn head(&self) -> &[u8] {
        self.head.get(..usize::from(self.head_bytes)).unwrap_or_default()
    }

    /// What follows them.
    pub fn rest(&self) -> &Bytes {
        &self.rest
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        usize::from(self.head_bytes) + self.rest.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// In one piece: a copy, unless the head is empty.
    pub fn to_bytes(&self) -> Bytes {
        if self.head_bytes == 0 {
            return self.rest.clone();
        }
        [self.head(), &self.rest].concat().into()
    }
}

impl From<Bytes> for SlotPayload {
    fn from(rest: Bytes) -> Self {
        Self {
            rest,
            ..Self::default()
        }
    }
}

impl PartialEq for SlotPayload {
    /// The same bytes, however they are divided.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && (self.head().iter().chain(&self.rest)).eq(other.head().iter().chain(&other.rest))
    }
}

impl Eq for SlotPayload {}
