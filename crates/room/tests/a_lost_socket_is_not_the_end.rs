//! Liveness: reconnecting, left, and resumed.

mod common;
use common::{Person, World};
use room::{CloseReason, Notice, ParticipantState, RoomError};
use std::time::Duration;

fn pair() -> (World, Person, Person) {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let grace = world.connect("daily", "Grace");
    world.settle();
    (world, ada, grace)
}

/// The states of `whom` that `who` was told, in order.
fn states(world: &World, who: &Person, whom: &Person) -> Vec<ParticipantState> {
    let updated = world.told(who).iter().filter_map(|notice| match notice {
        Notice::Updated { participants, .. } => Some(participants),
        _ => None,
    });
    updated
        .flatten()
        .filter(|info| info.id == whom.id)
        .map(|info| info.state)
        .collect()
}

fn saw_leave(world: &World, who: &Person, whom: &Person) -> bool {
    world
        .told(who)
        .iter()
        .any(|notice| matches!(notice, Notice::Left { participants, .. } if participants.contains(&whom.id)))
}

#[test]
fn a_killed_page_is_reconnecting_at_once_and_left_after_15_seconds() {
    let (mut world, ada, grace) = pair();
    world.close_socket(&ada);
    world.pass_secs(3);
    assert_eq!(states(&world, &grace, &ada), [ParticipantState::Reconnecting]);
    world.silent(&ada, 3);
    world.pass(Duration::from_millis(11_900));
    assert!(!saw_leave(&world, &grace, &ada));
    world.pass(Duration::from_millis(400));
    assert!(saw_leave(&world, &grace, &ada));
    assert_eq!(world.rooms.participant_count(), 1);
}

#[test]
fn a_silent_peer_with_an_open_socket_keeps_its_seat_30_seconds() {
    let (mut world, ada, grace) = pair();
    world.silent(&ada, 3);
    world.pass_secs(1);
    assert_eq!(states(&world, &grace, &ada), [ParticipantState::Reconnecting]);
    world.silent(&ada, 15);
    world.pass_secs(25);
    assert!(!saw_leave(&world, &grace, &ada));
    world.pass_secs(2);
    assert!(saw_leave(&world, &grace, &ada));
    assert_eq!(world.told(&ada), [Notice::Closed(CloseReason::MediaSilent)]);
}

#[test]
fn media_that_comes_back_is_connected_again() {
    let (mut world, ada, grace) = pair();
    world.silent(&ada, 3);
    world.pass_secs(5);
    world.silent(&ada, 0);
    world.pass_secs(60);
    assert_eq!(
        states(&world, &grace, &ada),
        [ParticipantState::Reconnecting, ParticipantState::Connected]
    );
}

#[test]
fn a_socket_that_is_resumed_loses_nothing() {
    let (mut world, ada, grace) = pair();
    let track = world.publish(&ada, "cam");
    world.publish(&grace, "cam");
    world.settle();
    world.close_socket(&ada);
    world.pass_secs(29);
    let socket = world.socket();
    let welcome = world
        .rooms
        .handle_resume(world.now, socket, &ada.token)
        .expect("within 30 s");
    assert!(welcome.resumed);
    assert_eq!(
        (welcome.participant, welcome.token.as_str()),
        (ada.id, ada.token.as_str())
    );
    assert_eq!(welcome.tracks, [track]);
    assert_eq!(welcome.participants.len(), 1);
    assert_eq!(welcome.slots.len(), 6, "all slots, as they are");
    world.pass_secs(60);
    assert_eq!(
        states(&world, &grace, &ada),
        [ParticipantState::Reconnecting, ParticipantState::Connected]
    );
    assert!(!saw_leave(&world, &grace, &ada));
}

