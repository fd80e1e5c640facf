//! What crosses again after a while begins anew, wherever its publisher's numbers are by then.

use crate::common::{CAMERA, MIC, Member, vp8};
use crate::spread::Spread;
use bytes::Bytes;
use media::{Codec, RoomId, SeqNo, Source, WorkerId};
use peer::PeerEvent;
use router::RelayMessage;

/// So many packets cross first, numbered from 101.
const FIRST: u16 = 700;
/// How far a publisher's number may jump before it counts as restarted.
const JUMP: u16 = 2_955;
/// So many jumps lead to a number among the first.
const JUMPS: u16 = 22;

fn call() -> (Spread, Member, Member) {
    let mut spread = Spread::new(3);
    let (alice, bob) = (spread.join(0, 1, 1, (1, 1)), spread.join(1, 1, 2, (1, 1)));
    (spread, alice, bob)
}

#[test]
fn a_picture_that_nobody_watched_for_long() {
    let (mut spread, alice, bob) = call();
    let camera = spread.publish(1, &alice, CAMERA, 10, Source::Camera);
    let slot = bob.video[0];
    spread.assign(1, &bob, slot, Some(camera), 180);
    (0..FIRST).for_each(|n| spread.frame(0, &alice, 0, n == 0));
    assert_eq!(bob.received(slot).len(), usize::from(FIRST));
    spread.assign(1, &bob, slot, None, 0);
    spread.pass(1_500);
    assert_eq!(spread.held()[2], 0, "nothing crosses");
    let mut seq = SeqNo(100 + FIRST);
    let mut send = |spread: &mut Spread, jump: u16| {
        seq = seq.advance(jump);
        let payload = vp8(jump == 1, seq.0);
        let mut packet = spread.stages[0].packet(&alice, CAMERA, 0, Codec::Vp8, payload);
        packet.seq = seq;
        spread.stages[0].rtp(&alice, CAMERA, 0, packet);
        spread.settle();
    };
    (0..JUMPS).for_each(|_| send(&mut spread, JUMP));
    spread.assign(1, &bob, slot, Some(camera), 180);
    send(&mut spread, 1);
    assert_eq!(bob.received(slot).len(), 1, "the keyframe");
}

#[test]
fn a_worker_whose_numbers_were_further_than_anothers() {
    let (mut spread, alice, bob) = call();
    let carol = spread.join(2, 1, 3, (1, 1));
    let camera = spread.publish(1, &alice, CAMERA, 10, Source::Camera);
    let watch = |spread: &mut Spread, who: &Member, watched: bool| {
        spread.assign(1, who, who.video[0], watched.then_some(camera), 180);
        spread.pass(1_500);
    };
    watch(&mut spread, &bob, true);
    (0..2_000).for_each(|_| spread.frame(0, &alice, 0, true));
    watch(&mut spread, &carol, true);
    watch(&mut spread, &bob, false);
    watch(&mut spread, &carol, false);
    watch(&mut spread, &bob, true);
    spread.take_crossed();
    spread.frame(0, &alice, 0, true);
    let number = spread
        .take_crossed()
        .iter()
        .find_map(|(.., message)| match message {
            RelayMessage::Packet { number, .. } => Some(number.0),
            _ => None,
        });
    // Further ahead than a receiver takes for a loss.
    assert_eq!(number, Some(2_000 + 1_024));
}

#[test]
fn a_room_whose_last_peer_left_as_the_next_came() {
    let (mut spread, alice, bob) = call();
    let camera = spread.publish(1, &alice, CAMERA, 10, Source::Camera);
    // The control plane hears of it only after it has handed over the next.
    let closed = PeerEvent::Closed {
        reason: "the test says so",
        dtls_alert: false,
    };
    spread.stages[1].tell(&bob, closed);
    let carol = spread.stages[1].join(1, 3, 1, 1);
    spread.placement.handle_peer(RoomId(1), carol.id, WorkerId(1));
    spread.assign(1, &carol, carol.video[0], Some(camera), 180);
    spread.frame(0, &alice, 0, true);
    assert_eq!(carol.received(carol.video[0]).len(), 1);
}

#[test]
fn a_voice_that_was_not_heard_for_long() {
    let (mut spread, alice, bob) = call();
    let microphone = spread.publish(1, &alice, MIC, 11, Source::Microphone);
    let slot = bob.audio[0];
    spread.assign(1, &bob, slot, Some(microphone), 0);
    for _ in 0..100 {
        spread.stages[0].audio(&alice, MIC, 100);
        spread.settle();
    }
    assert_eq!(bob.received(slot).len(), 100);
    let (.., mut message) = spread.take_crossed().pop().expect("packets crossed");
    spread.pass(11_000);
    if let RelayMessage::Packet { number, packet, .. } = &mut message {
        *number = number.advance(1);
        // Once round the numbers, but for fifty.
        packet.seq = packet.seq.advance(u16::MAX - 49);
        packet.payload = Bytes::from_static(&[0xF8, 4, 5, 6]);
    }
    let viewer = &mut spread.stages[1];
    viewer.router.handle_relay(viewer.now, WorkerId(0), message);
    viewer.drain();
    let dropped = viewer.router.counters().dropped(router::DropReason::Duplicate);
    assert_eq!(dropped, 0);
}
