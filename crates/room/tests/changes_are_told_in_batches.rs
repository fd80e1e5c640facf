//! `joined`, `left` and `updated` go out at most every 200 ms, to the others only, and never twice.

mod common;
use common::World;
use room::{Notice, ParticipantState};
use std::time::Duration;

#[test]
fn the_first_change_goes_out_at_once_and_a_burst_together() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    world.settle();
    let first = world.join("daily", "P0");
    world.pass(Duration::ZERO);
    assert!(
        matches!(world.told(&ada), [Notice::Joined { count: 2, participants, .. }] if participants[0].id == first.id)
    );
    for i in 1..10 {
        world.join("daily", &format!("P{i}"));
        world.pass(Duration::from_millis(10));
    }
    assert_eq!(world.told(&ada).len(), 1, "the rest waits");
    world.pass(Duration::from_millis(200));
    let Some(Notice::Joined {
        count, participants, ..
    }) = world.told(&ada).get(1)
    else {
        panic!("{:?}", world.told(&ada))
    };
    assert_eq!((*count, participants.len(), world.told(&ada).len()), (11, 9, 2));
}

#[test]
fn nobody_is_told_of_whom_the_welcome_has_shown() {
    let mut world = World::new();
    world.join("daily", "Ada");
    world.join("daily", "Grace");
    let alan = world.join("daily", "Alan");
    world.pass_secs(1);
    assert!(world.told(&alan).is_empty(), "{:?}", world.told(&alan));
}

#[test]
fn who_comes_and_goes_within_a_batch_is_never_mentioned() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    world.settle();
    world.join("daily", "Grace");
    world.pass(Duration::ZERO);
    let eve = world.join("daily", "Eve");
    world.leave(&eve);
    world.pass_secs(1);
    assert!(!format!("{:?}", world.told(&ada)).contains("Eve"));
    assert!(
        world
            .told(&ada)
            .iter()
            .all(|notice| !matches!(notice, Notice::Left { .. }))
    );
}

#[test]
fn a_newcomer_who_saw_somebody_hears_that_it_left() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    world.pass(Duration::ZERO);
    let eve = world.join("daily", "Eve");
    let grace = world.join("daily", "Grace");
    world.leave(&eve);
    world.pass_secs(1);
    assert!(
        matches!(world.told(&grace), [Notice::Left { count: 2, participants, .. }] if *participants == [eve.id])
    );
    assert!(
        matches!(world.told(&ada), [Notice::Joined { count: 2, .. }]),
        "{:?}",
        world.told(&ada)
    );
}

#[test]
fn an_update_carries_the_whole_participant_and_revisions_grow() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let grace = world.connect("daily", "Grace");
    world.settle();
    world
        .rooms
        .handle_update(world.now, ada.socket, Some("Countess"), Some("{}"))
        .expect("good values");
    let track = world.publish(&ada, "mic");
    world.pass_secs(1);
    let Some(Notice::Updated {
        revision,
        participants,
    }) = world.told(&grace).first()
    else {
        panic!("{:?}", world.told(&grace))
    };
    let info = &participants[0];
    assert_eq!(
        (info.name.as_str(), info.metadata.as_deref()),
        ("Countess", Some("{}"))
    );
    assert_eq!(
        (info.state, info.tracks.as_slice()),
        (ParticipantState::Connected, &[track][..])
    );
    let before = *revision;
    world.notices.clear();
    world.mute(&ada, track.id, true);
    world.pass_secs(1);
    let after = world.told(&grace).iter().find_map(|notice| match notice {
        Notice::Updated { revision, .. } => Some(*revision),
        _ => None,
    });
    assert!(after.is_some_and(|after| after > before));
    assert!(
        !world
            .told(&ada)
            .iter()
            .any(|notice| matches!(notice, Notice::Updated { .. })),
        "not to oneself"
    );
}

#[test]
fn an_update_that_changes_nothing_is_not_told() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    let grace = world.join("daily", "Grace");
    world.settle();
    world
        .rooms
        .handle_update(world.now, ada.socket, Some("Ada"), None)
        .expect("good values");
    world.pass_secs(1);
    assert!(world.told(&grace).is_empty());
}

#[test]
fn a_bad_update_changes_nothing() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    assert!(
        world
            .rooms
            .handle_update(world.now, ada.socket, Some("Eve"), Some(&"x".repeat(1_025)))
            .is_err()
    );
    let (welcome, _) = world.try_join("daily", "Grace").expect("there is room");
    assert_eq!(welcome.participants[0].name, "Ada");
}

#[test]
fn a_batch_lists_people_in_the_order_of_joining() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    world.settle();
    let people: Vec<_> = (0..8).map(|i| world.join("daily", &format!("P{i}"))).collect();
    // Somebody who changed meanwhile keeps its place.
    world
        .rooms
        .handle_update(world.now, people[0].socket, Some("First"), None)
        .expect("a good name");
    world.pass_secs(1);
    let Some(Notice::Joined { participants, .. }) = world.told(&ada).first() else {
        panic!("{:?}", world.told(&ada))
    };
    assert!(
        participants
            .iter()
            .map(|info| info.id)
            .eq(people.iter().map(|person| person.id))
    );
}
