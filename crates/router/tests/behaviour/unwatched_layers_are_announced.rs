//! A publisher is told which layers somebody watches.

use crate::common::{CAMERA, Member, Stage};
use media::plane::{MediaCommand, MediaEvent};
use media::{Bitrate, LayerIndex, LayerInfo, Source};

fn wanted(stage: &mut Stage) -> Option<Vec<u8>> {
    let events = stage.take_events();
    let mut layers = events.into_iter().filter_map(|event| match event {
        MediaEvent::WantedLayers { layers, .. } => Some(layers),
        _ => None,
    });
    layers
        .next_back()
        .map(|layers| layers.into_iter().map(|LayerIndex(layer)| layer).collect())
}

fn send(stage: &mut Stage, alice: &Member, layers: &[u8], ms: u64) {
    for _ in 0..ms / 100 {
        stage.pass(100);
        for layer in layers {
            stage.frame(alice, *layer, true);
        }
    }
}

#[test]
fn unwatched_layers_end_after_five_seconds_and_return_at_once() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    send(&mut stage, &alice, &[0, 1, 2], 4_800);
    assert_eq!(wanted(&mut stage), None);
    send(&mut stage, &alice, &[0, 1, 2], 1_000);
    assert_eq!(wanted(&mut stage), Some(vec![2]));
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    assert_eq!(wanted(&mut stage), Some(vec![0, 2]));
    send(&mut stage, &alice, &[0], 7_000);
    assert_eq!(wanted(&mut stage), Some(vec![0]));
    stage.assign(&bob, bob.video[0], None, 0);
    send(&mut stage, &alice, &[0], 6_000);
    assert_eq!(wanted(&mut stage), Some(vec![]));
}

#[test]
fn while_the_wanted_layer_does_not_come_those_below_are_wanted_too() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    send(&mut stage, &alice, &[2], 6_000);
    assert_eq!(wanted(&mut stage), Some(vec![2]));
    // The uplink no longer carries the top layer.
    stage.pass(3_000);
    assert_eq!(wanted(&mut stage), Some(vec![0, 1, 2]));
    send(&mut stage, &alice, &[0, 1], 1_000);
    bob.received(bob.video[0]);
    stage.frame(&alice, 1, false);
    assert_eq!(bob.received(bob.video[0]).len(), 1);
}

#[test]
fn other_layers_are_wanted_anew() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    send(&mut stage, &alice, &[0, 1, 2], 6_000);
    assert_eq!(wanted(&mut stage), Some(vec![2]));
    // A smaller camera: its two layers are others than the one the publisher was told to go on with.
    let layers = [("q", 180), ("h", 360)].map(|(rid, height)| LayerInfo {
        rid: rid.to_owned(),
        height,
        max_bitrate: Bitrate(0),
    });
    stage.command(MediaCommand::Publish {
        participant: alice.id,
        mline: CAMERA,
        track: camera,
        source: Source::Camera,
        layers: layers.to_vec(),
    });
    assert_eq!(wanted(&mut stage), Some(vec![0, 1]));
}

/// Whatever the publisher was told in this time, in order.
fn told(stage: &mut Stage) -> Vec<Vec<u8>> {
    let events = stage.take_events().into_iter();
    let layers = events.filter_map(|event| match event {
        MediaEvent::WantedLayers { layers, .. } => Some(layers.into_iter().map(|layer| layer.0).collect()),
        _ => None,
    });
    layers.collect()
}

#[test]
fn a_layer_that_does_not_come_stays_wanted() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    send(&mut stage, &alice, &[0], 7_000);
    assert_eq!(told(&mut stage), [[0]]);
    // What the uplink does not carry: a browser sends only what it can.
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    send(&mut stage, &alice, &[0], 20_000);
    // What the uplink carries next is asked for too, and nothing is taken back.
    let both: [&[u8]; 2] = [&[0, 2], &[0, 1, 2]];
    assert_eq!(
        told(&mut stage),
        both,
        "an encoder that restarts costs a keyframe"
    );
    bob.received(bob.video[0]);
    stage.frame(&alice, 0, false);
    assert_eq!(
        bob.received(bob.video[0]).len(),
        1,
        "what comes is shown meanwhile"
    );
    send(&mut stage, &alice, &[0, 2], 1_000);
    bob.received(bob.video[0]);
    stage.frame(&alice, 2, false);
    assert_eq!(
        bob.received(bob.video[0]).len(),
        1,
        "as soon as it comes, it is shown"
    );
}

#[test]
fn a_slot_begins_with_what_comes_already() {
    let mut stage = Stage::new();
    let (alice, bob, carl) = (
        stage.join(1, 1, 1, 1),
        stage.join(1, 2, 1, 1),
        stage.join(1, 3, 1, 1),
    );
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    send(&mut stage, &alice, &[0], 7_000);
    stage.assign(&carl, carl.video[0], Some(camera), 720);
    stage.frame(&alice, 0, true);
    assert_eq!(carl.received(carl.video[0]).len(), 1);
    send(&mut stage, &alice, &[0], 1_100);
    assert_eq!(told(&mut stage).last(), Some(&vec![0, 2]));
}
