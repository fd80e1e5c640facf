//! The flags about what becomes of a run's figures, and what they do.
//!
//! A command adds them with [`Outputs::arguments`], reads them with [`Outputs::read`], and hands its [`Run`] to
//! [`Outputs::finish`] at the end.

use super::html;
use super::model::{MAX_MESSAGES, MAX_PARTICIPANTS, Run};
use super::threshold::{self, Threshold};
use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::PathBuf;

/// What becomes of a run.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    thresholds: Vec<Threshold>,
    json: Option<PathBuf>,
    html: Option<PathBuf>,
}

impl Outputs {
    /// Adds `--fail-if`, `--json` and `--html`.
    pub fn arguments(command: Command) -> Command {
        let file = |name: &'static str, help: &'static str| {
            Arg::new(name)
                .long(name)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help(help)
        };
        command
            .arg(
                Arg::new("fail-if")
                    .long("fail-if")
                    .value_name("CONDITION")
                    .action(ArgAction::Append)
                    .value_parser(value_parser!(Threshold))
                    .help("Exit with 1 when this holds: p99_latency_ms>20; may be repeated")
                    .long_help(format!(
                        "Exit with 1 when this holds at the end: NAME>NUMBER, with > >= < or <=; may be repeated. What was not \
                         measured breaks its threshold. In the steady window, {}",
                        threshold::names()
                    )),
            )
            .arg(file("json", "Write everything that was measured as JSON"))
            .arg(file("html", "Write the report as one HTML file"))
    }

    /// Reads the flags.
    pub fn read(matches: &ArgMatches) -> Self {
        let thresholds = matches.get_many::<Threshold>("fail-if");
        Self {
            thresholds: thresholds.into_iter().flatten().copied().collect(),
            json: matches.get_one("json").cloned(),
            html: matches.get_one("html").cloned(),
        }
    }

    /// Judges the run and writes the files. `true` when nothing failed.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn finish(&self, run: &mut Run) -> Result<bool> {
        run.bound();
        run.verdicts = self
            .thresholds
            .iter()
            .map(|threshold| threshold.judge(run))
            .collect();
        let write = |path: &PathBuf, text: String| {
            std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
        };
        if let Some(path) = &self.json {
            write(path, serde_json::to_string_pretty(run)?)?;
        }
        if let Some(path) = &self.html {
            write(path, html::page(run))?;
        }
        Ok(run.failures.is_empty() && run.verdicts.iter().all(|verdict| !verdict.broken))
    }
}

impl Run {
    /// Keeps the worst participants and the first messages, and counts the rest.
    fn bound(&mut self) {
        let failures = &self.failures;
        let failed = |name: &str| {
            let about = |failure: &String| {
                failure
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with(':'))
            };
            failures.iter().take(MAX_MESSAGES).any(about)
        };
        let badness = |p: &super::model::ParticipantSummary| {
            (failed(&p.name), p.error.is_some(), p.packets_lost, p.freezes)
        };
        self.participants.sort_by_key(|p| std::cmp::Reverse(badness(p)));
        let omitted = self.participants.len().saturating_sub(MAX_PARTICIPANTS);
        self.participants.truncate(MAX_PARTICIPANTS);
        self.participants_omitted += omitted as u64;
        for messages in [&mut self.warnings, &mut self.failures] {
            if let Some(more) = messages.len().checked_sub(MAX_MESSAGES).filter(|more| *more > 0) {
                messages.truncate(MAX_MESSAGES - 1);
                messages.push(format!("and {} more", more + 1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;
    use crate::report::model::ParticipantSummary;

    fn outputs(line: &str) -> Result<Outputs, String> {
        let command = Outputs::arguments(Command::new("run"));
        let matches = command.try_get_matches_from(line.split_whitespace());
        matches
            .map(|matches| Outputs::read(&matches))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_broken_threshold_fails_the_run_and_one_that_holds_does_not() {
        let mut run = example::run();
        let held = outputs("run --fail-if p99_latency_ms>20 --fail-if delivered_percent<99").unwrap();
        assert!(held.finish(&mut run).unwrap());
        assert_eq!(run.verdicts.len(), 2);
        let broken = outputs("run --fail-if p99_latency_ms>20 --fail-if freezes>=1").unwrap();
        assert!(!broken.finish(&mut run).unwrap());
        assert_eq!(
            run.verdicts.iter().map(|v| v.broken).collect::<Vec<_>>(),
            [false, true]
        );
        run.failures.push("bot-1: no packet".to_owned());
        assert!(!Outputs::default().finish(&mut run).unwrap());
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_list() {
        let error = outputs("run --fail-if latency>20").unwrap_err();
        assert!(error.contains("p99_latency_ms"), "{error}");
    }

    #[test]
    fn the_worst_participants_are_kept_and_the_rest_counted() {
        let participant = |lost| ParticipantSummary {
            packets_lost: lost,
            ..ParticipantSummary::default()
        };
        let mut run = Run {
            participants: (0..300).map(participant).collect(),
            failures: (0..300).map(|i| format!("failure {i}")).collect(),
            ..Run::default()
        };
        run.participants.push(ParticipantSummary {
            error: Some("refused".to_owned()),
            ..ParticipantSummary::default()
        });
        run.participants[7].name = "bot-8".to_owned();
        run.failures[3] = "bot-8: no video frame".to_owned();
        run.bound();
        assert_eq!((run.participants.len(), run.participants_omitted), (200, 101));
        let [first, second, third, ..] = &run.participants[..] else {
            panic!("too few")
        };
        assert!(first.name == "bot-8" && second.error.is_some() && third.packets_lost == 299);
        assert_eq!(run.failures.len(), MAX_MESSAGES);
        assert_eq!(run.failures.last().map(String::as_str), Some("and 101 more"));
    }
}
