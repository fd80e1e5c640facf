//! A publisher vanishes while pictures of others are paused: what is left of the bandwidth is theirs.

use crate::common::{CAMERA, Member, Stage};
use bwe::Estimate;
use media::plane::MediaCommand;
use media::{Bitrate, LayerInfo, Source, TrackId};
use std::time::Duration;

fn estimate(bitrate: u64) -> Option<Estimate> {
    Some(Estimate {
        target: Bitrate(bitrate),
        stable: Bitrate(bitrate),
        round_trip: Duration::from_millis(100),
        loss: 0.0,
        repairs: 0.0,
        queue_delay: Duration::ZERO,
        jitter: Duration::ZERO,
    })
}

/// A camera with layers of 150, 500 and 1,700 kb/s.
fn publish(stage: &mut Stage, member: &Member, track: u32) -> TrackId {
    let layer = |(rid, height, bps): (&str, u16, u64)| LayerInfo {
        rid: rid.to_owned(),
        height,
        max_bitrate: Bitrate(bps),
    };
    let layers = [("q", 180, 150_000), ("h", 360, 500_000), ("f", 720, 1_700_000)];
    stage.command(MediaCommand::Publish {
        participant: member.id,
        mline: CAMERA,
        track: TrackId(track),
        source: Source::Camera,
        layers: layers.into_iter().map(layer).collect(),
    });
    TrackId(track)
}

#[test]
fn a_vanished_picture_takes_no_bandwidth() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 2, 1), stage.join(1, 2, 2, 1));
    let viewer = stage.join(1, 3, 2, 1);
    let (of_alice, of_bob) = (publish(&mut stage, &alice, 10), publish(&mut stage, &bob, 11));
    viewer.script.borrow_mut().bandwidth = estimate(100_000);
    stage.assign(&viewer, viewer.video[0], Some(of_alice), 720);
    stage.assign(&viewer, viewer.video[1], Some(of_bob), 180);
    let seconds = |stage: &mut Stage, from: &[&Member], seconds: u32| {
        viewer.received(viewer.video[1]);
        for _ in 0..seconds * 20 {
            stage.pass(50);
            for layer in 0..3 {
                from.iter().for_each(|member| stage.frame(member, layer, true));
            }
        }
        viewer.received(viewer.video[1]).len()
    };
    assert_eq!(
        seconds(&mut stage, &[&alice, &bob], 10),
        0,
        "there is room for one"
    );
    // Alice is gone, but nobody has said so. Her middle layer, which nobody asks for, would not fit; Bob's lowest does.
    let frames = seconds(&mut stage, &[&bob], 10);
    assert!(frames > 100, "{frames} of Bob's 200 frames");
}
