//! The packet ring, and capture times from sender reports.

#[path = "../../media/tests/support/descriptors.rs"]
mod descriptors;
mod support;

use bytes::Bytes;
use descriptors::Templates;
use forward::{AUDIO_RING, Inserted, LayerClock, PacketRing, PublisherClock};
use media::{Codec, Extensions, NtpTime, Packet, RtpTime, SeqNo};
use proptest::prelude::*;
use std::time::Duration;
use support::{ms, opus, origin};

#[test]
fn a_ring_keeps_the_newest_and_knows_the_rest() {
    let mut ring = PacketRing::new(8);
    assert!(ring.get(SeqNo(0)).is_none());
    for seq in 65_530..65_540u32 {
        assert_eq!(ring.insert(opus(seq as u16, seq)), Inserted::New);
    }
    assert_eq!(
        ring.get(SeqNo(3)).map(|read| read.packet.timestamp),
        Some(RtpTime(65_539))
    );
    assert!(ring.get(SeqNo(65_531)).is_none(), "made room");
    assert!(ring.get(SeqNo(4)).is_none(), "not yet");
    assert_eq!(ring.insert(opus(2, 0)), Inserted::Duplicate);
    assert_eq!(ring.insert(opus(6, 0)), Inserted::New);
    assert_eq!(ring.insert(opus(5, 0)), Inserted::Late);
    assert_eq!(ring.insert(opus(5, 0)), Inserted::Duplicate);
    assert_eq!(ring.insert(opus(65_530, 0)), Inserted::TooOld);
}

#[test]
fn a_lost_packet_is_never_mistaken_for_one_from_rounds_ago() {
    let mut ring = PacketRing::new(4);
    ring.insert(opus(0, 111));
    // 65,536 numbers later the same place and number come up, and are lost.
    for step in 1..=32u32 {
        ring.insert(opus((step * 2048 - 1) as u16, 0));
    }
    ring.insert(opus(1, 0));
    assert!(ring.get(SeqNo(0)).is_none());
}

#[test]
fn a_ring_starts_anew_with_its_source() {
    let mut ring = PacketRing::new(AUDIO_RING);
    ring.insert(opus(30_000, 1));
    assert_eq!(ring.insert(opus(100, 2)), Inserted::TooOld);
    assert_eq!(
        ring.insert(opus(30_001, 1)),
        Inserted::New,
        "one late packet means nothing"
    );
    assert_eq!(ring.insert(opus(100, 2)), Inserted::TooOld);
    assert_eq!(ring.insert(opus(101, 2)), Inserted::New);
    assert!(ring.get(SeqNo(30_001)).is_none());
    assert!(ring.get(SeqNo(101)).is_some());
    // Far ahead, nothing needs to be made sure of.
    assert_eq!(ring.insert(opus(20_000, 3)), Inserted::New);
    assert!(ring.get(SeqNo(101)).is_none());
}

proptest! {
    #[test]
    fn a_ring_returns_exactly_what_was_put_in(start: u16, steps in prop::collection::vec(-6i16..8, 0..400)) {
        let mut ring = PacketRing::new(16);
        let mut newest = SeqNo(start);
        let mut kept = std::collections::HashMap::new();
        for (number, step) in (0u32..).zip(steps) {
            let seq = newest.advance(step.cast_unsigned());
            let inserted = ring.insert(opus(seq.0, number));
            if number == 0 || seq.is_newer_than(newest) {
                newest = seq;
                kept.retain(|&old, _| newest.distance(old) < 16);
                prop_assert_eq!(inserted, Inserted::New);
            } else {
                prop_assert_eq!(inserted == Inserted::Duplicate, kept.contains_key(&seq));
            }
            kept.entry(seq).or_insert(number);
            for back in 0..16u16 {
                let seq = newest.advance(0u16.wrapping_sub(back));
                let there = ring.get(seq).map(|read| read.packet.timestamp.0);
                prop_assert_eq!(there, kept.get(&seq).copied());
            }
        }
    }
}

