//! Who is audible, who is active, and which talkers came into talker slots.

mod common;
use common::{Person, World, camera, track_in};
use media::plane::MediaEvent;
use media::{MLineIndex, TrackId};
use room::{Notice, Speaker};
use std::time::Duration;

fn room_of(count: usize) -> (World, Vec<(Person, TrackId)>) {
    let mut world = World::new();
    let mut people = Vec::new();
    for i in 0..count {
        let person = world.connect_with("daily", &format!("P{i}"), 1, 3);
        let mic = world.publish(&person, "mic").id;
        people.push((person, mic));
    }
    world.settle();
    (world, people)
}

fn lists(world: &World, person: &Person) -> Vec<Vec<Speaker>> {
    let speakers = world.told(person).iter().filter_map(|notice| match notice {
        Notice::Speakers { speakers } => Some(speakers.clone()),
        _ => None,
    });
    speakers.collect()
}

#[test]
fn everybody_hears_who_is_audible_when_it_changes() {
    let (mut world, people) = room_of(3);
    let room = people[0].0.room;
    world.levels(room, &[(people[0].1, 80), (people[1].1, 50)]);
    world.levels(room, &[(people[0].1, 82), (people[1].1, 51)]);
    world.levels(room, &[]);
    let speaker = |i: usize, level, active| Speaker {
        participant: people[i].0.id,
        level,
        active,
    };
    for (person, _) in &people {
        let expected = vec![vec![speaker(0, 80, true), speaker(1, 50, false)], vec![]];
        assert_eq!(lists(&world, person), expected, "small changes are not told");
    }
}

#[test]
fn the_active_speaker_changes_only_after_a_while() {
    let (mut world, people) = room_of(2);
    let room = people[0].0.room;
    world.levels(room, &[(people[0].1, 80)]);
    for _ in 0..5 {
        world.pass(Duration::from_millis(200));
        world.levels(room, &[(people[1].1, 90), (people[0].1, 60)]);
    }
    let active: Vec<_> = lists(&world, &people[0].0)
        .iter()
        .filter_map(|list| {
            list.iter()
                .find(|speaker| speaker.active)
                .map(|speaker| speaker.participant)
        })
        .collect();
    assert_eq!(active, [people[0].0.id, people[0].0.id, people[1].0.id]);
}

#[test]
fn a_muted_or_vanished_speaker_is_not_audible() {
    let (mut world, people) = room_of(3);
    let room = people[0].0.room;
    world.levels(room, &[(people[0].1, 80), (people[1].1, 60)]);
    world.mute(&people[0].0, people[0].1, true);
    world.leave(&people[1].0);
    let heard = lists(&world, &people[2].0);
    assert_eq!(heard.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 0]);
    world.levels(room, &[(people[0].1, 80), (people[1].1, 60)]);
    assert_eq!(
        lists(&world, &people[2].0).len(),
        3,
        "late levels of theirs are ignored"
    );
}

#[test]
fn who_joins_while_others_talk_is_told() {
    let (mut world, people) = room_of(1);
    world.levels(people[0].0.room, &[(people[0].1, 80)]);
    let late = world.join("daily", "Late");
    assert_eq!(lists(&world, &late).len(), 1);
}

fn talker(person: &Person, slot: u16, track: Option<TrackId>) -> MediaEvent {
    MediaEvent::TalkerSlot {
        participant: person.id,
        slot: MLineIndex(slot),
        track,
    }
}

#[test]
fn a_talker_slot_is_told_like_any_other() {
    let (mut world, people) = room_of(3);
    let listener = &people[0].0;
    world.view(listener, &[], None);
    world.event(talker(listener, 41, Some(people[2].1)));
    assert_eq!(track_in(&world.slots(listener), "a1"), Some(people[2].1));
    world.event(talker(listener, 41, None));
    assert_eq!(track_in(&world.slots(listener), "a1"), None);
}

#[test]
fn a_talker_that_comes_on_screen_is_in_one_slot_only() {
    let (mut world, people) = room_of(3);
    let listener = &people[0].0;
    world.view(listener, &[], None);
    world.event(talker(listener, 41, Some(people[2].1)));
    world.notices.clear();
    world.view(listener, &[camera(&people[2].0, 360)], None);
    let slots = world.slots(listener);
    assert_eq!(
        (track_in(&slots, "a0"), track_in(&slots, "a1")),
        (Some(people[2].1), None)
    );
    assert_eq!(world.told(listener).len(), 1, "in one message");
    // The router said so before it knew.
    world.event(talker(listener, 42, Some(people[2].1)));
    assert_eq!(world.told(listener).len(), 1);
}

#[test]
fn a_talker_slot_never_carries_oneself_a_pair_or_a_stranger() {
    let (mut world, people) = room_of(2);
    let stranger = world.connect("other", "Eve");
    let strange = world.publish(&stranger, "mic").id;
    let listener = &people[0].0;
    world.view(listener, &[], None);
    world.settle();
    world.event(talker(listener, 41, Some(people[0].1)));
    world.event(talker(listener, 41, Some(strange)));
    world.event(talker(listener, 40, Some(people[1].1)));
    world.event(talker(listener, 99, Some(people[1].1)));
    assert!(world.told(listener).is_empty(), "{:?}", world.told(listener));
}
