//! Whether the harness was too slow for what it measured.

use std::time::Duration;

/// A thread busier than this share of its time cannot be trusted with the rest: it falls behind in every burst.
pub const MAX_BUSY: f64 = 0.85;
/// Timers later than this at the 99th percentile show in latencies.
pub const MAX_LATENESS: Duration = Duration::from_millis(5);

/// What the harness needed in the steady window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    /// Share of its time that each thread was busy, 0 to 1.
    pub threads: Vec<f64>,
    /// CPU time of the whole process by wall time, in cores.
    pub cores_used: f64,
    /// Cores of the machine.
    pub cores: f64,
    /// Lateness of timers, 99th percentile; `None` when none fired.
    pub lateness_p99: Option<Duration>,
}

impl Load {
    /// What to warn of; empty when the harness kept up.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let busiest = self.threads.iter().copied().fold(0.0, f64::max);
        if busiest > MAX_BUSY {
            warnings.push(format!(
                "the harness was the bottleneck: a thread was busy {:.0} % of its time; use --threads, or fewer participants",
                100.0 * busiest
            ));
        }
        if self.cores_used > MAX_BUSY * self.cores {
            warnings.push(format!(
                "the harness used {:.1} of {:.0} cores: it took them from the server",
                self.cores_used, self.cores
            ));
        }
        if let Some(late) = self.lateness_p99.filter(|late| *late > MAX_LATENESS) {
            warnings.push(format!(
                "timers of the harness were late by {:.1} ms at the 99th percentile: latencies are too high by as much",
                late.as_secs_f64() * 1_000.0
            ));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(threads: &[f64], cores_used: f64, late_ms: u64) -> Load {
        Load {
            threads: threads.to_vec(),
            cores_used,
            cores: 2.0,
            lateness_p99: Some(Duration::from_millis(late_ms)),
        }
    }

    #[test]
    fn a_harness_that_keeps_up_is_not_warned_of() {
        assert_eq!(load(&[0.85, 0.2], 1.7, 5).warnings(), Vec::<String>::new());
    }

    #[test]
    fn each_limit_is_warned_of_by_itself() {
        let only = |load: Load, part: &str| {
            let warnings = load.warnings();
            assert!(warnings.len() == 1 && warnings[0].contains(part), "{warnings:?}");
        };
        only(load(&[0.2, 0.86], 1.0, 1), "86 % of its time");
        only(load(&[0.8, 0.8], 1.8, 1), "1.8 of 2 cores");
        only(load(&[0.2], 0.5, 6), "6.0 ms");
    }
}
