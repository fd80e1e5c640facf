//! What is sent to a client that is not connected, or silent past its consent, is dropped and counted at once: it must
//! not come out in a burst when the client is back.

mod support;

use bytes::Bytes;
use media::packet::SlotPacket;
use media::{Codec, Extensions, MLineIndex, RtpTime, SeqNo, TrackId};
use peer::{Peer, PeerEvent};
use std::time::Duration;
use support::{World, udp_path, usual_sections};

const VIDEO: MLineIndex = MLineIndex(3);

fn send(world: &mut World, seq: u16) {
    let packet = SlotPacket {
        seq: SeqNo(seq),
        timestamp: RtpTime(1),
        marker: true,
        codec: Codec::Vp8,
        csrc: TrackId(1),
        extensions: Extensions::default(),
        payload: Bytes::from_static(b"picture").into(),
    };
    world.server.send_rtp(world.now, VIDEO, packet);
}

#[test]
fn nothing_is_queued_for_a_client_out_of_reach() {
    let mut world = World::new(&usual_sections(), Default::default(), false);
    assert_eq!(
        world.server.bandwidth(),
        None,
        "nothing is known before the handshake"
    );
    send(&mut world, 1);
    assert_eq!(world.server.stats().dropped_out, 1);
    world.run(Duration::from_secs(2));
    assert!(world.is_connected() && world.client.rtp.is_empty());
    assert!(world.server.bandwidth().is_some());
    let told = |event: &PeerEvent| matches!(event, PeerEvent::Bandwidth);
    assert!(world.events.iter().any(told), "a first estimate is told");

    world.dead = vec![udp_path()];
    world.run(Duration::from_secs(17));
    assert!(!world.server.is_reachable());
    let sent = world.sent.len();
    for seq in 2..12 {
        send(&mut world, seq);
    }
    world.exchange();
    assert_eq!(world.server.stats().dropped_out, 11);
    assert_eq!(world.sent.len(), sent);
    world.dead.clear();
    world.run(Duration::from_secs(3));
    assert!(world.client.rtp.is_empty(), "nothing of it comes out later");
}
