//! Decisions, for people who ask why.

use media::Bitrate;
use std::time::Instant;

/// One change of an estimate, or a decision that leads to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: Reason,
    /// Target before.
    pub before: Bitrate,
    /// Target after.
    pub after: Bitrate,
}

/// Why an estimate changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The path's queue is long, or grows.
    Overuse,
    /// The queue is gone: back to what the path carries.
    Drained,
    /// More is lost than the path loses by itself.
    Loss,
    /// Nothing spoke against more.
    Increase,
    /// A probe got through.
    Probe,
    /// A probe showed where the path ends.
    ProbeLimited,
    /// Somebody else keeps the path's queue full.
    Competition,
    /// Nothing comes back.
    Outage,
    /// Something came back.
    Recovered,
    /// The client said so.
    Remb,
    /// A receiver report, from a client without transport-cc.
    ReceiverReport,
}

impl Reason {
    /// The word in a trace.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overuse => "overuse",
            Self::Drained => "drained",
            Self::Loss => "loss",
            Self::Increase => "increase",
            Self::Probe => "probe",
            Self::ProbeLimited => "probe_limited",
            Self::Competition => "competition",
            Self::Outage => "outage",
            Self::Recovered => "recovered",
            Self::Remb => "remb",
            Self::ReceiverReport => "receiver_report",
        }
    }
}

impl Change {
    /// One line of JSON: milliseconds since `origin`, the reason, and the target before and after in bits per second.
    pub fn to_json_line(&self, origin: Instant) -> String {
        let ms = self.at.saturating_duration_since(origin).as_secs_f64() * 1000.0;
        let (reason, before, after) = (self.reason.name(), self.before.0, self.after.0);
        format!(r#"{{"ms":{ms:.1},"reason":"{reason}","before":{before},"after":{after}}}"#)
    }
}
