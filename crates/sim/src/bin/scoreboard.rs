//! Plays the scoreboard: `scoreboard [--seeds N] [--rtt MS]… [--out FOLDER] [--trace SEED] [ROW…]`.
//!
//! Without rows all are played and `scoreboard.md`, `scoreboard.csv` and a plot for each row are written to the folder;
//! rows are named by their beginning. Exits with 1 when a threshold fails.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]
#![allow(
    clippy::disallowed_methods,
    reason = "a program: it has threads, and measures how long it took"
)]

use sim::scoreboard::{Board, Cell, Column, ROUND_TRIPS, Row, markdown, plot, rows, run, summary};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

struct Options {
    seeds: u64,
    round_trips: Vec<u32>,
    out: Option<PathBuf>,
    trace: Option<u64>,
    rows: Vec<Row>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        seeds: 20,
        round_trips: Vec::new(),
        out: None,
        trace: None,
        rows: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--seeds" => options.seeds = value()?.parse().map_err(|_| "--seeds takes a number")?,
            "--rtt" => {
                let rtt = value()?.parse().map_err(|_| "--rtt takes milliseconds")?;
                options.round_trips.push(rtt);
            }
            "--out" => options.out = Some(value()?.into()),
            "--trace" => {
                options.trace = Some(value()?.parse().map_err(|_| "--trace takes a seed")?);
            }
            name => {
                let before = options.rows.len();
                options
                    .rows
                    .extend(rows().into_iter().filter(|row| row.name.starts_with(name)));
                if options.rows.len() == before {
                    let known: Vec<_> = rows().iter().map(|row| row.name).collect();
                    return Err(format!(
                        "no row begins with {name:?}; there are: {}",
                        known.join("; ")
                    ));
                }
            }
        }
    }
    if options.rows.is_empty() {
        options.rows = rows();
    }
    if options.round_trips.is_empty() {
        options.round_trips = ROUND_TRIPS.to_vec();
    }
    Ok(options)
}

fn main() -> std::process::ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(why) => {
            eprintln!("{why}");
            return std::process::ExitCode::from(2);
        }
    };
    if let Some(seed) = options.trace {
        trace(&options, seed);
        return std::process::ExitCode::SUCCESS;
    }
    let began = Instant::now();
    let (board, violations) = play(&options);
    let (page, verdicts) = markdown(&board, &options.rows, &options.round_trips, options.seeds);
    if let Err(why) = write_all(&options, &board, &page) {
        eprintln!("{why}");
        return std::process::ExitCode::from(2);
    }
    let failed: Vec<_> = verdicts.iter().filter(|verdict| !verdict.holds).collect();
    if options.out.is_none() {
        println!("{page}");
    }
    for verdict in &failed {
        println!(
            "FAILS {} at {} ms: {} is {:.2}, bound {:.2}",
            verdict.row, verdict.round_trip_ms, verdict.threshold.figure, verdict.value, verdict.bound
        );
    }
    violations
        .iter()
        .take(20)
        .for_each(|violation| println!("VIOLATION {violation}"));
    if let Some((share, (worst, at))) = summary(&board, &options.rows, &options.round_trips) {
        println!(
            "{:.1} % of the oracle, {:.1} % in the worst row ({at})",
            share * 100.0,
            worst * 100.0
        );
    }
    println!(
        "{} thresholds, {} fail; {} violations; {:.0} s",
        verdicts.len(),
        failed.len(),
        violations.len(),
        began.elapsed().as_secs_f64()
    );
    std::process::ExitCode::from(u8::from(!failed.is_empty() || !violations.is_empty()))
}

