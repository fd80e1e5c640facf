//! A browser goes on with the only layer it was asked for however thin its uplink is, and nobody can use what gets
//! through: asked for the layers below too, it sends those that fit.

use crate::common::{CAMERA, Stage};
use media::plane::{MediaCommand, MediaEvent};
use media::{Bitrate, LayerInfo, Source, TrackId};

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

#[test]
fn those_below_one_that_is_starved_are_asked_for() {
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
    let send = |stage: &mut Stage, ms: u64, bps: u64| {
        for round in 0..ms / 50 {
            stage.pass(50);
            stage.frame_telling(&alice, 2, round == 0, &[(2, bps)]);
        }
        wanted(stage)
    };
    assert_eq!(send(&mut stage, 6_000, 1_700_000), Some(vec![2]));
    assert_eq!(send(&mut stage, 3_000, 700_000), None, "that will do");
    assert_eq!(send(&mut stage, 950, 600_000), None, "it may only begin");
    assert_eq!(send(&mut stage, 1_100, 600_000), Some(vec![0, 1, 2]));
    assert_eq!(
        send(&mut stage, 9_000, 600_000),
        None,
        "for as long as that lasts"
    );
    assert_eq!(send(&mut stage, 7_000, 1_000_000), Some(vec![2]));
}
