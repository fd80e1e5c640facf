//! NACKs are answered from the track's ring, at a bounded rate.

use crate::common::{CAMERA, Member, Stage};
use media::{MLineIndex, SeqNo, Source};
use peer::PeerEvent;
use router::DropReason;

fn call() -> (Stage, Member, Member, MLineIndex) {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    let slot = bob.video[0];
    stage.assign(&bob, slot, Some(camera), 180);
    (stage, alice, bob, slot)
}

fn nack(stage: &mut Stage, bob: &Member, missing: Vec<SeqNo>) {
    stage.tell(
        bob,
        PeerEvent::Nack {
            slot: bob.video[0],
            missing,
        },
    );
}

#[test]
fn a_missing_packet_comes_again_byte_for_byte() {
    let (mut stage, alice, bob, slot) = call();
    for n in 0..10 {
        stage.frame(&alice, 0, n == 0);
    }
    let sent = bob.received(slot);
    nack(&mut stage, &bob, vec![sent[3].seq, sent[7].seq]);
    let resent = std::mem::take(&mut bob.script.borrow_mut().resent);
    assert_eq!(resent.len(), 2);
    for ((to, again), original) in resent.iter().zip([&sent[3], &sent[7]]) {
        assert_eq!(
            (*to, again.seq, again.timestamp),
            (slot, original.seq, original.timestamp)
        );
        assert_eq!(again.payload, original.payload);
    }
    assert_eq!(stage.router.counters().retransmissions_out.packets, 2);
}

#[test]
fn not_twice_within_a_round_trip() {
    let (mut stage, alice, bob, slot) = call();
    stage.frame(&alice, 0, true);
    let seq = bob.received(slot)[0].seq;
    for _ in 0..5 {
        nack(&mut stage, &bob, vec![seq]);
        stage.pass(3);
    }
    assert_eq!(bob.script.borrow().resent.len(), 1);
    assert_eq!(stage.router.counters().dropped(DropReason::RetransmissionRate), 4);
    stage.tell(
        &bob,
        PeerEvent::ReceiverReport {
            slot,
            fraction_lost: 0,
            jitter: 0,
            rtt_ms: Some(100),
        },
    );
    stage.pass(40);
    nack(&mut stage, &bob, vec![seq]);
    assert_eq!(bob.script.borrow().resent.len(), 1);
    stage.pass(60);
    nack(&mut stage, &bob, vec![seq]);
    assert_eq!(bob.script.borrow().resent.len(), 2);
}

#[test]
fn one_subscriber_cannot_cause_any_number() {
    let (mut stage, alice, bob, slot) = call();
    for n in 0..500 {
        stage.frame(&alice, 0, n == 0);
    }
    let missing: Vec<SeqNo> = bob.received(slot).iter().map(|packet| packet.seq).collect();
    for _ in 0..8 {
        nack(&mut stage, &bob, missing.clone());
        stage.pass(20);
    }
    assert_eq!(stage.router.counters().nacked_packets, 4_000);
    // A burst of 2,000, and 1,000 a second for 140 ms.
    assert_eq!(bob.script.borrow().resent.len(), 2_140);
}

#[test]
fn what_was_never_sent_cannot_be_asked_for() {
    let (mut stage, alice, bob, slot) = call();
    stage.frame(&alice, 0, true);
    let seq = bob.received(slot)[0].seq;
    nack(&mut stage, &bob, vec![seq.advance(500)]);
    assert!(bob.script.borrow().resent.is_empty());
    assert_eq!(stage.router.counters().dropped(DropReason::RetransmissionGone), 1);
}
