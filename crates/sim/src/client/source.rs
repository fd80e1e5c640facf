//! What a client publishes: recorded files, or packets made up with the sizes and shapes of real ones.

use super::config::LayerSpec;
use super::container::Ivf;
use super::vp8::{self, FrameStamp};
use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::{Duration, Instant};

/// Time of one Opus packet.
pub const AUDIO_PACKET_TIME: Duration = Duration::from_millis(20);
/// Silence in Opus: a 20 ms CELT fullband frame of nothing.
const OPUS_SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];
/// The level of silence (RFC 6464 §3).
const SILENCE: u8 = 127;
/// Marks a made-up packet of sound, behind its first byte; the stream's number is behind it.
const SOUND_MAGIC: [u8; 4] = *b"PLNM";
/// A made-up keyframe is this many times a delta frame.
const KEYFRAME_FACTOR: u32 = 6;
/// Made-up media sends a keyframe of its own accord this often.
const KEYFRAME_EVERY: u32 = 300;

/// Pictures for every layer of a video track.
#[derive(Debug, Clone)]
pub enum VideoSource {
    /// Recorded frames, one file per layer, lowest first; played in a loop.
    Ivf(Vec<Ivf>),
    /// Made-up frames, of sizes that follow from each layer's bitrate; keyframes are larger.
    Generated {
        /// Frames per second.
        fps: u32,
    },
    /// Made-up frames, of packets counted and sized: what is sent is known to the packet.
    Rate(PacketRate),
}

/// Video as packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketRate {
    /// Packets a second; at least one for each frame.
    pub packets_per_second: u32,
    /// RTP payload of each, descriptor included, in bytes: 64 to 1,160.
    pub packet_bytes: u16,
    /// Frames a second.
    pub fps: u32,
    /// When the packets of a frame leave.
    pub pacing: Pacing,
}

/// When the packets of a frame leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pacing {
    /// All at once.
    Burst,
    /// Evenly over the time to the next frame.
    Even,
}

/// Sound of an audio track.
#[derive(Debug, Clone)]
pub enum AudioSource {
    /// Recorded Opus packets of 20 ms, played in a loop while talking.
    Opus(Vec<Bytes>),
    /// Made-up packets of 60 to 140 bytes.
    Generated,
    /// Made-up packets of this many bytes: 24 and more.
    Sized(u16),
}

/// When a microphone talks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Talk {
    /// All the time.
    Always,
    /// All the time, so far below full scale in dB (RFC 6464): 0 is loudest, 127 silence.
    Level(u8),
    /// Never.
    Never,
    /// For `on`, then silent for `off`, and so on, starting `after`.
    Pattern {
        /// First word, from the start of the track.
        after: Duration,
        /// Length of a talk spurt.
        on: Duration,
        /// Length of a silence.
        off: Duration,
    },
}

impl Talk {
    fn is_talking(self, elapsed: Duration) -> bool {
        match self {
            Talk::Always => true,
            Talk::Never => false,
            Talk::Level(level) => level < SILENCE,
            Talk::Pattern { after, on, off } => {
                let period = (on + off).as_micros().max(1);
                elapsed
                    .checked_sub(after)
                    .is_some_and(|t| t.as_micros() % period < on.as_micros())
            }
        }
    }
}

/// The number of the stream that a player with this seed makes up.
pub(super) fn stream_of(seed: u64) -> u32 {
    StdRng::seed_from_u64(seed).random()
}

/// The stream that a made-up packet of sound belongs to; `None` for a recorded or a silent one.
pub(super) fn sound_stream(payload: &[u8]) -> Option<u32> {
    let stream = payload.get(1..)?.strip_prefix(&SOUND_MAGIC)?;
    Some(u32::from_be_bytes(*stream.first_chunk::<4>()?))
}

/// One layer's place in its source.
#[derive(Debug)]
pub(super) struct VideoPlayer {
    spec: LayerSpec,
    recorded: Option<Ivf>,
    rate: Option<PacketRate>,
    next: usize,
    since_keyframe: u32,
    frame_time: Duration,
    stream: u32,
    random: StdRng,
}

impl VideoPlayer {
    pub(super) fn new(source: &VideoSource, layer: usize, spec: LayerSpec, seed: u64) -> Self {
        let second = Duration::from_secs(1);
        let (recorded, rate, frame_time) = match source {
            VideoSource::Ivf(files) => {
                let file = files.get(layer).or(files.last()).cloned();
                let time = file.as_ref().map_or(Duration::from_millis(66), |f| f.frame_time);
                (file, None, time)
            }
            VideoSource::Generated { fps } => (None, None, second / (*fps).max(1)),
            VideoSource::Rate(rate) => (None, Some(*rate), second / rate.fps.max(1)),
        };
        Self {
            spec,
            recorded,
            rate,
            next: 0,
            since_keyframe: 0,
            frame_time,
            stream: stream_of(seed),
            random: StdRng::seed_from_u64(seed),
        }
    }

    pub(super) fn frame_time(&self) -> Duration {
        self.frame_time
    }

