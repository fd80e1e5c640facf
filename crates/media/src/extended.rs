//! Sequence numbers without the wrap.

use crate::unit::SeqNo;

/// Counts sequence numbers on, past 65535, so that old and new can be compared however long a stream lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExtendedSeq {
    highest: Option<u64>,
}

impl ExtendedSeq {
    /// Before the first packet.
    pub fn new() -> ExtendedSeq {
        ExtendedSeq::default()
    }

    /// The extended number of `seq`, taken as the one nearest to the highest so far; remembers the highest.
    pub fn update(&mut self, seq: SeqNo) -> u64 {
        let extended = self.extend(seq);
        self.highest = Some(self.highest.map_or(extended, |highest| highest.max(extended)));
        extended
    }

    /// As [`update`](Self::update), without remembering anything.
    pub fn extend(&self, seq: SeqNo) -> u64 {
        match self.highest {
            // One whole cycle in hand, so that what is older than the first packet has a number too.
            None => (1 << 16) + u64::from(seq.0),
            Some(highest) => highest.saturating_add_signed(i64::from(seq.distance(SeqNo(highest as u16)))),
        }
    }

    /// The highest number so far.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }
}
