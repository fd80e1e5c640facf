//! How much arrives.

use media::Bitrate;
use std::collections::VecDeque;
use std::time::Duration;

/// Over how much of the receiver's time the rate is taken, in seconds. Longer: steadier, and later to tell a drop.
const WINDOW: f64 = 0.5;
/// The same for the latest rate.
const LATEST: f64 = 0.15;
/// Less than this is too little to say a rate, in seconds.
const LEAST: f64 = 0.1;
/// Most arrivals kept: a packet every 25 µs in the window (300 Mb/s).
const MAX_ARRIVALS: usize = 20_000;

/// The rate at which packets arrive, on the receiver's clock.
#[derive(Debug, Default)]
pub(super) struct AcknowledgedRate {
    arrivals: VecDeque<(f64, u32)>,
    bytes: u64,
    newest: f64,
}

impl AcknowledgedRate {
    pub(super) fn add(&mut self, arrival: Duration, bytes: u32) {
        let at = arrival.as_secs_f64();
        // A receiver whose clock stepped, or the end of an outage: what was before says nothing.
        if self
            .arrivals
            .back()
            .is_some_and(|(last, _)| (at - last).abs() > 2.0 * WINDOW)
        {
            self.arrivals.clear();
            self.bytes = 0;
            self.newest = at;
        }
        self.newest = self.newest.max(at);
        self.arrivals.push_back((at, bytes));
        self.bytes += u64::from(bytes);
        while self.arrivals.len() > MAX_ARRIVALS
            || self
                .arrivals
                .front()
                .is_some_and(|(first, _)| self.newest - first > WINDOW)
        {
            let Some((_, gone)) = self.arrivals.pop_front() else {
                break;
            };
            self.bytes -= u64::from(gone);
        }
    }

    /// Over the last moment only: while a queue stands, packets arrive at exactly the path's rate, and what came before
    /// the queue would only blur it.
    pub(super) fn latest(&self) -> Option<Bitrate> {
        let from = self.newest - LATEST;
        let mut recent = self.arrivals.iter().rev().take_while(|(at, _)| *at >= from);
        let mut first = recent.next().copied()?;
        let mut bytes = 0;
        for (at, size) in recent {
            bytes += u64::from(first.1);
            first = (*at, *size);
        }
        let span = self.newest - first.0;
        (span >= LATEST / 2.0).then(|| Bitrate((bytes as f64 * 8.0 / span) as u64))
    }

    /// Over the window; `None` while it holds too little.
    pub(super) fn rate(&self) -> Option<Bitrate> {
        let (first, first_bytes) = *self.arrivals.front()?;
        let span = self.newest - first;
        // The first packet came before the time that is measured.
        let bytes = self.bytes - u64::from(first_bytes);
        (span >= LEAST).then(|| Bitrate((bytes as f64 * 8.0 / span) as u64))
    }
}
