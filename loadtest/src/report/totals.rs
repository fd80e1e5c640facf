//! The figures of a run in all.

use super::distribution::Distribution;
use serde::{Deserialize, Serialize};

/// The figures of a run. Counters are those of the steady window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Participants of the whole run.
    pub participants: u64,
    /// Of these, how many were connected at some time.
    pub connected: u64,
    /// Of these, how many ended before their time.
    pub failed: u64,
    /// RTP packets that publishers sent.
    pub packets_sent: u64,
    /// RTP packets that should have come; `None` when the scenario does not say.
    pub packets_expected: Option<u64>,
    /// RTP packets that came.
    pub packets_received: u64,
    /// Gaps in sequence numbers that were given up.
    pub packets_lost: u64,
    /// Packets asked for again.
    pub packets_nacked: u64,
    /// Payload bytes that came.
    pub received_bytes: u64,
    /// Of the expected packets.
    pub delivered_percent: Option<f64>,
    /// Lost of received and lost.
    pub loss_percent: f64,
    /// One-way latency of all media.
    pub latency: Option<Distribution>,
    /// One-way latency of video.
    pub latency_video: Option<Distribution>,
    /// One-way latency of audio.
    pub latency_audio: Option<Distribution>,
    /// Joins of the whole run.
    pub joins: JoinTimes,
    /// Pictures that stood still.
    pub freezes: u64,
    /// How long they did, all together.
    pub frozen_s: f64,
    /// Freezes per subscriber and minute.
    pub freezes_per_minute: f64,
    /// The server process.
    pub server: Option<ServerTotals>,
    /// This process.
    pub harness: HarnessTotals,
    /// A bare loop of the same sends, measured in this run: CPU per packet.
    pub bare_us_per_packet: Option<f64>,
}

/// From the opening of the socket to each step of a join; joins of the whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct JoinTimes {
    /// To `welcome`.
    pub welcome: Option<Distribution>,
    /// To ICE and DTLS done.
    pub connected: Option<Distribution>,
    /// To the first packet of media.
    pub first_media: Option<Distribution>,
}

/// The server process in the steady window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerTotals {
    /// CPU time per wall time; 100 is one core.
    pub cpu_percent: f64,
    /// CPU time per packet that it forwarded.
    pub cpu_us_per_packet: Option<f64>,
    /// Resident memory before the first join, when it was read.
    pub resident_before_bytes: Option<u64>,
    /// Resident memory at the end of the window.
    pub resident_bytes: u64,
    /// The most it was.
    pub resident_max_bytes: u64,
    /// Growth from before the first join to the end of the window, for each participant.
    pub bytes_per_participant: Option<f64>,
    /// Datagrams it sent, when it says.
    pub datagrams_out: Option<u64>,
}

/// This process in the steady window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct HarnessTotals {
    /// CPU time per wall time; 100 is one core.
    pub cpu_percent: f64,
    /// What it could use at most: 100 for each of its threads, or each core when there are fewer.
    pub cpu_limit_percent: f64,
    /// CPU time per packet received.
    pub cpu_us_per_packet: Option<f64>,
    /// The worst second's lateness of timers.
    pub timer_late_p99_ms: f64,
}
