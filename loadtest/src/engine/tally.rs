//! What participants count. Each thread has one tally, without locks; once a second it is taken and sent to the run, which
//! adds those of all threads together.

use crate::report::distribution::{MAX_US, histogram};
use hdrhistogram::Histogram;
use media::Kind;
use std::cell::RefCell;
use std::time::Duration;

/// Counters of one interval, and the two gauges at its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// RTP packets sent.
    pub packets_sent: u64,
    /// Their payload in bytes.
    pub sent_bytes: u64,
    /// RTP packets received, without duplicates.
    pub packets_received: u64,
    /// Their payload in bytes.
    pub received_bytes: u64,
    /// Gaps given up.
    pub packets_lost: u64,
    /// Packets asked for again.
    pub packets_nacked: u64,
    /// Video frames completed.
    pub frames: u64,
    /// Pictures that stood still.
    pub freezes: u64,
    /// How long.
    pub frozen: Duration,
    /// From send to receive, video, in microseconds.
    pub latency_video: Histogram<u64>,
    /// From send to receive, audio, in microseconds.
    pub latency_audio: Histogram<u64>,
    /// How late timers fired, in microseconds.
    pub lateness: Histogram<u64>,
    /// From opening the socket to `welcome`, in microseconds.
    pub welcome: Histogram<u64>,
    /// From opening the socket to ICE and DTLS done, in microseconds.
    pub connect: Histogram<u64>,
    /// From opening the socket to the first packet of media, in microseconds.
    pub first_media: Histogram<u64>,
    /// Participants that began to join, less those that left: a gauge.
    pub joined: i64,
    /// Participants connected: a gauge.
    pub connected: i64,
    /// Participants connected that have slots: a gauge.
    pub subscribers: i64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            packets_sent: 0,
            sent_bytes: 0,
            packets_received: 0,
            received_bytes: 0,
            packets_lost: 0,
            packets_nacked: 0,
            frames: 0,
            freezes: 0,
            frozen: Duration::ZERO,
            latency_video: histogram(),
            latency_audio: histogram(),
            lateness: histogram(),
            welcome: histogram(),
            connect: histogram(),
            first_media: histogram(),
            joined: 0,
            connected: 0,
            subscribers: 0,
        }
    }
}

thread_local! {
    static TALLY: RefCell<Tally> = RefCell::default();
}

/// Counts something in this thread's tally.
pub fn count(change: impl FnOnce(&mut Tally)) {
    TALLY.with_borrow_mut(change);
}

/// Whether a participant of this thread is on its way into a room.
pub(super) fn somebody_joins() -> bool {
    TALLY.with_borrow(|tally| tally.joined > tally.connected)
}

/// Takes this thread's tally; gauges stay.
pub(super) fn take() -> Tally {
    TALLY.with_borrow_mut(|tally| {
        let next = Tally {
            joined: tally.joined,
            connected: tally.connected,
            subscribers: tally.subscribers,
            ..Tally::default()
        };
        std::mem::replace(tally, next)
    })
}

/// Adds a time to a histogram; longer ones count as the longest.
pub fn record(histogram: &mut Histogram<u64>, time: Duration) {
    let us = u64::try_from(time.as_micros()).unwrap_or(MAX_US);
    histogram.saturating_record(us.clamp(1, MAX_US));
}

impl Tally {
    /// A packet was under way for so long.
    pub fn latency(&mut self, kind: Kind, age: Duration) {
        record(
            match kind {
                Kind::Video => &mut self.latency_video,
                Kind::Audio => &mut self.latency_audio,
            },
            age,
        );
    }

    /// Adds another interval or thread: counters and gauges both, so gauges only of one time.
    pub fn add(&mut self, other: &Self) {
        self.packets_sent += other.packets_sent;
        self.sent_bytes += other.sent_bytes;
        self.packets_received += other.packets_received;
        self.received_bytes += other.received_bytes;
        self.packets_lost += other.packets_lost;
        self.packets_nacked += other.packets_nacked;
        self.frames += other.frames;
        self.freezes += other.freezes;
        self.frozen += other.frozen;
        self.joined += other.joined;
        self.connected += other.connected;
        self.subscribers += other.subscribers;
        for (mine, theirs) in [
            (&mut self.latency_video, &other.latency_video),
            (&mut self.latency_audio, &other.latency_audio),
            (&mut self.lateness, &other.lateness),
            (&mut self.welcome, &other.welcome),
            (&mut self.connect, &other.connect),
            (&mut self.first_media, &other.first_media),
        ] {
            // Fails only for values out of bounds, and all have the same.
            let _ = mine.add(theirs);
        }
    }

    /// Latency of both kinds.
    pub fn latency_all(&self) -> Histogram<u64> {
        let mut all = self.latency_video.clone();
        let _ = all.add(&self.latency_audio);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_of_two_threads_are_what_one_would_have_counted() {
        let mut one = Tally::default();
        let mut halves = [Tally::default(), Tally::default()];
        for i in 0..10_000u64 {
            // Beyond the histogram's end too.
            let age = Duration::from_micros(i * i);
            let kind = if i % 3 == 0 { Kind::Audio } else { Kind::Video };
            for tally in [&mut one, &mut halves[(i % 2) as usize]] {
                tally.latency(kind, age);
                tally.packets_received += 1;
                tally.frozen += Duration::from_millis(i);
                record(&mut tally.connect, age * 2);
            }
        }
        let [mut sum, other] = halves;
        sum.add(&other);
        assert_eq!(sum, one);
        assert_eq!(sum.latency_all().len(), 10_000);
    }

    #[test]
    fn taking_a_tally_leaves_gauges_and_nothing_else() {
        count(|tally| {
            tally.packets_sent = 5;
            tally.connected = 3;
            tally.latency(Kind::Video, Duration::from_millis(1));
        });
        let taken = take();
        assert_eq!(
            (taken.packets_sent, taken.connected, taken.latency_video.len()),
            (5, 3, 1)
        );
        let rest = take();
        assert_eq!(
            (rest.packets_sent, rest.connected, rest.latency_video.len()),
            (0, 3, 0)
        );
    }
}
