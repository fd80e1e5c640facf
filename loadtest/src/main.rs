//! The `plenum-loadtest` program.
#![allow(clippy::print_stdout, clippy::print_stderr)] // A command-line program: its output is its purpose.

use loadtest::bare::{Bare, USUAL_TIME};
use loadtest::capacity::CapacityOptions;
use loadtest::compare::CompareOptions;
use loadtest::impair::ImpairOptions;
use loadtest::options::{self, RunOptions};
use loadtest::plan::Plan;
use loadtest::report;
use loadtest::report::outputs::Outputs;
use loadtest::run::{Lines, Terminal, View, leftovers};
use loadtest::scenario::{self, Overrides};
use std::io::IsTerminal;
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
        Some(("find-capacity", arguments)) => find_capacity(arguments),
        Some(("compare", arguments)) => compare(arguments),
        Some(("bare", arguments)) => loadtest::bare::bare(arguments).map(|line| {
            println!("{line}");
            ExitCode::SUCCESS
        }),
        Some(("summary", arguments)) => loadtest::summary::summary(arguments).map(|table| {
            print!("{table}");
            ExitCode::SUCCESS
        }),
        Some(("scenarios", _)) => {
            for (name, description) in scenario::list() {
                println!("{name:<14}{description}");
            }
            Ok(ExitCode::SUCCESS)
        }
        _ => Ok(ExitCode::FAILURE),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}

fn run(arguments: &clap::ArgMatches) -> anyhow::Result<ExitCode> {
    let options = RunOptions::from_matches(arguments)?;
    let outputs = Outputs::read(arguments);
    let json_lines = options.json_lines;
    let name = arguments.get_one::<String>("scenario");
    let plan = match name {
        Some(name) => {
            let mut scenario = scenario::load(name)?;
            Overrides::from_matches(arguments).apply(&mut scenario)?;
            Plan::from_scenario(name, &options.room, &scenario)?
        }
        None => Plan::from_flags(&options),
    };
    let bare = if options.bare { Bare::of(&plan) } else { None };
    let mut view: Box<dyn View> = if std::io::stdout().is_terminal() && !json_lines {
        Box::new(Terminal::default())
    } else {
        Box::new(Lines::new(|line| println!("{line}"), json_lines))
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut outcome = runtime.block_on(loadtest::run::run(options, plan, view.as_mut()))?;
    // stdin may still block a thread of the runtime; nobody waits for it.
    runtime.shutdown_background();
    if let Some(bare) = bare {
        outcome.run.totals.bare_us_per_packet = Some(bare.measure(USUAL_TIME)?.us_per_packet());
    }
    let good = outputs.finish(&mut outcome.run)?;
    if json_lines {
        println!("{}", serde_json::json!({ "failures": outcome.run.failures }));
    } else {
        if name.is_none() {
            print!("{}", outcome.report.table());
        }
        print!("{}", report::table::table(&outcome.run));
        if name.is_some() {
            let (before, after) = (outcome.server_before.as_ref(), outcome.server_after.as_ref());
            print!("{}", leftovers(before, after, &outcome.run.samples));
        }
    }
    Ok(if good {
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

fn find_capacity(arguments: &clap::ArgMatches) -> anyhow::Result<ExitCode> {
    let options = CapacityOptions::from_matches(arguments)?;
    let print: fn(&str) = |line| println!("{line}");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(loadtest::capacity::find_capacity(&options, print))?;
    Ok(ExitCode::SUCCESS)
}

fn compare(arguments: &clap::ArgMatches) -> anyhow::Result<ExitCode> {
    let Some(("janus", arguments)) = arguments.subcommand() else {
        return Ok(ExitCode::FAILURE);
    };
    let options = CompareOptions::from_matches(arguments)?;
    let print: fn(&str) = |line| println!("{line}");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(loadtest::compare::compare(&options, print))?;
    Ok(ExitCode::SUCCESS)
}
