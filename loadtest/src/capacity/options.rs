//! Flags of `find-capacity`.

use super::search::Plan;
use crate::options::{parse_duration, required};
use crate::report::threshold::{self, Threshold};
use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What breaks a step when nothing else is said.
const DEFAULT_THRESHOLDS: [&str; 3] = [
    "delivered_percent<99.5",
    "p99_latency_ms>50",
    "participants_failed>0",
];

/// What `find-capacity` does.
#[derive(Debug, Clone)]
pub struct CapacityOptions {
    /// Name or file of the scenario.
    pub scenario: String,
    /// How it searches.
    pub plan: Plan,
    /// The flag of `run` that the number goes to.
    raise: String,
    thresholds: Vec<Threshold>,
    hold: String,
    /// Between two steps.
    pub cool_down: Duration,
    /// Where everything goes as JSON.
    pub json: Option<PathBuf>,
    /// Passed on to every run.
    rest: Vec<String>,
}

/// The command line.
pub fn capacity_command() -> Command {
    Command::new("find-capacity")
        .about("Raise the number of participants until a threshold breaks, then find the number in between")
        .arg(
            Arg::new("scenario")
                .required(true)
                .value_name("SCENARIO")
                .help("As for `run`"),
        )
        .arg(value("raise", "FLAG", "Flag of `run` that is raised").default_value("participants"))
        .arg(
            value("start", "N", "The first step")
                .default_value("50")
                .value_parser(value_parser!(u64).range(1..)),
        )
        .arg(
            value("growth", "FACTOR", "From step to step, until one breaks")
                .default_value("2")
                .value_parser(parse_growth),
        )
        .arg(
            value("most", "N", "Never more than this")
                .default_value("5000")
                .value_parser(value_parser!(u64).range(1..)),
        )
        .arg(
            value(
                "tolerance",
                "PERCENT",
                "How close the last good and the first bad step have to be",
            )
            .default_value("5")
            .value_parser(value_parser!(f64)),
        )
        .arg(
            value("attempts", "N", "How often a step may break before it counts")
                .default_value("2")
                .value_parser(value_parser!(u32).range(1..)),
        )
        .arg(
            Arg::new("fail-if")
                .long("fail-if")
                .value_name("CONDITION")
                .action(ArgAction::Append)
                .value_parser(value_parser!(Threshold))
                .help(format!(
                    "What breaks a step; default: {}",
                    DEFAULT_THRESHOLDS.join(", ")
                ))
                .long_help(format!(
                    "What breaks a step: NAME>NUMBER, with > >= < or <=; {}",
                    threshold::names()
                )),
        )
        .arg(
            value("hold", "TIME", "How long each step is held")
                .default_value("20s")
                .value_parser(checked_duration),
        )
        .arg(
            value("cool-down", "TIME", "Between two steps")
                .default_value("5s")
                .value_parser(parse_duration),
        )
        .arg(value("json", "FILE", "Write all steps as JSON").value_parser(value_parser!(PathBuf)))
        .arg(
            Arg::new("rest")
                .last(true)
                .num_args(0..)
                .value_name("FLAGS")
                .help("Further flags of `run`, for every step"),
        )
}

fn value(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn parse_growth(text: &str) -> Result<f64, String> {
    let factor = text
        .parse()
        .ok()
        .filter(|factor: &f64| *factor > 1.0 && factor.is_finite());
    factor.ok_or_else(|| format!("{text:?} is not a factor above 1"))
}

/// A time, kept as it was written: `run` reads it.
fn checked_duration(text: &str) -> Result<String, String> {
    parse_duration(text).map(|_| text.to_owned())
}

impl CapacityOptions {
    /// Reads the matches of `find-capacity`.
    ///
    /// # Errors
    /// When the default thresholds are not measured any more.
    pub fn from_matches(matches: &ArgMatches) -> Result<Self> {
        let mut thresholds: Vec<Threshold> = matches
            .get_many("fail-if")
            .into_iter()
            .flatten()
            .copied()
            .collect();
        if thresholds.is_empty() {
            let defaults = DEFAULT_THRESHOLDS
                .iter()
                .map(|text| text.parse().map_err(anyhow::Error::msg));
            thresholds = defaults.collect::<Result<_>>()?;
        }
        Ok(Self {
            scenario: required(matches, "scenario")?,
            plan: Plan {
                start: required(matches, "start")?,
                growth: required(matches, "growth")?,
                most: required(matches, "most")?,
                tolerance_percent: required(matches, "tolerance")?,
                attempts: required(matches, "attempts")?,
            },
            raise: required(matches, "raise")?,
            thresholds,
            hold: required(matches, "hold")?,
            cool_down: required(matches, "cool-down")?,
            json: matches.get_one("json").cloned(),
            rest: matches.get_many("rest").into_iter().flatten().cloned().collect(),
        })
    }

    /// The command line of a step.
    pub(super) fn arguments(&self, participants: u64, report: &Path) -> Vec<OsString> {
        let raised = format!("--{}", self.raise);
        let number = participants.to_string();
        let mut arguments: Vec<OsString> =
            ["run", &self.scenario, &raised, &number, "--duration", &self.hold]
                .map(OsString::from)
                .to_vec();
        arguments.extend(["--json".into(), report.into()]);
        for threshold in &self.thresholds {
            arguments.extend(["--fail-if".into(), threshold.to_string().into()]);
        }
        arguments.extend(self.rest.iter().map(OsString::from));
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<CapacityOptions, String> {
        let matches = capacity_command().try_get_matches_from(line.split_whitespace());
        let matches = matches.map_err(|error| error.to_string())?;
        CapacityOptions::from_matches(&matches).map_err(|error| error.to_string())
    }

    fn line(options: &CapacityOptions) -> String {
        let arguments = options.arguments(200, Path::new("r.json"));
        arguments
            .iter()
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_step_is_a_run_with_the_number_the_thresholds_and_the_rest() {
        let options = read(
            "find-capacity webinar --raise subscribers --hold 5s --fail-if p99_latency_ms>20 -- --url ws://h/signal --ramp 2s",
        );
        assert_eq!(
            line(&options.unwrap()),
            "run webinar --subscribers 200 --duration 5s --json r.json --fail-if p99_latency_ms>20 --url ws://h/signal --ramp 2s"
        );
    }

    #[test]
    fn without_thresholds_there_are_the_default_ones() {
        let options = read("find-capacity meeting").unwrap();
        assert!(
            DEFAULT_THRESHOLDS
                .iter()
                .all(|threshold| line(&options).contains(threshold)),
            "{}",
            line(&options)
        );
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for bad in [
            "--growth 1",
            "--start 0",
            "--hold soon",
            "--fail-if latency>1",
            "--attempts 0",
        ] {
            assert!(read(&format!("find-capacity meeting {bad}")).is_err(), "{bad}");
        }
    }
}
