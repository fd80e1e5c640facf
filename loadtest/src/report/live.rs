//! What a run looks like while it lasts: a few lines redrawn every second on a terminal, a line a second elsewhere.

use super::format::{bitrate, bytes, clock, count, millis, number, percent};
use super::model::Sample;
pub use super::screen::Screen;
use std::collections::VecDeque;
use std::fmt::Write as _;

/// Seconds in a sparkline.
const HISTORY: usize = 60;
/// Characters of the progress bar.
const BAR: usize = 40;
/// Heights of a sparkline's characters.
const SPARKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What the run is going to be.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Name of the scenario.
    pub name: String,
    /// Participants that will join.
    pub participants: u64,
    /// Seconds until the last one joins.
    pub ramp_s: f64,
    /// Seconds from then to the end; `None`: until told to quit.
    pub hold_s: Option<f64>,
}

/// The state of the view: the plan and the last minute.
#[derive(Debug, Clone)]
pub struct Live {
    plan: Plan,
    received: VecDeque<f64>,
    latency: VecDeque<f64>,
}

impl Live {
    /// A view of a run that has not begun.
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            received: VecDeque::with_capacity(HISTORY),
            latency: VecDeque::with_capacity(HISTORY),
        }
    }

    /// The lines that show the run after this sample.
    pub fn frame(&mut self, sample: &Sample) -> Vec<String> {
        remember(&mut self.received, rate(sample, sample.packets_received));
        remember(
            &mut self.latency,
            sample.latency.map_or(0.0, |latency| latency.p99_ms),
        );
        let mut lines = vec![
            self.progress(sample),
            format!(
                "people    {} of {} joined, {} connected",
                count(sample.joined),
                count(self.plan.participants),
                count(sample.connected)
            ),
            format!(
                "out       {:>9} packets/s  {:>10}",
                count(rate(sample, sample.packets_sent) as u64),
                bitrate(8.0 * rate(sample, sample.sent_bytes))
            ),
            format!(
                "in        {:>9} packets/s  {:>10}  {}",
                count(rate(sample, sample.packets_received) as u64),
                bitrate(8.0 * rate(sample, sample.received_bytes)),
                sparkline(&self.received)
            ),
            format!(
                "lost      {}, {} freezes",
                percent(loss(sample)),
                count(sample.freezes)
            ),
        ];
        if let Some(latency) = sample.latency {
            let [p50, p99] = [latency.p50_ms, latency.p99_ms].map(millis);
            lines.push(format!(
                "latency   p50 {p50:>8}  p99 {p99:>8}       {}",
                sparkline(&self.latency)
            ));
        }
        lines.extend(server(sample));
        lines.push(format!(
            "harness   {:.0} % CPU, timers {} late",
            100.0 * per_second(sample, sample.harness.cpu_s),
            millis(sample.harness.timer_late_p99_ms)
        ));
        lines
    }

    fn progress(&self, sample: &Sample) -> String {
        let phase = if sample.at_s < self.plan.ramp_s {
            "joining"
        } else {
            "steady"
        };
        let Some(hold_s) = self.plan.hold_s else {
            return format!("{}  {}  {phase}", self.plan.name, clock(sample.at_s));
        };
        let all = (self.plan.ramp_s + hold_s).max(1.0);
        let done = ((sample.at_s / all).clamp(0.0, 1.0) * BAR as f64).round() as usize;
        format!(
            "{}  {}{}  {} of {}  {phase}",
            self.plan.name,
            "█".repeat(done),
            "░".repeat(BAR - done),
            clock(sample.at_s),
            clock(all)
        )
    }
}

