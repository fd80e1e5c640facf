//! A few random calls over three workers that lose a packet in a hundred between them: nothing goes wrong in them.

use sim::soak::{Mode, Scenario};

#[test]
fn random_calls_go_well_over_lossy_relays() {
    for seed in 2..6 {
        let scenario = Scenario::random(seed).over(3);
        assert_eq!(Mode::Plain.play(&scenario), [], "make soak SEED={seed} WORKERS=3");
    }
}
