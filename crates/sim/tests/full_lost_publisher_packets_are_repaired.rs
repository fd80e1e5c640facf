//! One packet in twenty is lost on the way up and on the way down; nobody sees a broken picture for it.

mod support;

use media::Source;
use sim::plain::LossModel;
use std::time::Duration;
use support::world;

#[test]
fn lost_publisher_packets_are_repaired() {
    let mut world = world(3);
    let ann = world.join_with_media("ann");
    let bob = world.join_with_media("bob");
    assert!(world.run_until(Duration::from_secs(5), |w| {
        w.people.iter().all(|p| p.client.is_connected())
    }));
    world.people[bob].link.up.config.loss = LossModel::Random(0.05);
    world.run(Duration::from_secs(20));

    let asked = world.router.peer_stats();
    assert!(
        asked.rtx_received > 100,
        "the server asked the publisher for what was lost: {asked:?}"
    );
    let slot = world.people[ann]
        .slot_of(world.people[bob].tracks[&Source::Camera])
        .expect("a slot");
    let stats = &world.people[ann].client.slots()[slot].stats;
    assert!(stats.frames > 580, "{} of 600 frames came whole", stats.frames);
    assert!(stats.undecodable < 20, "{} frames were broken", stats.undecodable);
    assert_eq!(world.complaints(), Vec::<String>::new());
}

#[test]
fn lost_packets_on_the_way_to_a_viewer_are_repaired() {
    let mut world = world(4);
    let ann = world.join_with_media("ann");
    let bob = world.join_with_media("bob");
    assert!(world.run_until(Duration::from_secs(5), |w| {
        w.people.iter().all(|p| p.client.is_connected())
    }));
    world.people[ann].link.down.config.loss = LossModel::Random(0.05);
    world.run(Duration::from_secs(20));

    let slot = world.people[ann]
        .slot_of(world.people[bob].tracks[&Source::Camera])
        .expect("a slot");
    let stats = &world.people[ann].client.slots()[slot].stats;
    // About one in twenty of some 2,000.
    assert!(
        stats.repaired > 60,
        "{} packets came again as RTX",
        stats.repaired
    );
    assert!(stats.frames > 580, "{} of 600 frames came whole", stats.frames);
    assert!(stats.undecodable < 20, "{} frames were broken", stats.undecodable);
    assert_eq!(world.complaints(), Vec::<String>::new());
}
