//! A microphone in RED: who offered RED gets it, who did not gets the Opus inside.

mod support;

use media::Source;
use sim::client::{ClientConfig, SlotStats};
use sim::full::{Link, World};
use std::time::Duration;
use support::world;

fn heard(world: &World, listener: usize, speaker: usize) -> SlotStats {
    let slot = world.people[listener]
        .slot_of(world.people[speaker].tracks[&Source::Microphone])
        .expect("a slot");
    world.people[listener].client.slots()[slot].stats.clone()
}

#[test]
fn red_reaches_who_offered_it() {
    let mut world = world(17);
    for red in [true, true, false] {
        let config = ClientConfig {
            red,
            ..world.next_config()
        };
        let person = world.join("somebody", config, Link::default(), false);
        world.publish(person, Source::Microphone);
    }
    world.run(Duration::from_secs(4));

    let with_red = heard(&world, 1, 0);
    assert!(with_red.voiced > 150, "{} packets", with_red.voiced);
    assert_eq!(with_red.red, with_red.packets, "RED as it was sent");
    let without = heard(&world, 2, 0);
    assert!(without.voiced > 150, "{} packets", without.voiced);
    assert_eq!(without.red, 0, "unwrapped");
    assert!(
        without.bytes * 3 < with_red.bytes * 2,
        "and only the primary block: {} of {}",
        without.bytes,
        with_red.bytes
    );
    let from_plain_opus = heard(&world, 0, 2);
    assert!(
        from_plain_opus.voiced > 150 && from_plain_opus.red == 0,
        "Opus stays Opus"
    );
    assert_eq!(world.complaints(), Vec::<String>::new());
}
