//! A few of the random calls of `make soak`: nothing goes wrong in them, and twice the same call is the same in plain
//! mode.

use sim::soak::{Mode, Scenario};

#[test]
fn in_random_calls() {
    // The last three were once red: frames with two timestamps, and an outage taken for a competitor.
    for seed in (2..8).chain([250, 401, 511]) {
        assert_eq!(
            Mode::Plain.play(&Scenario::random(seed)),
            [],
            "make soak SEED={seed}"
        );
    }
}

#[test]
fn in_random_calls_over_real_connections() {
    // Both were once red: people who never got connected, because a datagram of the handshake was lost.
    for seed in [30, 46] {
        assert_eq!(
            Mode::Full.play(&Scenario::random(seed)),
            [],
            "make soak FULL=1 SEED={seed}"
        );
    }
}

#[test]
fn one_person_of_a_call_can_be_watched() {
    // Person 4 is there from second 1.2 to 27.5: five lines a second.
    let mut lines = Vec::new();
    let failures = Mode::Full.watch(&Scenario::random(46), 4, &mut |line| lines.push(line.to_owned()));
    assert_eq!(failures, []);
    assert_eq!(lines.len(), 131);
    let last = lines.last().expect("there are some");
    for part in [
        "27.4 s",
        "target",
        "Mb/s, queue",
        "repairs",
        "'s camera live, layer 0",
    ] {
        assert!(last.contains(part), "{part} is not in {last}");
    }
}

#[test]
fn a_seed_is_always_the_same_call() {
    assert_eq!(Scenario::random(77), Scenario::random(77));
    assert_ne!(Scenario::random(77), Scenario::random(78));
}
