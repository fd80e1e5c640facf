//! A neighbour that takes nothing loses the oldest packets, which are counted, and catches up afterwards.

use crate::common::CAMERA;
use crate::spread::Spread;
use media::Source;
use router::{DropReason, RELAY_PACKETS, RelayMessage};

#[test]
fn the_oldest_packets_go_at_the_bound() {
    let mut spread = Spread::new(2);
    let (alice, bob) = (spread.join(0, 1, 1, (1, 1)), spread.join(1, 1, 2, (1, 1)));
    let camera = spread.publish(1, &alice, CAMERA, 10, Source::Camera);
    spread.assign(1, &bob, bob.video[0], Some(camera), 180);
    spread.frame(0, &alice, 0, true);
    spread.take_crossed();
    for _ in 0..RELAY_PACKETS + 100 {
        spread.stages[0].frame(&alice, 0, false);
    }
    let counters = spread.stages[0].router.counters();
    assert_eq!(counters.dropped(DropReason::RelayFull), 100);
    assert_eq!(counters.dropped(DropReason::RelayControlFull), 0);
    let first = std::iter::from_fn(|| spread.stages[0].router.poll_relay())
        .find_map(|(_, message)| match message {
            RelayMessage::Packet { number, .. } => Some(number),
            _ => None,
        })
        .expect("packets wait");
    assert_eq!(first.0, 101);
}
