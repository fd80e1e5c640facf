//! A browser's layers allocation says which layers it sends: viewers of one that it leaves out go on with the next at
//! once.

use crate::common::{CAMERA, Member, Stage, allocation, vp8};
use bytes::Bytes;
use media::plane::MediaEvent;
use media::{Bitrate, Codec, LayerIndex, NtpTime, RtpTime, SeqNo, Source, TrackId};
use peer::PeerEvent;
use std::time::Duration;

const ALL: [(u8, u64); 3] = [(0, 150_000), (1, 500_000), (2, 1_700_000)];
const LOWER: [(u8, u64); 2] = [(0, 150_000), (1, 400_000)];

/// Bob sees Alice's best layer, and she has said that she sends all of them.
fn call() -> (Stage, Member, Member, TrackId) {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    for round in 0..60 {
        stage.pass(33);
        for layer in 0..3 {
            if round == 0 {
                stage.frame_telling(&alice, layer, true, &ALL);
            } else {
                stage.frame(&alice, layer, false);
            }
        }
    }
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1, 2]), [2]);
    alice.keyframe_requests();
    (stage, alice, bob, camera)
}

/// Of which of these layers the next frame goes to Bob.
fn flowing(stage: &mut Stage, alice: &Member, bob: &Member, layers: &[u8]) -> Vec<u8> {
    let mut flowing = Vec::new();
    stage.pass(33);
    for layer in layers {
        bob.received(bob.video[0]);
        stage.frame(alice, *layer, false);
        if !bob.received(bob.video[0]).is_empty() {
            flowing.push(*layer);
        }
    }
    flowing
}

fn asked(alice: &Member) -> Vec<u8> {
    let asked = alice.keyframe_requests().into_iter();
    asked.map(|(_, layer)| layer.0).collect()
}

#[test]
fn a_layer_that_is_left_out_is_left_at_once() {
    let (mut stage, alice, bob, _) = call();
    stage.pass(33);
    stage.frame_telling(&alice, 0, false, &LOWER);
    assert_eq!(asked(&alice), [1], "in the same instant");
    stage.frame_telling(&alice, 1, true, &LOWER);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1]), [1]);
    assert_eq!(asked(&alice), []);
}

#[test]
fn no_keyframe_is_asked_for_where_one_brings_the_news() {
    let (mut stage, alice, bob, _) = call();
    stage.frame_telling(&alice, 1, true, &LOWER);
    assert_eq!(asked(&alice), []);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1]), [1]);
}

#[test]
fn what_was_on_its_way_of_it_changes_nothing() {
    let (mut stage, alice, bob, _) = call();
    stage.frame_telling(&alice, 0, false, &LOWER);
    assert_eq!(asked(&alice), [1]);
    // It waited on a thin uplink.
    for _ in 0..10 {
        assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1, 2]), [2], "it is shown");
    }
    stage.frame(&alice, 1, true);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1]), [1]);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[2]), []);
    assert_eq!(asked(&alice), []);
}

#[test]
fn nothing_that_is_missing_of_it_is_asked_for_any_more() {
    let (mut stage, alice, ..) = call();
    stage.frame_telling(&alice, 0, false, &LOWER);
    let given_up = std::mem::take(&mut alice.script.borrow_mut().given_up);
    assert_eq!(given_up, [(CAMERA, LayerIndex(2))]);
    stage.frame_telling(&alice, 1, false, &LOWER);
    assert_eq!(alice.script.borrow().given_up, []);
}

#[test]
fn it_is_taken_again_when_it_comes_back() {
    let (mut stage, alice, bob, _) = call();
    stage.frame_telling(&alice, 1, true, &LOWER);
    for _ in 0..20 {
        assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1]), [1]);
    }
    stage.frame_telling(&alice, 0, false, &ALL);
    assert_eq!(asked(&alice), [], "it begins with a keyframe of its own");
    bob.received(bob.video[0]);
    stage.frame_telling(&alice, 2, true, &ALL);
    assert_eq!(bob.received(bob.video[0]).len(), 1, "with the first packet");
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1, 2]), [2]);
    assert_eq!(asked(&alice), []);
}

#[test]
fn layers_that_nobody_asked_for_stay_to_be_had() {
    let (mut stage, alice, bob, camera) = call();
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.frame_telling(&alice, 0, true, &ALL[..1]);
    for _ in 0..200 {
        stage.pass(33);
        stage.frame_telling(&alice, 0, false, &ALL[..1]);
    }
    stage.take_events();
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    let events = stage.take_events();
    let wanted = events.iter().find_map(|event| match event {
        MediaEvent::WantedLayers { layers, .. } => Some(layers.clone()),
        _ => None,
    });
    assert_eq!(wanted, Some(vec![LayerIndex(0), LayerIndex(2)]));
    // What Alice sends before she has heard of it does not make it absent.
    stage.frame_telling(&alice, 0, false, &ALL[..1]);
    stage.pass(100);
    stage.frame_telling(&alice, 2, true, &[ALL[0], ALL[2]]);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 2]), [2]);
}

