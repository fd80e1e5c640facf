//! Decisions about bandwidth are told one by one, where the configuration asks for them.

use crate::common::Stage;
use bwe::{Change, Estimate, Reason};
use media::Bitrate;
use media::plane::MediaEvent;
use peer::PeerEvent;
use router::{DropReason, MAX_EVENTS, RouterConfig};
use std::time::Duration;

/// What is told of one decision and a second's passing.
fn told(trace: bool) -> Vec<&'static str> {
    let mut stage = Stage::with(RouterConfig {
        trace,
        ..RouterConfig::default()
    });
    let bob = stage.join(1, 2, 1, 1);
    stage.take_events();
    {
        let mut script = bob.script.borrow_mut();
        script.bandwidth = Some(Estimate {
            target: Bitrate(900_000),
            stable: Bitrate(300_000),
            round_trip: Duration::from_millis(40),
            loss: 0.0,
            repairs: 0.0,
            queue_delay: Duration::ZERO,
            jitter: Duration::ZERO,
        });
        script.changes.push_back(Change {
            at: stage.now,
            reason: Reason::Probe,
            before: Bitrate(300_000),
            after: Bitrate(900_000),
        });
    }
    stage.pass(1_500);
    let events = stage.take_events().into_iter();
    let told = events.filter_map(|event| match event {
        MediaEvent::Estimate {
            participant, after, ..
        } if (participant, after) == (bob.id, Bitrate(900_000)) => Some("decision"),
        MediaEvent::Downlink {
            participant, stable, ..
        } if (participant, stable) == (bob.id, Bitrate(300_000)) => Some("second"),
        _ => None,
    });
    told.collect()
}

#[test]
fn and_are_not_told_otherwise() {
    let traced = told(true);
    assert_eq!(traced.first(), Some(&"decision"), "{traced:?}");
    assert_eq!(traced.iter().filter(|what| **what == "decision").count(), 1);
    assert!(traced.contains(&"second"));
    assert_eq!(told(false), Vec::<&str>::new());
}

#[test]
fn and_push_out_nothing_that_matters() {
    let mut stage = Stage::with(RouterConfig {
        trace: true,
        ..RouterConfig::default()
    });
    let bob = stage.join(1, 2, 1, 1);
    stage.take_events();
    let decision = Change {
        at: stage.now,
        reason: Reason::Probe,
        before: Bitrate(300_000),
        after: Bitrate(900_000),
    };
    let decisions = std::iter::repeat_n(decision, MAX_EVENTS);
    bob.script.borrow_mut().changes.extend(decisions);
    bob.script.borrow_mut().events.push_back(PeerEvent::Bandwidth);
    stage.tell(&bob, PeerEvent::Silent { seconds: 3 });
    let events = stage.take_events();
    assert_eq!(events.len(), MAX_EVENTS / 16 + 1);
    assert!(matches!(events.last(), Some(MediaEvent::Silent { .. })));
    let dropped = stage.router.counters().dropped(DropReason::EventsFull);
    assert_eq!(dropped as usize, MAX_EVENTS - MAX_EVENTS / 16);
}
