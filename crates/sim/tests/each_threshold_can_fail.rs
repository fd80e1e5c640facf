//! A threshold of the scoreboard that no flaw of the controller breaks would say nothing.

use sim::scoreboard::{THRESHOLDS, reds, rows};

#[test]
#[allow(clippy::print_stdout, reason = "the list is what one reads it for")]
fn a_flawed_controller_breaks_each_threshold() {
    let reds = reds(&rows(), 1);
    assert_eq!(reds.len(), THRESHOLDS.len());
    let mut green = Vec::new();
    for (threshold, flaw, verdict) in reds {
        let verdict = verdict.unwrap_or_else(|| panic!("{threshold:?} says nothing of any row"));
        println!(
            "{:24} {:18} {:>10.2}, bound {:>10.2}: {flaw:?}",
            verdict.row, threshold.figure, verdict.value, verdict.bound
        );
        if verdict.holds {
            green.push((threshold, flaw, verdict.value, verdict.bound));
        }
    }
    assert!(green.is_empty(), "not broken: {green:#?}");
}
