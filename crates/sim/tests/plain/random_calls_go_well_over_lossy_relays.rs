//! A few random calls over three workers that lose a packet in a hundred between them: nothing goes wrong in them.

use sim::soak::{Scenario, play};

#[test]
fn random_calls_go_well_over_lossy_relays() {
    for seed in 2..6 {
        let scenario = Scenario::random(seed).over(3);
        assert_eq!(play(&scenario), [], "make soak SEED={seed} WORKERS=3");
    }
}
