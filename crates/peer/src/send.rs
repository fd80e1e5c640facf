//! Outbound media: slots' packets, their retransmissions and sender reports.
//!
//! Everything a packet needs is cached per slot when the slot is negotiated, so that sending one looks nothing up
//! by name. Allocations per packet: the CSRC list and the extension list here, then in `rtc` one queue in its
//! interceptor chain, marshalling and encryption.

use crate::api::SlotReport;
use crate::sdp::extensions::ExtensionIds;
use crate::sdp::session::{Role, Section, Session};
use bytes::{BufMut, Bytes, BytesMut};
use media::packet::SlotPacket;
use media::{Codec, MLineIndex, NtpTime};
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::source_description::{
    SdesType, SourceDescription, SourceDescriptionChunk, SourceDescriptionItem,
};
use rtc::rtcp::{self};
use rtc::rtp;
use rtc::rtp::header::{EXTENSION_PROFILE_ONE_BYTE, EXTENSION_PROFILE_TWO_BYTE, Extension, Header};
use std::time::Instant;

/// The sending half of a peer.
#[derive(Debug)]
pub(crate) struct Sender {
    /// By m-line; `None` for sections that are no slots.
    slots: Vec<Option<SlotSender>>,
    /// When the last sender report was built, and the wall clock then: what round trips are measured against.
    clock: Option<(Instant, NtpTime)>,
}

/// One slot's identity on the wire.
#[derive(Debug)]
struct SlotSender {
    ssrc: u32,
    rtx_ssrc: u32,
    rtx_seq: u16,
    codecs: Vec<SlotCodec>,
    ids: ExtensionIds,
    extension_profile: u16,
    mid: Bytes,
    /// The client has reported on the SSRC, so it knows which m-line it belongs to.
    known: bool,
    cname: Bytes,
}

#[derive(Debug, Clone, Copy)]
struct SlotCodec {
    codec: Codec,
    payload_type: u8,
    rtx: Option<u8>,
}

impl Sender {
    pub(crate) fn new(session: &Session) -> Self {
        let mut sender = Self {
            slots: Vec::new(),
            clock: None,
        };
        sender.update(session);
        sender
    }

    /// A later offer was accepted: slots may have been appended, and the client may have forgotten which SSRC is which.
    pub(crate) fn update(&mut self, session: &Session) {
        for slot in self.slots.iter_mut().flatten() {
            slot.known = false;
        }
        for section in session.sections.iter().skip(self.slots.len()) {
            self.slots.push(SlotSender::new(section));
        }
    }

    pub(crate) fn accepts(&self, slot: MLineIndex, codec: Codec) -> bool {
        self.slot(slot).is_some_and(|slot| slot.codec(codec).is_some())
    }

    /// The packet as it goes out; `None` when the slot or the codec was not negotiated.
    pub(crate) fn packet(&self, slot: MLineIndex, mut packet: SlotPacket) -> Option<rtp::Packet> {
        let slot = self.slot(slot)?;
        let payload_type = slot.codec(packet.codec)?.payload_type;
        if packet.codec == Codec::Red {
            // The blocks inside name Opus by the publisher's payload type, which this client may use for anything.
            let opus = slot.codec(Codec::Opus)?.payload_type;
            packet.payload = media::red::with_payload_type(&packet.payload, opus)?;
        }
        Some(slot.build(packet, payload_type, slot.known))
    }

    /// The packet once more, wrapped as RFC 4588 §4 says; `None` when the slot has no RTX for its codec.
    ///
    /// Sent again as it was, it could differ in a header extension, and one SRTP packet index must never encrypt two
    /// different packets (RFC 3711 §9.1; with GCM that gives the authentication key away). It always carries
    /// its mid: Firefox 153 binds a slot's repair SSRC by mid only, whatever `a=ssrc-group` says, and ignores
    /// retransmissions without.
    pub(crate) fn retransmission(&mut self, slot: MLineIndex, packet: SlotPacket) -> Option<rtp::Packet> {
        let slot = self.slots.get_mut(usize::from(slot.0))?.as_mut()?;
        let codec = slot.codec(packet.codec)?;
        let mut again = slot.build(packet, codec.rtx?, false);
        let mut payload = BytesMut::with_capacity(2 + again.payload.len());
        payload.put_u16(again.header.sequence_number);
        payload.put_slice(&again.payload);
        again.payload = payload.freeze();
        again.header.ssrc = slot.rtx_ssrc;
        again.header.sequence_number = slot.rtx_seq;
        slot.rtx_seq = slot.rtx_seq.wrapping_add(1);
        Some(again)
    }

