//! Inbound media: loss detection, reports, transport-wide feedback, and retransmissions put back in place.
//!
//! Of `rtc` two interceptors do the arithmetic; they are driven from here rather than from `rtc`'s own chain,
//! because what they must know (which SSRC is which layer) is known here. Order, from the wire: arrival recorders
//! (transport-cc, receiver reports) see packets as they came; then a retransmission is unwrapped into its
//! original (RFC 4588 §4); then [`Repairs`] sees it and stops asking. (`rtc`'s NACK generator knows no round trip:
//! it asks every 40 ms, so ten times before the first answer of a client 400 ms away, and then never again.)

use crate::api::{PeerEvent, PeerStats};
use crate::missing::DEFAULT_ROUND_TRIP;
use crate::repairs::Repairs;
use crate::sdp::extensions::{ExtensionIds, TRANSPORT_CC_URI};
use crate::sdp::session::{Section, Session};
use crate::streams::{Change, Stream, StreamKind, Streams, extension};
use media::{Codec, Extensions, LayerIndex, MLineIndex, NtpTime, Packet, RtpTime, SeqNo};
use rtc::interceptor::{
    Interceptor, Packet as RtcPacket, RTPHeaderExtension, ReceiverReportBuilder, ReceiverReportInterceptor,
    StreamInfo, TaggedPacket, TwccReceiverBuilder, TwccReceiverInterceptor,
};
use rtc::rtcp;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use rtc::rtp;
use rtc::sansio::Protocol;
use rtc::shared::TransportContext;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

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
    /// By SSRC, of media streams whose section negotiated NACK.
    repairs: Vec<(u32, Repairs)>,
    round_trip: Duration,
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
            repairs: Vec::new(),
            round_trip: DEFAULT_ROUND_TRIP,
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
        let (repairs, reports, transport_cc) = (&mut self.repairs, &mut self.reports, &mut self.transport_cc);
        let stream = self
            .streams
            .find(now, &packet.header, &self.ids, session, |change| match change {
                Change::Bound(stream) => {
                    if answers_nack(&stream, session) {
                        repairs.push((stream.ssrc, Repairs::default()));
                    }
                    if let Some(info) = stream_info(&stream, session) {
                        reports.bind_remote_stream(&info);
                        transport_cc.bind_remote_stream(&info);
                    }
                }
                Change::Released(stream) => {
                    let info = StreamInfo {
                        ssrc: stream.ssrc,
                        ..StreamInfo::default()
                    };
                    repairs.retain(|(ssrc, _)| *ssrc != stream.ssrc);
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
        let seq = SeqNo(packet.header.sequence_number);
        let ssrc = packet.header.ssrc;
        if let Some((_, repairs)) = self.repairs.iter_mut().find(|(of, _)| *of == ssrc) {
            repairs.handle_packet(now, seq, RtpTime(packet.header.timestamp), codec.clock_rate());
        }
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

    /// The layer has stopped.
    pub(crate) fn give_up_repairs(&mut self, section: MLineIndex, layer: LayerIndex) {
        let ssrc = self.media_ssrc(section, layer);
        let repairs = self.repairs.iter_mut().find(|(of, _)| Some(*of) == ssrc);
        if let Some((_, repairs)) = repairs {
            repairs.give_up();
        }
    }

    /// How long an answer takes at present.
    pub(crate) fn set_round_trip(&mut self, round_trip: Duration) {
        self.round_trip = round_trip;
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
            self.repairs
                .iter()
                .filter_map(|(_, repairs)| repairs.poll_timeout())
                .min(),
            self.transport_cc.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Feedback that is due, to be sent to the client; NACKs come from `rtcp_ssrc`.
    pub(crate) fn handle_timeout(
        &mut self,
        now: Instant,
        rtcp_ssrc: u32,
        stats: &mut PeerStats,
    ) -> RtcpPackets {
        self.idle = self.idle.saturating_add(1);
        let mut feedback = RtcpPackets::new();
        collect(&mut self.reports, now, &mut feedback);
        self.ask_for_missing(now, rtcp_ssrc, stats, &mut feedback);
        collect(&mut self.transport_cc, now, &mut feedback);
        feedback
    }

    fn ask_for_missing(
        &mut self,
        now: Instant,
        rtcp_ssrc: u32,
        stats: &mut PeerStats,
        feedback: &mut RtcpPackets,
    ) {
        for (ssrc, repairs) in &mut self.repairs {
            let due: Vec<u16> = repairs
                .poll_due(now, self.round_trip)
                .iter()
                .map(|seq| seq.0)
                .collect();
            if !due.is_empty() {
                stats.nacks_sent += due.len() as u64;
                feedback.push(Box::new(TransportLayerNack {
                    sender_ssrc: rtcp_ssrc,
                    media_ssrc: *ssrc,
                    nacks: nack_pairs_from_sequence_numbers(&due),
                }));
            }
        }
    }

    fn media_packet(&self, codec: Codec, packet: rtp::Packet) -> Packet {
        let header = &packet.header;
        let byte = |id: u8| extension(header, id).and_then(|value| value.first().copied());
        let shared = |id: u8| (id != 0).then(|| header.get_extension(id)).flatten();
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
                dependency_descriptor: shared(self.ids.dependency_descriptor),
                layers_allocation: shared(self.ids.layers_allocation),
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
    // Neither fails on a timeout.
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

/// Whether losses are asked for; those of a repair stream are not.
fn answers_nack(stream: &Stream, session: &Session) -> bool {
    let section = session.sections.get(usize::from(stream.section));
    stream.kind == StreamKind::Media
        && section.is_some_and(|section| section.codecs.iter().any(|codec| codec.nack))
}

/// How a stream is described to the interceptors.
fn stream_info(stream: &Stream, session: &Session) -> Option<StreamInfo> {
    let section: &Section = session.sections.get(usize::from(stream.section))?;
    let codec = section.codecs.first()?;
    let mut info = StreamInfo {
        ssrc: stream.ssrc,
        clock_rate: codec.codec.clock_rate(),
        ..StreamInfo::default()
    };
    if section.ids.transport_cc != 0 {
        info.rtp_header_extensions.push(RTPHeaderExtension {
            uri: TRANSPORT_CC_URI.to_owned(),
            id: u16::from(section.ids.transport_cc),
        });
    }
    Some(info)
}
