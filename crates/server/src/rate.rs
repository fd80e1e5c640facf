//! How many messages a client may send.

use std::time::Instant;

/// Bytes that count as one message more: a long message costs what it takes to read.
const BYTES_PER_TOKEN: usize = 16 * 1024;

/// A bucket of tokens, refilled evenly. A message takes one token and one more for each 16 KiB.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second: f64,
    capacity: f64,
    tokens: f64,
    at: Instant,
    /// Refusals since the client last kept to the rate.
    refused: u32,
    refused_max: u32,
}

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Within the rate.
    Take,
    /// Over it: refuse this one.
    Refuse,
    /// Over it, and it does not end: close.
    Close,
}

impl Rate {
    /// `largest`: bytes of the largest message allowed, which must always fit into the burst.
    pub(crate) fn new(now: Instant, per_second: u32, largest: usize) -> Self {
        let capacity = f64::from(2 * per_second) + cost(largest);
        Self {
            per_second: f64::from(per_second),
            capacity,
            tokens: capacity,
            at: now,
            refused: 0,
            refused_max: 2 * per_second.max(8),
        }
    }

    pub(crate) fn check(&mut self, now: Instant, bytes: usize) -> Verdict {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * self.per_second).min(self.capacity);
        self.at = now;
        let cost = cost(bytes);
        if self.tokens >= cost {
            self.tokens -= cost;
            if self.tokens >= self.capacity / 2.0 {
                self.refused = 0;
            }
            return Verdict::Take;
        }
        self.refused += 1;
        if self.refused > self.refused_max {
            Verdict::Close
        } else {
            Verdict::Refuse
        }
    }
}

fn cost(bytes: usize) -> f64 {
    1.0 + (bytes / BYTES_PER_TOKEN) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_passes_then_messages_are_refused_then_the_connection_closes() {
        let now = Instant::now();
        let mut rate = Rate::new(now, 10, 0);
        let verdicts: Vec<Verdict> = (0..60).map(|_| rate.check(now, 10)).collect();
        let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
        assert_eq!(
            (
                count(Verdict::Take),
                count(Verdict::Refuse),
                count(Verdict::Close)
            ),
            (21, 20, 19)
        );
    }

    #[test]
    fn who_slows_down_is_forgiven() {
        let now = Instant::now();
        let mut rate = Rate::new(now, 10, 0);
        for _ in 0..30 {
            rate.check(now, 10);
        }
        assert_eq!(rate.check(now + Duration::from_millis(100), 10), Verdict::Take);
        let later = now + Duration::from_secs(10);
        assert_eq!(rate.check(later, 10), Verdict::Take);
        assert_eq!(rate.refused, 0);
    }

    #[test]
    fn the_largest_message_fits_even_at_the_lowest_rate() {
        let now = Instant::now();
        let mut rate = Rate::new(now, 1, 1 << 20);
        assert_eq!(rate.check(now, 1 << 20), Verdict::Take);
        assert_eq!(rate.check(now, 1 << 20), Verdict::Refuse);
    }
}