/// Every decision of ours for each row with this seed, as lines of JSON; growth without an event is left out.
fn trace(options: &Options, seed: u64) {
    for row in &options.rows {
        for round_trip_ms in &options.round_trips {
            let run = run(row, Column::Ours, *round_trip_ms, seed);
            println!("{} at {round_trip_ms} ms: {:.3?}", row.name, run.measured);
            for second in 0..row.seconds {
                let mut layers = [0; 3];
                let within = |frame: &&sim::plain::Received| {
                    frame.at.saturating_duration_since(run.began).as_secs() == u64::from(second)
                };
                for frame in run.observation.frames.iter().filter(within) {
                    if let Some(count) = layers.get_mut(usize::from(frame.layer)) {
                        *count += 1;
                    }
                }
                print!("{second}:{layers:?} ");
            }
            println!();
            for change in run
                .changes
                .iter()
                .filter(|change| change.reason != bwe::Reason::Increase)
            {
                println!("{}", change.to_json_line(run.began));
            }
        }
    }
}

/// All cells and seeds, on all cores.
fn play(options: &Options) -> (Board, Vec<String>) {
    let mut work = Vec::new();
    for row in &options.rows {
        for round_trip_ms in &options.round_trips {
            for column in Column::ALL {
                work.extend((1..=options.seeds).map(|seed| (row, *round_trip_ms, column, seed)));
            }
        }
    }
    let next = AtomicUsize::new(0);
    let (results, finished) = mpsc::channel();
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let mut cells: BTreeMap<Cell, BTreeMap<u64, _>> = BTreeMap::new();
    let mut violations = Vec::new();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            let (results, next, work) = (results.clone(), &next, &work);
            scope.spawn(move || {
                while let Some((row, rtt, column, seed)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let run = run(row, *column, *rtt, *seed);
                    let cell = Cell {
                        row: row.name,
                        round_trip_ms: *rtt,
                        column: *column,
                    };
                    if results.send((cell, *seed, run.measured, run.violations)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(results);
        for (done, (cell, seed, measured, wrong)) in finished.iter().enumerate() {
            violations.extend(
                wrong
                    .into_iter()
                    .map(|why| format!("{} seed {seed}: {why}", cell.row)),
            );
            cells.entry(cell).or_default().insert(seed, measured);
            if (done + 1) % 20 == 0 || done + 1 == work.len() {
                eprint!("\r{} of {} runs ", done + 1, work.len());
            }
        }
        eprintln!();
    });
    let cells = cells
        .into_iter()
        .map(|(cell, runs)| (cell, runs.into_values().collect()));
    (
        Board {
            cells: cells.collect(),
        },
        violations,
    )
}

fn write_all(options: &Options, board: &Board, page: &str) -> Result<(), String> {
    let Some(folder) = &options.out else { return Ok(()) };
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|why| format!("cannot write {}: {why}", path.display()))
    };
    std::fs::create_dir_all(folder.join("scoreboard"))
        .map_err(|why| format!("{}: {why}", folder.display()))?;
    write("scoreboard.md", page)?;
    write("scoreboard.csv", &csv(board))?;
    for row in &options.rows {
        let runs = Column::ALL.map(|column| (column, run(row, column, ROUND_TRIPS[0], 1)));
        let name: String = row
            .name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        write(&format!("scoreboard/{name}.svg"), &plot(row, &runs))?;
    }
    Ok(())
}

fn csv(board: &Board) -> String {
    let mut out = "row,round_trip_ms,column,figure,mean,worst\n".to_owned();
    for (cell, runs) in &board.cells {
        let figures: std::collections::BTreeSet<_> =
            runs.iter().flat_map(|run| run.keys().copied()).collect();
        for figure in figures {
            let mean = board.mean(*cell, figure).unwrap_or(0.0);
            let worst = board.p95_and_worst(*cell, figure).map_or(0.0, |(_, worst)| worst);
            // Writing to a String does not fail.
            let _ = writeln!(
                out,
                "\"{}\",{},{},{figure},{mean:.3},{worst:.3}",
                cell.row,
                cell.round_trip_ms,
                cell.column.name()
            );
        }
    }
    out
}
