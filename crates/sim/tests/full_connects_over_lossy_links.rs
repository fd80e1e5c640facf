//! A handshake survives whatever datagrams of it are lost.

mod support;

use sim::full::Link;
use sim::plain::{LinkConfig, LossModel};
use std::time::Duration;
use support::world;

/// One in ten is lost, each way: of 60 handshakes every datagram is missed in some.
fn lossy() -> Link {
    let way = |delay| LinkConfig {
        delay: Duration::from_millis(delay),
        loss: LossModel::Random(0.1),
        ..LinkConfig::default()
    };
    Link {
        up: way(76),
        down: way(64),
        ..Link::default()
    }
}

#[test]
fn connects_over_lossy_links() {
    for seed in 0..60 {
        let mut world = world(seed);
        let ann = world.join("ann", world.next_config(), lossy(), false);
        let connected = world.run_until(Duration::from_secs(10), |w| {
            w.people[ann].client.is_connected() && !w.connections.is_empty()
        });
        assert!(connected, "not within 10 s with seed {seed}");
    }
}
