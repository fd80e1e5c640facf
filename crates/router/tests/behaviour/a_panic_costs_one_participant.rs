//! A peer in which something panics is removed with all it published, and everybody else goes on.

use crate::common::{CAMERA, FakePeer, MIC, Member, Stage, vp8};
use bytes::{Bytes, BytesMut};
use media::data::ToServer;
use media::plane::{MediaCommand, MediaEvent};
use media::{Codec, LayerIndex, ParticipantId, Source};
use peer::{DataChannel, PeerEvent, Transmit};
use router::{Router, RouterConfig};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Alice publishes; Bob, Carol and Dave watch her, in this order.
struct Call {
    stage: Stage,
    alice: Member,
    viewers: Vec<Member>,
}

impl Call {
    fn new() -> Self {
        let mut stage = Stage::new();
        let alice = stage.join(1, 1, 1, 1);
        let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
        stage.publish(&alice, MIC, 11, Source::Microphone);
        let viewers: Vec<Member> = (2..5).map(|id| stage.join(1, id, 1, 1)).collect();
        for viewer in &viewers {
            stage.assign(viewer, viewer.video[0], Some(camera), 720);
        }
        (0..3).for_each(|layer| stage.frame(&alice, layer, true));
        stage.take_events();
        for viewer in &viewers {
            assert!(!viewer.received(viewer.video[0]).is_empty());
        }
        Self {
            stage,
            alice,
            viewers,
        }
    }

    /// Calls the router as a worker does, and says who was lost to it.
    fn contain(&mut self, work: impl FnOnce(&mut Router<FakePeer>, Instant)) -> Vec<ParticipantId> {
        let Stage {
            router, now, events, ..
        } = &mut self.stage;
        let before = router.counters().panics;
        let mut contained = router.contain(|router| work(router, *now));
        while contained.is_none() {
            contained = router.contain(|_| ());
        }
        let mut polled = None;
        while polled.is_none() {
            polled = router.contain(|router| {
                while let Some(event) = router.poll_event() {
                    events.push(event);
                }
                while router.poll_transmit().is_some() {}
                router.poll_timeout();
            });
        }
        let panics = router.counters().panics - before;
        let lost: Vec<ParticipantId> = self.stage.take_events().iter().filter_map(lost).collect();
        assert!(panics > 0 && lost.len() as u64 <= panics, "{panics}, {lost:?}");
        lost
    }

    /// The member's peer tells something, or nothing.
    fn tell(&mut self, member: &Member, event: Option<PeerEvent>) -> Vec<ParticipantId> {
        member.script.borrow_mut().events.extend(event);
        let path = member.path;
        self.contain(|router, now| router.handle_datagram(now, path, BytesMut::from(&[0x80, 0][..])))
    }

    /// The others see the picture go on, and are told of time.
    fn goes_on_for(&mut self, viewers: &[usize]) {
        for viewer in &self.viewers {
            let mut script = viewer.script.borrow_mut();
            script.sent.clear();
            script.reports.clear();
        }
        self.stage.frame(&self.alice, 2, false);
        self.stage.pass(1_100);
        for viewer in viewers.iter().map(|index| &self.viewers[*index]) {
            assert_eq!(viewer.received(viewer.video[0]).len(), 1);
            assert!(!viewer.script.borrow().reports.is_empty());
        }
    }
}

fn breaks(member: &Member, call: &'static str) {
    member.script.borrow_mut().breaks_in = Some(call);
}

/// Who was lost to a panic.
fn lost(event: &MediaEvent) -> Option<ParticipantId> {
    let MediaEvent::Disconnected {
        participant, reason, ..
    } = event
    else {
        return None;
    };
    assert_eq!(*reason, "a fault of the server in this connection");
    Some(*participant)
}

