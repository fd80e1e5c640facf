//! One seed, one run, to the bit; another seed, another run.

use peer::DataChannel;
use router::RouterConfig;
use sim::plain::{LinkConfig, LossModel, PersonConfig, Tile, Workers, World};
use std::time::Duration;

fn run(seed: u64, workers: Workers) -> u64 {
    let mut world = World::over(seed, RouterConfig::default(), workers);
    let link = LinkConfig {
        rate_bps: Some(4_000_000),
        jitter: Duration::from_millis(8),
        loss: LossModel::Random(0.02),
        ..LinkConfig::default()
    };
    let config = PersonConfig {
        up: link.clone(),
        down: link,
        ..PersonConfig::default()
    };
    let people: Vec<_> = (0..6)
        .map(|n| world.join(["a", "b"][n / 4], config.clone()))
        .collect();
    for (n, who) in people.iter().enumerate() {
        world.show(
            *who,
            &[Tile {
                of: people[(n + 1) % 6],
                height: 360,
            }],
        );
        world.speak(*who, 90 + n as u8);
        world.run_ms(700);
    }
    world.send_data(people[0], DataChannel::Reliable, &[], b"hello");
    world.leave(people[2]);
    world.kill(people[5]);
    world.run_ms(5_000);
    assert_eq!(world.violations(), &[] as &[String]);
    world.digest()
}

#[test]
fn same_seed_same_bytes() {
    let one = Workers::default();
    assert_eq!(run(8, one), run(8, one));
    assert_ne!(run(8, one), run(9, one));
}

#[test]
fn and_over_several_workers() {
    let three = Workers {
        count: 3,
        loss: 0.01,
        ..Workers::default()
    };
    assert_eq!(run(8, three), run(8, three));
}
