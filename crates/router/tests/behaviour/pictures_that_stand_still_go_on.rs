//! A shared screen that does not change comes at one frame a second or less: no reason to start anew each time.

use crate::common::{CAMERA, SCREEN, Stage, vp8};
use bytes::Bytes;
use media::plane::{MediaEvent, SlotState};
use media::{Codec, LayerIndex, Source};

#[test]
fn a_frame_after_a_silence_is_passed_on_without_a_keyframe() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.frame(&alice, 0, true);
    assert_eq!(bob.received(bob.video[0]).len(), 1);
    alice.keyframe_requests();
    stage.take_events();
    for silence_ms in [1_010, 1_500, 2_900] {
        stage.pass(silence_ms);
        stage.frame(&alice, 0, false);
        assert_eq!(
            bob.received(bob.video[0]).len(),
            1,
            "after {silence_ms} ms of silence"
        );
        assert_eq!(alice.keyframe_requests(), []);
    }
    let told: Vec<SlotState> = stage
        .take_events()
        .into_iter()
        .filter_map(|event| match event {
            MediaEvent::SlotState { state, .. } => Some(state),
            _ => None,
        })
        .collect();
    assert_eq!(told, []);
}

#[test]
fn hidden_and_shown_again_it_starts_at_a_keyframe() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.frame(&alice, 0, true);
    stage.pass(1_500);
    stage.assign(&bob, bob.video[0], Some(camera), 0);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    bob.received(bob.video[0]);
    stage.frame(&alice, 0, false);
    assert_eq!(bob.received(bob.video[0]).len(), 0);
    stage.frame(&alice, 0, true);
    assert_eq!(bob.received(bob.video[0]).len(), 1);
}

#[test]
fn who_comes_to_a_screen_that_stands_still_is_owed_a_keyframe() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let screen = stage.publish(&alice, SCREEN, 10, Source::Screen);
    for keyframe in [true, false] {
        let mut packet = stage.packet(&alice, SCREEN, 0, Codec::Vp8, Bytes::new());
        packet.payload = vp8(keyframe, packet.seq.0);
        stage.rtp(&alice, SCREEN, 0, packet);
    }
    for silence_ms in [3_000, 60_000] {
        stage.pass(silence_ms);
        alice.keyframe_requests();
        stage.assign(&bob, bob.video[0], Some(screen), 1_080);
        assert_eq!(alice.keyframe_requests(), [(SCREEN, LayerIndex(0))]);
        stage.pass(600);
        assert_eq!(
            alice.keyframe_requests(),
            [(SCREEN, LayerIndex(0))],
            "again until it comes"
        );
        stage.assign(&bob, bob.video[0], None, 0);
    }
}
