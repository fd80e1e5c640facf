//! An oracle of the random calls that nothing can make speak would say nothing: for each there is a sabotage of which it
//! tells, and it alone.

use link::LinkConfig;
use sim::plain::Sabotage;
use sim::soak::{Action, Guest, Mode, Oracle, Scenario};
use std::time::Duration;

/// Each oracle, and what makes it speak.
const RED: [(Oracle, Sabotage); 7] = [
    (Oracle::Packets, Sabotage::SwapsTracks),
    (Oracle::Packets, Sabotage::SkipsPictureIds),
    (Oracle::StuckSlot, Sabotage::FreezesPicture),
    (Oracle::StuckSound, Sabotage::Silences),
    (Oracle::StandingQueue, Sabotage::Overestimates),
    (Oracle::ThrownOut, Sabotage::CutsOff),
    (Oracle::Freed, Sabotage::KeepsPeers),
];

/// Two look at each other, the first of them speaks; the third is there, does nothing, and is killed at the end.
fn call() -> Scenario {
    let down = LinkConfig {
        rate_bps: Some(1_600_000),
        // Deep enough that what stands there is late, not lost.
        queue: Duration::from_secs(30),
        ..LinkConfig::default()
    };
    let guest = |index: u64| Guest {
        comes_ms: Some(index * 100),
        goes_ms: None,
        killed: index == 2,
        up: LinkConfig::default(),
        down: down.clone(),
    };
    let show = |who, of| Action::Show {
        who,
        tiles: vec![(of, 1_080)],
    };
    let speak = Action::Speak {
        who: 0,
        loudness: 120,
    };
    Scenario {
        workers: sim::plain::Workers::default(),
        seed: 1,
        seconds: 50,
        guests: (0..3).map(guest).collect(),
        actions: vec![(2_000, show(0, 1)), (2_000, show(1, 0)), (2_000, speak)],
    }
}

#[test]
fn nothing_goes_wrong_in_this_call_by_itself() {
    for mode in [Mode::Plain, Mode::Full] {
        assert_eq!(mode.play(&call()), [], "{mode:?}");
    }
}

#[test]
fn each_oracle_tells_of_its_sabotage_and_no_other_does() {
    for (oracle, sabotage) in RED {
        let failures = Mode::sabotaged(&call(), sabotage);
        let told: Vec<Oracle> = failures.iter().map(|failure| failure.oracle).collect();
        assert!(!told.is_empty(), "nobody noticed {sabotage:?}");
        assert!(
            told.iter().all(|told| *told == oracle),
            "{sabotage:?} is of {oracle:?}, but: {failures:#?}"
        );
    }
    for oracle in Oracle::ALL {
        assert!(
            RED.iter().any(|(red, _)| *red == oracle),
            "nothing breaks {oracle:?}"
        );
    }
}
