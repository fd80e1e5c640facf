//! The data of one run. The engine fills it, everything that is shown is read from it, and `--json` writes it as it is.
//!
//! Names carry their unit: `_s` seconds, `_ms` milliseconds, `_us` microseconds, `_bytes`, `_percent` (0 to 100).
//! What was not measured is `None`, never zero. Counters in a [`Sample`] are those of its interval, not of the run.

pub use super::distribution::Distribution;
pub use super::totals::{HarnessTotals, JoinTimes, ServerTotals, Totals};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of this format; it is raised when a reader of the old one would misunderstand the new one.
pub const FORMAT: u32 = 1;
/// Most samples kept: eleven hours of seconds. Later ones are not kept, which is a warning of the run.
pub const MAX_SAMPLES: usize = 40_000;
/// Most participants described one by one: the worst ones. Totals count everybody.
pub const MAX_PARTICIPANTS: usize = 200;
/// Most warnings, and most failures, kept of a run.
pub const MAX_MESSAGES: usize = 200;

/// A whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// [`FORMAT`].
    pub format: u32,
    /// What was played.
    pub scenario: Scenario,
    /// Where.
    pub machine: Machine,
    /// From the start of the first join to the end, in seconds.
    pub duration_s: f64,
    /// The part of it that the totals are about: everyone has joined, nobody has left yet.
    pub steady: Window,
    /// One a second, in order; at most [`MAX_SAMPLES`].
    pub samples: Vec<Sample>,
    /// Figures of the steady window, and of all joins.
    pub totals: Totals,
    /// The worst participants; at most [`MAX_PARTICIPANTS`].
    pub participants: Vec<ParticipantSummary>,
    /// How many more there were.
    pub participants_omitted: u64,
    /// Why a figure may mislead: the harness was the bottleneck, the server's metrics were not to be had.
    pub warnings: Vec<String>,
    /// What was wrong, whatever the thresholds: a failed join, a packet nobody announced.
    pub failures: Vec<String>,
    /// What became of each `--fail-if`.
    pub verdicts: Vec<Verdict>,
}

/// What was played.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Its name: `webinar`.
    pub name: String,
    /// What it is, in a sentence.
    pub description: String,
    /// Parameters by name, as they were after all overrides: `subscribers` → `400`.
    pub parameters: BTreeMap<String, String>,
}

/// The machine of the harness.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Cores that this process may use.
    pub cores: u32,
    /// The processor's name.
    pub cpu_model: String,
    /// Kernel and its release.
    pub kernel: String,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// When the run began, RFC 3339 in UTC.
    pub date: String,
    /// Version of this program.
    pub version: String,
}

/// A part of the run, in seconds from its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// First second.
    pub from_s: f64,
    /// End; not part of it.
    pub to_s: f64,
}

impl Window {
    /// Its length in seconds.
    pub fn seconds(&self) -> f64 {
        (self.to_s - self.from_s).max(0.0)
    }
}

/// What happened in one interval, about a second.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Its end, in seconds from the start of the run.
    pub at_s: f64,
    /// Its length in seconds.
    pub interval_s: f64,
    /// Participants told to join so far that have not left; at the end of the interval.
    pub joined: u64,
    /// Of these, with ICE and DTLS done.
    pub connected: u64,
    /// RTP packets that publishers sent.
    pub packets_sent: u64,
    /// RTP packets that should have come, at all subscribers together; `None` when the scenario does not say.
    pub packets_expected: Option<u64>,
    /// RTP packets that came, repaired ones included, repetitions not.
    pub packets_received: u64,
    /// Gaps in sequence numbers that were given up.
    pub packets_lost: u64,
    /// Packets asked for again.
    pub packets_nacked: u64,
    /// Payload bytes that publishers sent.
    pub sent_bytes: u64,
    /// Payload bytes that came.
    pub received_bytes: u64,
    /// From a publisher's send to a subscriber's receive, all kinds of media together.
    pub latency: Option<Quantiles>,
    /// Pictures that stood still (libwebrtc's rule), begun in this interval.
    pub freezes: u64,
    /// The server process.
    pub server: Option<ServerSample>,
    /// This process.
    pub harness: HarnessSample,
}

/// Percentiles of a second, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Half are below.
    pub p50_ms: f64,
    /// 95 % are below.
    pub p95_ms: f64,
    /// 99 % are below.
    pub p99_ms: f64,
    /// The largest.
    pub max_ms: f64,
}

/// The server process in one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerSample {
    /// CPU time used in the interval, user and system, all threads.
    pub cpu_s: f64,
    /// Resident memory at its end.
    pub resident_bytes: u64,
    /// Datagrams it sent in the interval, when it says.
    pub datagrams_out: Option<u64>,
}

/// This process in one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct HarnessSample {
    /// CPU time used in the interval, user and system, all threads.
    pub cpu_s: f64,
    /// Resident memory at its end.
    pub resident_bytes: u64,
    /// How late its timers fired: 99 % by less than this.
    pub timer_late_p99_ms: f64,
}

/// One participant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ParticipantSummary {
    /// Display name.
    pub name: String,
    /// Why it ended before its time.
    pub error: Option<String>,
    /// To `welcome`, from the opening of the socket.
    pub welcome_ms: Option<f64>,
    /// To ICE and DTLS done.
    pub connected_ms: Option<f64>,
    /// To the first packet of media.
    pub first_media_ms: Option<f64>,
    /// RTP packets that came.
    pub packets_received: u64,
    /// Gaps that were given up.
    pub packets_lost: u64,
    /// Lost of received and lost.
    pub loss_percent: f64,
    /// Pictures that stood still.
    pub freezes: u64,
    /// How long.
    pub frozen_s: f64,
}

/// What became of a threshold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// As it was written: `p99_latency_ms>20` is what must not be.
    pub threshold: String,
    /// The figure; `None` when it was not measured, which breaks the threshold.
    pub value: Option<f64>,
    /// Whether it did not hold.
    pub broken: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_written_and_read_back_with_its_version_and_units() {
        let run = Run {
            format: FORMAT,
            samples: vec![Sample {
                latency: Some(Quantiles::default()),
                ..Sample::default()
            }],
            ..Run::default()
        };
        let text = serde_json::to_string(&run).unwrap();
        assert!(text.starts_with(r#"{"format":1,"#), "{text}");
        assert!(
            text.contains(r#""p99_ms":0.0"#) && text.contains(r#""packets_expected":null"#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Run>(&text).unwrap(), run);
    }
}
