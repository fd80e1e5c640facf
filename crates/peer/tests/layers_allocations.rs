//! Publishers are asked for video layers allocations; nobody else is told of them.

mod support;

use bytes::Bytes;
use media::packet::SlotPacket;
use media::{Codec, Extensions, MLineIndex, RtpTime, SeqNo, TrackId};
use peer::{Peer, PeerEvent};
use support::{MID_EXT, VP8, World, packet, video};

const ALLOCATION_EXT: u8 = 9;
const SLOT: MLineIndex = MLineIndex(2);

fn section(mid: &str, direction: &str) -> String {
    let uri = "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00";
    video(mid, direction, &[]) + &format!("a=extmap:{ALLOCATION_EXT} {uri}\r\n")
}

fn world() -> World {
    World::connected(&[section("cam", "sendonly"), section("v0", "recvonly")])
}

#[test]
fn are_negotiated_where_the_client_publishes() {
    let world = world();
    let answered = |mid: &str| {
        let line = format!("a=mid:{mid}\r\n");
        let mut sections = world.first_answer.sdp.split("m=");
        let section = sections.find(|section| section.contains(&line));
        section.expect("answered").contains("video-layers-allocation00")
    };
    assert!(answered("cam"));
    assert!(!answered("v0"), "a slot's layers are not the publisher's");
}

#[test]
fn come_with_a_publishers_packets_however_long_they_are() {
    let mut world = world();
    let long = Bytes::from((0..40).collect::<Vec<u8>>());
    for (seq, allocation) in [(1, Bytes::from_static(&[1, 0, 0x64])), (2, long)] {
        world.take_events();
        let extensions: [(u8, &[u8]); 2] = [(ALLOCATION_EXT, &allocation), (MID_EXT, b"cam")];
        let packet = packet(77, VP8, seq, &extensions, &[0x10, 0x01, 0x02]);
        world.client.send_rtp(world.now, packet);
        world.exchange();
        let received = world.take_events().into_iter().find_map(|event| match event {
            PeerEvent::Rtp { packet, .. } => Some(packet),
            _ => None,
        });
        let received = received.expect("the packet came");
        assert_eq!(received.extensions.layers_allocation, Some(allocation));
    }
}

#[test]
fn do_not_go_out_with_a_slots_packets() {
    let mut world = world();
    let packet = SlotPacket {
        seq: SeqNo(1),
        timestamp: RtpTime(1),
        marker: true,
        codec: Codec::Vp8,
        csrc: TrackId(1),
        extensions: Extensions {
            layers_allocation: Some(Bytes::from_static(&[1, 0, 0x64])),
            ..Extensions::default()
        },
        payload: Bytes::from_static(&[0x10, 0x01, 0x02]).into(),
    };
    world.server.send_rtp(world.now, SLOT, packet);
    world.exchange();
    let got = world.client.rtp.iter().find(|got| got.header.payload_type == VP8);
    let got = got.expect("the packet came");
    assert_eq!(got.header.get_extension(ALLOCATION_EXT), None);
    assert_eq!(got.header.get_extension(MID_EXT).as_deref(), Some(&b"v0"[..]));
}
