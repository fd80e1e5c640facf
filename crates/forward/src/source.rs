//! Where a packet stands in its publisher's numbering, and when that numbering started anew.

use media::{ExtendedSeq, SeqNo};

/// Packets a stream may jump ahead before it counts as restarted (MAX_DROPOUT of RFC 3550, appendix A.1).
const MAX_DROPOUT: u64 = 3000;

/// What a sequence number is, compared with those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The highest so far, without the wrap.
    Newest(u64),
    /// Not the highest, but within reach.
    Older(u64),
    /// Out of reach behind: a very late packet, or the first of a restarted stream.
    Stray,
    /// Far ahead, or the second packet in a row out of reach behind: the stream has restarted with this
    /// number. (Packets are authenticated, so none is far ahead by accident.)
    Restart(u64),
}

/// Follows one stream's sequence numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceSeq {
    seqs: ExtendedSeq,
    /// What a restarted stream would go on with.
    expected_after_stray: Option<SeqNo>,
}

impl SourceSeq {
    /// Place the next number; `reach` is how far behind the highest a packet is still of use.
    pub(crate) fn place(&mut self, seq: SeqNo, reach: u64) -> Place {
        let extended = self.seqs.extend(seq);
        let Some(highest) = self.seqs.highest() else {
            return Place::Newest(self.seqs.update(seq));
        };
        let far_ahead = extended > highest + MAX_DROPOUT;
        if !far_ahead && extended + reach > highest {
            let newest = extended > highest;
            return if newest {
                Place::Newest(self.seqs.update(seq))
            } else {
                Place::Older(extended)
            };
        }
        if !far_ahead && self.expected_after_stray != Some(seq) {
            self.expected_after_stray = Some(seq.advance(1));
            return Place::Stray;
        }
        self.expected_after_stray = None;
        self.seqs = ExtendedSeq::new();
        Place::Restart(self.seqs.update(seq))
    }

    /// The extended number of a sequence number near the highest.
    pub(crate) fn extend(&self, seq: SeqNo) -> u64 {
        self.seqs.extend(seq)
    }

    /// The highest number so far.
    pub(crate) fn highest(&self) -> Option<u64> {
        self.seqs.highest()
    }
}
