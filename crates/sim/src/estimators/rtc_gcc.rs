//! `rtc`'s Google Congestion Control, fed with our feedback.

use bwe::{Acknowledged, Change, Demand, Estimate, Estimator, Fallback, PathFeedback};
use media::Bitrate;
use rtc::interceptor::{BandwidthEstimator, Gcc, PacketReport};
use rtc::rtcp::transport_feedbacks::cc_feedback_report::Ecn;
use std::time::{Duration, Instant};

/// Its defaults as of 0.21.1, except for the ceiling: 100 Mb/s there, where no scenario goes.
const RATES: (f64, f64, f64) = (300_000.0, 100_000.0, 30_000_000.0);
/// How much one message counts in the smoothed round trip (RFC 6298's weight of a sample).
const ROUND_TRIP_WEIGHT: f64 = 0.125;

/// `rtc::interceptor::Gcc` behind our trait: it sees the same packets, and has no probes of its own.
pub struct RtcGcc {
    gcc: Gcc,
    next_id: u64,
    /// Departure of the newest packet reported: its own history reports each packet once, in order of sending.
    reported: Option<Instant>,
    round_trip: Option<Duration>,
    loss: f64,
}

impl std::fmt::Debug for RtcGcc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RtcGcc")
            .field("target", &self.gcc.target_bitrate())
            .finish_non_exhaustive()
    }
}

impl Default for RtcGcc {
    fn default() -> Self {
        let (initial, min, max) = RATES;
        Self {
            gcc: Gcc::new(initial, min, max),
            next_id: 0,
            reported: None,
            round_trip: None,
            loss: 0.0,
        }
    }
}

impl RtcGcc {
    fn report(&self, departure: Instant, bytes: u32, arrival: Option<Duration>) -> PacketReport {
        PacketReport {
            ssrc: 0,
            id: 0,
            rtp_sequence_number: 0,
            is_twcc: true,
            twcc_sequence_number: 0,
            size: bytes as usize,
            arrived: arrival.is_some(),
            departure,
            arrival,
            ecn: Ecn::NotEct,
        }
    }

    /// What its history would report: everything up to the newest packet that arrived, once.
    fn reports(&mut self, feedback: &PathFeedback) -> Vec<PacketReport> {
        let Some(newest) = feedback.acknowledged.iter().map(|packet| packet.sent).max() else {
            return Vec::new();
        };
        let came = |packet: &Acknowledged| self.report(packet.sent, packet.bytes, Some(packet.arrival));
        let mut reports: Vec<_> = feedback.acknowledged.iter().map(came).collect();
        let lost = feedback.lost.iter().filter(|packet| packet.sent <= newest);
        reports.extend(lost.map(|packet| self.report(packet.sent, packet.bytes, None)));
        if let Some(reported) = self.reported {
            reports.retain(|report| report.departure >= reported);
        }
        reports.sort_by_key(|report| report.departure);
        for report in &mut reports {
            report.id = self.next_id;
            report.twcc_sequence_number = self.next_id as u16;
            self.next_id += 1;
        }
        self.reported = self.reported.max(Some(newest));
        reports
    }
}

impl Estimator for RtcGcc {
    fn handle_feedback(&mut self, feedback: &PathFeedback) {
        let reports = self.reports(feedback);
        let sample = feedback.round_trip;
        self.round_trip = Some(self.round_trip.map_or(sample, |smooth| {
            smooth.mul_f64(1.0 - ROUND_TRIP_WEIGHT) + sample.mul_f64(ROUND_TRIP_WEIGHT)
        }));
        self.gcc.on_reports(feedback.at, &reports);
        self.loss = self.gcc.stats().packet_loss.unwrap_or(0.0);
    }

    /// It knows none.
    fn handle_fallback(&mut self, _now: Instant, _fallback: Fallback) {}

    /// It does not ask.
    fn set_demand(&mut self, _now: Instant, _demand: Demand) {}

    fn handle_timeout(&mut self, now: Instant) {
        self.gcc.handle_timeout(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.gcc.poll_timeout()
    }

    fn estimate(&self) -> Estimate {
        let target = Bitrate(self.gcc.target_bitrate() as u64);
        Estimate {
            target,
            // It keeps no recent minimum.
            stable: target,
            round_trip: self.round_trip.unwrap_or(Duration::from_millis(100)),
            loss: self.loss,
            repairs: self.loss,
            queue_delay: Duration::ZERO,
            jitter: Duration::ZERO,
        }
    }

    /// It answers overuse with its rate alone; probes are not its own.
    fn is_overused(&self) -> bool {
        true
    }

    fn capacity(&self) -> Option<Bitrate> {
        None
    }

    fn poll_change(&mut self) -> Option<Change> {
        None
    }
}
