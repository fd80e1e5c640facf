//! Which packets of a stream are missing, and when to ask for them: a small NACK generator for both ends.

use media::{ExtendedSeq, SeqNo};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Between two requests for the same packet.
const RETRY: Duration = Duration::from_millis(60);
/// How often a packet is asked for.
const TRIES: u8 = 10;
/// A larger jump is a new stream, not loss.
const MAX_GAP: u64 = 500;

/// The gaps of one stream.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    seqs: ExtendedSeq,
    gaps: BTreeMap<u64, (Instant, u8)>,
}

impl Missing {
    /// A packet came. Returns its extended number, and whether it is new.
    pub(crate) fn arrived(&mut self, now: Instant, seq: SeqNo) -> (u64, bool) {
        let highest = self.seqs.highest();
        let number = self.seqs.extend(seq);
        self.seqs.update(seq);
        let new = match highest {
            Some(highest) if number <= highest => self.gaps.remove(&number).is_some(),
            Some(highest) if number - highest <= MAX_GAP => {
                self.gaps.extend((highest + 1..number).map(|gap| (gap, (now, 0))));
                true
            }
            _ => true,
        };
        (number, new)
    }

    /// Numbers to ask for now.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<SeqNo> {
        let mut due = Vec::new();
        self.gaps.retain(|number, (at, tries)| {
            if *at <= now {
                if *tries >= TRIES {
                    return false;
                }
                due.push(SeqNo(*number as u16));
                (*at, *tries) = (now + RETRY, *tries + 1);
            }
            true
        });
        due
    }

    /// When [`Self::due`] has something next.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.gaps.values().map(|(at, _)| *at).min()
    }

    /// Whether the number is still hoped for.
    pub(crate) fn awaits(&self, number: u64) -> bool {
        self.gaps.contains_key(&number)
    }
}
