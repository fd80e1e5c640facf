//! Tallies of threads become samples of seconds, and those of the steady window become the totals.

use crate::engine::bottleneck::Load;
use crate::engine::process::Usage;
use crate::engine::tally::Tally;
use crate::engine::threads::Tallied;
use crate::plan::Plan;
use crate::report::distribution::Distribution;
use crate::report::model::{
    HarnessSample, JoinTimes, MAX_SAMPLES, Quantiles, Sample, ServerSample, Totals, Window,
};
use hdrhistogram::Histogram;
use std::collections::HashSet;
use std::time::Duration;

/// A thread's last gauges and CPU time.
#[derive(Debug, Clone, Default)]
struct Thread {
    joined: i64,
    connected: i64,
    subscribers: i64,
    cpu: Duration,
    /// When the steady window began.
    cpu_before: Option<Duration>,
}

/// See the module.
pub(super) struct Record {
    threads: Vec<Thread>,
    rooms: u64,
    everything_expected: bool,
    steady_from: Duration,
    /// What has come since the last sample.
    pending: Tally,
    /// Everything of the steady window.
    steady: Tally,
    /// Of the whole run.
    joins: Tally,
    last_at: Duration,
    last_usage: Option<Usage>,
    usage_before_steady: Option<(Duration, Usage)>,
    resident_before: Option<u64>,
    samples: Vec<Sample>,
    most_connected: u64,
    most_subscribers: u64,
    unkept: u64,
}

impl Record {
    pub(super) fn new(threads: usize, plan: &Plan) -> Self {
        let rooms: HashSet<&str> = plan.seats.iter().map(|seat| seat.room.as_str()).collect();
        Self {
            threads: vec![Thread::default(); threads],
            rooms: rooms.len().max(1) as u64,
            everything_expected: plan.everything_expected,
            steady_from: plan.steady_from,
            pending: Tally::default(),
            steady: Tally::default(),
            joins: Tally::default(),
            last_at: Duration::ZERO,
            last_usage: None,
            usage_before_steady: None,
            resident_before: None,
            samples: Vec::new(),
            most_connected: 0,
            most_subscribers: 0,
            unkept: 0,
        }
    }

    /// Before the first join.
    pub(super) fn begin(&mut self, own: Option<Usage>, server_resident_bytes: Option<u64>) {
        self.last_usage = own;
        self.resident_before = server_resident_bytes;
    }

    pub(super) fn tallied(&mut self, tallied: Tallied) {
        let Tallied {
            thread,
            cpu,
            tally,
            at,
        } = tallied;
        self.pending.add(&tally);
        if let Some(thread) = self.threads.get_mut(thread) {
            (thread.joined, thread.connected) = (tally.joined, tally.connected);
            (thread.subscribers, thread.cpu) = (tally.subscribers, cpu);
            if at >= self.steady_from {
                thread.cpu_before.get_or_insert(cpu);
            }
        }
    }

    fn gauge(&self, gauge: fn(&Thread) -> i64) -> u64 {
        self.threads
            .iter()
            .map(gauge)
            .sum::<i64>()
            .try_into()
            .unwrap_or(0)
    }

    /// Ends an interval; `None` when there is no room for its sample.
    pub(super) fn sample(
        &mut self,
        at: Duration,
        server: Option<ServerSample>,
        own: Option<Usage>,
    ) -> Option<&Sample> {
        let tally = std::mem::take(&mut self.pending);
        let cpu_before = self.last_usage.map_or(Duration::ZERO, |usage| usage.cpu);
        let own = own.or(self.last_usage).unwrap_or_default();
        let [joined, connected] = [self.gauge(|t| t.joined), self.gauge(|t| t.connected)];
        let subscribers = self.gauge(|t| t.subscribers);
        self.most_connected = self.most_connected.max(connected);
        self.most_subscribers = self.most_subscribers.max(subscribers);
        let expected = tally.packets_sent * subscribers / self.rooms;
        let sample = Sample {
            at_s: at.as_secs_f64(),
            interval_s: at.saturating_sub(self.last_at).as_secs_f64(),
            joined,
            connected,
            packets_sent: tally.packets_sent,
            packets_expected: self.everything_expected.then_some(expected),
            packets_received: tally.packets_received,
            packets_lost: tally.packets_lost,
            packets_nacked: tally.packets_nacked,
            sent_bytes: tally.sent_bytes,
            received_bytes: tally.received_bytes,
            latency: quantiles(&tally.latency_all()),
            freezes: tally.freezes,
            server,
            harness: HarnessSample {
                cpu_s: own.cpu.saturating_sub(cpu_before).as_secs_f64(),
                resident_bytes: own.resident_bytes,
                timer_late_p99_ms: tally.lateness.value_at_quantile(0.99) as f64 / 1_000.0,
            },
        };
        if self.last_at >= self.steady_from {
            self.usage_before_steady
                .get_or_insert((self.last_at, self.last_usage.unwrap_or(own)));
            self.steady.add(&tally);
        }
        self.joins.add(&tally);
        (self.last_at, self.last_usage) = (at, Some(own));
        if self.samples.len() == MAX_SAMPLES {
            self.unkept += 1;
            return None;
        }
        self.samples.push(sample);
        self.samples.last()
    }

