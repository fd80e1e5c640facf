//! People come, meet and go, in every way there is; afterwards nothing is left.

use sim::plain::{PersonConfig, Tile, World};

#[test]
fn everything_is_freed() {
    let mut world = World::new(6);
    for round in 0..5 {
        let room = format!("room-{}", round % 2);
        let people: Vec<_> = (0..5)
            .map(|_| world.join(&room, PersonConfig::default()))
            .collect();
        for who in &people {
            let tiles: Vec<Tile> = people
                .iter()
                .filter(|of| *of != who)
                .map(|of| Tile { of: *of, height: 360 })
                .collect();
            world.show(*who, &tiles);
        }
        world.speak(people[0], 100);
        world.run_ms(3_000);
        world.leave(people[0]);
        world.kill(people[1]);
        world.run_ms(2_000);
        world.leave(people[2]);
        world.leave(people[3]);
        world.kill(people[4]);
    }
    world.run_ms(60_000);
    let counters = world.router().counters();
    let gauges = [
        counters.peers,
        counters.rooms,
        counters.tracks,
        counters.slots,
        counters.slots_assigned,
        counters.addresses,
        counters.usernames,
    ];
    assert_eq!(gauges, [0; 7]);
    assert_eq!(
        (
            world.rooms().room_count(),
            world.rooms().participant_count(),
            world.rooms().held()
        ),
        (0, 0, 0)
    );
    assert_eq!(world.violations(), &[] as &[String]);
}
