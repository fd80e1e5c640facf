//! Peers in which something panics, in whichever of their calls: they are gone, and everybody else sees everybody else,
//! on one worker and on three. When all have gone, nothing is left.

use link::Rng;
use router::RouterConfig;
use sim::plain::{PersonConfig, PersonId, Tile, Workers, World};

/// What a peer does before it breaks: from its very next call to some seconds' worth.
const MOST_CALLS: f64 = 3_000.0;

fn look_at_each_other(world: &mut World, people: &[PersonId]) {
    for who in people {
        let others = people.iter().filter(|of| *of != who);
        let tiles: Vec<Tile> = others.map(|of| Tile { of: *of, height: 360 }).collect();
        world.show(*who, &tiles);
    }
}

fn play(seed: u64, count: usize) {
    let workers = Workers {
        count,
        ..Workers::default()
    };
    let mut world = World::over(seed, RouterConfig::default(), workers);
    let mut rng = Rng::new(seed);
    let mut people: Vec<PersonId> = (0..7)
        .map(|_| world.join("room", PersonConfig::default()))
        .collect();
    people.iter().for_each(|who| world.observe(*who));
    look_at_each_other(&mut world, &people);
    world.speak(people[0], 100);
    world.run_ms(3_000);
    for broken in 1..=4 {
        let who = people.remove((rng.bits() as usize) % people.len());
        world.break_peer(who, (rng.unit() * rng.unit() * MOST_CALLS) as u32);
        let mut seconds = 0;
        while world.broken_peers() < broken {
            world.run_ms(1_000);
            seconds += 1;
            assert!(seconds < 60, "seed {seed}: the peer does not break");
        }
        world.kill(who);
        world.run_ms(1_500);
    }
    let before: Vec<_> = people.iter().map(|who| world.pictures(*who)).collect();
    world.run_ms(2_000);
    for (viewer, before) in people.iter().zip(before) {
        let seen = world.pictures(*viewer);
        let new = seen.keys().filter(|picture| !before.contains_key(picture));
        let new: Vec<usize> = new.map(|(of, _)| *of).collect();
        for of in people.iter().filter(|of| *of != viewer) {
            let pictures = new.iter().filter(|publisher| **publisher == of.0).count();
            assert!(
                pictures >= 40,
                "seed {seed}, {count} workers: {viewer:?} saw {pictures} pictures of {of:?}"
            );
        }
    }
    assert_eq!(world.broken_peers(), 4, "seed {seed}: nobody else broke");
    assert_eq!(world.violations(), &[] as &[String], "seed {seed}");
    people.iter().for_each(|who| world.leave(*who));
    world.run_ms(60_000);
    assert_eq!(world.left_over(), [], "seed {seed}, {count} workers");
}

#[test]
fn on_one_worker() {
    (0..12).for_each(|seed| play(seed, 1));
}

#[test]
fn on_three() {
    (20..32).for_each(|seed| play(seed, 3));
}