/// The sample as one line.
pub fn line(sample: &Sample) -> String {
    let mut text = format!(
        "{:>6}  {} joined  {} connected  {} in  {} packets/s  {} lost",
        clock(sample.at_s),
        sample.joined,
        sample.connected,
        bitrate(8.0 * rate(sample, sample.received_bytes)),
        count(rate(sample, sample.packets_received) as u64),
        percent(loss(sample))
    );
    if let Some(latency) = sample.latency {
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "  p50 {}  p99 {}",
            millis(latency.p50_ms),
            millis(latency.p99_ms)
        );
    }
    if let Some(server) = server(sample) {
        let _ = write!(text, "  {}", server.replacen("server    ", "server ", 1));
    }
    text
}

fn server(sample: &Sample) -> Option<String> {
    let server = sample.server?;
    let mut text = format!(
        "server    {:.0} % CPU, {}",
        100.0 * per_second(sample, server.cpu_s),
        bytes(server.resident_bytes as f64)
    );
    if sample.packets_received > 0 {
        let us = 1e6 * server.cpu_s / sample.packets_received as f64;
        let _ = write!(text, ", {} µs per packet", number(us));
    }
    Some(text)
}

fn loss(sample: &Sample) -> f64 {
    let all = sample.packets_received + sample.packets_lost;
    if all == 0 {
        0.0
    } else {
        100.0 * sample.packets_lost as f64 / all as f64
    }
}

fn per_second(sample: &Sample, amount: f64) -> f64 {
    if sample.interval_s > 0.0 {
        amount / sample.interval_s
    } else {
        0.0
    }
}

fn rate(sample: &Sample, count: u64) -> f64 {
    per_second(sample, count as f64)
}

fn remember(history: &mut VecDeque<f64>, value: f64) {
    if history.len() == HISTORY {
        history.pop_front();
    }
    history.push_back(value);
}

/// The last minute, from nothing to its largest value.
fn sparkline(history: &VecDeque<f64>) -> String {
    let most = history.iter().copied().fold(0.0, f64::max);
    let level = |value: f64| {
        let share = if most > 0.0 { value / most } else { 0.0 };
        (share * (SPARKS.len() - 1) as f64).round() as usize
    };
    history
        .iter()
        .filter_map(|value| SPARKS.get(level(*value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    fn plan(hold_s: Option<f64>) -> Plan {
        Plan {
            name: "webinar".to_owned(),
            participants: 401,
            ramp_s: 10.0,
            hold_s,
        }
    }

    #[test]
    fn a_frame_shows_progress_rates_latency_and_the_last_minute() {
        let run = example::run();
        let mut live = Live::new(plan(Some(80.0)));
        let frames: Vec<Vec<String>> = run.samples.iter().map(|sample| live.frame(sample)).collect();
        let joining = frames[4].join("\n");
        assert!(
            joining.contains("0:05 of 1:30  joining") && joining.contains("201 of 401 joined"),
            "{joining}"
        );
        let steady = frames[44].join("\n");
        assert!(
            steady.contains(&format!("{}{}", "█".repeat(20), "░".repeat(20))),
            "half of it\n{steady}"
        );
        assert!(
            steady.contains("p99") && steady.contains("µs per packet") && steady.contains("Gb/s"),
            "{steady}"
        );
        let sparks = |line: &String| line.chars().filter(|c| SPARKS.contains(c)).count();
        assert_eq!(frames[4].iter().map(sparks).max(), Some(5));
        assert_eq!(
            frames[89].iter().skip(1).map(sparks).max(),
            Some(HISTORY),
            "a minute, not more"
        );
        assert!(
            !Live::new(plan(None)).frame(&run.samples[0])[0].contains('░'),
            "no end, no bar"
        );
    }

    #[test]
    fn the_first_second_of_nothing_divides_by_nothing() {
        let text =
            Live::new(plan(Some(0.0))).frame(&Sample::default()).join("\n") + &line(&Sample::default());
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }

    #[test]
    fn a_plain_line_has_the_same_figures() {
        let run = example::run();
        let text = line(&run.samples[44]);
        assert!(
            text.starts_with("  0:45  401 joined") && text.contains("p99") && text.contains("server 3"),
            "{text}"
        );
        assert!(!text.contains('\x1b') && !text.contains('\n'));
    }
}
