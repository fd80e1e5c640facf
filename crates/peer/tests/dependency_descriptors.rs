//! Dependency descriptors go out with a slot's packets, short or long; publishers are asked for them where AV1 comes first.

mod support;

use bytes::Bytes;
use media::packet::SlotPacket;
use media::{Codec, Extensions, MLineIndex, RtpTime, SeqNo, TrackId};
use peer::{Peer, PeerEvent};
use support::{MID_EXT, VP8, World, packet, video};

const DESCRIPTOR_EXT: u8 = 12;
const AV1: u8 = 45;
const SLOT: MLineIndex = MLineIndex(2);

/// A video section with AV1 and the extension.
fn section(mid: &str, direction: &str) -> String {
    video(mid, direction, &[]).replace(" 98\r\n", " 98 45\r\n")
        + &format!(
            "a=rtpmap:{AV1} AV1/90000\r\na=fmtp:{AV1} level-idx=5;profile=0;tier=0\r\na=extmap:{DESCRIPTOR_EXT} \
             https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension\r\n"
        )
}

fn world() -> World {
    World::connected(&[section("cam", "sendonly"), section("v0", "recvonly")])
}

/// The same with AV1 before VP8.
fn preferring_av1(mid: &str, direction: &str) -> String {
    section(mid, direction)
        .replace(&format!("SAVPF {VP8} "), &format!("SAVPF {AV1} {VP8} "))
        .replace(" 98 45\r\n", " 98\r\n")
}

/// Whether a section's answer has the extension.
fn has(world: &World, mid: &str) -> bool {
    let line = format!("a=mid:{mid}\r\n");
    let mut sections = world.first_answer.sdp.split("m=");
    let section = sections.find(|section| section.contains(&line));
    section
        .expect("the section is answered")
        .contains("dependency-descriptor")
}

#[test]
fn a_publisher_of_vp8_is_not_asked_for_them() {
    let world = world();
    assert!(!has(&world, "cam"), "with them, browsers leave out picture ids");
    assert!(has(&world, "v0"), "a slot may carry them");
}

#[test]
fn a_publisher_of_av1_is() {
    let sections = [
        preferring_av1("cam", "sendonly"),
        section("screen", "sendonly"),
        preferring_av1("v0", "recvonly"),
    ];
    let mut world = World::connected(&sections);
    assert_eq!(
        ["cam", "screen", "v0"].map(|mid| has(&world, mid)),
        [true, false, true]
    );
    // Short as with most packets, long as with a keyframe; with AV1, and with VP8 when it has fallen back to that.
    let long = Bytes::from((0..80).collect::<Vec<u8>>());
    let mut seq = 0;
    for (payload_type, codec, descriptor) in [
        (AV1, Codec::Av1, Bytes::from_static(&[0x80, 1, 2])),
        (AV1, Codec::Av1, long.clone()),
        (VP8, Codec::Vp8, long),
    ] {
        world.take_events();
        seq += 1;
        let extensions: [(u8, &[u8]); 2] = [(DESCRIPTOR_EXT, &descriptor), (MID_EXT, b"cam")];
        let packet = packet(77, payload_type, seq, &extensions, &[0x10, 0x01, 0x02]);
        world.client.send_rtp(world.now, packet);
        world.exchange();
        let received = world.take_events().into_iter().find_map(|event| match event {
            PeerEvent::Rtp { packet, .. } => Some(packet),
            _ => None,
        });
        let received = received.expect("the packet came");
        assert_eq!(received.codec, codec);
        assert_eq!(received.extensions.dependency_descriptor, Some(descriptor));
    }
}

#[test]
fn out_with_a_slots_packet() {
    let mut world = world();
    assert!(world.server.accepts(SLOT, Codec::Av1));
    let long = Bytes::from((0..80).collect::<Vec<u8>>());
    for (seq, descriptor) in [(1, Bytes::from_static(&[0x80, 1, 2])), (2, long)] {
        let packet = SlotPacket {
            seq: SeqNo(seq),
            timestamp: RtpTime(1),
            marker: true,
            codec: Codec::Av1,
            csrc: TrackId(1),
            extensions: Extensions {
                dependency_descriptor: Some(descriptor.clone()),
                ..Extensions::default()
            },
            payload: Bytes::from_static(b"obu").into(),
        };
        world.server.send_rtp(world.now, SLOT, packet);
        world.exchange();
        // Padding may come beside it.
        let got = world.client.rtp.iter().find(|got| got.header.payload_type == AV1);
        let got = got.expect("the packet came").clone();
        world.client.rtp.clear();
        assert_eq!(got.header.get_extension(DESCRIPTOR_EXT), Some(descriptor));
        assert_eq!(got.header.get_extension(MID_EXT).as_deref(), Some(&b"v0"[..]));
        assert_eq!(&got.payload[..], b"obu");
    }
}
