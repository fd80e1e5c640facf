//! Switching, live, paused with a reason: told when it changes, and only then.

use crate::common::{CAMERA, Member, Stage};
use media::plane::{MediaCommand, MediaEvent, PauseReason, SlotState};
use media::{Codec, Source, TrackId};

fn call() -> (Stage, Member, Member, TrackId) {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    (stage, alice, bob, camera)
}

fn states(stage: &mut Stage) -> Vec<SlotState> {
    let events = stage.take_events();
    let states = events.into_iter().filter_map(|event| match event {
        MediaEvent::SlotState {
            state,
            track: Some(TrackId(10)),
            ..
        } => Some(state),
        _ => None,
    });
    states.collect()
}

#[test]
fn a_slot_is_switching_until_a_keyframe_comes_then_live() {
    let (mut stage, alice, bob, camera) = call();
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    assert_eq!(states(&mut stage), [SlotState::Switching]);
    stage.frame(&alice, 0, false);
    assert_eq!(states(&mut stage), []);
    stage.frame(&alice, 0, true);
    assert_eq!(states(&mut stage), [SlotState::Live]);
    for _ in 0..50 {
        stage.pass(100);
        stage.frame(&alice, 0, false);
    }
    assert_eq!(states(&mut stage), []);
}

#[test]
fn another_layer_of_the_same_track_is_no_change() {
    let (mut stage, alice, bob, camera) = call();
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.frame(&alice, 0, true);
    stage.frame(&alice, 2, false);
    states(&mut stage);
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    stage.frame(&alice, 2, true);
    assert_eq!(states(&mut stage), []);
}

#[test]
fn a_track_that_nobody_sends_pauses_after_a_while() {
    let (mut stage, alice, bob, camera) = call();
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.pass(2_900);
    assert_eq!(states(&mut stage), [SlotState::Switching]);
    stage.pass(1_200);
    assert_eq!(states(&mut stage), [SlotState::Paused(PauseReason::NoLayer)]);
    stage.frame(&alice, 0, true);
    assert_eq!(states(&mut stage).last(), Some(&SlotState::Live));
}

#[test]
fn pauses_have_reasons() {
    let (mut stage, alice, bob, camera) = call();
    stage.assign(&bob, bob.video[0], Some(camera), 0);
    assert_eq!(states(&mut stage), [SlotState::Paused(PauseReason::Hidden)]);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.frame(&alice, 0, true);
    states(&mut stage);
    stage.command(MediaCommand::Mute {
        track: camera,
        muted: true,
    });
    assert_eq!(states(&mut stage), [SlotState::Paused(PauseReason::Muted)]);
    stage.command(MediaCommand::Mute {
        track: camera,
        muted: false,
    });
    assert_eq!(states(&mut stage), [SlotState::Switching]);
}

#[test]
fn a_codec_the_subscriber_lacks_is_a_reason() {
    let (mut stage, alice, bob, camera) = call();
    bob.script.borrow_mut().refused_codecs.push(Codec::Vp8);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.frame(&alice, 0, true);
    assert_eq!(
        states(&mut stage),
        [SlotState::Switching, SlotState::Paused(PauseReason::Codec)]
    );
    assert!(!bob.received_anything());
}
