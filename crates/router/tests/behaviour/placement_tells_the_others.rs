//! A command goes to the worker it concerns; the others of the room hear of its tracks and of each other.

use crate::spread::layers_of;
use media::plane::{MediaCommand, MediaEvent};
use media::{MLineIndex, ParticipantId, RoomId, Source, TrackId, WorkerId};
use router::Placement;

const ROOM: RoomId = RoomId(1);
const CAMERA: TrackId = TrackId(10);

fn commands(placement: &mut Placement) -> Vec<(u16, MediaCommand)> {
    std::iter::from_fn(|| placement.poll_command())
        .map(|(WorkerId(worker), command)| (worker, command))
        .collect()
}

fn publish(participant: u32) -> MediaCommand {
    MediaCommand::Publish {
        participant: ParticipantId(participant),
        mline: MLineIndex(1),
        track: CAMERA,
        source: Source::Camera,
        layers: layers_of(Source::Camera),
    }
}

fn import(worker: u16, muted: bool) -> MediaCommand {
    MediaCommand::Import {
        track: CAMERA,
        room: ROOM,
        worker: WorkerId(worker),
        source: Source::Camera,
        layers: layers_of(Source::Camera),
        muted,
    }
}

fn neighbours(workers: &[u16]) -> MediaCommand {
    MediaCommand::Neighbours {
        room: ROOM,
        workers: workers.iter().map(|worker| WorkerId(*worker)).collect(),
    }
}

fn peer(placement: &mut Placement, participant: u32, worker: u16) {
    placement.handle_peer(ROOM, ParticipantId(participant), WorkerId(worker));
}

/// Participant 1 with a camera on worker 0, participant 2 on worker 1.
fn spread() -> Placement {
    let mut placement = Placement::new();
    peer(&mut placement, 1, 0);
    peer(&mut placement, 2, 1);
    placement.handle_command(ROOM, publish(1));
    commands(&mut placement);
    placement
}

#[test]
fn a_room_on_one_worker_needs_nothing_more() {
    let mut placement = Placement::new();
    peer(&mut placement, 1, 3);
    peer(&mut placement, 2, 3);
    placement.handle_command(ROOM, publish(1));
    assert_eq!(commands(&mut placement), [(3, publish(1))]);
}

#[test]
fn permissions_go_to_the_worker_of_whom_they_concern() {
    let mut placement = Placement::new();
    peer(&mut placement, 1, 0);
    peer(&mut placement, 2, 1);
    commands(&mut placement);
    let permit = MediaCommand::Permit {
        participant: media::ParticipantId(2),
        data: false,
        subscribe: true,
    };
    placement.handle_command(ROOM, permit.clone());
    assert_eq!(commands(&mut placement), [(1, permit)]);
}

#[test]
fn a_track_is_imported_by_the_others() {
    let mut placement = Placement::new();
    peer(&mut placement, 1, 0);
    peer(&mut placement, 2, 1);
    assert_eq!(
        commands(&mut placement),
        [(0, neighbours(&[1])), (1, neighbours(&[0]))]
    );
    placement.handle_command(ROOM, publish(1));
    assert_eq!(commands(&mut placement), [(0, publish(1)), (1, import(0, false))]);
}

#[test]
fn a_worker_that_the_room_comes_to_later_hears_of_all() {
    let mut placement = spread();
    let mute = MediaCommand::Mute {
        track: CAMERA,
        muted: true,
    };
    placement.handle_command(ROOM, mute.clone());
    assert_eq!(commands(&mut placement), [(0, mute.clone()), (1, mute)]);
    peer(&mut placement, 3, 2);
    let told = [
        (0, neighbours(&[1, 2])),
        (1, neighbours(&[0, 2])),
        (2, neighbours(&[0, 1])),
        (2, import(0, true)),
    ];
    assert_eq!(commands(&mut placement), told);
}

