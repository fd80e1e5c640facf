//! Somebody who is on nobody's screen is heard from the first loud packet on, and named.

use sim::plain::{PersonConfig, Tile, World};

#[test]
fn talkers_off_screen_are_heard() {
    let mut world = World::new(5);
    let listener = world.join(
        "hall",
        PersonConfig {
            video_slots: 1,
            audio_slots: 3,
            ..PersonConfig::default()
        },
    );
    let others: Vec<_> = (0..6)
        .map(|_| world.join("hall", PersonConfig::default()))
        .collect();
    world.show(
        listener,
        &[Tile {
            of: others[0],
            height: 180,
        }],
    );
    world.run_ms(2_000);
    for talker in &others[1..] {
        let track = world.person(*talker).microphone.expect("they have one");
        assert_eq!(world.person(listener).frames_of(track), 0);
        world.speak(*talker, 100);
        world.run_ms(1_000);
        world.speak(*talker, 5);
        let heard = world.person(listener).frames_of(track);
        // 50 packets in a second, less what is still on its way.
        assert!(heard >= 46, "{heard} packets of a second of speech");
        world.run_ms(2_200);
    }
    assert_eq!(world.violations(), &[] as &[String]);
}
