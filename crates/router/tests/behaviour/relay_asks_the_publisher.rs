//! What viewers on another worker need reaches the publisher: keyframes, layers, and a codec they decode.

use crate::common::{CAMERA, Member};
use crate::spread::Spread;
use media::plane::{MediaCommand, MediaEvent, PauseReason, SlotState};
use media::{Codec, LayerIndex, Source, TrackId};
use peer::PeerEvent;

fn call(viewers: u32) -> (Spread, Member, Vec<Member>, TrackId) {
    let mut spread = Spread::new(2);
    let alice = spread.join(0, 1, 1, (1, 1));
    let viewers: Vec<_> = (0..viewers).map(|n| spread.join(1, 1, 10 + n, (1, 1))).collect();
    let camera = spread.publish(1, &alice, CAMERA, 10, Source::Camera);
    (spread, alice, viewers, camera)
}

fn wanted(spread: &mut Spread) -> Vec<(usize, Vec<u8>)> {
    let events = std::mem::take(&mut spread.events).into_iter();
    let layers = events.filter_map(|(worker, event)| match event {
        MediaEvent::WantedLayers { layers, .. } => Some((worker, layers.iter().map(|l| l.0).collect())),
        _ => None,
    });
    layers.collect()
}

#[test]
fn many_viewers_ask_for_one_keyframe() {
    let (mut spread, alice, viewers, camera) = call(20);
    for viewer in &viewers {
        spread.assign(1, viewer, viewer.video[0], Some(camera), 180);
    }
    assert_eq!(alice.keyframe_requests(), [(CAMERA, LayerIndex(0))], "at once");
    spread.frame(0, &alice, 0, true);
    spread.pass(600);
    assert_eq!(alice.keyframe_requests(), []);
    for viewer in &viewers {
        let slot = viewer.video[0];
        spread.stages[1].tell(viewer, PeerEvent::KeyframeRequest { slot });
    }
    spread.settle();
    assert_eq!(alice.keyframe_requests(), [(CAMERA, LayerIndex(0))]);
}

#[test]
fn a_request_that_was_lost_is_repeated() {
    let (mut spread, alice, viewers, camera) = call(1);
    spread.loses = Box::new(|_| true);
    spread.assign(1, &viewers[0], viewers[0].video[0], Some(camera), 180);
    assert_eq!(alice.keyframe_requests(), []);
    spread.loses = Box::new(|_| false);
    spread.pass(1_100);
    assert!(!alice.keyframe_requests().is_empty());
    spread.frame(0, &alice, 0, true);
    assert_eq!(viewers[0].received(viewers[0].video[0]).len(), 1);
}

#[test]
fn watched_layers_are_announced_by_the_publishers_worker_alone() {
    let (mut spread, alice, viewers, camera) = call(1);
    spread.assign(1, &viewers[0], viewers[0].video[0], Some(camera), 180);
    spread.film(0, &alice, 6_000);
    assert_eq!(wanted(&mut spread).last(), Some(&(0, vec![0])));
    spread.assign(1, &viewers[0], viewers[0].video[0], Some(camera), 720);
    spread.film(0, &alice, 500);
    let now_wanted = wanted(&mut spread);
    assert!(now_wanted.iter().all(|(worker, _)| *worker == 0));
    assert!(
        now_wanted.iter().any(|(_, layers)| layers.contains(&2)),
        "{now_wanted:?}"
    );
    spread.assign(1, &viewers[0], viewers[0].video[0], None, 0);
    spread.film(0, &alice, 8_000);
    assert_eq!(wanted(&mut spread).last(), Some(&(0, vec![])));
}

#[test]
fn muting_is_followed() {
    let (mut spread, alice, viewers, camera) = call(1);
    let (viewer, slot) = (&viewers[0], viewers[0].video[0]);
    spread.assign(1, viewer, slot, Some(camera), 180);
    spread.frame(0, &alice, 0, true);
    assert_eq!(viewer.received(slot).len(), 1);
    spread.events.clear();
    let mute = |muted| MediaCommand::Mute { track: camera, muted };
    spread.command(1, mute(true));
    let paused = SlotState::Paused(PauseReason::Muted);
    let told = |(worker, event): &(usize, MediaEvent)| {
        *worker == 1 && matches!(event, MediaEvent::SlotState { state, .. } if *state == paused)
    };
    assert!(spread.events.iter().any(told));
    alice.keyframe_requests();
    spread.film(0, &alice, 3_000);
    assert!(viewer.received(slot).is_empty());
    assert_eq!(alice.keyframe_requests(), []);
    spread.command(1, mute(false));
    assert_eq!(alice.keyframe_requests(), [(CAMERA, LayerIndex(0))]);
    spread.frame(0, &alice, 0, true);
    assert_eq!(viewer.received(slot).len(), 1);
}

#[test]
fn a_track_that_is_muted_already_comes_muted() {
    let (mut spread, _, _, camera) = call(1);
    spread.command(
        1,
        MediaCommand::Mute {
            track: camera,
            muted: true,
        },
    );
    let mut stage = crate::common::Stage::new();
    stage.now = spread.stages[0].now;
    spread.stages.push(stage);
    let late = spread.join(2, 1, 99, (1, 1));
    spread.events.clear();
    spread.assign(1, &late, late.video[0], Some(camera), 180);
    let paused = SlotState::Paused(PauseReason::Muted);
    let told = |(_, event): &(usize, MediaEvent)| matches!(event, MediaEvent::SlotState { state, .. } if *state == paused);
    assert!(spread.events.iter().any(told));
}

#[test]
fn a_codec_that_a_distant_viewer_does_not_decode_is_given_up() {
    let (mut spread, alice, viewers, camera) = call(1);
    viewers[0].script.borrow_mut().refused_codecs = vec![Codec::H264];
    spread.assign(1, &viewers[0], viewers[0].video[0], Some(camera), 180);
    let mut packet = spread.stages[0].packet(&alice, CAMERA, 0, Codec::H264, bytes::Bytes::new());
    // A sequence parameter set.
    packet.payload = bytes::Bytes::from_static(&[0x67, 0x42, 0, 0x1F]);
    spread.stages[0].rtp(&alice, CAMERA, 0, packet);
    spread.settle();
    let codec = |(worker, event): &(usize, MediaEvent)| match event {
        MediaEvent::Codec { codec, .. } => Some((*worker, *codec)),
        _ => None,
    };
    let told: Vec<_> = spread.events.iter().filter_map(codec).collect();
    assert_eq!(told, [(0, Codec::Vp8)]);
    // By now no packets cross: nobody there could use them. That VP8 comes has to be told.
    spread.pass(3_000);
    spread.frame(0, &alice, 0, true);
    spread.film(0, &alice, 500);
    spread.frame(0, &alice, 0, true);
    assert!(!viewers[0].received(viewers[0].video[0]).is_empty());
}
