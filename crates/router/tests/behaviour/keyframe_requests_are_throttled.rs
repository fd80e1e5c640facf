//! Requests of all subscribers become one per layer per 500 ms, until the keyframe comes.

use crate::common::{CAMERA, Member, Stage};
use media::{LayerIndex, Source};
use peer::PeerEvent;

fn room_of(subscribers: u32) -> (Stage, Member, Vec<Member>) {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.frame(&alice, 0, true);
    let others: Vec<_> = (0..subscribers).map(|n| stage.join(1, 10 + n, 1, 1)).collect();
    for other in &others {
        stage.assign(other, other.video[0], Some(camera), 180);
    }
    (stage, alice, others)
}

#[test]
fn many_subscribers_ask_once() {
    let (mut stage, alice, others) = room_of(20);
    assert_eq!(alice.keyframe_requests(), [(CAMERA, LayerIndex(0))]);
    stage.frame(&alice, 0, true);
    assert!(
        others
            .iter()
            .all(|other| other.received(other.video[0]).len() == 1)
    );
    for other in &others {
        stage.tell(other, PeerEvent::KeyframeRequest { slot: other.video[0] });
    }
    stage.pass(499);
    assert_eq!(alice.keyframe_requests(), []);
    stage.pass(1);
    assert_eq!(alice.keyframe_requests(), [(CAMERA, LayerIndex(0))]);
    assert_eq!(stage.router.counters().keyframe_requests_in, 20);
    assert_eq!(stage.router.counters().keyframe_requests_out, 2);
}

#[test]
fn they_are_repeated_until_the_keyframe_comes() {
    let (mut stage, alice, _others) = room_of(1);
    for _ in 0..20 {
        stage.pass(100);
        stage.frame(&alice, 0, false);
    }
    assert_eq!(alice.keyframe_requests().len(), 5);
    stage.frame(&alice, 0, true);
    for _ in 0..20 {
        stage.pass(100);
        stage.frame(&alice, 0, false);
    }
    assert_eq!(alice.keyframe_requests().len(), 0);
}

#[test]
fn they_end_with_the_last_viewer() {
    let (mut stage, alice, others) = room_of(1);
    stage.assign(&others[0], others[0].video[0], None, 0);
    alice.keyframe_requests();
    for _ in 0..20 {
        stage.pass(100);
        stage.frame(&alice, 0, false);
    }
    assert_eq!(alice.keyframe_requests(), []);
}

#[test]
fn a_layer_that_begins_with_a_keyframe_is_not_asked_for_another() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    (0..3).for_each(|layer| stage.frame(&alice, layer, true));
    assert_eq!(bob.received(bob.video[0]).len(), 3);
    assert_eq!(alice.keyframe_requests(), []);
    stage.pass(400);
    assert_eq!(alice.keyframe_requests(), []);
}
