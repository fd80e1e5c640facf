//! The end of a run, as text.

use super::format::{bitrate, bytes, count, millis, number, percent, precise, seconds};
use super::model::{Distribution, Run, Verdict};
use std::fmt::Write as _;

/// Failures and warnings printed; the rest are counted.
const MAX_PRINTED: usize = 20;

/// The figures of a run, its verdicts, warnings and failures.
pub fn table(run: &Run) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: String| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{name:<14}{value}");
    };
    let t = &run.totals;
    let of = format!(
        "{}, {} of it steady",
        seconds(run.duration_s),
        seconds(run.steady.seconds())
    );
    row(&run.scenario.name, of);
    row(
        "participants",
        format!(
            "{}, {} connected, {} failed",
            count(t.participants),
            count(t.connected),
            count(t.failed)
        ),
    );
    row("delivered", delivered(run));
    row(
        "lost",
        format!(
            "{} ({}), asked again for {}",
            percent(t.loss_percent),
            count(t.packets_lost),
            count(t.packets_nacked)
        ),
    );
    for (name, latency) in [
        ("latency", &t.latency),
        ("  video", &t.latency_video),
        ("  audio", &t.latency_audio),
        ("join", &t.joins.connected),
        ("first media", &t.joins.first_media),
    ] {
        if let Some(d) = latency {
            row(name, distribution(d));
        }
    }
    row(
        "freezes",
        format!(
            "{}, {} in all, {} per subscriber and minute",
            count(t.freezes),
            seconds(t.frozen_s),
            number(t.freezes_per_minute)
        ),
    );
    row("server", server(run).unwrap_or_else(|| "not measured".to_owned()));
    row("harness", harness(run));
    text.push_str(&verdicts(&run.verdicts));
    listed(&mut text, "WARNING", &run.warnings);
    listed(&mut text, "FAILED", &run.failures);
    text
}

fn delivered(run: &Run) -> String {
    let t = &run.totals;
    let of = match (t.delivered_percent, t.packets_expected) {
        (Some(share), Some(expected)) => format!(
            "{}, {} of {} packets",
            percent(share),
            count(t.packets_received),
            count(expected)
        ),
        _ => format!("{} packets", count(t.packets_received)),
    };
    let length = run.steady.seconds();
    if length > 0.0 {
        let rate = bitrate(t.received_bytes as f64 * 8.0 / length);
        format!(
            "{of}, {rate}, {} a second",
            count((t.packets_received as f64 / length) as u64)
        )
    } else {
        of
    }
}

fn distribution(d: &Distribution) -> String {
    let [p50, p95, p99, p999, max] = [d.p50_ms, d.p95_ms, d.p99_ms, d.p999_ms, d.max_ms].map(millis);
    format!("p50 {p50:<9} p95 {p95:<9} p99 {p99:<9} p99.9 {p999:<9} max {max}")
}

fn server(run: &Run) -> Option<String> {
    let server = run.totals.server?;
    let mut text = format!("{:.0} % of a core", server.cpu_percent);
    if let Some(us) = server.cpu_us_per_packet {
        let _ = write!(text, ", {} µs per packet", number(us));
        if let Some(bare) = run.totals.bare_us_per_packet.filter(|bare| *bare > 0.0) {
            let _ = write!(
                text,
                " ({} times the bare loop's {} µs)",
                number(us / bare),
                number(bare)
            );
        }
    }
    let _ = write!(text, ", {}", bytes(server.resident_bytes as f64));
    if let Some(each) = server.bytes_per_participant {
        let _ = write!(text, " ({} a participant)", bytes(each));
    }
    Some(text)
}

fn harness(run: &Run) -> String {
    let harness = &run.totals.harness;
    let mut text = format!(
        "{:.0} % of the {:.0} % it can use",
        harness.cpu_percent, harness.cpu_limit_percent
    );
    if let Some(us) = harness.cpu_us_per_packet {
        let _ = write!(text, ", {} µs per packet", number(us));
    }
    let _ = write!(
        text,
        ", timers late by {} at most",
        millis(harness.timer_late_p99_ms)
    );
    text
}

/// The figures that matter most, in one line.
pub fn brief(run: &Run) -> String {
    let t = &run.totals;
    let parts = [
        t.delivered_percent
            .map(|share| format!("{} delivered", percent(share))),
        t.latency.as_ref().map(|d| format!("p99 {}", millis(d.p99_ms))),
        t.server
            .map(|server| format!("server {:.0} % CPU", server.cpu_percent)),
        Some(format!("harness {:.0} %", t.harness.cpu_percent)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

/// The verdicts, one a line.
pub fn verdicts(verdicts: &[Verdict]) -> String {
    let width = verdicts.iter().map(|v| v.threshold.len()).max().unwrap_or(0);
    let lines = verdicts.iter().map(|verdict| {
        let word = if verdict.broken { "BROKEN" } else { "ok" };
        let value = verdict.value.map_or("not measured".to_owned(), precise);
        format!("{word:<8}{:<width$}  {value}\n", verdict.threshold)
    });
    lines.collect()
}

fn listed(text: &mut String, word: &str, messages: &[String]) {
    for message in messages.iter().take(MAX_PRINTED) {
        let _ = writeln!(text, "{word:<8}{message}");
    }
    if messages.len() > MAX_PRINTED {
        let _ = writeln!(text, "{word:<8}and {} more", messages.len() - MAX_PRINTED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    #[test]
    fn the_table_has_the_figures_the_verdicts_and_what_was_wrong() {
        let mut run = example::run();
        run.warnings = vec!["the harness was busy".to_owned()];
        run.failures = (0..25).map(|i| format!("bot-{i}: no packet")).collect();
        run.verdicts = vec![
            Verdict {
                threshold: "p99_latency_ms>20".to_owned(),
                value: Some(31.25),
                broken: true,
            },
            Verdict {
                threshold: "freezes>9".to_owned(),
                value: Some(1.0),
                broken: false,
            },
        ];
        let text = table(&run);
        for line in [
            "webinar",
            "BROKEN  p99_latency_ms>20  31.25",
            "ok      freezes>9          1",
            "WARNING the harness was busy",
            "FAILED  bot-0: no packet",
            "FAILED  and 5 more",
            "µs per packet (",
        ] {
            assert!(text.contains(line), "{line:?} is not in\n{text}");
        }
    }

    #[test]
    fn an_empty_run_has_a_table_too() {
        let text = table(&Run::default());
        assert!(
            text.contains("server        not measured") && !text.contains("NaN"),
            "{text}"
        );
    }
}
