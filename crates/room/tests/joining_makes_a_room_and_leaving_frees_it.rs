//! A room is made by its first participant and gone with its last.

mod common;
use common::World;
use room::{Config, ParticipantState, RoomError};

#[test]
fn the_first_join_makes_the_room_and_the_second_finds_it() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    let (welcome, _) = world.try_join("daily", "Grace").expect("there is room");
    assert_eq!(welcome.room, ada.room);
    assert_eq!(welcome.count, 2);
    assert!(!welcome.resumed);
    let other = welcome.participants.first().expect("Ada is here");
    assert_eq!(
        (other.id, other.name.as_str(), other.state),
        (ada.id, "Ada", ParticipantState::Connecting)
    );
    assert_eq!(world.rooms.room_count(), 1);
}

#[test]
fn names_are_trimmed_before_they_are_compared() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    assert_eq!(world.join(" daily ", " Grace").room, ada.room);
}

#[test]
fn the_last_to_leave_closes_the_room_and_nothing_remains() {
    let mut world = World::new();
    let people = [world.connect("daily", "Ada"), world.connect("daily", "Grace")];
    world.publish(&people[0], "cam");
    for person in &people {
        world.leave(person);
    }
    world.pass_secs(1);
    assert_eq!(world.closed, [people[0].room]);
    assert_eq!(world.rooms.held(), 0);
}

#[test]
fn a_room_of_the_same_name_is_a_new_one_afterwards() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    world.leave(&ada);
    assert_ne!(world.join("daily", "Ada").room, ada.room);
}

#[test]
fn a_full_room_refuses_and_has_a_place_again_when_somebody_leaves() {
    let mut world = World::with(Config {
        max_participants: 2,
        ..Config::default()
    });
    let ada = world.join("daily", "Ada");
    world.join("daily", "Grace");
    assert_eq!(
        world.try_join("daily", "Eve").err(),
        Some(RoomError::RoomFull { limit: 2 })
    );
    world.join("other", "Eve");
    world.leave(&ada);
    world.join("daily", "Alan");
}

#[test]
fn a_node_has_a_limit_of_rooms() {
    let mut world = World::with(Config {
        max_rooms: 1,
        ..Config::default()
    });
    world.join("daily", "Ada");
    assert_eq!(
        world.try_join("other", "Eve").err(),
        Some(RoomError::TooManyRooms { limit: 1 })
    );
    world.join("daily", "Grace");
}

#[test]
fn a_refused_join_leaves_nothing_behind() {
    let mut world = World::new();
    for (room, name) in [
        ("a b", "Ada"),
        ("daily", ""),
        ("daily", "a\u{1b}[31m"),
        ("", "Ada"),
    ] {
        assert!(
            matches!(world.try_join(room, name), Err(RoomError::InvalidValue(_))),
            "{room:?} {name:?}"
        );
    }
    assert_eq!(world.rooms.held(), 0);
}

#[test]
fn a_socket_joins_once() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    let join = room::Join {
        room: "daily".into(),
        name: "Ada".into(),
        metadata: None,
        credentials: room::Credentials::OPEN,
    };
    let again = world.rooms.handle_join(world.now, ada.socket, join);
    assert!(matches!(again, Err(RoomError::WrongOrder(_))), "{again:?}");
    assert_eq!(world.rooms.participant_count(), 1);
}

#[test]
fn a_shutdown_tells_everybody_and_frees_everything() {
    use room::{CloseReason, Notice};
    let mut world = World::new();
    let people = [world.connect("daily", "Ada"), world.connect("other", "Grace")];
    world.settle();
    world.rooms.handle_shutdown(world.now);
    world.drain();
    for person in &people {
        assert_eq!(world.told(person), [Notice::Closed(CloseReason::ShuttingDown)]);
    }
    assert_eq!(world.rooms.held(), 0);
}