    /// The next frame; a keyframe when asked for one.
    pub(super) fn frame(&mut self, keyframe: bool) -> Picture {
        let data = match &self.recorded {
            Some(_) => self.recorded(keyframe),
            None => self.made_up(keyframe),
        };
        let chunk = self.rate.map_or(vp8::MAX_PAYLOAD, |rate| chunk_of(&rate));
        Picture {
            data,
            chunk,
            pacing: self.rate.map_or(Pacing::Burst, |rate| rate.pacing),
            time: self.frame_time,
        }
    }

    fn recorded(&mut self, keyframe: bool) -> Bytes {
        let Some(file) = &self.recorded else {
            return Bytes::new();
        };
        let count = file.frames.len();
        if keyframe {
            let ahead = (0..count).find(|i| {
                file.frames
                    .get((self.next + i) % count)
                    .is_some_and(|f| vp8::is_keyframe(f))
            });
            self.next += ahead.unwrap_or(0);
        }
        self.next %= count;
        let frame = file.frames.get(self.next).cloned().unwrap_or_default();
        self.next += 1;
        frame
    }

    fn made_up(&mut self, keyframe: bool) -> Bytes {
        let keyframe = keyframe || self.since_keyframe >= KEYFRAME_EVERY || self.next == 0;
        self.since_keyframe = if keyframe { 0 } else { self.since_keyframe + 1 };
        let len = match self.rate {
            Some(rate) => packets_of(&rate, self.next) * chunk_of(&rate),
            None => self.usual_len(keyframe),
        };
        self.next += 1;
        let stamp = FrameStamp {
            stream: self.stream,
            number: u32::try_from(self.next).unwrap_or(u32::MAX),
        };
        vp8::pretend_frame(keyframe, (self.spec.width, self.spec.height), len, stamp)
    }

    /// Bytes of a frame of this layer's bitrate.
    fn usual_len(&mut self, keyframe: bool) -> usize {
        let mean = f64::from(self.spec.bitrate) / 8.0 * self.frame_time.as_secs_f64();
        let factor = if keyframe {
            f64::from(KEYFRAME_FACTOR)
        } else {
            self.random.random_range(0.6..1.4)
        };
        (mean * factor) as usize
    }
}

/// A frame, and how it travels.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) data: Bytes,
    /// Bytes of it in one packet.
    pub(super) chunk: usize,
    pub(super) pacing: Pacing,
    /// Until the next one.
    pub(super) time: Duration,
}

/// Bytes of a frame in one packet of this rate.
fn chunk_of(rate: &PacketRate) -> usize {
    usize::from(rate.packet_bytes.clamp(64, 1_160)) - vp8::DESCRIPTOR_BYTES
}

/// Packets of the `number`-th frame: a rate that frames do not divide is met over a second.
fn packets_of(rate: &PacketRate, number: usize) -> usize {
    let (packets, fps) = (u64::from(rate.packets_per_second), u64::from(rate.fps.max(1)));
    let until = |frame: u64| frame * packets / fps;
    let frame = number as u64;
    usize::try_from(until(frame + 1) - until(frame))
        .unwrap_or(1)
        .max(1)
}

/// One Opus packet and how loud it is.
#[derive(Debug)]
pub(super) struct Sound {
    pub(super) packet: Bytes,
    /// RFC 6464: voice activity in bit 7, −dBov in the low 7.
    pub(super) level: u8,
    /// First of a talk spurt.
    pub(super) spurt: bool,
}

/// A microphone's place in its source.
#[derive(Debug)]
pub(super) struct AudioPlayer {
    source: AudioSource,
    pub(super) talk: Talk,
    started: Instant,
    next: usize,
    was_talking: bool,
    stream: u32,
    random: StdRng,
}

impl AudioPlayer {
    pub(super) fn new(now: Instant, source: AudioSource, talk: Talk, seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self {
            source,
            talk,
            started: now,
            next: 0,
            was_talking: false,
            stream: stream_of(seed),
            random,
        }
    }

    pub(super) fn packet(&mut self, now: Instant) -> Sound {
        let talking = self.talk.is_talking(now.saturating_duration_since(self.started));
        let spurt = talking && !self.was_talking;
        self.was_talking = talking;
        if !talking {
            return Sound {
                packet: Bytes::from_static(&OPUS_SILENCE),
                level: SILENCE,
                spurt,
            };
        }
        let level = match self.talk {
            Talk::Level(level) => level,
            _ => self.random.random_range(18..30),
        };
        let packet = match &self.source {
            AudioSource::Opus(packets) => {
                self.next += 1;
                packets
                    .get(self.next % packets.len().max(1))
                    .cloned()
                    .unwrap_or_default()
            }
            AudioSource::Generated | AudioSource::Sized(_) => {
                let len = match self.source {
                    AudioSource::Sized(len) => usize::from(len.max(24)),
                    _ => self.random.random_range(60..140),
                };
                let mut packet = vec![self.random.random::<u8>(); len];
                let stream = self.stream.to_be_bytes();
                // CELT, fullband, 20 ms, mono, one frame (RFC 6716 §3.1)
                let head = [0xf8].into_iter().chain(SOUND_MAGIC).chain(stream);
                packet
                    .iter_mut()
                    .zip(head)
                    .for_each(|(byte, of_head)| *byte = of_head);
                Bytes::from(packet)
            }
        };
        Sound {
            packet,
            level: 0x80 | level,
            spurt,
        }
    }
}
