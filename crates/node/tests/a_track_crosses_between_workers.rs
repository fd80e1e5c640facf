//! Two workers, each a thread with sockets of its own: what somebody publishes on one is received by who watches it on the
//! other, and the watching reaches the publisher.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the I/O ring is tested with real sockets"
)]

mod plain_peer;

use media::plane::{MediaCommand, SlotAssignment};
use media::{ParticipantId, Source, TrackId, WorkerId};
use node::{Node, NodeConfig, NodeEvent, WorkerCommand};
use plain_peer::{CAMERA, LOOPBACK, PATIENCE, PlainPeer, ROOM, SLOT, STOP, frame, join, join_with, receive};
use router::{DropReason, Placement};
use std::net::UdpSocket;
use std::sync::{Arc, Barrier};
use std::time::Instant;

/// Alice publishes on worker 0; Bob, on worker 1, watches her.
struct Call {
    node: Node<PlainPeer>,
    alice: UdpSocket,
    bob: UdpSocket,
    /// Where Bob's worker stops.
    barrier: Arc<Barrier>,
    _events: tokio::sync::mpsc::Receiver<NodeEvent>,
}

fn call() -> Call {
    let config = NodeConfig {
        workers: 2,
        bind: LOOPBACK,
        port: 0,
        fallback_ip: LOOPBACK,
        pin_workers: node::PinWorkers::Off,
        router: router::RouterConfig::default(),
    };
    let (node, events) = Node::<PlainPeer>::start(&config).unwrap();
    let barrier = Arc::new(Barrier::new(2));
    let alice = join(&node, 0, 1, 'a');
    let bob = join_with(&node, 1, 2, 'b', barrier.clone());
    let mut placement = Placement::new();
    placement.handle_peer(ROOM, ParticipantId(1), WorkerId(0));
    placement.handle_peer(ROOM, ParticipantId(2), WorkerId(1));
    let publish = MediaCommand::Publish {
        participant: ParticipantId(1),
        mline: CAMERA,
        track: TrackId(10),
        source: Source::Camera,
        layers: Vec::new(),
    };
    let watch = MediaCommand::Assign {
        participant: ParticipantId(2),
        slots: vec![SlotAssignment {
            slot: SLOT,
            track: Some(TrackId(10)),
            height: 720,
            priority: 0,
        }],
    };
    for command in [publish, watch] {
        placement.handle_command(ROOM, command);
    }
    while let Some((worker, command)) = placement.poll_command() {
        node.send(worker.0.into(), WorkerCommand::Media(command)).unwrap();
    }
    assert_eq!(receive(&alice), b"P", "somebody over there waits for a keyframe");
    Call {
        node,
        alice,
        bob,
        barrier,
        _events: events,
    }
}

const MORE_THAN_A_RING_HAS: u64 = 1_500;
/// Less than half of all sequence numbers: a gap of more looks like a step back.
const FLOOD: u32 = 30_000;

#[test]
fn a_track_crosses_between_workers() {
    let Call { alice, bob, .. } = &call();
    for id in 0..100 {
        alice.send(&frame(id == 0, id)).unwrap();
        let received = receive(bob);
        // The server writes picture ids of its own.
        assert_eq!(received[5..], frame(id == 0, id)[5..], "frame {id}");
    }
}

#[test]
fn what_a_worker_that_is_behind_has_missed_begins_anew_with_a_keyframe() {
    let call = call();
    let (alice, bob) = (&call.alice, &call.bob);
    alice.send(&frame(true, 0)).unwrap();
    receive(bob);
    bob.send(&[STOP]).unwrap();
    call.barrier.wait();
    // More than the mailbox and the router's queue for it hold: the oldest go, and so many of them that the publisher's ring
    // has lost them too.
    let dropped = || call.node.snapshot(0).router.dropped(DropReason::RelayFull);
    let deadline = Instant::now() + 3 * PATIENCE;
    let mut sent = 0;
    while dropped() < MORE_THAN_A_RING_HAS {
        assert!(Instant::now() < deadline, "too few were dropped: {}", dropped());
        if sent < FLOOD {
            for id in 1..100 {
                alice.send(&frame(false, id)).unwrap();
            }
            sent += 99;
        }
        std::thread::yield_now();
    }
    call.barrier.wait();
    assert_eq!(receive(alice), b"P", "what is missing is not to be had any more");
    alice.send(&frame(true, 0)).unwrap();
    // What waited in the mailbox comes first.
    let keyframe = frame(true, 0);
    while receive(bob)[5..] != keyframe[5..] {}
    assert!(call.node.snapshot(1).router.relay_in.packets > 0);
}
