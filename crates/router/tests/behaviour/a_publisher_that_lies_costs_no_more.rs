//! What a publisher says of its layers does not make its viewers receive more than they can.

use crate::common::{CAMERA, Member, Stage, allocation, vp8};
use bwe::Estimate;
use bytes::Bytes;
use media::{Bitrate, Codec, Source};
use std::time::Duration;

fn estimate(bits_per_second: u64) -> Option<Estimate> {
    Some(Estimate {
        target: Bitrate(bits_per_second),
        stable: Bitrate(bits_per_second),
        round_trip: Duration::from_millis(20),
        loss: 0.0,
        repairs: 0.0,
        queue_delay: Duration::ZERO,
        jitter: Duration::ZERO,
    })
}

/// A packet of so many bytes.
fn packet(stage: &mut Stage, from: &Member, layer: u8, keyframe: bool, bytes: usize, claim: Option<Bytes>) {
    let mut packet = stage.packet(from, CAMERA, layer, Codec::Vp8, Bytes::new());
    let mut payload = vp8(keyframe, packet.seq.0).to_vec();
    payload.resize(bytes, 7);
    packet.payload = payload.into();
    packet.extensions.layers_allocation = claim;
    stage.rtp(from, CAMERA, layer, packet);
}

/// All three layers come, and the viewer sees the highest.
fn watched() -> (Stage, Member, Member) {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    for round in 0..300 {
        stage.pass(10);
        (0..3).for_each(|layer| packet(&mut stage, &alice, layer, round == 0, 400, None));
    }
    bob.received(bob.video[0]);
    (stage, alice, bob)
}

fn kilobits(member: &Member) -> usize {
    let received = member.received(member.video[0]);
    received.iter().map(|packet| packet.payload.len()).sum::<usize>() * 8 / 1_000
}

/// What the viewer gets in each of six seconds, in kilobits, when it can receive so much and the publisher sends this every
/// 5 ms.
fn flooded(bits_per_second: u64, send: impl Fn(&mut Stage, &Member)) -> Vec<usize> {
    let (mut stage, alice, bob) = watched();
    bob.script.borrow_mut().bandwidth = estimate(bits_per_second);
    let mut second = || {
        for _ in 0..200 {
            stage.pass(5);
            send(&mut stage, &alice);
        }
        kilobits(&bob)
    };
    std::iter::repeat_with(&mut second).take(6).collect()
}

#[test]
fn who_says_that_nothing_is_sent_and_sends_is_limited_after_a_second() {
    let seconds = flooded(300_000, |stage, alice| {
        packet(stage, alice, 2, false, 1_500, Some(Bytes::from_static(&[0])));
    });
    assert_eq!(seconds.iter().skip(2).sum::<usize>(), 0, "{seconds:?}");
}

#[test]
fn who_says_so_on_another_layer_is_limited_as_well() {
    let seconds = flooded(500_000, |stage, alice| {
        packet(stage, alice, 0, false, 100, Some(allocation(0, &[(0, 150_000)])));
        packet(stage, alice, 2, false, 1_500, None);
    });
    assert_eq!(seconds.iter().skip(2).sum::<usize>(), 0, "{seconds:?}");
}

#[test]
fn a_layer_that_is_said_to_cost_nothing_is_not_given_to_everybody() {
    let (mut stage, alice, bob) = watched();
    // The layer falls silent: what it costs is forgotten. Then it is said to cost nothing.
    for _ in 0..500 {
        stage.pass(10);
        (0..2).for_each(|layer| {
            packet(
                &mut stage,
                &alice,
                layer,
                false,
                [100, 600][usize::from(layer)],
                None,
            );
        });
    }
    bob.script.borrow_mut().bandwidth = estimate(300_000);
    bob.received(bob.video[0]);
    let free = [(0, 150_000), (1, 500_000), (2, 0)];
    let mut sum = 0;
    for _ in 0..100 {
        stage.pass(10);
        for layer in 0..3u8 {
            let bytes = [100, 600, 3_000][usize::from(layer)];
            packet(
                &mut stage,
                &alice,
                layer,
                true,
                bytes,
                Some(allocation(layer, &free)),
            );
        }
        sum += kilobits(&bob);
    }
    assert!(sum < 300, "{sum} kb in a second");
}
