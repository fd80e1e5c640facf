//! What a publisher sends arrives as packets of the right section, layer and codec, and losses are repaired.

mod support;

use media::{Codec, LayerIndex, MLineIndex, NtpTime, Packet, RtpTime, SeqNo};
use peer::{Peer, PeerEvent};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use std::collections::BTreeSet;
use std::time::Duration;
use support::*;

/// m-lines of the usual offer: the data section is first.
const MIC: MLineIndex = MLineIndex(1);
const CAM: MLineIndex = MLineIndex(2);

fn received(world: &World) -> Vec<(MLineIndex, LayerIndex, Packet)> {
    world
        .events
        .iter()
        .filter_map(|event| match event {
            PeerEvent::Rtp {
                section,
                layer,
                packet,
            } => Some((*section, *layer, packet.clone())),
            _ => None,
        })
        .collect()
}

fn send(world: &mut World, packet: rtc::rtp::Packet) {
    world.client.send_rtp(world.now, packet);
    world.exchange();
}

/// A packet of a simulcast layer as libwebrtc sends it before the first receiver report.
fn layer_packet(ssrc: u32, rid: &str, seq: u16) -> rtc::rtp::Packet {
    packet(
        ssrc,
        VP8,
        seq,
        &[(MID_EXT, b"cam"), (RID_EXT, rid.as_bytes())],
        &[0x90, 0x80, 1, 2, 3],
    )
}

fn bare_packet(ssrc: u32, seq: u16) -> rtc::rtp::Packet {
    packet(ssrc, VP8, seq, &[], &[0x90, 0x80, 1, 2, 3])
}

#[test]
fn layers_are_told_apart_by_rid_and_stay_bound_when_it_vanishes() {
    let mut world = World::connected(&usual_sections());
    for (ssrc, rid) in [(100, "f"), (101, "q"), (102, "h")] {
        send(&mut world, layer_packet(ssrc, rid, 7));
    }
    for ssrc in [100, 101, 102] {
        send(&mut world, bare_packet(ssrc, 8));
    }
    let layers: Vec<_> = received(&world)
        .iter()
        .map(|(section, layer, packet)| (*section, layer.0, packet.seq.0))
        .collect();
    assert_eq!(
        layers,
        [
            (CAM, 2, 7),
            (CAM, 0, 7),
            (CAM, 1, 7),
            (CAM, 2, 8),
            (CAM, 0, 8),
            (CAM, 1, 8)
        ]
    );
}

#[test]
fn audio_carries_its_level_and_red_is_named() {
    let mut world = World::connected(&usual_sections());
    let extensions: [(u8, &[u8]); 2] = [(MID_EXT, b"mic"), (AUDIO_LEVEL_EXT, &[0x95])];
    send(&mut world, packet(200, OPUS, 1, &extensions, b"sound"));
    send(&mut world, packet(200, RED, 2, &extensions, b"red"));
    let packets = received(&world);
    let (section, layer, first) = &packets[0];
    assert_eq!((*section, *layer, first.codec), (MIC, LayerIndex(0), Codec::Opus));
    assert_eq!(first.extensions.audio_level, Some(0x95));
    assert_eq!(first.timestamp, RtpTime(3000));
    assert_eq!(&first.payload[..], b"sound");
    assert_eq!(packets[1].2.codec, Codec::Red);
}

