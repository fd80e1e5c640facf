//! The sending half: frames and packets on time, numbered and timed as a browser does it.

use super::codecs::{PT_OPUS, PT_RED};
use super::config::LayerSpec;
use super::encoding::Encoding;
use super::send_time::SendClock;
use super::source;
use super::source::{AUDIO_PACKET_TIME, AudioPlayer, AudioSource, Talk, VideoPlayer, VideoSource};
use bytes::{BufMut, Bytes, BytesMut};
use media::{NtpTime, Source};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtp;
use std::time::{Duration, Instant};

/// Sender reports go out at this rate, the first one a fifth of it after the first packet.
pub(super) const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// A player that is later than this skips ahead instead of catching up in a burst.
const MAX_LATENESS: Duration = Duration::from_millis(500);
/// Opus in RED: 20 ms earlier (RFC 2198 §3).
const RED_OFFSET: u16 = 960;

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
    /// Of the send times in made-up packets; `None`: they have none.
    pub(super) send: Option<SendClock>,
}

/// What became due.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) now: Instant,
    pub(super) packets: Vec<rtp::Packet>,
    pub(super) reports: Vec<SenderReport>,
}

impl Outgoing {
    pub(super) fn new(source: Source, specs: &[LayerSpec], red: bool, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let video = source.kind() == media::Kind::Video;
        let encodings = specs
            .iter()
            .map(|&spec| Encoding::new(spec, video, &mut random))
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

    /// Starts the lowest `layers` encodings.
    pub(super) fn start_video(&mut self, now: Instant, source: &VideoSource, layers: usize) {
        let seeds: Vec<u64> = (0..self.encodings.len())
            .map(|layer| self.layer_seed(layer))
            .collect();
        let encodings = self.encodings.iter_mut().take(layers);
        for ((layer, encoding), seed) in encodings.enumerate().zip(seeds) {
            let player = VideoPlayer::new(source, layer, encoding.spec, seed);
            encoding.start(now, Some(player), !matches!(source, VideoSource::Ivf(_)));
        }
    }

    pub(super) fn start_audio(&mut self, now: Instant, source: AudioSource, talk: Talk) {
        let made_up = !matches!(source, AudioSource::Opus(_));
        self.audio = Some(AudioPlayer::new(now, source, talk, self.seed));
        for encoding in &mut self.encodings {
            encoding.start(now, None, made_up);
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
        self.encodings.iter_mut().for_each(Encoding::stop);
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
        self.encodings.iter().filter_map(Encoding::poll_timeout).min()
    }

    pub(super) fn handle_timeout(&mut self, clocks: Clocks, level_id: Option<u8>, due: &mut Due) {
        let rate = if self.audio.is_some() { 48_000 } else { 90_000 };
        for i in 0..self.encodings.len() {
            while let Some(at) = self.next_frame(i, due.now) {
                match self.audio {
                    Some(_) => self.audio_packet(i, at, clocks, level_id, due),
                    None => self
                        .encodings
                        .get_mut(i)
                        .map_or((), |e| e.picture(at, clocks, due)),
                }
                let Some(encoding) = self.encodings.get_mut(i) else {
                    break;
                };
                let step = encoding
                    .player
                    .as_ref()
                    .map_or(AUDIO_PACKET_TIME, VideoPlayer::frame_time);
                let late = due.now.saturating_duration_since(at) > MAX_LATENESS;
                encoding.next_frame = Some(if late { due.now + step } else { at + step });
            }
        }
        for encoding in &mut self.encodings {
            encoding.handle_timeout(clocks, due);
            due.reports.extend(encoding.report(due.now, clocks, rate));
        }
    }

    /// When the next frame of an encoding was due, if it is.
    fn next_frame(&self, i: usize, now: Instant) -> Option<Instant> {
        self.encodings.get(i)?.next_frame.filter(|at| *at <= now)
    }

    fn audio_packet(&mut self, i: usize, at: Instant, clocks: Clocks, level_id: Option<u8>, due: &mut Due) {
        let (Some(player), Some(encoding)) = (&mut self.audio, self.encodings.get_mut(i)) else {
            return;
        };
        let sound = player.packet(at);
        let timestamp = encoding.timestamp(at, clocks, 48_000);
        let (payload_type, payload) = if self.red {
            let payload = red(self.previous.as_ref(), &sound.packet);
            self.previous = Some(sound.packet);
            (PT_RED, payload)
        } else {
            (PT_OPUS, sound.packet)
        };
        let mut packet = encoding.packet(payload_type, timestamp, sound.spurt, payload);
        if let Some(id) = level_id {
            // Fails only for ids that negotiation cannot lead to.
            let _ = packet
                .header
                .set_extension(id, Bytes::copy_from_slice(&[sound.level]));
        }
        encoding.send(packet, clocks, due);
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

#[cfg(test)]
mod tests {
    use super::super::source::{Pacing, PacketRate};
    use super::*;

    /// Milliseconds and sizes of the packets of one second of a video, told the time when it asks for it.
    fn played(rate: PacketRate) -> Vec<(u128, usize)> {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let start = Instant::now();
        let clocks = Clocks {
            start,
            wall_clock: NtpTime(0),
            send: None,
        };
        let mut section = Outgoing::new(Source::Camera, &super::super::SDK_LAYERS, false, 1);
        section.start_video(start, &VideoSource::Rate(rate), 1);
        let mut played = Vec::new();
        let mut now = start;
        // A frame's time is a whole number of nanoseconds: thirty of them are ten short of a second.
        while now < start + Duration::from_nanos(999_999_990) {
            let (packets, reports) = (Vec::new(), Vec::new());
            let mut due = Due {
                now,
                packets,
                reports,
            };
            section.handle_timeout(clocks, None, &mut due);
            let since = (now - start).as_millis();
            played.extend(due.packets.iter().map(|packet| (since, packet.payload.len())));
            now = section.poll_timeout().unwrap();
        }
        played
    }

    const RATE: PacketRate = PacketRate {
        packets_per_second: 300,
        packet_bytes: 1_100,
        fps: 30,
        pacing: Pacing::Burst,
    };

    #[test]
    fn a_rate_is_sent_in_bursts_of_a_frame_each() {
        let packets = played(RATE);
        assert_eq!(packets.len(), 300);
        assert!(packets.iter().all(|(_, bytes)| *bytes == 1_100), "keyframes too");
        let bursts: Vec<_> = packets.chunk_by(|a, b| a.0 == b.0).map(<[_]>::len).collect();
        assert_eq!(bursts, [10; 30]);
    }

    #[test]
    fn or_evenly_over_the_time() {
        let pacing = Pacing::Even;
        let packets = played(PacketRate { pacing, ..RATE });
        assert_eq!(packets.len(), 300);
        let gaps: Vec<_> = packets.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        assert!(gaps.iter().all(|gap| [3, 4].contains(gap)), "{gaps:?}");
    }

    #[test]
    fn a_rate_that_frames_do_not_divide_is_met_over_a_second_and_no_frame_is_empty() {
        let of = |packets_per_second| {
            played(PacketRate {
                packets_per_second,
                ..RATE
            })
            .len()
        };
        assert_eq!([of(100), of(45), of(7)], [100, 45, 30]);
    }
}
