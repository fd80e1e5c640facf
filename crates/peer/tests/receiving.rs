//! What goes through a slot arrives with the slot's numbers, and what the client says about it comes back.

mod support;

use bytes::Bytes;
use media::packet::SlotPacket;
use media::{Codec, Extensions, MLineIndex, NtpTime, RtpTime, SeqNo, TrackId};
use peer::{Peer, PeerEvent, SlotReport};
use rtc::rtcp::payload_feedbacks::full_intra_request::{FirEntry, FullIntraRequest};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::source_description::SourceDescription;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use std::time::Duration;
use support::*;

/// First video and audio slots of the usual offer.
const VIDEO: MLineIndex = MLineIndex(3);
const AUDIO: MLineIndex = MLineIndex(6);

fn slot_packet(codec: Codec, seq: u16) -> SlotPacket {
    SlotPacket {
        seq: SeqNo(seq),
        timestamp: RtpTime(4242),
        marker: true,
        codec,
        csrc: TrackId(0xabcd),
        extensions: Extensions::default(),
        payload: Bytes::from_static(b"picture").into(),
    }
}

/// SSRCs of a section of the answer: media, then repair.
fn ssrcs(answer: &str, mid: &str) -> Vec<u32> {
    let section = answer
        .split("\r\nm=")
        .find(|section| section.contains(&format!("a=mid:{mid}\r\n")))
        .unwrap();
    let mut found = Vec::new();
    for line in section.lines().filter_map(|line| line.strip_prefix("a=ssrc:")) {
        let ssrc = line.split(' ').next().unwrap().parse().unwrap();
        if !found.contains(&ssrc) {
            found.push(ssrc);
        }
    }
    found
}

#[test]
fn a_packet_carries_the_slots_numbers_and_the_tracks_csrc() {
    let mut world = World::connected(&usual_sections());
    let mut packet = slot_packet(Codec::Vp8, 77);
    packet.extensions.video_orientation = Some(1);
    packet.extensions.audio_level = Some(9); // not negotiated on video
    world.server.send_rtp(world.now, VIDEO, packet);
    world.exchange();
    let got = world.client.rtp.pop().unwrap();
    let header = &got.header;
    assert_eq!(header.ssrc, ssrcs(&world.first_answer.sdp, "v0")[0]);
    assert_eq!(
        (
            header.payload_type,
            header.sequence_number,
            header.timestamp,
            header.marker
        ),
        (VP8, 77, 4242, true)
    );
    assert_eq!(header.csrc, [0xabcd]);
    assert_eq!(&got.payload[..], b"picture");
    assert_eq!(header.get_extension(MID_EXT).as_deref(), Some(&b"v0"[..]));
    assert_eq!(header.get_extension(ORIENTATION_EXT).as_deref(), Some(&[1u8][..]));
    assert!(header.get_extension(TRANSPORT_CC_EXT).is_some());
    assert_eq!(header.extensions.len(), 3);
}

#[test]
fn audio_keeps_its_level_and_red_its_payload_type() {
    let mut world = World::connected(&usual_sections());
    for (seq, codec, payload_type) in [(1, Codec::Opus, OPUS), (2, Codec::Red, RED)] {
        let mut packet = slot_packet(codec, seq);
        packet.extensions.audio_level = Some(200);
        world.server.send_rtp(world.now, AUDIO, packet);
        world.exchange();
        let got = world.client.rtp.pop().unwrap();
        assert_eq!(got.header.payload_type, payload_type);
        assert_eq!(
            got.header.get_extension(AUDIO_LEVEL_EXT).as_deref(),
            Some(&[200u8][..])
        );
    }
}

