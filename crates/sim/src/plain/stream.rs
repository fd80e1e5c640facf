//! One RTP stream of a publisher: a camera's layer, a screen, a microphone.

use super::camera::Wanted;
use super::encoder::Encoded;
use super::stamp::Stamp;
use super::wire::Message;
use bytes::Bytes;
use media::{Codec, Extensions, LayerIndex, MLineIndex, Packet, RtpTime, SeqNo, Source};
use std::collections::VecDeque;
use std::time::Duration;

/// Largest payload of a packet: libwebrtc's 1,200 bytes less what headers and extensions take.
const PART_BYTES: usize = 1_100;
/// Packets kept for NACKs, per stream.
const KEPT: usize = 512;

#[derive(Debug)]
pub(crate) struct Stream {
    person: u32,
    source: Source,
    pub(crate) section: MLineIndex,
    pub(crate) layer: LayerIndex,
    clock_rate: u32,
    seq: SeqNo,
    /// The RTP timestamp at the world's beginning.
    base: RtpTime,
    pub(crate) frames: u32,
    picture_id: u16,
    pub(crate) keyframe_wanted: bool,
    /// Somebody watches it, as far as the server has said.
    pub(crate) on: bool,
    /// The uplink carries it.
    pub(crate) fits: bool,
    kept: VecDeque<Packet>,
}

impl Stream {
    pub(crate) fn new(person: u32, source: Source, section: MLineIndex, layer: u8, random: u64) -> Self {
        let clock_rate = match source.kind() {
            media::Kind::Audio => 48_000,
            media::Kind::Video => 90_000,
        };
        Self {
            person,
            source,
            section,
            layer: LayerIndex(layer),
            clock_rate,
            seq: SeqNo(random as u16),
            base: RtpTime((random >> 16) as u32),
            frames: 0,
            picture_id: (random >> 48) as u16 & 0x7FFF,
            keyframe_wanted: true,
            on: true,
            fits: true,
            kept: VecDeque::new(),
        }
    }

    /// What its encoder is to make of the next picture.
    pub(crate) fn wanted(&self) -> Wanted {
        match (self.on && self.fits, self.keyframe_wanted) {
            (false, _) => Wanted::Nothing,
            (true, false) => Wanted::Frame,
            (true, true) => Wanted::Keyframe,
        }
    }

    pub(crate) fn rtp_at(&self, since_origin: Duration) -> RtpTime {
        let ticks = since_origin.as_micros() * u128::from(self.clock_rate) / 1_000_000;
        RtpTime(self.base.0.wrapping_add(ticks as u32))
    }

    fn stamp(&self, captured: Duration) -> Stamp {
        Stamp {
            person: self.person,
            source: self.source,
            layer: self.layer.0,
            frame: self.frames,
            keyframe: true,
            temporal: 0,
            references: [0; 2],
            part: 0,
            parts: 1,
            captured_us: captured.as_micros() as u64,
        }
    }

    /// The next packet of sound.
    pub(crate) fn sound(&mut self, captured: Duration, extensions: Extensions) -> Message {
        let payload = self.stamp(captured).audio();
        self.frames = self.frames.wrapping_add(1);
        self.packet(captured, false, Codec::Opus, extensions, payload)
    }

    /// The packets of a frame: as many as it needs, of about the same size; the first carries the `allocation`.
    pub(crate) fn frame(
        &mut self,
        captured: Duration,
        frame: &Encoded,
        mut allocation: Option<Bytes>,
        mut each: impl FnMut(Message, usize),
    ) {
        let parts = frame.bytes.div_ceil(PART_BYTES).clamp(1, usize::from(u8::MAX)) as u8;
        let part_bytes = (frame.bytes / usize::from(parts)).max(60);
        let mut stamp = Stamp {
            keyframe: frame.keyframe,
            temporal: frame.place.temporal.unwrap_or(0),
            references: frame.place.references,
            parts,
            ..self.stamp(captured)
        };
        for part in 0..parts {
            stamp.part = part;
            let payload = stamp.vp8(self.picture_id, &frame.place, part_bytes);
            let size = payload.len();
            let last = part + 1 == parts;
            let extensions = Extensions {
                layers_allocation: allocation.take(),
                ..Extensions::default()
            };
            each(self.packet(captured, last, Codec::Vp8, extensions, payload), size);
        }
        self.keyframe_wanted &= !frame.keyframe;
        self.frames = self.frames.wrapping_add(1);
        self.picture_id = (self.picture_id + 1) & 0x7FFF;
    }

    fn packet(
        &mut self,
        captured: Duration,
        marker: bool,
        codec: Codec,
        extensions: Extensions,
        payload: Bytes,
    ) -> Message {
        self.seq = self.seq.advance(1);
        let packet = Packet {
            seq: self.seq,
            timestamp: self.rtp_at(captured),
            marker,
            codec,
            extensions,
            payload,
        };
        if self.kept.len() >= KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(packet.clone());
        self.message(packet)
    }

    fn message(&self, packet: Packet) -> Message {
        Message::Media {
            section: self.section,
            layer: self.layer,
            packet,
        }
    }

    /// Packets to send again, as far as they are kept, and the bytes of their payloads.
    pub(crate) fn again(&self, missing: &[SeqNo]) -> impl Iterator<Item = (Message, usize)> {
        let wanted = self.kept.iter().filter(|packet| missing.contains(&packet.seq));
        wanted.map(|packet| (self.message(packet.clone()), packet.payload.len()))
    }
}
