//! One direction of a person's connection to the server.

use super::rng::Rng;
use std::time::{Duration, Instant};

/// IPv4 and UDP headers, in bytes.
const HEADERS: usize = 28;

/// What a link does to datagrams.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkConfig {
    /// Bits per second; `None`: no limit.
    pub rate_bps: Option<u64>,
    /// One way.
    pub delay: Duration,
    /// Up to this much more, anew for each datagram; more than the distance between datagrams reorders them.
    pub jitter: Duration,
    /// Share lost at random, 0.0 to 1.0.
    pub loss: f64,
    /// Longest queue in front of the rate; what would wait longer is dropped.
    pub queue: Duration,
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            rate_bps: None,
            delay: Duration::from_millis(20),
            jitter: Duration::ZERO,
            loss: 0.0,
            queue: Duration::from_millis(300),
        }
    }
}

/// A link with its queue.
#[derive(Debug)]
pub struct Link {
    /// May be changed at any time.
    pub config: LinkConfig,
    /// When the last datagram accepted will have left.
    free_at: Option<Instant>,
    rng: Rng,
}

impl Link {
    /// An empty link.
    pub fn new(config: LinkConfig, seed: u64) -> Self {
        Self {
            config,
            free_at: None,
            rng: Rng::new(seed),
        }
    }

    /// When a datagram of so many bytes sent now arrives; `None`: lost.
    pub fn send(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        // Drawn for every datagram, so that changing one property leaves the others' luck as it was.
        let lost = self.rng.chance(self.config.loss);
        let jitter_us = self.rng.below(self.config.jitter.as_micros() as u64 + 1);
        let start = self.free_at.map_or(now, |free_at| free_at.max(now));
        if start.saturating_duration_since(now) > self.config.queue {
            return None;
        }
        let bits = (bytes + HEADERS) as u64 * 8;
        let sending = self
            .config
            .rate_bps
            .map_or(0, |rate| bits * 1_000_000_000 / rate.max(1));
        let left = start + Duration::from_nanos(sending);
        self.free_at = Some(left);
        (!lost).then(|| left + self.config.delay + Duration::from_micros(jitter_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_delay_queue_and_loss_hold() {
        #[allow(clippy::disallowed_methods)] // the origin of virtual time
        let t0 = Instant::now();
        let config = LinkConfig {
            rate_bps: Some(1_000_000),
            ..LinkConfig::default()
        };
        let mut link = Link::new(config, 1);
        // 1,250 bytes at 1 Mb/s take 10 ms.
        let arrivals: Vec<_> = (0..100)
            .map_while(|_| link.send(t0, 1_222))
            .map(|at| at - t0)
            .collect();
        assert_eq!(arrivals[0], Duration::from_millis(30));
        assert_eq!(arrivals[9], Duration::from_millis(120));
        assert_eq!(arrivals.len(), 31);
        let mut lossy = Link::new(
            LinkConfig {
                loss: 0.1,
                ..LinkConfig::default()
            },
            2,
        );
        let lost = (0..10_000).filter(|_| lossy.send(t0, 100).is_none()).count();
        assert!((900..1_100).contains(&lost), "{lost} of 10,000 at 10 %");
    }
}
