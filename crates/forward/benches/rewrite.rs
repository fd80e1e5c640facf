//! One packet through one forwarder: what each subscriber of a track costs in this crate.
//!
//! Shows: time and allocations of [`Forwarder::handle_packet`] for a packet that flows, VP8 (picture ids are rewritten,
//! so the payload is copied) and Opus (nothing is rewritten, so the payload is shared), beside the plain copy of as many
//! bytes, the unit to compare with.
//!
//! Does not show: switches, losses and reordering, cold caches (one forwarder stays in the cache; a worker walks over
//! thousands), encryption, sockets.
// An origin for virtual time, and the benchmark itself measures by the clock.
#![allow(clippy::disallowed_methods)]

use bytes::{BufMut, Bytes, BytesMut};
use divan::{AllocProfiler, Bencher};
use forward::{CaptureTime, ForwardedTrack, Forwarder};
use media::{Codec, Extensions, Kind, LayerIndex, Packet, ReadPacket, RtpTime, SeqNo, TrackId};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

/// What libwebrtc puts into a packet of a video frame.
const VIDEO_BYTES: usize = 1_150;
/// 20 ms of Opus at 48 kb/s.
const AUDIO_BYTES: usize = 120;
const PACKETS_PER_FRAME: u32 = 4;

fn main() {
    divan::main();
}

/// The unit: one allocation, one copy.
#[divan::bench(args = [AUDIO_BYTES, VIDEO_BYTES])]
fn copy(bencher: Bencher<'_, '_>, bytes: usize) {
    let payload = vec![7; bytes];
    bencher.bench_local(|| Bytes::copy_from_slice(divan::black_box(&payload)));
}

#[divan::bench]
fn vp8(bencher: Bencher<'_, '_>) {
    run(bencher, Kind::Video, vp8_packet);
}

#[divan::bench]
fn opus(bencher: Bencher<'_, '_>) {
    run(bencher, Kind::Audio, opus_packet);
}

fn run(bencher: Bencher<'_, '_>, kind: Kind, packet: fn(u32) -> (Duration, Packet)) {
    let start = Instant::now();
    let rate = match kind {
        Kind::Video => 90_000,
        Kind::Audio => 48_000,
    };
    let mut forwarder = Forwarder::new(kind, rate, start, SeqNo(65_000), RtpTime(u32::MAX - 1_000));
    let track = ForwardedTrack {
        id: TrackId(7),
        unwrap_red: false,
    };
    forwarder.set_track(start, Some(track));
    forwarder.set_target(start, Some(LayerIndex(0).into()));
    let mut forward = |(now, packet): &(Instant, ReadPacket)| {
        let capture = CaptureTime {
            at: *now,
            reported: false,
        };
        forwarder.handle_packet(*now, LayerIndex(0), packet, capture)
    };
    let mut number = 0;
    let mut next = || {
        let (passed, packet) = packet(number);
        number += 1;
        (start + passed, ReadPacket::alone(packet))
    };
    // Once around its history: from here on a slot's memory is its own.
    for _ in 0..1_024 {
        forward(&next()).expect("a packet of the target flows");
    }
    bencher
        .with_inputs(next)
        .bench_local_refs(|input| forward(input).expect("a packet in order flows"));
}

/// The packet with this number of a stream of 30 frames a second, the first of which is a keyframe.
fn vp8_packet(number: u32) -> (Duration, Packet) {
    let (frame, part) = (number / PACKETS_PER_FRAME, number % PACKETS_PER_FRAME);
    let mut payload = BytesMut::with_capacity(VIDEO_BYTES);
    payload.put_u8(0x80 | if part == 0 { 0x10 } else { 0 });
    payload.put_u8(0xe0);
    payload.put_u16(0x8000 | (frame & 0x7fff) as u16);
    payload.put_u8(frame as u8);
    payload.put_u8(0x20);
    payload.put_u8(u8::from(frame != 0));
    payload.resize(VIDEO_BYTES, 7);
    let packet = Packet {
        seq: SeqNo(number as u16),
        timestamp: RtpTime(frame.wrapping_mul(3_000)),
        marker: part + 1 == PACKETS_PER_FRAME,
        codec: Codec::Vp8,
        extensions: Extensions::default(),
        payload: shared(payload),
    };
    (Duration::from_micros(33_333) * frame, packet)
}

fn opus_packet(number: u32) -> (Duration, Packet) {
    let packet = Packet {
        seq: SeqNo(number as u16),
        timestamp: RtpTime(number.wrapping_mul(960)),
        marker: false,
        codec: Codec::Opus,
        extensions: Extensions {
            audio_level: Some(30),
            ..Extensions::default()
        },
        payload: shared(BytesMut::from(&[0xf8; AUDIO_BYTES][..])),
    };
    (Duration::from_millis(20) * number, packet)
}

/// A payload that is already shared, as in a router: the packet ring holds one reference. (The first clone of a
/// `Bytes` made of a whole buffer allocates.)
fn shared(payload: BytesMut) -> Bytes {
    let payload = payload.freeze();
    drop(payload.clone());
    payload
}
