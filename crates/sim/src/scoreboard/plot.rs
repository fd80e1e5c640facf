//! A picture of one run: link, estimate, what is sent, queue and layer over time.

use super::play::Run;
use super::rows::{Column, Row};
use std::fmt::Write;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 120.0;
const QUEUE_HEIGHT: f64 = 50.0;
const QUEUE_MS: f64 = 400.0;
const GAP: f64 = 24.0;
/// A point every this many samples (200 ms).
const EVERY: usize = 4;

/// The columns of a row beside each other, as SVG.
pub fn plot(row: &Row, runs: &[(Column, Run)]) -> String {
    let mut out = String::new();
    let total = WIDTH * runs.len() as f64 + GAP * (runs.len() + 1) as f64;
    let height = HEIGHT + QUEUE_HEIGHT + 3.0 * GAP;
    // Writing to a String does not fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"10\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
    );
    for (index, (column, run)) in runs.iter().enumerate() {
        let x = GAP + index as f64 * (WIDTH + GAP);
        let _ = panel(&mut out, row, *column, run, x);
    }
    out.push_str("</svg>\n");
    out
}

fn panel(out: &mut String, row: &Row, column: Column, run: &Run, x: f64) -> std::fmt::Result {
    let samples = &run.observation.samples;
    let most = samples
        .iter()
        .map(|sample| sample.target_bps.max(sample.link_bps.unwrap_or(0)))
        .max()
        .unwrap_or(1)
        .clamp(1, 12_000_000) as f64;
    let seconds = f64::from(row.seconds);
    let time =
        |at: std::time::Instant| at.saturating_duration_since(run.began).as_secs_f64() / seconds * WIDTH;
    let rate = |bps: f64| HEIGHT - (bps / most).min(1.0) * HEIGHT;
    let layers: [u32; 3] = std::array::from_fn(|layer| {
        let of_layer = run
            .observation
            .frames
            .iter()
            .filter(|frame| usize::from(frame.layer) == layer);
        of_layer.count() as u32
    });
    write!(out, "<g transform=\"translate({x:.0} {GAP:.0})\">")?;
    write!(
        out,
        "<text y=\"-8\">{} · {} · {:.1} Mb/s high · frames {}/{}/{}</text>",
        column.name(),
        row.name,
        most / 1e6,
        layers[0],
        layers[1],
        layers[2]
    )?;
    write!(
        out,
        "<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#f7f7f7\"/>"
    )?;
    let picked = || samples.iter().step_by(EVERY);
    line(
        out,
        "#999",
        picked().map(|s| (time(s.at), rate(s.link_bps.unwrap_or(0) as f64))),
    )?;
    line(
        out,
        "#2a9d54",
        sent(run).into_iter().map(|(at, bps)| (time(at), rate(bps))),
    )?;
    line(
        out,
        "#1f5fd0",
        picked().map(|s| (time(s.at), rate(s.target_bps as f64))),
    )?;
    write!(out, "<g transform=\"translate(0 {:.0})\">", HEIGHT + GAP)?;
    write!(
        out,
        "<text y=\"-6\">queue, 0–{QUEUE_MS:.0} ms</text><rect width=\"{WIDTH}\" height=\"{QUEUE_HEIGHT}\" fill=\"#f7f7f7\"/>"
    )?;
    let queue = |ms: f64| QUEUE_HEIGHT - (ms / QUEUE_MS).min(1.0) * QUEUE_HEIGHT;
    line(
        out,
        "#c0392b",
        picked().map(|s| (time(s.at), queue(s.queue.as_secs_f64() * 1_000.0))),
    )?;
    out.push_str("</g></g>");
    Ok(())
}

/// Bits per second sent, every 200 ms.
fn sent(run: &Run) -> Vec<(std::time::Instant, f64)> {
    let picked: Vec<_> = run.observation.samples.iter().step_by(EVERY).collect();
    let bytes = |sample: &crate::plain::Sample| {
        let sent = sample.sent;
        sent.audio_bytes + sent.video_bytes + sent.retransmission_bytes + sent.padding_bytes
    };
    picked
        .windows(2)
        .map(|pair| {
            let seconds = pair[1].at.saturating_duration_since(pair[0].at).as_secs_f64();
            (
                pair[1].at,
                (bytes(pair[1]) - bytes(pair[0])) as f64 * 8.0 / seconds.max(0.001),
            )
        })
        .collect()
}

fn line(out: &mut String, colour: &str, points: impl Iterator<Item = (f64, f64)>) -> std::fmt::Result {
    write!(out, "<polyline fill=\"none\" stroke=\"{colour}\" points=\"")?;
    for (x, y) in points {
        write!(out, "{x:.0},{y:.0} ")?;
    }
    out.push_str("\"/>");
    Ok(())
}
