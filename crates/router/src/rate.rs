//! A token bucket: how much of something one client may cause.

use std::time::Instant;

/// Lets through `per_second` on average and two seconds' worth at once.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second: u32,
    /// Tokens, in thousandths: whole milliseconds refill exactly.
    millitokens: u64,
    refilled: Instant,
}

impl Rate {
    pub(crate) fn new(per_second: u32, now: Instant) -> Self {
        Self {
            per_second,
            millitokens: Self::capacity(per_second),
            refilled: now,
        }
    }

    fn capacity(per_second: u32) -> u64 {
        u64::from(per_second) * 2_000
    }

    /// Takes `tokens`, or nothing when there are not enough.
    pub(crate) fn take(&mut self, now: Instant, tokens: usize) -> bool {
        let elapsed_ms = now
            .saturating_duration_since(self.refilled)
            .as_millis()
            .min(60_000) as u64;
        if elapsed_ms > 0 {
            // The remainder below a millisecond is kept by not moving `refilled` past it.
            self.refilled += std::time::Duration::from_millis(elapsed_ms);
            let refilled = self.millitokens + u64::from(self.per_second) * elapsed_ms;
            self.millitokens = refilled.min(Self::capacity(self.per_second));
        }
        let wanted = (tokens as u64).saturating_mul(1_000);
        let enough = wanted <= self.millitokens;
        if enough {
            self.millitokens -= wanted;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_passes_then_the_average_holds() {
        #[allow(clippy::disallowed_methods)] // the origin of virtual time
        let t0 = Instant::now();
        let mut rate = Rate::new(10, t0);
        assert_eq!((0..100).filter(|_| rate.take(t0, 1)).count(), 20);
        let passed = (1..=1_000u64)
            .filter(|ms| rate.take(t0 + Duration::from_millis(*ms), 1))
            .count();
        assert_eq!(passed, 10);
        assert!(!rate.take(t0 + Duration::from_secs(100), 21));
    }
}
