//! Who joins with an identity that is in the room already takes its place.

mod common;
use common::{World, of};
use room::{CloseReason, Config, Notice, RoomError};

#[test]
fn the_newer_wins_and_the_older_is_told() {
    let mut world = World::new();
    let bob = world.join("daily", "Bob");
    let older = world.enter("daily", "Ada", of("ada"));
    world.bring_up(&older, 3, 4);
    world.publish(&older, "cam");
    world.settle();
    let newer = world.enter("daily", "Ada on the phone", of("ada"));
    assert_eq!(world.closed_for(&older), Some(CloseReason::DuplicateIdentity));
    assert_eq!(world.rooms.participant_count(), 2);
    assert_eq!(world.rooms.track_count(), 0);
    assert_eq!(
        world.rooms.handle_leave(world.now, older.socket),
        Err(RoomError::WrongOrder("send `join` first"))
    );
    world.pass_secs(1);
    let told: Vec<_> = world
        .told(&bob)
        .iter()
        .filter_map(|notice| match notice {
            Notice::Joined { participants, .. } => Some(participants[0].id),
            Notice::Left { participants, .. } => Some(participants[0]),
            _ => None,
        })
        .collect();
    assert_eq!(told, [older.id, newer.id]);
}

#[test]
fn the_newer_is_welcomed_without_the_older() {
    let mut world = World::new();
    world.enter("daily", "Ada", of("ada"));
    let (welcome, _) = world.try_enter("daily", "Ada", of("ada")).expect("there is room");
    assert_eq!((welcome.count, welcome.participants.len()), (1, 0));
    assert_eq!(welcome.identity.as_deref(), Some("ada"));
}

#[test]
fn it_holds_for_a_third_as_well() {
    let mut world = World::new();
    world.enter("daily", "Ada", of("ada"));
    let second = world.enter("daily", "Ada", of("ada"));
    world.enter("daily", "Ada", of("ada"));
    assert_eq!(world.closed_for(&second), Some(CloseReason::DuplicateIdentity));
    assert_eq!(world.rooms.participant_count(), 1);
}

#[test]
fn the_older_cannot_be_resumed() {
    let mut world = World::new();
    let older = world.enter("daily", "Ada", of("ada"));
    world.close_socket(&older);
    world.enter("daily", "Ada", of("ada"));
    let socket = world.socket();
    let resumed = world.rooms.handle_resume(world.now, socket, &older.token);
    assert_eq!(resumed.map(drop), Err(RoomError::ResumeExpired));
}

#[test]
fn a_room_outlives_the_only_one_in_it_being_replaced() {
    let mut world = World::new();
    let older = world.enter("daily", "Ada", of("ada"));
    let may_not_create = room::Credentials {
        permissions: room::Permissions {
            create: false,
            ..room::Permissions::CALL
        },
        ..of("ada")
    };
    let newer = world.enter("daily", "Ada", may_not_create);
    assert_eq!(newer.room, older.room);
    assert!(world.closed.is_empty());
    world.leave(&newer);
    assert_eq!(world.rooms.held(), 0);
}

#[test]
fn a_full_room_has_a_place_for_who_replaces_itself() {
    let config = Config {
        max_participants: 2,
        ..Config::default()
    };
    let mut world = World::with(config);
    world.enter("daily", "Ada", of("ada"));
    world.enter("daily", "Bob", of("bob"));
    assert!(world.try_enter("daily", "Eve", of("eve")).is_err());
    assert!(world.try_enter("daily", "Ada", of("ada")).is_ok());
    assert_eq!(world.rooms.participant_count(), 2);
}

#[test]
fn a_join_that_fails_throws_nobody_out() {
    let mut world = World::new();
    let ada = world.enter("daily", "Ada", of("ada"));
    assert!(world.try_enter("daily", "", of("ada")).is_err());
    assert_eq!(world.closed_for(&ada), None);
    assert_eq!(world.rooms.participant_count(), 1);
}

#[test]
fn it_may_be_in_several_rooms_and_people_without_one_are_many() {
    let mut world = World::new();
    for room in ["one", "two"] {
        world.enter(room, "Ada", of("ada"));
        world.join(room, "Somebody");
        world.join(room, "Somebody");
    }
    assert_eq!(world.rooms.participant_count(), 6);
}

#[test]
fn others_see_it() {
    let mut world = World::new();
    world.enter("daily", "Ada", of("ada"));
    let (welcome, _) = world.try_join("daily", "Bob").expect("there is room");
    assert_eq!(welcome.participants[0].identity.as_deref(), Some("ada"));
    assert_eq!(welcome.identity, None);
}

#[test]
fn an_identity_has_bounds() {
    let mut world = World::new();
    for bad in ["", "a\nb", &"x".repeat(129)] {
        let result = world.try_enter("daily", "Ada", of(bad)).map(drop);
        assert!(matches!(result, Err(RoomError::InvalidValue(words)) if words.contains("identity")));
    }
    assert!(world.try_enter("daily", "Ada", of(&"王".repeat(128))).is_ok());
}
