//! Two rooms on one router: everything of one stays in it, whoever is shown, speaks or writes.

use peer::DataChannel;
use sim::plain::{PersonConfig, PersonId, Tile, World};

#[test]
fn rooms_never_mix() {
    let mut world = World::new(4);
    let people: Vec<PersonId> = (0..8)
        .map(|n| world.join(["tea", "coffee"][n % 2], PersonConfig::default()))
        .collect();
    world.run_ms(500);
    for round in 0..8 {
        for (n, who) in people.iter().enumerate() {
            let tiles: Vec<Tile> = [2, 4]
                .iter()
                .map(|step| Tile {
                    of: people[(n + step) % 8],
                    height: 180,
                })
                .collect();
            // Somebody of the other room too: the server does not know them here.
            let stranger = Tile {
                of: people[(n + 1) % 8],
                height: 720,
            };
            world.show(*who, &[&[stranger], tiles.as_slice()].concat());
            world.speak(*who, if n == round { 100 } else { 10 });
        }
        world.send_data(people[round], DataChannel::Reliable, &[], b"to my room");
        world.send_data(
            people[round],
            DataChannel::Reliable,
            &[people[(round + 1) % 8]],
            b"to a stranger",
        );
        world.run_ms(2_000);
    }
    // The oracle in the world compares rooms for every single packet.
    assert_eq!(world.violations(), &[] as &[String]);
    for who in &people {
        let person = world.person(*who);
        assert!(person.video(0).packets > 0 && person.video(1).packets > 0);
        assert_eq!(
            person.data.len(),
            3,
            "one message from each of the others in the room"
        );
    }
}
