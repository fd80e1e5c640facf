//! A viewer behind a link of 1 Mb/s, then 3, then 1 again: the server's estimate follows. The link carries what flows
//! besides: nothing is lost that decoding needs, and padding reaches nobody's picture.

mod support;

use sim::full::{Link, World};
use std::time::Duration;
use support::world;

const SLOW: u64 = 1_000_000;
const FAST: u64 = 3_000_000;

/// The server's estimate of the viewer's downlink, as a share of this rate.
fn share(world: &World, viewer: usize, rate: u64) -> f64 {
    let peer = world.router.peer(world.people[viewer].id).expect("a peer");
    let estimate = peer::Peer::bandwidth(peer).expect("connected");
    estimate.target.0 as f64 / rate as f64
}

#[test]
fn estimate_rises_and_falls() {
    let mut world = world(40);
    let ann = world.join_with_media("ann");
    let eve = world.join_with_media("eve");
    world.run(Duration::from_secs(3));
    let mut slow = Link::default();
    slow.down.rate_bps = Some(SLOW);
    let bob = world.join("bob", world.next_config(), slow, false);
    assert!(world.run_until(Duration::from_secs(3), |w| w.people[bob].client.is_connected()));
    let tiles = [ann, eve].map(|other| (world.people[other].id, 180));
    world.view(bob, &tiles);

    world.run(Duration::from_secs(15));
    let first = share(&world, bob, SLOW);
    world.people[bob].link.down.config.rate_bps = Some(FAST);
    let tiles = [ann, eve].map(|other| (world.people[other].id, 360));
    world.view(bob, &tiles);
    world.run(Duration::from_secs(20));
    let second = share(&world, bob, FAST);
    world.people[bob].link.down.config.rate_bps = Some(SLOW);
    let tiles = [ann, eve].map(|other| (world.people[other].id, 180));
    world.view(bob, &tiles);
    world.run(Duration::from_secs(10));
    let third = share(&world, bob, SLOW);

    for (share, rate) in [(first, SLOW), (second, FAST), (third, SLOW)] {
        let percent = share * 100.0;
        assert!(
            (70.0..110.0).contains(&percent),
            "{percent:.0} % of {rate}: {first:.2} {second:.2} {third:.2}"
        );
    }
    for slot in world.people[bob].client.slots() {
        let stats = &slot.stats;
        assert_eq!(stats.undecodable, 0, "slot {}: {stats:?}", slot.mid);
    }
    assert_eq!(world.complaints(), Vec::<String>::new());
}
