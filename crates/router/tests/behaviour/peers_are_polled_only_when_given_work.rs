//! Idle peers cost nothing: nobody walks over all of them.

use crate::common::{CAMERA, Stage};
use media::Source;
use std::time::Duration;

#[test]
fn a_packet_polls_its_publisher_and_its_subscriber_only() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let idle: Vec<_> = (0..50).map(|n| stage.join(1, 100 + n, 1, 1)).collect();
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.drain();
    let polls = |member: &crate::common::Member| member.script.borrow().polls;
    let (idle_before, bob_before) = (idle.iter().map(polls).sum::<usize>(), polls(&bob));
    for n in 0..100 {
        stage.frame(&alice, 0, n == 0);
    }
    assert_eq!(idle.iter().map(polls).sum::<usize>(), idle_before);
    assert_eq!(polls(&bob) - bob_before, 100);
}

#[test]
fn deadlines_are_kept_and_later_ones_replace_earlier_ones() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 0, 0);
    let touch = |stage: &mut Stage, ms: u64| {
        alice.script.borrow_mut().timeout = Some(stage.now + Duration::from_millis(ms));
        stage.frame(&alice, 0, false);
    };
    touch(&mut stage, 50);
    touch(&mut stage, 200);
    stage.pass(199);
    assert_eq!(alice.script.borrow().timeouts, 0);
    stage.pass(1);
    assert_eq!(alice.script.borrow().timeouts, 1);
    touch(&mut stage, 500);
    touch(&mut stage, 20);
    stage.pass(20);
    assert_eq!(alice.script.borrow().timeouts, 2);
}
