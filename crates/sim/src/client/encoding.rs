//! One stream of a published track: its numbers, its frames, and when each packet is due.

use super::codecs::PT_VP8;
use super::config::LayerSpec;
use super::publish::{Clocks, Due, REPORT_INTERVAL};
use super::source::{Pacing, VideoPlayer};
use super::{send_time, vp8};
use bytes::Bytes;
use rand::RngExt;
use rand::rngs::StdRng;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtp;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Bytes at the start of a made-up frame that must stay: VP8's head, and the stamp behind it.
const FRAME_HEAD: usize = 40;

/// See the module.
#[derive(Debug)]
pub(super) struct Encoding {
    pub(super) spec: LayerSpec,
    pub(super) ssrc: u32,
    pub(super) rtx_ssrc: Option<u32>,
    seq: u16,
    first_timestamp: u32,
    packets: u32,
    octets: u32,
    picture_id: u16,
    tl0_picture_index: u8,
    pub(super) keyframe: bool,
    pub(super) wanted: bool,
    pub(super) player: Option<VideoPlayer>,
    pub(super) next_frame: Option<Instant>,
    pub(super) next_report: Option<Instant>,
    /// Packets of the last frame that wait for their time; a frame at most.
    spread: VecDeque<(Instant, rtp::Packet)>,
    /// Packets are nobody's: their ends can be written over.
    made_up: bool,
    /// Keyframes asked for by the server.
    pub(super) keyframe_requests: u64,
    /// Packets and payload bytes sent since the start.
    pub(super) sent: (u64, u64),
}

impl Encoding {
    pub(super) fn new(spec: LayerSpec, video: bool, random: &mut StdRng) -> Self {
        Self {
            spec,
            ssrc: random.random(),
            rtx_ssrc: video.then(|| random.random()),
            seq: random.random(),
            first_timestamp: random.random(),
            packets: 0,
            octets: 0,
            picture_id: random.random::<u16>() & 0x7fff,
            tl0_picture_index: random.random(),
            keyframe: true,
            wanted: true,
            player: None,
            next_frame: None,
            next_report: None,
            spread: VecDeque::new(),
            made_up: false,
            keyframe_requests: 0,
            sent: (0, 0),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let spread = self.spread.front().map(|(at, _)| *at);
        [self.next_frame, self.next_report, spread]
            .into_iter()
            .flatten()
            .min()
    }

    pub(super) fn start(&mut self, now: Instant, player: Option<VideoPlayer>, made_up: bool) {
        self.player = player;
        self.made_up = made_up;
        self.keyframe = true;
        self.next_frame = Some(now);
    }

    pub(super) fn stop(&mut self) {
        self.player = None;
        self.next_frame = None;
        self.next_report = None;
        self.spread.clear();
        // All of a new track is wanted until the server says otherwise.
        self.wanted = true;
    }

    /// The next frame's packets, captured `at`; nothing while nobody wants this encoding.
    pub(super) fn picture(&mut self, at: Instant, clocks: Clocks, due: &mut Due) {
        if !self.wanted {
            return;
        }
        let keyframe = std::mem::take(&mut self.keyframe);
        let Some(picture) = self.player.as_mut().map(|player| player.frame(keyframe)) else {
            return;
        };
        self.picture_id = self.picture_id.wrapping_add(1) & 0x7fff;
        self.tl0_picture_index = self.tl0_picture_index.wrapping_add(1);
        let payloads = vp8::packetize(
            &picture.data,
            picture.chunk,
            self.picture_id,
            self.tl0_picture_index,
        );
        let timestamp = self.timestamp(at, clocks, 90_000);
        let count = u32::try_from(payloads.len()).unwrap_or(u32::MAX);
        let gap = match picture.pacing {
            Pacing::Burst => Duration::ZERO,
            Pacing::Even => picture.time / count.max(1),
        };
        for (payload, n) in payloads.into_iter().zip(0u32..) {
            let packet = self.packet(PT_VP8, timestamp, n + 1 == count, payload);
            match gap.is_zero() {
                true => self.send(packet, clocks, due),
                false => self.spread.push_back((at + gap * n, packet)),
            }
        }
    }

    /// Sends what has waited for its time.
    pub(super) fn handle_timeout(&mut self, clocks: Clocks, due: &mut Due) {
        while self.spread.front().is_some_and(|(at, _)| *at <= due.now) {
            if let Some((_, packet)) = self.spread.pop_front() {
                self.send(packet, clocks, due);
            }
        }
    }

    pub(super) fn send(&mut self, packet: rtp::Packet, clocks: Clocks, due: &mut Due) {
        let mut packet = packet;
        if let (Some(clock), true) = (clocks.send, self.made_up) {
            let mut payload = bytes::BytesMut::from(packet.payload);
            send_time::write(&mut payload, FRAME_HEAD, clock, due.now);
            packet.payload = payload.freeze();
        }
        let bytes = packet.payload.len();
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(u32::try_from(bytes).unwrap_or(0));
        self.sent = (self.sent.0 + 1, self.sent.1 + bytes as u64);
        self.next_report.get_or_insert(due.now + REPORT_INTERVAL / 5);
        due.packets.push(packet);
    }

    pub(super) fn timestamp(&self, at: Instant, clocks: Clocks, rate: u32) -> u32 {
        let elapsed = at.saturating_duration_since(clocks.start).as_nanos();
        let ticks = elapsed * u128::from(rate) / 1_000_000_000;
        // The low 32 bits: RTP time wraps.
        self.first_timestamp.wrapping_add(ticks as u32)
    }

    pub(super) fn packet(
        &mut self,
        payload_type: u8,
        timestamp: u32,
        marker: bool,
        payload: Bytes,
    ) -> rtp::Packet {
        self.seq = self.seq.wrapping_add(1);
        let header = rtp::header::Header {
            version: 2,
            marker,
            payload_type,
            sequence_number: self.seq,
            timestamp,
            ssrc: self.ssrc,
            ..rtp::header::Header::default()
        };
        rtp::Packet { header, payload }
    }

    pub(super) fn report(&mut self, now: Instant, clocks: Clocks, rate: u32) -> Option<SenderReport> {
        if self.next_report.is_none_or(|at| at > now) {
            return None;
        }
        self.next_report = Some(now + REPORT_INTERVAL);
        Some(SenderReport {
            ssrc: self.ssrc,
            ntp_time: clocks
                .wall_clock
                .advance(now.saturating_duration_since(clocks.start))
                .0,
            rtp_time: self.timestamp(now, clocks, rate),
            packet_count: self.packets,
            octet_count: self.octets,
            ..SenderReport::default()
        })
    }
}
