//! The figures of a comparison, as a table and as JSON.

use super::load::Load;
use super::options::CompareOptions;
use crate::report::format::{count, number, percent};
use crate::report::model::Machine;
use serde::Serialize;
use std::fmt::{self, Write as _};

/// The version of the JSON.
const FORMAT: u32 = 1;
/// Below this share a run is marked: a server that drops packets has less to do.
const DELIVERED_PERCENT: f64 = 99.0;

/// What a run measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Measured {
    pub(super) seconds: f64,
    /// Media packets that subscribers received.
    pub(super) packets: u64,
    /// Of those that should have come.
    pub(super) delivered_percent: f64,
    /// 100 is one core.
    pub(super) server_cpu_percent: f64,
    pub(super) server_cpu_us_per_packet: f64,
    pub(super) harness_cpu_percent: f64,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>6} µs per packet, {} packets, {} delivered, server {} % of a core, harness {} %",
            number(self.server_cpu_us_per_packet),
            count(self.packets),
            percent(self.delivered_percent),
            number(self.server_cpu_percent),
            number(self.harness_cpu_percent)
        )
    }
}

/// A run of each, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Pair {
    pub(super) plenum: Measured,
    pub(super) janus: Measured,
}

/// How many times Plenum's CPU per packet Janus needs.
fn times(plenum: &Measured, janus: &Measured) -> f64 {
    janus.server_cpu_us_per_packet / plenum.server_cpu_us_per_packet.max(f64::MIN_POSITIVE)
}

/// That in words.
pub(super) fn ratio(plenum: &Measured, janus: &Measured) -> String {
    format!(
        "Janus needs {} times the CPU per packet",
        number(times(plenum, janus))
    )
}

/// All pairs of one load and number of subscribers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Round {
    load: &'static str,
    subscribers: usize,
    pairs: Vec<Pair>,
    /// Of each pair.
    ratios: Vec<f64>,
    median_ratio: f64,
    /// Of all its runs.
    plenum_us_per_packet: f64,
    /// Of all its runs.
    janus_us_per_packet: f64,
}

impl Round {
    pub(super) fn new(load: Load, subscribers: usize, pairs: Vec<Pair>) -> Self {
        let ratios: Vec<f64> = pairs
            .iter()
            .map(|pair| times(&pair.plenum, &pair.janus))
            .collect();
        let of = |read: fn(&Pair) -> f64| median(pairs.iter().map(read).collect());
        Self {
            load: load.name(),
            subscribers,
            median_ratio: median(ratios.clone()),
            plenum_us_per_packet: of(|pair| pair.plenum.server_cpu_us_per_packet),
            janus_us_per_packet: of(|pair| pair.janus.server_cpu_us_per_packet),
            ratios,
            pairs,
        }
    }

    /// The smallest share delivered in any run.
    fn delivered(&self, read: fn(&Pair) -> f64) -> f64 {
        self.pairs.iter().map(read).fold(f64::INFINITY, f64::min)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The whole comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Comparison {
    format: u32,
    machine: Machine,
    hold_s: f64,
    warm_up_s: f64,
    pub(super) rounds: Vec<Round>,
}

impl Comparison {
    pub(super) fn new(options: &CompareOptions) -> Self {
        Self {
            format: FORMAT,
            machine: Machine::read(),
            hold_s: options.hold.as_secs_f64(),
            warm_up_s: options.warm_up.as_secs_f64(),
            rounds: Vec::new(),
        }
    }

    /// A table for people: medians, the ratios of all pairs, and what was delivered at worst.
    pub(super) fn table(&self) -> String {
        let mut text = format!(
            "{:<7} {:>11} {:>10} {:>10} {:>7}  {:<24} {}\n",
            "load",
            "subscribers",
            "Plenum µs",
            "Janus µs",
            "ratio",
            "of each pair",
            "delivered, Plenum and Janus"
        );
        for round in &self.rounds {
            let ratios: Vec<String> = round.ratios.iter().map(|ratio| number(*ratio)).collect();
            let (plenum, janus) = (
                round.delivered(|pair| pair.plenum.delivered_percent),
                round.delivered(|pair| pair.janus.delivered_percent),
            );
            let marked = if plenum.min(janus) < DELIVERED_PERCENT {
                "  incomplete"
            } else {
                ""
            };
            // Writing to a String does not fail.
            let _ = writeln!(
                text,
                "{:<7} {:>11} {:>10} {:>10} {:>7}  {:<24} {}, {}{marked}",
                round.load,
                round.subscribers,
                number(round.plenum_us_per_packet),
                number(round.janus_us_per_packet),
                number(round.median_ratio),
                ratios.join(" "),
                percent(plenum),
                percent(janus)
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(us: f64, delivered_percent: f64) -> Measured {
        Measured {
            seconds: 10.0,
            packets: 30_000,
            delivered_percent,
            server_cpu_percent: 6.0,
            server_cpu_us_per_packet: us,
            harness_cpu_percent: 20.0,
        }
    }

    fn comparison(delivered_percent: f64) -> Comparison {
        let pairs = [(2.0, 20.0), (2.0, 24.0), (4.0, 16.0)].map(|(plenum, janus)| Pair {
            plenum: measured(plenum, delivered_percent),
            janus: measured(janus, 100.0),
        });
        Comparison {
            format: FORMAT,
            machine: Machine::default(),
            hold_s: 10.0,
            warm_up_s: 4.0,
            rounds: vec![Round::new(Load::Bursts, 10, pairs.to_vec())],
        }
    }

    #[test]
    fn ratios_are_taken_within_a_pair_and_the_middle_one_counts() {
        let table = comparison(100.0).table();
        let line = table.lines().nth(1).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(
            words,
            [
                "bursts", "10", "2", "20", "10", "10", "12", "4", "100", "%,", "100", "%"
            ]
        );
    }

    #[test]
    fn a_server_that_does_not_deliver_is_marked() {
        assert!(
            comparison(80.0).table().contains("incomplete")
                && !comparison(99.9).table().contains("incomplete")
        );
    }
}
