//! One slot's packets, as they go out.

use crate::header::{self, CSRC_BYTES, FIXED_BYTES, Fields, Values};
use crate::sdp::extensions::ExtensionIds;
use crate::sdp::session::{Role, Section};
use crate::srtp::{SendIndex, TAG_BYTES};
use bwe::TransportSeq;
use bytes::{BufMut, Bytes};
use media::packet::{SlotPacket, SlotPayload};
use media::{Codec, Extensions};

/// The original's sequence number in front of a retransmission's payload (RFC 4588 §4).
pub(crate) const REPAIR_BYTES: usize = 2;
/// Most zeros of one padding packet: with headers it stays below the 1,200 bytes that every path carries.
const MAX_ZEROS: usize = 1_100;
/// A payload that is nothing but padding (RFC 3550 §5.1): the last byte says how long it is.
const PADDING: [u8; 4] = [0, 0, 0, 4];

/// One slot's identity on the wire.
#[derive(Debug)]
pub(crate) struct SlotSender {
    pub(crate) ssrc: u32,
    rtx_ssrc: u32,
    rtx_seq: u16,
    index: SendIndex,
    rtx_index: SendIndex,
    codecs: Vec<SlotCodec>,
    pub(crate) ids: ExtensionIds,
    /// Its ids or its mid need two-byte headers.
    two_byte: bool,
    last_timestamp: u32,
    /// Highest sequence number of the last receiver report.
    pub(crate) reported_highest: Option<u32>,
    mid: Bytes,
    /// The client has reported on the SSRC, so it knows which m-line it belongs to.
    pub(crate) known: bool,
    pub(crate) cname: Bytes,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct SlotCodec {
    pub(crate) codec: Codec,
    pub(crate) payload_type: u8,
    pub(crate) rtx: Option<u8>,
}

/// A packet to be encrypted, at the end of a buffer.
#[derive(Debug)]
pub(crate) struct Plain {
    /// Header and payload.
    pub(crate) bytes: usize,
    pub(crate) header_bytes: usize,
    pub(crate) ssrc: u32,
    /// Of SRTP: used by this packet only.
    pub(crate) index: u64,
}

impl SlotSender {
    pub(crate) fn new(section: &Section) -> Option<Self> {
        let Role::Slot(identity) = section.role else {
            return None;
        };
        let ids = section.ids;
        Some(Self {
            ssrc: identity.ssrc,
            rtx_ssrc: identity.rtx_ssrc,
            // In the lower half: if the first packets are lost, the client still guesses that nothing has rolled over
            // (RFC 3711 §3.3.1).
            rtx_seq: rand::random::<u16>() >> 1,
            index: SendIndex::default(),
            rtx_index: SendIndex::default(),
            codecs: section
                .codecs
                .iter()
                .map(|codec| SlotCodec {
                    codec: codec.codec,
                    payload_type: codec.payload_type,
                    rtx: codec.rtx,
                })
                .collect(),
            ids,
            two_byte: header::needs_two_bytes(&ids, section.mid.len()),
            last_timestamp: 0,
            reported_highest: None,
            mid: Bytes::copy_from_slice(section.mid.as_bytes()),
            known: false,
            cname: Bytes::from(identity.stream()),
        })
    }

    pub(crate) fn codec(&self, codec: Codec) -> Option<SlotCodec> {
        self.codecs.iter().copied().find(|known| known.codec == codec)
    }

    /// The payload type of retransmissions, of whatever codec.
    pub(crate) fn rtx(&self) -> Option<u8> {
        self.codecs.iter().find_map(|codec| codec.rtx)
    }

    /// Bytes of a packet in front of its payload.
    pub(crate) fn header_bytes(&self, carried: &Extensions, again: bool) -> usize {
        let values = self.values(carried, again, Some(TransportSeq(0)));
        FIXED_BYTES + CSRC_BYTES + values.block_bytes() + if again { REPAIR_BYTES } else { 0 }
    }