#[test]
fn a_socket_that_stays_away_ends_the_participant_though_media_flows() {
    let (mut world, ada, grace) = pair();
    world.close_socket(&ada);
    world.pass_secs(31);
    assert!(saw_leave(&world, &grace, &ada));
    let socket = world.socket();
    let late = world.rooms.handle_resume(world.now, socket, &ada.token);
    assert_eq!(late.err(), Some(RoomError::ResumeExpired));
}

#[test]
fn where_no_media_ever_flowed_15_seconds_are_enough() {
    let mut world = World::new();
    let grace = world.join("daily", "Grace");
    let ada = world.join("daily", "Ada");
    world.view(&ada, &[], None);
    world.pass_secs(60);
    assert_eq!(
        world.rooms.participant_count(),
        2,
        "an open socket is a sign of life"
    );
    world.close_socket(&ada);
    world.pass_secs(14);
    assert!(!saw_leave(&world, &grace, &ada));
    world.pass_secs(2);
    assert!(saw_leave(&world, &grace, &ada));
}

#[test]
fn a_second_socket_takes_over_from_the_first() {
    let (mut world, ada, _) = pair();
    let socket = world.socket();
    world
        .rooms
        .handle_resume(world.now, socket, &ada.token)
        .expect("the participant lives");
    world.drain();
    assert_eq!(world.told(&ada), [Notice::Closed(CloseReason::Replaced)]);
    // What the first socket still sends or does has no effect.
    assert!(matches!(
        world.rooms.handle_leave(world.now, ada.socket),
        Err(RoomError::WrongOrder(_))
    ));
    world.close_socket(&ada);
    world.pass_secs(60);
    assert_eq!(world.rooms.participant_count(), 2);
}

#[test]
fn repeating_a_resume_on_the_same_socket_is_harmless() {
    let (mut world, ada, _) = pair();
    world.close_socket(&ada);
    let socket = world.socket();
    for _ in 0..2 {
        let welcome = world
            .rooms
            .handle_resume(world.now, socket, &ada.token)
            .expect("the participant lives");
        assert!(welcome.resumed);
    }
    world.drain();
    assert!(!world.notices.contains_key(&socket));
}

#[test]
fn an_unknown_token_is_refused() {
    let (mut world, ..) = pair();
    let socket = world.socket();
    assert_eq!(
        world.rooms.handle_resume(world.now, socket, "nonsense").err(),
        Some(RoomError::ResumeExpired)
    );
}

#[test]
fn a_peer_that_was_not_connected_yet_cannot_be_resumed() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    world.offer(&ada);
    world.close_socket(&ada);
    let socket = world.socket();
    assert_eq!(
        world.rooms.handle_resume(world.now, socket, &ada.token).err(),
        Some(RoomError::ResumeExpired)
    );
    assert_eq!(
        world.rooms.participant_count(),
        0,
        "the client joins anew, and must not meet itself"
    );
}

#[test]
fn leaving_is_at_once() {
    let (mut world, ada, grace) = pair();
    world.leave(&ada);
    world.pass(Duration::from_millis(200));
    assert!(saw_leave(&world, &grace, &ada));
}

#[test]
fn silence_that_begins_late_does_not_prolong_the_resume_window() {
    let (mut world, ada, grace) = pair();
    world.close_socket(&ada);
    world.pass_secs(25);
    world.silent(&ada, 3);
    world.pass(Duration::from_millis(5_500));
    assert!(saw_leave(&world, &grace, &ada));
}

#[test]
fn a_peer_that_ends_after_silence_does_not_start_it_anew() {
    use media::plane::MediaEvent;
    let (mut world, ada, grace) = pair();
    world.close_socket(&ada);
    world.pass_secs(3);
    world.silent(&ada, 3);
    world.pass_secs(11);
    let reason = "closed";
    world.event(MediaEvent::Disconnected {
        participant: ada.id,
        reason,
        dtls_alert: false,
    });
    world.pass_secs(2);
    assert!(saw_leave(&world, &grace, &ada), "within 20 s of the kill");
}
