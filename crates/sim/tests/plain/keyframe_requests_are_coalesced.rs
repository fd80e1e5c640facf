//! Many viewers who all need a keyframe cost a publisher one or two.

use sim::plain::{LinkConfig, LossModel, PersonConfig, Tile, World};

#[test]
fn keyframe_requests_are_coalesced() {
    let mut world = World::new(7);
    let publisher = world.join("hall", PersonConfig::default());
    let silent = PersonConfig {
        camera_fps: 0,
        microphone: false,
        ..PersonConfig::default()
    };
    let viewers: Vec<_> = (0..20).map(|_| world.join("hall", silent.clone())).collect();
    for viewer in &viewers {
        world.show(
            *viewer,
            &[Tile {
                of: publisher,
                height: 180,
            }],
        );
    }
    world.run_ms(1_000);
    let at_first: u64 = world.person(publisher).keyframe_requests().iter().sum();
    // Whoever came before the first frame needs none: it is a keyframe.
    assert!(at_first <= 3, "{at_first} requests when twenty came");

    // Nothing reaches anybody for so long that what is missing is no longer to be had.
    for viewer in &viewers {
        world.person_mut(*viewer).down.config.loss = LossModel::Random(1.0);
    }
    world.run_ms(20_000);
    for viewer in &viewers {
        world.person_mut(*viewer).down.config = LinkConfig::default();
    }
    let frames: Vec<u64> = viewers
        .iter()
        .map(|viewer| world.person(*viewer).frames())
        .collect();
    world.run_ms(2_000);
    // Their pictures were paused meanwhile: all need a keyframe to begin at.
    let later = world.person(publisher).keyframe_requests().iter().sum::<u64>() - at_first;
    assert!((1..=2).contains(&later), "{later} requests when all came back");
    for (viewer, before) in viewers.iter().zip(frames) {
        let seen = world.person(*viewer).frames() - before;
        assert!(seen > 45, "{seen} frames in the two seconds after");
    }
    assert_eq!(world.violations(), &[] as &[String]);
}
