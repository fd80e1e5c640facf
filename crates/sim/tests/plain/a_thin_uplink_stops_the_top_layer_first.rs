//! When a publisher's uplink gets too thin, the top layer stops without a word; who watched it sees the next one, and the
//! top layer again once there is room.

use sim::plain::{LinkConfig, PersonConfig, PersonId, Tile, World};

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
