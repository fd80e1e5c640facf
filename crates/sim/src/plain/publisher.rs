//! A synthetic camera and microphone with clocks of their own.

use super::stamp::Stamp;
use super::wire::Message;
use link::Rng;
use media::{AudioLevel, Codec, Extensions, LayerIndex, MLineIndex, NtpTime, Packet, RtpTime, SeqNo, Source};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The m-line of the microphone in every client's offer.
pub(crate) const MICROPHONE: MLineIndex = MLineIndex(0);
/// The m-line of the camera.
pub(crate) const CAMERA: MLineIndex = MLineIndex(1);
/// Rid and height of each camera layer, lowest first.
pub(crate) const LAYERS: [(&str, u16); 3] = [("q", 180), ("h", 360), ("f", 720)];
/// Largest payload of a packet.
const PART_BYTES: usize = 1_100;
/// A keyframe is so many times as large as the mean frame.
const KEYFRAME_SIZE: f64 = 5.0;
/// Sizes of frames lie between these multiples of the mean, evenly.
const FRAME_SIZE: (f64, f64) = (0.6, 1.4);
const AUDIO_INTERVAL: Duration = Duration::from_millis(20);
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// From capture to sending: an encoder's delay. So different that arrival times alone would put lips out of sync.
const VIDEO_DELAY: Duration = Duration::from_millis(90);
const AUDIO_DELAY: Duration = Duration::from_millis(10);
/// Packets kept for NACKs, per stream.
const KEPT: usize = 512;

/// One RTP stream: a camera layer or the microphone.
#[derive(Debug)]
struct Stream {
    section: MLineIndex,
    layer: LayerIndex,
    clock_rate: u32,
    seq: SeqNo,
    /// The RTP timestamp at the world's beginning.
    base: RtpTime,
    frames: u32,
    picture_id: u16,
    keyframe_wanted: bool,
    /// Mean frames that the last keyframe took too much, and that are to be saved.
    debt: f64,
    /// The publisher encodes it.
    on: bool,
    kept: VecDeque<Packet>,
}

impl Stream {
    fn rtp_at(&self, since_origin: Duration) -> RtpTime {
        let ticks = since_origin.as_micros() * u128::from(self.clock_rate) / 1_000_000;
        RtpTime(self.base.0.wrapping_add(ticks as u32))
    }

    fn packet(&mut self, captured: Duration, marker: bool, codec: Codec, payload: bytes::Bytes) -> Packet {
        self.seq = self.seq.advance(1);
        let timestamp = self.rtp_at(captured);
        let packet = Packet {
            seq: self.seq,
            timestamp,
            marker,
            codec,
            extensions: Extensions::default(),
            payload,
        };
        if self.kept.len() >= KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(packet.clone());
        packet
    }
}

/// What one person publishes.
#[derive(Debug)]
pub(crate) struct Publisher {
    person: u32,
    origin: Instant,
    /// This person's NTP clock at the world's beginning.
    ntp: NtpTime,
    frame_interval: Duration,
    /// Bits per second of the camera's layers.
    pub(crate) layers_bps: [u64; 3],
    rng: Rng,
    camera: bool,
    microphone: bool,
    pub(crate) loudness: u8,
    /// The three layers, then the microphone.
    streams: Vec<Stream>,
    next_frame: Instant,
    next_audio: Instant,
    next_report: Instant,
    /// Keyframe requests received, per layer.
    pub(crate) keyframe_requests: [u64; 3],
    /// Frames sent, per layer.
    pub(crate) frames_sent: [u64; 3],
}

impl Publisher {
    pub(crate) fn new(
        person: u32,
        origin: Instant,
        now: Instant,
        ntp: NtpTime,
        fps: u32,
        layers_bps: [u64; 3],
        random: u64,
    ) -> Self {
        let stream = |index: u8, section, layer, clock_rate| Stream {
            section,
            layer: LayerIndex(layer),
            clock_rate,
            seq: SeqNo((random >> (index * 8)) as u16),
            base: RtpTime((random >> (index * 4)) as u32),
            frames: 0,
            picture_id: (random >> (20 + index)) as u16 & 0x7FFF,
            keyframe_wanted: true,
            debt: 0.0,
            on: true,
            kept: VecDeque::new(),
        };
        let mut streams: Vec<_> = (0..3).map(|layer| stream(layer, CAMERA, layer, 90_000)).collect();
        streams.push(stream(3, MICROPHONE, 0, 48_000));
        // People do not begin in the same millisecond.
        let phase = VIDEO_DELAY + Duration::from_micros(random % 33_000);
        Self {
            person,
            origin,
            ntp,
            layers_bps,
            rng: Rng::new(random),
            frame_interval: Duration::from_secs(1) / fps.max(1),
            camera: false,
            microphone: false,
            loudness: 0,
            streams,
            next_frame: now + phase,
            next_audio: now + phase / 2,
            next_report: now + Duration::from_millis(100) + phase,
            keyframe_requests: [0; 3],
            frames_sent: [0; 3],
        }
    }

    pub(crate) fn set_on(&mut self, source: Source, on: bool) {
        match source {
            Source::Camera => {
                self.camera = on;
                for layer in &mut self.streams[..3] {
                    // All of a new track is wanted until the server says otherwise.
                    (layer.keyframe_wanted, layer.on) = (true, true);
                }
            }
            _ => self.microphone = on,
        }
    }

