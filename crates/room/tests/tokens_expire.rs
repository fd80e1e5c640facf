//! A participant leaves when its access token expires, unless it was renewed.

mod common;
use common::{Person, World};
use media::Sources;
use room::{CloseReason, Credentials, Notice, Permissions, RoomError};
use std::time::Duration;

fn enter(world: &mut World, seconds: u64) -> Person {
    let credentials = Credentials {
        expires: Some(world.now + Duration::from_secs(seconds)),
        ..common::of("ada")
    };
    world.enter("daily", "Ada", credentials)
}

fn renew(world: &mut World, person: &Person, permissions: Permissions, seconds: u64) {
    let expires = Some(world.now + Duration::from_secs(seconds));
    world
        .rooms
        .handle_renew(world.now, person.socket, permissions, expires)
        .expect("joined");
    world.drain();
}

fn reminders(world: &World, person: &Person) -> Vec<u32> {
    let notices = world.told(person).iter();
    let reminders = notices.filter_map(|notice| match notice {
        Notice::TokenExpiring { seconds } => Some(*seconds),
        _ => None,
    });
    reminders.collect()
}

#[test]
fn a_minute_before_its_token_expires_a_client_is_told_and_then_it_leaves() {
    let mut world = World::new();
    let ada = enter(&mut world, 3_600);
    world.pass_secs(3_539);
    assert_eq!(reminders(&world, &ada), []);
    world.pass_secs(1);
    assert_eq!(reminders(&world, &ada), [60]);
    world.pass_secs(59);
    assert_eq!(world.closed_for(&ada), None);
    world.pass_secs(1);
    assert_eq!(world.closed_for(&ada), Some(CloseReason::TokenExpired));
    assert_eq!(reminders(&world, &ada), [60]);
    assert_eq!(world.rooms.held(), 0);
}

#[test]
fn of_a_short_life_a_third_is_left() {
    let mut world = World::new();
    let ada = enter(&mut world, 30);
    world.pass_secs(19);
    assert_eq!(reminders(&world, &ada), []);
    world.pass_secs(1);
    assert_eq!(reminders(&world, &ada), [10]);
}

#[test]
fn a_renewed_token_keeps_the_seat() {
    let mut world = World::new();
    let ada = enter(&mut world, 100);
    for _ in 0..5 {
        world.pass_secs(90);
        renew(&mut world, &ada, Permissions::CALL, 100);
    }
    assert_eq!(reminders(&world, &ada).len(), 5);
    assert_eq!(world.closed_for(&ada), None);
    world.pass_secs(100);
    assert_eq!(world.closed_for(&ada), Some(CloseReason::TokenExpired));
}

#[test]
fn the_permissions_of_the_new_token_count() {
    let mut world = World::new();
    let ada = enter(&mut world, 100);
    world.bring_up(&ada, 3, 4);
    world.publish(&ada, "cam");
    let fewer = Permissions {
        publish: Sources::NONE,
        ..Permissions::CALL
    };
    renew(&mut world, &ada, fewer, 100);
    assert_eq!(world.told_permissions(&ada), Some(fewer));
    assert_eq!(world.rooms.track_count(), 0);
    let seat = world.rooms.seat_of(ada.socket).expect("joined");
    assert_eq!((seat.identity, seat.room), (Some("ada"), "daily"));
}

#[test]
fn a_new_token_may_expire_earlier_too() {
    let mut world = World::new();
    let ada = enter(&mut world, 3_600);
    renew(&mut world, &ada, Permissions::CALL, 10);
    world.pass_secs(10);
    assert_eq!(world.closed_for(&ada), Some(CloseReason::TokenExpired));
}

#[test]
fn an_expired_seat_cannot_be_resumed() {
    let mut world = World::new();
    let ada = enter(&mut world, 20);
    world.close_socket(&ada);
    world.pass_secs(20);
    assert_eq!(world.rooms.participant_count(), 0);
    let socket = world.socket();
    let resumed = world.rooms.handle_resume(world.now, socket, &ada.token);
    assert_eq!(resumed.map(drop), Err(RoomError::ResumeExpired));
}

#[test]
fn who_comes_back_is_told_again() {
    let mut world = World::new();
    let ada = enter(&mut world, 100);
    world.bring_up(&ada, 3, 4);
    world.pass_secs(70);
    assert_eq!(reminders(&world, &ada).len(), 1);
    world.close_socket(&ada);
    let socket = world.socket();
    let welcome = world
        .rooms
        .handle_resume(world.now, socket, &ada.token)
        .expect("the seat is kept");
    let ada = Person {
        socket,
        token: welcome.token,
        ..ada
    };
    world.pass_secs(1);
    assert_eq!(reminders(&world, &ada), [30]);
    assert_eq!(world.closed_for(&ada), None);
}

#[test]
fn who_leaves_before_leaves_nothing_behind() {
    let mut world = World::new();
    let ada = enter(&mut world, 3_600);
    world.leave(&ada);
    assert_eq!(world.rooms.held(), 0);
}

#[test]
fn without_a_token_nothing_expires() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    world.pass_secs(1_000_000);
    assert_eq!((world.closed_for(&ada), reminders(&world, &ada)), (None, vec![]));
    let stranger = world.socket();
    assert!(matches!(
        world
            .rooms
            .handle_renew(world.now, stranger, Permissions::CALL, None),
        Err(RoomError::WrongOrder(_))
    ));
}
