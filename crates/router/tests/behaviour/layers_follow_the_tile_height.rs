//! The layer is the smallest that fills the tile; one that falls silent counts as absent.

use crate::common::{CAMERA, Member, Stage};
use media::{Source, TrackId};

fn call() -> (Stage, Member, Member, TrackId) {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    (stage, alice, bob, camera)
}

/// Sends keyframes of these layers for a while; returns the layers of which the slot carried packets at the end.
fn flowing(stage: &mut Stage, alice: &Member, bob: &Member, layers: &[u8]) -> Vec<u8> {
    let mut flowing = Vec::new();
    for round in 0..20 {
        stage.pass(100);
        for layer in layers {
            bob.received(bob.video[0]);
            stage.frame(alice, *layer, true);
            if round == 19 && !bob.received(bob.video[0]).is_empty() {
                flowing.push(*layer);
            }
        }
    }
    flowing
}

#[test]
fn higher_tiles_get_higher_layers() {
    let (mut stage, alice, bob, camera) = call();
    for (height, layer) in [
        (100, 0),
        (180, 0),
        (181, 1),
        (360, 1),
        (720, 2),
        (2_000, 2),
        (90, 0),
    ] {
        stage.assign(&bob, bob.video[0], Some(camera), height);
        assert_eq!(
            flowing(&mut stage, &alice, &bob, &[0, 1, 2]),
            [layer],
            "at height {height}"
        );
    }
    assert_eq!(stage.router.counters().switches, 4);
}

#[test]
fn a_silent_layer_is_replaced_and_taken_again() {
    let (mut stage, alice, bob, camera) = call();
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1, 2]), [2]);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1]), [1]);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0]), [0]);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1, 2]), [2]);
}

#[test]
fn a_silent_layer_is_missed_after_one_second() {
    let (mut stage, alice, bob, camera) = call();
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1, 2]), [2]);
    // Whenever it happens between two looks at the track.
    for offset_ms in [300, 600, 900] {
        stage.pass(offset_ms);
        (0..3).for_each(|layer| stage.frame(&alice, layer, true));
        for _ in 0..10 {
            stage.pass(100);
            (0..2).for_each(|layer| stage.frame(&alice, layer, true));
        }
        bob.received(bob.video[0]);
        stage.frame(&alice, 1, true);
        assert_eq!(
            bob.received(bob.video[0]).len(),
            1,
            "{offset_ms} ms after the last switch"
        );
        assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1, 2]), [2]);
    }
}

#[test]
fn a_tile_that_is_not_visible_gets_nothing() {
    let (mut stage, alice, bob, camera) = call();
    stage.assign(&bob, bob.video[0], Some(camera), 0);
    assert_eq!(flowing(&mut stage, &alice, &bob, &[0, 1, 2]), []);
}
