//! Which packets of one stream are missing, and when to ask for them (generic NACK, RFC 4585 §6.2.1).

use media::{ExtendedSeq, SeqNo};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Round trip assumed until one is measured (libwebrtc's `NackRequester`: the same).
pub const DEFAULT_ROUND_TRIP: Duration = Duration::from_millis(100);
/// What publishers' packets may be late without being asked for. Longer repairs later, shorter asks for what an uneven
/// path has only reordered.
pub const REORDERING: Duration = Duration::from_millis(10);
/// Bounds of what is believed of a round trip. Below the first, jitter makes an answer look lost; a wrong measurement
/// above the second would leave a gap open until a keyframe closes it.
const ROUND_TRIP: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(1_000));
/// Added to the round trip before a packet is asked for again, and how much earlier one may be asked for together with
/// others. Longer: fewer messages on a thin link; shorter: a lost repair is repaired sooner (libwebrtc: 20 ms).
const BATCH: Duration = Duration::from_millis(20);
/// How often a packet is asked for (libwebrtc: the same). More may fill a thin link with requests.
const TRIES: u8 = 10;
/// A packet missing for longer is not asked for: subscribers have given it up, or a keyframe has made it worthless.
const OLDEST: Duration = Duration::from_millis(2_000);
/// A larger jump is a new stream, not loss; and the most that is missing at a time, of which the oldest are given up.
const MAX_GAPS: usize = 512;

/// The gaps of one stream. Told of every packet, it says which are to be asked for.
#[derive(Debug)]
pub struct Missing {
    /// Before the first request: so much later than its successor a packet may come without being asked for.
    patience: Duration,
    seqs: ExtendedSeq,
    gaps: BTreeMap<u64, Gap>,
    /// Not later than the next request.
    next: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Gap {
    since: Instant,
    ask_at: Instant,
    tries: u8,
}

impl Missing {
    /// For a new stream; `patience` is how long a packet that was overtaken is waited for.
    pub fn new(patience: Duration) -> Missing {
        Missing {
            patience,
            seqs: ExtendedSeq::new(),
            gaps: BTreeMap::new(),
            next: None,
        }
    }

    /// A packet came, by itself or as a retransmission. Returns its number, extended to 64 bits, and whether it came for
    /// the first time; for a number given up, `false`.
    pub fn handle_packet(&mut self, now: Instant, seq: SeqNo) -> (u64, bool) {
        let highest = self.seqs.highest();
        let number = self.seqs.extend(seq);
        let new = match highest {
            Some(highest) if number <= highest => self.gaps.remove(&number).is_some(),
            Some(highest) if number - highest <= MAX_GAPS as u64 => {
                self.open(now, highest + 1..number);
                true
            }
            Some(_) => {
                self.gaps.clear();
                true
            }
            None => true,
        };
        self.seqs.update(seq);
        (number, new)
    }

    fn open(&mut self, now: Instant, numbers: std::ops::Range<u64>) {
        if numbers.is_empty() {
            return;
        }
        let gap = Gap {
            since: now,
            ask_at: now + self.patience,
            tries: 0,
        };
        self.next = Some(self.next.map_or(gap.ask_at, |next| next.min(gap.ask_at)));
        self.gaps.extend(numbers.map(|number| (number, gap)));
        while self.gaps.len() > MAX_GAPS {
            self.gaps.pop_first();
        }
    }

    /// Numbers to ask for now, given how long an answer takes. What was asked for before is asked for again when the
    /// answer must have come, and a little earlier when others are asked for anyway.
    pub fn poll_due(&mut self, now: Instant, round_trip: Duration) -> Vec<SeqNo> {
        let mut due = Vec::new();
        if self.next.is_none_or(|next| next > now) {
            return due;
        }
        let again = now + round_trip.clamp(ROUND_TRIP.0, ROUND_TRIP.1) + BATCH;
        let mut next = None;
        self.gaps.retain(|number, gap| {
            let early = if gap.tries == 0 { Duration::ZERO } else { BATCH };
            if gap.ask_at <= now + early {
                if gap.tries >= TRIES || now.saturating_duration_since(gap.since) >= OLDEST {
                    return false;
                }
                due.push(SeqNo(*number as u16));
                (gap.ask_at, gap.tries) = (again, gap.tries + 1);
            }
            next = Some(next.map_or(gap.ask_at, |next: Instant| next.min(gap.ask_at)));
            true
        });
        self.next = next;
        due
    }

    /// When [`Self::poll_due`] may have something next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next
    }

    /// The highest number so far.
    pub fn highest(&self) -> Option<u64> {
        self.seqs.highest()
    }