#[test]
fn a_lost_simulcast_packet_is_asked_for_and_its_retransmission_takes_its_place() {
    let mut world = World::connected(&usual_sections());
    for seq in [10, 11, 13] {
        send(&mut world, layer_packet(102, "h", seq));
    }
    world.run(Duration::from_millis(100));
    let nacks: Vec<TransportLayerNack> = world.client.rtcp_of();
    let asked: Vec<u16> = nacks
        .iter()
        .filter(|n| n.media_ssrc == 102)
        .flat_map(|n| n.nacks.iter().flat_map(|p| p.packet_list()))
        .collect();
    assert!(
        asked.contains(&12) && asked.iter().all(|seq| *seq == 12),
        "asked for {asked:?}"
    );
    assert!(world.server.stats().nacks_sent > 0);

    // RFC 4588: original sequence number before the payload; its SSRC is known by the repaired rid only.
    let extensions: [(u8, &[u8]); 2] = [(MID_EXT, b"cam"), (REPAIRED_EXT, b"h")];
    send(
        &mut world,
        packet(902, RTX, 500, &extensions, &[0, 12, 0x90, 0x80, 1, 2, 3]),
    );
    let (section, layer, repaired) = received(&world).pop().unwrap();
    assert_eq!(
        (section, layer, repaired.seq, repaired.codec),
        (CAM, LayerIndex(1), SeqNo(12), Codec::Vp8)
    );
    assert_eq!(&repaired.payload[..], &[0x90, 0x80, 1, 2, 3]);
    assert_eq!(world.server.stats().rtx_received, 1);

    let before = world.client.rtcp_of::<TransportLayerNack>().len();
    world.run(Duration::from_millis(500));
    assert_eq!(
        world.client.rtcp_of::<TransportLayerNack>().len(),
        before,
        "it stops asking"
    );

    // The repair stream stays bound without its extensions, too.
    send(
        &mut world,
        packet(902, RTX, 501, &[], &[0, 9, 0x90, 0x80, 1, 2, 3]),
    );
    assert_eq!(
        received(&world)
            .pop()
            .map(|(_, layer, packet)| (layer.0, packet.seq.0)),
        Some((1, 9))
    );
}

#[test]
fn a_packet_that_never_comes_is_not_asked_for_for_ever() {
    let mut world = World::connected(&usual_sections());
    for seq in [10, 12] {
        send(&mut world, layer_packet(102, "h", seq));
    }
    world.run(Duration::from_secs(5));
    assert_eq!(world.server.stats().nacks_sent, 10);
}

#[test]
fn what_is_missing_of_a_layer_that_stopped_is_not_asked_for() {
    let mut world = World::connected(&usual_sections());
    for (ssrc, rid) in [(102, "h"), (104, "f")] {
        for seq in [10, 12] {
            send(&mut world, layer_packet(ssrc, rid, seq));
        }
    }
    world.server.give_up_repairs(CAM, LayerIndex(2));
    world.run(Duration::from_secs(1));
    let nacks: Vec<TransportLayerNack> = world.client.rtcp_of();
    let asked: BTreeSet<u32> = nacks.iter().map(|nack| nack.media_ssrc).collect();
    assert_eq!(asked, [102].into());
}

#[test]
fn padding_to_probe_for_bandwidth_is_tolerated() {
    let mut world = World::connected(&usual_sections());
    send(&mut world, layer_packet(100, "q", 1));
    let mut padding = packet(900, RTX, 1, &[(MID_EXT, b"cam"), (REPAIRED_EXT, b"q")], &[]);
    padding.header.padding = true;
    send(&mut world, padding);
    assert_eq!(received(&world).len(), 1);
    assert_eq!(world.server.stats().rtx_received, 0);
}

#[test]
fn packets_that_are_nobodys_are_dropped_and_counted() {
    let mut world = World::connected(&usual_sections());
    let before = world.server.stats().dropped_in;
    send(&mut world, bare_packet(300, 1)); // no rid, three layers it could be
    send(
        &mut world,
        packet(301, VP8, 1, &[(MID_EXT, b"nope"), (RID_EXT, b"q")], b"x"),
    );
    send(
        &mut world,
        packet(302, 100, 1, &[(MID_EXT, b"cam"), (RID_EXT, b"q")], b"x"),
    ); // a payload type that was not negotiated
    send(&mut world, packet(303, VP8, 1, &[(MID_EXT, b"v0")], b"x")); // a slot is ours to send on
    assert!(received(&world).is_empty());
    assert_eq!(world.server.stats().dropped_in, before + 4);
}

