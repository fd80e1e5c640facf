//! What was sent when, until the far end has reported on it.

use crate::feedback::{Acknowledged, Lost, PathFeedback, Probe, Report, TransportSeq};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Packets remembered at most: 8 s at 1,000 packets a second. Fewer: a long outage is counted wrongly; each costs 64 bytes.
const PACKETS: usize = 8_192;
/// A packet that counts as lost may still come, for so long. Longer: a lossy path keeps more in mind, and out of the
/// processor's cache; shorter: a packet that was late by more is not taken back.
const LATE: Duration = Duration::from_secs(3);
/// What an outage left behind is given back down to this: a second of a good picture.
const USUAL_PACKETS: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Unknown,
    Lost,
    Came,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Instant,
    bytes: u32,
    probe: Option<Probe>,
    fate: Fate,
}

/// Send times by transport-wide number, from the first that matters on: usually as many as fit into a round trip.
#[derive(Debug, Default)]
pub(super) struct History {
    sent: VecDeque<Sent>,
    next: u64,
    in_flight: u64,
    /// When the latest of those reported on was sent.
    reported: Option<Instant>,
}

impl History {
    pub(super) fn next_seq(&self) -> TransportSeq {
        TransportSeq(self.next as u16)
    }

    /// A packet leaves now; its number.
    pub(super) fn add(&mut self, at: Instant, bytes: u32, probe: Option<Probe>) -> TransportSeq {
        let seq = self.next_seq();
        if self.sent.len() >= PACKETS
            && let Some(gone) = self.sent.pop_front()
            && gone.fate == Fate::Unknown
        {
            self.in_flight -= u64::from(gone.bytes);
        }
        self.sent.push_back(Sent {
            at,
            bytes,
            probe,
            fate: Fate::Unknown,
        });
        self.in_flight += u64::from(bytes);
        self.next += 1;
        seq
    }

    /// Forgets what nothing more can be heard of.
    fn forget(&mut self, now: Instant) {
        while let Some(oldest) = self.sent.front() {
            let settled = match oldest.fate {
                Fate::Came => true,
                Fate::Lost => now.saturating_duration_since(oldest.at) > LATE,
                // Its report was lost, and reports are not repeated. Not so in an outage: nothing is reported then.
                Fate::Unknown => self
                    .reported
                    .is_some_and(|at| at.saturating_duration_since(oldest.at) > LATE),
            };
            if !settled {
                break;
            }
            if oldest.fate == Fate::Unknown {
                self.in_flight -= u64::from(oldest.bytes);
            }
            self.sent.pop_front();
        }
        if self.sent.len() < USUAL_PACKETS && self.sent.capacity() > 2 * USUAL_PACKETS {
            self.sent.shrink_to(USUAL_PACKETS);
        }
    }

    /// It was of another size; none at all: as if it had never been sent, and never to be counted as lost.
    pub(super) fn correct(&mut self, seq: TransportSeq, bytes: u32) {
        let Some(sent) = self.find(seq) else { return };
        let before = std::mem::replace(&mut sent.bytes, bytes);
        let counted = sent.fate == Fate::Unknown;
        if bytes == 0 {
            sent.fate = Fate::Came;
        }
        if counted {
            self.in_flight = self.in_flight - u64::from(before) + u64::from(bytes);
        }
    }

    fn find(&mut self, seq: TransportSeq) -> Option<&mut Sent> {
        // The latest number with these 16 bits.
        let behind = (self.next as u16).wrapping_sub(1).wrapping_sub(seq.0);
        let index = self.sent.len().checked_sub(1 + usize::from(behind))?;
        self.sent.get_mut(index)
    }

