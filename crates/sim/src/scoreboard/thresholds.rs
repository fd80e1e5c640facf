//! What has to hold.

use super::board::{Board, Cell};
use super::measure::percentile;
use super::rows::{Column, Row};

/// Over the seeds of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Mean.
    Mean,
    /// 95th percentile (5th for what must be at least).
    P95,
    /// The worst.
    Worst,
}

/// A bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// At most this much, plus so many round trips (in the figure's unit per second).
    Most(f64),
    /// At most this many seconds plus three round trips more than the 50 ms it is written for.
    MostSeconds(f64),
    /// The same for milliseconds.
    MostMs(f64),
    /// At least this.
    Least(f64),
    /// Between.
    Within(f64, f64),
    /// At least this share of the mean of the row without loss.
    OfClean(f64),
    /// At least this share of the oracle's mean.
    OfOracle(f64),
}

/// One line of what is demanded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// Beginning of the rows' names it holds for; empty: all.
    pub row: &'static str,
    /// Of [`super::Measured`].
    pub figure: &'static str,
    /// Over seeds.
    pub over: Over,
    /// What.
    pub bound: Bound,
}

/// The answer of one threshold for one row and round trip.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Which.
    pub threshold: Threshold,
    /// Row's name.
    pub row: &'static str,
    /// Round trip.
    pub round_trip_ms: u32,
    /// Measured.
    pub value: f64,
    /// The bound as a number; of two the nearer.
    pub bound: f64,
    /// Whether it holds.
    pub holds: bool,
}

const fn line(row: &'static str, figure: &'static str, over: Over, bound: Bound) -> Threshold {
    Threshold {
        row,
        figure,
        over,
        bound,
    }
}

/// What is demanded of ours.
pub const THRESHOLDS: &[Threshold] = &[
    line("", "utility", Over::Mean, Bound::OfOracle(0.75)),
    line("join 10 Mb/s", "top_s", Over::Worst, Bound::MostSeconds(2.0)),
    line("join 0.3 Mb/s", "queue_max_ms", Over::Worst, Bound::Most(600.0)),
    line(
        "join 0.3 Mb/s",
        "queue_after_3s_ms",
        Over::Worst,
        Bound::Most(150.0),
    ),
    line("join 0.3 Mb/s", "audio_gap_ms", Over::Worst, Bound::Most(60.0)),
    line(
        "constant 1 Mb/s",
        "estimate_share",
        Over::Mean,
        Bound::Within(0.85, 1.05),
    ),
    line(
        "constant 3 Mb/s",
        "estimate_share",
        Over::Mean,
        Bound::Within(0.85, 1.05),
    ),
    line("constant 1 Mb/s", "padding_share", Over::Worst, Bound::Most(0.05)),
    line("constant 3 Mb/s", "padding_share", Over::Worst, Bound::Most(0.05)),
    line("constant 1 Mb/s", "queue_p95_ms", Over::P95, Bound::Most(60.0)),
    line("constant 3 Mb/s", "queue_p95_ms", Over::P95, Bound::Most(60.0)),
    line("10 Mb/s, loss 2 %", "utility", Over::Mean, Bound::OfClean(0.95)),
    line("10 Mb/s, loss 5 %", "utility", Over::Mean, Bound::OfClean(0.90)),
    line("10 Mb/s, loss 10 %", "utility", Over::Mean, Bound::OfClean(0.75)),
    line("3 Mb/s, loss 2 %", "utility", Over::Mean, Bound::OfClean(0.95)),
    line("3 Mb/s, loss 5 %", "utility", Over::Mean, Bound::OfClean(0.90)),
    line("3 Mb/s, loss 10 %", "utility", Over::Mean, Bound::OfClean(0.75)),
    line("10 Mb/s, bursts 2 %", "utility", Over::Mean, Bound::OfClean(0.95)),
    line("10 Mb/s, bursts 5 %", "utility", Over::Mean, Bound::OfClean(0.90)),
    line(
        "10 Mb/s, bursts 10 %",
        "utility",
        Over::Mean,
        Bound::OfClean(0.75),
    ),
    line("3 Mb/s, bursts 2 %", "utility", Over::Mean, Bound::OfClean(0.95)),
    line("3 Mb/s, bursts 5 %", "utility", Over::Mean, Bound::OfClean(0.90)),
    line("3 Mb/s, bursts 10 %", "utility", Over::Mean, Bound::OfClean(0.75)),
    line("3 to 0.8", "sent_below_s", Over::Worst, Bound::MostSeconds(1.0)),
    line("3 to 0.8", "calm_s", Over::Worst, Bound::MostSeconds(2.0)),
    line("3 to 0.8", "step_gap_ms", Over::P95, Bound::MostMs(700.0)),
    line("3 to 0.8", "step_gap_ms", Over::Worst, Bound::MostMs(1_200.0)),
    line("3 to 0.8", "back_up_s", Over::Worst, Bound::MostSeconds(5.0)),
    line("outage", "outage_first_s", Over::Worst, Bound::MostSeconds(0.7)),
    line("outage", "outage_back_s", Over::Worst, Bound::MostSeconds(5.0)),
    line("3 Mb/s, jitter", "utility", Over::Mean, Bound::OfClean(0.90)),
    line(
        "two viewers",
        "share_of_link",
        Over::Mean,
        Bound::Within(0.40, 0.60),
    ),
    line(
        "beside a download",
        "share_of_link",
        Over::Mean,
        Bound::Within(0.25, 0.75),
    ),
    line("thin uplink", "thin_gap_ms", Over::Worst, Bound::MostMs(1_200.0)),
    line("thin uplink", "thin_back_s", Over::Worst, Bound::MostSeconds(8.0)),
];

