//! A track in another codec than VP8 lasts as long as everybody who watches decodes it; SVC layers follow the tile.

use crate::common::{CAMERA, Member, Stage};
use bytes::Bytes;
use media::plane::{MediaEvent, PauseReason, SlotState};
use media::{Codec, Source, vp9};

/// A picture of three spatial layers, a packet each.
fn vp9_picture(stage: &mut Stage, from: &Member, keyframe: bool) {
    for spatial in 0..3u8 {
        let first = if keyframe { 0xac } else { 0xec };
        let mut packet = stage.packet(from, CAMERA, 2, Codec::Vp9, Bytes::new());
        let id = (0x8000 | (packet.seq.0 / 3)).to_be_bytes();
        packet.marker = spatial == 2;
        packet.payload = Bytes::copy_from_slice(&[first, id[0], id[1], 0x10 | (spatial << 1), 1, 7]);
        stage.rtp(from, CAMERA, 2, packet);
    }
}

fn told(stage: &mut Stage) -> Vec<Codec> {
    let events = stage.take_events().into_iter();
    let codecs = events.filter_map(|event| match event {
        MediaEvent::Codec { codec, .. } => Some(codec),
        _ => None,
    });
    codecs.collect()
}

fn play(stage: &mut Stage, alice: &Member, seconds: u64, codec: Codec) {
    for _ in 0..seconds * 10 {
        stage.pass(100);
        match codec {
            Codec::Vp9 => vp9_picture(stage, alice, true),
            _ => stage.frame(alice, 2, true),
        }
    }
}

#[test]
fn while_somebody_who_watches_cannot_decode_the_codec() {
    let mut stage = Stage::new();
    let [alice, bob, carl] = [1, 2, 3].map(|id| stage.join(1, id, 1, 1));
    carl.script.borrow_mut().refused_codecs.push(Codec::Vp9);
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    play(&mut stage, &alice, 3, Codec::Vp9);
    assert_eq!(told(&mut stage), []);
    stage.assign(&carl, carl.video[0], Some(camera), 720);
    let events = stage.take_events();
    let paused = |event: &MediaEvent| {
        matches!(event, MediaEvent::SlotState { participant, state: SlotState::Paused(PauseReason::Codec), .. }
            if *participant == carl.id)
    };
    assert!(events.iter().any(paused), "{events:?}");
    let falls_back = |event: &MediaEvent| {
        matches!(
            event,
            MediaEvent::Codec {
                codec: Codec::Vp8,
                ..
            }
        )
    };
    assert!(events.iter().any(falls_back), "{events:?}");
    play(&mut stage, &alice, 3, Codec::Vp8);
    carl.received(carl.video[0]);
    stage.frame(&alice, 2, false);
    assert_eq!(carl.received(carl.video[0]).len(), 1);
    assert_eq!(told(&mut stage), []);
    // He turns away, and after a while the publisher may return.
    stage.assign(&carl, carl.video[0], None, 0);
    play(&mut stage, &alice, 9, Codec::Vp8);
    assert_eq!(told(&mut stage), []);
    play(&mut stage, &alice, 3, Codec::Vp8);
    assert_eq!(told(&mut stage), [Codec::Vp9]);
}

#[test]
fn spatial_layers_follow_the_tile() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    play(&mut stage, &alice, 3, Codec::Vp9);
    let mut flowing = |height: u16, keyframe: bool| {
        stage.assign(&bob, bob.video[0], Some(camera), height);
        vp9_picture(&mut stage, &alice, false);
        vp9_picture(&mut stage, &alice, keyframe);
        bob.received(bob.video[0]);
        vp9_picture(&mut stage, &alice, false);
        let sent = bob.received(bob.video[0]);
        assert!(sent.last().is_some_and(|packet| packet.marker));
        sent.iter()
            .map(|packet| {
                vp9::Descriptor::parse(&packet.payload.to_bytes())
                    .expect("VP9")
                    .spatial_id
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(flowing(720, false), [0, 1, 2]);
    assert_eq!(flowing(360, false), [0, 1], "down without a keyframe");
    assert_eq!(flowing(90, false), [0]);
    assert_eq!(flowing(720, false), [0], "up with one only");
    assert_eq!(flowing(720, true), [0, 1, 2]);
}
