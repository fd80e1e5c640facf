//! A peer goes to another worker's router: numbers go on for all, nothing is asked for twice, and what its client sends to
//! the former worker finds it.

use crate::common::{CAMERA, MIC, Member, Stage, path_of, stun};
use crate::spread::Spread;
use bytes::BytesMut;
use media::plane::{MediaCommand, MediaEvent};
use media::{RoomId, SeqNo, Source, WorkerId};
use peer::{Path, PeerEvent, Protocol};
use router::{DropReason, HANDOVER_DATAGRAMS, Handover, RelayMessage, RouterConfig};

const ROOM: u32 = 1;
const TO: WorkerId = WorkerId(1);

/// Alice and Bob are on the first worker, Carol on the second and Dave on the third. All see Alice.
struct Call {
    spread: Spread,
    alice: Member,
    viewers: Vec<Member>,
}

impl Call {
    fn new() -> Self {
        let mut spread = Spread::new(4);
        let alice = spread.join(0, ROOM, 1, (1, 1));
        let camera = spread.publish(ROOM, &alice, CAMERA, 10, Source::Camera);
        let viewers: Vec<Member> = (0..3)
            .map(|worker| spread.join(worker, ROOM, 2 + worker as u32, (1, 1)))
            .collect();
        for viewer in &viewers {
            spread.assign(ROOM, viewer, viewer.video[0], Some(camera), 720);
        }
        spread.film(0, &alice, 1_000);
        let call = Self {
            spread,
            alice,
            viewers,
        };
        call.received();
        call.alice.keyframe_requests();
        call
    }

    /// Numbers of the packets that each viewer got since last asked.
    fn received(&self) -> Vec<Vec<SeqNo>> {
        let viewers = self.viewers.iter();
        viewers
            .map(|viewer| {
                let packets = viewer.received(viewer.video[0]);
                packets.iter().map(|packet| packet.seq).collect()
            })
            .collect()
    }
}

#[test]
fn who_watches_a_moved_publisher_misses_nothing() {
    let mut call = Call::new();
    let before = call.spread.stages[0].router.peer_stats().nacks_sent;
    let mut last: Vec<Option<SeqNo>> = vec![None; 3];
    // To where somebody watches, to where nobody of the room is, and back.
    for to in [1, 3, 0] {
        call.spread.moves(ROOM, &call.alice, to);
        for _ in 0..5 {
            call.spread.frame(0, &call.alice, 2, false);
        }
        for (last, received) in last.iter_mut().zip(call.received()) {
            assert_eq!(received.len(), 5, "moved to {to}");
            let all = last.iter().copied().chain(received.iter().copied());
            let all: Vec<SeqNo> = all.collect();
            assert!(all.windows(2).all(|two| two[1].distance(two[0]) == 1), "{all:?}");
            *last = received.last().copied();
        }
        call.spread.pass(1_500);
    }
    assert_eq!(call.alice.keyframe_requests(), []);
    let after: u64 = (call.spread.stages.iter())
        .map(|stage| stage.router.peer_stats().nacks_sent)
        .sum();
    assert_eq!(after, before + 2, "each peer's counters count once");
}

#[test]
fn what_was_lost_between_workers_comes_with_the_publisher() {
    let mut call = Call::new();
    call.spread.loses = Box::new(|message| matches!(message, RelayMessage::Packet { .. }));
    for _ in 0..3 {
        call.spread.frame(0, &call.alice, 2, false);
    }
    let received = |call: &Call| call.received().iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(received(&call), [3, 0, 0]);
    call.spread.loses = Box::new(|_| false);
    // Carol is there; Dave's worker says up to where it has come.
    call.spread.moves(ROOM, &call.alice, 1);
    assert_eq!(received(&call), [0, 3, 3]);
}

