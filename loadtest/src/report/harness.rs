//! Whether a run says something about the server, or only about the program that made it.

use super::format::{millis, number};
use super::model::Run;

/// Above this share of the CPU that it can use, the harness is late itself.
pub const MAX_CPU_PERCENT: f64 = 85.0;
/// Timers that are later than this add themselves to every latency.
pub const MAX_TIMER_LATE_MS: f64 = 5.0;
/// So many of the steady seconds may have them: somebody else on the machine had a moment.
const LATE_SECONDS_PERCENT: usize = 20;

impl Run {
    /// Why the harness, not the server, may be what was measured; `None`: it was not at its limit.
    pub fn harness_limit(&self) -> Option<String> {
        let harness = &self.totals.harness;
        let used = 100.0 * harness.cpu_percent / harness.cpu_limit_percent;
        if harness.cpu_limit_percent > 0.0 && used > MAX_CPU_PERCENT {
            return Some(format!("it used {} % of the CPU that it can use", number(used)));
        }
        let late = self.usual_lateness_ms();
        (late > MAX_TIMER_LATE_MS).then(|| format!("its timers were {} late", millis(late)))
    }

    /// The lateness that only one in five steady seconds exceeds.
    fn usual_lateness_ms(&self) -> f64 {
        let steady = |at_s: f64| at_s > self.steady.from_s && at_s <= self.steady.to_s;
        let seconds = self.samples.iter().filter(|sample| steady(sample.at_s));
        let mut late: Vec<f64> = seconds.map(|sample| sample.harness.timer_late_p99_ms).collect();
        late.sort_by(f64::total_cmp);
        let allowed = late.len() * LATE_SECONDS_PERCENT / 100;
        late.iter().rev().nth(allowed).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use crate::report::example;

    #[test]
    fn a_harness_near_its_limit_is_told() {
        let mut run = example::run();
        assert_eq!(run.harness_limit(), None);
        let hiccup = |run: &mut crate::report::model::Run, seconds: usize| {
            let steady = run.samples.iter_mut().skip(20);
            steady
                .take(seconds)
                .for_each(|sample| sample.harness.timer_late_p99_ms = 7.5);
        };
        hiccup(&mut run, 10);
        assert_eq!(run.harness_limit(), None, "ten of 77 seconds");
        hiccup(&mut run, 30);
        assert_eq!(
            run.harness_limit().as_deref(),
            Some("its timers were 7.5 ms late")
        );
        run.totals.harness.cpu_percent = 180.0;
        assert_eq!(
            run.harness_limit().as_deref(),
            Some("it used 90 % of the CPU that it can use")
        );
        run.totals.harness.cpu_limit_percent = 0.0;
        assert!(
            run.harness_limit().is_some_and(|limit| limit.contains("timers")),
            "an unknown limit is no limit"
        );
    }
}