impl Threshold {
    /// Whether it holds; `None` when it says nothing of this row, or the row was not played.
    pub fn check(&self, board: &Board, row: &Row, round_trip_ms: u32) -> Option<Verdict> {
        if !row.name.starts_with(self.row) {
            return None;
        }
        let cell = |row, column| Cell {
            row,
            round_trip_ms,
            column,
        };
        let ours = cell(row.name, Column::Ours);
        let values = board.values(ours, self.figure);
        let mean = board.mean(ours, self.figure)?;
        let least = matches!(
            self.bound,
            Bound::Least(_) | Bound::OfClean(_) | Bound::OfOracle(_)
        );
        let value = match (self.over, least) {
            (Over::Mean, _) => mean,
            (Over::P95, false) => percentile(&values, 0.95),
            (Over::P95, true) => percentile(&values, 0.05),
            (Over::Worst, false) => percentile(&values, 1.0),
            (Over::Worst, true) => percentile(&values, 0.0),
        };
        let later = 3.0 * (f64::from(round_trip_ms) - 50.0).max(0.0) / 1_000.0;
        let (bound, holds) = match self.bound {
            Bound::Most(most) => (most, value <= most),
            Bound::MostSeconds(most) => (most + later, value <= most + later),
            Bound::MostMs(most) => (most + 1_000.0 * later, value <= most + 1_000.0 * later),
            Bound::Least(least) => (least, value >= least),
            Bound::Within(low, high) if value < (low + high) / 2.0 => (low, value >= low),
            Bound::Within(_, high) => (high, value <= high),
            Bound::OfClean(share) => {
                let clean = board.mean(cell(row.clean?, Column::Ours), self.figure)?;
                (share * clean, value >= share * clean)
            }
            Bound::OfOracle(share) => {
                let oracle = board.mean(cell(row.name, Column::Oracle), self.figure)?;
                (share * oracle, value >= share * oracle)
            }
        };
        Some(Verdict {
            threshold: *self,
            row: row.name,
            round_trip_ms,
            value,
            bound,
            holds,
        })
    }
}
