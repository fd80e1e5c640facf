//! A browser goes on with the only layer it was asked for however thin its uplink is, and nobody can use what gets
//! through: asked for the layers below too, it sends those that fit.

use crate::common::{CAMERA, Member, Stage, vp8};
use bytes::Bytes;
use media::layers_allocation::{AllocatedLayer, AllocatedPicture};
use media::plane::{MediaCommand, MediaEvent};
use media::{Bitrate, Codec, LayerInfo, LayersAllocation, Source, TrackId};

/// The layers asked for since last time.
fn wanted(stage: &mut Stage) -> Option<Vec<u8>> {
    let events = stage.take_events().into_iter();
    let mut wanted = events.filter_map(|event| match event {
        MediaEvent::WantedLayers { layers, .. } => Some(layers),
        _ => None,
    });
    let newest = wanted.next_back()?;
    Some(newest.iter().map(|layer| layer.0).collect())
}

/// Bob watches the best layer of Alice's camera.
fn call() -> (Stage, Member) {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let most = [("q", 180, 150_000), ("h", 360, 500_000), ("f", 720, 1_700_000)];
    let layers = most.map(|(rid, height, bps)| LayerInfo {
        rid: rid.to_owned(),
        height,
        max_bitrate: Bitrate(bps),
    });
    let camera = TrackId(10);
    stage.command(MediaCommand::Publish {
        participant: alice.id,
        mline: CAMERA,
        track: camera,
        source: Source::Camera,
        layers: layers.to_vec(),
    });
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    (stage, alice)
}

#[test]
fn those_below_one_that_is_starved_are_asked_for() {
    let (mut stage, alice) = call();
    let send = |stage: &mut Stage, ms: u64, bps: u64| {
        for round in 0..ms / 50 {
            stage.pass(50);
            stage.frame_telling(&alice, 2, round == 0, &[(2, bps)]);
        }
        wanted(stage)
    };
    assert_eq!(send(&mut stage, 6_000, 1_700_000), Some(vec![2]));
    assert_eq!(send(&mut stage, 3_000, 700_000), None, "that will do");
    assert_eq!(
        send(&mut stage, 2_950, 600_000),
        None,
        "it may only begin, or become smaller"
    );
    assert_eq!(send(&mut stage, 1_200, 600_000), Some(vec![0, 1, 2]));
    assert_eq!(
        send(&mut stage, 9_000, 600_000),
        None,
        "for as long as that lasts"
    );
    assert_eq!(send(&mut stage, 7_000, 1_000_000), Some(vec![2]));
}

#[test]
fn but_not_when_its_picture_has_become_smaller() {
    let (mut stage, alice) = call();
    let mut layer = AllocatedLayer::new(2, 0, &[Bitrate(500_000)]);
    layer.picture = Some(AllocatedPicture {
        width: 640,
        height: 360,
        fps: 30,
    });
    let layers = vec![layer];
    let smaller = LayersAllocation { stream: 2, layers }.to_wire();
    for round in 0..300 {
        stage.pass(50);
        let mut packet = stage.packet(&alice, CAMERA, 2, Codec::Vp8, Bytes::new());
        packet.payload = vp8(round == 0, packet.seq.0);
        packet.extensions.layers_allocation = Some(smaller.clone());
        stage.rtp(&alice, CAMERA, 2, packet);
    }
    assert_eq!(wanted(&mut stage), Some(vec![2]));
}
