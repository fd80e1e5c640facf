//! When a packet was captured, on the server's clock.

use media::{NtpTime, RtpTime};
use std::time::{Duration, Instant};

/// A capture time further than this from the packet's arrival is taken for a broken publisher clock.
const MAX_AGE: Duration = Duration::from_secs(10);
/// A sender report says nothing about packets this much later. Lower: a track that was silent for a while
/// starts out of sync; higher: drift of its RTP clock (50 ppm: 30 ms in 10 minutes) adds up.
const MAX_REPORT_AGE: Duration = Duration::from_secs(600);
/// The quickest report of the last [`BUCKETS`] × this long gives the offset. Shorter: the offset follows
/// queues on the publisher's uplink; longer: it lags behind drift of the publisher's clock (100 ppm: 3 ms).
const BUCKET: Duration = Duration::from_secs(10);
const BUCKETS: usize = 3;
/// A report quicker than the quickest by more than this: not the network but the publisher's clock has jumped.
const CLOCK_STEP_NS: i64 = 1_000_000_000;

/// When the content of a packet was captured, on the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureTime {
    /// The moment. It is late by the shortest time a packet takes from the publisher, the same for all the
    /// publisher's tracks.
    pub at: Instant,
    /// Whether it follows from the publisher's sender reports; `false`: it is only the packet's arrival.
    pub reported: bool,
}

impl CaptureTime {
    /// Of a packet so many ticks of its RTP clock later (negative: earlier) on the same line.
    #[must_use]
    pub fn shifted(self, ticks: i32, clock_rate: u32) -> Self {
        let distance =
            Duration::from_secs_f64(f64::from(ticks.unsigned_abs()) / f64::from(clock_rate.max(1)));
        let at = if ticks < 0 {
            self.at.checked_sub(distance)
        } else {
            self.at.checked_add(distance)
        };
        Self {
            at: at.unwrap_or(self.at),
            ..self
        }
    }
}

/// One participant's NTP clock on the server's clock: one offset for all its tracks, so that whatever was
/// captured together stays together.
#[derive(Debug, Default)]
pub struct PublisherClock {
    offset: Option<Offset>,
}

#[derive(Debug)]
struct Offset {
    /// The report everything is counted from: when it came, and what it said.
    server: Instant,
    publisher: NtpTime,
    /// Least extra delay of the reports in each of the last buckets, newest first, in nanoseconds.
    least: [Option<i64>; BUCKETS],
    bucket_start: Instant,
}

impl PublisherClock {
    /// A clock of which nothing is known yet.
    pub fn new() -> PublisherClock {
        PublisherClock::default()
    }

    /// A sender report of any of the participant's layers arrived. Call this before
    /// [`LayerClock::handle_sender_report`] with the same report.
    pub fn handle_sender_report(&mut self, now: Instant, ntp: NtpTime) {
        match &mut self.offset {
            Some(offset) if !offset.is_step(now, ntp) => offset.add(now, ntp),
            _ => self.offset = Some(Offset::new(now, ntp)),
        }
    }

    /// The publisher's time on the server's clock.
    fn server_time(&self, ntp: NtpTime) -> Option<Instant> {
        let offset = self.offset.as_ref()?;
        let elapsed = nanoseconds(ntp, offset.publisher);
        shift(offset.server, elapsed.checked_add(offset.least()?)?)
    }

    /// Since when the publisher's clock has run without a jump.
    fn steady_since(&self) -> Option<Instant> {
        self.offset.as_ref().map(|offset| offset.server)
    }
}

impl Offset {
    fn new(now: Instant, ntp: NtpTime) -> Offset {
        let mut least = [None; BUCKETS];
        least[0] = Some(0);
        Offset {
            server: now,
            publisher: ntp,
            least,
            bucket_start: now,
        }
    }

    /// How much longer this report took than the first one; negative when it was quicker.
    fn delay(&self, now: Instant, ntp: NtpTime) -> i64 {
        let elapsed =
            i64::try_from(now.saturating_duration_since(self.server).as_nanos()).unwrap_or(i64::MAX);
        elapsed.saturating_sub(nanoseconds(ntp, self.publisher))
    }

    fn is_step(&self, now: Instant, ntp: NtpTime) -> bool {
        self.least()
            .is_some_and(|least| self.delay(now, ntp) < least.saturating_sub(CLOCK_STEP_NS))
    }

    fn add(&mut self, now: Instant, ntp: NtpTime) {
        let mut rotations = 0;
        while now >= self.bucket_start + BUCKET && rotations < BUCKETS {
            self.least.rotate_right(1);
            self.least[0] = None;
            self.bucket_start += BUCKET;
            rotations += 1;
        }
        if now >= self.bucket_start + BUCKET {
            self.bucket_start = now;
        }
        let delay = self.delay(now, ntp);
        self.least[0] = Some(self.least[0].map_or(delay, |least| least.min(delay)));
    }

    fn least(&self) -> Option<i64> {
        self.least.iter().flatten().min().copied()
    }
}

/// One layer's RTP clock on its publisher's NTP clock.
#[derive(Debug, Clone)]
pub struct LayerClock {
    clock_rate: u32,
    report: Option<Report>,
}

#[derive(Debug, Clone)]
struct Report {
    arrival: Instant,
    ntp: NtpTime,
    rtp: RtpTime,
}

impl LayerClock {
    /// A layer whose RTP clock runs at `clock_rate` Hz.
    pub fn new(clock_rate: u32) -> LayerClock {
        LayerClock {
            clock_rate: clock_rate.max(1),
            report: None,
        }
    }

    /// A sender report of this layer arrived (RFC 3550 §6.4.1).
    pub fn handle_sender_report(&mut self, now: Instant, ntp: NtpTime, rtp: RtpTime) {
        self.report = Some(Report {
            arrival: now,
            ntp,
            rtp,
        });
    }

    /// When the content with this timestamp was captured. Falls back to `arrival` until reports have come,
    /// when they are out of date, and when they make no sense.
    pub fn capture_time(&self, publisher: &PublisherClock, rtp: RtpTime, arrival: Instant) -> CaptureTime {
        match self.reported(publisher, rtp, arrival) {
            Some(at) => CaptureTime { at, reported: true },
            None => CaptureTime {
                at: arrival,
                reported: false,
            },
        }
    }

    fn reported(&self, publisher: &PublisherClock, rtp: RtpTime, arrival: Instant) -> Option<Instant> {
        let report = self.report.as_ref()?;
        if report.arrival < publisher.steady_since()?
            || arrival.saturating_duration_since(report.arrival) > MAX_REPORT_AGE
        {
            return None;
        }
        let ticks = i64::from(rtp.distance(report.rtp));
        let since_report = ticks * 1_000_000_000 / i64::from(self.clock_rate);
        let at = shift(publisher.server_time(report.ntp)?, since_report)?;
        let age = arrival
            .saturating_duration_since(at)
            .max(at.saturating_duration_since(arrival));
        (age <= MAX_AGE).then_some(at)
    }
}

/// Nanoseconds from `earlier` to `later` on the publisher's clock.
fn nanoseconds(later: NtpTime, earlier: NtpTime) -> i64 {
    let fixed_point = i128::from(later.0.wrapping_sub(earlier.0).cast_signed());
    // At most 2^31 seconds, so it fits.
    ((fixed_point * 1_000_000_000) >> 32) as i64
}

fn shift(at: Instant, nanoseconds: i64) -> Option<Instant> {
    let by = Duration::from_nanos(nanoseconds.unsigned_abs());
    if nanoseconds < 0 {
        at.checked_sub(by)
    } else {
        at.checked_add(by)
    }
}