#[test]
fn a_moved_viewer_goes_on_where_the_track_was_not_known() {
    let mut call = Call::new();
    for (viewer, to) in [(0, 3), (1, 3), (2, 0)] {
        let viewer = call.viewers[viewer].clone();
        call.spread.moves(ROOM, &viewer, to);
        call.spread.frame(0, &call.alice, 2, false);
    }
    for received in call.received() {
        let [first, .., last] = received[..] else {
            panic!("{received:?}")
        };
        assert_eq!((received.len(), last.distance(first)), (3, 2));
    }
    assert_eq!(call.alice.keyframe_requests(), []);
    // What was sent before the move is sent again after it.
    let bob = call.viewers[0].clone();
    let slot = bob.video[0];
    call.spread.frame(0, &call.alice, 2, false);
    let newest = bob.received(slot)[0].seq;
    let missing = vec![SeqNo(newest.0 - 3)];
    call.spread.stages[0].tell(&bob, PeerEvent::Nack { slot, missing });
    call.spread.settle();
    assert_eq!(bob.script.borrow().resent.len(), 1);
}

#[test]
fn what_came_in_between_crosses_afterwards() {
    let mut call = Call::new();
    // The first worker hands Alice over, and the second is late.
    let command = MediaCommand::Release {
        participant: call.alice.id,
        to: TO,
    };
    let stage = &mut call.spread.stages[0];
    stage.command(command);
    for _ in 0..10 {
        stage.frame(&call.alice, 2, false);
    }
    assert_eq!(call.received(), [vec![], vec![], vec![]]);
    call.spread.settle();
    let import = call.spread.stages[1].router.counters().handed_over;
    assert_eq!(
        (import, call.spread.stages[0].router.counters().handed_over),
        (0, 10)
    );
    for received in &call.received()[..2] {
        assert_eq!(received.len(), 10);
    }
    assert_eq!(call.alice.keyframe_requests(), []);
}

#[test]
fn datagrams_for_a_worker_that_takes_none_are_dropped_when_too_many_wait() {
    let mut stage = Stage::new();
    let alice = stage.join(ROOM, 1, 1, 1);
    let participant = alice.id;
    stage.command(MediaCommand::Release { participant, to: TO });
    for n in 0..HANDOVER_DATAGRAMS as u16 + 9 {
        let datagram = BytesMut::from(&[&[0x80][..], &n.to_be_bytes()].concat()[..]);
        stage.router.handle_datagram(stage.now, alice.path, datagram);
    }
    // The participant waits as well.
    assert_eq!(stage.router.counters().dropped(DropReason::Handover), 10);
    assert!(stage.router.poll_handover_to(WorkerId(2)).is_none());
    let first = stage.router.poll_handover_to(TO);
    assert!(matches!(first, Some(Handover::Peer(_))));
    let rest = std::iter::from_fn(|| stage.router.poll_handover());
    let numbers: Vec<u16> = rest
        .map(|(_, handover)| match handover {
            Handover::Datagram { datagram, .. } => u16::from_be_bytes([datagram[1], datagram[2]]),
            Handover::Peer(_) => panic!("there is one"),
        })
        .collect();
    assert!(
        numbers.iter().copied().eq(0..HANDOVER_DATAGRAMS as u16 - 1),
        "the newest go"
    );
}

#[test]
fn a_moved_client_may_move_to_another_address() {
    let mut call = Call::new();
    call.spread.moves(ROOM, &call.alice, 1);
    let (stages, elsewhere) = (&mut call.spread.stages, path_of(7_777));
    let now = stages[0].now;
    let datagram = || BytesMut::from(&[0x80, 0][..]);
    stages[0].router.handle_datagram(now, elsewhere, datagram());
    assert_eq!(
        stages[0]
            .router
            .counters()
            .dropped(DropReason::UnvalidatedAddress),
        1
    );
    stages[0].router.handle_datagram(now, elsewhere, stun("ufrag1"));
    call.spread.settle();
    let before = call.alice.script.borrow().datagrams;
    call.spread.stages[0]
        .router
        .handle_datagram(now, elsewhere, datagram());
    call.spread.settle();
    assert_eq!(call.alice.script.borrow().datagrams, before + 1);
    // And gives it up again.
    let forgotten = PeerEvent::PathForgotten(elsewhere);
    call.spread.stages[0].tell(&call.alice, forgotten);
    call.spread.settle();
    let counters = |worker: usize| *call.spread.stages[worker].router.counters();
    assert_eq!(
        (counters(0).addresses, counters(1).addresses),
        (2, 2),
        "Bob's and hers, Carol's and hers"
    );
}

