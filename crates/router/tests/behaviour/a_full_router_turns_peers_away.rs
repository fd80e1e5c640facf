//! Every table has a bound, and what is past it is refused aloud.

use crate::common::{CAMERA, Stage};
use crate::spread::Spread;
use media::Source;
use media::plane::MediaEvent;
use router::{DropReason, RouterConfig};

#[test]
fn a_peer_too_many_is_closed_and_told() {
    let mut stage = Stage::with(RouterConfig {
        max_peers: 2,
        ..RouterConfig::default()
    });
    let first = stage.join(1, 1, 1, 1);
    stage.join(2, 2, 1, 1);
    let third = stage.join(3, 3, 1, 1);
    assert!(third.script.borrow().closed);
    let events = stage.take_events();
    assert!(matches!(events[..], [MediaEvent::Disconnected { participant, .. }] if participant == third.id));
    assert_eq!(
        (stage.router.counters().peers, stage.router.counters().rooms),
        (2, 2)
    );
    // A place that becomes free can be taken.
    stage.command(media::plane::MediaCommand::RemovePeer {
        participant: first.id,
    });
    assert!(!stage.join(3, 4, 1, 1).script.borrow().closed);
}

#[test]
fn a_track_too_many_is_refused() {
    let mut stage = Stage::with(RouterConfig {
        max_tracks: 1,
        ..RouterConfig::default()
    });
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.publish(&bob, CAMERA, 11, Source::Camera);
    assert_eq!(stage.router.counters().tracks, 1);
    assert_eq!(stage.router.counters().dropped(DropReason::LimitReached), 1);
}

#[test]
fn tracks_of_other_workers_take_no_place_of_its_own() {
    let config = RouterConfig {
        max_tracks: 1,
        ..RouterConfig::default()
    };
    let mut spread = Spread::with(2, &config);
    let people = [(0, 1), (1, 2), (1, 3)].map(|(worker, id)| spread.join(worker, 1, id, (1, 1)));
    for (member, track) in people.iter().zip(10..) {
        spread.publish(1, member, CAMERA, track, Source::Camera);
    }
    for stage in &spread.stages {
        let counters = stage.router.counters();
        assert_eq!((counters.tracks, counters.imports), (1, 1));
        // The third track, where it is published and where it would be imported.
        assert_eq!(counters.dropped(DropReason::LimitReached), 1);
    }
}
