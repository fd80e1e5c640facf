//! Arbitrary packets in: no panic, and numbers that stay unique.

mod support;

use bytes::Bytes;
use forward::{CaptureTime, ForwardedTrack, Forwarder, LayerTarget};
use media::{Codec, Extensions, Kind, Packet, ReadPacket, RtpTime, SeqNo, TrackId};
use proptest::prelude::*;
use std::collections::HashSet;
use support::{layer, ms, origin};

fn packet() -> impl Strategy<Value = (u8, Packet)> {
    let codec = prop_oneof![
        Just(Codec::Vp8),
        Just(Codec::Opus),
        Just(Codec::Red),
        Just(Codec::Vp9),
        Just(Codec::Av1),
        Just(Codec::H264)
    ];
    // Sequence numbers near each other, and anywhere.
    let seq = prop_oneof![4 => 0u16..64, 1 => any::<u16>()];
    let payload = prop::collection::vec(
        prop_oneof![Just(0x90u8), Just(0xf0), Just(0x00), any::<u8>()],
        0..12,
    );
    (0u8..4, codec, seq, any::<u32>(), any::<bool>(), payload).prop_map(
        |(layer, codec, seq, timestamp, marker, payload)| {
            let packet = Packet {
                seq: SeqNo(seq),
                timestamp: RtpTime(timestamp),
                marker,
                codec,
                extensions: Extensions::default(),
                payload: Bytes::from(payload),
            };
            (layer, packet)
        },
    )
}

proptest! {
    #[test]
    fn of_either_kind(
        video: bool,
        unwrap_red: bool,
        packets in prop::collection::vec((packet(), 0u64..50, 0u8..6, any::<bool>(), any::<i16>()), 0..300),
    ) {
        let t0 = origin();
        let mut now = t0;
        let (kind, rate) = if video { (Kind::Video, 90_000) } else { (Kind::Audio, 48_000) };
        let mut forwarder = Forwarder::new(kind, rate, t0, SeqNo(65_000), RtpTime(0));
        forwarder.set_track(t0, Some(ForwardedTrack { id: TrackId(1), unwrap_red }));
        let mut numbers = HashSet::new();
        let mut bytes = 0;
        for ((from, packet), pause, target, reported, ask) in packets {
            now += ms(pause);
            if target < 5 {
                let wanted = LayerTarget {
                    layer: layer(target % 3),
                    spatial: target % 4,
                    temporal: if target < 3 { target } else { LayerTarget::ALL },
                };
                forwarder.set_target(now, Some(wanted).filter(|_| target < 4));
            }
            let capture = CaptureTime { at: now, reported };
            let read = ReadPacket::alone(packet);
            if let Some(out) = forwarder.handle_packet(now, layer(from), &read, capture) {
                prop_assert_eq!(out.codec.kind(), kind);
                prop_assert!(numbers.insert(out.seq), "{:?} twice", out.seq);
                bytes += out.payload.len() as u32;
            }
            let seq = SeqNo(65_000u16.wrapping_add_signed(ask % 400));
            if let Some(again) = forwarder.retransmit(seq, |_, _| Some(&read)) {
                numbers.insert(again.seq);
                prop_assert_eq!(again.seq, seq);
            }
        }
        if let Some(report) = forwarder.report(now, media::NtpTime(0)) {
            prop_assert_eq!(report.octets, bytes);
        }
    }
}