    /// The packet as it goes out; `None` when its number has been used.
    pub(crate) fn packet(
        &mut self,
        packet: &SlotPacket,
        codec: SlotCodec,
        seq: Option<TransportSeq>,
        buffer: &mut Vec<u8>,
    ) -> Option<Plain> {
        let index = self.index.claim(packet.seq.0)?;
        if codec.rtx.is_some() {
            self.last_timestamp = packet.timestamp.0;
        }
        let fields = Fields {
            payload_type: codec.payload_type,
            marker: packet.marker,
            padding: false,
            seq: packet.seq.0,
            timestamp: packet.timestamp.0,
            ssrc: self.ssrc,
            csrc: Some(packet.csrc.0),
        };
        let values = self.values(&packet.extensions, false, seq);
        let header_bytes = header::write(buffer, &fields, &values, packet.payload.len() + TAG_BYTES);
        put_payload(buffer, &packet.payload);
        Some(Plain {
            bytes: header_bytes + packet.payload.len(),
            header_bytes,
            ssrc: self.ssrc,
            index,
        })
    }

    /// The packet once more, wrapped (RFC 4588 §4), as this payload type.
    pub(crate) fn retransmission(
        &mut self,
        packet: &SlotPacket,
        payload_type: u8,
        seq: Option<TransportSeq>,
        buffer: &mut Vec<u8>,
    ) -> Option<Plain> {
        let (fields, index) = self.repair_fields(payload_type)?;
        let fields = Fields {
            marker: packet.marker,
            timestamp: packet.timestamp.0,
            csrc: Some(packet.csrc.0),
            ..fields
        };
        let values = self.values(&packet.extensions, true, seq);
        let payload_bytes = REPAIR_BYTES + packet.payload.len();
        let header_bytes = header::write(buffer, &fields, &values, payload_bytes + TAG_BYTES);
        buffer.put_u16(packet.seq.0);
        put_payload(buffer, &packet.payload);
        Some(Plain {
            bytes: header_bytes + payload_bytes,
            header_bytes,
            ssrc: self.rtx_ssrc,
            index,
        })
    }

    /// A packet of zeros on the repair SSRC, of about so many bytes before the tag.
    pub(crate) fn padding(&mut self, bytes: usize, seq: TransportSeq, buffer: &mut Vec<u8>) -> Option<Plain> {
        let (fields, index) = self.repair_fields(self.rtx()?)?;
        let fields = Fields {
            padding: true,
            ..fields
        };
        let carried = Extensions::default();
        let mut values = self.values(&carried, true, Some(seq));
        let others = FIXED_BYTES + values.block_bytes() + PADDING.len();
        // Blocks are whole words.
        values.zeros = bytes.saturating_sub(others).min(MAX_ZEROS) / 4 * 4;
        let header_bytes = header::write(buffer, &fields, &values, PADDING.len() + TAG_BYTES);
        buffer.put_slice(&PADDING);
        Some(Plain {
            bytes: header_bytes + PADDING.len(),
            header_bytes,
            ssrc: self.rtx_ssrc,
            index,
        })
    }

    /// The next header on the repair SSRC, and its index.
    fn repair_fields(&mut self, payload_type: u8) -> Option<(Fields, u64)> {
        let seq = self.rtx_seq;
        self.rtx_seq = seq.wrapping_add(1);
        let fields = Fields {
            payload_type,
            marker: false,
            padding: false,
            seq,
            timestamp: self.last_timestamp,
            ssrc: self.rtx_ssrc,
            csrc: None,
        };
        Some((fields, self.rtx_index.claim(seq)?))
    }

    fn values<'a>(&'a self, carried: &'a Extensions, again: bool, seq: Option<TransportSeq>) -> Values<'a> {
        Values {
            ids: &self.ids,
            // A repair always carries it: Firefox 153 binds a slot's repair SSRC by mid only, whatever
            // `a=ssrc-group` says, and ignores retransmissions without.
            mid: (again || !self.known).then_some(&self.mid),
            carried,
            seq,
            two_byte: self.two_byte,
            zeros: 0,
        }
    }
}

fn put_payload(packet: &mut Vec<u8>, payload: &SlotPayload) {
    packet.put_slice(payload.head());
    packet.put_slice(payload.rest());
}
