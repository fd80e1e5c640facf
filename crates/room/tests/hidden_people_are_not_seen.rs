//! Nobody hears of somebody who is hidden, except those who may see the hidden.

mod common;
use common::{World, camera};
use media::ParticipantId;
use media::Sources;
use media::plane::{MediaEvent, Quality};
use room::{Notice, Permissions, RoomError};

const HIDDEN: Permissions = Permissions {
    hidden: true,
    ..Permissions::CALL
};
const SEEING: Permissions = Permissions {
    see_hidden: true,
    ..Permissions::CALL
};

/// Everybody a person was told of, and the last count.
fn heard_of(world: &World, person: &common::Person) -> (Vec<ParticipantId>, Option<u32>) {
    let (mut known, mut last) = (Vec::new(), None);
    for notice in world.told(person) {
        match notice {
            Notice::Joined {
                participants, count, ..
            } => {
                known.extend(participants.iter().map(|other| other.id));
                last = Some(*count);
            }
            Notice::Left {
                participants, count, ..
            } => {
                known.retain(|other| !participants.contains(other));
                last = Some(*count);
            }
            _ => {}
        }
    }
    (known, last)
}

#[test]
fn who_comes_hidden_is_announced_to_those_who_may_see_it_alone() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let guard = world.connect_as("daily", "Guard", SEEING);
    world.settle();
    let ghost = world.connect_as("daily", "Ghost", HIDDEN);
    world.pass_secs(1);
    assert_eq!(heard_of(&world, &ada), (vec![], None));
    assert_eq!(heard_of(&world, &guard), (vec![ghost.id], Some(3)));
    // And nothing that happens to it shows.
    let quality = Quality {
        score: 10,
        reason: None,
    };
    world.event(MediaEvent::Quality {
        participant: ghost.id,
        quality,
    });
    world.view(&ada, &[camera(&ghost, 360)], Some(360));
    world.pass_secs(1);
    world.leave(&ghost);
    world.pass_secs(1);
    let told: Vec<_> = world
        .told(&ada)
        .iter()
        .filter(|notice| !matches!(notice, Notice::Slots { .. }))
        .collect();
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(heard_of(&world, &guard), (vec![], Some(2)));
}

#[test]
fn lists_and_counts_are_those_of_who_asks() {
    let mut world = World::new();
    let ghost = world.enter("daily", "Ghost", common::with(HIDDEN));
    let (welcome, ada) = world.try_join("daily", "Ada").expect("there is room");
    assert_eq!((welcome.count, welcome.participants.len()), (1, 0));
    let (welcome, guard) = world
        .try_enter("daily", "Guard", common::with(SEEING))
        .expect("there is room");
    assert_eq!((welcome.count, welcome.participants.len()), (3, 2));
    let mut page = |socket| {
        let page = world.rooms.handle_participants(socket, 0, 10).expect("a page");
        (page.count, page.participants.len())
    };
    assert_eq!(page(ada), (2, 1));
    assert_eq!(page(guard), (3, 2));
    // It counts itself.
    assert_eq!(page(ghost.socket), (3, 2));
}

#[test]
fn who_is_hidden_neither_publishes_nor_sends_data() {
    let mut world = World::new();
    let ghost = world.connect_as("daily", "Ghost", HIDDEN);
    let result = world
        .rooms
        .handle_publish(world.now, ghost.socket, "mic", vec![], false);
    assert!(matches!(result, Err(RoomError::NotAllowed(words)) if words.contains("hidden")));
    assert_eq!(world.media_permits(&ghost), Some((false, true)));
    let (welcome, _) = world
        .try_enter("daily", "Other", common::with(HIDDEN))
        .expect("there is room");
    assert_eq!(
        (welcome.permissions.publish, welcome.permissions.data),
        (Sources::NONE, false)
    );
}

#[test]
fn who_is_hidden_in_the_middle_of_a_call_leaves_for_the_others() {
    let mut world = World::new();
    let (ada, bob) = (world.connect("daily", "Ada"), world.connect("daily", "Bob"));
    let guard = world.connect_as("daily", "Guard", SEEING);
    let voice = world.publish(&ada, "mic");
    world.levels(ada.room, &[(voice.id, 90)]);
    world.settle();
    world.permit(&ada, HIDDEN);
    world.pass_secs(1);
    let left = |person| {
        world
            .told(person)
            .iter()
            .any(|notice| matches!(notice, Notice::Left { participants, .. } if *participants == [ada.id]))
    };
    assert!(left(&bob) && !left(&guard));
    assert_eq!(world.rooms.track_count(), 0);
    world.settle();
    world.permit(&ada, Permissions::CALL);
    world.pass_secs(1);
    assert_eq!(heard_of(&world, &bob), (vec![ada.id], Some(3)));
    assert_eq!(heard_of(&world, &guard).0, []);
}

#[test]
fn sight_of_the_hidden_comes_and_goes() {
    let mut world = World::new();
    let ghost = world.connect_as("daily", "Ghost", HIDDEN);
    let (ada, bob) = (world.connect("daily", "Ada"), world.connect("daily", "Bob"));
    world.settle();
    world.permit(&ada, SEEING);
    world.pass_secs(1);
    assert_eq!(heard_of(&world, &ada), (vec![ghost.id], Some(3)));
    world.permit(&ada, Permissions::CALL);
    world.pass_secs(1);
    assert_eq!(heard_of(&world, &ada), (vec![], Some(2)));
    assert_eq!(heard_of(&world, &bob), (vec![], None));
}
