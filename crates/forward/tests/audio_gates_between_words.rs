//! Sound: the gate leaves no gaps, a talk spurt is marked, RED is unwrapped for who cannot read it.

mod support;

use bytes::Bytes;
use forward::ForwardedTrack;
use media::{Codec, Packet, ReadPacket, SeqNo, TrackId};
use support::{Pass, arrival, audio_forwarder, layer, ms, opus, origin, reported, same, track};

#[test]
fn a_closed_gate_leaves_no_gap_and_its_opening_is_marked() {
    let t0 = origin();
    let mut forwarder = audio_forwarder(t0);
    forwarder.set_track(t0, track(7));
    let mut sent = Vec::new();
    for number in 0..300u16 {
        let now = t0 + ms(20) * u32::from(number);
        if number % 50 == 0 {
            let open = number / 50 % 2 == 0;
            forwarder.set_target(now, open.then_some(layer(0).into()));
        }
        let packet = opus(65_500u16.wrapping_add(number), u32::from(number) * 960);
        sent.extend(
            forwarder
                .pass(now, layer(0), &packet, reported(now))
                .map(|out| (number, out)),
        );
    }
    assert_eq!(sent.len(), 150);
    for pair in sent.windows(2) {
        let ((earlier, a), (later, b)) = (&pair[0], &pair[1]);
        assert_eq!(b.seq, a.seq.advance(1));
        assert_eq!(
            b.timestamp.distance(a.timestamp),
            i32::from(later - earlier) * 960,
            "silence takes its time"
        );
        assert_eq!(b.marker, later - earlier > 1, "the first of a spurt, no other");
    }
    assert!(sent[0].1.marker);
    assert_eq!(forwarder.switches(), 1, "the gate is no switch");
    assert_eq!(forwarder.wants_keyframe(), None);
    assert_eq!(forwarder.keyframe_layer(), None);
}

#[test]
fn late_and_doubled_packets_find_their_place_once() {
    let t0 = origin();
    let mut forwarder = audio_forwarder(t0);
    forwarder.set_track(t0, track(7));
    forwarder.set_target(t0, Some(layer(0).into()));
    let mut pass = |number: u16| {
        let packet = opus(65_535u16.wrapping_add(number), u32::from(number) * 960);
        let now = t0 + ms(20) * u32::from(number);
        forwarder
            .pass(now, layer(0), &packet, arrival(now))
            .map(|out| out.seq)
    };
    let first = pass(0).expect("the first");
    assert_eq!(pass(3), Some(first.advance(3)));
    assert_eq!(pass(1), Some(first.advance(1)));
    assert_eq!(pass(1), None);
    assert_eq!(pass(2), Some(first.advance(2)));
    assert_eq!(pass(3), None);
    assert_eq!(pass(4), Some(first.advance(4)));
}

/// One redundant block of three bytes, then the primary.
fn red(seq: u16, primary: &[u8]) -> Packet {
    let mut payload = vec![0x80 | 111, 0x0f, 0x00, 0x03, 111, 1, 2, 3];
    payload.extend(primary);
    Packet {
        codec: Codec::Red,
        payload: Bytes::from(payload),
        ..opus(seq, u32::from(seq) * 960)
    }
}

#[test]
fn red_is_unwrapped_on_request_and_again_for_a_retransmission() {
    let t0 = origin();
    let mut forwarder = audio_forwarder(t0);
    forwarder.set_track(
        t0,
        Some(ForwardedTrack {
            id: TrackId(7),
            unwrap_red: true,
        }),
    );
    forwarder.set_target(t0, Some(layer(0).into()));
    let packet = red(5, &[0xf8, 42]);
    let out = forwarder
        .pass(t0, layer(0), &packet, reported(t0))
        .expect("flows");
    assert_eq!(
        (out.codec, &out.payload.to_bytes()[..]),
        (Codec::Opus, &[0xf8, 42][..])
    );
    let read = ReadPacket::alone(packet);
    let again = forwarder
        .retransmit(out.seq, |_, seq| (seq == SeqNo(5)).then_some(&read))
        .expect("kept");
    assert!(same(&out, &again));

    // Malformed: dropped, and not missed.
    let later = t0 + ms(40);
    let broken = Packet {
        payload: Bytes::from_static(&[0x80, 0, 0xff]),
        ..red(6, &[])
    };
    assert!(forwarder.pass(t0, layer(0), &broken, reported(t0)).is_none());
    let next = forwarder
        .pass(t0, layer(0), &red(7, &[1]), reported(later))
        .expect("flows");
    assert_eq!(next.seq, out.seq.advance(1));
}

#[test]
fn red_passes_as_it_is_otherwise() {
    let t0 = origin();
    let mut forwarder = audio_forwarder(t0);
    forwarder.set_track(t0, track(7));
    forwarder.set_target(t0, Some(layer(0).into()));
    let packet = red(5, &[0xf8, 42]);
    let out = forwarder
        .pass(t0, layer(0), &packet, reported(t0))
        .expect("flows");
    assert_eq!((out.codec, out.payload.to_bytes()), (Codec::Red, packet.payload));
}

#[test]
fn pictures_do_not_pass_through_an_audio_slot() {
    let t0 = origin();
    let mut forwarder = audio_forwarder(t0);
    forwarder.set_track(t0, track(7));
    forwarder.set_target(t0, Some(layer(0).into()));
    let packet = Packet {
        codec: Codec::Vp8,
        ..opus(1, 0)
    };
    assert!(forwarder.pass(t0, layer(0), &packet, reported(t0)).is_none());
}

#[test]
fn sound_the_slot_has_already_passed_is_left_out_for_a_moment_only() {
    let t0 = origin();
    let mut forwarder = audio_forwarder(t0);
    forwarder.set_track(t0, track(1));
    forwarder.set_target(t0, Some(layer(0).into()));
    let first = forwarder
        .pass(t0, layer(0), &opus(1, 0), reported(t0))
        .expect("flows");
    // The next talker's packets are 50 ms older than what the slot has sent.
    forwarder.set_track(t0, track(2));
    forwarder.set_target(t0, Some(layer(0).into()));
    let mut sent = Vec::new();
    for number in 0..10u16 {
        let captured = t0 - ms(50) + ms(20) * u32::from(number);
        let now = captured + ms(50);
        let packet = opus(900 + number, 77_777 + u32::from(number) * 960);
        sent.extend(forwarder.pass(now, layer(0), &packet, reported(captured)));
    }
    assert_eq!(sent.len(), 7);
    assert_eq!(sent[0].seq, first.seq.advance(1));
    assert_eq!(
        sent[0].timestamp.distance(first.timestamp),
        480,
        "10 ms later, where it belongs"
    );

    // A second older: it would be a word. It goes out, never backwards.
    forwarder.set_track(t0, track(3));
    forwarder.set_target(t0, Some(layer(0).into()));
    let old = forwarder
        .pass(t0, layer(0), &opus(1, 5), reported(t0 - ms(1000)))
        .expect("flows");
    assert!(old.timestamp.distance(sent[6].timestamp) > 0);
}
