//! What was sent when, until the far end has reported on it.

use crate::feedback::{Acknowledged, Lost, PathFeedback, Probe, Report, TransportSeq};
use std::time::{Duration, Instant};

/// Packets remembered: 8 s at 1,000 packets a second. Fewer: a long outage is counted wrongly; each costs 48 bytes.
const PACKETS: usize = 8_192;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Unknown,
    Lost,
    Came,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    number: u64,
    at: Instant,
    bytes: u32,
    probe: Option<Probe>,
    fate: Fate,
}

/// Send times by transport-wide number.
#[derive(Debug, Default)]
pub(super) struct History {
    /// By number modulo [`PACKETS`]; grows to that size and stays.
    sent: Vec<Option<Sent>>,
    next: u64,
    in_flight: u64,
}

impl History {
    pub(super) fn next_seq(&self) -> TransportSeq {
        TransportSeq(self.next as u16)
    }

    /// A packet leaves now; its number.
    pub(super) fn add(&mut self, at: Instant, bytes: u32, probe: Option<Probe>) -> TransportSeq {
        let seq = self.next_seq();
        let index = self.next as usize % PACKETS;
        if index >= self.sent.len() {
            self.sent.resize(index + 1, None);
        }
        let sent = Sent {
            number: self.next,
            at,
            bytes,
            probe,
            fate: Fate::Unknown,
        };
        if let Some(place) = self.sent.get_mut(index)
            && let Some(gone) = place.replace(sent)
            && gone.fate == Fate::Unknown
        {
            self.in_flight -= u64::from(gone.bytes);
        }
        self.in_flight += u64::from(bytes);
        self.next += 1;
        seq
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
        let number = self.next.checked_sub(1 + u64::from(behind))?;
        let sent = self.sent.get_mut(number as usize % PACKETS)?.as_mut()?;
        (sent.number == number).then_some(sent)
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