#[test]
fn transport_feedback_and_receiver_reports_are_sent() {
    let mut world = World::connected(&usual_sections());
    for seq in 1..30u16 {
        let extensions: [(u8, &[u8]); 3] = [
            (MID_EXT, b"cam"),
            (RID_EXT, b"q"),
            (TRANSPORT_CC_EXT, &seq.to_be_bytes()),
        ];
        send(&mut world, packet(100, VP8, seq, &extensions, b"x"));
        world.run(Duration::from_millis(50));
    }
    assert!(world.client.rtcp_of::<TransportLayerCc>().len() >= 10);
    let reports: Vec<ReceiverReport> = world.client.rtcp_of();
    assert!(
        reports
            .iter()
            .any(|report| report.reports.iter().any(|block| block.ssrc == 100)),
        "{reports:?}"
    );
}

#[test]
fn sender_reports_name_their_layer_and_are_echoed() {
    let mut world = World::connected(&usual_sections());
    send(&mut world, layer_packet(102, "h", 1));
    let report = SenderReport {
        ssrc: 102,
        ntp_time: 0x0102_0304_0506_0708,
        rtp_time: 99,
        ..Default::default()
    };
    world.client.send_rtcp(world.now, vec![Box::new(report)]);
    world.exchange();
    let found = world.events.iter().any(|event| {
        matches!(
            event,
            PeerEvent::SenderReport {
                section: CAM,
                layer: LayerIndex(1),
                ntp: NtpTime(0x0102_0304_0506_0708),
                rtp: RtpTime(99)
            }
        )
    });
    assert!(found, "{:?}", world.events);
    world.run(Duration::from_millis(1500));
    let reports: Vec<ReceiverReport> = world.client.rtcp_of();
    let echoed = reports
        .iter()
        .flat_map(|report| &report.reports)
        .any(|block| block.last_sender_report == 0x0304_0506);
    assert!(
        echoed,
        "the publisher measures its round trip with it: {reports:?}"
    );
}

#[test]
fn a_keyframe_is_asked_of_one_layer() {
    let mut world = World::connected(&usual_sections());
    send(&mut world, layer_packet(102, "h", 1));
    world.server.request_keyframe(world.now, CAM, LayerIndex(1));
    world.server.request_keyframe(world.now, CAM, LayerIndex(2)); // never sent anything
    world.exchange();
    let asked: Vec<u32> = world
        .client
        .rtcp_of::<PictureLossIndication>()
        .iter()
        .map(|pli| pli.media_ssrc)
        .collect();
    assert_eq!(asked, [102]);
}

#[test]
fn declared_ssrcs_bind_a_client_without_mids() {
    let camera = video("cam", "sendrecv", &[]).replace(
        &format!("a=extmap:{MID_EXT} urn:ietf:params:rtp-hdrext:sdes:mid\r\n"),
        "",
    ) + "a=ssrc-group:FID 700 701\r\na=ssrc:700 cname:x\r\na=ssrc:701 cname:x\r\n";
    let mut world = World::connected(&[camera, audio("mic", "sendrecv")]);
    send(&mut world, packet(700, VP8, 5, &[], b"abc"));
    send(&mut world, packet(701, RTX, 1, &[], &[0, 4, b'z']));
    let seqs: Vec<u16> = received(&world)
        .iter()
        .map(|(_, _, packet)| packet.seq.0)
        .collect();
    assert_eq!(seqs, [5, 4]);
}

#[test]
fn a_publisher_who_falls_silent_costs_few_wake_ups() {
    let mut world = World::connected(&usual_sections());
    for seq in 1..30u16 {
        let extensions: [(u8, &[u8]); 3] = [
            (MID_EXT, b"cam"),
            (RID_EXT, b"q"),
            (TRANSPORT_CC_EXT, &seq.to_be_bytes()),
        ];
        send(&mut world, packet(100, VP8, seq, &extensions, b"x"));
        world.run(Duration::from_millis(20));
    }
    world.run(Duration::from_secs(2));
    let mut wake_ups = 0;
    let end = world.now + Duration::from_secs(10);
    while let Some(next) = world.server.poll_timeout().filter(|next| *next < end) {
        world.now = world.now.max(next);
        world.server.handle_timeout(world.now);
        world.exchange();
        wake_ups += 1;
    }
    // Five a second are `rtc`'s ICE agent, one is the receiver report, some are checks whether the client is there.
    assert!(wake_ups <= 80, "{wake_ups} in 10 s");
}
