//! A whole run: start participants, pass on commands, show progress, collect what they found.

mod after;
mod finish;
mod record;
mod view;

pub use after::leftovers;
pub use view::{Lines, Terminal, View};

use crate::control::Command;
use crate::engine::process;
use crate::engine::rest::Rest;
use crate::engine::server::{Look, Probe};
use crate::engine::threads::{Tallied, Threads};
use crate::options::RunOptions;
use crate::participant::{self, Shared, Update};
use crate::plan::{Plan, Seat};
use crate::report::model;
use crate::report::{ParticipantReport, RunReport};
use anyhow::Result;
use record::Record;
use sim::client::SendClock;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader, Lines as InputLines, Stdin};
use tokio::sync::mpsc;

/// Commands waiting for one participant.
const MAX_COMMANDS: usize = 64;
/// Updates waiting for the run; participants wait with theirs when it is full.
const MAX_UPDATES: usize = 4_096;
/// After the end was called, reports are waited for this long.
const FAREWELL: Duration = Duration::from_secs(15);
/// A second is looked at this much after its end: all threads' tallies are there.
const SAMPLE_DELAY: Duration = Duration::from_millis(50);
/// Without an end of its own.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3_600);
/// Participants described one by one in the report of a run without a scenario.
const MAX_REPORTS: usize = 10_000;

/// What a run found.
#[derive(Debug)]
pub struct Outcome {
    /// All participants together, second by second.
    pub run: model::Run,
    /// Each participant.
    pub report: RunReport,
    /// The server before the first join, when it can be seen.
    pub server_before: Option<Look>,
    /// The server when everyone had left, when it can be seen.
    pub server_after: Option<Look>,
}

/// Plays a plan to its end.
///
/// # Errors
/// When threads cannot be started, or a URL of metrics is none. What participants met is in the outcome.
pub async fn run(options: RunOptions, plan: Plan, view: &mut dyn View) -> Result<Outcome> {
    let started = Instant::now();
    let probe = Probe::new(&options.url, options.metrics_url.as_deref(), options.server_pid)?;
    let (updates, mut updated) = mpsc::channel(MAX_UPDATES);
    let rest = Rest::new(started, options.rest);
    let (threads, mut tallies) = Threads::start(options.threads, started, rest)?;
    let shared = Arc::new(Shared {
        options,
        started,
        rest,
        clock: SendClock {
            epoch: started,
            // The low bits: processes of one machine that run at a time differ in them.
            mark: std::process::id() as u16,
        },
        updates,
    });
    let mut play = Play::new(shared, plan, threads, probe, view);
    play.look_before().await;
    let mut lines = play
        .shared
        .options
        .control
        .then(|| BufReader::new(tokio::io::stdin()).lines());
    let mut sample_at = started + Duration::from_secs(1) + SAMPLE_DELAY;
    let mut end = started + play.plan.end.unwrap_or(FOR_EVER);
    while !play.is_over() {
        tokio::select! {
            () = tokio::time::sleep_until(play.next_join().into()), if play.to_join() => play.start_one(),
            Some(update) = updated.recv() => play.update(update),
            Some(tallied) = tallies.recv() => play.record.tallied(tallied),
            () = tokio::time::sleep_until(sample_at.into()) => {
                play.sample().await;
                sample_at += Duration::from_secs(1);
            }
            line = next_line(&mut lines) => if !play.command(line) {
                end = Instant::now();
                lines = None;
            },
            _ = tokio::signal::ctrl_c() => break,
            // Behind the last whole second, so that its sample is part of the run.
            () = tokio::time::sleep_until((end + SAMPLE_DELAY * 2).into()) => break,
        }
    }
    play.finish(updated, tallies).await
}

/// Never returns without stdin.
async fn next_line(lines: &mut Option<InputLines<BufReader<Stdin>>>) -> Option<String> {
    match lines {
        Some(lines) => lines.next_line().await.ok().flatten(),
        None => std::future::pending().await,
    }
}

