//! The figures as tables, for reading off and for copying.

use super::escape;
use crate::report::format::{bytes, count, millis, number, percent, seconds};
use crate::report::model::Run;
use std::fmt::Write as _;

/// Participants shown; the JSON has more.
const MAX_ROWS: usize = 25;

/// All tables.
pub(super) fn tables(run: &Run) -> String {
    [times(run), participants(run), parameters(run), machine(run)].concat()
}

fn table(caption: &str, head: &[&str], rows: &[Vec<String>], note: &str) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "<div class=\"table\" role=\"region\" aria-label=\"{}\" tabindex=\"0\"><table><caption>{}</caption>",
        escape(caption),
        escape(caption)
    );
    if !head.is_empty() {
        let cells: String = head
            .iter()
            .map(|cell| format!("<th scope=\"col\">{}</th>", escape(cell)))
            .collect();
        // Writing to a String does not fail.
        let _ = write!(out, "<thead><tr>{cells}</tr></thead>");
    }
    out.push_str("<tbody>");
    for row in rows {
        out.push_str("<tr>");
        for (index, cell) in row.iter().enumerate() {
            let cell = escape(cell);
            out.push_str(&if index == 0 {
                format!("<th scope=\"row\">{cell}</th>")
            } else {
                format!("<td>{cell}</td>")
            });
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table>");
    if !note.is_empty() {
        let _ = write!(out, "<p>{}</p>", escape(note));
    }
    out.push_str("</div>\n");
    out
}

fn times(run: &Run) -> String {
    let t = &run.totals;
    let rows = [
        ("latency", &t.latency),
        ("latency, video", &t.latency_video),
        ("latency, audio", &t.latency_audio),
        ("join, to welcome", &t.joins.welcome),
        ("join, to connected", &t.joins.connected),
        ("join, to first media", &t.joins.first_media),
    ];
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .filter_map(|(name, distribution)| {
            let d = distribution.as_ref()?;
            let values = [d.p50_ms, d.p90_ms, d.p95_ms, d.p99_ms, d.p999_ms, d.max_ms];
            let values = values.into_iter().map(millis);
            Some(
                [name.to_owned(), count(d.count)]
                    .into_iter()
                    .chain(values)
                    .collect(),
            )
        })
        .collect();
    let head = ["Times", "count", "p50", "p90", "p95", "p99", "p99.9", "max"];
    table("Times", &head, &rows, "")
}

fn participants(run: &Run) -> String {
    let time = |ms: Option<f64>| ms.map_or("–".to_owned(), millis);
    let mut rows: Vec<Vec<String>> = run
        .participants
        .iter()
        .take(MAX_ROWS)
        .map(|p| {
            vec![
                p.name.clone(),
                time(p.connected_ms),
                time(p.first_media_ms),
                count(p.packets_received),
                percent(p.loss_percent),
                count(p.freezes),
                seconds(p.frozen_s),
                p.error.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let errors = rows
        .iter()
        .any(|row| row.last().is_some_and(|error| !error.is_empty()));
    let shown = rows.len() as u64;
    let more = run.participants.len() as u64 + run.participants_omitted - shown;
    let note = if more > 0 {
        format!("and {} that did better", count(more))
    } else {
        String::new()
    };
    let mut head = vec![
        "Participant",
        "connected",
        "first media",
        "packets",
        "lost",
        "freezes",
        "frozen",
        "error",
    ];
    if !errors {
        head.pop();
        for row in &mut rows {
            row.pop();
        }
    }
    table("Participants, the worst first", &head, &rows, &note)
}

fn parameters(run: &Run) -> String {
    let parameters = run.scenario.parameters.iter();
    let rows: Vec<Vec<String>> = parameters
        .map(|(name, value)| vec![name.clone(), value.clone()])
        .collect();
    table("Parameters", &[], &rows, "")
}

fn machine(run: &Run) -> String {
    let machine = &run.machine;
    let rows = [
        ("processor", machine.cpu_model.clone()),
        ("cores", number(f64::from(machine.cores))),
        ("memory", bytes(machine.memory_bytes as f64)),
        ("kernel", machine.kernel.clone()),
        ("begun", machine.date.clone()),
    ];
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(name, value)| vec![name.to_owned(), value])
        .collect();
    table("Machine", &[], &rows, "")
}
