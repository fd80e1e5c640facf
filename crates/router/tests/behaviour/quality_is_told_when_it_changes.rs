//! How good the call is for a participant, and why it is not better.

use crate::common::{CAMERA, Member, Stage};
use bwe::Estimate;
use media::plane::{MediaEvent, Quality, QualityReason};
use media::{Bitrate, ParticipantId, Source};
use std::time::Duration;

fn estimate(bitrate: u64, loss: f64, round_trip_ms: u64) -> Option<Estimate> {
    Some(Estimate {
        target: Bitrate(bitrate),
        stable: Bitrate(bitrate),
        round_trip: Duration::from_millis(round_trip_ms),
        loss,
        repairs: loss,
        queue_delay: Duration::ZERO,
        jitter: Duration::ZERO,
    })
}

/// Plays the layers of a camera for some seconds; returns what was told last, by participant.
fn play(stage: &mut Stage, alice: &Member, layers: &[u8], seconds: u64) -> Vec<(ParticipantId, Quality)> {
    for _ in 0..seconds * 20 {
        stage.pass(50);
        for layer in layers {
            stage.frame(alice, *layer, true);
        }
    }
    let events = stage.take_events().into_iter();
    let told = events.filter_map(|event| match event {
        MediaEvent::Quality { participant, quality } => Some((participant, quality)),
        _ => None,
    });
    told.collect()
}

#[test]
fn of_who_receives_and_of_who_sends() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 720);
    bob.script.borrow_mut().bandwidth = estimate(10_000_000, 0.0, 40);
    assert_eq!(play(&mut stage, &alice, &[0, 1, 2], 10), [], "all is well");
    // Not even the lowest layer fits.
    bob.script.borrow_mut().bandwidth = estimate(1_000, 0.0, 40);
    let (who, quality) = *play(&mut stage, &alice, &[0, 1, 2], 10).last().expect("told");
    assert_eq!(
        (who, quality.reason),
        (bob.id, Some(QualityReason::DownlinkBandwidth))
    );
    assert!(quality.score < 20, "{quality:?}");
    let health = stage.router.health();
    assert_eq!((health.paused, health.quality), ([0, 0, 0, 1, 0, 0], [1, 0, 1]));
    assert_eq!((health.estimates, health.estimated_bits), (1, 1_000));
    bob.script.borrow_mut().bandwidth = estimate(10_000_000, 0.2, 40);
    let (who, quality) = *play(&mut stage, &alice, &[0, 1, 2], 10).last().expect("told");
    assert_eq!((who, quality.reason), (bob.id, Some(QualityReason::DownlinkLoss)));
    bob.script.borrow_mut().bandwidth = estimate(10_000_000, 0.0, 40);
    let (who, quality) = *play(&mut stage, &alice, &[0, 1, 2], 10).last().expect("told");
    let fine = Quality {
        score: 100,
        reason: None,
    };
    assert_eq!((who, quality), (bob.id, fine));
    // Her uplink carries the lowest layer only: that is her trouble, and not his.
    let (who, quality) = *play(&mut stage, &alice, &[0], 10).last().expect("told");
    assert_eq!(
        (who, quality.reason),
        (alice.id, Some(QualityReason::UplinkBandwidth))
    );
    assert!((20..30).contains(&quality.score), "{quality:?}");
}