    /// The stream has stopped: nothing of it is worth asking for.
    pub fn give_up(&mut self) {
        self.gaps.clear();
        self.next = None;
    }

    /// Whether the number is still hoped for.
    pub fn awaits(&self, number: u64) -> bool {
        self.gaps.contains_key(&number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Instant {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        Instant::now()
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// What is asked for from `from` to `to` milliseconds, and when.
    fn requests(missing: &mut Missing, t0: Instant, to: u64, round_trip: Duration) -> Vec<(u64, Vec<u16>)> {
        let mut requests = Vec::new();
        while let Some(at) = missing.poll_timeout().filter(|at| *at <= t0 + ms(to)) {
            let due = missing.poll_due(at, round_trip);
            if !due.is_empty() {
                let at = at.duration_since(t0).as_millis() as u64;
                requests.push((at, due.iter().map(|seq| seq.0).collect()));
            }
        }
        requests
    }

    #[test]
    fn a_packet_is_asked_for_once_in_a_round_trip_until_it_comes() {
        let t0 = start();
        let mut missing = Missing::new(ms(10));
        missing.handle_packet(t0, SeqNo(65_534));
        let (newest, _) = missing.handle_packet(t0, SeqNo(1));
        let asked = requests(&mut missing, t0, 700, ms(300));
        assert_eq!(
            asked,
            [
                (10, vec![65_535, 0]),
                (330, vec![65_535, 0]),
                (650, vec![65_535, 0])
            ]
        );
        assert_eq!(missing.handle_packet(t0 + ms(700), SeqNo(0)), (newest - 1, true));
        assert_eq!(missing.handle_packet(t0 + ms(701), SeqNo(0)), (newest - 1, false));
        assert_eq!(requests(&mut missing, t0, 1_000, ms(300)), [(970, vec![65_535])]);
    }

    #[test]
    fn a_packet_that_was_only_overtaken_is_not_asked_for() {
        let t0 = start();
        let mut missing = Missing::new(ms(10));
        for seq in [1, 3, 2] {
            missing.handle_packet(t0, SeqNo(seq));
        }
        assert!(requests(&mut missing, t0, 1_000, ms(50)).is_empty());
    }

    #[test]
    fn what_is_nearly_due_is_asked_for_together() {
        let t0 = start();
        let mut missing = Missing::new(Duration::ZERO);
        missing.handle_packet(t0, SeqNo(1));
        missing.handle_packet(t0, SeqNo(3));
        missing.poll_due(t0, ms(50));
        missing.handle_packet(t0 + ms(15), SeqNo(5));
        missing.poll_due(t0 + ms(15), ms(50));
        assert_eq!(requests(&mut missing, t0, 90, ms(50)), [(70, vec![2, 4])]);
    }

    #[test]
    fn it_is_given_up_after_ten_requests_or_two_seconds() {
        let t0 = start();
        for (round_trip, times) in [(ms(20), 10), (ms(480), 4)] {
            let mut missing = Missing::new(Duration::ZERO);
            missing.handle_packet(t0, SeqNo(1));
            missing.handle_packet(t0, SeqNo(3));
            assert_eq!(requests(&mut missing, t0, 10_000, round_trip).len(), times);
            assert!(missing.gaps.is_empty());
            assert_eq!(missing.poll_timeout(), None);
        }
    }

    #[test]
    fn of_a_stream_that_stopped_nothing_is_asked_for() {
        let t0 = start();
        let mut missing = Missing::new(Duration::ZERO);
        missing.handle_packet(t0, SeqNo(1));
        let (newest, _) = missing.handle_packet(t0, SeqNo(3));
        missing.give_up();
        assert_eq!(missing.poll_timeout(), None);
        assert!(!missing.awaits(newest - 1));
        // It goes on where it was.
        missing.handle_packet(t0, SeqNo(5));
        assert_eq!(requests(&mut missing, t0, 10, ms(50)), [(0, vec![4])]);
    }

    #[test]
    fn gaps_are_bounded_and_a_leap_is_a_new_stream() {
        let t0 = start();
        let mut missing = Missing::new(Duration::ZERO);
        missing.handle_packet(t0, SeqNo(0));
        missing.handle_packet(t0, SeqNo(400));
        missing.handle_packet(t0, SeqNo(800));
        let asked = missing.poll_due(t0, ms(100));
        assert_eq!(asked.len(), MAX_GAPS);
        assert_eq!(asked.last(), Some(&SeqNo(799)), "the oldest are given up");
        missing.handle_packet(t0, SeqNo(2_000));
        assert!(missing.poll_due(t0, ms(100)).is_empty());
        assert!(missing.gaps.is_empty());
    }
}