#[test]
fn a_restart_of_ice_is_known_where_the_client_sends_to() {
    let mut call = Call::new();
    call.spread.moves(ROOM, &call.alice, 1);
    let answer = peer::Answer {
        sdp: String::new(),
        sections: crate::common::sections(1, 1),
        ufrag: "another".into(),
    };
    call.alice.script.borrow_mut().next_answer = Some(Ok(answer));
    call.spread.command(
        ROOM,
        MediaCommand::Offer {
            participant: call.alice.id,
            request: 1,
            sdp: String::new(),
        },
    );
    let before = call.alice.script.borrow().datagrams;
    let stage = &mut call.spread.stages[0];
    let path = call.alice.path;
    stage.router.handle_datagram(stage.now, path, stun("another"));
    call.spread.settle();
    assert_eq!(call.alice.script.borrow().datagrams, before + 1);
}

#[test]
fn when_all_have_gone_nothing_is_left() {
    let mut call = Call::new();
    call.spread
        .publish(ROOM, &call.alice, MIC, 11, Source::Microphone);
    for (who, to) in [(0, 1), (1, 2), (2, 0)] {
        let viewer = call.viewers[who].clone();
        call.spread.moves(ROOM, &viewer, to);
    }
    for to in [2, 1, 3] {
        call.spread.moves(ROOM, &call.alice, to);
    }
    for member in call.viewers.iter().chain([&call.alice]) {
        let participant = member.id;
        call.spread
            .command(ROOM, MediaCommand::RemovePeer { participant });
    }
    call.spread.pass(5_000);
    assert_eq!(call.spread.held(), [0; 4]);
    for stage in &call.spread.stages {
        let counters = stage.router.counters();
        let left = [
            counters.peers,
            counters.detours,
            counters.addresses,
            counters.usernames,
            counters.slots,
            counters.slots_assigned,
        ];
        assert_eq!(left, [0; 6]);
    }
}

#[test]
fn who_cannot_be_moved_stays_and_that_is_told() {
    let mut stage = Stage::with(RouterConfig {
        max_peers: 3,
        ..RouterConfig::default()
    });
    let members: Vec<Member> = (1..=3).map(|id| stage.join(ROOM, id, 1, 1)).collect();
    let release = |stage: &mut Stage, who: &Member| {
        let (participant, to) = (who.id, TO);
        stage.command(MediaCommand::Release { participant, to });
        let stays = |event: &MediaEvent| matches!(event, MediaEvent::Stays { participant: who, .. } if *who == participant);
        stage.take_events().iter().any(stays)
    };
    let tcp = Path {
        protocol: Protocol::Tcp,
        ..path_of(4_000)
    };
    stage.tell(&members[0], PeerEvent::PathValidated(tcp));
    assert!(release(&mut stage, &members[0]), "a TCP connection does not move");
    members[1].script.borrow_mut().unreachable = true;
    assert!(
        release(&mut stage, &members[1]),
        "nobody knows whether it would work there"
    );
    assert!(!release(&mut stage, &members[2]));
    assert!(release(&mut stage, &members[2]), "she is gone");
    assert_eq!(stage.router.counters().peers, 2);
}

