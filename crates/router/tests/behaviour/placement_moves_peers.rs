//! What is said of a participant who is on the way between workers comes after the participant, whatever becomes of them.

use media::plane::{MediaCommand, MediaEvent, SlotAssignment};
use media::{MLineIndex, ParticipantId, RoomId, Source, TrackId, WorkerId};
use router::{MAX_HELD, MAX_MOVES, Placement};

const ROOM: RoomId = RoomId(1);
const ALICE: ParticipantId = ParticipantId(1);
const BOB: ParticipantId = ParticipantId(2);
const CAMERA: TrackId = TrackId(10);
const ONE: WorkerId = WorkerId(0);
const TWO: WorkerId = WorkerId(1);
const THREE: WorkerId = WorkerId(2);

type Commands = Vec<(WorkerId, MediaCommand)>;

/// Alice on the first worker publishes, Bob on the third is there. Alice is on her way to the second.
fn on_the_way() -> Placement {
    let mut placement = Placement::new();
    placement.handle_peer(ROOM, ALICE, ONE);
    placement.handle_peer(ROOM, BOB, THREE);
    placement.handle_command(ROOM, publish(ALICE, CAMERA));
    commands(&mut placement);
    assert!(placement.move_peer(ROOM, ALICE, TWO));
    let begun = commands(&mut placement);
    let release = MediaCommand::Release {
        participant: ALICE,
        to: TWO,
    };
    assert_eq!(begun.last(), Some(&(ONE, release)));
    assert_eq!(
        begun.len(),
        3,
        "the others hear of the new neighbour before: {begun:?}"
    );
    placement
}

fn commands(placement: &mut Placement) -> Commands {
    std::iter::from_fn(|| placement.poll_command()).collect()
}

fn publish(participant: ParticipantId, track: TrackId) -> MediaCommand {
    MediaCommand::Publish {
        participant,
        mline: MLineIndex(1),
        track,
        source: Source::Camera,
        layers: Vec::new(),
    }
}

fn assign(height: u16) -> MediaCommand {
    let slot = SlotAssignment {
        slot: MLineIndex(4),
        track: None,
        height,
        priority: 0,
    };
    MediaCommand::Assign {
        participant: ALICE,
        slots: vec![slot],
    }
}

fn mute(muted: bool) -> MediaCommand {
    MediaCommand::Mute { track: CAMERA, muted }
}

fn moved(placement: &mut Placement, worker: WorkerId) -> Commands {
    assert!(!placement.handle_event(worker, &MediaEvent::Moved { participant: ALICE }));
    commands(placement)
}

fn removed(worker: WorkerId) -> (WorkerId, MediaCommand) {
    (worker, MediaCommand::RemovePeer { participant: ALICE })
}

#[test]
fn what_is_forbidden_on_the_way_is_forbidden_after_it() {
    let permit = |data| MediaCommand::Permit {
        participant: ALICE,
        data,
        subscribe: true,
    };
    let mut placement = on_the_way();
    placement.handle_command(ROOM, permit(true));
    for _ in 0..MAX_HELD {
        placement.handle_command(ROOM, assign(1));
    }
    placement.handle_command(ROOM, permit(false));
    assert_eq!(commands(&mut placement), []);
    let after = moved(&mut placement, TWO);
    let permits: Vec<_> = after
        .iter()
        .filter(|(_, command)| matches!(command, MediaCommand::Permit { .. }))
        .collect();
    assert_eq!(permits, [&(TWO, permit(false))]);
}

#[test]
fn commands_wait_in_order() {
    let mut placement = on_the_way();
    for command in [assign(1), mute(true), assign(2), mute(false)] {
        placement.handle_command(ROOM, command);
    }
    assert_eq!(commands(&mut placement), []);
    let after = moved(&mut placement, TWO);
    let to_her: Vec<&MediaCommand> = after
        .iter()
        .filter(|(worker, command)| {
            let of_her = matches!(command, MediaCommand::Assign { .. } | MediaCommand::Mute { .. });
            *worker == TWO && of_her
        })
        .map(|(_, command)| command)
        .collect();
    assert_eq!(to_her, [&assign(1), &mute(true), &assign(2), &mute(false)]);
    // Bob's worker turns to hers.
    let turns = |(worker, command): &(WorkerId, MediaCommand)| {
        *worker == THREE
            && matches!(
                command,
                MediaCommand::Import {
                    track: CAMERA,
                    worker: TWO,
                    ..
                }
            )
    };
    assert!(after.iter().any(turns));
    placement.handle_command(ROOM, assign(3));
    assert_eq!(commands(&mut placement), [(TWO, assign(3))]);
}

#[test]
fn who_stays_is_told_what_waited() {
    let mut placement = on_the_way();
    placement.handle_command(ROOM, assign(1));
    let stays = MediaEvent::Stays {
        participant: ALICE,
        reason: "",
    };
    assert!(!placement.handle_event(ONE, &stays));
    let after = commands(&mut placement);
    assert_eq!(after.last(), Some(&(ONE, assign(1))));
    let neighbours = MediaCommand::Neighbours {
        room: ROOM,
        workers: vec![THREE],
    };
    assert!(after.contains(&(ONE, neighbours)));
    assert!(placement.move_peer(ROOM, ALICE, TWO), "and may be moved later");
}

