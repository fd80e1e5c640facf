//! A browser whose uplink is thin stops its best layer and says nothing: its viewers go on with the next.

use crate::common::{CAMERA, Stage, vp8};
use bytes::Bytes;
use media::{Codec, LayerIndex, Source};

/// Milliseconds from the best layer's last picture until the publisher is asked to begin the next one; `repairs` of what
/// the best layer sent before still come.
fn asked_after(repairs: bool) -> u64 {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    let mut lost = Vec::new();
    for _ in 0..60 {
        stage.pass(33);
        (0..3).for_each(|layer| stage.frame(&alice, layer, true));
        let mut packet = stage.packet(&alice, CAMERA, 2, Codec::Vp8, Bytes::new());
        packet.payload = vp8(false, packet.seq.0);
        lost.push(packet);
    }
    // The last of these was the layer's last.
    lost.pop();
    alice.keyframe_requests();
    for passed in (0..3_000).step_by(50) {
        stage.pass(50);
        (0..2).for_each(|layer| stage.frame(&alice, layer, false));
        if let Some(packet) = lost.pop().filter(|_| repairs) {
            stage.rtp(&alice, CAMERA, 2, packet);
        }
        let asked = alice.keyframe_requests();
        if asked.iter().any(|(_, layer)| *layer == LayerIndex(1)) {
            return passed;
        }
    }
    3_000
}

#[test]
fn is_left_after_half_a_second() {
    let after = asked_after(false);
    assert!((450..=650).contains(&after), "{after} ms");
}

#[test]
fn also_while_its_repairs_still_come() {
    let after = asked_after(true);
    assert!((450..=650).contains(&after), "{after} ms");
}
