//! What is shown while a run lasts.

use crate::plan::Plan;
use crate::report::live::{self, Live, Screen};
use crate::report::model::Sample;
use std::io::Stdout;

/// Something that is told of a run while it lasts.
pub trait View {
    /// It begins.
    fn begin(&mut self, _plan: &Plan) {}
    /// A second has passed.
    fn sample(&mut self, sample: &Sample);
    /// Something happened: `kind` is `event` or `error`.
    fn event(&mut self, kind: &str, text: &str);
}

/// A line for everything, as text or as JSON.
pub struct Lines {
    print: fn(&str),
    json: bool,
}

impl Lines {
    /// Each line goes to `print`.
    pub fn new(print: fn(&str), json: bool) -> Self {
        Self { print, json }
    }
}

impl View for Lines {
    fn sample(&mut self, sample: &Sample) {
        if !self.json {
            return (self.print)(&live::line(sample));
        }
        let mbps = sample.received_bytes as f64 * 8.0 / 1e6 / sample.interval_s.max(0.001);
        let line = serde_json::json!({
            "seconds": sample.at_s.round() as u64, "joined": sample.joined, "connected": sample.connected,
            "packets": sample.packets_received, "lost": sample.packets_lost, "mbps": mbps,
        });
        (self.print)(&line.to_string());
    }

    fn event(&mut self, kind: &str, text: &str) {
        let line = match self.json {
            true => serde_json::json!({ kind: text }).to_string(),
            false => format!("{kind}: {text}"),
        };
        (self.print)(&line);
    }
}

/// A few lines at the bottom of a terminal, drawn again each second.
pub struct Terminal {
    live: Live,
    screen: Screen<Stdout>,
}

impl Default for Terminal {
    fn default() -> Self {
        Self {
            live: Live::new(live::Plan::default()),
            screen: Screen::new(std::io::stdout()),
        }
    }
}

impl View for Terminal {
    fn begin(&mut self, plan: &Plan) {
        self.live = Live::new(live::Plan {
            name: plan.name.clone(),
            participants: plan.seats.len() as u64,
            ramp_s: plan.steady_from.as_secs_f64(),
            hold_s: plan
                .end
                .map(|end| end.saturating_sub(plan.steady_from).as_secs_f64()),
        });
    }

    fn sample(&mut self, sample: &Sample) {
        // A terminal that is gone has nobody to tell.
        let _ = self.screen.draw(&self.live.frame(sample));
    }

    fn event(&mut self, kind: &str, text: &str) {
        let _ = self.screen.print(&format!("{kind}: {text}"));
    }
}