#[test]
fn what_breaks_at_a_datagram_is_its_own_peer() {
    for call in ["handle_datagram", "poll_event", "poll_transmit", "poll_timeout"] {
        let mut world = Call::new();
        let bob = world.viewers[0].clone();
        breaks(&bob, call);
        assert_eq!(world.tell(&bob, None), [bob.id], "{call}");
        world.goes_on_for(&[1, 2]);
        let counters = world.stage.router.counters();
        assert_eq!((counters.peers, counters.slots_assigned), (3, 2), "{call}");
        assert!(!bob.script.borrow().closed, "what broke is not called again");
    }
}

/// The next packet of Alice's camera.
fn next_frame(world: &mut Call) -> PeerEvent {
    let mut packet = world
        .stage
        .packet(&world.alice, CAMERA, 2, Codec::Vp8, Bytes::new());
    packet.payload = vp8(false, packet.seq.0);
    PeerEvent::Rtp {
        section: CAMERA,
        layer: LayerIndex(2),
        packet,
    }
}

#[test]
fn who_was_being_polled_is_polled_again() {
    let mut world = Call::new();
    let (alice, bob) = (world.alice.clone(), world.viewers[0].clone());
    breaks(&bob, "send_rtp");
    let due = world.stage.now + Duration::from_millis(10);
    alice.script.borrow_mut().timeout = Some(due);
    world.stage.tell(&alice, PeerEvent::Silent { seconds: 0 });
    world.stage.router.poll_timeout();
    world.stage.now = due;
    let event = next_frame(&mut world);
    alice.script.borrow_mut().events.push_back(event);
    let lost = world.contain(|router, now| router.handle_timeout(now));
    assert_eq!(lost, [bob.id]);
    let goodbye = Transmit {
        path: alice.path,
        datagram: BytesMut::from(&b"to alice"[..]),
    };
    alice.script.borrow_mut().transmits.push_back(goodbye);
    world.stage.tell(&alice, PeerEvent::Silent { seconds: 0 });
    assert!(alice.script.borrow().transmits.is_empty());
}

#[test]
fn a_subscriber_that_breaks_does_not_cost_the_publisher() {
    let mut world = Call::new();
    let (alice, bob, carol) = (
        world.alice.clone(),
        world.viewers[0].clone(),
        world.viewers[1].clone(),
    );
    breaks(&bob, "send_rtp");
    let event = next_frame(&mut world);
    assert_eq!(world.tell(&alice, Some(event)), [bob.id]);
    // What the others missed meanwhile is a loss, and can be asked for.
    world.stage.frame(&alice, 2, false);
    let seqs: Vec<_> = carol.received(carol.video[0]).iter().map(|p| p.seq).collect();
    let (slot, missing) = (carol.video[0], vec![seqs[0].advance(u16::MAX)]);
    world.stage.tell(
        &carol,
        PeerEvent::Nack {
            slot,
            missing: missing.clone(),
        },
    );
    let resent: Vec<_> = carol.script.borrow().resent.iter().map(|(_, p)| p.seq).collect();
    assert_eq!(resent, missing);
    world.goes_on_for(&[1, 2]);
}

#[test]
fn a_publisher_that_breaks_when_it_is_asked_does_not_cost_who_asked() {
    let mut world = Call::new();
    let (alice, bob) = (world.alice.clone(), world.viewers[0].clone());
    world.stage.pass(2_000);
    breaks(&alice, "request_keyframe");
    let slot = bob.video[0];
    let lost = world.tell(&bob, Some(PeerEvent::KeyframeRequest { slot }));
    assert_eq!(lost, [alice.id]);
    let c = world.stage.router.counters();
    assert_eq!((c.peers, c.tracks, c.slots_assigned), (3, 0, 0));
    // The places that it leaves can be taken.
    let camera = world.stage.publish(&bob, CAMERA, 20, Source::Camera);
    let carol = world.viewers[1].clone();
    world.stage.assign(&carol, carol.video[0], Some(camera), 720);
    world.stage.frame(&bob, 0, true);
    assert_eq!(carol.received(carol.video[0]).len(), 1);
}

