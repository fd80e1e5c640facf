//! The table.

use super::board::{Board, Cell};
use super::rows::{Column, Row};
use super::thresholds::{Bound, THRESHOLDS, Verdict};
use std::fmt::Write;

/// Share of the oracle's utility that ours reaches: over all rows together (no row counts for more than 100 %), and in the
/// worst row.
pub fn summary(board: &Board, rows: &[Row], round_trips: &[u32]) -> Option<(f64, (f64, String))> {
    let (mut ours, mut oracle) = (0.0, 0.0);
    let mut worst: Option<(f64, String)> = None;
    for round_trip_ms in round_trips.iter().copied() {
        for row in rows {
            let cell = |column| Cell {
                row: row.name,
                round_trip_ms,
                column,
            };
            let (Some(mine), Some(its)) = (
                board.mean(cell(Column::Ours), "utility"),
                board.mean(cell(Column::Oracle), "utility"),
            ) else {
                continue;
            };
            // A row in which the oracle fails (it does not know what repairs cost) is no more than reached.
            ours += mine.min(its);
            oracle += its;
            let share = mine / its.max(1.0);
            if worst.as_ref().is_none_or(|(least, _)| share < *least) {
                worst = Some((share, format!("{} at {round_trip_ms} ms", row.name)));
            }
        }
    }
    Some((ours / f64::max(oracle, 1.0), worst?))
}

/// What thresholds say of all rows.
pub(super) fn verdicts(board: &Board, rows: &[Row], round_trips: &[u32]) -> Vec<Verdict> {
    let mut out = Vec::new();
    for round_trip_ms in round_trips {
        for row in rows {
            let checked = THRESHOLDS
                .iter()
                .filter_map(|threshold| threshold.check(board, row, *round_trip_ms));
            out.extend(checked);
        }
    }
    out
}

/// The whole board as a page.
pub fn markdown(board: &Board, rows: &[Row], round_trips: &[u32], seeds: u64) -> (String, Vec<Verdict>) {
    let mut out = String::new();
    // Writing to a String does not fail.
    let _ = write(&mut out, board, rows, round_trips, seeds);
    let verdicts = verdicts(board, rows, round_trips);
    let _ = write_verdicts(&mut out, &verdicts);
    (out, verdicts)
}

fn write(out: &mut String, board: &Board, rows: &[Row], round_trips: &[u32], seeds: u64) -> std::fmt::Result {
    writeln!(out, "# Scoreboard\n")?;
    writeln!(
        out,
        "`make scoreboard` writes this page: {seeds} seeds, one viewer of cameras with layers of 150, 500 and 1,700 kb/s (each L1T3) \
         and microphones of 32 kb/s, drop-tail queue of 300 ms. Utility: layer-seconds that were in time, weighted by \
         height. Queue, gap and audio gap in ms: p95 over seeds, then the worst. `estimate` and `padding` from second 10 on. \
         Frozen: seconds and freezes as webrtc-stats counts them, means.\n"
    )?;
    if let Some((share, (worst, at))) = summary(board, rows, round_trips) {
        writeln!(
            out,
            "**{:.1} % of the oracle over all rows; {:.1} % in the worst ({at}).**\n",
            share * 100.0,
            worst * 100.0
        )?;
    }
    for round_trip_ms in round_trips.iter().copied() {
        writeln!(out, "## Round trip {round_trip_ms} ms\n")?;
        writeln!(
            out,
            "| row | utility ours | gcc | oracle | estimate | padding | top layer s | queue p95 | queue max | longest gap | frozen | audio gap |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|---|")?;
        for row in rows {
            write_row(out, board, row.name, round_trip_ms)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_row(out: &mut String, board: &Board, row: &'static str, round_trip_ms: u32) -> std::fmt::Result {
    let cell = |column| Cell {
        row,
        round_trip_ms,
        column,
    };
    let ours = cell(Column::Ours);
    let number =
        |value: Option<f64>, digits: usize| value.map_or("–".to_owned(), |v| format!("{v:.digits$}"));
    let pair = |figure| {
        let both = board.p95_and_worst(ours, figure);
        both.map_or("–".to_owned(), |(p95, worst)| format!("{p95:.0} / {worst:.0}"))
    };
    let oracle = board.mean(cell(Column::Oracle), "utility");
    let share = |column| {
        let mine = board.mean(cell(column), "utility")?;
        Some(100.0 * mine / oracle?.max(1.0))
    };
    let percent = |column| share(column).map_or("–".to_owned(), |share| format!("{share:.0} %"));
    writeln!(
        out,
        "| {row} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} ({}) | {} |",
        percent(Column::Ours),
        percent(Column::Gcc),
        number(oracle, 0),
        number(board.mean(ours, "estimate_share"), 2),
        number(board.mean(ours, "padding_share"), 3),
        board
            .p95_and_worst(ours, "top_s")
            .map_or("–".to_owned(), |(p95, worst)| format!("{p95:.1} / {worst:.1}")),
        pair("queue_p95_ms"),
        pair("queue_max_ms"),
        pair("longest_gap_ms"),
        number(board.mean(ours, "frozen_s"), 1),
        number(board.mean(ours, "freezes"), 1),
        pair("audio_gap_ms"),
    )
}

fn write_verdicts(out: &mut String, verdicts: &[Verdict]) -> std::fmt::Result {
    writeln!(out, "## What has to hold\n")?;
    writeln!(
        out,
        "| row | round trip | figure | over seeds | value | bound | |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    for verdict in verdicts {
        let sign = match verdict.threshold.bound {
            Bound::Least(_) | Bound::OfClean(_) | Bound::OfOracle(_) => "≥",
            Bound::Within(..) if verdict.value >= verdict.bound && verdict.holds => "≥",
            _ => "≤",
        };
        let over = format!("{:?}", verdict.threshold.over).to_lowercase();
        let mark = if verdict.holds { "holds" } else { "**FAILS**" };
        writeln!(
            out,
            "| {} | {} ms | {} | {over} | {:.2} | {sign} {:.2} | {mark} |",
            verdict.row, verdict.round_trip_ms, verdict.threshold.figure, verdict.value, verdict.bound,
        )?;
    }
    Ok(())
}
