//! What flows, what is wanted, and when that changes.

mod support;

use forward::Forwarder;
use media::{Packet, ReadPacket, SeqNo};
use std::time::Instant;
use support::{Pass, Start, Vp8Layer, content, layer, ms, origin, reported, same, track, video_forwarder};

const START: Start = Start {
    seq: 100,
    timestamp: 5000,
    picture_id: 40,
    tl0: 3,
};

struct Scene {
    now: Instant,
    forwarder: Forwarder,
    low: Vp8Layer,
    high: Vp8Layer,
}

impl Scene {
    /// Layer 0 flows.
    fn new() -> Scene {
        let now = origin();
        let low = Vp8Layer::new(1, 0, START);
        let high = Vp8Layer::new(
            1,
            1,
            Start {
                seq: 9000,
                timestamp: 77,
                picture_id: 9,
                tl0: 200,
            },
        );
        let mut scene = Scene {
            now,
            forwarder: video_forwarder(now),
            low,
            high,
        };
        scene.forwarder.set_track(now, track(1));
        scene.forwarder.set_target(now, Some(layer(0).into()));
        assert_eq!(scene.low(true), 2);
        scene
    }

    fn low(&mut self, keyframe: bool) -> usize {
        let packets = self.low.frame(keyframe, 2, 3000);
        self.offer(0, &packets)
    }

    fn high(&mut self, keyframe: bool) -> usize {
        let packets = self.high.frame(keyframe, 2, 3000);
        self.offer(1, &packets)
    }

    /// How many of these pass.
    fn offer(&mut self, index: u8, packets: &[Packet]) -> usize {
        self.now += ms(16);
        let capture = reported(self.now);
        let pass = |packet| self.forwarder.pass(self.now, layer(index), packet, capture);
        packets.iter().filter_map(pass).count()
    }
}

#[test]
fn the_old_layer_goes_on_until_the_new_one_has_a_keyframe() {
    let mut scene = Scene::new();
    assert_eq!(scene.forwarder.wants_keyframe(), None);
    scene.forwarder.set_target(scene.now, Some(layer(1).into()));
    assert_eq!(scene.forwarder.wants_keyframe(), Some(layer(1)));
    assert!(scene.forwarder.state().switching);
    assert_eq!((scene.low(false), scene.high(false)), (2, 0));
    assert_eq!((scene.high(true), scene.low(false)), (2, 0));
    assert_eq!(scene.forwarder.wants_keyframe(), None);
    assert_eq!(scene.forwarder.state().layer, Some(layer(1).into()));

    // Down again, the same way.
    scene.forwarder.set_target(scene.now, Some(layer(0).into()));
    assert_eq!((scene.low(false), scene.high(false)), (0, 2));
    assert_eq!((scene.low(true), scene.high(false)), (2, 0));
    assert_eq!(scene.forwarder.switches(), 3);
}

#[test]
fn a_change_of_mind_before_the_keyframe_costs_nothing() {
    let mut scene = Scene::new();
    scene.forwarder.set_target(scene.now, Some(layer(1).into()));
    scene.forwarder.set_target(scene.now, Some(layer(0).into()));
    assert_eq!(scene.forwarder.wants_keyframe(), None);
    assert_eq!(scene.low(false), 2);
}

#[test]
fn a_pause_is_immediate_and_ends_at_a_keyframe() {
    let mut scene = Scene::new();
    scene.forwarder.set_target(scene.now, None);
    assert_eq!(scene.low(false), 0);
    assert_eq!(scene.forwarder.keyframe_layer(), None);
    scene.forwarder.set_target(scene.now, Some(layer(0).into()));
    assert_eq!(scene.forwarder.wants_keyframe(), Some(layer(0)));
    assert_eq!((scene.low(false), scene.low(true), scene.low(false)), (0, 2, 2));
}

#[test]
fn another_track_ends_the_former_at_once() {
    let mut scene = Scene::new();
    scene.forwarder.set_track(scene.now, track(2));
    assert_eq!(scene.forwarder.state().target, None);
    scene.forwarder.set_target(scene.now, Some(layer(1).into()));
    assert_eq!((scene.low(false), scene.high(false), scene.high(true)), (0, 0, 2));
}

#[test]
fn naming_the_same_track_again_changes_nothing() {
    let mut scene = Scene::new();
    scene.forwarder.set_track(scene.now, track(1));
    assert_eq!(scene.low(false), 2);
}

