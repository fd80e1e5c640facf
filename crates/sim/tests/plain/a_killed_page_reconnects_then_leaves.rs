//! A killed process is shown as reconnecting within 5 s and has left within 20 s; nothing changes for the others.

use room::{Notice, ParticipantState};
use sim::plain::{PersonConfig, Tile, World};

#[test]
fn a_killed_page_reconnects_then_leaves() {
    let mut world = World::new(13);
    let people: Vec<_> = (0..3)
        .map(|_| world.join("tea", PersonConfig::default()))
        .collect();
    let [alice, bob, carol] = people[..] else {
        unreachable!("three joined")
    };
    world.show(
        alice,
        &[
            Tile { of: bob, height: 360 },
            Tile {
                of: carol,
                height: 360,
            },
        ],
    );
    world.run_ms(3_000);
    let gone = world.person(carol).participant;
    world.kill(carol);
    let frames_of_bob = |world: &World| {
        world
            .person(alice)
            .frames_of(world.person(bob).camera.expect("on"))
    };
    let before = frames_of_bob(&world);
    world.run_ms(5_000);
    let reconnecting = |notice: &Notice| match notice {
        Notice::Updated { participants, .. } => participants
            .iter()
            .any(|p| p.id == gone && p.state == ParticipantState::Reconnecting),
        _ => false,
    };
    assert!(world.person(alice).notices.iter().any(reconnecting));
    world.run_ms(15_000);
    let left =
        |notice: &Notice| matches!(notice, Notice::Left { participants, .. } if participants.contains(&gone));
    assert!(world.person(alice).notices.iter().any(left));
    let after = frames_of_bob(&world);
    assert!(
        (599..=601).contains(&(after - before)),
        "{} frames in 20 s",
        after - before
    );
    assert_eq!(world.violations(), &[] as &[String]);
}
