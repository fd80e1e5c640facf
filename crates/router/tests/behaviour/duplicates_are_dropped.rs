//! What was forwarded is not forwarded again; what comes late goes on to those who miss it.

use crate::common::{CAMERA, Stage, vp8};
use media::{Codec, SeqNo, Source};
use router::DropReason;

#[test]
fn a_late_packet_goes_on_once_in_its_place() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.frame(&alice, 0, true);
    let late = stage.packet(&alice, CAMERA, 0, Codec::Vp8, vp8(false, 102));
    stage.frame(&alice, 0, false);
    stage.rtp(&alice, CAMERA, 0, late.clone());
    stage.rtp(&alice, CAMERA, 0, late);
    let received: Vec<SeqNo> = bob
        .received(bob.video[0])
        .iter()
        .map(|packet| packet.seq)
        .collect();
    let first = received[0];
    assert_eq!(received, [first, first.advance(2), first.advance(1)]);
    assert_eq!(stage.router.counters().dropped(DropReason::Duplicate), 1);
}

#[test]
fn media_of_an_unpublished_section_is_counted_and_dropped() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    stage.frame(&alice, 0, true);
    assert_eq!(stage.router.counters().dropped(DropReason::NoTrack), 1);
    stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.frame(&alice, 7, true);
    assert_eq!(stage.router.counters().dropped(DropReason::NoLayer), 1);
}
