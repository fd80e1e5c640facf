//! Media in, past the connection: a thousand clients in one process cannot afford what `rtc` does with a packet on its way
//! to the application. Packets are decrypted in place with the handshake's keys, and what has to be told of them is noted
//! here: through the queues of ICE, DTLS, SCTP and of `rtc`'s interceptors a packet would be moved a dozen times.

use super::codecs::{PT_OPUS, PT_VP8, uri};
use super::edge::{Repairs, unwrap_repair};
use super::feedback::{Feedback, SENDER_SSRC};
use super::reception::Reception;
use super::sdp::AnsweredSection;
use bytes::BytesMut;
use media::Kind;
use peer::srtp::Srtp;
use rtc::rtcp;
use rtc::rtcp::raw_packet::RawPacket;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use rtc::rtp;
use rtc::shared::marshal::Unmarshal as _;
use std::time::{Duration, Instant};

/// What is missing is asked for this often.
const NACK_INTERVAL: Duration = Duration::from_millis(100);
/// Reports are sent this often.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Most streams in one report (RFC 3550 §6.4.2).
const MAX_REPORTS: usize = 31;

/// A stream of the answer.
#[derive(Debug)]
struct Stream {
    ssrc: u32,
    /// Asks again for what is missing.
    nack: bool,
    reception: Reception,
}

/// Something done again and again, once its first packet has come.
#[derive(Debug)]
struct Timer {
    interval: Duration,
    at: Option<Instant>,
}

impl Timer {
    fn new(interval: Duration) -> Self {
        Self { interval, at: None }
    }

    fn start(&mut self, now: Instant) {
        self.at.get_or_insert(now + self.interval);
    }

    fn is_due(&mut self, now: Instant) -> bool {
        let due = self.at.is_some_and(|at| at <= now);
        if due {
            self.at = Some(now + self.interval);
        }
        due
    }
}

/// See the module.
pub(super) struct FastPath {
    srtp: Srtp,
    streams: Vec<Stream>,
    repairs: Repairs,
    /// The header extension that numbers all packets.
    transport_cc: Option<u8>,
    feedback: Feedback,
    feedback_timer: Timer,
    nack_timer: Timer,
    report_timer: Timer,
}

impl FastPath {
    /// `feedback`: time between two transport-wide feedbacks.
    pub(super) fn new(srtp: Srtp, sections: &[AnsweredSection], feedback: Duration) -> Self {
        let mut path = Self {
            srtp,
            streams: Vec::new(),
            repairs: Repairs::default(),
            transport_cc: None,
            feedback: Feedback::default(),
            feedback_timer: Timer::new(feedback),
            nack_timer: Timer::new(NACK_INTERVAL),
            report_timer: Timer::new(REPORT_INTERVAL),
        };
        path.answered(sections);
        path
    }

    /// Learns the streams of an answer.
    pub(super) fn answered(&mut self, sections: &[AnsweredSection]) {
        for section in sections {
            let (Some(kind), Some(ssrc)) = (section.kind, section.ssrc) else {
                continue;
            };
            let video = kind == Kind::Video;
            let payload_type = if video { PT_VP8 } else { PT_OPUS };
            if let Some(repair_ssrc) = section.repair_ssrc {
                self.repairs.add(repair_ssrc, ssrc, payload_type);
            }
            // One number for all sections of a bundle (RFC 8843 §9).
            let mut extensions = section.extensions.iter();
            let transport_cc = extensions.find(|(known, _)| known == uri::TRANSPORT_CC);
            self.transport_cc = transport_cc.map(|(_, id)| *id).or(self.transport_cc);
            if !self.streams.iter().any(|stream| stream.ssrc == ssrc) {
                let reception = Reception::new(ssrc, if video { 90_000 } else { 48_000 });
                self.streams.push(Stream {
                    ssrc,
                    nack: video,
                    reception,
                });
            }
        }
    }

    /// A datagram of media; `None` when it is not authentic, or carries nothing.
    pub(super) fn handle_datagram(&mut self, now: Instant, datagram: BytesMut) -> Option<rtp::Packet> {
        let mut plain = self.srtp.unprotect(datagram).ok()?;
        let mut packet = rtp::Packet::unmarshal(&mut plain).ok()?;
        // Retransmissions and padding are fed back as what they are: padding comes before any media, on streams of
        // retransmissions, and finds out what the path carries.
        let mut extensions = packet.header.extensions.iter();
        let number = extensions.find(|extension| Some(extension.id) == self.transport_cc);
        if let Some(number) = number.and_then(|number| number.payload.first_chunk()) {
            let number = u16::from_be_bytes(*number);
            self.feedback.record(now, packet.header.ssrc, number);
            self.feedback_timer.start(now);
        }
        if !unwrap_repair(&self.repairs, &mut packet) {
            return None;
        }
        let header = &packet.header;
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.ssrc == header.ssrc) {
            stream
                .reception
                .record(now, header.sequence_number, header.timestamp);
            self.nack_timer.start(now);
            self.report_timer.start(now);
        }
        Some(packet)
    }

    /// The server's sender report, for the times in ours.
    pub(super) fn handle_report(&mut self, now: Instant, report: &rtcp::sender_report::SenderReport) {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.ssrc == report.ssrc) {
            stream.reception.heard(now, report.ntp_time);
        }
    }

    /// Encrypts a compound.
    pub(super) fn protect(&mut self, compound: &[Box<dyn rtcp::Packet>]) -> Option<BytesMut> {
        self.srtp.protect_control(compound).ok()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let timers = [&self.feedback_timer, &self.nack_timer, &self.report_timer];
        timers.into_iter().filter_map(|timer| timer.at).min()
    }

    /// Feedback, NACKs and reports that are due, as one compound. Reports come first, as RFC 3550 §6.1 wants it.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Vec<Box<dyn rtcp::Packet>> {
        let mut compound: Vec<Box<dyn rtcp::Packet>> = Vec::new();
        if self.report_timer.is_due(now) {
            let streams = self.streams.iter_mut();
            let reports: Vec<_> = streams
                .filter_map(|stream| stream.reception.report(now))
                .collect();
            for reports in reports.chunks(MAX_REPORTS) {
                compound.push(Box::new(ReceiverReport {
                    ssrc: SENDER_SSRC,
                    reports: reports.to_vec(),
                    ..ReceiverReport::default()
                }));
            }
        }
        if self.nack_timer.is_due(now) {
            for stream in self.streams.iter().filter(|stream| stream.nack) {
                let missing = stream.reception.missing();
                if !missing.is_empty() {
                    compound.push(Box::new(TransportLayerNack {
                        sender_ssrc: SENDER_SSRC,
                        media_ssrc: stream.ssrc,
                        nacks: nack_pairs_from_sequence_numbers(&missing),
                    }));
                }
            }
        }
        if self.feedback_timer.is_due(now) {
            for message in self.feedback.take() {
                compound.push(Box::new(RawPacket(message)));
            }
        }
        compound
    }
}
