//! The layer that arrives is the one that fits the tile, and nobody sees a broken frame on the way.

use sim::plain::{PersonConfig, Tile, World};

#[test]
fn layer_follows_tile_height() {
    let mut world = World::new(1);
    let alice = world.join("tea", PersonConfig::default());
    let bob = world.join("tea", PersonConfig::default());
    for (height, layer) in [(180, 0), (360, 1), (720, 2), (90, 0), (1_080, 2), (200, 1)] {
        world.show(bob, &[Tile { of: alice, height }]);
        world.run_ms(3_000);
        let before = world.person(bob).video(0);
        world.run_ms(1_000);
        let after = world.person(bob).video(0);
        let came: Vec<u64> = after
            .layers
            .iter()
            .zip(before.layers)
            .map(|(after, before)| after - before)
            .collect();
        let mut expected = vec![0; 3];
        expected[layer] = came[layer].clamp(29, 31);
        assert_eq!(
            came, expected,
            "frames of each layer in a second, at height {height}"
        );
    }
    assert_eq!(world.person(bob).video(0).undecodable, 0);
    assert_eq!(world.violations(), &[] as &[String]);
}
