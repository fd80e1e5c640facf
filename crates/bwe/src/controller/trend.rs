//! Whether delay grows: a line through the accumulated differences between groups of packets
//! (draft-ietf-rmcat-gcc-02 §5, with the least-squares line of later libwebrtc in place of the Kalman filter).

use super::limits::AT_ONCE;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Groups in the line. More: steadier and slower to notice.
const GROUPS: usize = 20;
/// Weight of the past in the smoothed delay.
const SMOOTHING: f64 = 0.9;
/// The slope is compared after multiplying with this and the number of groups (at most 60), in ms.
const GAIN: f64 = 4.0;
/// Threshold at the start, and its bounds, in ms (gcc-02 §5.4).
const THRESHOLD: (f64, f64, f64) = (12.5, 6.0, 600.0);
/// How fast the threshold follows a larger and a smaller signal, per ms (gcc-02 §5.4). A faster rise gives a competing
/// TCP flow less of the path; a slower fall keeps a false alarm away for longer.
const FOLLOW: (f64, f64) = (0.0087, 0.039);
/// A growth that lasts this long is overuse.
const OVERUSE_TIME: f64 = 0.010;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    Normal,
    Over,
    Under,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent: Instant,
    last_sent: Instant,
    last_arrival: f64,
}

/// The delay gradient and its verdict.
#[derive(Debug)]
pub(super) struct Trend {
    group: Option<Group>,
    before: Option<Group>,
    accumulated: f64,
    smoothed: f64,
    points: VecDeque<(f64, f64)>,
    threshold: f64,
    deltas: u32,
    over_for: f64,
    last_signal: f64,
    last_update: Option<f64>,
    usage: Usage,
}

impl Default for Trend {
    fn default() -> Self {
        Self {
            group: None,
            before: None,
            accumulated: 0.0,
            smoothed: 0.0,
            points: VecDeque::with_capacity(GROUPS + 1),
            threshold: THRESHOLD.0,
            deltas: 0,
            over_for: 0.0,
            last_signal: 0.0,
            last_update: None,
            usage: Usage::Normal,
        }
    }
}

impl Trend {
    /// Forgets the line: after an outage it says nothing.
    pub(super) fn reset(&mut self) {
        let threshold = self.threshold;
        *self = Self {
            threshold,
            ..Self::default()
        };
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// A packet, in order of sending.
    pub(super) fn add(&mut self, sent: Instant, arrival: Duration) {
        let arrival = arrival.as_secs_f64();
        match &mut self.group {
            Some(group) if sent.saturating_duration_since(group.first_sent) <= AT_ONCE => {
                group.last_sent = group.last_sent.max(sent);
                group.last_arrival = group.last_arrival.max(arrival);
            }
            group => {
                let new = Group {
                    first_sent: sent,
                    last_sent: sent,
                    last_arrival: arrival,
                };
                let complete = group.replace(new);
                if let Some(complete) = complete {
                    self.complete(complete);
                }
            }
        }
    }

    fn complete(&mut self, group: Group) {
        let Some(before) = self.before.replace(group) else {
            return;
        };
        let sent = group
            .last_sent
            .saturating_duration_since(before.last_sent)
            .as_secs_f64();
        let arrived = group.last_arrival - before.last_arrival;
        // Out of order, or a clock that stepped.
        if !(-1.0..3.0).contains(&arrived) {
            return;
        }
        let delta_ms = (arrived - sent) * 1000.0;
        self.deltas = (self.deltas + 1).min(60);
        self.accumulated += delta_ms;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        self.points
            .push_back((group.last_arrival * 1000.0, self.smoothed));
        if self.points.len() > GROUPS {
            self.points.pop_front();
        }
        let slope = if self.points.len() == GROUPS {
            self.slope()
        } else {
            0.0
        };
        self.detect(slope, sent * 1000.0, group.last_arrival * 1000.0);
    }

    fn slope(&self) -> f64 {
        let count = self.points.len() as f64;
        let (x, y) = self
            .points
            .iter()
            .fold((0.0, 0.0), |(x, y), p| (x + p.0, y + p.1));
        let (x, y) = (x / count, y / count);
        let (mut above, mut below) = (0.0, 0.0);
        for (px, py) in &self.points {
            above += (px - x) * (py - y);
            below += (px - x) * (px - x);
        }
        if below > 0.0 { above / below } else { 0.0 }
    }

    fn detect(&mut self, slope: f64, sent_ms: f64, at_ms: f64) {
        let signal = f64::from(self.deltas) * slope * GAIN;
        if signal > self.threshold {
            self.over_for += sent_ms / 1000.0;
            if self.over_for > OVERUSE_TIME && signal >= self.last_signal {
                self.usage = Usage::Over;
            }
        } else {
            self.over_for = 0.0;
            self.usage = if signal < -self.threshold {
                Usage::Under
            } else {
                Usage::Normal
            };
        }
        self.last_signal = signal;
        self.adapt(signal, at_ms);
    }

    fn adapt(&mut self, signal: f64, at_ms: f64) {
        let since = self
            .last_update
            .replace(at_ms)
            .map_or(0.0, |last| (at_ms - last).clamp(0.0, 100.0));
        // A spike far above says nothing about what is usual here.
        if signal.abs() > self.threshold + 15.0 {
            return;
        }
        let gain = if signal.abs() < self.threshold {
            FOLLOW.1
        } else {
            FOLLOW.0
        };
        self.threshold += gain * (signal.abs() - self.threshold) * since;
        self.threshold = self.threshold.clamp(THRESHOLD.1, THRESHOLD.2);
    }
}
