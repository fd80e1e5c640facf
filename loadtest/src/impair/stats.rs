//! What a direction of the relay carried and lost.

use link::Link;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// One direction since the last report.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Bytes that came out of the link, headers of IP and UDP included.
    pub bytes: u64,
    /// Datagrams that came out of the link.
    pub datagrams: u64,
    /// Dropped because the queue was full.
    pub full: u64,
    /// Lost at random.
    pub lost: u64,
    /// Not even put on the link: too many clients, or more than the relay can hold.
    pub refused: u64,
    /// Longest queue a datagram found.
    pub queue: Duration,
}

impl Counts {
    /// The two belong to spans that follow each other.
    pub(crate) fn add(&mut self, other: &Counts) {
        self.bytes += other.bytes;
        self.datagrams += other.datagrams;
        self.full += other.full;
        self.lost += other.lost;
        self.refused += other.refused;
        self.queue = self.queue.max(other.queue);
    }

    /// For the screen.
    pub(crate) fn line(&self, span: Duration) -> String {
        format!(
            "{:>6.0} kb/s, queue {:>4} ms, dropped {} full + {} lost + {} refused",
            self.bits_per_second(span) / 1e3,
            self.queue.as_millis(),
            self.full,
            self.lost,
            self.refused
        )
    }

    /// For plots.
    pub(crate) fn json(&self, span: Duration, link: &Link, now: Instant) -> Value {
        json!({
            "bps": self.bits_per_second(span).round(),
            "link_bps": link.rate_at(now),
            "datagrams": self.datagrams,
            "queue_ms": self.queue.as_millis() as u64,
            "dropped_full": self.full,
            "dropped_lost": self.lost,
            "dropped_refused": self.refused,
        })
    }

    fn bits_per_second(&self, span: Duration) -> f64 {
        self.bytes as f64 * 8.0 / span.as_secs_f64().max(1e-3)
    }
}
