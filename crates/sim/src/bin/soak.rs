//! Plays random calls: `soak [--seeds N] [--first SEED]`, or one call with all that goes wrong in it: `soak --seed SEED`.
//! With `--workers N` people are on so many workers, and a packet in a hundred is lost between these.
//!
//! Exits with 1 when something went wrong, after making the first such call as small as it can be.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]
#![allow(
    clippy::disallowed_methods,
    reason = "a program: it has threads, and measures how long it took"
)]

use sim::soak::{Failure, Scenario, play, shrink};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Calls that go wrong and are printed; the others are counted.
const PRINTED: usize = 20;

fn main() -> ExitCode {
    let (mut options, mut workers) = ((2_000, 1, None), 1);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let number = arguments.next().and_then(|value| value.parse::<u64>().ok());
        match (argument.as_str(), number) {
            ("--seeds", Some(seeds)) => options.0 = seeds,
            ("--first", Some(first)) => options.1 = first,
            ("--seed", Some(seed)) => options.2 = Some(seed),
            ("--workers", Some(count)) => workers = count.clamp(1, 64) as usize,
            _ => {
                eprintln!(
                    "usage: soak [--seeds N] [--first SEED] [--workers N] | soak --seed SEED [--workers N]"
                );
                return ExitCode::from(2);
            }
        }
    }
    let (seeds, first) = options.2.map_or((options.0, options.1), |seed| (1, seed));
    let failed = soak(first, seeds, workers);
    let Some((seed, failures)) = failed.first() else {
        return ExitCode::SUCCESS;
    };
    report(*seed, failures, workers);
    ExitCode::FAILURE
}

/// Plays so many calls; returns those that went wrong, by seed.
fn soak(first: u64, seeds: u64, workers: usize) -> Vec<(u64, Vec<Failure>)> {
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
            let scenario = Scenario::random(seed).over(workers);
            let failures = play(&scenario);
            seconds.fetch_add(scenario.seconds, Ordering::Relaxed);
            if !failures.is_empty() {
                failed.push((seed, failures));
            }
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(50) {
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

fn report(seed: u64, failures: &[Failure], workers: usize) {
    let Some(failure) = failures.first() else { return };
    println!("\nmaking the call of seed {seed} smaller …");
    let smallest = shrink(&Scenario::random(seed).over(workers), failure.oracle, play);
    println!("{} seconds", smallest.seconds);
    for (index, guest) in smallest
        .guests
        .iter()
        .enumerate()
        .filter(|(_, guest)| guest.comes_ms.is_some())
    {
        println!("person {index}: {guest:?}");
    }
    for (at, action) in &smallest.actions {
        println!("at {at} ms: {action:?}");
    }
    for failure in play(&smallest) {
        println!("{failure}");
    }
    let many = if workers > 1 {
        format!(" WORKERS={workers}")
    } else {
        String::new()
    };
    println!("again: make soak SEED={seed}{many}");
}
