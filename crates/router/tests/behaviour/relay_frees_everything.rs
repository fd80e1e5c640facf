//! Whatever goes, a track, a peer or a room, nothing of it is left on any worker, and nothing crosses rooms.

use crate::common::{CAMERA, MIC, Member};
use crate::spread::{Spread, packets};
use media::plane::MediaCommand;
use media::{LayerIndex, RoomId, Source, TrackId, WorkerId};
use peer::PeerEvent;
use router::{DropReason, RelayMessage};

fn call() -> (Spread, Member, Member, TrackId) {
    let mut spread = Spread::new(2);
    let alice = spread.join(0, 1, 1, (1, 1));
    let bob = spread.join(1, 1, 2, (1, 1));
    let camera = spread.publish(1, &alice, CAMERA, 10, Source::Camera);
    let microphone = spread.publish(1, &alice, MIC, 11, Source::Microphone);
    spread.assign(1, &bob, bob.video[0], Some(camera), 180);
    spread.assign(1, &bob, bob.audio[0], Some(microphone), 0);
    spread.frame(0, &alice, 0, true);
    // Two tracks, two imports, two exports, the room on both.
    assert_eq!(spread.held(), [2, 2, 2, 2]);
    (spread, alice, bob, camera)
}

#[test]
fn with_the_track() {
    let (mut spread, _, _, camera) = call();
    spread.command(1, MediaCommand::Unpublish { track: camera });
    assert_eq!(spread.held(), [1, 1, 1, 2]);
}

#[test]
fn with_the_publisher() {
    let (mut spread, alice, ..) = call();
    let participant = alice.id;
    spread.command(1, MediaCommand::RemovePeer { participant });
    assert_eq!(spread.held(), [0, 0, 0, 1]);
}

#[test]
fn with_a_publisher_whose_connection_broke() {
    let (mut spread, alice, ..) = call();
    let closed = PeerEvent::Closed {
        reason: "the test says so",
        dtls_alert: false,
    };
    spread.stages[0].tell(&alice, closed);
    spread.settle();
    assert_eq!(spread.held(), [0, 0, 0, 1]);
}

#[test]
fn before_the_control_plane_has_heard_of_it() {
    let (mut spread, alice, ..) = call();
    let closed = PeerEvent::Closed {
        reason: "the test says so",
        dtls_alert: false,
    };
    spread.stages[0].tell(&alice, closed);
    let now = spread.stages[0].now;
    while let Some((to, message)) = spread.stages[0].router.poll_relay() {
        assert_eq!(to, WorkerId(1));
        spread.stages[1].router.handle_relay(now, WorkerId(0), message);
    }
    assert_eq!(spread.held(), [0, 0, 0, 1]);
}

#[test]
fn with_the_last_peer_of_the_room_on_a_worker() {
    let (mut spread, _, bob, _) = call();
    let participant = bob.id;
    spread.command(1, MediaCommand::RemovePeer { participant });
    assert_eq!(spread.held(), [2, 0, 0, 1]);
    spread.take_crossed();
    spread.stages[1].pass(3_000);
    spread.settle();
    assert!(spread.take_crossed().is_empty());
    // Whoever comes next finds the tracks again.
    let carol = spread.join(1, 1, 3, (1, 1));
    assert_eq!(spread.held(), [2, 2, 0, 2]);
    spread.assign(1, &carol, carol.video[0], Some(TrackId(10)), 180);
    assert_eq!(spread.held(), [2, 2, 1, 2]);
}

#[test]
fn when_the_word_of_it_is_lost() {
    let (mut spread, alice, bob, _) = call();
    spread.loses = Box::new(|message| matches!(message, RelayMessage::Unwatch { .. }));
    spread.assign(1, &bob, bob.video[0], None, 0);
    spread.pass(2_000);
    assert_eq!(spread.held()[2], 2);
    spread.loses = Box::new(|_| false);
    spread.frame(0, &alice, 0, false);
    assert_eq!(spread.held()[2], 1, "the next packet is answered");
    assert_eq!(
        spread.stages[1]
            .router
            .counters()
            .dropped(DropReason::RelayUnknown),
        1
    );
}

#[test]
fn nothing_crosses_rooms() {
    let (mut spread, alice, _, camera) = call();
    // Mallory's worker has people of another room only.
    let mut stage = crate::common::Stage::new();
    stage.now = spread.stages[0].now;
    spread.stages.push(stage);
    let mallory = spread.join(2, 2, 66, (1, 1));
    spread.assign(2, &mallory, mallory.video[0], Some(camera), 180);
    let command = MediaCommand::Import {
        track: camera,
        room: RoomId(1),
        worker: WorkerId(0),
        source: Source::Camera,
        layers: crate::spread::layers_of(Source::Camera),
        muted: false,
    };
    spread.stages[2].command(command);
    let now = spread.stages[0].now;
    let mut layers = forward::LayerSet::EMPTY;
    layers.insert(LayerIndex(0));
    let watch = RelayMessage::Watch {
        track: camera,
        layers,
        decodes: true,
        place: router::Place::default(),
    };
    spread.stages[0].router.handle_relay(now, WorkerId(2), watch);
    spread.take_crossed();
    spread.frame(0, &alice, 0, true);
    let crossed = spread.take_crossed();
    assert_eq!((packets(&crossed, 0, 1), packets(&crossed, 0, 2)), (1, 0));
    assert!(!mallory.received_anything());
    // Nor does a worker speak for a track of another.
    let ended = RelayMessage::Ended { track: camera };
    spread.stages[1].router.handle_relay(now, WorkerId(2), ended);
    assert_eq!(spread.stages[1].router.counters().imports, 2);
}
