//! A client restarts ICE, twice; the call goes on.

mod support;

use media::Source;
use std::time::Duration;
use support::world;

#[test]
fn ice_restart_keeps_the_call() {
    let mut world = world(18);
    let ann = world.join_with_media("ann");
    let bob = world.join_with_media("bob");
    world.run(Duration::from_secs(3));
    for _ in 0..2 {
        world.people[bob].client.restart_ice();
        world.offer(bob);
        world.run(Duration::from_secs(6));
    }
    for (viewer, publisher) in [(ann, bob), (bob, ann)] {
        let slot = world.people[viewer]
            .slot_of(world.people[publisher].tracks[&Source::Camera])
            .expect("a slot");
        let stats = &world.people[viewer].client.slots()[slot].stats;
        assert!(stats.frames > 420, "{} frames in 15 s", stats.frames);
        let last = world
            .now
            .saturating_duration_since(stats.last_frame.expect("frames came"));
        assert!(last < Duration::from_millis(200), "nothing for {last:?}");
    }
    assert!(world.people[bob].client.is_connected());
    assert_eq!(world.router.counters().peers, 2);
    assert_eq!(world.complaints(), Vec::<String>::new());
}
