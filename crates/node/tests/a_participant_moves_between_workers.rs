//! A participant goes from one worker, a thread with sockets of its own, to another in the middle of a call. The client
//! keeps its socket and the address it sends to, and takes packets only from there: media goes on in both directions.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the I/O ring is tested with real sockets"
)]

mod plain_peer;

use media::plane::{MediaCommand, MediaEvent, SlotAssignment};
use media::{ParticipantId, Source, TrackId, WorkerId};
use node::{Node, NodeConfig, NodeEvent, WorkerCommand};
use plain_peer::{CAMERA, LOOPBACK, PATIENCE, PlainPeer, ROOM, SLOT, frame, join, receive};
use router::Placement;
use std::net::UdpSocket;
use std::time::Instant;
use tokio::sync::mpsc::Receiver;

const ALICE: ParticipantId = ParticipantId(1);
const BOB: ParticipantId = ParticipantId(2);

/// Two who look at each other, on three workers.
struct Call {
    node: Node<PlainPeer>,
    events: Receiver<NodeEvent>,
    placement: Placement,
    alice: UdpSocket,
    bob: UdpSocket,
}

impl Call {
    fn new() -> Self {
        let config = NodeConfig {
            workers: 3,
            bind: LOOPBACK,
            port: 0,
            fallback_ip: LOOPBACK,
            pin_workers: node::PinWorkers::Off,
            router: router::RouterConfig::default(),
        };
        let (node, events) = Node::<PlainPeer>::start(&config).unwrap();
        let (alice, bob) = (join(&node, 0, 1, 'a'), join(&node, 1, 2, 'b'));
        let mut call = Self {
            node,
            events,
            placement: Placement::new(),
            alice,
            bob,
        };
        for (who, worker) in [(ALICE, 0), (BOB, 1)] {
            call.placement.handle_peer(ROOM, who, WorkerId(worker));
            let track = TrackId(10 + who.0);
            call.command(MediaCommand::Publish {
                participant: who,
                mline: CAMERA,
                track,
                source: Source::Camera,
                layers: Vec::new(),
            });
        }
        for (who, of) in [(ALICE, BOB), (BOB, ALICE)] {
            let slots = vec![SlotAssignment {
                slot: SLOT,
                track: Some(TrackId(10 + of.0)),
                height: 720,
                priority: 0,
            }];
            call.command(MediaCommand::Assign {
                participant: who,
                slots,
            });
        }
        assert_eq!(
            (receive(&call.alice), receive(&call.bob)),
            (b"P".into(), b"P".into())
        );
        call
    }

    fn command(&mut self, command: MediaCommand) {
        self.placement.handle_command(ROOM, command);
        self.send_commands();
    }

    fn send_commands(&mut self) {
        while let Some((worker, command)) = self.placement.poll_command() {
            let command = WorkerCommand::Media(command);
            self.node.send(worker.0.into(), command).unwrap();
        }
    }

    /// Listens to workers until one tells such a thing.
    fn wait_for(&mut self, mut is_it: impl FnMut(&MediaEvent) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let Ok(NodeEvent { worker, event }) = self.events.try_recv() else {
                assert!(Instant::now() < deadline, "nobody tells of it");
                std::thread::yield_now();
                continue;
            };
            self.placement.handle_event(WorkerId(worker as u16), &event);
            self.send_commands();
            if is_it(&event) {
                return;
            }
        }
    }

    fn move_to(&mut self, who: ParticipantId, worker: u16) {
        assert!(self.placement.move_peer(ROOM, who, WorkerId(worker)));
        self.send_commands();
        let arrived = MediaEvent::Moved { participant: who };
        self.wait_for(|event| *event == arrived);
        assert_eq!(self.placement.worker_of(ROOM, who), Some(WorkerId(worker)));
    }

    /// A frame of each reaches the other, and nothing else does.
    fn frames(&self, id: u8) {
        let ways = [(&self.alice, &self.bob), (&self.bob, &self.alice)];
        for (from, to) in ways {
            from.send(&frame(id == 0, id)).unwrap();
            // The server writes picture ids of its own.
            assert_eq!(receive(to)[5..], frame(id == 0, id)[5..], "frame {id}");
        }
    }
}

#[test]
fn media_goes_on_in_both_directions() {
    let mut call = Call::new();
    let mut id = 0;
    let mut film = |call: &Call| {
        for _ in 0..20 {
            call.frames(id);
            id += 1;
        }
    };
    film(&call);
    // To where the other is, and where nobody is; the other after her; and both back to where they came from.
    for (who, to) in [(ALICE, 1), (ALICE, 2), (BOB, 2), (BOB, 0), (ALICE, 0), (BOB, 1)] {
        call.move_to(who, to);
        film(&call);
    }
    let counters = |worker| call.node.snapshot(worker).router;
    let deadline = Instant::now() + PATIENCE;
    while (0..3).map(|worker| counters(worker).moves).sum::<u64>() < 6 {
        assert!(Instant::now() < deadline, "the workers tell of six moves");
        std::thread::yield_now();
    }
    assert!(counters(0).handed_over > 0);
}

#[test]
fn what_is_sent_on_the_way_arrives() {
    let mut call = Call::new();
    call.frames(0);
    assert!(call.placement.move_peer(ROOM, ALICE, WorkerId(2)));
    call.send_commands();
    // Before anybody knows where she is.
    for id in 1..100 {
        call.alice.send(&frame(false, id)).unwrap();
    }
    call.wait_for(|event| matches!(event, MediaEvent::Moved { .. }));
    for id in 1..100 {
        assert_eq!(receive(&call.bob)[5..], frame(false, id)[5..], "frame {id}");
    }
    call.frames(100);
}

#[test]
fn who_leaves_is_passed_on_no_more() {
    let mut call = Call::new();
    call.frames(0);
    call.move_to(ALICE, 2);
    call.command(MediaCommand::RemovePeer { participant: ALICE });
    let deadline = Instant::now() + PATIENCE;
    let left = |worker| {
        let counters = call.node.snapshot(worker).router;
        counters.detours + counters.addresses + counters.usernames
    };
    while (left(0), left(2)) != (0, 0) || call.node.snapshot(2).router.moves == 0 {
        assert!(Instant::now() < deadline, "{} and {} are left", left(0), left(2));
        std::thread::yield_now();
    }
}
