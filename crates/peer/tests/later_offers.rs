//! A later offer adds slots or restarts ICE; what flows goes on, and nothing negotiated may change.

mod support;

use bytes::Bytes;
use media::packet::SlotPacket;
use media::{Codec, Extensions, LayerIndex, MLineIndex, RtpTime, SeqNo, TrackId};
use peer::{Answer, OfferError, Peer, PeerEvent};
use std::time::Duration;
use support::*;

const CAM: MLineIndex = MLineIndex(2);

/// Offer again with these sections.
fn offer_again(world: &mut World, sections: &[String]) -> Result<Answer, OfferError> {
    let offer = world.client.offer(world.now, sections);
    let answer = world.server.handle_offer(world.now, &offer)?;
    world.client.answer(world.now, &answer.sdp);
    Ok(answer)
}

fn more_slots() -> Vec<String> {
    let mut sections = usual_sections();
    sections.push(video("v3", "recvonly", &[]));
    sections.push(audio("a3", "recvonly"));
    sections
}

fn section<'a>(sdp: &'a str, mid: &str) -> &'a str {
    sdp.split("\r\nm=")
        .find(|section| section.contains(&format!("a=mid:{mid}\r\n")))
        .unwrap()
        .trim_end()
}

fn slot_packet(seq: u16) -> SlotPacket {
    SlotPacket {
        seq: SeqNo(seq),
        timestamp: RtpTime(0),
        marker: false,
        codec: Codec::Vp8,
        csrc: TrackId(1),
        extensions: Extensions::default(),
        payload: Bytes::from_static(b"x").into(),
    }
}

fn last_rtp(world: &World) -> Option<(MLineIndex, LayerIndex, u16)> {
    match world.events.last() {
        Some(PeerEvent::Rtp {
            section,
            layer,
            packet,
        }) => Some((*section, *layer, packet.seq.0)),
        _ => None,
    }
}

#[test]
fn more_slots_leave_the_publisher_and_the_other_slots_as_they_were() {
    let mut world = World::connected(&usual_sections());
    // All layers are known, and the client no longer sends mid and rid.
    for (ssrc, rid) in [(100, "q"), (101, "h"), (102, "f")] {
        let extensions: [(u8, &[u8]); 2] = [(MID_EXT, b"cam"), (RID_EXT, rid.as_bytes())];
        world
            .client
            .send_rtp(world.now, packet(ssrc, VP8, 1, &extensions, b"x"));
    }
    world.exchange();

    let answer = offer_again(&mut world, &more_slots()).unwrap();
    assert_eq!(
        (
            answer.sections.video_slots.len(),
            answer.sections.audio_slots.len()
        ),
        (4, 4)
    );
    assert_eq!(answer.ufrag, world.first_answer.ufrag, "no restart");
    for mid in ["mic", "cam", "v0", "a2"] {
        assert_eq!(section(&answer.sdp, mid), section(&world.first_answer.sdp, mid));
    }
    assert!(
        section(&answer.sdp, "v3").contains("a=msid:slot-3 "),
        "the new pair"
    );
    assert!(section(&answer.sdp, "a3").contains("a=msid:slot-3 "));

    for (i, ssrc) in [100, 101, 102].into_iter().enumerate() {
        world.client.send_rtp(world.now, packet(ssrc, VP8, 2, &[], b"x"));
        world.exchange();
        assert_eq!(last_rtp(&world), Some((CAM, LayerIndex(i as u8), 2)));
    }
    let new_slot = answer.sections.video_slots[3].mline;
    world.server.send_rtp(world.now, MLineIndex(3), slot_packet(1));
    world.server.send_rtp(world.now, new_slot, slot_packet(1));
    world.exchange();
    assert_eq!(world.client.rtp.len(), 2);
    assert!(section(&answer.sdp, "v3").contains(&format!("a=ssrc:{} ", world.client.rtp[1].header.ssrc)));
}

#[test]
fn an_ice_restart_has_new_credentials_and_the_call_goes_on() {
    let mut world = World::connected(&usual_sections());
    world.client.pc.restart_ice();
    let answer = offer_again(&mut world, &usual_sections()).unwrap();
    assert_ne!(answer.ufrag, world.first_answer.ufrag);
    assert!(answer.sdp.contains(&format!("a=ice-ufrag:{}\r\n", answer.ufrag)));
    world.take_events();
    world.run(Duration::from_secs(3));
    world
        .client
        .send_rtp(world.now, packet(5, OPUS, 1, &[(MID_EXT, b"mic")], b"x"));
    world.exchange();
    assert_eq!(
        last_rtp(&world).map(|(section, ..)| section),
        Some(MLineIndex(1)),
        "{:?}",
        world.events
    );
    world.server.send_rtp(world.now, MLineIndex(3), slot_packet(1));
    world.exchange();
    assert_eq!(world.client.rtp.len(), 1);
    assert!(
        !world
            .events
            .iter()
            .any(|event| matches!(event, PeerEvent::Closed { .. } | PeerEvent::Connected { .. }))
    );
}

#[test]
fn what_was_negotiated_may_not_change() {
    let mut world = World::connected(&usual_sections());
    let mut without_last = usual_sections();
    without_last.pop();
    let mut turned = usual_sections();
    turned[1] = video("cam", "inactive", &["q", "h", "f"]);
    let mut swapped = usual_sections();
    swapped.swap(0, 1);
    let mut fewer_layers = usual_sections();
    fewer_layers[1] = video("cam", "sendonly", &["q", "h"]);
    let mut stopped = usual_sections();
    stopped[2] = stopped[2].replace("m=video 9", "m=video 0");
    for (sections, words) in [
        (without_last, "vanished"),
        (turned, "direction was sendonly"),
        (swapped, "it was audio"),
        (fewer_layers, "rids were"),
        (stopped, "stopped"),
    ] {
        let offer = world.client.offer(world.now, &sections);
        let error = world
            .server
            .handle_offer(world.now, &offer)
            .map(|answer| answer.sdp)
            .expect_err(words);
        assert!(matches!(error, OfferError::Changed { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
    // Nothing has happened to the peer.
    world
        .client
        .send_rtp(world.now, packet(5, OPUS, 1, &[(MID_EXT, b"mic")], b"x"));
    world.exchange();
    assert!(last_rtp(&world).is_some());
}

#[test]
fn another_certificate_is_another_connection() {
    let mut world = World::connected(&usual_sections());
    let offer = Client::new(world.now, ClientOptions::default()).offer_with_channel(&usual_sections());
    let error = world
        .server
        .handle_offer(world.now, &offer)
        .map(|answer| answer.sdp)
        .expect_err("refused");
    assert!(error.to_string().contains("new PeerConnection"), "{error}");
}

#[test]
fn later_offers_are_limited_to_64_kib() {
    let mut world = World::connected(&usual_sections());
    let offer = world.client.offer(world.now, &usual_sections()) + &"a=x\r\n".repeat(14_000);
    let error = world
        .server
        .handle_offer(world.now, &offer)
        .map(|answer| answer.sdp)
        .expect_err("refused");
    assert!(
        matches!(error, OfferError::TooLarge { limit: 65_536, .. }),
        "{error:?}"
    );
}
