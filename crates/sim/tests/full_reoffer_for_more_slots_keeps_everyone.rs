//! A page needs more tiles: it offers again, sees more people, and its own camera goes on for everybody.

mod support;

use media::Source;
use sim::client::ClientConfig;
use sim::full::{Link, World};
use std::time::Duration;
use support::world;

fn seen_cameras(world: &World, viewer: usize) -> usize {
    let client = &world.people[viewer].client;
    let fresh = Duration::from_millis(300);
    let alive = |slot: &&sim::client::SlotReceiver| {
        slot.stats
            .last_frame
            .is_some_and(|at| world.now.saturating_duration_since(at) < fresh)
    };
    client.slots().iter().filter(alive).count()
}

#[test]
fn reoffer_for_more_slots_keeps_everyone() {
    let mut world = world(8);
    for name in ["ann", "bob", "eve", "joe"] {
        let config = ClientConfig {
            video_slots: 2,
            audio_slots: 2,
            ..world.next_config()
        };
        let person = world.join(name, config, Link::default(), false);
        world.publish(person, Source::Camera);
        world.publish(person, Source::Microphone);
    }
    world.run(Duration::from_secs(3));
    assert_eq!(seen_cameras(&world, 0), 2);

    // Two rounds: the second re-offer meets what the first one left.
    for (round, more) in [(1, 1), (2, 1)] {
        for person in 0..4 {
            world.people[person].client.add_slots(more, more).unwrap();
            world.offer(person);
        }
        world.run(Duration::from_secs(3));
        for person in 0..4 {
            let expected = (2 + round).min(3);
            assert_eq!(
                seen_cameras(&world, person),
                expected,
                "round {round}, {}",
                world.people[person].name
            );
        }
    }
    assert_eq!(world.complaints(), Vec::<String>::new());
}

#[test]
fn camera_off_and_on_again_is_seen_by_all() {
    let mut world = world(9);
    for name in ["ann", "bob", "eve"] {
        world.join_with_media(name);
    }
    world.run(Duration::from_secs(3));
    for _ in 0..3 {
        let socket = world.people[0].socket;
        world.rooms.handle_unpublish(world.now, socket, "1").unwrap();
        world.people[0].client.stop(Source::Camera);
        world.run(Duration::from_secs(1));
        assert_eq!((seen_cameras(&world, 1), seen_cameras(&world, 2)), (1, 1));
        world.publish(0, Source::Camera);
        world.run(Duration::from_secs(2));
        assert_eq!((seen_cameras(&world, 1), seen_cameras(&world, 2)), (2, 2));
    }
    assert_eq!(world.complaints(), Vec::<String>::new());
}