/// Everybody's state.
struct Play<'a> {
    shared: Arc<Shared>,
    plan: Plan,
    threads: Threads,
    probe: Probe,
    view: &'a mut dyn View,
    record: Record,
    server_before: Option<Look>,
    /// Of those that have not left, by number.
    commands: HashMap<usize, mpsc::Sender<Command>>,
    next_seat: usize,
    left: usize,
    reports: Vec<(usize, ParticipantReport)>,
    failures: Vec<String>,
    participants: Vec<model::ParticipantSummary>,
}

impl<'a> Play<'a> {
    fn new(shared: Arc<Shared>, plan: Plan, threads: Threads, probe: Probe, view: &'a mut dyn View) -> Self {
        view.begin(&plan);
        Self {
            record: Record::new(threads.count(), &plan),
            shared,
            plan,
            threads,
            probe,
            view,
            server_before: None,
            commands: HashMap::new(),
            next_seat: 0,
            left: 0,
            reports: Vec::new(),
            failures: Vec::new(),
            participants: Vec::new(),
        }
    }

    async fn look_before(&mut self) {
        // The first sample only sets where the next one counts from.
        self.probe.sample().await;
        self.server_before = self.probe.last().cloned();
        let resident = self.server_before.as_ref().map(|look| look.resident_bytes);
        self.record.begin(process::own(), resident);
    }

    fn to_join(&self) -> bool {
        self.next_seat < self.plan.seats.len()
    }

    fn next_join(&self) -> Instant {
        let at = self
            .plan
            .seats
            .get(self.next_seat)
            .map_or(FOR_EVER, |seat| seat.join_at);
        self.shared.started + at
    }

    fn is_over(&self) -> bool {
        !self.to_join() && self.left == self.plan.seats.len()
    }

    fn start_one(&mut self) {
        let Some(seat) = self.plan.seats.get(self.next_seat).cloned() else {
            return;
        };
        let (commands, receiver) = mpsc::channel(MAX_COMMANDS);
        self.commands.insert(seat.number, commands);
        let task = participant::run(Box::new(seat), Arc::clone(&self.shared), receiver);
        self.threads.spawn(self.next_seat, task);
        self.next_seat += 1;
    }

    fn update(&mut self, update: Update) {
        match update {
            Update::Line(line) => self.view.event("event", &line),
            Update::Done(seat, report) => self.done(&seat, *report),
        }
    }

    fn done(&mut self, seat: &Seat, report: ParticipantReport) {
        self.left += 1;
        self.commands.remove(&seat.number);
        if let Some(error) = &report.error {
            self.view.event("error", &format!("{}: {error}", report.name));
        }
        self.judge(seat, &report);
        if self.reports.len() < MAX_REPORTS && seat.leave_at.is_none() {
            self.reports.push((seat.number, report));
        }
    }

    async fn sample(&mut self) {
        let server = self.probe.sample().await;
        if let Some(sample) = self
            .record
            .sample(self.shared.started.elapsed(), server, process::own())
        {
            self.view.sample(sample);
        }
    }

    /// Passes a line on; `false` ends the run: the end of stdin, or `quit`.
    fn command(&mut self, line: Option<String>) -> bool {
        let Some(line) = line else { return false };
        if line.trim().is_empty() {
            return true;
        }
        let command: Command = match serde_json::from_str(&line) {
            Ok(command) => command,
            Err(error) => {
                self.view.event("error", &format!("command {line:?}: {error}"));
                return true;
            }
        };
        if command.quit == Some(true) {
            return false;
        }
        for (number, queue) in &self.commands {
            let meant = command.participant.is_none_or(|meant| meant == *number);
            if meant && queue.try_send(command.clone()).is_err() {
                let text = format!("command not delivered to bot-{number:02}");
                self.view.event("error", &text);
            }
        }
        true
    }
}

/// Takes what threads have still counted.
fn drain(tallies: &mut mpsc::Receiver<Tallied>, record: &mut Record) {
    while let Ok(tallied) = tallies.try_recv() {
        record.tallied(tallied);
    }
}
