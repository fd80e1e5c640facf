//! The few figures at the top.

use super::escape;
use crate::report::format::{bytes, count, millis, number, percent, seconds};
use crate::report::model::Run;

struct Figure {
    name: &'static str,
    value: String,
    /// What puts it in proportion.
    note: String,
}

/// The tiles; what was not measured has none.
pub(super) fn figures(run: &Run) -> String {
    let tiles = [
        Some(participants(run)),
        delivered(run),
        latency(run),
        joins(run),
        Some(freezes(run)),
        server_cpu(run),
        server_load(run),
        server_memory(run),
    ];
    let tiles = tiles.into_iter().flatten().map(|figure| {
        format!(
            "<div><dt>{}</dt><dd><b>{}</b><span>{}</span></dd></div>\n",
            escape(figure.name),
            escape(&figure.value),
            escape(&figure.note)
        )
    });
    format!(
        "<section aria-label=\"Key figures\"><dl class=\"figures\">\n{}</dl></section>\n",
        tiles.collect::<String>()
    )
}

fn participants(run: &Run) -> Figure {
    let t = &run.totals;
    let note = if t.failed > 0 {
        format!("{} connected, {} failed", count(t.connected), count(t.failed))
    } else {
        format!(
            "for {}, {} of it steady",
            seconds(run.duration_s),
            seconds(run.steady.seconds())
        )
    };
    Figure {
        name: "Participants",
        value: count(t.participants),
        note,
    }
}

fn delivered(run: &Run) -> Option<Figure> {
    let t = &run.totals;
    Some(Figure {
        name: "Delivered",
        value: percent(t.delivered_percent?),
        note: format!(
            "of {} packets, {} lost",
            count(t.packets_expected?),
            count(t.packets_lost)
        ),
    })
}

fn latency(run: &Run) -> Option<Figure> {
    let d = run.totals.latency.as_ref()?;
    Some(Figure {
        name: "Latency, p99",
        value: millis(d.p99_ms),
        note: format!("median {}, at most {}", millis(d.p50_ms), millis(d.max_ms)),
    })
}

fn joins(run: &Run) -> Option<Figure> {
    let joins = &run.totals.joins;
    let d = joins.connected.as_ref()?;
    let media = joins
        .first_media
        .as_ref()
        .map(|d| format!(", first media {}", millis(d.p99_ms)));
    Some(Figure {
        name: "Join, p99",
        value: millis(d.p99_ms),
        note: format!("median {}{}", millis(d.p50_ms), media.unwrap_or_default()),
    })
}

fn freezes(run: &Run) -> Figure {
    let t = &run.totals;
    Figure {
        name: "Freezes",
        value: count(t.freezes),
        note: format!(
            "{} in all, {} per viewer and minute",
            seconds(t.frozen_s),
            number(t.freezes_per_minute)
        ),
    }
}

fn server_cpu(run: &Run) -> Option<Figure> {
    let us = run.totals.server?.cpu_us_per_packet?;
    let bare = run.totals.bare_us_per_packet.filter(|bare| *bare > 0.0);
    Some(Figure {
        name: "Server CPU per packet",
        value: format!("{} µs", number(us)),
        note: bare.map_or("forwarded, all threads".to_owned(), |bare| {
            format!("{} times a bare loop of the same sends", number(us / bare))
        }),
    })
}

fn server_load(run: &Run) -> Option<Figure> {
    let server = run.totals.server?;
    let length = run.steady.seconds();
    let rate = if length > 0.0 {
        run.totals.packets_received as f64 / length
    } else {
        0.0
    };
    Some(Figure {
        name: "Server CPU",
        value: format!("{} %", number(server.cpu_percent)),
        note: format!("of one core, at {} packets a second", number(rate.round())),
    })
}

fn server_memory(run: &Run) -> Option<Figure> {
    let server = run.totals.server?;
    Some(Figure {
        name: "Server memory",
        value: bytes(server.resident_bytes as f64),
        note: server.bytes_per_participant.map_or_else(
            || format!("{} at its most", bytes(server.resident_max_bytes as f64)),
            |each| format!("{} for each participant", bytes(each)),
        ),
    })
}
