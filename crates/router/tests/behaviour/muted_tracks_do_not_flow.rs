//! Nothing of a muted track is passed on, whatever its client sends.

use crate::common::{CAMERA, MIC, Stage};
use media::plane::MediaCommand;
use media::{LayerIndex, Source};
use router::DropReason;

#[test]
fn a_muted_microphone_is_not_heard_until_it_is_unmuted() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 2));
    let track = stage.publish(&alice, MIC, 100, Source::Microphone);
    stage.assign(&bob, bob.audio[0], Some(track), 0);
    stage.command(MediaCommand::Mute { track, muted: true });
    stage.audio(&alice, MIC, 110);
    assert!(!bob.received_anything());
    assert_eq!(stage.router.counters().dropped(DropReason::Muted), 1);
    stage.command(MediaCommand::Mute { track, muted: false });
    stage.audio(&alice, MIC, 110);
    assert_eq!(bob.received(bob.audio[0]).len(), 1);
}

#[test]
fn a_muted_camera_is_not_asked_for_keyframes_and_begins_with_one() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let track = stage.publish(&alice, CAMERA, 100, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(track), 180);
    stage.frame(&alice, 0, true);
    stage.command(MediaCommand::Mute { track, muted: true });
    bob.received(bob.video[0]);
    alice.keyframe_requests();
    for _ in 0..30 {
        stage.pass(100);
        stage.frame(&alice, 0, false);
    }
    assert!(alice.keyframe_requests().is_empty() && !bob.received_anything());
    stage.command(MediaCommand::Mute { track, muted: false });
    assert_eq!(alice.keyframe_requests(), [(CAMERA, LayerIndex(0))]);
    stage.frame(&alice, 0, false);
    assert!(!bob.received_anything());
    stage.frame(&alice, 0, true);
    assert_eq!(bob.received(bob.video[0]).len(), 1);
}
