//! What each threshold was seen to fail by: a threshold that cannot fail says nothing.

use super::board::{Board, Cell};
use super::play::{run, run_flawed};
use super::rows::{Column, ROUND_TRIPS, Row};
use super::thresholds::{Bound, THRESHOLDS, Threshold, Verdict};
use crate::estimators::Flaw;
use std::collections::BTreeMap;
use std::time::Duration;

/// The flaw that a threshold must notice, by the beginning of its row and its figure.
fn flaw(threshold: &Threshold) -> Flaw {
    match (threshold.row, threshold.figure) {
        ("join 10 Mb/s", _) | (_, "back_up_s") => Flaw::BlindToProbes,
        ("join 0.3 Mb/s", _) | (_, "queue_p95_ms") => Flaw::Fixed(6_000_000),
        // One picture's temporal layers take most of what is said where that is more.
        ("constant 1 Mb/s", "padding_share") => Flaw::Credulous(100_000),
        (_, "padding_share") => Flaw::Credulous(300_000),
        // Frames that waited in the path's queue come when it is back, whatever is said then.
        ("outage", "outage_first_s") => Flaw::Fixed(60_000),
        ("outage", _) => Flaw::Mourning(Duration::from_secs(8)),
        ("3 to 0.8", _) => Flaw::Late(Duration::from_secs(3)),
        ("3 Mb/s, jitter", _) => Flaw::JitterIsCongestion,
        (row, "utility") if row.contains("loss") || row.contains("bursts") => Flaw::LossIsCongestion,
        _ => Flaw::Fixed(300_000),
    }
}

/// The row that stands for a threshold: the first it holds for; of a threshold for all rows one that is wide enough for
/// more than a thin estimate.
fn row_of<'a>(threshold: &Threshold, rows: &'a [Row]) -> Option<&'a Row> {
    let name = match threshold.row {
        "" => "constant 3 Mb/s",
        name => name,
    };
    rows.iter().find(|row| row.name.starts_with(name))
}

/// Each threshold with the flaw that must break it, and what one seed of its row says under that flaw; `None` where it
/// says nothing of any row.
pub fn reds(rows: &[Row], seed: u64) -> Vec<(Threshold, Flaw, Option<Verdict>)> {
    let round_trip_ms = ROUND_TRIPS[0];
    let mut sound = BTreeMap::new();
    let mut play = |row: &Row, column| {
        let cell = Cell {
            row: row.name,
            round_trip_ms,
            column,
        };
        let runs = sound
            .entry(cell)
            .or_insert_with(|| vec![run(row, column, round_trip_ms, seed).measured]);
        (cell, runs.clone())
    };
    let mut out = Vec::new();
    for threshold in THRESHOLDS {
        let flaw = flaw(threshold);
        let Some(row) = row_of(threshold, rows) else {
            out.push((*threshold, flaw, None));
            continue;
        };
        let clean = rows.iter().find(|other| Some(other.name) == row.clean);
        let compared = match threshold.bound {
            Bound::OfClean(_) => clean.map(|clean| play(clean, Column::Ours)),
            Bound::OfOracle(_) => Some(play(row, Column::Oracle)),
            _ => None,
        };
        let mut cells: BTreeMap<_, _> = compared.into_iter().collect();
        let ours = Cell {
            row: row.name,
            round_trip_ms,
            column: Column::Ours,
        };
        cells.insert(ours, vec![run_flawed(row, flaw, round_trip_ms, seed).measured]);
        out.push((
            *threshold,
            flaw,
            threshold.check(&Board { cells }, row, round_trip_ms),
        ));
    }
    out
}
