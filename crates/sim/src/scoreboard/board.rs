//! All cells.

use super::measure::{Measured, percentile};
use super::rows::Column;
use std::collections::BTreeMap;

/// One cell: a row's name, a round trip in milliseconds, a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// Name of the row.
    pub row: &'static str,
    /// Round trip.
    pub round_trip_ms: u32,
    /// Controller.
    pub column: Column,
}

/// Figures of all cells and seeds.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// By cell, in the order of the seeds.
    pub cells: BTreeMap<Cell, Vec<Measured>>,
}

impl Board {
    /// The values of a figure over the seeds of a cell; empty when it was not played or does not have it.
    pub fn values(&self, cell: Cell, figure: &str) -> Vec<f64> {
        let runs = self.cells.get(&cell).into_iter().flatten();
        runs.filter_map(|run| run.get(figure).copied()).collect()
    }

    /// Mean of a figure.
    pub fn mean(&self, cell: Cell, figure: &str) -> Option<f64> {
        let values = self.values(cell, figure);
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    /// 95th percentile of a figure, and the worst.
    pub fn p95_and_worst(&self, cell: Cell, figure: &str) -> Option<(f64, f64)> {
        let values = self.values(cell, figure);
        (!values.is_empty()).then(|| (percentile(&values, 0.95), percentile(&values, 1.0)))
    }
}
