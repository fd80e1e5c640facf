//! The figures of a run in all.

use super::distribution::Distribution;
use super::model::{Sample, ServerSample, Window};
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

impl Totals {
    /// Sums the counters of the samples that end in the window, and works out what follows from them. Distributions,
    /// participants and `frozen_s` are the caller's to add; so are the memory before the first join and the bare loop.
    ///
    /// `participants` is how many were in the call in the window, `subscribers` how many of them received.
    pub fn sum(samples: &[Sample], window: Window, participants: u64, subscribers: u64) -> Self {
        let inside = |sample: &&Sample| sample.at_s > window.from_s && sample.at_s <= window.to_s;
        let steady: Vec<&Sample> = samples.iter().filter(inside).collect();
        let sum = |field: fn(&Sample) -> u64| steady.iter().map(|sample| field(sample)).sum::<u64>();
        let seconds: f64 = steady.iter().map(|sample| sample.interval_s).sum();
        let mut totals = Self {
            participants,
            packets_sent: sum(|s| s.packets_sent),
            packets_expected: steady.iter().map(|s| s.packets_expected).sum(),
            packets_received: sum(|s| s.packets_received),
            packets_lost: sum(|s| s.packets_lost),
            packets_nacked: sum(|s| s.packets_nacked),
            received_bytes: sum(|s| s.received_bytes),
            freezes: sum(|s| s.freezes),
            ..Self::default()
        };
        let received = totals.packets_received as f64;
        let expected = totals.packets_expected.filter(|expected| *expected > 0);
        totals.packets_expected = expected;
        totals.delivered_percent = expected.map(|expected| 100.0 * received / expected as f64);
        totals.loss_percent = ratio(
            100.0 * totals.packets_lost as f64,
            received + totals.packets_lost as f64,
        );
        totals.freezes_per_minute = ratio(60.0 * totals.freezes as f64, seconds * subscribers as f64);
        totals.server = server_totals(&steady, totals.packets_received);
        totals.harness = harness_totals(&steady, received);
        totals
    }

    /// Adds the server's memory before the first join, and what each participant added to it.
    pub fn set_resident_before(&mut self, bytes: u64) {
        if let Some(server) = &mut self.server {
            let grown = server.resident_bytes as f64 - bytes as f64;
            server.resident_before_bytes = Some(bytes);
            server.bytes_per_participant = (self.participants > 0).then(|| grown / self.participants as f64);
        }
    }
}

/// Of the samples that have the server's figures. Its packets are the datagrams it sent, or, when it does not say, the
/// packets that came.
fn server_totals(steady: &[&Sample], received: u64) -> Option<ServerTotals> {
    let known: Vec<(f64, ServerSample)> = steady
        .iter()
        .filter_map(|sample| Some((sample.interval_s, sample.server?)))
        .collect();
    let (_, last) = known.last()?;
    let seconds: f64 = known.iter().map(|(interval_s, _)| interval_s).sum();
    let cpu_s: f64 = known.iter().map(|(_, server)| server.cpu_s).sum();
    let datagrams_out: Option<u64> = known.iter().map(|(_, server)| server.datagrams_out).sum();
    let packets = if known.len() == steady.len() { received } else { 0 };
    Some(ServerTotals {
        cpu_percent: ratio(100.0 * cpu_s, seconds),
        cpu_us_per_packet: (packets > 0).then(|| 1e6 * cpu_s / packets as f64),
        resident_before_bytes: None,
        resident_bytes: last.resident_bytes,
        resident_max_bytes: known
            .iter()
            .map(|(_, server)| server.resident_bytes)
            .max()
            .unwrap_or(0),
        bytes_per_participant: None,
        datagrams_out,
    })
}

fn harness_totals(steady: &[&Sample], received: f64) -> HarnessTotals {
    let seconds: f64 = steady.iter().map(|sample| sample.interval_s).sum();
    let cpu_s: f64 = steady.iter().map(|sample| sample.harness.cpu_s).sum();
    let late = steady.iter().map(|sample| sample.harness.timer_late_p99_ms);
    HarnessTotals {
        cpu_percent: ratio(100.0 * cpu_s, seconds),
        cpu_limit_percent: 0.0,
        cpu_us_per_packet: (received > 0.0).then(|| 1e6 * cpu_s / received),
        timer_late_p99_ms: late.fold(0.0, f64::max),
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::HarnessSample;

    /// Five seconds of 100 packets each, numbered from 1; 110 were to come, one is lost.
    fn samples() -> Vec<Sample> {
        let sample = |second: u32| Sample {
            at_s: f64::from(second),
            interval_s: 1.0,
            packets_expected: Some(110),
            packets_received: 100,
            packets_lost: 1,
            freezes: u64::from(second == 3),
            server: Some(ServerSample {
                cpu_s: 0.5,
                resident_bytes: 1_000 * u64::from(second),
                datagrams_out: Some(105),
            }),
            harness: HarnessSample {
                cpu_s: 0.25,
                timer_late_p99_ms: f64::from(second),
                ..HarnessSample::default()
            },
            ..Sample::default()
        };
        (1..=5).map(sample).collect()
    }

    #[test]
    fn totals_are_those_of_the_window() {
        let window = Window {
            from_s: 1.0,
            to_s: 4.0,
        };
        let mut totals = Totals::sum(&samples(), window, 10, 2);
        totals.set_resident_before(1_000);
        assert_eq!(
            (totals.packets_received, totals.packets_expected),
            (300, Some(330))
        );
        assert_eq!((totals.packets_lost, totals.freezes), (3, 1));
        assert!((totals.delivered_percent.unwrap() - 90.909).abs() < 0.001);
        assert!((totals.loss_percent - 0.990).abs() < 0.001);
        assert!(
            (totals.freezes_per_minute - 10.0).abs() < 1e-9,
            "one in three seconds of two"
        );
        let server = totals.server.unwrap();
        assert!((server.cpu_percent - 50.0).abs() < 1e-9);
        assert!((server.cpu_us_per_packet.unwrap() - 5_000.0).abs() < 1e-6);
        assert_eq!((server.resident_bytes, server.datagrams_out), (4_000, Some(315)));
        assert_eq!(server.bytes_per_participant, Some(300.0), "(4000 - 1000) / 10");
        assert!((totals.harness.timer_late_p99_ms - 4.0).abs() < 1e-9);
    }

    #[test]
    fn one_second_without_an_expectation_leaves_the_share_open() {
        let mut samples = samples();
        samples[2].packets_expected = None;
        let window = Window {
            from_s: 0.0,
            to_s: 5.0,
        };
        assert_eq!(Totals::sum(&samples, window, 1, 1).delivered_percent, None);
    }

    #[test]
    fn an_empty_window_has_no_figures_and_divides_by_nothing() {
        let totals = Totals::sum(&samples(), Window::default(), 1, 1);
        assert_eq!((totals.server, totals.delivered_percent), (None, None));
        assert!(totals.loss_percent == 0.0 && totals.harness.cpu_percent == 0.0);
    }
}