#[test]
fn blocks_inside_red_are_opus_by_the_receivers_payload_type() {
    const THEIRS: u8 = OPUS - 2;
    let mut world = World::connected(&usual_sections());
    let mut packet = slot_packet(Codec::Red, 1);
    packet.payload = Bytes::from_static(&[0x80 | THEIRS, 0, 0, 1, THEIRS, b'a', b'b']).into();
    world.server.send_rtp(world.now, AUDIO, packet);
    world.exchange();
    let got = world.client.rtp.pop().unwrap();
    assert_eq!(&got.payload[..], &[0x80 | OPUS, 0, 0, 1, OPUS, b'a', b'b']);
}

#[test]
fn a_codec_or_slot_that_was_not_negotiated_is_refused() {
    let mut world = World::connected(&usual_sections());
    assert!(world.server.accepts(VIDEO, Codec::Vp8) && world.server.accepts(AUDIO, Codec::Opus));
    assert!(!world.server.accepts(VIDEO, Codec::H264) && !world.server.accepts(MLineIndex(2), Codec::Vp8));
    world
        .server
        .send_rtp(world.now, VIDEO, slot_packet(Codec::H264, 1));
    world
        .server
        .send_rtp(world.now, MLineIndex(2), slot_packet(Codec::Vp8, 1)); // a publish section
    world
        .server
        .send_rtp(world.now, MLineIndex(999), slot_packet(Codec::Vp8, 1));
    world.exchange();
    assert!(world.client.rtp.is_empty());
    assert_eq!(world.server.stats().dropped_out, 3);
}

#[test]
fn retransmissions_of_video_are_wrapped_and_numbered_on_their_own() {
    let mut world = World::connected(&usual_sections());
    world
        .server
        .send_retransmission(world.now, VIDEO, slot_packet(Codec::Vp8, 300));
    world
        .server
        .send_retransmission(world.now, VIDEO, slot_packet(Codec::Vp8, 302));
    world
        .server
        .send_retransmission(world.now, AUDIO, slot_packet(Codec::Opus, 5));
    world.exchange();
    let [first, second] = &world.client.rtp[..] else {
        panic!("{:?}", world.client.rtp)
    };
    let numbers = ssrcs(&world.first_answer.sdp, "v0");
    assert_eq!((first.header.ssrc, first.header.payload_type), (numbers[1], RTX));
    assert_eq!(&first.payload[..], b"\x01\x2cpicture");
    assert_eq!(&second.payload[..], b"\x01\x2epicture");
    assert_eq!(
        second.header.sequence_number,
        first.header.sequence_number.wrapping_add(1)
    );
    assert_eq!(
        (first.header.timestamp, &first.header.csrc[..]),
        (4242, &[0xabcd][..])
    );
    assert_eq!(world.server.stats().dropped_out, 1, "audio has no RTX");
}

#[test]
fn the_mid_goes_when_the_client_has_reported() {
    let mut world = World::connected(&usual_sections());
    let ssrc = ssrcs(&world.first_answer.sdp, "v0")[0];
    let block = ReceptionReport {
        ssrc,
        fraction_lost: 64,
        jitter: 12,
        ..Default::default()
    };
    world.client.send_rtcp(
        world.now,
        vec![Box::new(ReceiverReport {
            ssrc: 1,
            reports: vec![block],
            ..Default::default()
        })],
    );
    world.exchange();
    let reported = world.events.iter().any(|event| {
        matches!(
            event,
            PeerEvent::ReceiverReport {
                slot: VIDEO,
                fraction_lost: 64,
                jitter: 12,
                rtt_ms: None
            }
        )
    });
    assert!(reported, "{:?}", world.events);
    world
        .server
        .send_rtp(world.now, VIDEO, slot_packet(Codec::Vp8, 1));
    world.exchange();
    assert_eq!(world.client.rtp[0].header.get_extension(MID_EXT), None);
    // Firefox knows the repair stream by its mid only.
    world
        .server
        .send_retransmission(world.now, VIDEO, slot_packet(Codec::Vp8, 1));
    world.exchange();
    assert_eq!(
        world.client.rtp[1].header.get_extension(MID_EXT).as_deref(),
        Some(&b"v0"[..])
    );
}

