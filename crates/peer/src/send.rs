//! Outbound media: slots' packets, their retransmissions and sender reports.
//!
//! Everything a packet needs is cached per slot when the slot is negotiated, so that sending one looks nothing up
//! by name. A packet is written to where it is sent from, and encrypted there.
//!
//! A packet is built when it leaves the pacer, not when it is queued: only then are its transport-wide number and
//! its place among the retransmissions known.

use crate::api::SlotReport;
use crate::sdp::session::Session;
use crate::slot::{Plain, SlotSender};
use crate::srtp::TAG_BYTES;
use bwe::TransportSeq;
use media::packet::SlotPacket;
use media::{Codec, MLineIndex, NtpTime};
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::source_description::{
    SdesType, SourceDescription, SourceDescriptionChunk, SourceDescriptionItem,
};
use rtc::rtcp::{self};
use std::time::Instant;

/// The sending half of a peer.
#[derive(Debug)]
pub(crate) struct Sender {
    /// By m-line; `None` for sections that are no slots.
    pub(crate) slots: Vec<Option<SlotSender>>,
    /// When the last sender report was built, and the wall clock then: what round trips are measured against.
    clock: Option<(Instant, NtpTime)>,
    /// Of the negotiated SRTP profile; the larger one until that is known.
    tag_bytes: usize,
    /// The video slot that sent last: padding goes there.
    last_video: Option<MLineIndex>,
}

/// What the pacer must know of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planned {
    /// On the wire, headers of IP and UDP included.
    pub(crate) bytes: u32,
    /// The client will report on it.
    pub(crate) reported: bool,
}

impl Sender {
    pub(crate) fn new(session: &Session) -> Self {
        let mut sender = Self {
            slots: Vec::new(),
            clock: None,
            tag_bytes: TAG_BYTES,
            last_video: None,
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

    pub(crate) fn takes_descriptors(&self, slot: MLineIndex) -> bool {
        self.slot(slot)
            .is_some_and(|slot| slot.ids.dependency_descriptor != 0)
    }

    /// The client reports on transport-wide numbers of some slot.
    pub(crate) fn reports(&self) -> bool {
        self.slots.iter().flatten().any(|slot| slot.ids.transport_cc != 0)
    }

    /// The handshake is done, with this profile.
    pub(crate) fn connected(&mut self, srtp_profile: &str) {
        self.tag_bytes = match srtp_profile {
            "SRTP_AES128_CM_HMAC_SHA1_80" => 10,
            "SRTP_AES128_CM_HMAC_SHA1_32" => 4,
            _ => TAG_BYTES,
        };
    }

    /// The packet as it will go out, and how large; `None` when the slot or the codec was not negotiated, or there is
    /// no RTX to send it `again`.
    pub(crate) fn plan(
        &self,
        slot: MLineIndex,
        mut packet: SlotPacket,
        again: bool,
    ) -> Option<(SlotPacket, Planned)> {
        let slot = self.slot(slot)?;
        let codec = slot.codec(packet.codec)?;
        if again {
            codec.rtx?;
        }
        if packet.codec == Codec::Red {
            // The blocks inside name Opus by the publisher's payload type, which this client may use for anything.
            let opus = slot.codec(Codec::Opus)?.payload_type;
            packet.payload = media::red::with_payload_type(packet.payload.rest(), opus)?.into();
        }
        let datagram = slot.header_bytes(&packet.extensions, again) + packet.payload.len() + self.tag_bytes;
        let planned = Planned {
            bytes: wire_bytes(datagram),
            reported: slot.ids.transport_cc != 0,
        };
        Some((packet, planned))
    }

    /// The packet as it goes out, appended to `buffer`; `None` when the slot or the codec was not negotiated, or its number has been used.
    pub(crate) fn packet(
        &mut self,
        index: MLineIndex,
        packet: &SlotPacket,
        seq: Option<TransportSeq>,
        buffer: &mut Vec<u8>,
    ) -> Option<Plain> {
        let slot = self.slots.get_mut(usize::from(index.0))?.as_mut()?;
        let codec = slot.codec(packet.codec)?;
        if codec.rtx.is_some() {
            self.last_video = Some(index);
        }
        slot.packet(packet, codec, seq, buffer)
    }

    /// The packet once more, wrapped as RFC 4588 §4 says; `None` when the slot has no RTX for its codec.
    ///
    /// Sent again as it was, it could differ in a header extension, and one SRTP packet index must never encrypt two
    /// different packets (RFC 3711 §9.1; with GCM that gives the authentication key away).
    pub(crate) fn retransmission(
        &mut self,
        slot: MLineIndex,
        packet: &SlotPacket,
        seq: Option<TransportSeq>,
        buffer: &mut Vec<u8>,
    ) -> Option<Plain> {
        let slot = self.slots.get_mut(usize::from(slot.0))?.as_mut()?;
        let rtx = slot.codec(packet.codec)?.rtx?;
        slot.retransmission(packet, rtx, seq, buffer)
    }

    /// Whether packets of this codec can be sent on this slot as padding: there is RTX, and the client reports.
    pub(crate) fn pads(&self, slot: MLineIndex, codec: Codec) -> bool {
        self.slot(slot).is_some_and(|slot| {
            slot.ids.transport_cc != 0 && slot.codec(codec).is_some_and(|codec| codec.rtx.is_some())
        })
    }

    /// A packet of zeros, of about so many bytes on the wire, on the repair SSRC of the slot that sent last; before
    /// any picture on that of the first video slot. Its receiver finds no original in it and forgets it (libwebrtc:
    /// `RtxReceiveStream`), but reports its arrival. `None` when no slot can.
    pub(crate) fn padding(&mut self, bytes: u32, seq: TransportSeq, buffer: &mut Vec<u8>) -> Option<Plain> {
        let fits = |slot: &&mut SlotSender| slot.ids.transport_cc != 0 && slot.rtx().is_some();
        let last = self.last_video.map_or(usize::MAX, |slot| usize::from(slot.0));
        let known = self.slots.get(last).and_then(Option::as_ref);
        let slot = if known.is_some_and(|slot| slot.ids.transport_cc != 0 && slot.rtx().is_some()) {
            self.slots.get_mut(last)?.as_mut()
        } else {
            self.slots.iter_mut().flatten().find(fits)
        }?;
        let plain = usize::try_from(bytes).unwrap_or(0);
        let plain = plain.saturating_sub(bwe::DATAGRAM_OVERHEAD + self.tag_bytes);
        slot.padding(plain, seq, buffer)
    }

    /// The size of a built packet on the wire.
    pub(crate) fn wire_bytes(&self, packet: &Plain) -> u32 {
        wire_bytes(packet.bytes + self.tag_bytes)
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

fn wire_bytes(datagram: usize) -> u32 {
    u32::try_from(bwe::DATAGRAM_OVERHEAD + datagram).unwrap_or(u32::MAX)
}
