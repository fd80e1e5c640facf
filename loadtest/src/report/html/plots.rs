//! Which plots there are.

use super::axis::{Axis, Scale};
use super::plot::{Plot, Series, Shape};
use crate::report::format::{bytes, clock, millis, number, percent, short};
use crate::report::model::{Distribution, Run, Sample};

type Points = Vec<(f64, f64)>;

/// Plots with the time of the run from left to right.
pub(super) fn over_time(run: &Run) -> String {
    if run.samples.is_empty() {
        return String::new();
    }
    let plots = [
        Some(delivered(run)),
        latency(run),
        Some(loss(run)),
        Some(freezes(run)),
        server_cpu(run),
        server_memory(run),
        Some(harness(run)),
        Some(participants(run)),
    ];
    plots.into_iter().flatten().map(|plot| plot.render()).collect()
}

/// Plots of how times are spread.
pub(super) fn distributions(run: &Run) -> String {
    let plots = [percentiles(run), joins(run)];
    plots.into_iter().flatten().map(|plot| plot.render()).collect()
}

fn points(run: &Run, value: impl Fn(&Sample) -> Option<f64>) -> Points {
    let points = run
        .samples
        .iter()
        .map(|sample| Some((sample.at_s, value(sample)?)));
    points.flatten().filter(|(_, value)| value.is_finite()).collect()
}

fn per_second(sample: &Sample, count: f64) -> Option<f64> {
    (sample.interval_s > 0.0).then(|| count / sample.interval_s)
}

fn timed(
    run: &Run,
    title: &'static str,
    about: &str,
    y_label: fn(f64) -> String,
    series: Vec<Series>,
) -> Plot {
    let all = || {
        series
            .iter()
            .flat_map(|series| series.points.iter().map(|point| point.1))
    };
    let end = run
        .samples
        .last()
        .map_or(1.0, |sample| sample.at_s)
        .max(run.duration_s);
    let summary = series.iter().map(|series| described(series, y_label));
    let none = all().all(|value| value == 0.0);
    Plot {
        title,
        about: if none {
            format!("{about}: none")
        } else {
            about.to_owned()
        },
        summary: summary.collect::<Vec<_>>().join("; "),
        x: Axis::exact(Scale::Time, 0.0, end),
        y: Axis::from_zero(all()),
        x_label: clock,
        y_label,
        window: (run.steady.seconds() > 0.0).then_some((run.steady.from_s, run.steady.to_s)),
        per_second: true,
        series,
    }
}

/// The series in words.
fn described(series: &Series, label: fn(f64) -> String) -> String {
    let values = || series.points.iter().map(|point| point.1);
    let (low, high) = (
        values().fold(f64::INFINITY, f64::min),
        values().fold(f64::NEG_INFINITY, f64::max),
    );
    match series.points.last() {
        Some((_, last)) => format!(
            "{}: between {} and {}, at the end {}",
            series.name,
            label(low),
            label(high),
            label(*last)
        ),
        None => format!("{}: not measured", series.name),
    }
}

fn series(name: &'static str, colour: u8, shape: Shape, points: Points) -> Series {
    Series {
        name,
        colour,
        shape,
        points,
    }
}

fn delivered(run: &Run) -> Plot {
    let received = points(run, |s| per_second(s, s.packets_received as f64));
    let expected = points(run, |s| per_second(s, s.packets_expected? as f64));
    let mut lines = vec![series("delivered", 0, Shape::Area, received)];
    if !expected.is_empty() {
        lines.push(series("expected", 1, Shape::Dashed, expected));
    }
    timed(
        run,
        "Packets",
        "delivered a second, all subscribers together",
        short,
        lines,
    )
}

fn loss(run: &Run) -> Plot {
    let lost = points(run, |s| {
        let all = (s.packets_received + s.packets_lost) as f64;
        (all > 0.0).then(|| 100.0 * s.packets_lost as f64 / all)
    });
    let lines = vec![series("lost", 2, Shape::Area, lost)];
    timed(
        run,
        "Loss",
        "packets lost for good, in percent of each second",
        percent,
        lines,
    )
}

fn latency(run: &Run) -> Option<Plot> {
    let p50 = points(run, |s| Some(s.latency?.p50_ms));
    let p95 = points(run, |s| Some(s.latency?.p95_ms));
    let p99 = points(run, |s| Some(s.latency?.p99_ms));
    if p99.is_empty() {
        return None;
    }
    let lines = vec![
        series("p50", 0, Shape::Line, p50),
        series("p95", 1, Shape::Line, p95),
        series("p99", 2, Shape::Line, p99),
    ];
    let about = "one way, from a publisher's send to a subscriber's receive";
    Some(timed(run, "Latency", about, millis, lines))
}

