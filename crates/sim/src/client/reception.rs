//! What a receiver tells of one stream: which packets it misses (RFC 4585 §6.2.1), and a report (RFC 3550 §6.4.2).

use rtc::rtcp::reception_report::ReceptionReport;
use std::time::Instant;

/// Packets that are asked for are at most so far behind the newest.
const WINDOW: u64 = 512;
/// A reception report has so many bits for the packets lost.
const MAX_LOST: u64 = 0x00ff_ffff;

/// See the module.
#[derive(Debug)]
pub(super) struct Reception {
    pub(super) ssrc: u32,
    clock_rate: f64,
    /// Numbers counted on past their wrap.
    first: u64,
    highest: Option<u64>,
    missing: Vec<u64>,
    received: u64,
    /// Expected and received up to the last report.
    reported: (u64, u64),
    last: Option<(Instant, u32)>,
    jitter: f64,
    /// The middle of its time, and when it came.
    sender_report: Option<(u32, Instant)>,
}

impl Reception {
    pub(super) fn new(ssrc: u32, clock_rate: u32) -> Self {
        Self {
            ssrc,
            clock_rate: clock_rate.into(),
            first: 0,
            highest: None,
            missing: Vec::new(),
            received: 0,
            reported: (0, 0),
            last: None,
            jitter: 0.0,
            sender_report: None,
        }
    }

    /// A packet came, the first time or again.
    pub(super) fn record(&mut self, now: Instant, seq: u16, timestamp: u32) {
        self.received += 1;
        if let Some((at, before)) = self.last.replace((now, timestamp)) {
            let elapsed = now.saturating_duration_since(at).as_secs_f64() * self.clock_rate;
            let distance = elapsed - f64::from(timestamp.wrapping_sub(before).cast_signed());
            self.jitter += (distance.abs() - self.jitter) / 16.0;
        }
        let Some(highest) = self.highest else {
            // A cycle above zero, so that what is older has a number too.
            self.first = 0x1_0000 + u64::from(seq);
            self.highest = Some(self.first);
            return;
        };
        // The low bits are the number as sent.
        let step = i64::from(seq.wrapping_sub(highest as u16).cast_signed());
        let number = highest.saturating_add_signed(step);
        if number > highest {
            let oldest = number.saturating_sub(WINDOW);
            self.missing.retain(|missing| *missing > oldest);
            self.missing.extend((highest + 1).max(oldest + 1)..number);
            self.highest = Some(number);
        } else if let Ok(place) = self.missing.binary_search(&number) {
            self.missing.remove(place);
        }
    }

    /// The server's sender report came.
    pub(super) fn heard(&mut self, now: Instant, ntp: u64) {
        // The middle 32 bits (RFC 3550 §6.4.1).
        self.sender_report = Some(((ntp >> 16) as u32, now));
    }

    /// What is missing, by the numbers as sent.
    pub(super) fn missing(&self) -> Vec<u16> {
        self.missing.iter().map(|missing| *missing as u16).collect()
    }

    /// The report since the last one; `None` before the first packet.
    pub(super) fn report(&mut self, now: Instant) -> Option<ReceptionReport> {
        let highest = self.highest?;
        let expected = highest + 1 - self.first;
        let (expected_before, received_before) = self.reported;
        let lately = expected - expected_before;
        let lost_lately = lately.saturating_sub(self.received - received_before);
        self.reported = (expected, self.received);
        let fraction = (lost_lately * 256).checked_div(lately).unwrap_or(0);
        let (last_sender_report, delay) = self.sender_report.map_or((0, 0), |(ntp, at)| {
            let since = now.saturating_duration_since(at).as_secs_f64();
            (ntp, (since * 65_536.0) as u32)
        });
        Some(ReceptionReport {
            ssrc: self.ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            total_lost: expected.saturating_sub(self.received).min(MAX_LOST) as u32,
            // Cycles and number; the low bits of what is counted on, less the cycle that it starts with.
            last_sequence_number: (highest - 0x1_0000) as u32,
            jitter: self.jitter as u32,
            last_sender_report,
            delay,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn gaps_are_missing_until_they_are_filled_or_too_old() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let now = Instant::now();
        let mut reception = Reception::new(1, 90_000);
        assert!(reception.report(now).is_none());
        for seq in [65_533, 65_535, 2] {
            reception.record(now, seq, 0);
        }
        assert_eq!(reception.missing(), [65_534, 0, 1]);
        reception.record(now, 0, 0);
        assert_eq!(reception.missing(), [65_534, 1]);
        let report = reception.report(now).unwrap();
        assert_eq!((report.total_lost, report.fraction_lost), (2, 85), "two of six");
        assert_eq!(report.last_sequence_number, 0x1_0002);
        // Both come late: nothing is lost of nothing new.
        reception.record(now, 1, 0);
        reception.record(now, 65_534, 0);
        let report = reception.report(now).unwrap();
        assert_eq!((report.total_lost, report.fraction_lost), (0, 0));
        reception.record(now, 1_000, 0);
        assert_eq!(reception.missing().len(), 511);
        assert_eq!(reception.missing()[0], 489);
    }

    #[test]
    fn a_report_has_jitter_and_the_time_since_the_servers() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let start = Instant::now();
        let ms = |ms| start + Duration::from_millis(ms);
        let mut reception = Reception::new(1, 90_000);
        reception.record(ms(0), 1, u32::MAX - 100);
        // 20 ms of media, 10 ms late: 900 ticks, of which a sixteenth counts.
        reception.record(ms(30), 2, 1_800u32.wrapping_sub(101));
        reception.heard(ms(100), 0x1111_2222_3333_4444);
        let report = reception.report(ms(600)).unwrap();
        assert_eq!(report.jitter, 56);
        assert_eq!((report.last_sender_report, report.delay), (0x2222_3333, 32_768));
    }
}
