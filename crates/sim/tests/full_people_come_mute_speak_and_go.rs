//! What the random calls let people do works in full mode: cameras go off and on, microphones are muted, people speak
//! up, and whoever is killed is given up.

mod support;

use media::{Source, TrackId};
use sim::client::ClientConfig;
use sim::full::{Link, World};
use std::time::Duration;
use support::world;

/// Two people with camera and microphone; all that the second receives is written down.
fn two() -> (World, usize, usize) {
    let mut world = world(18);
    let ann = world.join_with_media("ann");
    let config = ClientConfig {
        frame_events: true,
        ..world.next_config()
    };
    let bob = world.join("bob", config, Link::default(), false);
    world.publish(bob, Source::Microphone);
    let tile = [(world.people[ann].id, 180)];
    world.view(bob, &tile);
    world.run(Duration::from_secs(3));
    (world, ann, bob)
}

/// Frames and packets of sound of a track that came in a second.
fn in_a_second(world: &mut World, viewer: usize, track: TrackId) -> (usize, usize) {
    let count = |world: &World| {
        let seen = world.people[viewer].observation.as_ref().expect("observed");
        let of_track = |arrivals: &[sim::full::Arrival]| arrivals.iter().filter(|a| a.track == track).count();
        (of_track(&seen.frames), of_track(&seen.audio))
    };
    let before = count(world);
    world.run(Duration::from_secs(1));
    let after = count(world);
    (after.0 - before.0, after.1 - before.1)
}

#[test]
fn a_camera_goes_off_and_on() {
    let (mut world, ann, bob) = two();
    let first = world.people[ann].tracks[&Source::Camera];
    let frames = in_a_second(&mut world, bob, first).0;
    assert!((28..=33).contains(&frames), "{frames}");
    world.unpublish(ann, Source::Camera);
    world.run(Duration::from_millis(100));
    assert_eq!(in_a_second(&mut world, bob, first).0, 0);
    let second = world.publish(ann, Source::Camera);
    world.run(Duration::from_secs(1));
    assert!((28..=33).contains(&in_a_second(&mut world, bob, second).0));
    assert_eq!(world.complaints(), Vec::<String>::new());
}

#[test]
fn sound_stops_when_muted_and_is_as_loud_as_told() {
    let (mut world, ann, bob) = two();
    let track = world.people[ann].tracks[&Source::Microphone];
    let voiced = |world: &World| -> u64 {
        let slots = world.people[bob].client.slots().iter();
        slots.map(|slot| slot.stats.voiced).sum()
    };
    assert!((48..=52).contains(&in_a_second(&mut world, bob, track).1));
    world.speak(ann, 20);
    world.run(Duration::from_millis(100));
    let before = voiced(&world);
    assert!((48..=52).contains(&in_a_second(&mut world, bob, track).1));
    assert_eq!(voiced(&world), before, "107 dB below full scale is no voice");
    world.speak(ann, 110);
    world.run(Duration::from_secs(1));
    assert!(voiced(&world) > before + 40);
    world.mute(ann, true);
    world.run(Duration::from_millis(100));
    assert_eq!(in_a_second(&mut world, bob, track).1, 0);
    assert_eq!(world.complaints(), Vec::<String>::new());
}

#[test]
fn whoever_is_killed_is_given_up() {
    let (mut world, ann, bob) = two();
    let track = world.people[ann].tracks[&Source::Camera];
    world.kill(ann);
    world.run(Duration::from_millis(100));
    assert_eq!(in_a_second(&mut world, bob, track).0, 0);
    world.leave(bob);
    world.run(Duration::from_secs(60));
    let counters = world.router.counters();
    assert_eq!((counters.peers, counters.tracks, counters.slots), (0, 0, 0));
    assert_eq!((counters.addresses, counters.usernames), (0, 0));
    assert_eq!(world.rooms.participant_count(), 0);
}

#[test]
fn the_downlink_of_who_is_observed_is_sampled() {
    let (world, _, bob) = two();
    let seen = world.people[bob].observation.as_ref().expect("observed");
    assert!((55..=61).contains(&seen.samples.len()), "{}", seen.samples.len());
    let last = seen.samples.last().expect("there are some");
    assert!(
        last.target_bps > 300_000 && last.sent.video_bytes > 10_000,
        "{last:?}"
    );
}
