//! Media in, past the connection: a thousand clients in one process cannot afford what `rtc` does with a packet on its way
//! to the application. Packets are decrypted in place with the handshake's keys, and go through the same interceptors,
//! but not through the queues of ICE, DTLS and SCTP, nor through a search of all transceivers.

use super::codecs::{PT_OPUS, PT_VP8, uri};
use super::edge::{Repairs, unwrap_repair};
use super::sdp::AnsweredSection;
use bytes::BytesMut;
use media::Kind;
use peer::srtp::Srtp;
use rtc::interceptor::{
    AttributedPacket, Interceptor as _, NackGeneratorBuilder, NackGeneratorInterceptor, Packet, RTCPFeedback,
    RTPHeaderExtension, ReceiverReportBuilder, ReceiverReportInterceptor, StreamInfo, TaggedPacket,
    TwccReceiverBuilder, TwccReceiverInterceptor,
};
use rtc::rtcp;
use rtc::rtp;
use rtc::sansio::Protocol as _;
use rtc::shared::TransportContext;
use rtc::shared::marshal::Unmarshal as _;
use std::time::{Duration, Instant};

/// A stream of the answer.
#[derive(Debug, Clone)]
struct Stream {
    info: StreamInfo,
    /// Its first packet has come: from then on it is reported on.
    bound: bool,
}

/// See the module.
pub(super) struct FastPath {
    srtp: Srtp,
    streams: Vec<Stream>,
    repairs: Repairs,
    feedback: TwccReceiverInterceptor,
    nacks: NackGeneratorInterceptor,
    reports: ReceiverReportInterceptor,
}

impl FastPath {
    /// `feedback`: time between two transport-wide feedbacks.
    pub(super) fn new(srtp: Srtp, sections: &[AnsweredSection], feedback: Duration) -> Self {
        let mut path = Self {
            srtp,
            streams: Vec::new(),
            repairs: Repairs::default(),
            feedback: TwccReceiverBuilder::new().with_interval(feedback).build(),
            nacks: NackGeneratorBuilder::new().build(),
            reports: ReceiverReportBuilder::new().build(),
        };
        path.answered(sections);
        path
    }

    /// Learns the streams of an answer.
    pub(super) fn answered(&mut self, sections: &[AnsweredSection]) {
        for section in sections {
            let Some(info) = stream_info(section) else {
                continue;
            };
            if let Some(repair_ssrc) = info.ssrc_rtx {
                self.repairs.add(repair_ssrc, info.ssrc, info.payload_type);
            }
            if !self.streams.iter().any(|stream| stream.info.ssrc == info.ssrc) {
                // Padding comes before any media, on streams of retransmissions: it finds out what the path carries.
                self.feedback.bind_remote_stream(&info);
                self.streams.push(Stream { info, bound: false });
            }
        }
    }

    /// A datagram of media; `None` when it is not authentic, or carries nothing.
    pub(super) fn handle_datagram(&mut self, now: Instant, datagram: BytesMut) -> Option<rtp::Packet> {
        let mut plain = self.srtp.unprotect(datagram).ok()?;
        let mut packet = rtp::Packet::unmarshal(&mut plain).ok()?;
        self.bind(packet.header.ssrc);
        // Retransmissions and padding are fed back as what they are.
        packet = pass(&mut self.feedback, now, packet)?;
        if !unwrap_repair(&self.repairs, &mut packet) {
            return None;
        }
        packet = pass(&mut self.nacks, now, packet)?;
        pass(&mut self.reports, now, packet)
    }

    fn bind(&mut self, ssrc: u32) {
        let stream = self.streams.iter_mut().find(|stream| stream.info.ssrc == ssrc);
        if let Some(stream) = stream.filter(|stream| !stream.bound) {
            stream.bound = true;
            self.nacks.bind_remote_stream(&stream.info);
            self.reports.bind_remote_stream(&stream.info);
        }
    }

    /// The server's sender report, for the times in ours.
    pub(super) fn handle_report(&mut self, now: Instant, report: &rtcp::sender_report::SenderReport) {
        let packet = Packet::Rtcp(vec![Box::new(report.clone())]);
        let _ = self.reports.handle_read(tagged(now, packet));
        while self.reports.poll_read().is_some() {}
    }

    /// Encrypts a compound.
    pub(super) fn protect(&mut self, compound: &[Box<dyn rtcp::Packet>]) -> Option<BytesMut> {
        self.srtp.protect_control(compound).ok()
    }

    pub(super) fn poll_timeout(&mut self) -> Option<Instant> {
        let timeouts = [
            self.feedback.poll_timeout(),
            self.nacks.poll_timeout(),
            self.reports.poll_timeout(),
        ];
        timeouts.into_iter().flatten().min()
    }

    /// Feedback, NACKs and reports that are due, as one compound.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Vec<Box<dyn rtcp::Packet>> {
        let mut compound = Vec::new();
        let mut take = |written: Option<TaggedPacket>| match written.map(|tagged| tagged.message.packet) {
            Some(Packet::Rtcp(packets)) => {
                compound.extend(packets);
                true
            }
            Some(_) => true,
            None => false,
        };
        // None of them fails. Reports come first, as RFC 3550 §6.1 wants it.
        let _ = self.reports.handle_timeout(now);
        while take(self.reports.poll_write()) {}
        let _ = self.nacks.handle_timeout(now);
        while take(self.nacks.poll_write()) {}
        let _ = self.feedback.handle_timeout(now);
        while take(self.feedback.poll_write()) {}
        compound
    }
}

fn tagged(now: Instant, packet: Packet) -> TaggedPacket {
    TaggedPacket {
        now,
        transport: TransportContext::default(),
        message: AttributedPacket::new(packet),
    }
}

/// Through one interceptor, which keeps nothing back.
fn pass<I>(interceptor: &mut I, now: Instant, packet: rtp::Packet) -> Option<rtp::Packet>
where
    I: rtc::sansio::Protocol<TaggedPacket, TaggedPacket, (), Rout = TaggedPacket>,
{
    interceptor.handle_read(tagged(now, Packet::Rtp(packet))).ok()?;
    match interceptor.poll_read()?.message.packet {
        Packet::Rtp(packet) => Some(packet),
        _ => None,
    }
}

fn stream_info(section: &AnsweredSection) -> Option<StreamInfo> {
    let video = section.kind? == Kind::Video;
    let nack = RTCPFeedback {
        typ: "nack".to_owned(),
        parameter: String::new(),
    };
    let transport_cc = section
        .extensions
        .iter()
        .filter(|(known, _)| known == uri::TRANSPORT_CC);
    Some(StreamInfo {
        ssrc: section.ssrc?,
        ssrc_rtx: section.repair_ssrc,
        payload_type: if video { PT_VP8 } else { PT_OPUS },
        clock_rate: if video { 90_000 } else { 48_000 },
        rtcp_feedback: if video { vec![nack] } else { vec![] },
        rtp_header_extensions: transport_cc
            .map(|(uri, id)| RTPHeaderExtension {
                uri: uri.clone(),
                id: (*id).into(),
            })
            .collect(),
        ..StreamInfo::default()
    })
}
