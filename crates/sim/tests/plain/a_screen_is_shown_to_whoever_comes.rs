//! Who comes while a screen moves, if only a caret blinks, sees it at once: its publisher gives the picture again when a
//! keyframe is asked for, and that the screen costs more than a new viewer's estimate makes the server probe.

use media::Source;
use sim::plain::{PersonConfig, PersonId, Tile, World};

fn watch(world: &mut World, of: PersonId) -> PersonId {
    let viewer = world.join("tea", PersonConfig::default());
    let tile = Tile { of, height: 1_080 };
    world.show_sources(viewer, &[], &[tile]);
    viewer
}

#[test]
fn a_screen_is_shown_to_whoever_comes() {
    let mut world = World::new(6);
    let alice = world.join("tea", PersonConfig::default());
    world.publish(alice, Source::Screen);
    let screen = world.person(alice).screen.expect("it is published");
    let bob = watch(&mut world, alice);
    world.run_ms(1_000);
    let (mut came, mut saw) = (0, 0);
    for _ in 0..40 {
        let before = world.person(bob).frames_of(screen);
        world.run_ms(700);
        if world.person(bob).frames_of(screen) == before {
            continue;
        }
        came += 1;
        let viewer = watch(&mut world, alice);
        world.run_ms(1_000);
        saw += u32::from(world.person(viewer).frames_of(screen) > 0);
        world.leave(viewer);
    }
    // Some came as it fell silent: after a second the server takes a layer for gone, and asks for no keyframe.
    assert!(came > 10 && saw * 4 >= came * 3, "{came} came, {saw} saw it");
    assert_eq!(world.violations(), &[] as &[String]);
}
