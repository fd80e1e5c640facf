//! When a viewer's link gets a little too thin for what flows, frames go and the picture stays as large, without a freeze
//! and without a keyframe; when it gets wider they come back the same way.

use sim::plain::{LinkConfig, PersonConfig, Tile, World};

/// Frames of each layer that a viewer decodes in two seconds.
fn frames(world: &mut World, viewer: sim::plain::PersonId) -> [u64; 3] {
    let before = world.person(viewer).video(0).layers;
    world.run_ms(2_000);
    let after = world.person(viewer).video(0).layers;
    std::array::from_fn(|layer| after[layer] - before[layer])
}

#[test]
fn a_thinner_link_takes_frames_first() {
    let mut world = World::new(3);
    let alice = world.join("tea", PersonConfig::default());
    let link = |rate_bps| LinkConfig {
        rate_bps: Some(rate_bps),
        ..LinkConfig::default()
    };
    let bob = world.join(
        "tea",
        PersonConfig {
            camera_fps: 0,
            microphone: false,
            down: link(3_000_000),
            ..PersonConfig::default()
        },
    );
    world.show(
        bob,
        &[Tile {
            of: alice,
            height: 720,
        }],
    );
    world.run_ms(10_000);
    let [_, _, top] = frames(&mut world, bob);
    assert!((58..=62).contains(&top), "{top} frames in 2 s");
    let freezes = world.person(bob).video(0).freezes;
    let requests = world.person(alice).keyframe_requests();
    // All of it needs about 1.85 Mb/s with the sound, half of the frames 1.15.
    world.person_mut(bob).down.config = link(1_700_000);
    world.run_ms(4_000);
    let [lower, middle, top] = frames(&mut world, bob);
    assert!((28..=32).contains(&top), "{top} frames in 2 s");
    assert_eq!((lower, middle), (0, 0));
    world.person_mut(bob).down.config = link(3_000_000);
    world.run_ms(8_000);
    let [_, _, top] = frames(&mut world, bob);
    assert!((58..=62).contains(&top), "{top} frames in 2 s");
    assert_eq!(world.person(alice).keyframe_requests(), requests);
    let seen = world.person(bob).video(0);
    assert_eq!((seen.freezes, seen.undecodable), (freezes, 0));
    assert_eq!(world.violations(), &[] as &[String]);
}