#[test]
fn what_leaves_is_forgotten_everywhere() {
    let mut placement = spread();
    let participant = ParticipantId(1);
    placement.handle_command(ROOM, MediaCommand::RemovePeer { participant });
    let told = commands(&mut placement);
    assert!(told.contains(&(0, MediaCommand::RemovePeer { participant })));
    assert!(told.contains(&(1, MediaCommand::Unpublish { track: CAMERA })));
    assert!(told.contains(&(1, neighbours(&[]))));
    let participant = ParticipantId(2);
    placement.handle_command(ROOM, MediaCommand::RemovePeer { participant });
    assert_eq!(placement.room_count(), 0);
}

#[test]
fn a_participant_who_moves_is_removed_where_they_were() {
    let mut placement = spread();
    peer(&mut placement, 1, 1);
    let told = commands(&mut placement);
    let participant = ParticipantId(1);
    assert!(told.contains(&(0, MediaCommand::RemovePeer { participant })));
    assert!(told.contains(&(1, MediaCommand::Unpublish { track: CAMERA })));
    assert_eq!(placement.worker_of(ROOM, participant), Some(WorkerId(1)));
    // Their former connection's last word says nothing of the new one.
    let disconnected = MediaEvent::Disconnected {
        participant,
        reason: "the test says so",
        dtls_alert: false,
    };
    placement.handle_event(WorkerId(0), &disconnected);
    assert_eq!(placement.worker_of(ROOM, participant), Some(WorkerId(1)));
    placement.handle_event(WorkerId(1), &disconnected);
    assert_eq!(placement.worker_of(ROOM, participant), None);
}

#[test]
fn a_worker_that_may_have_forgotten_the_room_is_told_again() {
    let mut placement = spread();
    // The connection broke and was replaced, and its worker was without the room in between.
    peer(&mut placement, 2, 1);
    let told = commands(&mut placement);
    assert!(told.contains(&(1, neighbours(&[0]))));
    assert!(told.contains(&(1, import(0, false))));
}

#[test]
fn a_worker_that_forgot_the_room_while_somebody_came_is_told_again() {
    let mut placement = spread();
    // The second connection broke before the worker was given the third, and that is heard of afterwards.
    peer(&mut placement, 3, 1);
    assert_eq!(commands(&mut placement), []);
    let disconnected = MediaEvent::Disconnected {
        participant: ParticipantId(2),
        reason: "the test says so",
        dtls_alert: false,
    };
    placement.handle_event(WorkerId(1), &disconnected);
    let told = commands(&mut placement);
    assert!(told.contains(&(1, neighbours(&[0]))), "{told:?}");
    assert!(told.contains(&(1, import(0, false))), "{told:?}");
}

#[test]
fn levels_are_heard_of_one_worker() {
    let mut placement = spread();
    let levels = MediaEvent::AudioLevels {
        levels: Vec::new(),
        room: ROOM,
    };
    assert!(placement.handle_event(WorkerId(0), &levels));
    assert!(!placement.handle_event(WorkerId(1), &levels));
    let participant = ParticipantId(1);
    placement.handle_command(ROOM, MediaCommand::RemovePeer { participant });
    assert!(placement.handle_event(WorkerId(1), &levels));
}
#[test]
fn what_everybody_looks_at_is_imported_first() {
    let mut placement = Placement::new();
    peer(&mut placement, 1, 0);
    let sources = [
        Source::Camera,
        Source::Microphone,
        Source::Screen,
        Source::ScreenAudio,
        Source::Microphone,
    ];
    for (n, source) in sources.into_iter().enumerate() {
        let command = MediaCommand::Publish {
            participant: ParticipantId(1),
            mline: MLineIndex(n as u16),
            track: TrackId(n as u32 + 1),
            source,
            layers: layers_of(source),
        };
        placement.handle_command(ROOM, command);
    }
    let muted = MediaCommand::Mute {
        track: TrackId(2),
        muted: true,
    };
    placement.handle_command(ROOM, muted);
    commands(&mut placement);
    peer(&mut placement, 2, 1);
    let imported: Vec<u32> = commands(&mut placement)
        .into_iter()
        .filter_map(|(worker, command)| match command {
            MediaCommand::Import { track, .. } if worker == 1 => Some(track.0),
            _ => None,
        })
        .collect();
    assert_eq!(imported, [3, 4, 5, 1, 2]);
}
