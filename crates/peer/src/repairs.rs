//! Asking a publisher for packets that did not come.

use crate::lateness::Lateness;
use crate::missing::{Missing, REORDERING};
use media::{RtpTime, SeqNo};
use std::time::{Duration, Instant};

/// What is missing of one stream of a publisher, asked for again no sooner than the answer can be here: on a thin uplink
/// it waits in the queue that new packets wait in. Asked for each round trip, whatever that queue holds, the same packet
/// comes several times, and the keyframe that would do more good waits behind it (simulated uplink of 0.6 Mb/s with
/// 300 ms of queue: up to five times).
#[derive(Debug)]
pub struct Repairs {
    missing: Missing,
    lateness: Lateness,
}

impl Default for Repairs {
    fn default() -> Self {
        Self {
            missing: Missing::new(REORDERING),
            lateness: Lateness::default(),
        }
    }
}

impl Repairs {
    /// A packet came, by itself or as a retransmission; `clock_rate` is that of its timestamp in hertz.
    pub fn handle_packet(&mut self, now: Instant, seq: SeqNo, timestamp: RtpTime, clock_rate: u32) {
        let (number, new) = self.missing.handle_packet(now, seq);
        // What fills a gap was late, or lost.
        if new && self.missing.highest() == Some(number) {
            self.lateness.handle_packet(now, timestamp, clock_rate);
        }
    }

    /// Packets to ask for now, where an answer takes so long when nothing waits.
    pub fn poll_due(&mut self, now: Instant, round_trip: Duration) -> Vec<SeqNo> {
        self.missing.poll_due(now, round_trip + self.lateness.newest())
    }

    /// When [`Self::poll_due`] may have something next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.missing.poll_timeout()
    }

    /// The stream has stopped: nothing of it is worth asking for.
    pub fn give_up(&mut self) {
        self.missing.give_up();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_in_a_queue_is_not_asked_for_a_second_time() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let t0 = Instant::now();
        let ms = Duration::from_millis;
        let mut repairs = Repairs::default();
        for seq in 0..10u16 {
            repairs.handle_packet(
                t0 + ms(33) * u32::from(seq),
                SeqNo(seq),
                RtpTime(u32::from(seq) * 2_970),
                90_000,
            );
        }
        // The next is lost, and the one after it has waited for 250 ms.
        let at = t0 + ms(33 * 11 + 250);
        repairs.handle_packet(at, SeqNo(11), RtpTime(11 * 2_970), 90_000);
        let mut asked = Vec::new();
        while let Some(due) = repairs.poll_timeout().filter(|due| *due < at + ms(500)) {
            if !repairs.poll_due(due, ms(50)).is_empty() {
                asked.push(due.duration_since(at).as_millis());
            }
        }
        assert_eq!(asked, [10, 330], "after 50 + 250 + 20 ms again");
    }
}