/// A packet of AV1 with this descriptor.
fn described(seq: u16, descriptor: Bytes) -> Packet {
    Packet {
        seq: SeqNo(seq),
        timestamp: RtpTime(0),
        marker: false,
        codec: Codec::Av1,
        extensions: Extensions {
            dependency_descriptor: Some(descriptor),
            ..Extensions::default()
        },
        payload: Bytes::from_static(&[0x10, 0]),
    }
}

/// A packet of the only layer, whose template is number `offset`; with its structure if it is a keyframe's first.
fn of_structure(seq: u16, offset: u8, attach: bool) -> Packet {
    let templates = Templates {
        offset,
        kinds: vec![descriptors::Kind {
            dtis: "S".to_owned(),
            ..descriptors::Kind::default()
        }],
        ..Templates::default()
    };
    let place = descriptors::Place {
        starts: attach,
        ends: true,
        number: seq,
    };
    described(
        seq,
        templates.descriptor(place, &templates.kinds[0], attach, None),
    )
}

fn is_readable(ring: &PacketRing, seq: u16) -> bool {
    ring.get(SeqNo(seq)).is_some_and(|read| !read.lacks_structure())
}

#[test]
fn a_keyframes_first_packet_makes_those_before_it_readable() {
    let mut ring = PacketRing::new(16);
    ring.insert(of_structure(9, 0, true));
    ring.insert(of_structure(10, 0, false));
    assert!(is_readable(&ring, 9) && is_readable(&ring, 10));
    // The second keyframe's first packet is late.
    ring.insert(of_structure(13, 5, false));
    ring.insert(of_structure(12, 5, false));
    assert!(!is_readable(&ring, 12) && !is_readable(&ring, 13));
    assert!(ring.take_readable().is_empty());
    assert_eq!(ring.insert(of_structure(11, 5, true)), Inserted::Late);
    assert!(is_readable(&ring, 12) && is_readable(&ring, 13));
    assert_eq!(ring.take_readable(), [SeqNo(12), SeqNo(13)]);
    assert!(ring.take_readable().is_empty(), "told once");
    // What comes from before it now is of no use: receivers have forgotten its structure too.
    ring.insert(of_structure(8, 0, false));
    assert!(!is_readable(&ring, 8));
    // And a keyframe from before it changes nothing.
    ring.insert(of_structure(7, 0, true));
    ring.insert(of_structure(14, 5, false));
    assert!(is_readable(&ring, 7) && is_readable(&ring, 14));
}

#[test]
fn what_a_late_structure_does_not_explain_is_not_told() {
    let mut ring = PacketRing::new(16);
    ring.insert(of_structure(9, 0, true));
    for seq in 11..16 {
        ring.insert(of_structure(seq, 40, false));
    }
    assert_eq!(ring.insert(of_structure(10, 5, true)), Inserted::Late);
    assert!(ring.take_readable().is_empty());
    assert!(!is_readable(&ring, 11));
}

#[test]
fn two_keyframes_are_repaired_one_after_the_other() {
    let mut ring = PacketRing::new(16);
    ring.insert(of_structure(9, 0, true));
    ring.insert(of_structure(11, 5, false));
    ring.insert(of_structure(13, 10, false));
    ring.insert(of_structure(10, 5, true));
    assert_eq!(ring.take_readable(), [SeqNo(11)]);
    ring.insert(of_structure(12, 10, true));
    assert_eq!(ring.take_readable(), [SeqNo(13)]);
    assert!(is_readable(&ring, 13));
}

/// Seconds since 1900 of a publisher whose clock is 400 s fast.
const NTP: NtpTime = NtpTime((3_900_000_400 << 32) | 0x8000_0000);

#[test]
fn arrival_serves_until_a_report_has_come() {
    let t0 = origin();
    let (publisher, layer) = (PublisherClock::new(), LayerClock::new(48_000));
    let capture = layer.capture_time(&publisher, RtpTime(5), t0);
    assert_eq!((capture.at, capture.reported), (t0, false));
}

