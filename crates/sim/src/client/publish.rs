//! The sending half: frames and packets on time, numbered and timed as a browser does it.

use super::codecs::{PT_OPUS, PT_RED, PT_VP8};
use super::config::LayerSpec;
use super::source::{AUDIO_PACKET_TIME, AudioPlayer, AudioSource, Talk, VideoPlayer, VideoSource};
use super::{source, vp8};
use bytes::{BufMut, Bytes, BytesMut};
use media::{NtpTime, Source};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtp;
use std::time::{Duration, Instant};

/// Sender reports go out at this rate, the first one a fifth of it after the first packet.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// A player that is later than this skips ahead instead of catching up in a burst.
const MAX_LATENESS: Duration = Duration::from_millis(500);
/// Opus in RED: 20 ms earlier (RFC 2198 §3).
const RED_OFFSET: u16 = 960;

/// One stream of a published track.
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
    keyframe: bool,
    wanted: bool,
    player: Option<VideoPlayer>,
    next_frame: Option<Instant>,
    next_report: Option<Instant>,
    /// Keyframes asked for by the server.
    pub(super) keyframe_requests: u64,
}

/// One publish section.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) source: Source,
    pub(super) encodings: Vec<Encoding>,
    audio: Option<AudioPlayer>,
    red: bool,
    previous: Option<Bytes>,
    seed: u64,
}

/// The clocks of a client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clocks {
    pub(super) start: Instant,
    pub(super) wall_clock: NtpTime,
}

/// What became due.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) packets: Vec<rtp::Packet>,
    pub(super) reports: Vec<SenderReport>,
}

impl Outgoing {
    pub(super) fn new(source: Source, specs: &[LayerSpec], red: bool, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let video = source.kind() == media::Kind::Video;
        let encodings = specs
            .iter()
            .map(|&spec| Encoding {
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
                keyframe_requests: 0,
            })
            .collect();
        Self {
            source,
            encodings,
            audio: None,
            red,
            previous: None,
            seed,
        }
    }

    pub(super) fn start_video(&mut self, now: Instant, source: &VideoSource) {
        let seeds: Vec<u64> = (0..self.encodings.len())
            .map(|layer| self.layer_seed(layer))
            .collect();
        for ((layer, encoding), seed) in self.encodings.iter_mut().enumerate().zip(seeds) {
            encoding.player = Some(VideoPlayer::new(source, layer, encoding.spec, seed));
            encoding.keyframe = true;
            encoding.next_frame = Some(now);
        }
    }

    pub(super) fn start_audio(&mut self, now: Instant, source: AudioSource, talk: Talk) {
        self.audio = Some(AudioPlayer::new(now, source, talk, self.seed));
        for encoding in &mut self.encodings {
            encoding.next_frame = Some(now);
        }
    }

    /// Media starts with the connection, not before.
    pub(super) fn connected(&mut self, now: Instant) {
        for encoding in self.encodings.iter_mut().filter(|e| e.next_frame.is_some()) {
            encoding.next_frame = Some(now);
        }
    }

    pub(super) fn set_talk(&mut self, talk: Talk) {
        if let Some(player) = &mut self.audio {
            player.talk = talk;
        }
    }

    pub(super) fn stop(&mut self) {
        self.audio = None;
        self.previous = None;
        for encoding in &mut self.encodings {
            encoding.player = None;
            encoding.next_frame = None;
            encoding.next_report = None;
            // All of a new track is wanted until the server says otherwise.
            encoding.wanted = true;
        }
    }

    /// The number of each encoding's made-up stream, lowest layer first.
    pub(super) fn streams(&self) -> impl Iterator<Item = u32> {
        let seed = |layer: usize| match self.source.kind() {
            media::Kind::Video => self.layer_seed(layer),
            media::Kind::Audio => self.seed,
        };
        (0..self.encodings.len()).map(move |layer| source::stream_of(seed(layer)))
    }

    fn layer_seed(&self, layer: usize) -> u64 {
        self.seed.wrapping_add(1 + layer as u64)
    }

    /// Stops and starts encodings as the server's `layers` says.
    pub(super) fn set_wanted(&mut self, rids: &[String]) {
        for encoding in &mut self.encodings {
            let wanted = rids.iter().any(|rid| rid == encoding.spec.rid);
            encoding.keyframe |= wanted && !encoding.wanted;
            encoding.wanted = wanted;
        }
    }

