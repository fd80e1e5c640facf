//! Whoever polls for datagrams gets one subscriber's before the next is given anything, and each leaves at its time.

use crate::common::{CAMERA, Member, Stage, vp8};
use bytes::{Bytes, BytesMut};
use media::{Codec, LayerIndex, Source};
use peer::{PeerEvent, Transmit};
use std::time::Duration;

/// Alice's camera, seen by two; a packet of it has come and was not sent on.
fn waiting() -> (Stage, [Member; 3]) {
    let mut stage = Stage::new();
    let members = [1, 2, 3].map(|id| stage.join(1, id, 1, 1));
    let [alice, viewers @ ..] = &members;
    let camera = stage.publish(alice, CAMERA, 10, Source::Camera);
    for viewer in viewers {
        stage.assign(viewer, viewer.video[0], Some(camera), 180);
    }
    stage.frame(alice, 0, true);
    for viewer in viewers {
        assert_eq!(viewer.received(viewer.video[0]).len(), 1);
        // What its peer would make of the packet.
        let datagram = BytesMut::from(&[0x80][..]);
        let path = viewer.path;
        viewer
            .script
            .borrow_mut()
            .transmits
            .push_back(Transmit { path, datagram });
    }
    let mut packet = stage.packet(alice, CAMERA, 0, Codec::Vp8, Bytes::new());
    packet.payload = vp8(false, packet.seq.0);
    alice.script.borrow_mut().events.push_back(PeerEvent::Rtp {
        section: CAMERA,
        layer: LayerIndex(0),
        packet,
    });
    let datagram = BytesMut::from(&[0x80, 0][..]);
    stage.router.handle_datagram(stage.now, alice.path, datagram);
    (stage, members)
}

#[test]
fn one_after_the_other_each_with_the_time_it_is_sent_at() {
    let (mut stage, [_, bob, carol]) = waiting();
    let mut buffer = Vec::new();
    assert_eq!(stage.router.poll_datagram(&mut buffer), Some(bob.path));
    assert_eq!(bob.received(bob.video[0]).len(), 1);
    assert!(!carol.received_anything(), "not before Bob's has been taken");
    let later = stage.now + Duration::from_millis(5);
    stage.router.tell_time(later);
    assert_eq!(stage.router.poll_datagram(&mut buffer), Some(carol.path));
    assert_eq!(carol.received(carol.video[0]).len(), 1);
    let told = |member: &Member| member.script.borrow().told;
    assert_eq!((told(&bob), told(&carol)), (Some(later), Some(later)));
    assert_eq!(stage.router.poll_datagram(&mut buffer), None);
}

#[test]
fn whatever_else_happens_finds_all_served() {
    for happens in [
        |stage: &mut Stage, _: &Member| stage.router.handle_timeout(stage.now),
        |stage: &mut Stage, bob: &Member| {
            let command = media::plane::MediaCommand::RemovePeer { participant: bob.id };
            stage.router.handle_command(stage.now, command);
        },
    ] {
        let (mut stage, [_, bob, carol]) = waiting();
        assert_eq!(stage.router.poll_datagram(&mut Vec::new()), Some(bob.path));
        happens(&mut stage, &bob);
        assert_eq!(carol.received(carol.video[0]).len(), 1);
        stage.drain();
        assert_eq!(carol.received(carol.video[0]).len(), 0, "once");
    }
}