#[test]
fn as_many_detours_as_peers() {
    let mut stage = Stage::with(RouterConfig {
        max_peers: 2,
        ..RouterConfig::default()
    });
    for id in 1..=3 {
        let member = stage.join(ROOM, id, 1, 1);
        let participant = member.id;
        stage.command(MediaCommand::Release { participant, to: TO });
    }
    let counters = stage.router.counters();
    assert_eq!((counters.detours, counters.peers), (2, 1));
}

#[test]
fn a_worker_that_is_full_turns_them_away() {
    let mut here = Stage::new();
    let alice = here.join(ROOM, 1, 1, 1);
    let mut there = Stage::with(RouterConfig {
        max_peers: 1,
        ..RouterConfig::default()
    });
    there.join(ROOM, 2, 1, 1);
    let participant = alice.id;
    here.command(MediaCommand::Release { participant, to: TO });
    let (_, handover) = here.router.poll_handover().expect("she goes");
    there.router.handle_handover(there.now, WorkerId(0), handover);
    let gone = |event: &MediaEvent| matches!(event, MediaEvent::Disconnected { participant: who, .. } if *who == participant);
    assert!(there.take_events().iter().any(gone));
    assert!(alice.script.borrow().closed);
}

#[test]
fn a_peer_that_breaks_where_it_arrives_costs_nobody_else() {
    for call in ["set_demand", "poll_event", "poll_timeout"] {
        let mut here = Stage::new();
        let alice = here.join(ROOM, 1, 1, 1);
        here.publish(&alice, CAMERA, 10, Source::Camera);
        let mut there = Stage::new();
        there.port = 10_001;
        let bob = there.join(ROOM, 2, 1, 1);
        let participant = alice.id;
        here.command(MediaCommand::Release { participant, to: TO });
        alice.script.borrow_mut().breaks_in = Some(call);
        let (_, handover) = here.router.poll_handover().expect("she goes");
        let now = there.now;
        there
            .router
            .contain(|router| router.handle_handover(now, WorkerId(0), handover));
        while there
            .router
            .contain(|router| {
                while router.poll_transmit().is_some() {}
                router.poll_timeout();
            })
            .is_none()
        {}
        let events = there.take_events();
        let moved = MediaEvent::Moved { participant };
        let told: Vec<&MediaEvent> = events
            .iter()
            .filter(|event| matches!(event, MediaEvent::Moved { .. } | MediaEvent::Disconnected { .. }))
            .collect();
        assert!(
            matches!(told[..], [first, MediaEvent::Disconnected { .. }] if *first == moved),
            "{call}: {told:?}"
        );
        let counters = there.router.counters();
        assert_eq!(
            (
                counters.peers,
                counters.panics,
                counters.tracks,
                counters.usernames
            ),
            (1, 1, 0, 1)
        );
        let before = bob.script.borrow().datagrams;
        there.tell(&bob, PeerEvent::KeyframeRequest { slot: bob.video[0] });
        assert_eq!(bob.script.borrow().datagrams, before + 1);
    }
}

#[test]
fn nothing_of_another_room_is_taken_over() {
    let mut here = Stage::new();
    let alice = here.join(ROOM, 1, 1, 1);
    let camera = here.publish(&alice, CAMERA, 10, Source::Camera);
    let mut there = Stage::new();
    there.port = 10_001;
    let bob = there.join(ROOM + 1, 2, 1, 1);
    there.command(MediaCommand::Import {
        track: camera,
        room: RoomId(ROOM + 1),
        worker: WorkerId(0),
        source: Source::Camera,
        layers: crate::spread::layers_of(Source::Camera),
        muted: false,
    });
    there.assign(&bob, bob.video[0], Some(camera), 720);
    let participant = alice.id;
    here.command(MediaCommand::Release { participant, to: TO });
    let (_, handover) = here.router.poll_handover().expect("she goes");
    there.router.handle_handover(there.now, WorkerId(0), handover);
    there.frame(&alice, 0, true);
    assert!(!bob.received_anything());
    assert_eq!(there.router.counters().dropped(DropReason::NoTrack), 1);
}
