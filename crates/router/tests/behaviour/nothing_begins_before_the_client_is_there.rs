//! What is sent to a client that cannot be reached is lost: a slot begins with the keyframe that comes after.

use crate::common::{CAMERA, Stage};
use media::Source;
use media::plane::{MediaEvent, PauseReason, SlotState};
use peer::{PeerEvent, Protocol};

#[test]
fn a_slot_assigned_before_the_handshake_begins_with_a_keyframe_after_it() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    bob.script.borrow_mut().unreachable = true;
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.frame(&alice, 0, true);
    stage.frame(&alice, 0, false);
    assert!(!bob.received_anything(), "nobody is there to take it");

    bob.script.borrow_mut().unreachable = false;
    alice.keyframe_requests();
    stage.pass(600);
    stage.tell(
        &bob,
        PeerEvent::Connected {
            srtp_profile: "none",
            protocol: Protocol::Udp,
        },
    );
    assert!(
        !alice.keyframe_requests().is_empty(),
        "a keyframe is asked for now"
    );
    stage.frame(&alice, 0, false);
    assert!(!bob.received_anything(), "a delta frame means nothing to Bob");
    stage.frame(&alice, 0, true);
    assert!(bob.received_anything());
}

#[test]
fn a_client_that_was_silent_too_long_begins_anew() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.frame(&alice, 0, true);
    bob.received(bob.video[0]);
    bob.script.borrow_mut().unreachable = true;
    stage.tell(&bob, PeerEvent::Silent { seconds: 15 });
    stage.frame(&alice, 0, false);
    assert!(!bob.received_anything());

    bob.script.borrow_mut().unreachable = false;
    stage.tell(&bob, PeerEvent::Silent { seconds: 0 });
    stage.frame(&alice, 0, false);
    assert!(!bob.received_anything(), "the frames before it are missing");
    stage.frame(&alice, 0, true);
    assert!(bob.received_anything());
}

#[test]
fn the_state_meanwhile_is_switching_not_paused() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.frame(&alice, 0, true);
    bob.script.borrow_mut().unreachable = true;
    stage.take_events();
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    let events = stage.take_events();
    let states: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            MediaEvent::SlotState { state, .. } => Some(*state),
            _ => None,
        })
        .collect();
    assert_eq!(states, [SlotState::Switching]);
    assert!(!states.contains(&SlotState::Paused(PauseReason::Bandwidth)));
}
