//! `Disconnected`: the client hears why, the others see it, and it comes back on the same socket.

mod common;
use common::{Person, World, sections};
use media::plane::{MediaCommand, MediaEvent};
use room::{Join, Notice, ParticipantState};

fn break_peer(world: &mut World, person: &Person, dtls_alert: bool) {
    world.event(MediaEvent::Disconnected {
        participant: person.id,
        reason: "DTLS alert",
        dtls_alert,
    });
}

#[test]
fn a_failed_handshake_is_told_as_one() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    world.offer(&ada);
    world
        .rooms
        .handle_peer_built(world.now, ada.id, sections(3, 3))
        .expect("the sections fit");
    world.settle();
    break_peer(&mut world, &ada, true);
    assert_eq!(
        world.told(&ada),
        [Notice::MediaFailed {
            reason: "DTLS alert",
            dtls_alert: true
        }]
    );
}

#[test]
fn its_tracks_are_over_and_the_others_see_it_reconnecting() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let grace = world.connect("daily", "Grace");
    let track = world.publish(&ada, "cam");
    world.settle();
    break_peer(&mut world, &ada, false);
    world.pass_secs(1);
    assert!(
        world
            .commands
            .contains(&(ada.room, MediaCommand::Unpublish { track: track.id }))
    );
    let info = world.told(&grace).iter().find_map(|notice| match notice {
        Notice::Updated { participants, .. } => participants.first(),
        _ => None,
    });
    let info = info.expect("Grace hears of it");
    assert_eq!(
        (info.state, info.tracks.len()),
        (ParticipantState::Reconnecting, 0)
    );
    assert_eq!(world.rooms.track_count(), 0);
}

#[test]
fn it_joins_anew_on_the_same_socket_and_the_former_self_is_gone() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let grace = world.connect("daily", "Grace");
    world.settle();
    break_peer(&mut world, &ada, true);
    let join = Join {
        room: "daily".into(),
        name: "Ada".into(),
        metadata: None,
        credentials: room::Credentials::OPEN,
    };
    let welcome = world
        .rooms
        .handle_join(world.now, ada.socket, join)
        .expect("the former peer failed");
    assert_eq!((welcome.count, welcome.participants[0].id), (2, grace.id));
    assert_ne!(welcome.participant, ada.id);
}

#[test]
fn or_it_sends_a_new_offer() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let grace = world.connect("daily", "Grace");
    break_peer(&mut world, &ada, false);
    world.offer(&ada);
    world
        .rooms
        .handle_peer_built(world.now, ada.id, sections(3, 3))
        .expect("the sections fit");
    world.connected(&ada);
    world.publish(&ada, "cam");
    world.pass_secs(60);
    assert_eq!(world.rooms.participant_count(), 2);
    let _ = grace;
}

#[test]
fn it_is_gone_when_it_does_neither() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    break_peer(&mut world, &ada, false);
    world.pass_secs(31);
    assert_eq!(world.rooms.held(), 0);
}

#[test]
fn a_second_report_of_the_same_end_is_ignored() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    break_peer(&mut world, &ada, false);
    world.offer(&ada);
    break_peer(&mut world, &ada, false);
    assert!(
        world
            .rooms
            .handle_peer_built(world.now, ada.id, sections(3, 3))
            .is_ok(),
        "the new offer still counts"
    );
}

#[test]
fn nothing_can_be_published_until_there_is_a_new_peer() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    break_peer(&mut world, &ada, false);
    let refused = world
        .rooms
        .handle_publish(world.now, ada.socket, "cam", vec![], false);
    assert!(
        matches!(refused, Err(room::RoomError::WrongOrder(_))),
        "{refused:?}"
    );
}
