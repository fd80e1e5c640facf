//! When a publisher's uplink gets too thin, the top layer stops; who watched it sees the next one, and the top layer again
//! once there is room. Chromium says so with its video, Firefox does not.

use sim::plain::{LinkConfig, PersonConfig, PersonId, Tile, World};
use std::time::Duration;

fn watch(world: &mut World, of: PersonId, height: u16) -> PersonId {
    let config = PersonConfig {
        camera_fps: 0,
        microphone: false,
        ..PersonConfig::default()
    };
    let viewer = world.join("tea", config);
    world.show(viewer, &[Tile { of, height }]);
    viewer
}

#[test]
fn a_thin_uplink_stops_the_top_layer_first() {
    let mut world = World::new(5);
    let alice = world.join("tea", PersonConfig::default());
    let bob = watch(&mut world, alice, 720);
    watch(&mut world, alice, 180);
    watch(&mut world, alice, 360);
    world.run_ms(3_000);
    let layer = |world: &World| world.person(bob).video(0).last.map(|(_, layer)| layer);
    assert_eq!(layer(&world), Some(2));
    world.person_mut(alice).up.config = LinkConfig {
        rate_bps: Some(600_000),
        ..LinkConfig::default()
    };
    world.run_ms(5_000);
    assert_eq!(layer(&world), Some(1));
    let before = world.person(alice).frames_sent();
    world.run_ms(3_000);
    let after = world.person(alice).frames_sent();
    let sent: Vec<u64> = after
        .iter()
        .zip(before)
        .map(|(after, before)| after - before)
        .collect();
    assert!(sent[0] > 80 && sent[1] > 80 && sent[2] == 0, "{sent:?}");
    world.person_mut(alice).up.config = LinkConfig::default();
    world.run_ms(3_000);
    assert_eq!(layer(&world), Some(2));
    let top: Vec<bool> = world
        .person(alice)
        .layer_changes()
        .iter()
        .filter(|change| change.layer == 2)
        .map(|change| change.sent)
        .collect();
    assert_eq!(top, [false, true]);
    assert_eq!(world.violations(), &[] as &[String]);
}

/// Milliseconds from when the top layer stopped until its viewer sees another; the worst of a few calls.
fn seen_again(tells_layers: bool) -> u32 {
    let gap = |seed| {
        let mut world = World::new(seed);
        let config = PersonConfig {
            tells_layers,
            ..PersonConfig::default()
        };
        let alice = world.join("tea", config);
        let bob = watch(&mut world, alice, 720);
        watch(&mut world, alice, 180);
        watch(&mut world, alice, 360);
        world.run_ms(3_000);
        world.person_mut(alice).up.config = LinkConfig {
            rate_bps: Some(600_000),
            ..LinkConfig::default()
        };
        while world.person(alice).layer_changes().is_empty() {
            world.run_ms(10);
        }
        let mut gap = 0;
        while gap < 5_000
            && world
                .person(bob)
                .video(0)
                .last
                .is_none_or(|(_, layer)| layer == 2)
        {
            world.run_ms(10);
            gap += 10;
        }
        gap
    };
    (1..=6).map(gap).max().unwrap_or(0)
}

#[test]
fn a_publisher_that_says_so_is_followed_at_once() {
    let gap = seen_again(true);
    assert!(gap < 1_200, "{gap} ms");
}

#[test]
fn one_that_says_nothing_is_followed_after_a_while() {
    let gap = seen_again(false);
    assert!((1_200..1_800).contains(&gap), "{gap} ms");
}

/// Nobody watches but at 720 pixels, so that the top layer alone is asked for.
#[test]
fn where_the_top_layer_alone_is_watched_the_next_one_takes_its_place() {
    let mut world = World::new(7);
    let alice = world.join("tea", PersonConfig::default());
    let bob = watch(&mut world, alice, 720);
    world.run_ms(8_000);
    assert_eq!(world.person(alice).encoded_layers(), ["f"]);
    world.person_mut(alice).up.config = LinkConfig {
        rate_bps: Some(600_000),
        ..LinkConfig::default()
    };
    world.run_ms(6_000);
    let shown = |world: &World| world.person(bob).video(0).layers;
    let before = shown(&world);
    world.run_ms(4_000);
    let after = shown(&world);
    assert!(after[1] - before[1] > 100, "{before:?}, then {after:?}");
    let frozen = world.person(bob).video(0).frozen;
    assert!(frozen < Duration::from_secs(4), "{frozen:?}");
    world.person_mut(alice).up.config = LinkConfig::default();
    world.run_ms(8_000);
    assert!(
        shown(&world)[2] - after[2] > 180,
        "{after:?}, then {:?}",
        shown(&world)
    );
    assert_eq!(world.person(alice).encoded_layers(), ["f"]);
}