#[test]
fn an_older_packet_of_the_same_stream_says_nothing() {
    let (mut stage, alice, bob, _) = call();
    stage.pass(33);
    let mut late = stage.packet(&alice, CAMERA, 1, Codec::Vp8, Bytes::new());
    late.payload = vp8(false, late.seq.0);
    late.extensions.layers_allocation = Some(allocation(1, &LOWER));
    stage.frame_telling(&alice, 1, false, &ALL);
    stage.pass(100);
    stage.rtp(&alice, CAMERA, 1, late);
    assert_eq!(asked(&alice), []);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1, 2]), [2]);
}

#[test]
fn an_older_packet_of_another_stream_says_nothing() {
    let (mut stage, alice, bob, _) = call();
    // From now on capture times follow from reports.
    for layer in 0..3 {
        let (ntp, rtp) = (NtpTime(7_777 << 32), RtpTime(u32::from(layer) * 1_000_000));
        let layer = LayerIndex(layer);
        stage.tell(
            &alice,
            PeerEvent::SenderReport {
                section: CAMERA,
                layer,
                ntp,
                rtp,
            },
        );
    }
    let at = |layer: u32, ms: u32| RtpTime(layer * 1_000_000 + ms * 90);
    let telling = |stage: &mut Stage, layer: u8, ms: u32, sent: &[(u8, u64)]| {
        let mut packet = stage.packet(&alice, CAMERA, layer, Codec::Vp8, Bytes::new());
        packet.payload = vp8(false, packet.seq.0);
        packet.timestamp = at(u32::from(layer), ms);
        packet.extensions.layers_allocation = Some(allocation(layer, sent));
        packet
    };
    let [late, new] = [(1, 100, &ALL[..]), (0, 133, &LOWER[..])]
        .map(|(layer, ms, sent)| telling(&mut stage, layer, ms, sent));
    stage.pass(140);
    stage.rtp(&alice, CAMERA, 0, new);
    assert_eq!(asked(&alice), [1]);
    stage.pass(300);
    stage.rtp(&alice, CAMERA, 1, late);
    // The last of the best layer would be taken for its return.
    let mut last = stage.packet(&alice, CAMERA, 2, Codec::Vp8, Bytes::new());
    (last.payload, last.timestamp) = (vp8(false, last.seq.0), at(2, 110));
    stage.rtp(&alice, CAMERA, 2, last);
    assert_eq!(asked(&alice), []);
    stage.frame(&alice, 1, true);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1]), [1]);
}

#[test]
fn what_is_not_understood_says_nothing() {
    let (mut stage, alice, bob, _) = call();
    let mut say = |bytes: Bytes| {
        stage.pass(33);
        let mut packet = stage.packet(&alice, CAMERA, 0, Codec::Vp8, Bytes::new());
        packet.payload = vp8(false, packet.seq.0);
        packet.extensions.layers_allocation = Some(bytes);
        stage.rtp(&alice, CAMERA, 0, packet);
    };
    say(Bytes::new());
    say(Bytes::from_static(&[0x10, 0xFF]));
    // It says that it is of another stream.
    say(allocation(1, &LOWER));
    assert_eq!(asked(&alice), []);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1, 2]), [2]);
}

#[test]
fn a_layer_that_is_named_and_does_not_come_is_left_after_half_a_second() {
    let (mut stage, alice, ..) = call();
    let mut after = 0;
    while asked(&alice).is_empty() && after < 3_000 {
        stage.pass(50);
        after += 50;
        (0..2).for_each(|layer| stage.frame_telling(&alice, layer, false, &ALL));
    }
    assert!((450..=650).contains(&after), "{after} ms");
}

#[test]
fn a_layer_that_is_left_out_and_goes_on_is_taken_again() {
    let (mut stage, alice, bob, _) = call();
    stage.frame_telling(&alice, 1, true, &LOWER);
    for _ in 0..40 {
        flowing(&mut stage, &alice, &bob, &[0, 1, 2]);
    }
    assert_eq!(asked(&alice).first(), Some(&2));
    stage.frame(&alice, 2, true);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1, 2]), [2]);
}

#[test]
fn a_publisher_that_begins_anew_is_believed_after_two_seconds() {
    let (mut stage, alice, ..) = call();
    let mut restarted = stage.packet(&alice, CAMERA, 0, Codec::Vp8, Bytes::new());
    restarted.payload = vp8(false, restarted.seq.0);
    restarted.seq = SeqNo(restarted.seq.0.wrapping_sub(20_000));
    restarted.extensions.layers_allocation = Some(allocation(0, &LOWER));
    for _ in 0..70 {
        stage.pass(33);
        (0..3).for_each(|layer| stage.frame(&alice, layer, false));
    }
    stage.rtp(&alice, CAMERA, 0, restarted);
    assert_eq!(asked(&alice), [1]);
}

#[test]
fn a_layer_costs_what_it_aims_at_until_it_was_measured() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    bob.script.borrow_mut().bandwidth = Some(bwe::Estimate {
        target: Bitrate(800_000),
        stable: Bitrate(800_000),
        loss: 0.0,
        round_trip: Duration::from_millis(20),
        queue_delay: Duration::ZERO,
        jitter: Duration::ZERO,
        repairs: 0.0,
    });
    stage.pass(33);
    (0..3).for_each(|layer| stage.frame_telling(&alice, layer, true, &ALL));
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    (0..3).for_each(|layer| stage.frame(&alice, layer, true));
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1, 2]), [1]);
}