    /// Sender report and CNAME (RFC 3550 §6.4.1, §6.5.1).
    pub(crate) fn report(
        &mut self,
        now: Instant,
        slot: MLineIndex,
        report: SlotReport,
    ) -> Option<Vec<Box<dyn rtcp::Packet>>> {
        self.clock = Some((now, report.ntp));
        let slot = self.slot(slot)?;
        let cname = SourceDescriptionItem {
            sdes_type: SdesType::SdesCname,
            text: slot.cname.clone(),
        };
        Some(vec![
            Box::new(SenderReport {
                ssrc: slot.ssrc,
                ntp_time: report.ntp.0,
                rtp_time: report.rtp.0,
                packet_count: report.packets,
                octet_count: report.octets,
                ..SenderReport::default()
            }),
            Box::new(SourceDescription {
                chunks: vec![SourceDescriptionChunk {
                    source: slot.ssrc,
                    items: vec![cname],
                }],
            }),
        ])
    }

    /// The slot an SSRC belongs to, for RTCP about it.
    pub(crate) fn slot_of(&self, ssrc: u32) -> Option<MLineIndex> {
        let position = self
            .slots
            .iter()
            .position(|slot| slot.as_ref().is_some_and(|slot| slot.ssrc == ssrc))?;
        u16::try_from(position).ok().map(MLineIndex)
    }

    /// The client has reported on an SSRC: from now on it says enough by itself.
    pub(crate) fn reported(&mut self, ssrc: u32) {
        for slot in self.slots.iter_mut().flatten() {
            slot.known |= slot.ssrc == ssrc;
        }
    }

    /// The middle 32 bits of our wall clock now (RFC 3550 §4), once a sender report was sent.
    pub(crate) fn compact_ntp(&self, now: Instant) -> Option<u32> {
        let (at, ntp) = self.clock?;
        let middle = ntp.advance(now.saturating_duration_since(at)).0 >> 16;
        u32::try_from(middle & u64::from(u32::MAX)).ok()
    }

    fn slot(&self, slot: MLineIndex) -> Option<&SlotSender> {
        self.slots.get(usize::from(slot.0))?.as_ref()
    }
}

impl SlotSender {
    fn new(section: &Section) -> Option<Self> {
        let Role::Slot(identity) = section.role else {
            return None;
        };
        let ids = section.ids;
        // One-byte headers hold ids up to 14 (RFC 8285 §4.2); longer mids need two-byte ones too.
        let long = [
            ids.mid,
            ids.audio_level,
            ids.video_orientation,
            ids.playout_delay,
            ids.content_type,
        ]
        .into_iter()
        .any(|id| id > 14);
        let two_byte = long || section.mid.len() > 16;
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
            extension_profile: if two_byte {
                EXTENSION_PROFILE_TWO_BYTE
            } else {
                EXTENSION_PROFILE_ONE_BYTE
            },
            mid: Bytes::copy_from_slice(section.mid.as_bytes()),
            known: false,
            cname: Bytes::from(identity.stream()),
        })
    }

    fn codec(&self, codec: Codec) -> Option<SlotCodec> {
        self.codecs.iter().copied().find(|known| known.codec == codec)
    }

    fn build(&self, packet: SlotPacket, payload_type: u8, known: bool) -> rtp::Packet {
        let extensions = self.extensions(&packet, known);
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
                extension_profile: if extensions.is_empty() {
                    0
                } else {
                    self.extension_profile
                },
                extensions,
                extensions_padding: 0,
            },
            payload: packet.payload,
        }
    }

    fn extensions(&self, packet: &SlotPacket, known: bool) -> Vec<Extension> {
        let ids = &self.ids;
        let carried = &packet.extensions;
        let mid = (!known).then(|| self.mid.clone());
        [
            (ids.mid, mid),
            (ids.audio_level, carried.audio_level.map(byte)),
            (ids.video_orientation, carried.video_orientation.map(byte)),
            (
                ids.playout_delay,
                carried.playout_delay.map(|delay| Bytes::copy_from_slice(&delay)),
            ),
            (ids.content_type, carried.video_content_type.map(byte)),
        ]
        .into_iter()
        .filter(|(id, _)| *id != 0)
        .filter_map(|(id, payload)| payload.map(|payload| Extension { id, payload }))
        .collect()
    }
}

/// One byte as `Bytes`, without allocating: audio levels change with every packet.
fn byte(value: u8) -> Bytes {
    static ALL: [u8; 256] = {
        let mut all = [0; 256];
        let mut i = 0u8;
        while i < u8::MAX {
            all[i as usize] = i;
            i += 1;
        }
        all[255] = 255;
        all
    };
    ALL.get(usize::from(value)..=usize::from(value))
        .map(Bytes::from_static)
        .unwrap_or_default()
}
