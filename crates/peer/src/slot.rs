//! One slot's packets, as they go out.

use crate::header;
use crate::sdp::extensions::ExtensionIds;
use crate::sdp::session::{Role, Section};
use bwe::TransportSeq;
use bytes::Bytes;
use media::Codec;
use media::packet::SlotPacket;
use rtc::rtp;
use rtc::rtp::header::Header;

/// One slot's identity on the wire.
#[derive(Debug)]
pub(crate) struct SlotSender {
    pub(crate) ssrc: u32,
    pub(crate) rtx_ssrc: u32,
    pub(crate) rtx_seq: u16,
    pub(crate) codecs: Vec<SlotCodec>,
    pub(crate) ids: ExtensionIds,
    /// Its ids or its mid need two-byte headers.
    pub(crate) two_byte: bool,
    pub(crate) last_timestamp: u32,
    /// Highest sequence number of the last receiver report.
    pub(crate) reported_highest: Option<u32>,
    pub(crate) mid: Bytes,
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

impl SlotSender {
    pub(crate) fn new(section: &Section) -> Option<Self> {
        let Role::Slot(identity) = section.role else {
            return None;
        };
        let ids = section.ids;
        Some(Self {
            ssrc: identity.ssrc,
            rtx_ssrc: identity.rtx_ssrc,
            rtx_seq: rand::random(),
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

    pub(crate) fn rtx(&self) -> Option<u8> {
        self.codecs.iter().find_map(|codec| codec.rtx)
    }

    pub(crate) fn next_rtx(&mut self) -> u16 {
        let seq = self.rtx_seq;
        self.rtx_seq = seq.wrapping_add(1);
        seq
    }

    /// The mid, where it has to go along.
    pub(crate) fn mid(&self, again: bool) -> Option<&Bytes> {
        (again || !self.known).then_some(&self.mid)
    }

    pub(crate) fn build(
        &self,
        packet: SlotPacket,
        payload_type: u8,
        again: bool,
        seq: Option<TransportSeq>,
    ) -> rtp::Packet {
        let (extensions, extension_profile) = header::extensions(
            &self.ids,
            self.mid(again).cloned(),
            packet.extensions,
            seq,
            self.two_byte,
        );
        rtp::Packet {
            header: Header {
                version: 2,
                padding: false,
                extension: !extensions.is_empty(),
                marker: packet.marker,
                payload_type,
                sequence_number: packet.seq.0,
                timestamp: packet.timestamp.0,
                ssrc: self.ssrc,
                csrc: vec![packet.csrc.0],
                extension_profile,
                extensions,
                extensions_padding: 0,
            },
            payload: packet.payload,
        }
    }
}
