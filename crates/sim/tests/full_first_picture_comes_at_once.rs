//! Someone joins a running call over a slow path: what the slots carry first is a keyframe, and it comes with the
//! connection, not half a second later.

mod support;

use media::Source;
use sim::full::Link;
use std::time::Duration;
use support::world;

#[test]
fn first_picture_comes_at_once() {
    let mut world = world(16);
    let ann = world.join_with_media("ann");
    world.run(Duration::from_secs(10));
    let mut link = Link::default();
    for way in [&mut link.up, &mut link.down] {
        way.delay = Duration::from_millis(60);
    }
    let bob = world.join("bob", world.next_config(), link, false);
    assert!(world.run_until(Duration::from_secs(3), |w| w.people[bob].client.is_connected()));
    let connected = world.now;
    world.run(Duration::from_secs(1));

    let slot = world.people[bob]
        .slot_of(world.people[ann].tracks[&Source::Camera])
        .expect("a slot");
    let stats = &world.people[bob].client.slots()[slot].stats;
    assert_eq!(stats.undecodable, 0, "frames that came before their keyframe");
    let first = stats.runs[0].start.saturating_duration_since(connected);
    assert!(
        first < Duration::from_millis(300),
        "first packet {first:?} after the connection"
    );
    assert!(stats.frames > 15, "{} frames in the first second", stats.frames);
    assert_eq!(world.complaints(), Vec::<String>::new());
}