#[test]
fn a_keyframe_whose_first_packet_came_second_is_completed_on_request() {
    let mut scene = Scene::new();
    scene.forwarder.set_target(scene.now, Some(layer(1).into()));
    let frame = scene.high.frame(true, 3, 3000);
    let early = &frame[1];
    assert_eq!(
        scene.offer(1, std::slice::from_ref(early)),
        0,
        "nobody knows yet that it is a keyframe's"
    );
    let capture = reported(scene.now);
    let first = scene
        .forwarder
        .pass(scene.now, layer(1), &frame[0], capture)
        .expect("the keyframe");
    let third = scene
        .forwarder
        .pass(scene.now, layer(1), &frame[2], capture)
        .expect("its end");
    assert_eq!(third.seq, first.seq.advance(2));
    let early = ReadPacket::alone(early.clone());
    let lookup = |wanted, seq| (wanted == layer(1) && seq == early.packet.seq).then_some(&early);
    let second = scene
        .forwarder
        .retransmit(first.seq.advance(1), lookup)
        .expect("it is in the ring");
    assert_eq!(second.timestamp, first.timestamp);
    assert_eq!(
        content(&second.payload.to_bytes()).0.picture_id,
        content(&first.payload.to_bytes()).0.picture_id
    );
    let again = scene
        .forwarder
        .retransmit(second.seq, lookup)
        .expect("still there");
    assert!(same(&second, &again));
}

#[test]
fn a_restarted_source_needs_a_keyframe_and_goes_on_in_the_same_numbering() {
    let mut scene = Scene::new();
    let before = scene.low.frame(false, 1, 3000);
    let capture = reported(scene.now);
    let before = scene
        .forwarder
        .pass(scene.now, layer(0), &before[0], capture)
        .expect("flows");
    let mut restarted = Vp8Layer::new(
        1,
        0,
        Start {
            seq: 40_000,
            timestamp: 9,
            picture_id: 1,
            tl0: 1,
        },
    );
    let frame = restarted.frame(false, 4, 3000);
    assert_eq!(scene.offer(0, &frame), 0);
    assert_eq!(scene.forwarder.wants_keyframe(), Some(layer(0)));
    let frame = restarted.frame(true, 1, 3000);
    let after = scene
        .forwarder
        .pass(scene.now, layer(0), &frame[0], capture)
        .expect("a keyframe");
    assert_eq!(after.seq, before.seq.advance(1));
}

#[test]
fn a_single_very_late_packet_disturbs_nothing() {
    let mut scene = Scene::new();
    let mut stray = scene.low.frame(false, 1, 0).remove(0);
    stray.seq = SeqNo(stray.seq.0.wrapping_sub(20_000));
    assert_eq!(scene.offer(0, &[stray]), 0);
    assert_eq!(scene.low(false), 2);
}

#[test]
fn malformed_payloads_leave_no_gap() {
    let mut scene = Scene::new();
    let mut packets = scene.low.frame(false, 3, 3000);
    packets[1].payload = bytes::Bytes::from_static(&[0x80]);
    let capture = reported(scene.now);
    let mut pass = |packet| scene.forwarder.pass(scene.now, layer(0), packet, capture);
    let (first, none, third) = (pass(&packets[0]), pass(&packets[1]), pass(&packets[2]));
    assert!(none.is_none());
    assert_eq!(third.expect("flows").seq, first.expect("flows").seq.advance(1));
}

#[test]
fn a_packet_can_be_sent_again_only_so_often_and_only_of_the_assigned_track() {
    let mut scene = Scene::new();
    let packet = scene.low.frame(false, 1, 3000).remove(0);
    let capture = reported(scene.now);
    let sent = scene
        .forwarder
        .pass(scene.now, layer(0), &packet, capture)
        .expect("flows");
    let read = ReadPacket::alone(packet.clone());
    let mut again = || {
        scene
            .forwarder
            .retransmit(sent.seq, |_, seq| (seq == packet.seq).then_some(&read))
    };
    let times = (0..100)
        .filter_map(|_| again())
        .inspect(|again| assert!(same(&sent, again)))
        .count();
    assert_eq!(times, 8);
    assert!(
        scene
            .forwarder
            .retransmit(sent.seq.advance(1), |_, _| Some(&read))
            .is_none(),
        "never sent"
    );
    scene.forwarder.set_track(scene.now, track(2));
    assert!(
        scene.forwarder.retransmit(sent.seq, |_, _| Some(&read)).is_none(),
        "another track's"
    );
}

