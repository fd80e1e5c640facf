//! A replayed recording sends the frames that were recorded, at their sizes and times.

use sim::plain::{Content, PersonConfig, Tile, World, recording};

#[test]
fn a_recording_is_sent_frame_by_frame() {
    let mut world = World::new(7);
    let config = PersonConfig {
        content: Content::Motion,
        replay: true,
        ..PersonConfig::default()
    };
    let alice = world.join("tea", config);
    for height in [180, 360, 720] {
        let viewer = world.join("tea", PersonConfig::default());
        world.show(viewer, &[Tile { of: alice, height }]);
    }
    world.run_ms(1_000);
    let before = world.person(alice).frames_sent();
    // Once through the recording, wherever it began.
    world.run_ms(60_000);
    let after = world.person(alice).frames_sent();
    for layer in 0..3 {
        let sent = after[layer] - before[layer];
        let recorded = recording(Content::Motion)
            .iter()
            .filter(|frame| frame.layer == layer)
            .count() as u64;
        assert!(
            sent.abs_diff(recorded) <= 5,
            "layer {layer}: {sent} sent, {recorded} recorded"
        );
    }
    assert_eq!(world.violations(), &[] as &[String]);
}
