//! The `plenum-loadtest` program.
#![allow(clippy::print_stdout, clippy::print_stderr)] // A command-line program: its output is its purpose.

use loadtest::impair::ImpairOptions;
use loadtest::options::{self, RunOptions};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let matches = options::command().get_matches();
    let result = match matches.subcommand() {
        Some(("make-media", arguments)) => {
            let number = |name| arguments.get_one::<u8>(name).copied().unwrap_or(1);
            let out = arguments.get_one::<PathBuf>("out").cloned().unwrap_or_default();
            loadtest::make_media::make(&out, number("first"), number("participants"))
                .map(|()| ExitCode::SUCCESS)
        }
        Some(("run", arguments)) => run(arguments),
        Some(("impair", arguments)) => impair(arguments),
        _ => Ok(ExitCode::FAILURE),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}

fn run(arguments: &clap::ArgMatches) -> anyhow::Result<ExitCode> {
    let options = RunOptions::from_matches(arguments)?;
    let json_lines = options.json_lines;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(loadtest::run::run(options, |line| println!("{line}")))?;
    if json_lines {
        println!("{}", serde_json::json!({ "failures": report.failures }));
    } else {
        print!("{}", report.table());
    }
    // stdin may still block a thread of the runtime; nobody waits for it.
    runtime.shutdown_background();
    Ok(if report.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn impair(arguments: &clap::ArgMatches) -> anyhow::Result<ExitCode> {
    let options = ImpairOptions::from_matches(arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(loadtest::impair::relay(options, |line| println!("{line}")));
    // stdin may still block a thread of the runtime; nobody waits for it.
    runtime.shutdown_background();
    result.map(|()| ExitCode::SUCCESS)
}
