//! Inbound media: loss detection, reports, transport-wide feedback, and retransmissions put back in place.
//!
//! Of `rtc` three interceptors do the arithmetic; they are driven from here rather than from `rtc`'s own chain,
//! because what they must know (which SSRC is which layer) is known here. Order, from the wire: arrival recorders
//! (transport-cc, receiver reports) see packets as they came; then a retransmission is unwrapped into its
//! original (RFC 4588 §4); then the NACK generator sees it and stops asking.

use crate::api::{PeerEvent, PeerStats};
use crate::sdp::extensions::{ExtensionIds, TRANSPORT_CC_URI};
use crate::sdp::session::{Section, Session};
use crate::streams::{Change, Stream, StreamKind, Streams, extension};
use media::{Codec, Extensions, LayerIndex, MLineIndex, NtpTime, Packet, RtpTime, SeqNo};
use rtc::interceptor::{
    Interceptor, NackGeneratorBuilder, NackGeneratorInterceptor, Packet as RtcPacket, RTCPFeedback,
    RTPHeaderExtension, ReceiverReportBuilder, ReceiverReportInterceptor, StreamInfo, TaggedPacket,
    TwccReceiverBuilder, TwccReceiverInterceptor,
};
use rtc::rtcp;
use rtc::rtp;
use rtc::sansio::Protocol;
use rtc::shared::TransportContext;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How often missing packets are asked for. Shorter repairs sooner, and asks again within one round trip.
const NACK_INTERVAL: Duration = Duration::from_millis(40);
/// How often the same packet is asked for: 400 ms, after which a keyframe is the better medicine.
const MAX_NACKS_PER_PACKET: u16 = 10;
/// The receive log's size in packets; a power of two (see `rtc`). At 2.5 Mb/s half a second is 110 packets.
const NACK_LOG_PACKETS: u16 = 512;
/// libwebrtc's own interval: 50 to 250 ms; its estimator wants feedback about every frame or three.
const TRANSPORT_CC_INTERVAL: Duration = Duration::from_millis(100);
/// RFC 3550 §6.2 would allow 5 s; browsers' quality adaptation reads one a second.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Timeouts without a packet after which nothing is left to ask for or to report, and the two fast timers rest: a
/// participant who is muted costs no ten wake-ups a second.
const IDLE_TIMEOUTS: u8 = 16;

type RtcpPackets = Vec<Box<dyn rtcp::Packet>>;

/// The receiving half of a peer.
pub(crate) struct Receiver {
    streams: Streams,
    ids: ExtensionIds,
    nack: NackGeneratorInterceptor,
    reports: ReceiverReportInterceptor,
    transport_cc: TwccReceiverInterceptor,
    /// Timeouts since the last packet.
    idle: u8,
}

impl Receiver {
    pub(crate) fn new(session: &Session) -> Self {
        let mut receiver = Self {
            streams: Streams::default(),
            ids: ExtensionIds::default(),
            nack: NackGeneratorBuilder::new()
                .with_size(NACK_LOG_PACKETS)
                .with_interval(NACK_INTERVAL)
                .with_max_nacks_per_packet(MAX_NACKS_PER_PACKET)
                .build(),
            reports: ReceiverReportBuilder::new()
                .with_interval(REPORT_INTERVAL)
                .build(),
            transport_cc: TwccReceiverBuilder::new()
                .with_interval(TRANSPORT_CC_INTERVAL)
                .build(),
            idle: 0,
        };
        receiver.update(session);
        receiver
    }

    /// A later offer was accepted: there may be more sections. Bound streams stay.
    pub(crate) fn update(&mut self, session: &Session) {
        for section in &session.sections {
            self.ids.merge(section.ids);
        }
    }

    /// A decrypted packet. `None` when it is nobody's, or carried no media (padding of a repair stream).
    pub(crate) fn handle_rtp(
        &mut self,
        now: Instant,
        packet: rtp::Packet,
        session: &Session,
        stats: &mut PeerStats,
    ) -> Option<PeerEvent> {
        self.idle = 0;
        let (nack, reports, transport_cc) = (&mut self.nack, &mut self.reports, &mut self.transport_cc);
        let stream = self
            .streams
            .find(now, &packet.header, &self.ids, session, |change| match change {
                Change::Bound(stream) => {
                    if let Some(info) = stream_info(&stream, session) {
                        nack.bind_remote_stream(&info);
                        reports.bind_remote_stream(&info);
                        transport_cc.bind_remote_stream(&info);
                    }
                }
                Change::Released(stream) => {
                    let info = StreamInfo {
                        ssrc: stream.ssrc,
                        ..StreamInfo::default()
                    };
                    nack.unbind_remote_stream(&info);
                    reports.unbind_remote_stream(&info);
                    transport_cc.unbind_remote_stream(&info);
                }
            });
        let Some((stream, section)) =
            stream.and_then(|stream| Some((stream, session.sections.get(usize::from(stream.section))?)))
        else {
            stats.dropped_in += 1;
            return None;
        };
        let packet = through(&mut self.transport_cc, now, packet)?;
        let mut packet = through(&mut self.reports, now, packet)?;
        // A payload type of the other kind on a known SSRC is a client's mistake.
        let repair = stream.kind == StreamKind::Repair;
        let Some((codec, _)) = section
            .codec(packet.header.payload_type)
            .filter(|(_, is_repair)| *is_repair == repair)
        else {
            stats.dropped_in += 1;
            return None;
        };
        if repair {
            // Padding sent to probe for bandwidth has no original sequence number.
            let original = packet.payload.first_chunk::<2>().copied()?;
            packet.header.sequence_number = u16::from_be_bytes(original);
            packet.payload = packet.payload.slice(2..);
            packet.header.ssrc = self
                .streams
                .media_ssrc(stream.section, stream.layer)
                .unwrap_or(packet.header.ssrc);
            stats.rtx_received += 1;
        }
        let codec = codec.codec;
        let packet = through(&mut self.nack, now, packet)?;
        Some(PeerEvent::Rtp {
            section: MLineIndex(stream.section),
            layer: LayerIndex(stream.layer),
            packet: self.media_packet(codec, packet),
        })
    }