#[test]
fn the_report_lies_on_the_line_the_slot_was_made_with() {
    let mut scene = Scene::new();
    let ntp = media::NtpTime(0xe0 << 56);
    let fresh = video_forwarder(scene.now);
    assert_eq!(fresh.report(scene.now, ntp), None);
    let first = scene
        .forwarder
        .report(scene.now, ntp)
        .expect("two packets were sent");
    assert_eq!((first.packets, first.ntp), (2, ntp));
    assert_eq!(first.octets, 2 * 19, "descriptor and body, not headers");
    scene.forwarder.set_track(scene.now, track(2));
    let later = scene
        .forwarder
        .report(scene.now + ms(10_000), ntp)
        .expect("still");
    assert_eq!(later.rtp.distance(first.rtp), 900_000);
}

#[test]
fn an_old_frame_never_takes_the_slot_back_in_time() {
    let mut scene = Scene::new();
    scene.now += ms(33);
    let capture = reported(scene.now);
    let packet = scene.low.frame(false, 1, 3000).remove(0);
    let newest = scene
        .forwarder
        .pass(scene.now, layer(0), &packet, capture)
        .expect("flows");
    scene.forwarder.set_target(scene.now, Some(layer(1).into()));
    // A keyframe that was captured 300 ms before what has been shown, then frames every 33 ms.
    let mut last = newest.timestamp;
    for frame in 0..60u32 {
        let packet = scene.high.frame(frame == 0, 1, 3000).remove(0);
        let captured = scene.now - ms(300) + ms(100) * frame / 3;
        let now = scene.now + ms(100) * frame / 3;
        let out = scene
            .forwarder
            .pass(now, layer(1), &packet, reported(captured))
            .expect("flows");
        assert!(out.timestamp.distance(last) > 0);
        last = out.timestamp;
    }
    // By then they are where they belong: 59 frames after the first, on the line.
    let expected = 59 * 3000 - 300 * 90;
    assert!(
        (last.distance(newest.timestamp) - expected).abs() < 900,
        "within 10 ms"
    );
}

#[test]
fn a_leap_of_the_source_s_timestamps_stays_out_of_the_slot() {
    let mut scene = Scene::new();
    let line = |scene: &Scene| {
        scene
            .forwarder
            .report(scene.now, media::NtpTime(0))
            .expect("sent before")
            .rtp
    };
    let mut last = line(&scene);
    for (number, leap) in [
        (0u32, 0u32),
        (1, 100 * 90_000),
        (2, 0u32.wrapping_sub(200 * 90_000)),
        (3, 1 << 31),
    ] {
        let _ = scene.low.frame(false, 0, leap);
        for frame in 0..10 {
            scene.now += ms(33);
            let packet = scene.low.frame(false, 1, 3000).remove(0);
            let capture = support::arrival(scene.now);
            let out = scene
                .forwarder
                .pass(scene.now, layer(0), &packet, capture)
                .expect("flows");
            assert!(out.timestamp.distance(last) > 0, "leap {number}, frame {frame}");
            assert!(
                out.timestamp.distance(line(&scene)).abs() < 90_000 / 10,
                "leap {number}, frame {frame}"
            );
            last = out.timestamp;
        }
    }
}

#[test]
fn a_slot_silent_for_hours_goes_on_at_the_present() {
    let mut scene = Scene::new();
    scene.forwarder.set_target(scene.now, None);
    // Past half the timestamps' circle, where later looks like earlier.
    scene.now += std::time::Duration::from_secs(7 * 3600);
    scene.forwarder.set_target(scene.now, Some(layer(1).into()));
    let packet = scene.high.frame(true, 1, 3000).remove(0);
    let out = scene
        .forwarder
        .pass(scene.now, layer(1), &packet, reported(scene.now))
        .expect("flows");
    let report = scene
        .forwarder
        .report(scene.now, media::NtpTime(0))
        .expect("sent");
    assert_eq!(out.timestamp, report.rtp);
}

#[test]
fn a_packet_that_comes_after_the_history_has_moved_on_stays_lost() {
    let mut scene = Scene::new();
    let lost = scene.low.frame(false, 1, 3000).remove(0);
    let mut newest = None;
    for _ in 0..600 {
        let packet = scene.low.frame(false, 1, 3000).remove(0);
        scene.now += ms(33);
        newest = scene
            .forwarder
            .pass(scene.now, layer(0), &packet, reported(scene.now));
    }
    let newest = newest.expect("flows").seq;
    let behind = SeqNo(newest.0.wrapping_sub(600));
    let read = ReadPacket::alone(lost.clone());
    assert!(
        scene
            .forwarder
            .retransmit(behind, |_, seq| (seq == lost.seq).then_some(&read))
            .is_none()
    );
    assert_eq!(scene.offer(0, &[lost]), 0);
}
