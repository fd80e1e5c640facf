//! The end of a run: who is left leaves, and everything is put together.

use super::{FAREWELL, Outcome, Play, drain};
use crate::engine::server::Look;
use crate::engine::threads::Tallied;
use crate::participant::Update;
use crate::plan::Seat;
use crate::report::model::{self, FORMAT, MAX_MESSAGES, Machine, ParticipantSummary, Scenario};
use crate::report::{Expects, ParticipantReport, RunReport};
use anyhow::Result;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The server has forgotten everybody after this time.
const SETTLE: Duration = Duration::from_secs(6);
/// Summaries kept; the worst of them are shown.
const MAX_SUMMARIES: usize = 20_000;

impl Play<'_> {
    /// What was wrong with a participant, whatever the thresholds.
    pub(super) fn judge(&mut self, seat: &Seat, report: &ParticipantReport) {
        let options = &self.shared.options;
        let others = |has: fn(&Seat) -> bool| {
            let stays = |other: &&Seat| other.number != seat.number && other.leave_at.is_none();
            let mut others = self.plan.seats.iter().filter(stays).take(MAX_SUMMARIES);
            others.any(|other| other.room == seat.room && has(other))
        };
        // Who comes and goes may be gone before anything comes.
        let stays = report.error.is_none() && seat.leave_at.is_none();
        let expects = |slots: usize, has: fn(&Seat) -> bool| {
            slots > 0 && (options.expect_media || (stays && others(has)))
        };
        let expects = Expects {
            video: expects(seat.video_slots, |other| other.camera.is_some()),
            audio: expects(seat.audio_slots, talks),
        };
        let room = MAX_MESSAGES.saturating_sub(self.failures.len());
        let failures = report.failures(options, &expects);
        self.failures.extend(failures.into_iter().take(room));
        if self.participants.len() < MAX_SUMMARIES {
            self.participants.push(summary(report));
        }
    }

    pub(super) async fn finish(
        mut self,
        mut updated: mpsc::Receiver<Update>,
        mut tallies: mpsc::Receiver<Tallied>,
    ) -> Result<Outcome> {
        drain(&mut tallies, &mut self.record);
        let seconds = self.shared.started.elapsed().as_secs_f64();
        self.commands.clear(); // a closed queue is the order to leave
        let deadline = tokio::time::Instant::now() + FAREWELL;
        while self.left < self.next_seat {
            let Ok(Some(update)) = tokio::time::timeout_at(deadline, updated.recv()).await else {
                break;
            };
            self.update(update);
        }
        for seat in self.plan.seats.clone().into_iter().take(self.next_seat) {
            if self.left >= self.next_seat {
                break;
            }
            if seat.leave_at.is_none() && !self.reports.iter().any(|(number, _)| *number == seat.number) {
                let report = ParticipantReport {
                    name: seat.name(),
                    error: Some("did not finish".to_owned()),
                    ..ParticipantReport::default()
                };
                self.done(&seat, report);
            }
        }
        let server_after = self.look_after().await;
        Ok(self.outcome(seconds, server_after))
    }

    /// The server without us: it takes a moment to notice, and its gauges another second.
    async fn look_after(&self) -> Option<Look> {
        let deadline = Instant::now() + SETTLE;
        loop {
            let look = self.probe.look().await;
            let empty = look
                .as_ref()
                .is_none_or(|look| look.peers.is_none_or(|peers| peers == 0));
            if empty || !self.plan.is_scenario() || Instant::now() > deadline {
                return look;
            }
            tokio::time::sleep(SETTLE / 20).await;
        }
    }

    fn outcome(mut self, seconds: f64, server_after: Option<Look>) -> Outcome {
        let failed = self.participants.iter().filter(|p| p.error.is_some()).count();
        let (totals, mut warnings) = self.record.totals(self.next_seat as u64, failed as u64);
        if totals.server.is_some() && self.shared.options.server_pid.is_none() {
            warnings.push(
                "the server's metrics tell its CPU time in whole seconds: give --server-pid".to_owned(),
            );
        }
        self.reports.sort_by_key(|(number, _)| *number);
        let run = model::Run {
            format: FORMAT,
            scenario: Scenario {
                name: self.plan.name,
                description: self.plan.description,
                parameters: self.plan.parameters,
            },
            machine: Machine::read(),
            duration_s: seconds,
            steady: self.record.window(),
            totals,
            warnings,
            failures: self.failures.clone(),
            participants: self.participants,
            samples: self.record.into_samples(),
            ..model::Run::default()
        };
        let report = RunReport {
            room: self.shared.options.room.clone(),
            seconds,
            participants: self.reports.into_iter().map(|(_, report)| report).collect(),
            failures: self.failures,
        };
        Outcome {
            run,
            report,
            server_before: self.server_before,
            server_after,
        }
    }
}

fn talks(seat: &Seat) -> bool {
    let never = sim::client::Talk::Never;
    seat.microphone
        .as_ref()
        .is_some_and(|microphone| microphone.talk != never)
}

fn summary(report: &ParticipantReport) -> ParticipantSummary {
    let ms = |ms: Option<u64>| ms.map(|ms| ms as f64);
    ParticipantSummary {
        name: report.name.clone(),
        error: report.error.clone(),
        welcome_ms: ms(report.welcome_ms),
        connected_ms: ms(report.connected_ms),
        first_media_ms: ms(report.first_media_ms),
        packets_received: report.video_packets + report.audio_packets,
        packets_lost: report.lost,
        loss_percent: report.loss_percent(),
        freezes: report.freezes,
        frozen_s: report.frozen_ms as f64 / 1_000.0,
    }
}