    pub(super) fn request_keyframe(&mut self, ssrc: u32) {
        for encoding in self.encodings.iter_mut().filter(|e| e.ssrc == ssrc) {
            encoding.keyframe = true;
            encoding.keyframe_requests += 1;
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.encodings
            .iter()
            .flat_map(|e| [e.next_frame, e.next_report])
            .flatten()
            .min()
    }

    pub(super) fn handle_timeout(
        &mut self,
        now: Instant,
        clocks: Clocks,
        level_id: Option<u8>,
        due: &mut Due,
    ) {
        let rate = if self.audio.is_some() { 48_000 } else { 90_000 };
        for i in 0..self.encodings.len() {
            while let Some(at) = self
                .encodings
                .get(i)
                .and_then(|e| e.next_frame)
                .filter(|at| *at <= now)
            {
                let packets = self.frame(i, at, clocks, level_id);
                let Some(encoding) = self.encodings.get_mut(i) else {
                    break;
                };
                encoding.count(now, &packets);
                due.packets.extend(packets);
                let step = encoding
                    .player
                    .as_ref()
                    .map_or(AUDIO_PACKET_TIME, VideoPlayer::frame_time);
                let late = now.saturating_duration_since(at) > MAX_LATENESS;
                encoding.next_frame = Some(if late { now + step } else { at + step });
            }
        }
        for encoding in &mut self.encodings {
            due.reports.extend(encoding.report(now, clocks, rate));
        }
    }

    fn frame(&mut self, i: usize, at: Instant, clocks: Clocks, level_id: Option<u8>) -> Vec<rtp::Packet> {
        if self.audio.is_some() {
            self.audio_packet(i, at, clocks, level_id)
        } else {
            self.picture(i, at, clocks)
        }
    }

    fn picture(&mut self, i: usize, at: Instant, clocks: Clocks) -> Vec<rtp::Packet> {
        let Some(encoding) = self.encodings.get_mut(i).filter(|e| e.wanted) else {
            return Vec::new();
        };
        let keyframe = std::mem::take(&mut encoding.keyframe);
        let Some(frame) = encoding.player.as_mut().map(|p| p.frame(keyframe)) else {
            return Vec::new();
        };
        encoding.picture_id = encoding.picture_id.wrapping_add(1) & 0x7fff;
        encoding.tl0_picture_index = encoding.tl0_picture_index.wrapping_add(1);
        let payloads = vp8::packetize(&frame, encoding.picture_id, encoding.tl0_picture_index);
        let timestamp = encoding.timestamp(at, clocks, 90_000);
        let last = payloads.len().saturating_sub(1);
        payloads
            .into_iter()
            .enumerate()
            .map(|(n, payload)| encoding.packet(PT_VP8, timestamp, n == last, payload))
            .collect()
    }

    fn audio_packet(
        &mut self,
        i: usize,
        at: Instant,
        clocks: Clocks,
        level_id: Option<u8>,
    ) -> Vec<rtp::Packet> {
        let (Some(player), Some(encoding)) = (&mut self.audio, self.encodings.get_mut(i)) else {
            return Vec::new();
        };
        let sound = player.packet(at);
        let timestamp = encoding.timestamp(at, clocks, 48_000);
        let (payload_type, payload) = if self.red {
            (PT_RED, red(self.previous.as_ref(), &sound.packet))
        } else {
            (PT_OPUS, sound.packet.clone())
        };
        self.previous = Some(sound.packet);
        let mut packet = encoding.packet(payload_type, timestamp, sound.spurt, payload);
        if let Some(id) = level_id {
            // Fails only for ids that negotiation cannot lead to.
            let _ = packet
                .header
                .set_extension(id, Bytes::copy_from_slice(&[sound.level]));
        }
        vec![packet]
    }
}

impl Encoding {
    fn timestamp(&self, at: Instant, clocks: Clocks, rate: u32) -> u32 {
        let elapsed = at.saturating_duration_since(clocks.start).as_nanos();
        let ticks = elapsed * u128::from(rate) / 1_000_000_000;
        // The low 32 bits: RTP time wraps.
        self.first_timestamp.wrapping_add(ticks as u32)
    }

    fn packet(&mut self, payload_type: u8, timestamp: u32, marker: bool, payload: Bytes) -> rtp::Packet {
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

    fn count(&mut self, now: Instant, packets: &[rtp::Packet]) {
        for packet in packets {
            self.packets = self.packets.wrapping_add(1);
            self.octets = self
                .octets
                .wrapping_add(u32::try_from(packet.payload.len()).unwrap_or(0));
        }
        if !packets.is_empty() && self.next_report.is_none() {
            self.next_report = Some(now + REPORT_INTERVAL / 5);
        }
    }

    fn report(&mut self, now: Instant, clocks: Clocks, rate: u32) -> Option<SenderReport> {
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

/// The packet and, in front of it, the one before (RFC 2198 §3).
fn red(previous: Option<&Bytes>, packet: &Bytes) -> Bytes {
    let mut payload = BytesMut::new();
    if let Some(previous) = previous {
        let len = u32::try_from(previous.len()).unwrap_or(0) & 0x3ff;
        payload.put_u32(1 << 31 | u32::from(PT_OPUS) << 24 | u32::from(RED_OFFSET) << 10 | len);
    }
    payload.put_u8(PT_OPUS);
    payload.put_slice(previous.map_or(&[][..], |p| p));
    payload.put_slice(packet);
    payload.freeze()
}