#[test]
fn a_reader_that_breaks_does_not_cost_the_writer() {
    let mut world = Call::new();
    let (alice, bob) = (world.alice.clone(), world.viewers[0].clone());
    breaks(&bob, "send_data");
    let message = ToServer {
        recipients: Vec::new(),
        topic: "chat",
        payload: b"hello",
    };
    let event = PeerEvent::Data {
        channel: DataChannel::Reliable,
        message: message.encode().expect("small"),
    };
    assert_eq!(world.tell(&alice, Some(event)), [bob.id]);
    world.goes_on_for(&[1, 2]);
}

#[test]
fn timers_of_others_do_not_stop() {
    for call in ["handle_timeout", "send_report", "set_demand"] {
        let mut world = Call::new();
        let bob = world.viewers[0].clone();
        // Everybody's timers are due at once.
        let due = world.stage.now + Duration::from_secs(3);
        bob.script.borrow_mut().timeout = Some(due);
        world.stage.tell(&bob, PeerEvent::Silent { seconds: 0 });
        world.stage.router.poll_timeout();
        world.stage.now = due;
        breaks(&bob, call);
        let lost = world.contain(|router, now| router.handle_timeout(now));
        assert_eq!(lost, [bob.id], "{call}");
        world.goes_on_for(&[1, 2]);
        world.goes_on_for(&[1, 2]);
    }
}

#[test]
fn who_breaks_while_being_removed_is_removed() {
    let mut world = Call::new();
    let bob = world.viewers[0].clone();
    breaks(&bob, "close");
    let participant = bob.id;
    let lost = world.contain(|router, now| {
        router.handle_command(now, MediaCommand::RemovePeer { participant });
    });
    // It was gone already, as the control plane had wished.
    assert_eq!((lost.len(), world.stage.router.counters().peers), (0, 3));
    world.goes_on_for(&[1, 2]);
}

#[test]
fn everything_is_freed_when_the_rest_has_gone() {
    let mut world = Call::new();
    let bob = world.viewers[0].clone();
    breaks(&bob, "handle_datagram");
    assert_eq!(world.tell(&bob, None), [bob.id]);
    for participant in [1, 3, 4].map(ParticipantId) {
        world.stage.command(MediaCommand::RemovePeer { participant });
    }
    let c = *world.stage.router.counters();
    assert_eq!(
        [
            c.peers,
            c.rooms,
            c.tracks,
            c.slots,
            c.slots_assigned,
            c.addresses,
            c.usernames
        ],
        [0; 7]
    );
}

#[test]
fn a_panic_in_nobodys_name_is_passed_on() {
    let mut stage = Stage::new();
    let passed_on = catch_unwind(AssertUnwindSafe(|| {
        stage.router.contain(|_| panic!("a fault of the router's own"));
    }));
    assert!(passed_on.is_err());
    assert_eq!(stage.router.counters().panics, 0);
}

#[test]
fn it_is_not_called_again_for_what_its_end_changes() {
    // One microphone at a time: Alice's is open, and she would hear Bob's when hers is gone.
    let mut stage = Stage::with(RouterConfig {
        loudest: 1,
        ..RouterConfig::default()
    });
    let (alice, bob) = (stage.join(1, 1, 1, 2), stage.join(1, 2, 1, 2));
    stage.publish(&alice, MIC, 10, Source::Microphone);
    let his = stage.publish(&bob, MIC, 20, Source::Microphone);
    stage.assign(&alice, alice.audio[0], Some(his), 0);
    stage.audio(&alice, MIC, 120);
    let mut call = Call {
        stage,
        alice: alice.clone(),
        viewers: vec![],
    };
    alice.script.borrow_mut().breaks_in = Some("set_demand");
    assert_eq!(call.tell(&alice, Some(PeerEvent::Bandwidth)), [alice.id]);
}