    /// The server says which layers somebody watches.
    pub(crate) fn set_wanted(&mut self, rids: &[String]) {
        for (stream, (rid, _)) in self.streams.iter_mut().zip(LAYERS) {
            let on = rids.iter().any(|wanted| wanted == rid);
            stream.keyframe_wanted |= on && !stream.on;
            stream.on = on;
        }
    }

    /// Layers that are encoded now.
    pub(crate) fn encoded(&self) -> Vec<&'static str> {
        let on = self.streams.iter().zip(LAYERS).filter(|(stream, _)| stream.on);
        on.map(|(_, (rid, _))| rid).collect()
    }

    pub(crate) fn handle_keyframe_request(&mut self, layer: LayerIndex) {
        let index = usize::from(layer.0);
        if let (Some(stream), Some(count)) =
            (self.streams.get_mut(index), self.keyframe_requests.get_mut(index))
        {
            stream.keyframe_wanted = true;
            *count += 1;
        }
    }

    /// Packets to send again.
    pub(crate) fn handle_nack(
        &self,
        section: MLineIndex,
        layer: LayerIndex,
        missing: &[SeqNo],
    ) -> Vec<Message> {
        let stream = self
            .streams
            .iter()
            .find(|stream| (stream.section, stream.layer) == (section, layer));
        let kept = stream.into_iter().flat_map(|stream| &stream.kept);
        let wanted = kept.filter(|packet| missing.contains(&packet.seq));
        wanted
            .map(|packet| Message::Media {
                section,
                layer,
                packet: packet.clone(),
            })
            .collect()
    }

    pub(crate) fn poll_timeout(&self) -> Instant {
        self.next_frame.min(self.next_audio).min(self.next_report)
    }

    /// What is due now.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Vec<Message> {
        let mut out = Vec::new();
        if self.next_audio <= now {
            self.next_audio += AUDIO_INTERVAL;
            self.send_audio(now, &mut out);
        }
        if self.next_frame <= now {
            self.next_frame += self.frame_interval;
            (0..3).for_each(|layer| self.send_frame(now, layer, &mut out));
        }
        if self.next_report <= now {
            self.next_report += REPORT_INTERVAL;
            self.send_reports(now, &mut out);
        }
        out
    }

    fn since_origin(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.origin)
    }

    fn send_audio(&mut self, now: Instant, out: &mut Vec<Message>) {
        if !self.microphone {
            return;
        }
        let captured = self.since_origin(now).saturating_sub(AUDIO_DELAY);
        let stream = &mut self.streams[3];
        let stamp = Stamp {
            person: self.person,
            source: Source::Microphone,
            layer: 0,
            frame: stream.frames,
            keyframe: true,
            part: 0,
            parts: 1,
            captured_us: captured.as_micros() as u64,
        };
        stream.frames += 1;
        let mut packet = stream.packet(captured, false, Codec::Opus, stamp.audio());
        packet.extensions.audio_level = Some(AudioLevel::new(false, 127 - self.loudness.min(127)).to_wire());
        out.push(Message::Media {
            section: MICROPHONE,
            layer: LayerIndex(0),
            packet,
        });
    }

    fn send_frame(&mut self, now: Instant, layer: usize, out: &mut Vec<Message>) {
        let captured = self.since_origin(now).saturating_sub(VIDEO_DELAY);
        let stream = &mut self.streams[layer];
        if !self.camera || !stream.on {
            return;
        }
        let keyframe = std::mem::take(&mut stream.keyframe_wanted);
        let mean = self.layers_bps[layer] as f64 / 8.0 * self.frame_interval.as_secs_f64();
        let luck = FRAME_SIZE.0 + (FRAME_SIZE.1 - FRAME_SIZE.0) * self.rng.unit();
        // What a keyframe takes, the encoder's rate control saves in the frames after it.
        let size = mean
            * if keyframe {
                KEYFRAME_SIZE
            } else {
                luck - stream.debt.min(0.3)
            };
        stream.debt = if keyframe {
            KEYFRAME_SIZE
        } else {
            (stream.debt - 0.3).max(0.0)
        };
        let parts = (size as usize).div_ceil(PART_BYTES).clamp(1, 250) as u8;
        let part_bytes = (size as usize / usize::from(parts)).max(60);
        for part in 0..parts {
            let stamp = Stamp {
                person: self.person,
                source: Source::Camera,
                layer: layer as u8,
                frame: stream.frames,
                keyframe,
                part,
                parts,
                captured_us: captured.as_micros() as u64,
            };
            let payload = stamp.vp8(stream.picture_id, stream.frames as u8, part_bytes);
            let packet = stream.packet(captured, part + 1 == parts, Codec::Vp8, payload);
            out.push(Message::Media {
                section: CAMERA,
                layer: LayerIndex(layer as u8),
                packet,
            });
        }
        stream.frames += 1;
        stream.picture_id = (stream.picture_id + 1) & 0x7FFF;
        self.frames_sent[layer] += 1;
    }

    fn send_reports(&self, now: Instant, out: &mut Vec<Message>) {
        let since = self.since_origin(now);
        for stream in &self.streams {
            let sends = if stream.section == CAMERA {
                self.camera && stream.on
            } else {
                self.microphone
            };
            if sends && stream.frames > 0 {
                let (section, layer) = (stream.section, stream.layer);
                let (ntp, rtp) = (self.ntp.advance(since), stream.rtp_at(since));
                out.push(Message::SenderReport {
                    section,
                    layer,
                    ntp,
                    rtp,
                });
            }
        }
    }
}
