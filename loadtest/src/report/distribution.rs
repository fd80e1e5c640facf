//! Many measured times as a few numbers and a curve, read from an HDR histogram.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// The longest time that is told apart: a minute, in microseconds. Longer ones count as this.
pub const MAX_US: u64 = 60_000_000;
/// Points of the curve on each way half of what is left to 100 %; so they get denser towards the end, as in HDR plots.
const CURVE_STEPS_PER_HALVING: u32 = 4;
/// The curve ends where one value in this many is left.
const CURVE_HALVINGS: u32 = 20;

/// An empty histogram of microseconds, with two significant digits: what participants record into.
///
/// Histograms of this kind can be added to each other without loss.
pub fn histogram() -> Histogram<u64> {
    // Fails only for a bound below 2 or more than five digits.
    Histogram::new_with_bounds(1, MAX_US, 2).unwrap_or_else(|_| unreachable!("constant bounds are valid"))
}

/// The distribution of measured times, in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// How many were measured.
    pub count: u64,
    /// The smallest.
    pub min_ms: f64,
    /// The mean.
    pub mean_ms: f64,
    /// Half are below.
    pub p50_ms: f64,
    /// 90 % are below.
    pub p90_ms: f64,
    /// 95 % are below.
    pub p95_ms: f64,
    /// 99 % are below.
    pub p99_ms: f64,
    /// 99.9 % are below.
    pub p999_ms: f64,
    /// The largest.
    pub max_ms: f64,
    /// The curve: percentile (0 to 100) and the value below which that many are; both rise.
    pub curve: Vec<CurvePoint>,
    /// How many lie in which range, in rising order; empty ranges are left out.
    pub buckets: Vec<Bucket>,
}

/// A point of the percentile curve.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// 0 to 100.
    pub percentile: f64,
    /// That many are at most this.
    pub value_ms: f64,
}

/// A range of values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Values in it are above this.
    pub from_ms: f64,
    /// And at most this.
    pub to_ms: f64,
    /// Values in it.
    pub count: u64,
}

/// Buckets in each doubling of the value.
const BUCKETS_PER_DOUBLING: i32 = 4;

impl Distribution {
    /// Reads a histogram of microseconds; `None` when it is empty.
    pub fn read(histogram: &Histogram<u64>) -> Option<Self> {
        if histogram.is_empty() {
            return None;
        }
        let at = |quantile| ms(histogram.value_at_quantile(quantile));
        Some(Self {
            count: histogram.len(),
            min_ms: ms(histogram.min()),
            mean_ms: histogram.mean() / 1_000.0,
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: ms(histogram.max()),
            curve: curve(histogram),
            buckets: buckets(histogram),
        })
    }
}

/// Half-way to 100 % again and again, each half in equal steps, until fewer than one value is left.
fn curve(histogram: &Histogram<u64>) -> Vec<CurvePoint> {
    let mut points = Vec::new();
    for step in 0..=CURVE_HALVINGS * CURVE_STEPS_PER_HALVING {
        let (halving, part) = (step / CURVE_STEPS_PER_HALVING, step % CURVE_STEPS_PER_HALVING);
        let left = 0.5f64.powi(halving.cast_signed());
        let left = left * (1.0 - 0.5 * f64::from(part) / f64::from(CURVE_STEPS_PER_HALVING));
        points.push(CurvePoint {
            percentile: 100.0 * (1.0 - left),
            value_ms: ms(histogram.value_at_quantile(1.0 - left)),
        });
        if left * (histogram.len() as f64) < 1.0 {
            break;
        }
    }
    points
}

fn buckets(histogram: &Histogram<u64>) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = Vec::new();
    for value in histogram.iter_recorded() {
        let value_ms = ms(value.value_iterated_to()).max(0.001);
        let exponent = (value_ms.log2() * f64::from(BUCKETS_PER_DOUBLING)).ceil();
        let edge = |exponent: f64| (exponent / f64::from(BUCKETS_PER_DOUBLING)).exp2();
        let (from_ms, to_ms) = (edge(exponent - 1.0), edge(exponent));
        let count = value.count_at_value();
        match buckets.last_mut().filter(|last| last.to_ms >= to_ms) {
            Some(last) => last.count += count,
            None => buckets.push(Bucket {
                from_ms,
                to_ms,
                count,
            }),
        }
    }
    buckets
}

/// Microseconds as milliseconds.
fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_has_the_percentiles_of_its_values() {
        let mut all = histogram();
        for us in 1..=10_000u64 {
            all.record(us * 10).unwrap();
        }
        let d = Distribution::read(&all).unwrap();
        let near = |value: f64, wanted: f64| (value / wanted - 1.0).abs() < 0.02;
        assert_eq!(d.count, 10_000);
        assert!(
            near(d.p50_ms, 50.0) && near(d.p99_ms, 99.0) && near(d.p999_ms, 99.9),
            "{d:?}"
        );
        assert!(near(d.mean_ms, 50.0) && near(d.max_ms, 100.0));
        assert_eq!(d.buckets.iter().map(|b| b.count).sum::<u64>(), 10_000);
        assert!(
            d.curve
                .is_sorted_by(|a, b| a.percentile < b.percentile && a.value_ms <= b.value_ms)
        );
        assert!(d.curve.last().unwrap().percentile > 99.99 && near(d.curve.last().unwrap().value_ms, 100.0));
    }

    #[test]
    fn nothing_measured_is_no_distribution() {
        assert_eq!(Distribution::read(&histogram()), None);
    }
}
