//! What the publisher sends: packets of one size, in bursts or evenly spaced.

use bytes::{BufMut, Bytes, BytesMut};
use rtc::rtp;
use std::time::{Duration, Instant};

/// Payload types; both servers pass them on as they are.
pub(super) const PT_OPUS: u8 = 111;
/// See [`PT_OPUS`].
pub(super) const PT_VP8: u8 = 96;

/// Video: 30 pictures of 10 packets a second, 2.6 Mb/s.
const PICTURES_PER_SECOND: u32 = 30;
const PACKETS_PER_PICTURE: u16 = 10;
const VIDEO_BYTES: usize = 1_100;
/// Whoever starts late, or lost a packet, can start here; nobody has to ask.
const PICTURES_PER_KEYFRAME: u16 = 15;
/// Audio: 50 packets of 20 ms a second, 48 kb/s.
const AUDIO_PER_SECOND: u32 = 50;
const AUDIO_BYTES: usize = 120;
/// A sender that is later than this skips ahead: catching up would be another load.
const MAX_LATENESS: Duration = Duration::from_millis(200);

/// The kinds of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Load {
    /// 300 packets of 1,100 bytes a second, those of a picture at once.
    Bursts,
    /// The same packets, one every 3.3 ms.
    Even,
    /// 50 packets of 120 bytes a second.
    Audio,
}

impl Load {
    pub(super) const ALL: [Self; 3] = [Self::Bursts, Self::Even, Self::Audio];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bursts => "bursts",
            Self::Even => "even",
            Self::Audio => "audio",
        }
    }

    pub(super) fn is_audio(self) -> bool {
        self == Self::Audio
    }

    /// Packets a second.
    pub(super) fn rate(self) -> u32 {
        match self {
            Self::Bursts | Self::Even => PICTURES_PER_SECOND * u32::from(PACKETS_PER_PICTURE),
            Self::Audio => AUDIO_PER_SECOND,
        }
    }

    /// Packets sent together.
    fn batch(self) -> u16 {
        match self {
            Self::Bursts => PACKETS_PER_PICTURE,
            Self::Even | Self::Audio => 1,
        }
    }
}

/// Makes the packets in time.
#[derive(Debug)]
pub(super) struct Source {
    load: Load,
    ssrc: u32,
    level_id: Option<u8>,
    next: Instant,
    /// Packets made so far; the numbering follows from it.
    pub(super) sent: u64,
}

impl Source {
    /// Begins now. The audio level goes into the header extension with this id.
    pub(super) fn new(now: Instant, load: Load, ssrc: u32, level_id: Option<u8>) -> Self {
        Self {
            load,
            ssrc,
            level_id,
            next: now,
            sent: 0,
        }
    }

    /// The same from now on.
    pub(super) fn restart(&mut self, now: Instant) {
        self.next = now;
    }

    pub(super) fn poll_timeout(&self) -> Instant {
        self.next
    }

    /// Packets that are due.
    pub(super) fn due(&mut self, now: Instant) -> Vec<rtp::Packet> {
        let mut packets = Vec::new();
        let step = Duration::from_secs(u64::from(self.load.batch())) / self.load.rate();
        if now.saturating_duration_since(self.next) > MAX_LATENESS {
            self.next = now;
        }
        while self.next <= now {
            for _ in 0..self.load.batch() {
                packets.push(self.packet());
            }
            self.next += step;
        }
        packets
    }

