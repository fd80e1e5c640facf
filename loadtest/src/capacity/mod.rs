//! `find-capacity SCENARIO`: how many participants a running server carries before a threshold breaks.
//!
//! Each step is a run of its own, in a process of its own: what a step leaves behind in the harness burdens no other.
//! The server goes on running; a cool-down lets it forget.

mod options;
mod search;

pub use options::{CapacityOptions, capacity_command};
pub use search::{Bad, Outcome, Plan, Search};

use crate::report::model::Run;
use crate::report::table;
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// The version of the JSON.
const FORMAT: u32 = 1;
/// Lines of a failed run's error output that are passed on.
const ERROR_LINES: usize = 10;

/// A step that was tried.
#[derive(Debug, Serialize)]
struct Step {
    participants: u64,
    held: bool,
    reason: Option<String>,
    run: Run,
}

/// Everything that was found.
#[derive(Debug, Serialize)]
struct Found<'a> {
    format: u32,
    scenario: &'a str,
    last_good: Option<u64>,
    first_bad: Option<&'a Bad>,
    conclusion: String,
    steps: Vec<Step>,
}

/// Searches; `print` gets a line for each step and the conclusion.
///
/// # Errors
/// When a run cannot be made at all, or its report cannot be read.
pub async fn find_capacity(options: &CapacityOptions, print: fn(&str)) -> Result<()> {
    let mut search = Search::new(options.plan);
    let mut steps = Vec::new();
    let report = std::env::temp_dir().join(format!("plenum-capacity-{}.json", std::process::id()));
    while let Some(participants) = search.next() {
        if !steps.is_empty() {
            tokio::time::sleep(options.cool_down).await;
        }
        let run = step(options, participants, &report).await?;
        let outcome = judge(&run);
        print(&described(participants, &run, &outcome));
        let reason = match &outcome {
            Outcome::Held => None,
            Outcome::Broke(reason) | Outcome::Harness(reason) => Some(reason.clone()),
        };
        steps.push(Step {
            participants,
            held: reason.is_none(),
            reason,
            run,
        });
        search.record(outcome);
    }
    // A file that is left behind does no harm.
    let _ = std::fs::remove_file(&report);
    print(&search.conclusion());
    if let Some(path) = &options.json {
        let found = Found {
            format: FORMAT,
            scenario: &options.scenario,
            last_good: search.last_good(),
            first_bad: search.first_bad(),
            conclusion: search.conclusion(),
            steps,
        };
        let text = serde_json::to_string_pretty(&found)?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// One run, to its end.
async fn step(options: &CapacityOptions, participants: u64, report: &PathBuf) -> Result<Run> {
    // What is read below must be of this run.
    let _ = std::fs::remove_file(report);
    let program = std::env::current_exe().context("where is this program?")?;
    let output = Command::new(program)
        .args(options.arguments(participants, report))
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("cannot start a run")?;
    match read(report) {
        Ok(run) => Ok(run),
        Err(error) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said: Vec<&str> = said.lines().take(ERROR_LINES).collect();
            bail!(
                "a run with {participants} participants left no report ({error:#}):\n{}",
                said.join("\n")
            )
        }
    }
}

fn read(path: &Path) -> Result<Run> {
    let text = std::fs::read_to_string(path)?;
    let run: Run = serde_json::from_str(&text)?;
    Ok(run)
}

/// The harness is looked at first: when it was at its limit, a broken threshold says nothing about the server.
fn judge(run: &Run) -> Outcome {
    let broken: Vec<String> = table::verdicts(&run.verdicts)
        .lines()
        .filter_map(|line| line.strip_prefix("BROKEN"))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" is "))
        .collect();
    let failures = run
        .failures
        .first()
        .map(|first| format!("{first} ({} failures)", run.failures.len()));
    let reasons: Vec<String> = broken.into_iter().chain(failures).collect();
    match (reasons.is_empty(), run.harness_limit()) {
        (true, _) => Outcome::Held,
        (false, Some(limit)) => Outcome::Harness(format!("{limit}; {}", reasons.join(", "))),
        (false, None) => Outcome::Broke(reasons.join(", ")),
    }
}

fn described(participants: u64, run: &Run, outcome: &Outcome) -> String {
    let word = match outcome {
        Outcome::Held => "held".to_owned(),
        Outcome::Broke(reason) => format!("broke: {reason}"),
        Outcome::Harness(reason) => format!("harness at its limit: {reason}"),
    };
    format!("{participants:>6} participants  {}  {word}", table::brief(run))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;
    use crate::report::model::Verdict;

    fn broken() -> Run {
        let mut run = example::run();
        run.verdicts = vec![Verdict {
            threshold: "freezes>3".to_owned(),
            value: Some(7.0),
            broken: true,
        }];
        run
    }

    #[test]
    fn a_broken_threshold_is_the_servers_unless_the_harness_was_at_its_limit() {
        assert_eq!(judge(&example::run()), Outcome::Held);
        assert_eq!(judge(&broken()), Outcome::Broke("freezes>3 is 7".to_owned()));
        let mut busy = broken();
        busy.totals.harness.cpu_percent = 195.0;
        assert!(
            matches!(judge(&busy), Outcome::Harness(reason) if reason.contains("CPU") && reason.contains("freezes>3 is 7"))
        );
    }

    #[test]
    fn a_failed_participant_breaks_a_step_without_any_threshold() {
        let mut run = example::run();
        run.failures = vec!["bot-7: join: no answer within 20 s".to_owned()];
        assert!(
            matches!(judge(&run), Outcome::Broke(reason) if reason.contains("bot-7") && reason.contains("1 failures"))
        );
    }

    #[test]
    fn a_step_has_its_figures_in_a_line() {
        let line = described(400, &broken(), &judge(&broken()));
        assert!(
            line.contains("400 participants")
                && line.contains("p99")
                && line.ends_with("broke: freezes>3 is 7"),
            "{line}"
        );
    }
}
