//! Nothing a client sends may panic, grow without limit, or harm what flows.

mod support;

use bytes::BytesMut;
use peer::{Peer, PeerEvent};
use proptest::prelude::*;
use std::time::Duration;
use support::*;

fn recorded(index: usize) -> String {
    let names = [
        "chromium",
        "chromium-slots",
        "firefox",
        "firefox-slots",
        "aiortc",
        "gst",
        "roamhq",
    ];
    let name = names[index % names.len()];
    std::fs::read_to_string(format!(
        "{}/tests/offers/{name}-offer.sdp",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

/// A damage to a text: where (as a fraction), what kind, and a byte.
fn damage(text: &mut Vec<u8>, at: f64, kind: u8, byte: u8) {
    let position = (at * text.len() as f64) as usize % text.len().max(1);
    match kind % 5 {
        0 => text.truncate(position),
        1 => text[position] = byte,
        2 => text.insert(position, byte),
        3 => {
            let end = (position + usize::from(byte)).min(text.len());
            text.drain(position..end);
        }
        _ => {
            let end = (position + usize::from(byte)).min(text.len());
            let copy = text[position..end].to_vec();
            text.splice(position..position, copy);
        }
    }
}

/// First bytes that take each way through the demultiplexer.
fn datagram() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        Just(0u8),
        Just(1),
        Just(20),
        Just(21),
        Just(22),
        Just(23),
        Just(128),
        Just(0x90),
        Just(0xb0),
        any::<u8>()
    ];
    (first, proptest::collection::vec(any::<u8>(), 0..200)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        rest
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_offers_are_answered_or_refused(
        index in 0usize..7,
        damages in proptest::collection::vec((0.0f64..1.0, any::<u8>(), any::<u8>()), 1..8),
    ) {
        let mut text = recorded(index).into_bytes();
        for (at, kind, byte) in damages {
            damage(&mut text, at, kind, byte);
            if text.is_empty() { break; }
        }
        let text = String::from_utf8_lossy(&text);
        if let Ok((_, answer)) = factory().accept(origin(), &text, true) {
            prop_assert!(answer.sdp.lines().all(|line| line.as_bytes().get(1) == Some(&b'=')), "{}", answer.sdp);
        }
    }

    #[test]
    fn damaged_later_offers_do_no_harm(
        damages in proptest::collection::vec((0.0f64..1.0, any::<u8>(), any::<u8>()), 1..8),
    ) {
        let offer = recorded(1);
        let (mut peer, _) = factory().accept(origin(), &offer, true).unwrap();
        let mut text = offer.into_bytes();
        for (at, kind, byte) in damages {
            damage(&mut text, at, kind, byte);
            if text.is_empty() { break; }
        }
        if peer.handle_offer(origin(), &String::from_utf8_lossy(&text)).is_err() {
            peer.handle_offer(origin(), &recorded(1)).map(|_| ()).expect("a refused offer changes nothing");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_datagrams_are_harmless(
        datagrams in proptest::collection::vec(datagram(), 1..200),
        during_handshake in any::<bool>(),
    ) {
        let mut world = if during_handshake {
            World::new(&usual_sections(), ClientOptions::default(), false)
        } else {
            World::connected(&usual_sections())
        };
        for bytes in &datagrams {
            for path in [udp_path(), tcp_path()] {
                world.server.handle_datagram(world.now, path, BytesMut::from(&bytes[..]));
            }
        }
        world.run(Duration::from_secs(8));
        prop_assert!(world.is_connected(), "{:?}", world.events);
        world.client.send_rtp(world.now, packet(5, OPUS, 1, &[(MID_EXT, b"mic")], b"still there"));
        world.exchange();
        prop_assert!(matches!(world.events.last(), Some(PeerEvent::Rtp { .. })), "{:?}", world.events.last());
    }

    #[test]
    fn authentic_nonsense_is_harmless(
        packets in proptest::collection::vec((any::<u32>(), 0u8..128, any::<u16>(), any::<[u8; 3]>(), proptest::collection::vec(any::<u8>(), 0..40)), 1..200),
    ) {
        let mut world = World::connected(&usual_sections());
        for (ssrc, payload_type, seq, rid, payload) in packets {
            let payload_type = if ssrc % 3 == 0 { [VP8, RTX, OPUS, RED][usize::from(seq % 4)] } else { payload_type };
            let mid: &[u8] = if ssrc % 2 == 0 { b"cam" } else { b"mic" };
            let rid: &[u8] = if seq % 2 == 0 { b"q" } else { &rid };
            world.client.send_rtp(world.now, packet(ssrc, payload_type, seq, &[(MID_EXT, mid), (RID_EXT, rid), (REPAIRED_EXT, rid)], &payload));
            world.exchange();
        }
        world.run(Duration::from_secs(2));
        world.client.send_rtp(world.now, packet(5, OPUS, 1, &[(MID_EXT, b"mic")], b"still there"));
        world.exchange();
        prop_assert!(matches!(world.events.last(), Some(PeerEvent::Rtp { .. })), "{:?}", world.events.last());
    }
}

#[test]
fn a_storm_of_ssrcs_does_not_grow_the_table() {
    let mut world = World::connected(&usual_sections());
    for ssrc in 0..2000u32 {
        world.client.send_rtp(
            world.now,
            packet(1000 + ssrc, OPUS, 1, &[(MID_EXT, b"mic")], b"x"),
        );
        world.exchange();
    }
    // One section without layers has one stream: reports must not name two thousand.
    world.client.rtcp.clear();
    world.run(Duration::from_secs(2));
    let blocks: usize = world
        .client
        .rtcp_of::<rtc::rtcp::receiver_report::ReceiverReport>()
        .iter()
        .map(|report| report.reports.len())
        .sum();
    assert!(blocks <= 4, "{blocks}");
}
