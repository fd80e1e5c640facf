//! A counting allocator guards what a packet costs on its way through a peer.

mod support;

use bytes::{Bytes, BytesMut};
use media::packet::SlotPacket;
use media::{Codec, Extensions, MLineIndex, RtpTime, SeqNo, TrackId};
use peer::{Peer, PeerEvent};
use rtc::sansio::Protocol as _;
use std::time::Duration;
use support::{MID_EXT, OPUS, World, packet, udp_path, usual_sections};

const VIDEO: MLineIndex = MLineIndex(3);
const AUDIO: MLineIndex = MLineIndex(6);
/// Packets of one measurement, and how many before it, so that queues have their size: they double at powers of two.
const PACKETS: u16 = 8;
const WARM_UP: u16 = 70;

fn slot_packet(slot: MLineIndex, seq: u16) -> SlotPacket {
    let codec = if slot == VIDEO { Codec::Vp8 } else { Codec::Opus };
    SlotPacket {
        seq: SeqNo(seq),
        timestamp: RtpTime(u32::from(seq) * 3_000),
        marker: false,
        codec,
        csrc: TrackId(7),
        extensions: Extensions {
            audio_level: (slot == AUDIO).then_some(30),
            ..Extensions::default()
        },
        payload: Bytes::from_static(&[7; 1_100]).into(),
    }
}

/// Allocations of so many packets, from `send_rtp` to the encrypted datagram.
fn sending(world: &mut World, slot: MLineIndex, first: u16, packets: u16) -> u64 {
    let list: Vec<SlotPacket> = (first..first + packets)
        .map(|seq| slot_packet(slot, seq))
        .collect();
    let (mut sent, mut buffer) = (0, Vec::with_capacity(2_000));
    let counted = allocation_counter::measure(|| {
        for packet in list {
            // Far enough apart for the pacer.
            world.now += Duration::from_millis(40);
            world.server.send_rtp(world.now, slot, packet);
            while world.server.poll_datagram(&mut buffer).is_some() {
                sent += u16::from(buffer.len() > 1_100);
                buffer.clear();
            }
        }
    });
    assert_eq!(sent, packets, "nothing waits");
    counted.count_total
}

#[test]
fn a_packet_to_a_subscriber_costs_none() {
    for slot in [VIDEO, AUDIO] {
        let mut world = World::connected(&usual_sections());
        sending(&mut world, slot, 0, WARM_UP);
        let allocations = sending(&mut world, slot, WARM_UP, PACKETS);
        assert_eq!(allocations, 0, "of slot {slot:?}");
    }
}

/// What `rtc` makes of the header: the list of extensions, and the shared handle to the datagram.
const INBOUND: u64 = 2;

#[test]
fn a_publishers_packet_costs_few() {
    let mut world = World::connected(&usual_sections());
    let mut most = 0;
    for seq in 0..WARM_UP {
        let packet = packet(5, OPUS, seq, &[(MID_EXT, b"mic")], &[1; 120]);
        world.client.send_rtp(world.now, packet);
        let media = std::iter::from_fn(|| world.client.pc.poll_write())
            .map(|out| out.message)
            .filter(|datagram| datagram.first().is_some_and(|first| *first >= 128));
        let datagrams: Vec<BytesMut> = media.collect();
        for datagram in datagrams {
            let counted = allocation_counter::measure(|| {
                world.server.handle_datagram(world.now, udp_path(), datagram);
                let event = world.server.poll_event();
                assert!(matches!(event, Some(PeerEvent::Rtp { .. })));
            });
            if seq >= WARM_UP - PACKETS {
                most = most.max(counted.count_total);
            }
        }
    }
    assert_eq!(most, INBOUND);
}