#[test]
fn who_leaves_on_the_way_is_removed_where_they_arrive() {
    let mut placement = on_the_way();
    placement.handle_command(ROOM, assign(1));
    placement.handle_command(ROOM, MediaCommand::RemovePeer { participant: ALICE });
    let at_once = commands(&mut placement);
    assert!(at_once.contains(&removed(ONE)));
    let ended = MediaCommand::Unpublish { track: CAMERA };
    assert!(at_once.contains(&(THREE, ended)));
    assert!(moved(&mut placement, TWO).contains(&removed(TWO)));
    placement.handle_command(ROOM, MediaCommand::RemovePeer { participant: BOB });
    assert_eq!(placement.room_count(), 0);
}

#[test]
fn who_comes_anew_meanwhile_keeps_the_new_connection() {
    let mut placement = on_the_way();
    placement.handle_peer(ROOM, ALICE, THREE);
    commands(&mut placement);
    placement.handle_command(ROOM, assign(1));
    assert_eq!(commands(&mut placement), [(THREE, assign(1))]);
    let after = moved(&mut placement, TWO);
    assert!(after.contains(&removed(TWO)) && !after.contains(&removed(THREE)));
    assert_eq!(placement.worker_of(ROOM, ALICE), Some(THREE));
}

#[test]
fn the_end_of_a_replaced_connection_is_not_hers() {
    let mut placement = on_the_way();
    placement.handle_peer(ROOM, ALICE, THREE);
    let gone = MediaEvent::Disconnected {
        participant: ALICE,
        reason: "",
        dtls_alert: false,
    };
    assert!(!placement.handle_event(TWO, &gone));
    assert_eq!(placement.worker_of(ROOM, ALICE), Some(THREE));
    assert!(!placement.is_moving(ALICE));
}

#[test]
fn who_is_lost_on_the_way_is_gone() {
    for worker in [ONE, TWO] {
        let mut placement = on_the_way();
        let gone = MediaEvent::Disconnected {
            participant: ALICE,
            reason: "",
            dtls_alert: false,
        };
        assert!(placement.handle_event(worker, &gone));
        assert!(
            commands(&mut placement).contains(&removed(ONE)),
            "nobody passes on what comes"
        );
        assert_eq!(placement.worker_of(ROOM, ALICE), None);
        assert!(!placement.is_moving(ALICE));
    }
}

#[test]
fn the_port_she_is_known_by_hears_where_she_is() {
    let mut placement = on_the_way();
    moved(&mut placement, TWO);
    assert!(placement.move_peer(ROOM, ALICE, THREE));
    commands(&mut placement);
    let after = moved(&mut placement, THREE);
    let redirect = MediaCommand::Redirect {
        participant: ALICE,
        to: THREE,
    };
    assert!(after.contains(&(ONE, redirect)));
    placement.handle_command(ROOM, MediaCommand::RemovePeer { participant: ALICE });
    let over = commands(&mut placement);
    for worker in [ONE, TWO, THREE] {
        assert!(over.contains(&removed(worker)));
    }
}

#[test]
fn tracks_that_end_meanwhile_end_where_she_arrives() {
    let mut placement = on_the_way();
    placement.handle_command(ROOM, publish(BOB, TrackId(20)));
    placement.handle_command(ROOM, MediaCommand::Unpublish { track: TrackId(20) });
    commands(&mut placement);
    let over = MediaCommand::Unpublish { track: TrackId(20) };
    assert!(moved(&mut placement, TWO).contains(&(TWO, over)));
}

#[test]
fn no_more_than_so_many_at_a_time() {
    let mut placement = on_the_way();
    assert!(!placement.move_peer(ROOM, ALICE, THREE), "one way at a time");
    assert!(!placement.move_peer(ROOM, BOB, THREE), "he is there");
    for n in 0..MAX_HELD as u16 + 3 {
        placement.handle_command(ROOM, assign(n));
    }
    assert_eq!(placement.take_lost_commands(), 3);
    for n in 1..=MAX_MOVES as u32 {
        let who = ParticipantId(100 + n);
        placement.handle_peer(ROOM, who, THREE);
        assert_eq!(placement.move_peer(ROOM, who, TWO), n < MAX_MOVES as u32);
    }
}

#[test]
fn a_worker_that_forgot_the_room_with_her_is_told_again() {
    let mut placement = on_the_way();
    // Carol comes to the worker that Alice has just left, which nobody has told yet.
    let carol = ParticipantId(3);
    placement.handle_peer(ROOM, carol, ONE);
    placement.handle_command(ROOM, publish(BOB, TrackId(20)));
    commands(&mut placement);
    let told = |(worker, command): &(WorkerId, MediaCommand)| {
        *worker == ONE
            && matches!(
                command,
                MediaCommand::Import {
                    track: TrackId(20),
                    ..
                }
            )
    };
    assert!(moved(&mut placement, TWO).iter().any(told));
}
