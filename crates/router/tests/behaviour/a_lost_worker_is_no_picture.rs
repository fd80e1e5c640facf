//! A worker that tells nothing any more of a track that is watched elsewhere: its viewers hear that nothing comes, and
//! that it does when it does.

use crate::common::CAMERA;
use crate::spread::Spread;
use media::Source;
use media::plane::{MediaEvent, PauseReason, SlotState};
use router::{DropReason, RelayMessage};
use std::cell::Cell;
use std::rc::Rc;

fn last_state(spread: &mut Spread) -> Option<SlotState> {
    let events = std::mem::take(&mut spread.events);
    events.into_iter().rev().find_map(|(_, event)| match event {
        MediaEvent::SlotState { state, .. } => Some(state),
        _ => None,
    })
}

#[test]
fn viewers_are_told_when_it_is_lost_and_when_it_is_back() {
    let mut spread = Spread::new(2);
    let alice = spread.join(0, 1, 1, (1, 1));
    let bob = spread.join(1, 1, 2, (1, 1));
    let camera = spread.publish(1, &alice, CAMERA, 10, Source::Camera);
    spread.assign(1, &bob, bob.video[0], Some(camera), 720);
    let lost = Rc::new(Cell::new(false));
    let is_lost = lost.clone();
    spread.loses = Box::new(move |_| is_lost.get());
    spread.film(0, &alice, 2_000);
    assert_eq!(last_state(&mut spread), Some(SlotState::Live));
    lost.set(true);
    spread.film(0, &alice, 2_000);
    assert_eq!(last_state(&mut spread), None, "it may be late");
    spread.film(0, &alice, 5_000);
    let paused = SlotState::Paused(PauseReason::NoLayer);
    assert_eq!(last_state(&mut spread), Some(paused));
    lost.set(false);
    spread.film(0, &alice, 3_000);
    assert_eq!(last_state(&mut spread), Some(SlotState::Live));
}

#[test]
fn a_still_picture_of_a_worker_that_lives_is_no_loss() {
    let mut spread = Spread::new(2);
    let alice = spread.join(0, 1, 1, (1, 1));
    let bob = spread.join(1, 1, 2, (1, 1));
    let camera = spread.publish(1, &alice, CAMERA, 10, Source::Camera);
    spread.assign(1, &bob, bob.video[0], Some(camera), 720);
    spread.film(0, &alice, 1_000);
    spread.pass(20_000);
    let told = spread.take_crossed();
    let told = told
        .iter()
        .filter(|(.., message)| matches!(message, RelayMessage::Status { .. }));
    assert!(told.count() >= 19, "it says so once a second");
}

#[test]
fn a_place_that_is_taken_by_another_track_is_not_believed() {
    let mut spread = Spread::new(2);
    let alice = spread.join(0, 1, 1, (1, 1));
    let bob = spread.join(1, 1, 2, (1, 1));
    let camera = spread.publish(1, &alice, CAMERA, 10, Source::Camera);
    spread.assign(1, &bob, bob.video[0], Some(camera), 180);
    spread.frame(0, &alice, 0, true);
    spread.frame(0, &alice, 0, false);
    let of = |message: &RelayMessage| matches!(message, RelayMessage::Packet { .. });
    let crossed = spread.take_crossed();
    let (.., mut message) = crossed.into_iter().rfind(|(.., m)| of(m)).expect("a packet");
    bob.received(bob.video[0]);
    // Another track's packet with this one's place, and this one's without any.
    let (now, from) = (spread.stages[1].now, media::WorkerId(0));
    let RelayMessage::Packet {
        track,
        number,
        packet,
        ..
    } = &mut message
    else {
        panic!("found by that");
    };
    (*number, packet.seq) = (number.advance(1), packet.seq.advance(1));
    let own = std::mem::replace(track, media::TrackId(99));
    let router = &mut spread.stages[1].router;
    router.handle_relay(now, from, message.clone());
    assert_eq!(router.counters().dropped(DropReason::RelayUnknown), 1);
    let RelayMessage::Packet { track, place, .. } = &mut message else {
        panic!("found by that");
    };
    (*track, *place) = (own, router::Place::default());
    router.handle_relay(now, from, message);
    spread.stages[1].drain();
    assert_eq!(bob.received(bob.video[0]).len(), 1);
}
