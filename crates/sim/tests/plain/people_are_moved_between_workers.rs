//! Connections move from worker to worker in the middle of a call, and nobody notices: not who is moved, not who looks at
//! them, and not whom they look at.

use link::{LinkConfig, Rng};
use router::RouterConfig;
use sim::plain::{PersonConfig, PersonId, Sabotage, Tile, Workers, World};
use sim::soak::{Action, Guest, Mode, Oracle, Scenario};
use std::collections::BTreeMap;
use std::time::Duration;

/// From worker to worker: a mailbox, and the batch that its owner is at.
const HOP: Duration = Duration::from_micros(500);
const WORKERS: Workers = Workers {
    count: 3,
    delay: HOP,
    loss: 0.0,
};
/// When the moves begin.
const BEGINNING: Duration = Duration::from_secs(8);

/// Six people who look at three others each, and are moved every second or so.
fn call(moves: bool) -> (World, Vec<PersonId>) {
    let mut world = World::over(41, RouterConfig::default(), WORKERS);
    let people: Vec<PersonId> = (0..6)
        .map(|_| world.join("tea", PersonConfig::default()))
        .collect();
    for (index, who) in people.iter().enumerate() {
        world.observe(*who);
        let tile = |(other, height): (usize, u16)| Tile {
            of: people[(index + other) % people.len()],
            height,
        };
        let tiles = [(1, 180), (2, 360), (3, 720)].map(tile);
        world.show(*who, &tiles);
    }
    world.speak(people[0], 100);
    world.run(BEGINNING);
    for round in 0..12 {
        for (index, who) in people.iter().enumerate() {
            if moves {
                world.move_peer(*who, index + round + 1);
            }
            world.run_ms(170);
        }
    }
    world.run_ms(2_000);
    (world, people)
}

/// The longest time between two pictures of the same person that came one after the other.
fn longest_gap(world: &World, viewer: PersonId) -> Duration {
    let mut last = BTreeMap::new();
    let arrivals = world.arrivals(viewer).into_iter();
    let gaps = arrivals
        .filter(|(_, at)| *at >= BEGINNING)
        .filter_map(|(of, at)| Some(at - last.insert(of, at)?));
    gaps.max().unwrap_or_default()
}

#[test]
fn and_nobody_notices() {
    let (stays, people) = call(false);
    let (mut moves, _) = call(true);
    assert_eq!((stays.moves(), moves.moves()), (0, 72));
    for who in &people {
        assert_eq!(
            stays.pictures(*who),
            moves.pictures(*who),
            "{who:?} sees every picture"
        );
        assert_eq!(
            stays.voices(*who),
            moves.voices(*who),
            "{who:?} hears every packet"
        );
        let asked = [&stays, &moves].map(|world| world.person(*who).keyframe_requests());
        assert_eq!(asked[0], asked[1], "nothing begins anew");
        // A picture waits for its publisher and for its viewer to arrive, two hops each at most, and not at all longer.
        let (before, after) = (longest_gap(&stays, *who), longest_gap(&moves, *who));
        assert!(
            after <= before + 6 * HOP,
            "{who:?}: {after:?} instead of {before:?}"
        );
    }
    let sum = |of: fn(&router::RouterCounters) -> u64| -> u64 {
        moves.routers().iter().map(|router| of(router.counters())).sum()
    };
    assert_eq!(sum(|c| c.nacked_packets), 0, "nothing had to be asked for again");
    assert!(sum(|c| c.handed_over) > 10_000);
    assert_eq!(moves.violations(), &[] as &[String]);
    people.iter().for_each(|who| moves.leave(*who));
    moves.run_ms(60_000);
    assert_eq!(moves.left_over(), []);
}

#[test]
fn in_random_calls_over_lossy_relays() {
    for seed in 2..8 {
        let scenario = Scenario::random(seed).over(3).moving();
        assert_eq!(
            Mode::Plain.play(&scenario),
            [],
            "make soak SEED={seed} WORKERS=3 MOVES=1"
        );
    }
}

/// Three on three workers who look at each other, the first of whom goes to the second's worker.
fn one_moves() -> Scenario {
    let guest = |index: u64| Guest {
        comes_ms: Some(index * 100),
        goes_ms: None,
        killed: false,
        up: LinkConfig::default(),
        down: LinkConfig::default(),
    };
    let show = |who: usize| Action::Show {
        who,
        tiles: (0..3).filter(|of| *of != who).map(|of| (of, 1_080)).collect(),
    };
    let moves = Action::Move { who: 0, to: 1 };
    Scenario {
        workers: WORKERS,
        seed: 1,
        seconds: 40,
        guests: (0..3).map(guest).collect(),
        actions: (0..3)
            .map(|who| (2_000, show(who)))
            .chain([(10_000, moves)])
            .collect(),
    }
}

#[test]
fn and_would_be_noticed_if_it_went_wrong() {
    assert_eq!(Mode::Plain.play(&one_moves()), []);
    for (sabotage, oracle) in [
        (Sabotage::LosesDetours, Oracle::StuckSlot),
        (Sabotage::LosesOwners, Oracle::StuckSlot),
        (Sabotage::KeepsPeers, Oracle::Freed),
    ] {
        let failures = Mode::sabotaged(&one_moves(), sabotage);
        assert!(
            failures.iter().any(|failure| failure.oracle == oracle),
            "{sabotage:?}: {failures:#?}"
        );
    }
}

#[test]
fn also_when_some_of_them_break() {
    for seed in 50..58 {
        let mut world = World::over(seed, RouterConfig::default(), WORKERS);
        let mut rng = Rng::new(seed);
        let mut people: Vec<PersonId> = (0..7)
            .map(|_| world.join("room", PersonConfig::default()))
            .collect();
        for who in &people {
            let others = people.iter().filter(|of| *of != who);
            let tiles: Vec<Tile> = others.map(|of| Tile { of: *of, height: 360 }).collect();
            world.show(*who, &tiles);
            world.observe(*who);
        }
        world.run_ms(3_000);
        for broken in 1..=3 {
            let who = people.remove(rng.below(people.len() as u64) as usize);
            // In one of the calls of the move itself, or of what follows.
            world.break_peer(who, rng.below(40) as u32);
            while world.broken_peers() < broken {
                for who in people.iter().chain([&who]) {
                    world.move_peer(*who, rng.below(3) as usize);
                }
                world.run_ms(100);
            }
            world.kill(who);
            world.run_ms(1_000);
        }
        let before: Vec<_> = people.iter().map(|who| world.pictures(*who).len()).collect();
        world.run_ms(2_000);
        for (who, before) in people.iter().zip(before) {
            let new = world.pictures(*who).len() - before;
            assert!(new >= 3 * 40, "seed {seed}: {who:?} saw {new} pictures");
        }
        assert_eq!(world.broken_peers(), 3, "seed {seed}: nobody else broke");
        assert_eq!(world.violations(), &[] as &[String], "seed {seed}");
        people.iter().for_each(|who| world.leave(*who));
        world.run_ms(60_000);
        assert_eq!(world.left_over(), [], "seed {seed}");
    }
}
