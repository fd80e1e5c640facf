//! The figures of a run that have a name: what `--fail-if` is written in, and what a capacity search stops at.

use super::model::{Distribution, Run, ServerTotals};

/// A figure with a name.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name, with its unit.
    pub name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// Reads it; `None` when it was not measured.
    pub read: fn(&Run) -> Option<f64>,
}

/// The metric of this name.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// All of them, in the order of help and reports.
pub const METRICS: &[Metric] = &[
    metric(
        "delivered_percent",
        "packets that came, of those expected",
        |run| run.totals.delivered_percent,
    ),
    metric(
        "loss_percent",
        "packets lost for good, of those received and lost",
        |run| (run.totals.packets_received + run.totals.packets_lost > 0).then_some(run.totals.loss_percent),
    ),
    metric("p50_latency_ms", "one-way latency of all media, median", |run| {
        latency(run, |d| d.p50_ms)
    }),
    metric("p95_latency_ms", "95th percentile", |run| {
        latency(run, |d| d.p95_ms)
    }),
    metric("p99_latency_ms", "99th percentile", |run| {
        latency(run, |d| d.p99_ms)
    }),
    metric("p999_latency_ms", "99.9th percentile", |run| {
        latency(run, |d| d.p999_ms)
    }),
    metric("max_latency_ms", "largest", |run| latency(run, |d| d.max_ms)),
    metric("p99_video_latency_ms", "99th percentile, video only", |run| {
        Some(run.totals.latency_video.as_ref()?.p99_ms)
    }),
    metric("p99_audio_latency_ms", "99th percentile, audio only", |run| {
        Some(run.totals.latency_audio.as_ref()?.p99_ms)
    }),
    metric(
        "p50_join_ms",
        "socket opened to ICE and DTLS done, median",
        |run| join(run, |d| d.p50_ms),
    ),
    metric("p95_join_ms", "95th percentile", |run| join(run, |d| d.p95_ms)),
    metric("p99_join_ms", "99th percentile", |run| join(run, |d| d.p99_ms)),
    metric("max_join_ms", "slowest", |run| join(run, |d| d.max_ms)),
    metric(
        "p99_first_media_ms",
        "socket opened to first media, 99th percentile",
        |run| Some(run.totals.joins.first_media.as_ref()?.p99_ms),
    ),
    metric(
        "participants_failed",
        "participants that ended before their time",
        |run| Some(run.totals.failed as f64),
    ),
    metric("freezes", "pictures that stood still", |run| {
        Some(run.totals.freezes as f64)
    }),
    metric("freezes_per_minute", "freezes per subscriber and minute", |run| {
        Some(run.totals.freezes_per_minute)
    }),
    metric("frozen_s", "how long pictures stood still, all together", |run| {
        Some(run.totals.frozen_s)
    }),
    metric(
        "server_cpu_percent",
        "CPU of the server; 100 is one core",
        |run| server(run, |s| Some(s.cpu_percent)),
    ),
    metric(
        "server_cpu_us_per_packet",
        "CPU of the server per packet it forwarded",
        |run| server(run, |s| s.cpu_us_per_packet),
    ),
    metric(
        "bare_ratio",
        "that, in multiples of a bare loop of the same sends",
        |run| {
            Some(
                server(run, |s| s.cpu_us_per_packet)?
                    / run.totals.bare_us_per_packet.filter(|us| *us > 0.0)?,
            )
        },
    ),
    metric(
        "server_resident_bytes",
        "memory of the server, at its most",
        |run| server(run, |s| Some(s.resident_max_bytes as f64)),
    ),
    metric(
        "server_bytes_per_participant",
        "its growth for each participant",
        |run| server(run, |s| s.bytes_per_participant),
    ),
    metric(
        "harness_cpu_percent",
        "CPU of this program; 100 is one core",
        |run| Some(run.totals.harness.cpu_percent),
    ),
    metric(
        "harness_timer_late_p99_ms",
        "lateness of its timers in the worst second",
        |run| Some(run.totals.harness.timer_late_p99_ms),
    ),
];

const fn metric(name: &'static str, help: &'static str, read: fn(&Run) -> Option<f64>) -> Metric {
    Metric { name, help, read }
}

fn latency(run: &Run, read: fn(&Distribution) -> f64) -> Option<f64> {
    run.totals.latency.as_ref().map(read)
}

fn join(run: &Run, read: fn(&Distribution) -> f64) -> Option<f64> {
    run.totals.joins.connected.as_ref().map(read)
}

fn server(run: &Run, read: fn(&ServerTotals) -> Option<f64>) -> Option<f64> {
    run.totals.server.as_ref().and_then(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    #[test]
    fn every_figure_of_a_full_run_is_found_under_its_name_and_an_empty_run_has_no_measurement() {
        let (full, empty) = (example::run(), Run::default());
        for metric in METRICS {
            let value =
                (metric.read)(&full).unwrap_or_else(|| panic!("{} is not in the example", metric.name));
            assert!(value.is_finite(), "{} is {value}", metric.name);
            assert_eq!(
                find(metric.name).map(|found| found.help),
                Some(metric.help),
                "{} is twice there",
                metric.name
            );
        }
        for name in [
            "delivered_percent",
            "loss_percent",
            "p99_latency_ms",
            "server_cpu_us_per_packet",
            "bare_ratio",
        ] {
            assert_eq!(
                find(name).and_then(|metric| (metric.read)(&empty)),
                None,
                "{name}"
            );
        }
    }
}
