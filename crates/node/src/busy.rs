//! How much of its time a worker works.

use std::time::{Duration, Instant};

/// Measured anew after so long. Shorter: one burst looks like a full worker; longer: joins are placed by what is not so
/// any more.
pub(crate) const BUSY_WINDOW: Duration = Duration::from_secs(1);

/// Adds up the time between waking up and waiting again.
#[derive(Debug)]
pub(crate) struct BusyMeter {
    began: Instant,
    worked: Duration,
}

impl BusyMeter {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            began: now,
            worked: Duration::ZERO,
        }
    }

    /// One batch of work took so long.
    pub(crate) fn add(&mut self, worked: Duration) {
        self.worked += worked;
    }

    /// The share worked since the last call, in thousandths.
    pub(crate) fn take(&mut self, now: Instant) -> u32 {
        let wall = now.saturating_duration_since(self.began).as_micros().max(1);
        let permille = (self.worked.as_micros() * 1_000 / wall).min(1_000);
        *self = Self::new(now);
        permille as u32
    }
}

/// CPU time of the calling thread since it began; zero where the system does not tell.
pub(crate) fn thread_cpu_time() -> Duration {
    #[cfg(unix)]
    {
        use nix::time::{ClockId, clock_gettime};
        clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
    }
    #[cfg(not(unix))]
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_of_the_time_since_it_was_last_asked() {
        let t0 = Instant::now();
        let mut meter = BusyMeter::new(t0);
        meter.add(Duration::from_millis(200));
        meter.add(Duration::from_millis(50));
        assert_eq!(meter.take(t0 + BUSY_WINDOW), 250);
        meter.add(Duration::from_millis(500));
        assert_eq!(meter.take(t0 + BUSY_WINDOW * 2), 500);
        meter.add(Duration::from_secs(9));
        assert_eq!(meter.take(t0 + BUSY_WINDOW * 3), 1_000);
        assert_eq!(meter.take(t0 + BUSY_WINDOW * 3), 0, "no time has passed");
    }

    #[cfg(unix)]
    #[test]
    fn work_costs_cpu_time() {
        let before = thread_cpu_time();
        let sum: u64 = std::hint::black_box((0..2_000_000u64).map(|n| n ^ (n << 7)).sum());
        assert!(thread_cpu_time() > before, "{sum}");
    }
}
