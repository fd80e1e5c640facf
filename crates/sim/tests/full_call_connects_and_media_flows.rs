//! Three people join; each sees and hears the others, in the layer its tile asks for.

mod support;

use media::Source;
use std::time::Duration;
use support::world;

#[test]
fn call_connects_and_media_flows() {
    let mut world = world(1);
    let people: Vec<usize> = ["ann", "bob", "eve"]
        .into_iter()
        .map(|name| world.join_with_media(name))
        .collect();
    let connected = world.run_until(Duration::from_secs(5), |w| {
        w.people.iter().all(|p| p.client.is_connected())
    });
    assert!(connected, "not everybody is connected");
    world.run(Duration::from_secs(5));

    for &me in &people {
        for &other in people.iter().filter(|other| **other != me) {
            for source in [Source::Camera, Source::Microphone] {
                let track = world.people[other].tracks[&source];
                let slot = world.people[me]
                    .slot_of(track)
                    .expect("everybody else has a slot");
                let slot = &world.people[me].client.slots()[slot];
                let run = slot
                    .stats
                    .runs
                    .iter()
                    .find(|run| run.csrc == track.0)
                    .expect("packets came");
                match source {
                    Source::Camera => assert!(run.frames > 120, "{} frames in 5 s", run.frames),
                    _ => assert!(run.voiced > 200, "{} packets with voice in 5 s", run.voiced),
                }
            }
        }
    }
    assert_eq!(world.complaints(), Vec::<String>::new());
}

#[test]
fn the_tile_height_picks_the_layer() {
    let mut world = world(2);
    let ann = world.join_with_media("ann");
    let bob = world.join_with_media("bob");
    world.run(Duration::from_secs(3));
    let camera = world.people[bob].tracks[&Source::Camera];
    for (tile, layer) in [(90, 90), (360, 360), (180, 180)] {
        let bob_id = world.people[bob].id;
        world.view(ann, &[(bob_id, tile)]);
        world.run(Duration::from_secs(3));
        let slot = world.people[ann].slot_of(camera).expect("the tile has a slot");
        let stats = &world.people[ann].client.slots()[slot].stats;
        assert_eq!(stats.height, Some(layer), "a tile of {tile} pixels");
        let fresh = world
            .now
            .saturating_duration_since(stats.last_frame.expect("frames came"));
        assert!(fresh < Duration::from_millis(200), "frames still come");
    }
    assert_eq!(world.complaints(), Vec::<String>::new());
}