    /// The steady window: from the first sample that lies in it whole.
    pub(super) fn window(&self) -> Window {
        let first = self.usage_before_steady.map(|(at, _)| at);
        let from = first.unwrap_or(self.last_at);
        Window {
            from_s: from.as_secs_f64(),
            to_s: self.last_at.as_secs_f64(),
        }
    }

    /// Figures of the window and of all joins, and what is to be warned of.
    pub(super) fn totals(&self, participants: u64, failed: u64) -> (Totals, Vec<String>) {
        let mut totals = Totals::sum(
            &self.samples,
            self.window(),
            self.most_connected,
            self.most_subscribers,
        );
        if let Some(bytes) = self.resident_before {
            totals.set_resident_before(bytes);
        }
        totals.participants = participants;
        totals.connected = self.joins.connect.len();
        totals.failed = failed;
        totals.latency = Distribution::read(&self.steady.latency_all());
        totals.latency_video = Distribution::read(&self.steady.latency_video);
        totals.latency_audio = Distribution::read(&self.steady.latency_audio);
        totals.frozen_s = self.steady.frozen.as_secs_f64();
        totals.joins = JoinTimes {
            welcome: Distribution::read(&self.joins.welcome),
            connected: Distribution::read(&self.joins.connect),
            first_media: Distribution::read(&self.joins.first_media),
        };
        let load = self.load();
        totals.harness.cpu_limit_percent = 100.0 * load.cores.min(load.threads.len() as f64);
        let mut warnings = load.warnings();
        if self.unkept > 0 {
            warnings.push(format!(
                "{} seconds have no sample: the run was too long",
                self.unkept
            ));
        }
        if totals.server.is_none() {
            warnings.push(
                "the server's CPU and memory were not to be had: give --server-pid or --metrics-url"
                    .to_owned(),
            );
        }
        (totals, warnings)
    }

    fn load(&self) -> Load {
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        let wall = self.window().seconds();
        let share = |time: Duration| {
            if wall > 0.0 {
                time.as_secs_f64() / wall
            } else {
                0.0
            }
        };
        let threads = self.threads.iter().filter_map(|thread| {
            let before = thread.cpu_before?;
            Some(share(thread.cpu.saturating_sub(before)))
        });
        let used = self.usage_before_steady.zip(self.last_usage);
        let used = used.map_or(Duration::ZERO, |((_, before), now)| {
            now.cpu.saturating_sub(before.cpu)
        });
        let late = &self.steady.lateness;
        Load {
            threads: threads.collect(),
            cores_used: share(used),
            cores,
            lateness_p99: (!late.is_empty()).then(|| Duration::from_micros(late.value_at_quantile(0.99))),
        }
    }

    /// All samples; to be called last.
    pub(super) fn into_samples(self) -> Vec<Sample> {
        self.samples
    }
}

fn quantiles(histogram: &Histogram<u64>) -> Option<Quantiles> {
    let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1_000.0;
    (!histogram.is_empty()).then(|| Quantiles {
        p50_ms: at(0.5),
        p95_ms: at(0.95),
        p99_ms: at(0.99),
        max_ms: histogram.max() as f64 / 1_000.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::Kind;

    fn tallied(thread: usize, second: u64, tally: Tally) -> Tallied {
        Tallied {
            thread,
            at: Duration::from_secs(second),
            cpu: Duration::from_millis(900 * second),
            tally,
        }
    }

    /// Six seconds of two threads; the window begins at the third.
    fn record() -> Record {
        let plan = Plan {
            steady_from: Duration::from_secs(3),
            everything_expected: true,
            ..Plan::default()
        };
        let mut record = Record::new(2, &plan);
        for second in 1..=6 {
            for thread in 0..2 {
                let mut tally = Tally {
                    packets_received: 300,
                    packets_sent: if thread == 0 { 100 } else { 0 },
                    connected: 4,
                    subscribers: 3,
                    ..Tally::default()
                };
                tally.latency(Kind::Video, Duration::from_millis(second));
                record.tallied(tallied(thread, second, tally));
            }
            record.sample(Duration::from_secs(second), None, None);
        }
        record
    }

    #[test]
    fn seconds_add_threads_and_totals_are_those_of_the_window() {
        let record = record();
        let sample = &record.samples[0];
        assert_eq!(
            (sample.packets_received, sample.connected),
            (600, 8),
            "gauges of both threads"
        );
        assert_eq!(sample.packets_expected, Some(600), "100 to each of six");
        let (totals, warnings) = record.totals(8, 0);
        assert_eq!((totals.packets_received, totals.packets_sent), (1_800, 300));
        assert_eq!(totals.delivered_percent, Some(100.0));
        let latency = totals.latency.unwrap();
        assert_eq!(latency.count, 6, "of three seconds");
        assert!(latency.min_ms > 3.9, "{latency:?}");
        assert!(
            warnings.iter().any(|warning| warning.contains("90 %")),
            "{warnings:?}"
        );
        assert!(warnings.iter().any(|warning| warning.contains("--server-pid")));
    }
}
