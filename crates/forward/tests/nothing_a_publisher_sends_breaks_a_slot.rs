//! Arbitrary packets in: no panic, and numbers that stay unique.

#[path = "../../media/tests/support/descriptors.rs"]
mod descriptors;
mod support;

use bytes::Bytes;
use descriptors::Writer;
use forward::{CaptureTime, ForwardedTrack, Forwarder, LayerTarget};
use media::{Codec, Extensions, Kind, Packet, PacketReader, ReadPacket, RtpTime, SeqNo, TrackId};
use proptest::prelude::*;
use std::collections::HashSet;
use support::{layer, ms, origin};

const CODECS: [Codec; 6] = [
    Codec::Vp8,
    Codec::Opus,
    Codec::Red,
    Codec::Vp9,
    Codec::Av1,
    Codec::H264,
];

fn packet(codecs: &'static [Codec]) -> impl Strategy<Value = (u8, Packet)> {
    let codec = prop::sample::select(codecs);
    // Sequence numbers near each other, and anywhere.
    let seq = prop_oneof![4 => 0u16..64, 1 => any::<u16>()];
    let payload = prop::collection::vec(
        prop_oneof![Just(0x90u8), Just(0xf0), Just(0x00), any::<u8>()],
        0..12,
    );
    // Descriptors with a structure, or of one, or of none; behind that, anything.
    let number = prop_oneof![4 => 0u16..64, 1 => any::<u16>()];
    let rest = prop::collection::vec(any::<u8>(), 0..12);
    let descriptor = (0u32..256, number, any::<bool>(), 0u32..16, rest);
    let descriptor = descriptor.prop_map(|(first, number, structure, custom, rest)| {
        let mut writer = Writer::default();
        writer.number(first & 0xc3, 8);
        writer.number(u32::from(number), 16);
        writer.flag(structure);
        writer.number(custom, 4);
        if structure {
            // Two templates and decode targets: T0, and T1 that refers to the frame before.
            let bits = "000000 00001 01 11 1010 0001 0 1 0000 0 0 0";
            let bits = bits.chars().filter(|bit| *bit != ' ');
            bits.for_each(|bit| writer.flag(bit == '1'));
        }
        rest.iter().for_each(|byte| writer.number(u32::from(*byte), 8));
        writer.finish()
    });
    let descriptor = prop::option::of(descriptor);
    (
        0u8..4,
        codec,
        seq,
        any::<u32>(),
        any::<bool>(),
        payload,
        descriptor,
    )
        .prop_map(
            |(layer, codec, seq, timestamp, marker, payload, dependency_descriptor)| {
                let packet = Packet {
                    seq: SeqNo(seq),
                    timestamp: RtpTime(timestamp),
                    marker,
                    codec,
                    extensions: Extensions {
                        dependency_descriptor,
                        ..Extensions::default()
                    },
                    payload: Bytes::from(payload),
                };
                (layer, packet)
            },
        )
}

/// A packet of a layer, the pause before it, a change of target, whether reports have come, what is asked for again.
type Step = ((u8, Packet), u64, u8, bool, i16);

fn steps(codecs: &'static [Codec]) -> impl Strategy<Value = Vec<Step>> {
    let step = (packet(codecs), 0u64..50, 0u8..6, any::<bool>(), any::<i16>());
    prop::collection::vec(step, 0..300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn of_either_kind(video: bool, unwrap_red: bool, steps in steps(&CODECS)) {
        play(video, unwrap_red, steps)?;
    }

    #[test]
    fn beside_the_payload(steps in steps(&[Codec::Av1])) {
        play(true, false, steps)?;
    }
}

fn play(video: bool, unwrap_red: bool, packets: Vec<Step>) -> Result<(), TestCaseError> {
    let t0 = origin();
    let mut now = t0;
    let (kind, rate) = if video {
        (Kind::Video, 90_000)
    } else {
        (Kind::Audio, 48_000)
    };
    let mut forwarder = Forwarder::new(kind, rate, t0, SeqNo(65_000), RtpTime(0));
    forwarder.set_track(
        t0,
        Some(ForwardedTrack {
            id: TrackId(1),
            unwrap_red,
        }),
    );
    let mut reader = PacketReader::default();
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
        let info = reader.read(u64::from(packet.seq.0), &packet);
        let read = ReadPacket { packet, info };
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
    Ok(())
}