fn freezes(run: &Run) -> Plot {
    let frozen = points(run, |s| Some(s.freezes as f64))
        .into_iter()
        .filter(|point| point.1 > 0.0);
    let lines = vec![series("freezes", 2, Shape::Bars, frozen.collect())];
    let mut plot = timed(
        run,
        "Freezes",
        "pictures that began to stand still, each second",
        number,
        lines,
    );
    plot.y = Axis::counts(run.samples.iter().map(|sample| sample.freezes as f64));
    plot
}

fn server_cpu(run: &Run) -> Option<Plot> {
    let cpu = points(run, |s| per_second(s, 100.0 * s.server?.cpu_s));
    (!cpu.is_empty()).then(|| {
        let lines = vec![series("server", 3, Shape::Area, cpu)];
        timed(
            run,
            "Server CPU",
            "all threads together; 100 % is one core",
            percent_axis,
            lines,
        )
    })
}

fn server_memory(run: &Run) -> Option<Plot> {
    let memory = points(run, |s| Some(s.server?.resident_bytes as f64));
    (!memory.is_empty()).then(|| {
        let lines = vec![series("server", 3, Shape::Area, memory)];
        timed(run, "Server memory", "resident", bytes, lines)
    })
}

fn harness(run: &Run) -> Plot {
    let cpu = points(run, |s| per_second(s, 100.0 * s.harness.cpu_s));
    let limit = run.totals.harness.cpu_limit_percent;
    let about = if limit > 0.0 {
        format!("of this program, which can use {} % at most", number(limit))
    } else {
        "of this program; 100 % is one core".to_owned()
    };
    let lines = vec![series("harness", 4, Shape::Area, cpu)];
    timed(run, "Harness CPU", &about, percent_axis, lines)
}

fn participants(run: &Run) -> Plot {
    let lines = vec![
        series(
            "connected",
            0,
            Shape::Area,
            points(run, |s| Some(s.connected as f64)),
        ),
        series("joined", 1, Shape::Dashed, points(run, |s| Some(s.joined as f64))),
    ];
    timed(run, "Participants", "in the call", number, lines)
}

fn percent_axis(value: f64) -> String {
    format!("{} %", number(value))
}

fn percentiles(run: &Run) -> Option<Plot> {
    let t = &run.totals;
    let curve = |d: &Distribution| {
        d.curve
            .iter()
            .map(|point| (point.percentile, point.value_ms))
            .collect::<Points>()
    };
    let kinds = [
        ("all", 0, &t.latency),
        ("video", 1, &t.latency_video),
        ("audio", 2, &t.latency_audio),
    ];
    // One kind alone is all there is.
    let shown = if t.latency_video.is_some() && t.latency_audio.is_some() {
        3
    } else {
        1
    };
    let lines: Vec<Series> = kinds
        .into_iter()
        .take(shown)
        .filter_map(|(name, colour, d)| Some(series(name, colour, Shape::Line, curve(d.as_ref()?))))
        .collect();
    let values = || lines.iter().flat_map(|line| line.points.iter().copied());
    let end = values().map(|point| point.0).fold(0.0, f64::max);
    let d = t.latency.as_ref()?;
    Some(Plot {
        title: "Latency percentiles",
        about: "percentiles; each step to the right leaves a tenth".to_owned(),
        summary: format!(
            "median {}, 99 % below {}, 99.9 % below {}, all below {}",
            millis(d.p50_ms),
            millis(d.p99_ms),
            millis(d.p999_ms),
            millis(d.max_ms)
        ),
        x: Axis::exact(Scale::Nines, 0.0, end),
        y: Axis::from_zero(values().map(|point| point.1)),
        x_label: |value| format!("{value}"),
        y_label: millis,
        series: lines,
        window: None,
        per_second: false,
    })
}

fn joins(run: &Run) -> Option<Plot> {
    let d = run.totals.joins.connected.as_ref()?;
    let (first, last) = (d.buckets.first()?, d.buckets.last()?);
    let blocks = d.buckets.iter();
    let blocks = blocks.flat_map(|b| [(b.from_ms, b.count as f64), (b.to_ms, b.count as f64)]);
    let lines = vec![series("joins", 0, Shape::Blocks, blocks.collect())];
    Some(Plot {
        title: "Join times",
        about: "participants by the time from the socket's opening to ICE and DTLS done".to_owned(),
        summary: format!(
            "median {}, 95 % below {}, slowest {}",
            millis(d.p50_ms),
            millis(d.p95_ms),
            millis(d.max_ms)
        ),
        x: Axis::exact(Scale::Log, first.from_ms, last.to_ms),
        y: Axis::counts(d.buckets.iter().map(|bucket| bucket.count as f64)),
        x_label: millis,
        y_label: number,
        series: lines,
        window: None,
        per_second: false,
    })
}
