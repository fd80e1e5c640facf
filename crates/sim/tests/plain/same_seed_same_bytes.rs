//! One seed, one run, to the bit; another seed, another run.

use peer::DataChannel;
use sim::plain::{LinkConfig, LossModel, PersonConfig, Tile, World};
use std::time::Duration;

fn run(seed: u64) -> u64 {
    let mut world = World::new(seed);
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
    assert_eq!(run(8), run(8));
    assert_ne!(run(8), run(9));
}
