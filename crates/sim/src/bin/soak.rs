//! Plays random calls: `soak [--full] [--seeds N] [--first SEED]`, or one call with all that goes wrong in it:
//! `soak [--full] --seed SEED [--person P]`; with a person, a line about them every 200 ms.
//!
//! Exits with 1 when something went wrong, after making the first such call as small as it can be.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]
#![allow(
    clippy::disallowed_methods,
    reason = "a program: it has threads, and measures how long it took"
)]

use sim::soak::{Failure, Mode, Scenario, shrink};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Calls that go wrong and are printed; the others are counted.
const PRINTED: usize = 20;
const USAGE: &str =
    "usage: soak [--full] [--seeds N] [--first SEED] | soak [--full] --seed SEED [--person P]";

#[derive(Debug)]
struct Options {
    mode: Mode,
    seeds: u64,
    first: u64,
    /// This call alone.
    seed: Option<u64>,
    /// And this guest of it.
    person: Option<usize>,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut options = Self {
            mode: Mode::Plain,
            seeds: 2_000,
            first: 1,
            seed: None,
            person: None,
        };
        while let Some(argument) = arguments.next() {
            if argument == "--full" {
                options.mode = Mode::Full;
                continue;
            }
            let number = arguments.next()?.parse().ok()?;
            match argument.as_str() {
                "--seeds" => options.seeds = number,
                "--first" => options.first = number,
                "--seed" => options.seed = Some(number),
                "--person" => options.person = usize::try_from(number).ok(),
                _ => return None,
            }
        }
        Some(options).filter(|options| options.person.is_none() || options.seed.is_some())
    }
}

fn main() -> ExitCode {
    let Some(options) = Options::read(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let failed = match (options.seed, options.person) {
        (Some(seed), Some(person)) => {
            return watch(options.mode, seed, person);
        }
        (Some(seed), None) => soak(options.mode, seed, 1),
        (None, _) => soak(options.mode, options.first, options.seeds),
    };
    let Some((seed, failures)) = failed.first() else {
        return ExitCode::SUCCESS;
    };
    report(options.mode, *seed, failures);
    ExitCode::FAILURE
}

/// Plays a call and prints how one person does in it.
fn watch(mode: Mode, seed: u64, person: usize) -> ExitCode {
    let scenario = Scenario::random(seed);
    print(&scenario);
    let failures = mode.watch(&scenario, person, &mut |line| println!("{line}"));
    for failure in &failures {
        println!("{failure}");
    }
    ExitCode::from(u8::from(!failures.is_empty()))
}

/// Plays so many calls; returns those that went wrong, by seed.
fn soak(mode: Mode, first: u64, seeds: u64) -> Vec<(u64, Vec<Failure>)> {
    let began = Instant::now();
    let (next, seconds, done) = (AtomicU64::new(first), AtomicU64::new(0), AtomicU64::new(0));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut failed = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + seeds {
                return failed;
            }
            let scenario = Scenario::random(seed);
            let failures = mode.play(&scenario);
            seconds.fetch_add(scenario.seconds, Ordering::Relaxed);
            if !failures.is_empty() {
                failed.push((seed, failures));
            }
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if mode == Mode::Full || done.is_multiple_of(50) {
                eprint!("\r{done} of {seeds} calls ");
            }
        }
    };
    let mut failed: Vec<(u64, Vec<Failure>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let found = workers.into_iter().filter_map(|worker| worker.join().ok());
        found.flatten().collect()
    });
    failed.sort_by_key(|(seed, _)| *seed);
    eprintln!();
    for (seed, failures) in failed.iter().take(PRINTED) {
        for failure in failures.iter().take(3) {
            println!("seed {seed}: {failure}");
        }
    }
    println!(
        "{seeds} calls, {:.1} hours of six people, {} went wrong; {:.0} s",
        seconds.load(Ordering::Relaxed) as f64 / 3_600.0,
        failed.len(),
        began.elapsed().as_secs_f64()
    );
    failed
}

fn report(mode: Mode, seed: u64, failures: &[Failure]) {
    let Some(failure) = failures.first() else { return };
    println!("\nmaking the call of seed {seed} smaller …");
    let play = |scenario: &Scenario| mode.play(scenario);
    let smallest = shrink(&Scenario::random(seed), failure.oracle, mode.effort(), play);
    print(&smallest);
    for failure in mode.play(&smallest) {
        println!("{failure}");
    }
    let full = if mode == Mode::Full { " FULL=1" } else { "" };
    println!("again: make soak{full} SEED={seed}; what a person sees: PERSON=…");
}

fn print(scenario: &Scenario) {
    println!("{} seconds", scenario.seconds);
    let guests = scenario.guests.iter().enumerate();
    for (index, guest) in guests.filter(|(_, guest)| guest.comes_ms.is_some()) {
        println!("person {index}: {guest:?}");
    }
    for (at, action) in &scenario.actions {
        println!("at {at} ms: {action:?}");
    }
}
