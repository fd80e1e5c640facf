//! A few rows of the scoreboard, six seeds each: what has to hold, holds.

use sim::scoreboard::{Board, Cell, Column, THRESHOLDS, rows, run};
use std::collections::BTreeMap;

const ROUND_TRIP_MS: u32 = 50;

fn hold(names: &[&str]) {
    let rows: Vec<_> = rows()
        .into_iter()
        .filter(|row| names.contains(&row.name))
        .collect();
    assert_eq!(rows.len(), names.len(), "the rows have other names now");
    let mut cells = BTreeMap::new();
    for row in &rows {
        for column in [Column::Ours, Column::Oracle] {
            let cell = Cell {
                row: row.name,
                round_trip_ms: ROUND_TRIP_MS,
                column,
            };
            let runs: Vec<_> = (1..=6)
                .map(|seed| run(row, column, ROUND_TRIP_MS, seed))
                .collect();
            for run in &runs {
                assert_eq!(run.violations, Vec::<String>::new(), "{}", row.name);
            }
            cells.insert(cell, runs.into_iter().map(|run| run.measured).collect());
        }
    }
    let board = Board { cells };
    let mut checked = 0;
    for row in &rows {
        let verdicts = THRESHOLDS
            .iter()
            .filter_map(|threshold| threshold.check(&board, row, ROUND_TRIP_MS));
        for verdict in verdicts {
            checked += 1;
            assert!(verdict.holds, "{verdict:?}");
        }
    }
    assert!(checked >= names.len());
}

#[test]
fn joining_fast_and_thin_links() {
    hold(&["join 10 Mb/s", "join 0.3 Mb/s", "constant 1 Mb/s"]);
}

#[test]
fn a_link_that_loses_most_of_its_rate_and_one_that_is_gone() {
    hold(&["3 to 0.8 to 3 Mb/s", "outage of 3 s"]);
}

#[test]
fn random_loss_and_bursts_cost_little() {
    hold(&["constant 3 Mb/s", "3 Mb/s, loss 5 %", "3 Mb/s, bursts 5 %"]);
}

#[test]
fn beside_others() {
    hold(&["two viewers, 4 Mb/s", "beside a download, 4 Mb/s"]);
}
