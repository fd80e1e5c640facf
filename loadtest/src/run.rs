//! A whole run: start participants, pass on commands, print progress, collect reports.

use crate::control::Command;
use crate::options::RunOptions;
use crate::participant::{self, Progress, Update};
use crate::report::{ParticipantReport, RunReport};
use anyhow::{Context, Result};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;

/// Commands waiting for one participant.
const MAX_COMMANDS: usize = 64;
/// Updates waiting for the run.
const MAX_UPDATES: usize = 4_096;
/// After the end was called, reports are waited for this long.
const FAREWELL: Duration = Duration::from_secs(15);

/// Everybody's state.
struct Run {
    options: Arc<RunOptions>,
    started: Instant,
    commands: Vec<mpsc::Sender<Command>>,
    progress: Vec<Progress>,
    reports: Vec<Option<ParticipantReport>>,
    bytes_before: u64,
    print: fn(&str),
}

/// Runs to the end.
///
/// # Errors
/// When the report cannot be written. What participants met is in the report.
pub async fn run(options: RunOptions, print: fn(&str)) -> Result<RunReport> {
    let (updates, mut updated) = mpsc::channel(MAX_UPDATES);
    let options = Arc::new(options);
    let mut run = Run {
        started: Instant::now(),
        commands: Vec::new(),
        progress: vec![Progress::default(); options.participants],
        reports: vec![None; options.participants],
        bytes_before: 0,
        options,
        print,
    };
    let mut lines = run
        .options
        .control
        .then(|| BufReader::new(tokio::io::stdin()).lines());
    let mut joins = tokio::time::interval(run.options.join_interval.max(Duration::from_millis(1)));
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    let mut end: Option<Instant> = None;
    loop {
        if run.reports.iter().all(Option::is_some) {
            break;
        }
        let deadline = end.unwrap_or(run.started + Duration::from_secs(u64::from(u32::MAX)));
        tokio::select! {
            _ = joins.tick(), if run.commands.len() < run.options.participants => {
                run.start_one(&updates);
                if run.commands.len() == run.options.participants {
                    end = run.options.duration.map(|d| Instant::now() + d);
                }
            }
            Some(update) = updated.recv() => run.update(update),
            _ = seconds.tick() => run.print_progress(),
            line = next_line(&mut lines) => if !run.command(line)? {
                end = Some(Instant::now());
                lines = None;
            },
            _ = tokio::signal::ctrl_c() => break,
            () = tokio::time::sleep_until(deadline.into()) => break,
        }
    }
    run.finish(updated).await
}

/// Never returns without stdin.
async fn next_line<R>(lines: &mut Option<tokio::io::Lines<BufReader<R>>>) -> Option<String>
where
    R: tokio::io::AsyncRead + Unpin,
{
    match lines {
        Some(lines) => lines.next_line().await.ok().flatten(),
        None => std::future::pending().await,
    }
}

impl Run {
    fn start_one(&mut self, updates: &mpsc::Sender<Update>) {
        let (commands, receiver) = mpsc::channel(MAX_COMMANDS);
        let index = self.commands.len();
        tokio::spawn(participant::run(
            index,
            self.options.clone(),
            receiver,
            updates.clone(),
        ));
        self.commands.push(commands);
    }

    fn update(&mut self, update: Update) {
        match update {
            Update::Progress(index, progress) => {
                if let Some(slot) = self.progress.get_mut(index) {
                    *slot = progress;
                }
            }
            Update::Line(line) => self.say("event", &line),
            Update::Done(index, report) => {
                if let Some(error) = &report.error {
                    self.say("error", &format!("{}: {error}", report.name));
                }
                if let Some(slot) = self.reports.get_mut(index) {
                    *slot = Some(*report);
                }
            }
        }
    }

    /// Passes a line on; `false` ends the run: the end of stdin, or `quit`.
    fn command(&mut self, line: Option<String>) -> Result<bool> {
        let Some(line) = line else { return Ok(false) };
        if line.trim().is_empty() {
            return Ok(true);
        }
        let command: Command = match serde_json::from_str(&line) {
            Ok(command) => command,
            Err(error) => {
                self.say("error", &format!("command {line:?}: {error}"));
                return Ok(true);
            }
        };
        if command.quit == Some(true) {
            return Ok(false);
        }
        for (index, queue) in self.commands.iter().enumerate() {
            if command
                .participant
                .is_none_or(|number| number == self.options.first + index)
                && queue.try_send(command.clone()).is_err()
            {
                self.say(
                    "error",
                    &format!("command not delivered to bot-{:02}", self.options.first + index),
                );
            }
        }
        Ok(true)
    }

    fn print_progress(&mut self) {
        let sum = |field: fn(&Progress) -> u64| self.progress.iter().map(field).sum::<u64>();
        let connected = self.progress.iter().filter(|p| p.connected).count();
        let (packets, bytes, frames, lost) = (
            sum(|p| p.packets),
            sum(|p| p.bytes),
            sum(|p| p.frames),
            sum(|p| p.lost),
        );
        let rate = bytes.saturating_sub(self.bytes_before) as f64 * 8.0 / 1e6;
        self.bytes_before = bytes;
        let seconds = self.started.elapsed().as_secs();
        if self.options.json_lines {
            let line = serde_json::json!({
                "seconds": seconds, "joined": self.commands.len(), "connected": connected, "packets": packets,
                "frames": frames, "lost": lost, "mbps": rate,
            });
            (self.print)(&line.to_string());
        } else {
            (self.print)(&format!(
                "{seconds:>5} s  {connected}/{} connected  {rate:>7.2} Mb/s in  {packets} packets  {frames} frames  {lost} lost",
                self.commands.len()
            ));
        }
    }

    fn say(&self, kind: &str, text: &str) {
        if self.options.json_lines {
            (self.print)(&serde_json::json!({ kind: text }).to_string());
        } else {
            (self.print)(&format!("{kind}: {text}"));
        }
    }

    async fn finish(mut self, mut updated: mpsc::Receiver<Update>) -> Result<RunReport> {
        self.commands.clear(); // a closed queue is the order to leave
        let deadline = tokio::time::Instant::now() + FAREWELL;
        while self.reports.iter().any(Option::is_none) {
            let Ok(Some(update)) = tokio::time::timeout_at(deadline, updated.recv()).await else {
                break;
            };
            self.update(update);
        }
        let options = self.options.clone();
        let participants: Vec<ParticipantReport> = self
            .reports
            .into_iter()
            .enumerate()
            .map(|(i, report)| {
                report.unwrap_or_else(|| ParticipantReport {
                    name: format!("bot-{:02}", options.first + i),
                    error: Some("did not finish".to_owned()),
                    ..ParticipantReport::default()
                })
            })
            .collect();
        let publishers = participants.len() > 1;
        let failures = participants
            .iter()
            .flat_map(|p| p.failures(&options, publishers))
            .collect();
        let seconds = self.started.elapsed().as_secs_f64();
        let report = RunReport {
            room: options.room.clone(),
            seconds,
            participants,
            failures,
        };
        if let Some(path) = &options.json {
            let text = serde_json::to_string_pretty(&report)?;
            std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(report)
    }
}
