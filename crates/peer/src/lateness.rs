//! How long packets of a stream wait on their way.

use media::RtpTime;
use std::time::{Duration, Instant};

/// The quickest packet of the last one to two of these is one that did not wait. Longer: drift of the sender's clock
/// (100 ppm: 2 ms) looks like waiting; shorter: a queue that stands is taken for the path.
const WINDOW: Duration = Duration::from_secs(10);
/// More is a clock that has jumped: no queue is that long.
const MOST: Duration = Duration::from_secs(2);

/// By when a stream's packets were captured and when they came, how much longer than the quickest the newest took.
/// Encoders and pacers make packets late as well: what waits on the path is no more than this.
#[derive(Debug, Default)]
pub(crate) struct Lateness {
    window: Option<Window>,
    /// The least delay of the window before, by this one's measure.
    before: Option<i64>,
    newest: Duration,
}

#[derive(Debug)]
struct Window {
    /// The first packet, whose delay counts as 0: when it came and was captured.
    came: Instant,
    captured: RtpTime,
    /// Least delay in nanoseconds.
    least: i64,
}

impl Lateness {
    /// The newest packet came, for the first time; `clock_rate` is that of its timestamp in hertz.
    pub(crate) fn handle_packet(&mut self, now: Instant, timestamp: RtpTime, clock_rate: u32) {
        let delay = self.window.as_ref().map_or(0, |window| {
            let ticks = i64::from(timestamp.distance(window.captured));
            let captured = ticks.saturating_mul(1_000_000_000) / i64::from(clock_rate.max(1));
            let came = i64::try_from(now.saturating_duration_since(window.came).as_nanos());
            came.unwrap_or(i64::MAX).saturating_sub(captured)
        });
        let ended = |window: &mut Window| now.saturating_duration_since(window.came) >= WINDOW;
        if let Some(window) = self.window.take_if(ended) {
            self.before = Some(window.least.saturating_sub(delay));
            return self.begin(now, timestamp);
        }
        let Some(window) = &mut self.window else {
            return self.begin(now, timestamp);
        };
        window.least = window.least.min(delay);
        let least = self
            .before
            .map_or(window.least, |before| before.min(window.least));
        self.set(delay.saturating_sub(least));
    }

    fn begin(&mut self, now: Instant, timestamp: RtpTime) {
        self.window = Some(Window {
            came: now,
            captured: timestamp,
            least: 0,
        });
        self.set(self.before.map_or(0, |before| 0i64.saturating_sub(before.min(0))));
    }

    fn set(&mut self, nanoseconds: i64) {
        self.newest = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0));
        if self.newest > MOST {
            *self = Self::default();
        }
    }

    /// Of the newest packet.
    pub(crate) fn newest(&self) -> Duration {
        self.newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Instant {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        Instant::now()
    }

    /// Lateness in milliseconds after packets captured every 20 ms that waited so long.
    fn after(lateness: &mut Lateness, from: (Instant, RtpTime), waits: &[u64]) -> (Instant, RtpTime, u128) {
        let (mut at, mut captured) = from;
        for wait in waits {
            at += Duration::from_millis(20);
            captured = captured.advance(1_800);
            lateness.handle_packet(at + Duration::from_millis(*wait), captured, 90_000);
        }
        (at, captured, lateness.newest().as_millis())
    }

    #[test]
    fn is_what_a_packet_waited() {
        let mut lateness = Lateness::default();
        // The timestamp wraps on the way.
        let from = (start(), RtpTime(u32::MAX - 5_000));
        let (at, captured, late) = after(&mut lateness, from, &[30, 10, 10, 10, 280]);
        assert_eq!(late, 270);
        let (at, captured, late) = after(&mut lateness, (at, captured), &[15]);
        assert_eq!(late, 5);
        // Over a window's end what was quickest is still known, …
        let (at, captured, late) = after(&mut lateness, (at, captured), &[110; 600]);
        assert_eq!(late, 100);
        // … and at last this is how long the path takes.
        let (_, _, late) = after(&mut lateness, (at, captured), &[110; 600]);
        assert_eq!(late, 0);
    }

    #[test]
    fn a_clock_that_jumps_begins_anew() {
        let mut lateness = Lateness::default();
        let (at, captured, _) = after(&mut lateness, (start(), RtpTime(0)), &[0; 5]);
        for jump in [2_000_000_000, -2_000_000_000i32] {
            let jumped = RtpTime(captured.0.wrapping_add_signed(jump));
            let (_, _, late) = after(&mut lateness, (at, jumped), &[0, 0, 40]);
            assert!(late <= 40, "{late} ms");
        }
    }
}
