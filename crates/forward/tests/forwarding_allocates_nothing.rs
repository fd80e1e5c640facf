//! A counting allocator guards that a packet that flows costs no allocation, however many subscribers it has.
#![allow(clippy::disallowed_methods)] // an origin for virtual time

use bytes::{BufMut, Bytes, BytesMut};
use forward::{CaptureTime, ForwardedTrack, Forwarder};
use media::{Codec, Extensions, Kind, LayerIndex, Packet, ReadPacket, RtpTime, SeqNo, TrackId};
use std::time::{Duration, Instant};

/// Packets before those that count: once around a slot's history.
const WARM_UP: u32 = 1_024;
const PACKETS: u32 = 100;

fn packet(codec: Codec, number: u32) -> ReadPacket {
    let mut payload = BytesMut::new();
    if codec == Codec::Vp8 {
        // X and S; I, L and T; picture id, TL0PICIDX, TID: what libwebrtc writes, a keyframe first.
        payload.put_slice(&[0x90, 0xe0]);
        payload.put_u16(0x8000 | (number as u16 & 0x7fff));
        payload.put_slice(&[number as u8, 0, u8::from(number > 0)]);
    }
    payload.put_slice(&[7; 1_100]);
    let payload = payload.freeze();
    // The first clone of a whole buffer allocates what is shared from then on: once for all subscribers.
    drop(payload.clone());
    ReadPacket::alone(Packet {
        seq: SeqNo(number as u16),
        timestamp: RtpTime(number * 3_000),
        marker: true,
        codec,
        extensions: Extensions::default(),
        payload,
    })
}

fn allocations(kind: Kind, codec: Codec, clock_rate: u32) -> u64 {
    let start = Instant::now();
    let mut forwarder = Forwarder::new(kind, clock_rate, start, SeqNo(0), RtpTime(0));
    let track = ForwardedTrack {
        id: TrackId(7),
        unwrap_red: false,
    };
    forwarder.set_track(start, Some(track));
    forwarder.set_target(start, Some(LayerIndex(0).into()));
    let mut count = 0;
    for number in 0..WARM_UP + PACKETS {
        let packet = packet(codec, number);
        let at = start + Duration::from_millis(33) * number;
        let capture = CaptureTime { at, reported: false };
        let counted = allocation_counter::measure(|| {
            let sent = forwarder.handle_packet(at, LayerIndex(0), &packet, capture);
            assert!(sent.is_some(), "a packet of the target flows");
        });
        if number >= WARM_UP {
            count += counted.count_total;
        }
    }
    count
}

#[test]
fn neither_video_with_rewritten_picture_ids_nor_sound_is_copied() {
    assert_eq!(allocations(Kind::Video, Codec::Vp8, 90_000), 0);
    assert_eq!(allocations(Kind::Audio, Codec::Opus, 48_000), 0);
}

#[test]
fn the_counter_counts() {
    let counted = allocation_counter::measure(|| drop(Bytes::copy_from_slice(&[1; 100])));
    assert!(counted.count_total > 0);
}
