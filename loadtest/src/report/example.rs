//! A made-up run, the same every time: for tests, and to look at a report without making a call.

use super::distribution::{Distribution, histogram};
use super::model::{
    FORMAT, HarnessSample, JoinTimes, Machine, ParticipantSummary, Quantiles, Run, Sample, Scenario,
    ServerSample, Totals, Window,
};
use std::collections::BTreeMap;

const SUBSCRIBERS: u64 = 400;
const RAMP_S: u64 = 10;
const DURATION_S: u64 = 90;
/// Second of a hiccup of the server.
const HICCUP_S: u64 = 61;

/// A webinar of 400 subscribers over 90 seconds, with one hiccup.
pub fn run() -> Run {
    let samples: Vec<Sample> = (1..=DURATION_S).map(sample).collect();
    let steady = Window {
        from_s: RAMP_S as f64 + 2.0,
        to_s: DURATION_S as f64 - 1.0,
    };
    let mut totals = Totals::sum(&samples, steady, SUBSCRIBERS + 1, SUBSCRIBERS);
    totals.connected = SUBSCRIBERS + 1;
    totals.latency = spread(90_000, 900.0, 0.55);
    totals.latency_video = spread(80_000, 950.0, 0.55);
    totals.latency_audio = spread(10_000, 600.0, 0.5);
    totals.joins = JoinTimes {
        welcome: spread(SUBSCRIBERS + 1, 2_500.0, 0.4),
        connected: spread(SUBSCRIBERS + 1, 31_000.0, 0.45),
        first_media: spread(SUBSCRIBERS + 1, 48_000.0, 0.4),
    };
    totals.frozen_s = 1.9;
    totals.set_resident_before(14_200_000);
    totals.harness.cpu_limit_percent = 200.0;
    totals.bare_us_per_packet = Some(1.13);
    let participants: Vec<_> = (1..=12).map(participant).collect();
    Run {
        format: FORMAT,
        scenario: scenario(),
        machine: machine(),
        duration_s: DURATION_S as f64,
        steady,
        samples,
        totals,
        participants_omitted: SUBSCRIBERS + 1 - participants.len() as u64,
        participants,
        ..Run::default()
    }
}

fn scenario() -> Scenario {
    let parameters = [
        ("subscribers", "400"),
        ("packets_per_second", "300"),
        ("burst", "10"),
        ("ramp", "10s"),
        ("duration", "80s"),
        ("rooms", "1"),
        ("seed", "1"),
    ];
    Scenario {
        name: "webinar".to_owned(),
        description: "One publisher sends 300 packets a second in bursts of ten, everybody else watches."
            .to_owned(),
        parameters: parameters
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
    }
}

fn machine() -> Machine {
    Machine {
        cores: 4,
        cpu_model: "Example CPU @ 2.80GHz".to_owned(),
        kernel: "Linux 6.1.0".to_owned(),
        memory_bytes: 16_000_000_000,
        date: "2026-11-25T12:00:00Z".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// A number between 0 and 1 that looks random and is not.
fn noise(index: u64) -> f64 {
    let mixed = index
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(29)
        .wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

fn sample(second: u64) -> Sample {
    let joined = (1 + SUBSCRIBERS * second.min(RAMP_S) / RAMP_S).min(SUBSCRIBERS + 1);
    let (hiccup, wobble) = (second == HICCUP_S, noise(second));
    let expected = (joined - 1) * 350;
    let lost = if hiccup { 212 } else { u64::from(wobble > 0.9) * 3 };
    let received = expected - lost - u64::from(wobble > 0.8) * 14;
    let p50 = 0.6 + 0.3 * wobble + 0.4 * (joined as f64 / SUBSCRIBERS as f64);
    let p99 = if hiccup {
        41.0
    } else {
        p50 * (3.4 + 1.6 * noise(second + 500))
    };
    Sample {
        at_s: second as f64,
        interval_s: 1.0,
        joined,
        connected: joined.saturating_sub(u64::from(second <= RAMP_S) * 4),
        packets_sent: 350,
        packets_expected: Some(expected),
        packets_received: received,
        packets_lost: lost,
        packets_nacked: lost * 3,
        sent_bytes: 336_000,
        received_bytes: received * 960,
        latency: (joined > 5).then_some(Quantiles {
            p50_ms: p50,
            p95_ms: (p50 * 2.1).min(p99),
            p99_ms: p99,
            max_ms: p99 * 1.7,
        }),
        freezes: u64::from(hiccup) * 4 + u64::from(wobble > 0.97),
        server: Some(ServerSample {
            cpu_s: 0.02 + received as f64 * 2.1e-6 * (0.97 + 0.06 * wobble),
            resident_bytes: 14_200_000 + joined * 412_000 + second * 9_000,
            datagrams_out: Some(received + lost / 2),
        }),
        harness: HarnessSample {
            cpu_s: 0.05 + received as f64 * 4.4e-6 * (0.97 + 0.06 * noise(second + 99)),
            resident_bytes: 60_000_000 + joined * 300_000,
            timer_late_p99_ms: 0.3 + wobble,
        },
    }
}

/// A log-normal shape around a median in microseconds.
fn spread(count: u64, median_us: f64, width: f64) -> Option<Distribution> {
    let mut all = histogram();
    for index in 0..count {
        let sum: f64 = (0..6).map(|part| noise(index * 6 + part)).sum();
        let us = median_us * (width * (sum - 3.0) * 1.41).exp();
        all.saturating_record(us as u64);
        // What the hiccup held up.
        if index % 700 == 0 && count > 1_000 {
            all.saturating_record(us as u64 * 12);
        }
    }
    Distribution::read(&all)
}

fn participant(number: u64) -> ParticipantSummary {
    let lost = 40 - 3 * number;
    ParticipantSummary {
        name: format!("bot-{:03}", number * 17),
        error: None,
        welcome_ms: Some(2.0 + noise(number)),
        connected_ms: Some(28.0 + 9.0 * noise(number + 40)),
        first_media_ms: Some(45.0 + 20.0 * noise(number + 80)),
        packets_received: 27_000 - lost,
        packets_lost: lost,
        loss_percent: 100.0 * lost as f64 / 27_000.0,
        freezes: u64::from(number < 5),
        frozen_s: if number < 5 { 0.4 } else { 0.0 },
    }
}
