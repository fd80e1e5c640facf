//! A synthetic publisher, in virtual time. Every payload says what it is, so that a test can tell what came out.
#![allow(dead_code)] // each test uses a part

use bytes::{BufMut, Bytes, BytesMut};
use forward::{CaptureTime, ForwardedTrack, Forwarder};
use media::packet::SlotPacket;
use media::vp8::Descriptor;
use media::{Codec, Extensions, Kind, LayerIndex, Packet, ReadPacket, RtpTime, SeqNo, TrackId};
use std::time::{Duration, Instant};

/// The origin of a test's virtual time.
#[allow(clippy::disallowed_methods)] // an origin, read once: no test depends on its value
pub(crate) fn origin() -> Instant {
    // Room for capture times before the first moment.
    Instant::now() + Duration::from_secs(100_000)
}

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A capture time from sender reports.
pub(crate) fn reported(at: Instant) -> CaptureTime {
    CaptureTime { at, reported: true }
}

/// A capture time without sender reports.
pub(crate) fn arrival(at: Instant) -> CaptureTime {
    CaptureTime { at, reported: false }
}

pub(crate) fn track(number: u32) -> Option<ForwardedTrack> {
    Some(ForwardedTrack {
        id: TrackId(number),
        unwrap_red: false,
    })
}

pub(crate) fn video_forwarder(now: Instant) -> Forwarder {
    Forwarder::new(Kind::Video, 90_000, now, SeqNo(65_530), RtpTime(u32::MAX - 1000))
}

pub(crate) fn audio_forwarder(now: Instant) -> Forwarder {
    Forwarder::new(Kind::Audio, 48_000, now, SeqNo(65_530), RtpTime(u32::MAX - 1000))
}

pub(crate) fn opus(seq: u16, timestamp: u32) -> Packet {
    Packet {
        seq: SeqNo(seq),
        timestamp: RtpTime(timestamp),
        marker: false,
        codec: Codec::Opus,
        extensions: Extensions {
            audio_level: Some(30),
            ..Extensions::default()
        },
        payload: Bytes::copy_from_slice(&[0xf8, (seq >> 8) as u8, seq as u8]),
    }
}

/// Packets that can be read without those before them, straight into a forwarder.
pub(crate) trait Pass {
    fn pass(
        &mut self,
        now: Instant,
        layer: LayerIndex,
        packet: &Packet,
        capture: CaptureTime,
    ) -> Option<SlotPacket>;
}

impl Pass for Forwarder {
    fn pass(
        &mut self,
        now: Instant,
        layer: LayerIndex,
        packet: &Packet,
        capture: CaptureTime,
    ) -> Option<SlotPacket> {
        self.handle_packet(now, layer, &ReadPacket::alone(packet.clone()), capture)
    }
}

/// What a payload says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) track: u32,
    pub(crate) layer: u8,
    pub(crate) frame: u32,
    pub(crate) part: u8,
    pub(crate) keyframe: bool,
    pub(crate) source_seq: u16,
}

/// Where one VP8 layer's numbers start, as random as RFC 3550 wants them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) seq: u16,
    pub(crate) timestamp: u32,
    pub(crate) picture_id: u16,
    pub(crate) tl0: u8,
}

/// One VP8 layer, L1T3 as libwebrtc sends it.
#[derive(Debug)]
pub(crate) struct Vp8Layer {
    track: u32,
    layer: u8,
    seq: u16,
    timestamp: u32,
    start: Start,
    tl0: u8,
    frame: u32,
    since_keyframe: u32,
}

impl Vp8Layer {
    pub(crate) fn new(track: u32, layer: u8, start: Start) -> Vp8Layer {
        let Start {
            seq, timestamp, tl0, ..
        } = start;
        Vp8Layer {
            track,
            layer,
            seq,
            timestamp,
            start,
            tl0,
            frame: 0,
            since_keyframe: 0,
        }
    }

    /// The timestamp of the next frame.
    pub(crate) fn timestamp(&self) -> RtpTime {
        RtpTime(self.timestamp)
    }

    /// The next frame, in `parts` packets, `ticks` before the one after it.
    pub(crate) fn frame(&mut self, keyframe: bool, parts: u8, ticks: u32) -> Vec<Packet> {
        if keyframe {
            self.since_keyframe = 0;
        }
        // 0 2 1 2: the temporal pattern of L1T3.
        let temporal_id = [0u8, 2, 1, 2][(self.since_keyframe % 4) as usize];
        // Right after a keyframe and after every base frame the first of each layer refers to the base only.
        let sync = self.since_keyframe % 4 != 3;
        if temporal_id == 0 {
            self.tl0 = self.tl0.wrapping_add(1);
        }
        let picture_id = (u32::from(self.start.picture_id) + self.frame) & 0x7fff;
        let packets = (0..parts).map(|part| {
            let mut payload = BytesMut::new();
            payload.put_u8(0x80 | if part == 0 { 0x10 } else { 0 });
            payload.put_u8(0xe0);
            payload.put_u16(0x8000 | picture_id as u16);
            payload.put_u8(self.tl0);
            payload.put_u8(temporal_id << 6 | u8::from(sync) << 5);
            payload.put_u8(u8::from(!keyframe));
            payload.put_u32(self.track);
            payload.put_u8(self.layer);
            payload.put_u32(self.frame);
            payload.put_u8(part);
            let seq = self.seq.wrapping_add(u16::from(part));
            payload.put_u16(seq);
            Packet {
                seq: SeqNo(seq),
                timestamp: RtpTime(self.timestamp),
                marker: part + 1 == parts,
                codec: Codec::Vp8,
                extensions: Extensions {
                    video_orientation: Some(1),
                    ..Extensions::default()
                },
                payload: payload.freeze(),
            }
        });
        let packets = packets.collect();
        self.seq = self.seq.wrapping_add(u16::from(parts));
        self.timestamp = self.timestamp.wrapping_add(ticks);
        self.frame += 1;
        self.since_keyframe += 1;
        packets
    }
}

/// What is in a video packet that came out of a forwarder.
pub(crate) fn content(payload: &[u8]) -> (Descriptor, Content) {
    let descriptor = Descriptor::parse(payload).expect("a forwarder sends descriptors");
    let body = &payload[descriptor.len..];
    let number = |at: usize| u32::from_be_bytes(body[at..at + 4].try_into().expect("four bytes"));
    let content = Content {
        track: number(1),
        layer: body[5],
        frame: number(6),
        part: body[10],
        keyframe: body[0] & 1 == 0,
        source_seq: u16::from_be_bytes([body[11], body[12]]),
    };
    (descriptor, content)
}

pub(crate) fn layer(index: u8) -> LayerIndex {
    LayerIndex(index)
}

/// Everything that goes on the wire is the same.
pub(crate) fn same(a: &SlotPacket, b: &SlotPacket) -> bool {
    a.seq == b.seq
        && a.timestamp == b.timestamp
        && a.marker == b.marker
        && a.codec == b.codec
        && a.csrc == b.csrc
        && a.extensions == b.extensions
        && a.payload == b.payload
}
