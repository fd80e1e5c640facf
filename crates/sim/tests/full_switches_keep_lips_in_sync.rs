//! One tile goes through publishers whose clocks are minutes apart; sound and picture stay together.

mod support;

use media::Source;
use sim::client::ClientConfig;
use sim::full::Link;
use std::time::Duration;
use support::world;

/// What people notice begins at about 45 ms of sound ahead (ITU-R BT.1359).
const MAX_SKEW_SECONDS: f64 = 0.040;

#[test]
fn switches_keep_lips_in_sync() {
    let mut world = world(5);
    let publishers: Vec<usize> = ["ann", "bob", "eve", "joe"]
        .into_iter()
        .map(|n| world.join_with_media(n))
        .collect();
    for (i, &publisher) in publishers.iter().enumerate() {
        let link = &mut world.people[publisher].link;
        for way in [&mut link.up, &mut link.down] {
            way.config.delay = Duration::from_millis(5 + 30 * i as u64);
        }
    }
    let config = ClientConfig {
        video_slots: 1,
        audio_slots: 1,
        ..world.next_config()
    };
    let viewer = world.join("viewer", config, Link::default(), false);
    world.run(Duration::from_secs(4));

    let mut worst: f64 = 0.0;
    for turn in 0..24 {
        let shown = publishers[turn % publishers.len()];
        let id = world.people[shown].id;
        world.view(viewer, &[(id, [90, 180, 360][turn % 3])]);
        // The first measure soon after the switch, when a jump would show.
        for wait in [700, 1_300] {
            world.run(Duration::from_millis(wait));
            let client = &world.people[viewer].client;
            for (slot, source) in [(0, Source::Camera), (1, Source::Microphone)] {
                let track = world.people[shown].tracks[&source];
                assert_eq!(
                    client.slots()[slot].csrc(),
                    Some(track.0),
                    "turn {turn}: {source:?} flows"
                );
            }
            let skew = client.skew(1, 0).expect("both slots have reports");
            assert!(
                skew.abs() <= MAX_SKEW_SECONDS,
                "turn {turn}: sound {:.1} ms behind",
                skew * 1_000.0
            );
            worst = worst.max(skew.abs());
        }
    }
    for slot in world.people[viewer].client.slots() {
        assert!(slot.stats.runs.len() >= 20, "{} switches", slot.stats.runs.len());
        let jump = slot.stats.report_jump;
        assert!(
            jump < 0.002,
            "the slot's line from report to report moved by {:.3} ms",
            jump * 1_000.0
        );
    }
    assert!(worst > 0.0, "skew was measured");
    assert_eq!(world.complaints(), Vec::<String>::new());
}
