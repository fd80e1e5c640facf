//! Idle peers cost nothing: nobody walks over all of them.

use crate::common::{CAMERA, Stage};
use media::Source;
use media::plane::MediaEvent;
use peer::PeerEvent;
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
    // Once for each, when it has been sent: for what comes of that. And once when the layer began and it was told its demand.
    assert_eq!(polls(&bob) - bob_before, 101);
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

#[test]
fn what_comes_of_sending_is_told_and_kept_at_once() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 0, 0);
    stage.take_events();
    let deadline = stage.now + Duration::from_millis(30);
    alice.script.borrow_mut().after_sending = Some((PeerEvent::Silent { seconds: 3 }, deadline));
    stage.frame(&alice, 0, false);
    let told = stage.router.poll_event();
    assert!(
        matches!(told, Some(MediaEvent::Silent { seconds: 3, .. })),
        "{told:?}"
    );
    stage.pass(30);
    assert_eq!(alice.script.borrow().timeouts, 1);
}

#[test]
fn a_deadline_counts_before_everything_is_sent() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 0, 0);
    stage.pass(10);
    let deadline = stage.now + Duration::from_millis(5);
    alice.script.borrow_mut().timeout = Some(deadline);
    stage
        .router
        .handle_datagram(stage.now, alice.path, bytes::BytesMut::from(&[0x80, 0][..]));
    assert_eq!(stage.router.poll_timeout(), Some(deadline));
}

#[test]
fn a_peer_that_ends_while_it_sends_says_goodbye_at_once() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 0, 0);
    let closed = PeerEvent::Closed {
        reason: "the DTLS handshake failed",
        dtls_alert: true,
    };
    alice.script.borrow_mut().after_sending = Some((closed, stage.now));
    let before = stage.transmits;
    stage.frame(&alice, 0, false);
    assert_eq!(stage.transmits - before, 1);
    assert_eq!(stage.router.counters().peers, 0);
}
