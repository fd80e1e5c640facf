//! Frames dropped for their temporal layer are not missed: neither sequence numbers nor picture ids skip.

mod support;

use forward::LayerTarget;
use support::{Pass, Start, Vp8Layer, content, layer, ms, origin, reported, track, video_forwarder};

/// All of layer 0 up to this temporal layer.
fn up_to(temporal: u8) -> Option<LayerTarget> {
    Some(LayerTarget {
        temporal,
        ..layer(0).into()
    })
}

const START: Start = Start {
    seq: 65_000,
    timestamp: 0,
    picture_id: 32_700,
    tl0: 250,
};

#[test]
fn over_changes_of_the_limit() {
    let t0 = origin();
    let mut forwarder = video_forwarder(t0);
    forwarder.set_track(t0, track(1));
    forwarder.set_target(t0, Some(layer(0).into()));
    let mut source = Vp8Layer::new(1, 0, START);
    let mut sent = Vec::new();
    let limits = [LayerTarget::ALL, 0, 1, LayerTarget::ALL, 2, 0, LayerTarget::ALL];
    for frame in 0..2800u32 {
        let now = t0 + ms(33) * frame;
        if frame % 400 == 13 {
            forwarder.set_target(now, up_to(limits[(frame / 400) as usize]));
        }
        for packet in source.frame(frame == 0, 3, 2970) {
            sent.extend(
                forwarder
                    .pass(now, layer(0), &packet, reported(now))
                    .map(|out| (frame, out)),
            );
        }
    }
    for pair in sent.windows(2) {
        let ((_, a), (_, b)) = (&pair[0], &pair[1]);
        assert_eq!(b.seq, a.seq.advance(1));
        let ((a, x), (b, y)) = (content(&a.payload.to_bytes()), content(&b.payload.to_bytes()));
        let (a, b) = (
            a.picture_id.expect("15 bits").value,
            b.picture_id.expect("15 bits").value,
        );
        assert_eq!(b, (a + u16::from(x.frame != y.frame)) & 0x7fff);
    }
    // Once a limit has settled, exactly the layers it allows pass: of each four frames 1, 2 or 4.
    for (period, expected) in [(0, 4), (1, 1), (2, 2), (3, 4), (4, 4), (5, 1), (6, 4)] {
        let settled = 400 * period + 40..400 * period + 400;
        let frames = sent.iter().filter(|(frame, _)| settled.contains(frame)).count() / 3;
        assert_eq!(frames, 360 / 4 * expected, "period {period}");
    }
}

#[test]
fn a_late_packet_of_a_frame_that_passed_still_finds_its_number() {
    let t0 = origin();
    let mut forwarder = video_forwarder(t0);
    forwarder.set_track(t0, track(1));
    forwarder.set_target(t0, up_to(0));
    let mut source = Vp8Layer::new(1, 0, START);
    let frames: Vec<_> = (0..12).map(|frame| source.frame(frame == 0, 2, 3000)).collect();
    let mut pass = |packet| {
        forwarder
            .pass(t0, layer(0), packet, reported(t0))
            .map(|out| out.seq)
    };
    let first = pass(&frames[0][0]).expect("a keyframe");
    // Frame 0 and 4 are of layer 0; the second packet of each comes late.
    for frame in &frames[1..4] {
        assert_eq!((pass(&frame[0]), pass(&frame[1])), (None, None));
    }
    assert_eq!(pass(&frames[4][0]), Some(first.advance(2)));
    for frame in &frames[5..8] {
        assert_eq!((pass(&frame[0]), pass(&frame[1])), (None, None));
    }
    assert_eq!(pass(&frames[8][0]), Some(first.advance(4)));
    assert_eq!(pass(&frames[0][1]), Some(first.advance(1)));
    assert_eq!(pass(&frames[4][1]), Some(first.advance(3)));
    assert_eq!(pass(&frames[4][1]), None);
    assert_eq!(pass(&frames[5][1]), None);
}

#[test]
fn a_layer_begins_only_at_a_frame_that_needs_nothing_that_was_dropped() {
    let t0 = origin();
    let mut forwarder = video_forwarder(t0);
    forwarder.set_track(t0, track(1));
    forwarder.set_target(t0, up_to(1));
    let mut source = Vp8Layer::new(1, 0, START);
    let mut passed = Vec::new();
    for frame in 0..12u32 {
        if frame == 3 {
            forwarder.set_target(t0, up_to(LayerTarget::ALL));
        }
        let packet = source.frame(frame == 0, 1, 3000).remove(0);
        if forwarder.pass(t0, layer(0), &packet, reported(t0)).is_some() {
            passed.push(frame);
        }
    }
    // Frame 3 is of layer 2 and refers to frame 1, which was dropped; frame 5 refers to frame 4 only.
    assert_eq!(passed, [0, 2, 4, 5, 6, 7, 8, 9, 10, 11]);
}

/// Frames that pass of the next eight of a source, and whether a switch is waited for.
fn frames_of(forwarder: &mut forward::Forwarder, source: &mut Vp8Layer, index: u8) -> (usize, bool) {
    let t0 = origin();
    let mut passed = 0;
    for _ in 0..8 {
        let packet = source.frame(false, 1, 3000).remove(0);
        passed += usize::from(forwarder.pass(t0, layer(index), &packet, reported(t0)).is_some());
    }
    (passed, forwarder.state().switching)
}

#[test]
fn what_flows_until_a_switch_is_as_it_was() {
    let t0 = origin();
    let mut forwarder = video_forwarder(t0);
    forwarder.set_track(t0, track(1));
    forwarder.set_target(t0, Some(layer(1).into()));
    let mut high = Vp8Layer::new(1, 1, START);
    let mut low = Vp8Layer::new(1, 0, START);
    let keyframe = high.frame(true, 1, 3000).remove(0);
    assert!(forwarder.pass(t0, layer(1), &keyframe, reported(t0)).is_some());
    // The limit is the target's, which does not flow yet.
    forwarder.set_target(t0, up_to(0));
    assert_eq!(frames_of(&mut forwarder, &mut high, 1), (8, true));
    // Back before it came.
    forwarder.set_target(t0, Some(layer(1).into()));
    assert_eq!(frames_of(&mut forwarder, &mut high, 1), (8, false));
    // And what begins has its own limit.
    forwarder.set_target(t0, up_to(0));
    let keyframe = low.frame(true, 1, 3000).remove(0);
    assert!(forwarder.pass(t0, layer(0), &keyframe, reported(t0)).is_some());
    assert_eq!(frames_of(&mut forwarder, &mut low, 0), (2, false));
}
