//! Real connections, with their keys and what waits in their pacers, go to another worker's router, and the call goes on as
//! if they had stayed: also when a client restarts ICE there.

mod support;

use media::Source;
use sim::full::World;
use std::time::Duration;
use support::world;

/// Frames that each of three has shown of each other one, after each second of a call.
fn call(moves: bool) -> (World, Vec<Vec<u64>>) {
    let mut world = world(23);
    let people = ["ann", "bob", "eve"].map(|name| world.join_with_media(name));
    let mut frames = Vec::new();
    for second in 0..14 {
        match second {
            4 if moves => world.move_everybody(),
            8 => {
                world.people[1].client.restart_ice();
                world.offer(1);
            }
            _ => {}
        }
        world.run(Duration::from_secs(1));
        let pairs = people.iter().flat_map(|viewer| people.map(|of| (*viewer, of)));
        let shown = pairs.filter(|(viewer, of)| viewer != of).map(|(viewer, of)| {
            let viewer = &world.people[viewer];
            let slot = viewer.slot_of(world.people[of].tracks[&Source::Camera]);
            slot.map_or(0, |slot| viewer.client.slots()[slot].stats.frames)
        });
        frames.push(shown.collect());
    }
    (world, frames)
}

#[test]
fn everybody_moves_to_another_worker() {
    let ((_, stay), (world, moved)) = (call(false), call(true));
    for (second, (stay, moved)) in stay.iter().zip(&moved).enumerate() {
        // Real connections are not quite the same each time.
        let near = stay
            .iter()
            .zip(moved)
            .all(|(one, other)| one.abs_diff(*other) <= 3);
        assert!(near, "second {second}: {moved:?} instead of {stay:?}");
    }
    assert!(stay.iter().flatten().max() > Some(&400));
    assert!(world.people.iter().all(|person| person.client.is_connected()));
    let former = world.former_router().expect("they were moved").counters();
    assert_eq!((former.peers, former.detours, former.imports), (0, 3, 0));
    assert!(former.handed_over > 5_000);
    let now = world.router.counters();
    assert_eq!((now.peers, now.moves, now.keyframe_requests_out), (3, 3, 0));
    assert_eq!(world.complaints(), Vec::<String>::new());
}
