//! The differential oracle: the same call played on one worker and on three, whose relays lose nothing or a packet in a
//! hundred, gives every viewer the same pictures: of the same publisher, captured at the same time, in the same layer.

use media::Source;
use router::RouterConfig;
use sim::plain::{PersonConfig, PersonId, Tile, Workers, World};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// By publisher and time of capture: in which layer.
type Pictures = BTreeMap<(usize, Duration), u8>;

/// Around a change of layer, and where a picture begins or ends, two runs may differ for this long: a keyframe is asked
/// for over one more wire, and the next probe of a downlink waits for its turn.
const AT_SWITCHES: Duration = Duration::from_millis(1_200);
/// In a viewer's first seconds their downlink is measured by probes, whose outcome depends on what flows at that instant.
const MEASURING: Duration = Duration::from_secs(3);
/// All in all at most this share of a viewer's pictures may differ.
const SHARE: f64 = 0.05;

fn call(workers: Workers) -> (World, Vec<PersonId>) {
    let mut world = World::over(31, RouterConfig::default(), workers);
    let mut people = Vec::new();
    for _ in 0..5 {
        people.push(come(&mut world));
        world.run_ms(200);
    }
    world.speak(people[0], 100);
    let look = |world: &mut World, people: &[PersonId], who: usize, tiles: &[(usize, u16)]| {
        let tile = |(of, height): &(usize, u16)| Tile {
            of: people[*of],
            height: *height,
        };
        world.show(people[who], &tiles.iter().map(tile).collect::<Vec<_>>());
    };
    look(&mut world, &people, 0, &[(1, 180), (2, 360), (3, 720)]);
    look(&mut world, &people, 1, &[(0, 720), (2, 180)]);
    look(&mut world, &people, 2, &[(0, 360), (1, 360), (4, 180)]);
    look(&mut world, &people, 3, &[(4, 720)]);
    look(&mut world, &people, 4, &[(0, 180), (1, 180), (2, 180)]);
    world.run_ms(5_000);
    // Other views, and somebody who comes late.
    people.push(come(&mut world));
    look(&mut world, &people, 5, &[(0, 360), (3, 360), (4, 360)]);
    look(&mut world, &people, 0, &[(1, 720), (4, 180), (5, 180)]);
    look(&mut world, &people, 3, &[(1, 360), (0, 180)]);
    look(&mut world, &people, 4, &[(0, 720), (1, 0), (2, 180)]);
    world.run_ms(4_000);
    // A camera goes off and on again, another talks, one leaves.
    world.mute(people[0], true);
    world.speak(people[2], 110);
    world.unpublish(people[1], Source::Camera);
    world.run_ms(2_000);
    world.publish(people[1], Source::Camera);
    world.run_ms(3_000);
    world.leave(people[2]);
    world.run_ms(3_000);
    (world, people)
}

fn come(world: &mut World) -> PersonId {
    let who = world.join("tea", PersonConfig::default());
    world.observe(who);
    who
}

/// When what a viewer sees of each publisher changes its layer, begins or ends.
fn switches(pictures: &Pictures) -> BTreeSet<(usize, Duration)> {
    let mut switches = BTreeSet::new();
    let mut last: Option<((usize, Duration), u8)> = None;
    for (picture, layer) in pictures {
        let goes_on = last.is_some_and(|((of, at), former)| {
            of == picture.0 && former == *layer && picture.1 - at < Duration::from_millis(100)
        });
        if !goes_on {
            switches.extend(last.map(|(picture, _)| picture));
            switches.insert(*picture);
        }
        last = Some((*picture, *layer));
    }
    switches.extend(last.map(|(picture, _)| picture));
    switches
}

/// Pictures that are not in both, or in different layers.
fn differing(one: &Pictures, other: &Pictures) -> Vec<(usize, Duration)> {
    let all: BTreeSet<_> = one.keys().chain(other.keys()).copied().collect();
    all.into_iter()
        .filter(|picture| one.get(picture) != other.get(picture))
        .collect()
}

/// `late`: pictures away from switches that one of the two may lack, because a repair came after their playout.
fn assert_same_pictures(one: &World, other: &World, people: &[PersonId], late: usize) {
    for viewer in people {
        let settled = |world: &World| -> Pictures {
            let mut pictures = world.pictures(*viewer);
            let first = pictures.keys().map(|(_, at)| *at).min().unwrap_or_default();
            pictures.retain(|(_, at), _| *at >= first + MEASURING);
            pictures
        };
        let (a, b) = (settled(one), settled(other));
        assert!(a.len() > 500, "{viewer:?} sees something");
        let switches: BTreeSet<_> = switches(&a).union(&switches(&b)).copied().collect();
        let differing = differing(&a, &b);
        let near = |(of, at): &(usize, Duration)| {
            let (from, to) = (at.saturating_sub(AT_SWITCHES), *at + AT_SWITCHES);
            switches.range((*of, from)..=(*of, to)).next().is_some()
        };
        let strange: Vec<_> = differing.iter().filter(|picture| !near(picture)).collect();
        assert!(strange.len() <= late, "{viewer:?}: {strange:?}");
        let share = differing.len() as f64 / a.len().max(1) as f64;
        assert!(
            share <= SHARE,
            "{viewer:?}: {} of {} differ",
            differing.len(),
            a.len()
        );
    }
}

/// Numbers and decoding go on, and in the end everything is freed. A camera that goes off may leave `broken_ends`: a frame
/// whose missing packet was on its way again.
fn assert_well(world: &mut World, people: &[PersonId], broken_ends: u64) {
    assert_eq!(world.violations(), &[] as &[String]);
    for who in people {
        let undecodable: u64 = (0..3)
            .map(|slot| world.person(*who).video(slot).undecodable)
            .sum();
        assert!(undecodable <= broken_ends, "{who:?}: {undecodable}");
    }
    for (index, who) in people.iter().enumerate() {
        // The third has left.
        if index != 2 {
            world.leave(*who);
        }
    }
    world.run_ms(60_000);
    assert_eq!(world.left_over(), []);
}

#[test]
fn when_nothing_is_lost_between_them() {
    let (one, people) = call(Workers::default());
    let three = Workers {
        count: 3,
        ..Workers::default()
    };
    let (mut three, _) = call(three);
    assert!(three.router().counters().relay_out.packets > 1_000);
    assert_same_pictures(&one, &three, &people, 0);
    for who in &people {
        let (alone, spread) = (one.voices(*who), three.voices(*who));
        assert_eq!(
            alone.keys().collect::<Vec<_>>(),
            spread.keys().collect::<Vec<_>>()
        );
        for (of, packets) in &alone {
            // Whoever begins to talk off screen is heard a packet later on other workers.
            let fewer = packets - spread[of].min(*packets);
            assert!(fewer <= 2, "{who:?} heard {fewer} packets less of {of}");
        }
    }
    assert_well(&mut three, &people, 0);
}

#[test]
fn when_a_packet_in_a_hundred_is_lost() {
    let (one, people) = call(Workers::default());
    let three = Workers {
        count: 3,
        loss: 0.01,
        ..Workers::default()
    };
    let (mut three, _) = call(three);
    assert!(three.lost_between_workers() > 100);
    // Single pictures, of which 0 to 4 are late for a viewer over the seeds 31 to 36.
    assert_same_pictures(&one, &three, &people, 4);
    assert_well(&mut three, &people, 1);
}