    /// Joins reports with what was sent. Each packet is acknowledged once and counted as lost once; one that was
    /// counted as lost may still come.
    pub(super) fn resolve(
        &mut self,
        now: Instant,
        reports: &[Report],
        limited: Option<Instant>,
    ) -> PathFeedback {
        let (mut acknowledged, mut lost) = (Vec::with_capacity(reports.len()), Vec::new());
        let mut newest: Option<Instant> = None;
        let mut latest = self.reported;
        let mut landed = 0;
        for report in reports {
            let Some(sent) = self.find(report.seq) else {
                continue;
            };
            let Sent {
                at,
                bytes,
                probe,
                fate,
                ..
            } = *sent;
            if bytes == 0 || fate == Fate::Came {
                continue;
            }
            if fate == Fate::Unknown {
                landed += u64::from(bytes);
            }
            latest = latest.max(Some(at));
            match report.arrival {
                Some(arrival) => {
                    sent.fate = Fate::Came;
                    newest = newest.max(Some(at));
                    acknowledged.push(Acknowledged {
                        sent: at,
                        arrival,
                        bytes,
                        probe,
                    });
                }
                None if fate == Fate::Unknown => {
                    sent.fate = Fate::Lost;
                    lost.push(Lost {
                        sent: at,
                        bytes,
                        probe,
                    });
                }
                None => {}
            }
        }
        self.in_flight -= landed;
        self.reported = latest;
        self.forget(now);
        PathFeedback {
            at: now,
            round_trip: newest.map_or(Duration::ZERO, |at| now.saturating_duration_since(at)),
            acknowledged,
            lost,
            in_flight_bytes: self.in_flight,
            application_limited_since: limited,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: u32 = 1_200;

    fn came(seq: TransportSeq) -> Report {
        Report {
            seq,
            arrival: Some(Duration::from_millis(5)),
        }
    }

    fn lost(seq: TransportSeq) -> Report {
        Report { seq, arrival: None }
    }

    #[test]
    fn what_came_is_forgotten_and_what_was_lost_waits_a_while() {
        #[allow(clippy::disallowed_methods)] // the origin of virtual time
        let start = Instant::now();
        let mut history = History::default();
        let seqs: Vec<_> = (0..4).map(|_| history.add(start, BYTES, None)).collect();
        history.resolve(start, &[came(seqs[0]), lost(seqs[1]), came(seqs[2])], None);
        assert_eq!(history.sent.len(), 3, "the lost one, and what was sent after it");
        let late = history.resolve(start + LATE, &[came(seqs[1])], None);
        assert_eq!(late.acknowledged.len(), 1, "late, and taken back");
        assert_eq!((history.sent.len(), late.in_flight_bytes), (1, u64::from(BYTES)));
        let seq = history.add(start, BYTES, None);
        history.resolve(start, &[lost(seqs[3]), came(seq)], None);
        history.resolve(start + LATE + Duration::from_millis(1), &[], None);
        assert!(history.sent.is_empty());
        let again = history.resolve(start, &[came(seq), came(seqs[3])], None);
        assert!(again.acknowledged.is_empty(), "nobody knows them any more");
    }

    #[test]
    fn what_a_lost_report_was_about_does_not_stay_in_flight() {
        #[allow(clippy::disallowed_methods)] // the origin of virtual time
        let start = Instant::now();
        let mut history = History::default();
        let first: Vec<_> = (0..10).map(|_| history.add(start, BYTES, None)).collect();
        let reports: Vec<_> = [0, 1, 2, 3, 8, 9].map(|i| came(first[i])).to_vec();
        let feedback = history.resolve(start, &reports, None);
        assert_eq!(feedback.in_flight_bytes, 4 * u64::from(BYTES));
        let mut in_flight = Vec::new();
        for step in 1..=31 {
            let now = start + Duration::from_millis(100) * step;
            let seq = history.add(now, BYTES, None);
            in_flight.push(history.resolve(now, &[came(seq)], None).in_flight_bytes);
        }
        assert_eq!(in_flight[29], 4 * u64::from(BYTES), "after 3 s");
        assert_eq!((in_flight[30], history.sent.len()), (0, 0), "and then");
    }

    #[test]
    fn an_outage_is_bounded_and_leaves_no_memory_behind() {
        #[allow(clippy::disallowed_methods)] // the origin of virtual time
        let start = Instant::now();
        let mut history = History::default();
        let seqs: Vec<_> = (0..PACKETS + 10)
            .map(|_| history.add(start, BYTES, None))
            .collect();
        assert_eq!(history.sent.len(), PACKETS);
        assert_eq!(history.in_flight, PACKETS as u64 * u64::from(BYTES));
        let reports: Vec<_> = seqs.iter().map(|seq| came(*seq)).collect();
        let feedback = history.resolve(start, &reports, None);
        assert_eq!(
            (feedback.acknowledged.len(), feedback.in_flight_bytes),
            (PACKETS, 0)
        );
        assert!(history.sent.capacity() <= 2 * USUAL_PACKETS);
    }
}