    fn packet(&mut self) -> rtp::Packet {
        let number = self.sent;
        self.sent += 1;
        let mut header = rtp::header::Header {
            version: 2,
            // The low 16 bits: sequence numbers wrap.
            sequence_number: number as u16,
            ssrc: self.ssrc,
            ..rtp::header::Header::default()
        };
        if self.load.is_audio() {
            header.payload_type = PT_OPUS;
            header.timestamp = (number as u32).wrapping_mul(48_000 / AUDIO_PER_SECOND);
            if let Some(id) = self.level_id {
                // −30 dBov, with voice: loud enough to be heard by everyone. Fails only for ids that are not negotiated.
                let _ = header.set_extension(id, Bytes::from_static(&[0x80 | 30]));
            }
            return rtp::Packet {
                header,
                payload: Bytes::from_static(&[0xa5; AUDIO_BYTES]),
            };
        }
        let position = (number % u64::from(PACKETS_PER_PICTURE)) as u16;
        let picture = (number / u64::from(PACKETS_PER_PICTURE)) as u16;
        header.payload_type = PT_VP8;
        header.marker = position == PACKETS_PER_PICTURE - 1;
        // All packets of a picture have one timestamp, whenever they are sent.
        header.timestamp = u32::from(picture).wrapping_mul(90_000 / PICTURES_PER_SECOND);
        rtp::Packet {
            header,
            payload: vp8(picture, position),
        }
    }
}

/// A payload that looks like VP8 to whoever does not decode it: descriptor with picture id (RFC 7741 §4.2), and in the
/// first packet a frame header with the size of a keyframe (RFC 6386 §9.1).
fn vp8(picture: u16, position: u16) -> Bytes {
    let keyframe = picture.is_multiple_of(PICTURES_PER_KEYFRAME);
    let mut payload = BytesMut::with_capacity(VIDEO_BYTES);
    payload.put_u8(if position == 0 { 0x90 } else { 0x80 });
    payload.put_u8(0x80);
    payload.put_u16(0x8000 | (picture & 0x7fff));
    if position == 0 {
        payload.put_slice(if keyframe { &[0x10, 0, 0] } else { &[0x11, 0, 0] });
        if keyframe {
            payload.put_slice(&[0x9d, 0x01, 0x2a]);
            payload.put_u16_le(1_280);
            payload.put_u16_le(720);
        }
    }
    payload.resize(VIDEO_BYTES, 0xa5);
    payload.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(load: Load, steps_ms: u64) -> Vec<Vec<rtp::Packet>> {
        let start = Instant::now();
        let mut source = Source::new(start, load, 7, Some(1));
        (0..1_000 / steps_ms)
            .map(|step| source.due(start + Duration::from_millis(step * steps_ms)))
            .collect()
    }

    #[test]
    fn bursts_are_pictures_and_even_packets_come_one_by_one() {
        let bursts = second(Load::Bursts, 1);
        assert_eq!(bursts.iter().map(Vec::len).sum::<usize>(), 300);
        assert!(bursts.iter().all(|due| due.is_empty() || due.len() == 10));
        let even = second(Load::Even, 1);
        assert_eq!(
            (
                even.iter().map(Vec::len).sum::<usize>(),
                even.iter().map(Vec::len).max()
            ),
            (300, Some(1))
        );
        assert_eq!(second(Load::Audio, 1).iter().flatten().count(), 50);
    }

    #[test]
    fn a_picture_has_one_timestamp_one_start_and_one_marker() {
        for load in [Load::Bursts, Load::Even] {
            let packets: Vec<rtp::Packet> = second(load, 1).into_iter().flatten().collect();
            assert!(
                packets
                    .iter()
                    .zip(0u16..)
                    .all(|(p, n)| p.header.sequence_number == n)
            );
            for picture in packets.chunks(10) {
                let first = picture[0].header.timestamp;
                assert!(
                    picture
                        .iter()
                        .all(|p| p.header.timestamp == first && p.payload.len() == 1_100)
                );
                let starts: Vec<bool> = picture.iter().map(|p| p.payload[0] & 0x10 != 0).collect();
                assert_eq!(starts.iter().filter(|start| **start).count(), 1);
                assert!(starts[0] && picture[9].header.marker && !picture[8].header.marker);
            }
            let keyframes = packets
                .chunks(10)
                .filter(|picture| picture[0].payload[4] & 1 == 0)
                .count();
            assert_eq!(keyframes, 2);
        }
    }

    #[test]
    fn a_late_sender_skips_instead_of_bursting() {
        let start = Instant::now();
        let mut source = Source::new(start, Load::Even, 7, None);
        source.due(start);
        assert_eq!(source.due(start + Duration::from_secs(10)).len(), 1);
    }
}