    /// Sender reports: the publisher's clocks, and what receiver reports answer to.
    pub(crate) fn handle_rtcp(
        &mut self,
        now: Instant,
        packets: RtcpPackets,
        events: &mut VecDeque<PeerEvent>,
    ) {
        for packet in &packets {
            let Some(report) = packet
                .as_any()
                .downcast_ref::<rtcp::sender_report::SenderReport>()
            else {
                continue;
            };
            let Some(stream) = self
                .streams
                .by_ssrc(report.ssrc)
                .filter(|s| s.kind == StreamKind::Media)
            else {
                continue;
            };
            events.push_back(PeerEvent::SenderReport {
                section: MLineIndex(stream.section),
                layer: LayerIndex(stream.layer),
                ntp: NtpTime(report.ntp_time),
                rtp: RtpTime(report.rtp_time),
            });
        }
        let tagged = tag(now, RtcPacket::Rtcp(packets));
        // The interceptor only looks at it; it never fails.
        if self.reports.handle_read(tagged).is_ok() {
            while self.reports.poll_read().is_some() {}
        }
    }

    /// The SSRC to ask for a keyframe.
    pub(crate) fn media_ssrc(&self, section: MLineIndex, layer: LayerIndex) -> Option<u32> {
        self.streams.media_ssrc(section.0, layer.0)
    }

    pub(crate) fn poll_timeout(&mut self) -> Option<Instant> {
        let reports = self.reports.poll_timeout();
        if self.idle >= IDLE_TIMEOUTS {
            return reports;
        }
        [
            reports,
            self.nack.poll_timeout(),
            self.transport_cc.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Feedback that is due, to be sent to the client.
    pub(crate) fn handle_timeout(&mut self, now: Instant, stats: &mut PeerStats) -> RtcpPackets {
        self.idle = self.idle.saturating_add(1);
        let mut feedback = RtcpPackets::new();
        collect(&mut self.reports, now, &mut feedback);
        collect(&mut self.nack, now, &mut feedback);
        collect(&mut self.transport_cc, now, &mut feedback);
        for packet in &feedback {
            let nack = packet
                .as_any()
                .downcast_ref::<rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack>();
            if let Some(nack) = nack {
                stats.nacks_sent += nack
                    .nacks
                    .iter()
                    .map(|pair| 1 + u64::from(pair.lost_packets.count_ones()))
                    .sum::<u64>();
            }
        }
        feedback
    }

    fn media_packet(&self, codec: Codec, packet: rtp::Packet) -> Packet {
        let header = &packet.header;
        let byte = |id: u8| extension(header, id).and_then(|value| value.first().copied());
        Packet {
            seq: SeqNo(header.sequence_number),
            timestamp: RtpTime(header.timestamp),
            marker: header.marker,
            codec,
            extensions: Extensions {
                audio_level: byte(self.ids.audio_level),
                video_orientation: byte(self.ids.video_orientation),
                playout_delay: extension(header, self.ids.playout_delay)
                    .and_then(|value| value.try_into().ok()),
                video_content_type: byte(self.ids.content_type),
                dependency_descriptor: (self.ids.dependency_descriptor != 0)
                    .then(|| header.get_extension(self.ids.dependency_descriptor))
                    .flatten(),
            },
            payload: packet.payload,
        }
    }
}

/// Send a packet through an interceptor that only observes.
fn through(interceptor: &mut impl Interceptor, now: Instant, packet: rtp::Packet) -> Option<rtp::Packet> {
    interceptor.handle_read(tag(now, RtcPacket::Rtp(packet))).ok()?;
    match interceptor.poll_read()?.message.packet {
        RtcPacket::Rtp(packet) => Some(packet),
        _ => None,
    }
}

fn collect(interceptor: &mut impl Interceptor, now: Instant, feedback: &mut RtcpPackets) {
    // None of the three fails on a timeout.
    let _ = interceptor.handle_timeout(now);
    while let Some(out) = interceptor.poll_write() {
        if let RtcPacket::Rtcp(packets) = out.message.packet {
            feedback.extend(packets);
        }
    }
}

fn tag(now: Instant, packet: RtcPacket) -> TaggedPacket {
    TaggedPacket {
        now,
        transport: TransportContext::default(),
        message: packet.into(),
    }
}

/// How a stream is described to the interceptors. Losses of a repair stream are not asked for.
fn stream_info(stream: &Stream, session: &Session) -> Option<StreamInfo> {
    let section: &Section = session.sections.get(usize::from(stream.section))?;
    let codec = section.codecs.first()?;
    let mut info = StreamInfo {
        ssrc: stream.ssrc,
        clock_rate: codec.codec.clock_rate(),
        ..StreamInfo::default()
    };
    if stream.kind == StreamKind::Media && section.codecs.iter().any(|codec| codec.nack) {
        info.rtcp_feedback.push(RTCPFeedback {
            typ: "nack".to_owned(),
            parameter: String::new(),
        });
    }
    if section.ids.transport_cc != 0 {
        info.rtp_header_extensions.push(RTPHeaderExtension {
            uri: TRANSPORT_CC_URI.to_owned(),
            id: u16::from(section.ids.transport_cc),
        });
    }
    Some(info)
}
