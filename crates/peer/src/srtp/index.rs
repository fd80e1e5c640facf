//! Packet indices: the 16 bits of a sequence number, and the rollovers that both ends count (RFC 3711 §3.3.1).

/// Indices remembered below the highest.
const WINDOW: u64 = 512;
const WORDS: usize = (WINDOW / 64) as usize;

/// Which of the latest packet indices have been used (RFC 3711 §3.3.2).
#[derive(Debug, Clone)]
pub(crate) struct ReplayWindow {
    highest: u64,
    /// Bit `index % WINDOW`, of the indices from `highest` down.
    used: [u64; WORDS],
}

impl ReplayWindow {
    /// Only this index has been used.
    pub(crate) fn new(index: u64) -> Self {
        let mut window = Self {
            highest: index,
            used: [0; WORDS],
        };
        window.mark(index);
        window
    }

    /// The index a sequence number most likely means: the one nearest to the highest. `None` when that was used, is
    /// too old to tell, or lies before the first rollover.
    pub(crate) fn check(&self, seq: u16) -> Option<u64> {
        let step = seq.wrapping_sub(self.highest as u16).cast_signed();
        let index = self.highest.checked_add_signed(step.into())?;
        self.is_unused(index).then_some(index)
    }

    /// Whether the index has certainly not been used.
    pub(crate) fn is_unused(&self, index: u64) -> bool {
        index > self.highest || (self.highest - index < WINDOW && !self.is_marked(index))
    }

    /// The index has been used; one that [`check`](Self::check) gave.
    pub(crate) fn accept(&mut self, index: u64) {
        if index > self.highest {
            if index - self.highest >= WINDOW {
                self.used = [0; WORDS];
            } else {
                (self.highest + 1..index).for_each(|skipped| *self.word(skipped) &= !bit(skipped));
            }
            self.highest = index;
        }
        self.mark(index);
    }

    fn mark(&mut self, index: u64) {
        *self.word(index) |= bit(index);
    }

    fn is_marked(&self, index: u64) -> bool {
        self.used
            .get((index % WINDOW / 64) as usize)
            .is_some_and(|word| word & bit(index) != 0)
    }

    fn word(&mut self, index: u64) -> &mut u64 {
        // The remainder is below the number of words, which is not 0.
        let at = (index % WINDOW / 64) as usize % WORDS;
        &mut self.used[at]
    }
}

fn bit(index: u64) -> u64 {
    1 << (index % 64)
}

/// The indices of what is sent on one SSRC.
#[derive(Debug, Clone, Default)]
pub(crate) struct SendIndex {
    window: Option<ReplayWindow>,
}

impl SendIndex {
    /// The index to encrypt a packet with. `None` when a packet with that number was encrypted before, or it is too old to
    /// tell: the same index twice gives away the authentication key (RFC 7714 §8.4).
    pub(crate) fn claim(&mut self, seq: u16) -> Option<u64> {
        let Some(window) = &mut self.window else {
            let index = u64::from(seq);
            self.window = Some(ReplayWindow::new(index));
            return Some(index);
        };
        let index = window.check(seq)?;
        window.accept(index);
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_go_on_past_their_wrap_and_back_again() {
        let mut index = SendIndex::default();
        assert_eq!(index.claim(65_534), Some(65_534));
        assert_eq!(index.claim(1), Some(65_537));
        assert_eq!(index.claim(65_535), Some(65_535), "late, of the cycle before");
        assert_eq!(index.claim(0), Some(65_536));
    }

    #[test]
    fn what_would_lie_before_the_first_packet_of_all_has_no_index() {
        let mut index = SendIndex::default();
        assert_eq!(index.claim(3), Some(3));
        assert_eq!(index.claim(65_535), None);
        assert_eq!(index.claim(2), Some(2));
    }

    #[test]
    fn no_index_twice_and_none_from_behind_the_window() {
        let mut index = SendIndex::default();
        assert_eq!(index.claim(1_000), Some(1_000));
        assert_eq!(index.claim(1_000), None);
        assert_eq!(index.claim(1_511), Some(1_511));
        assert_eq!(index.claim(1_000), None, "seen, and just inside the window");
        assert_eq!(index.claim(999), None, "behind it");
        assert_eq!(index.claim(1_001), Some(1_001));
    }

    proptest! {
        /// However numbers jump, no index is given twice.
        #[test]
        fn indices_are_unique(start: u16, steps in proptest::collection::vec(-700i32..700, 1..400)) {
            let mut index = SendIndex::default();
            let mut given = BTreeSet::new();
            let mut seq = start;
            for step in steps {
                seq = seq.wrapping_add_signed(i16::try_from(step).unwrap());
                if let Some(index) = index.claim(seq) {
                    prop_assert_eq!(index as u16, seq);
                    prop_assert!(given.insert(index));
                }
            }
        }
    }
}
