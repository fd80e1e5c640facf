//! Plays random calls: `soak [--full] [--seeds N] [--first SEED]`, or one call with all that goes wrong in it:
//! `soak [--full] --seed SEED [--person P]`; with a person, a line about them every 200 ms.
//! With `--workers N`, in plain mode, people are on so many workers, and a packet in a hundred is lost between these; with
//! `--moves` they are moved between them.
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
const USAGE: &str = "usage: soak [--full | --workers N [--moves]] [--seeds N] [--first SEED] | soak [--full | --workers N [--moves]] --seed SEED [--person P]";

/// Most workers that may be asked for.
const MOST_WORKERS: usize = 64;

/// What calls are played.
#[derive(Debug, Clone, Copy)]
struct Calls {
    mode: Mode,
    workers: usize,
    /// People are moved.
    moves: bool,
}

impl Calls {
    fn scenario(self, seed: u64) -> Scenario {
        let scenario = Scenario::random(seed).over(self.workers);
        match self.moves {
            true => scenario.moving(),
            false => scenario,
        }
    }
}

#[derive(Debug)]
struct Options {
    calls: Calls,
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
            calls: Calls {
                mode: Mode::Plain,
                workers: 1,
                moves: false,
            },
            seeds: 2_000,
            first: 1,
            seed: None,
            person: None,
        };
        while let Some(argument) = arguments.next() {
            if argument == "--full" {
                options.calls.mode = Mode::Full;
                continue;
            }
            if argument == "--moves" {
                options.calls.moves = true;
                continue;
            }
            let number = arguments.next()?.parse().ok()?;
            match argument.as_str() {
                "--seeds" => options.seeds = number,
                "--workers" => {
                    options.calls.workers = usize::try_from(number)
                        .ok()
                        .filter(|count| (1..=MOST_WORKERS).contains(count))?;
                }
                "--first" => options.first = number,
                "--seed" => options.seed = Some(number),
                "--person" => options.person = usize::try_from(number).ok(),
                _ => return None,
            }
        }
        let Calls { mode, workers, moves } = options.calls;
        let possible = (mode == Mode::Plain || workers == 1) && (!moves || workers > 1);
        Some(options).filter(|options| possible && (options.person.is_none() || options.seed.is_some()))
    }
}

fn main() -> ExitCode {
    let Some(options) = Options::read(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let failed = match (options.seed, options.person) {
        (Some(seed), Some(person)) => {
            return watch(options.calls, seed, person);
        }
        (Some(seed), None) => soak(options.calls, seed, 1),
        (None, _) => soak(options.calls, options.first, options.seeds),
    };
    let Some((seed, failures)) = failed.first() else {
        return ExitCode::SUCCESS;
    };
    report(options.calls, *seed, failures);
    ExitCode::FAILURE
}

/// Plays a call and prints how one person does in it.
fn watch(calls: Calls, seed: u64, person: usize) -> ExitCode {
    let scenario = calls.scenario(seed);
    print(&scenario);
    let failures = calls
        .mode
        .watch(&scenario, person, &mut |line| println!("{line}"));
    for failure in &failures {
        println!("{failure}");
    }
    ExitCode::from(u8::from(!failures.is_empty()))
}

/// Plays so many calls; returns those that went wrong, by seed.
fn soak(calls: Calls, first: u64, seeds: u64) -> Vec<(u64, Vec<Failure>)> {
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
            let scenario = calls.scenario(seed);
            let failures = calls.mode.play(&scenario);
            seconds.fetch_add(scenario.seconds, Ordering::Relaxed);
            if !failures.is_empty() {
                failed.push((seed, failures));
            }
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if calls.mode == Mode::Full || done.is_multiple_of(50) {
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

fn report(calls: Calls, seed: u64, failures: &[Failure]) {
    let Some(failure) = failures.first() else { return };
    println!("\nmaking the call of seed {seed} smaller …");
    let play = |scenario: &Scenario| calls.mode.play(scenario);
    let smallest = shrink(&calls.scenario(seed), failure.oracle, calls.mode.effort(), play);
    print(&smallest);
    for failure in calls.mode.play(&smallest) {
        println!("{failure}");
    }
    let how = match calls {
        Calls { mode: Mode::Full, .. } => " FULL=1".to_owned(),
        Calls { workers: 1, .. } => String::new(),
        Calls { workers, moves, .. } => format!(" WORKERS={workers}{}", if moves { " MOVES=1" } else { "" }),
    };
    println!("again: make soak{how} SEED={seed}; what a person sees: PERSON=…");
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
