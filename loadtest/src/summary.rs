//! Several runs as one table, a line for each: from the files that `run --json` wrote.

use crate::report::model::{Distribution, Run};
use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::fmt::Write as _;
use std::path::PathBuf;

/// The command `summary`.
pub fn summary_command() -> Command {
    let files = Arg::new("files")
        .value_name("FILE")
        .action(ArgAction::Append)
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help("What `run --json` wrote");
    Command::new("summary")
        .about("Several runs as one table, a line for each")
        .arg(files)
}

/// Runs the command; the table.
///
/// # Errors
/// When a file cannot be read, or is none of a run.
pub fn summary(matches: &ArgMatches) -> Result<String> {
    let mut runs = Vec::new();
    for path in matches.get_many::<PathBuf>("files").into_iter().flatten() {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let run: Run = serde_json::from_str(&text)
            .with_context(|| format!("{} is no report of a run", path.display()))?;
        runs.push((name, run));
    }
    Ok(table(&runs))
}

/// One column: its head, and what a run has there.
type Column = (&'static str, fn(&Run) -> String);

const COLUMNS: &[Column] = &[
    ("packets/s", |run| {
        let seconds = run.steady.seconds();
        let rate = run.totals.packets_received as f64 / seconds.max(f64::MIN_POSITIVE);
        if seconds > 0.0 {
            format!("{rate:.0}")
        } else {
            "-".to_owned()
        }
    }),
    ("delivered %", |run| optional(run.totals.delivered_percent, 2)),
    ("lost %", |run| format!("{:.3}", run.totals.loss_percent)),
    ("p50 ms", |run| latency(run, |d| d.p50_ms)),
    ("p95 ms", |run| latency(run, |d| d.p95_ms)),
    ("p99 ms", |run| latency(run, |d| d.p99_ms)),
    ("freezes/min", |run| {
        format!("{:.2}", run.totals.freezes_per_minute)
    }),
    ("join p50 ms", |run| join(run, |d| d.p50_ms)),
    ("join p95 ms", |run| join(run, |d| d.p95_ms)),
    ("server µs", |run| optional(server_us(run), 2)),
    ("bare µs", |run| optional(run.totals.bare_us_per_packet, 2)),
    ("ratio", |run| {
        let ratio = server_us(run)
            .zip(run.totals.bare_us_per_packet)
            .map(|(server, bare)| server / bare);
        optional(ratio, 2)
    }),
    ("server MB", |run| {
        optional(
            run.totals.server.map(|server| server.resident_bytes as f64 / 1e6),
            0,
        )
    }),
    ("harness µs", |run| {
        optional(run.totals.harness.cpu_us_per_packet, 2)
    }),
    ("warnings", |run| run.warnings.len().to_string()),
    ("failures", |run| run.failures.len().to_string()),
];

fn server_us(run: &Run) -> Option<f64> {
    run.totals.server?.cpu_us_per_packet
}

fn latency(run: &Run, read: fn(&Distribution) -> f64) -> String {
    optional(run.totals.latency.as_ref().map(read), 1)
}

fn join(run: &Run, read: fn(&Distribution) -> f64) -> String {
    optional(run.totals.joins.connected.as_ref().map(read), 0)
}

fn optional(value: Option<f64>, digits: usize) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
}

fn table(runs: &[(String, Run)]) -> String {
    let width = runs
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = format!("{:<width$}", "");
    // Writing to a String does not fail.
    for (head, _) in COLUMNS {
        let _ = write!(text, "  {head}");
    }
    text.push('\n');
    for (name, run) in runs {
        let _ = write!(text, "{name:<width$}");
        for (head, read) in COLUMNS {
            let _ = write!(text, "  {:>1$}", read(run), head.chars().count());
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    #[test]
    fn a_run_is_a_line_and_what_was_not_measured_a_dash() {
        let example = example::run();
        let empty = Run::default();
        let us = server_us(&example).unwrap();
        let ratio = us / example.totals.bare_us_per_packet.unwrap();
        let text = table(&[("webinar-100".to_owned(), example), ("empty".to_owned(), empty)]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("webinar-100") && lines[1].contains(&format!("{us:.2}")));
        assert!(lines[1].contains(&format!("{ratio:.2}")), "{text}");
        assert!(lines[2].starts_with("empty  ") && lines[2].contains('-'));
        let widths: Vec<usize> = lines.iter().map(|line| line.chars().count()).collect();
        assert!(
            widths.iter().all(|width| *width == widths[0]),
            "{widths:?}\n{text}"
        );
    }
}
