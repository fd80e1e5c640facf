//! Dependency descriptors go out with a slot's packets, short or long; publishers of VP8 are not asked for them.

mod support;

use bytes::Bytes;
use media::packet::SlotPacket;
use media::{Codec, Extensions, MLineIndex, RtpTime, SeqNo, TrackId};
use peer::Peer;
use support::{MID_EXT, World, video};

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

#[test]
fn a_publisher_of_vp8_is_not_asked_for_them() {
    let world = world();
    let sections: Vec<&str> = world.first_answer.sdp.split("m=").collect();
    let has = |mid: &str| {
        let line = format!("a=mid:{mid}\r\n");
        let section = sections.iter().find(|section| section.contains(&line));
        section
            .expect("the section is answered")
            .contains("dependency-descriptor")
    };
    assert!(!has("cam"), "with them, browsers leave out picture ids");
    assert!(has("v0"), "a slot may carry them");
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
            payload: Bytes::from_static(b"obu"),
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
