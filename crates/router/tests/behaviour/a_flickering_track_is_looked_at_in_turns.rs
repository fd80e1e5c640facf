//! A publisher that changes something with every packet does not make the router choose all its viewers' layers anew
//! each time, and tracks that go on as they are do not at all.

use crate::common::{CAMERA, MIC, Member, Stage, vp8};
use bytes::Bytes;
use media::plane::{MediaCommand, MediaEvent, PauseReason, SlotState};
use media::{Codec, Source, TrackId};

fn watched(viewers: u32) -> (Stage, Member, Vec<Member>) {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    let viewers: Vec<Member> = (2..2 + viewers).map(|id| stage.join(1, id, 1, 1)).collect();
    for viewer in &viewers {
        stage.assign(viewer, viewer.video[0], Some(camera), 720);
    }
    (0..3).for_each(|layer| stage.frame(&alice, layer, true));
    stage.pass(2_000);
    for viewer in &viewers {
        viewer.allocations();
    }
    (stage, alice, viewers)
}

/// A packet of the camera in this codec.
fn packet(stage: &mut Stage, from: &Member, codec: Codec) {
    let mut packet = stage.packet(from, CAMERA, 0, codec, Bytes::new());
    packet.payload = vp8(false, packet.seq.0);
    stage.rtp(from, CAMERA, 0, packet);
}

#[test]
fn codecs_in_turns_cost_one_choice_in_50_ms() {
    let (mut stage, alice, viewers) = watched(5);
    for _ in 0..500 {
        packet(&mut stage, &alice, Codec::H264);
        stage.pass(1);
        packet(&mut stage, &alice, Codec::Vp8);
        stage.pass(1);
    }
    for viewer in viewers {
        // 20 in a second, four at its beginning, and those that time itself brings.
        let allocations = viewer.allocations();
        assert!((20..=30).contains(&allocations), "{allocations}");
    }
}

#[test]
fn mutes_in_turns_cost_as_little() {
    let (mut stage, _alice, viewers) = watched(1);
    for n in 0..500 {
        let muted = n % 2 == 0;
        let track = TrackId(10);
        stage.command(MediaCommand::Mute { track, muted });
        stage.pass(2);
    }
    let allocations = viewers[0].allocations();
    assert!((20..=30).contains(&allocations), "{allocations}");
}

/// What a viewer that does not decode H.264 is told in the end, when the codec changes so often and no more.
fn told_after(changes: usize) -> Option<SlotState> {
    let (mut stage, alice, viewers) = watched(1);
    let viewer = &viewers[0];
    viewer.script.borrow_mut().refused_codecs.push(Codec::H264);
    for codec in [Codec::H264, Codec::Vp8].into_iter().cycle().take(changes) {
        packet(&mut stage, &alice, codec);
    }
    stage.pass(50);
    let events = stage.take_events().into_iter().rev();
    let states = events.filter_map(|event| match event {
        MediaEvent::SlotState { slot, state, .. } if slot == viewer.video[0] => Some(state),
        _ => None,
    });
    states.into_iter().next()
}

#[test]
fn the_last_change_counts() {
    for changes in 11..15 {
        let paused = told_after(changes) == Some(SlotState::Paused(PauseReason::Codec));
        assert_eq!(paused, changes % 2 == 1, "{changes} changes");
    }
}

#[test]
fn many_tiles_are_shared_out_once_a_second() {
    let mut stage = Stage::new();
    let viewer = stage.join(1, 1, 9, 9);
    let publishers: Vec<Member> = (0..9).map(|n| stage.join(1, 2 + n, 1, 1)).collect();
    for (n, publisher) in publishers.iter().enumerate() {
        let n = n as u32;
        let camera = stage.publish(publisher, CAMERA, 100 + n, Source::Camera);
        let microphone = stage.publish(publisher, MIC, 200 + n, Source::Microphone);
        stage.assign(&viewer, viewer.video[n as usize], Some(camera), 360);
        stage.assign(&viewer, viewer.audio[n as usize], Some(microphone), 0);
    }
    let mut seconds = |count: u64| {
        for n in 0..count * 20 {
            for publisher in &publishers {
                (0..3).for_each(|layer| stage.frame(publisher, layer, n == 0));
            }
            stage.pass(50);
        }
    };
    seconds(3);
    viewer.allocations();
    seconds(10);
    assert_eq!(viewer.allocations(), 10);
}
