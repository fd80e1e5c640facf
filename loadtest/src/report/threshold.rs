//! `--fail-if p99_latency_ms>20`: what must not be.

use super::metrics::{self, METRICS, Metric};
use super::model::{Run, Verdict};
use std::str::FromStr;

/// A condition under which a run has failed.
#[derive(Debug, Clone, Copy)]
pub struct Threshold {
    metric: &'static Metric,
    operator: Operator,
    limit: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// In this order: `>=` also contains `>`.
const OPERATORS: [(&str, Operator); 4] = [
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    (">", Operator::Above),
    ("<", Operator::Below),
];

impl FromStr for Threshold {
    type Err = String;

    /// Reads `name operator number`; an error says what was wrong and what can be written.
    fn from_str(text: &str) -> Result<Self, String> {
        let found = OPERATORS
            .iter()
            .find_map(|(sign, operator)| Some((text.split_once(sign)?, *operator)));
        let Some(((name, limit), operator)) = found else {
            return Err(format!(
                "{text:?} is not a threshold; write NAME>NUMBER, with > >= < or <="
            ));
        };
        let name = name.trim();
        let metric = metrics::find(name).ok_or_else(|| format!("{name:?} is not measured; {}", names()))?;
        let number = limit.trim().parse().ok().filter(|limit: &f64| limit.is_finite());
        let limit = number.ok_or_else(|| format!("{:?} is not a number", limit.trim()))?;
        Ok(Self {
            metric,
            operator,
            limit,
        })
    }
}

impl std::fmt::Display for Threshold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = OPERATORS.iter().find(|(_, operator)| *operator == self.operator);
        let sign = sign.map_or("", |(sign, _)| sign);
        write!(f, "{}{sign}{}", self.metric.name, self.limit)
    }
}

impl Threshold {
    /// Whether the run broke it. What was not measured breaks it: a figure that somebody wanted is missing.
    pub fn judge(&self, run: &Run) -> Verdict {
        let value = (self.metric.read)(run).filter(|value| value.is_finite());
        let broken = value.is_none_or(|value| match self.operator {
            Operator::Above => value > self.limit,
            Operator::AtLeast => value >= self.limit,
            Operator::Below => value < self.limit,
            Operator::AtMost => value <= self.limit,
        });
        Verdict {
            threshold: self.to_string(),
            value,
            broken,
        }
    }
}

/// All names, one a line with what they are, for errors and help.
pub fn names() -> String {
    let width = METRICS.iter().map(|metric| metric.name.len()).max().unwrap_or(0);
    let lines = METRICS
        .iter()
        .map(|metric| format!("\n  {:<width$}  {}", metric.name, metric.help));
    format!("the names are:{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    fn judged(text: &str) -> Verdict {
        text.parse::<Threshold>().unwrap().judge(&example::run())
    }

    #[test]
    fn each_operator_says_what_must_not_be() {
        let freezes = example::run().totals.freezes;
        let broken = |operator: &str, limit: u64| judged(&format!("freezes{operator}{limit}")).broken;
        assert!(
            !broken(">", freezes) && broken(">=", freezes) && !broken("<", freezes) && broken("<=", freezes)
        );
        assert!(broken(">", freezes - 1) && !broken(">=", freezes + 1));
        assert!(broken("<", freezes + 1) && !broken("<=", freezes - 1));
    }

    #[test]
    fn a_verdict_has_the_threshold_as_written_and_the_figure() {
        let verdict = judged(" p99_latency_ms >= 0.5 ");
        assert_eq!(verdict.threshold, "p99_latency_ms>=0.5");
        assert_eq!(verdict.value, example::run().totals.latency.map(|d| d.p99_ms));
        assert!(verdict.broken);
    }

    #[test]
    fn what_was_not_measured_breaks_its_threshold() {
        let verdict = "p99_latency_ms>20"
            .parse::<Threshold>()
            .unwrap()
            .judge(&Run::default());
        assert_eq!((verdict.value, verdict.broken), (None, true));
    }

    #[test]
    fn an_unknown_name_is_answered_with_all_names() {
        let error = "latency>20".parse::<Threshold>().unwrap_err();
        assert!(
            METRICS.iter().all(|metric| error.contains(metric.name)),
            "{error}"
        );
        assert!("freezes".parse::<Threshold>().unwrap_err().contains(">="));
        assert!("freezes>many".parse::<Threshold>().unwrap_err().contains("many"));
        assert!("freezes>NaN".parse::<Threshold>().is_err());
    }
}
