//! The interceptor next to the wire: what browsers do there and `rtc`'s own interceptors do not.
//!
//! Outbound it writes mid, rid and repaired-rid until the first receiver report names the stream, as libwebrtc
//! does. Inbound it unwraps retransmissions (RFC 4588) before the NACK generator looks for gaps, and passes each
//! RTCP packet on to the client.

use super::codecs::uri;
use bytes::Bytes;
use rtc::interceptor::{Attribute, AttributedPacket, Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use rtc::rtp::header::Extension;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Where it sits: application-ward of transport-cc numbering, wire-ward of the NACK responder.
pub(super) const POSITION: usize = 3_500;

/// An extension id that cannot occur in the one-byte form, to mark a packet that came as a retransmission.
pub(super) const REPAIRED_MARK: u8 = 0xfe;

/// One stream the client sends.
#[derive(Debug, Clone)]
pub(super) struct SentStream {
    pub(super) ssrc: u32,
    pub(super) rtx_ssrc: Option<u32>,
    pub(super) mid: String,
    pub(super) rid: String,
}

#[derive(Debug, Clone, Copy, Default)]
struct ExtensionIds {
    mid: Option<u8>,
    rid: Option<u8>,
    repaired_rid: Option<u8>,
}

#[derive(Debug)]
struct Outbound {
    stream: SentStream,
    ids: ExtensionIds,
    /// The receiver has reported on the primary stream, or on its retransmissions.
    reported: bool,
    rtx_sent: u32,
}

#[derive(Debug, Clone, Copy)]
struct Repair {
    rtx_ssrc: u32,
    ssrc: u32,
    payload_type: u8,
}

/// Which streams carry retransmissions of which.
#[derive(Debug, Default)]
pub(super) struct Repairs(Vec<Repair>);

impl Repairs {
    pub(super) fn add(&mut self, rtx_ssrc: u32, ssrc: u32, payload_type: u8) {
        self.0.retain(|known| known.rtx_ssrc != rtx_ssrc);
        self.0.push(Repair {
            rtx_ssrc,
            ssrc,
            payload_type,
        });
    }
}

/// Makes a retransmission the packet that it repeats (RFC 4588 §4: two bytes of original sequence number, then the original
/// payload) and marks it; `false` for a probe, which repeats none.
pub(super) fn unwrap_repair(repairs: &Repairs, packet: &mut rtc::rtp::Packet) -> bool {
    let Some(repair) = repairs.0.iter().find(|r| r.rtx_ssrc == packet.header.ssrc) else {
        return true;
    };
    let Some((seq, _)) = packet.payload.split_first_chunk::<2>() else {
        return false;
    };
    packet.header.sequence_number = u16::from_be_bytes(*seq);
    packet.header.ssrc = repair.ssrc;
    packet.header.payload_type = repair.payload_type;
    packet.payload = packet.payload.slice(2..);
    packet.header.extensions.push(Extension {
        id: REPAIRED_MARK,
        payload: Bytes::new(),
    });
    true
}

/// How many packets a compound asks for again.
pub(super) fn asked_again(packets: &[Box<dyn rtc::rtcp::Packet>]) -> u64 {
    let nacks = packets
        .iter()
        .filter_map(|packet| packet.as_any().downcast_ref::<TransportLayerNack>());
    // RFC 4585 §6.2.1: a packet, and a bit for each of the sixteen behind it.
    let asked = nacks
        .flat_map(|nack| &nack.nacks)
        .map(|pair| 1 + pair.lost_packets.count_ones());
    asked.map(u64::from).sum()
}

/// Retransmissions carry the mid this many times: nobody reports on a repair stream.
const RTX_WITH_MID: u32 = 200;

/// See the module.
pub(super) struct Edge {
    outbound: Vec<Outbound>,
    repairs: Repairs,
    nacked: Arc<AtomicU64>,
    read: VecDeque<TaggedPacket>,
    write: VecDeque<TaggedPacket>,
}

impl Edge {
    /// `nacked` counts the packets asked for again.
    pub(super) fn new(streams: Vec<SentStream>, nacked: Arc<AtomicU64>) -> Self {
        let outbound = streams
            .into_iter()
            .map(|stream| Outbound {
                stream,
                ids: ExtensionIds::default(),
                reported: false,
                rtx_sent: 0,
            })
            .collect();
        Self {
            outbound,
            repairs: Repairs::default(),
            nacked,
            read: VecDeque::new(),
            write: VecDeque::new(),
        }
    }

    fn label(&mut self, packet: &mut rtc::rtp::Packet) {
        let ssrc = packet.header.ssrc;
        let Some(out) = self
            .outbound
            .iter_mut()
            .find(|o| o.stream.ssrc == ssrc || o.stream.rtx_ssrc == Some(ssrc))
        else {
            return;
        };
        let repair = out.stream.rtx_ssrc == Some(ssrc);
        if repair {
            out.rtx_sent += 1;
        }
        if (!repair && out.reported) || out.rtx_sent > RTX_WITH_MID {
            return;
        }
        let mut set = |id: Option<u8>, text: &str| {
            if let (Some(id), false) = (id, text.is_empty()) {
                // Fails only for ids and lengths that negotiation cannot lead to.
                let _ = packet
                    .header
                    .set_extension(id, Bytes::copy_from_slice(text.as_bytes()));
            }
        };
        set(out.ids.mid, &out.stream.mid);
        set(
            if repair { out.ids.repaired_rid } else { out.ids.rid },
            &out.stream.rid,
        );
    }

    fn learn_reports(&mut self, report: &ReceiverReport) {
        for block in &report.reports {
            for out in &mut self.outbound {
                out.reported |= out.stream.ssrc == block.ssrc;
            }
        }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Edge {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, mut msg: TaggedPacket) -> Result<(), Error> {
        match &mut msg.message.packet {
            Packet::Rtp(packet) => {
                if unwrap_repair(&self.repairs, packet) {
                    self.read.push_back(msg);
                }
            }
            Packet::Rtcp(packets) => {
                for packet in std::mem::take(packets) {
                    if let Some(report) = packet.as_any().downcast_ref::<ReceiverReport>() {
                        self.learn_reports(report);
                    }
                    // Each on its own: `rtc` routes a compound by its first packet only.
                    self.read.push_back(TaggedPacket {
                        now: msg.now,
                        transport: msg.transport,
                        message: AttributedPacket::new(Packet::Rtcp(vec![packet]))
                            .with(Attribute::DeliverToApplication),
                    });
                }
            }
            _ => self.read.push_back(msg),
        }
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.read.pop_front()
    }

    fn handle_write(&mut self, mut msg: TaggedPacket) -> Result<(), Error> {
        match &mut msg.message.packet {
            Packet::Rtp(packet) => self.label(packet),
            Packet::Rtcp(packets) => {
                self.nacked.fetch_add(asked_again(packets), Ordering::Relaxed);
            }
            _ => {}
        }
        self.write.push_back(msg);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.write.pop_front()
    }

    fn handle_timeout(&mut self, _now: Instant) -> Result<(), Error> {
        Ok(())
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        None
    }
}

impl Interceptor for Edge {
    fn bind_local_stream(&mut self, info: &StreamInfo) {
        let id = |uri: &str| {
            let id = info.rtp_header_extensions.iter().find(|e| e.uri == uri)?.id;
            u8::try_from(id).ok()
        };
        let ids = ExtensionIds {
            mid: id(uri::MID),
            rid: id(uri::RID),
            repaired_rid: id(uri::REPAIRED_RID),
        };
        for out in self.outbound.iter_mut().filter(|o| o.stream.ssrc == info.ssrc) {
            out.ids = ids;
        }
    }

    fn unbind_local_stream(&mut self, _info: &StreamInfo) {}

    fn bind_remote_stream(&mut self, info: &StreamInfo) {
        if let Some(rtx_ssrc) = info.ssrc_rtx {
            self.repairs.add(rtx_ssrc, info.ssrc, info.payload_type);
        }
    }

    fn unbind_remote_stream(&mut self, info: &StreamInfo) {
        self.repairs.0.retain(|r| r.ssrc != info.ssrc);
    }
}
