//! Every packet on its way to the client has the next number, whatever slot it is in and whether it is sent again;
//! on a section that negotiated none it has none, and takes none.

mod support;

use bytes::Bytes;
use media::packet::SlotPacket;
use media::{Codec, Extensions, MLineIndex, RtpTime, SeqNo, TrackId};
use peer::Peer;
use support::{TRANSPORT_CC_EXT, World, audio, video};

const VIDEO: MLineIndex = MLineIndex(1);
const AUDIO: MLineIndex = MLineIndex(2);
const UNNUMBERED: MLineIndex = MLineIndex(3);

fn slot_packet(codec: Codec, seq: u16) -> SlotPacket {
    SlotPacket {
        seq: SeqNo(seq),
        timestamp: RtpTime(1),
        marker: true,
        codec,
        csrc: TrackId(1),
        extensions: Extensions::default(),
        payload: Bytes::from_static(b"payload").into(),
    }
}

#[test]
fn packets_of_slots_carry_transport_wide_numbers() {
    let unnumbered: String = audio("a1", "recvonly")
        .lines()
        .filter(|line| !line.contains("transport"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let sections = [video("v0", "recvonly", &[]), audio("a0", "recvonly"), unnumbered];
    let mut world = World::connected(&sections);
    let now = world.now;
    world.server.send_rtp(now, VIDEO, slot_packet(Codec::Vp8, 10));
    world.server.send_rtp(now, AUDIO, slot_packet(Codec::Opus, 20));
    world
        .server
        .send_rtp(now, UNNUMBERED, slot_packet(Codec::Opus, 30));
    world
        .server
        .send_retransmission(now, VIDEO, slot_packet(Codec::Vp8, 10));
    world.exchange();
    world.run(std::time::Duration::from_millis(100));
    assert_eq!(world.client.rtp.len(), 4);
    let number = |packet: &rtc::rtp::Packet| {
        let value = packet.header.get_extension(TRANSPORT_CC_EXT)?;
        Some(u16::from_be_bytes(*value.first_chunk()?))
    };
    let mut numbers: Vec<u16> = world.client.rtp.iter().filter_map(number).collect();
    assert_eq!(numbers.len(), 3, "the last section has none");
    let first = *numbers.iter().min().unwrap();
    numbers.sort_unstable();
    assert_eq!(numbers, [first, first + 1, first + 2]);
}