#[test]
fn nack_pli_and_fir_name_their_slot_even_in_one_compound() {
    let mut world = World::connected(&usual_sections());
    let (v0, v1, v2) = (
        ssrcs(&world.first_answer.sdp, "v0")[0],
        ssrcs(&world.first_answer.sdp, "v1")[0],
        ssrcs(&world.first_answer.sdp, "v2")[0],
    );
    world.take_events();
    world.client.send_rtcp(
        world.now,
        vec![
            Box::new(ReceiverReport {
                ssrc: 1,
                ..Default::default()
            }),
            Box::new(TransportLayerNack {
                sender_ssrc: 1,
                media_ssrc: v0,
                nacks: nack_pairs_from_sequence_numbers(&[65535, 0, 30]),
            }),
            Box::new(PictureLossIndication {
                sender_ssrc: 1,
                media_ssrc: v1,
            }),
            Box::new(FullIntraRequest {
                sender_ssrc: 1,
                media_ssrc: 0,
                fir: vec![FirEntry {
                    ssrc: v2,
                    sequence_number: 1,
                }],
            }),
            Box::new(PictureLossIndication {
                sender_ssrc: 1,
                media_ssrc: 12345,
            }), // nobody's
        ],
    );
    world.exchange();
    let [
        PeerEvent::Nack {
            slot: MLineIndex(3),
            missing,
        },
        PeerEvent::KeyframeRequest { slot: MLineIndex(4) },
        PeerEvent::KeyframeRequest { slot: MLineIndex(5) },
    ] = &world.events[..]
    else {
        panic!("{:?}", world.events)
    };
    assert_eq!(
        missing.iter().map(|seq| seq.0).collect::<Vec<_>>(),
        [65535, 0, 30]
    );
}

#[test]
fn sender_reports_carry_the_slots_line_and_the_pairs_cname() {
    let mut world = World::connected(&usual_sections());
    let report = SlotReport {
        ntp: NtpTime(7 << 32),
        rtp: RtpTime(90),
        packets: 3,
        octets: 300,
    };
    world.server.send_report(world.now, VIDEO, report);
    world.server.send_report(world.now, AUDIO, report);
    world.exchange();
    let reports: Vec<SenderReport> = world.client.rtcp_of();
    assert_eq!(reports.len(), 2);
    assert_eq!((reports[0].ntp_time, reports[0].rtp_time), (7 << 32, 90));
    assert_eq!((reports[0].packet_count, reports[0].octet_count), (3, 300));
    let names: Vec<Bytes> = world
        .client
        .rtcp_of::<SourceDescription>()
        .iter()
        .map(|sdes| sdes.chunks[0].items[0].text.clone())
        .collect();
    assert_eq!(names, [&b"slot-0"[..], &b"slot-0"[..]]);
}

#[test]
fn the_round_trip_is_measured_against_the_last_report() {
    let mut world = World::connected(&usual_sections());
    let ssrc = ssrcs(&world.first_answer.sdp, "v0")[0];
    let ntp = NtpTime(0x1111_2222_3333_4444);
    world.server.send_report(
        world.now,
        VIDEO,
        SlotReport {
            ntp,
            rtp: RtpTime(0),
            packets: 0,
            octets: 0,
        },
    );
    world.run(Duration::from_millis(250));
    // The client held the report for 200 ms of the 250.
    let block = ReceptionReport {
        ssrc,
        last_sender_report: 0x2222_3333,
        delay: 65536 / 5,
        ..Default::default()
    };
    world.client.send_rtcp(
        world.now,
        vec![Box::new(ReceiverReport {
            ssrc: 1,
            reports: vec![block],
            ..Default::default()
        })],
    );
    world.exchange();
    let rtt = world.events.iter().rev().find_map(|event| match event {
        PeerEvent::ReceiverReport { rtt_ms, .. } => *rtt_ms,
        _ => None,
    });
    assert!(matches!(rtt, Some(48..=52)), "{rtt:?}");
}
