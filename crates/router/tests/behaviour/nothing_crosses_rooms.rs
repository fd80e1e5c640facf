//! A track flows only within its room, whoever asks.

use crate::common::{CAMERA, MIC, Stage};
use media::Source;
use router::DropReason;

#[test]
fn a_track_of_another_room_cannot_be_assigned() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 2);
    let bob = stage.join(1, 2, 1, 2);
    let mallory = stage.join(2, 3, 1, 2);
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.assign(&mallory, mallory.video[0], Some(camera), 180);
    assert_eq!(stage.router.counters().dropped(DropReason::CommandInvalid), 1);
    stage.frame(&alice, 0, true);
    assert_eq!(bob.received(bob.video[0]).len(), 1);
    assert!(!mallory.received_anything());
}

#[test]
fn a_talker_is_heard_only_in_its_room() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 2);
    let bob = stage.join(1, 2, 1, 2);
    let mallory = stage.join(2, 3, 1, 2);
    stage.publish(&alice, MIC, 11, Source::Microphone);
    stage.audio(&alice, MIC, 100);
    assert_eq!(bob.received(bob.audio[1]).len(), 1);
    assert!(!mallory.received_anything());
}

#[test]
fn a_track_does_not_flow_through_a_slot_of_the_other_kind() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    let bob = stage.join(1, 2, 1, 1);
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.audio[0], Some(camera), 0);
    stage.frame(&alice, 0, true);
    assert!(!bob.received_anything());
    assert_eq!(stage.router.counters().dropped(DropReason::CommandInvalid), 1);
}

#[test]
fn another_participants_track_id_cannot_be_published_again() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    let mallory = stage.join(2, 3, 1, 1);
    stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.publish(&mallory, CAMERA, 10, Source::Camera);
    assert_eq!(stage.router.counters().tracks, 1);
    assert_eq!(stage.router.counters().dropped(DropReason::CommandInvalid), 1);
}
