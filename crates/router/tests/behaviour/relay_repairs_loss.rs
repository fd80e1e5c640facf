//! What is lost between two workers is asked for from the source's ring, and a keyframe when it has gone from there.

use crate::common::{CAMERA, Member};
use crate::spread::Spread;
use media::{LayerIndex, MLineIndex, Source};
use router::{DropReason, RelayMessage, RouterConfig};
use std::cell::Cell;
use std::rc::Rc;

/// Packets the routers keep of a layer.
const RING: usize = 16;

/// A call over two workers, and a switch that loses packets between them.
fn call() -> (Spread, Member, Member, Rc<Cell<bool>>) {
    let config = RouterConfig {
        video_ring_packets: RING,
        ..RouterConfig::default()
    };
    let mut spread = Spread::with(2, &config);
    let alice = spread.join(0, 1, 1, (1, 1));
    let bob = spread.join(1, 1, 2, (1, 1));
    let camera = spread.publish(1, &alice, CAMERA, 10, Source::Camera);
    spread.assign(1, &bob, bob.video[0], Some(camera), 180);
    let cut = Rc::new(Cell::new(false));
    let is_cut = cut.clone();
    spread.loses = Box::new(move |message| is_cut.get() && matches!(message, RelayMessage::Packet { .. }));
    spread.frame(0, &alice, 0, true);
    alice.keyframe_requests();
    (spread, alice, bob, cut)
}

fn numbers(bob: &Member) -> Vec<u16> {
    let received = bob.received(MLineIndex(4));
    received.iter().map(|packet| packet.seq.0).collect()
}

#[test]
fn lost_packets_come_again() {
    let (mut spread, alice, bob, cut) = call();
    let first = numbers(&bob)[0];
    for n in 0..10 {
        cut.set((3..6).contains(&n));
        spread.frame(0, &alice, 0, false);
    }
    let mut got = numbers(&bob);
    got.sort_unstable();
    assert_eq!(got, (1..=10).map(|n| first + n).collect::<Vec<_>>());
    assert_eq!(spread.stages[0].router.counters().relay_resent, 3);
    assert_eq!(spread.stages[1].router.counters().relay_missing, 3);
    assert_eq!(alice.keyframe_requests(), []);
}

#[test]
fn a_lost_repair_is_asked_for_again() {
    let (mut spread, alice, bob, cut) = call();
    cut.set(true);
    spread.frame(0, &alice, 0, false);
    cut.set(false);
    let mut lost_repairs = 0;
    spread.loses = Box::new(move |message| {
        lost_repairs += u32::from(matches!(message, RelayMessage::Missing { .. }));
        matches!(message, RelayMessage::Missing { .. }) && lost_repairs <= 2
    });
    spread.frame(0, &alice, 0, false);
    assert_eq!(numbers(&bob).len(), 2, "the keyframe, and the newest");
    spread.pass(200);
    assert_eq!(numbers(&bob).len(), 1);
}

#[test]
fn what_has_gone_from_the_ring_costs_a_keyframe() {
    let (mut spread, alice, bob, cut) = call();
    cut.set(true);
    spread.frame(0, &alice, 0, false);
    spread.loses = Box::new(|message| matches!(message, RelayMessage::Missing { .. }));
    for _ in 0..RING {
        spread.frame(0, &alice, 0, false);
    }
    assert_eq!(alice.keyframe_requests(), []);
    spread.loses = Box::new(|_| false);
    spread.pass(500);
    let counters = spread.stages[0].router.counters();
    assert_eq!(counters.dropped(DropReason::RetransmissionGone), 1);
    assert_eq!(alice.keyframe_requests(), [(CAMERA, LayerIndex(0))]);
    numbers(&bob);
    spread.frame(0, &alice, 0, true);
    assert_eq!(numbers(&bob).len(), 1);
    spread.pass(3_000);
    let counters = spread.stages[0].router.counters();
    assert!(
        counters.dropped(DropReason::RetransmissionGone) <= 10,
        "it is given up"
    );
}