#[test]
fn both_tracks_of_a_publisher_share_one_offset() {
    let t0 = origin();
    let mut publisher = PublisherClock::new();
    let (mut audio, mut video) = (LayerClock::new(48_000), LayerClock::new(90_000));
    publisher.handle_sender_report(t0, NTP);
    audio.handle_sender_report(t0, NTP, RtpTime(u32::MAX - 100));
    // The video's report is 80 ms late: the quicker one counts for both.
    let late = t0 + ms(1080);
    publisher.handle_sender_report(late, NTP.advance(ms(1000)));
    video.handle_sender_report(late, NTP.advance(ms(1000)), RtpTime(50));
    let capture = |clock: &LayerClock, rtp| clock.capture_time(&publisher, rtp, late);
    // Both across the wrap of their timestamps.
    let sound = capture(&audio, RtpTime((u32::MAX - 100).wrapping_add(48_000)));
    let picture = capture(&video, RtpTime(50u32.wrapping_sub(90_000 / 2)));
    assert!(sound.reported && picture.reported);
    assert_eq!(sound.at, t0 + ms(1000));
    assert_eq!(picture.at, t0 + ms(500));
}

#[test]
fn the_quickest_report_of_the_last_half_minute_counts() {
    let t0 = origin();
    let mut publisher = PublisherClock::new();
    let mut layer = LayerClock::new(90_000);
    let mut age = Duration::ZERO;
    for second in 0..200u32 {
        // A queue of 100 ms after a minute, for good.
        let delay = if second < 60 {
            ms(u64::from(second % 7))
        } else {
            ms(100) + ms(u64::from(second % 5))
        };
        let at = Duration::from_secs(1) * second;
        publisher.handle_sender_report(t0 + at + delay, NTP.advance(at));
        layer.handle_sender_report(t0 + at + delay, NTP.advance(at), RtpTime(second * 90_000));
        let capture = layer.capture_time(&publisher, RtpTime(second * 90_000), t0 + at + delay);
        age = capture.at - t0 - at;
        if (1..60).contains(&second) {
            assert_eq!(age, Duration::ZERO);
        }
    }
    assert_eq!(age, ms(100));
}

#[test]
fn a_publisher_whose_clock_jumps_is_followed() {
    let t0 = origin();
    let mut publisher = PublisherClock::new();
    let mut layer = LayerClock::new(90_000);
    publisher.handle_sender_report(t0, NTP);
    layer.handle_sender_report(t0, NTP, RtpTime(0));
    // Five seconds ahead: what the layer's last report says is void.
    let (now, ntp) = (t0 + ms(1000), NTP.advance(Duration::from_secs(6)));
    publisher.handle_sender_report(now, ntp);
    assert!(!layer.capture_time(&publisher, RtpTime(90_000), now).reported);
    layer.handle_sender_report(now, ntp, RtpTime(90_000));
    let capture = layer.capture_time(&publisher, RtpTime(99_000), now + ms(100));
    assert_eq!((capture.at, capture.reported), (now + ms(100), true));
}

#[test]
fn nonsense_falls_back_to_arrival() {
    let t0 = origin();
    let mut publisher = PublisherClock::new();
    let mut layer = LayerClock::new(90_000);
    publisher.handle_sender_report(t0, NTP);
    layer.handle_sender_report(t0, NTP, RtpTime(0));
    let capture = layer.capture_time(&publisher, RtpTime(90_000 * 60), t0);
    assert_eq!(
        (capture.at, capture.reported),
        (t0, false),
        "a minute in the future"
    );
    let much_later = t0 + Duration::from_secs(3600);
    assert!(
        !layer
            .capture_time(&publisher, RtpTime(90_000 * 3600), much_later)
            .reported,
        "an old report"
    );
}

proptest! {
    #[test]
    fn no_report_can_break_the_clocks(reports in prop::collection::vec((0u64..5_000, any::<u64>(), any::<u32>(), any::<u32>()), 0..60)) {
        let mut now = origin();
        let mut publisher = PublisherClock::new();
        let mut layer = LayerClock::new(90_000);
        for (pause, ntp, rtp, packet) in reports {
            now += ms(pause);
            publisher.handle_sender_report(now, NtpTime(ntp));
            layer.handle_sender_report(now, NtpTime(ntp), RtpTime(rtp));
            let capture = layer.capture_time(&publisher, RtpTime(packet), now);
            let off = capture.at.max(now) - capture.at.min(now);
            prop_assert!(off <= ms(10_000));
        }
    }
}
