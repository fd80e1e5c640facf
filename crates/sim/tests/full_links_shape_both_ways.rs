//! Each person of full mode has two links of their own, with everything that a link has.

mod support;

use media::Source;
use sim::full::Link;
use sim::plain::LinkConfig;
use std::time::Duration;
use support::world;

/// A rate that holds at first, and is gone for a second.
fn with_outage() -> LinkConfig {
    let step = |at, rate_bps| link::RateStep {
        at: Duration::from_secs(at),
        rate_bps,
    };
    LinkConfig {
        rate_bps: Some(4_000_000),
        schedule: vec![step(8, Some(0)), step(9, Some(4_000_000))],
        ..LinkConfig::default()
    }
}

/// The longest time without a packet that a viewer saw in the slot of a publisher.
fn longest_gap(up: LinkConfig, down: LinkConfig) -> Duration {
    let mut world = world(17);
    let publisher = world.join(
        "ann",
        world.next_config(),
        Link {
            up,
            ..Link::default()
        },
        false,
    );
    world.publish(publisher, Source::Camera);
    let link = Link {
        down,
        ..Link::default()
    };
    let viewer = world.join("bob", world.next_config(), link, false);
    world.run(Duration::from_secs(12));
    assert_eq!(world.complaints(), Vec::<String>::new());
    let track = world.people[publisher].tracks[&Source::Camera];
    let slot = world.people[viewer].slot_of(track).expect("a slot");
    world.people[viewer].client.slots()[slot].stats.longest_gap
}

#[test]
fn an_outage_of_either_way_is_a_gap_and_none_is_none() {
    let second = Duration::from_millis(900)..Duration::from_millis(1_600);
    let neither = longest_gap(LinkConfig::default(), LinkConfig::default());
    assert!(neither < Duration::from_millis(200), "{neither:?}");
    for (up, down) in [
        (with_outage(), LinkConfig::default()),
        (LinkConfig::default(), with_outage()),
    ] {
        let gap = longest_gap(up, down);
        assert!(second.contains(&gap), "{gap:?}");
    }
}
