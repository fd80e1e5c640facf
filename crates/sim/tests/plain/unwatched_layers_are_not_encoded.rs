//! A publisher stops encoding what nobody watches, and starts again when somebody does.

use sim::plain::{PersonConfig, Tile, World};

#[test]
fn unwatched_layers_are_not_encoded() {
    let mut world = World::new(10);
    let alice = world.join("tea", PersonConfig::default());
    let bob = world.join("tea", PersonConfig::default());
    world.show(
        bob,
        &[Tile {
            of: alice,
            height: 180,
        }],
    );
    world.run_ms(7_000);
    assert_eq!(world.person(alice).encoded_layers(), ["q"]);
    world.show(
        bob,
        &[Tile {
            of: alice,
            height: 720,
        }],
    );
    // The path has to be found to carry it first.
    world.run_ms(1_500);
    assert_eq!(world.person(bob).video(0).last.map(|(_, layer)| layer), Some(2));
    world.run_ms(6_000);
    assert_eq!(world.person(alice).encoded_layers(), ["f"]);
    world.show(bob, &[]);
    world.run_ms(7_000);
    assert_eq!(world.person(alice).encoded_layers(), [] as [&str; 0]);
    world.show(
        bob,
        &[Tile {
            of: alice,
            height: 360,
        }],
    );
    world.run_ms(1_000);
    assert_eq!(world.person(bob).video(0).last.map(|(_, layer)| layer), Some(1));
    assert_eq!(world.violations(), &[] as &[String]);
}
