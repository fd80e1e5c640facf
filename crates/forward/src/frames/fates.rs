//! What became of the last frames, and the numbers they have in the slot.

use media::{ExtendedSeq, SeqNo};

/// Frames whose fate is remembered: at 90 a second (three simulcast layers count together) 11 s. A frame that refers to
/// older ones does not pass; encoders refer to the last dozen.
const MEMORY: u64 = 1024;
const WORDS: usize = MEMORY as usize / 64;

/// A set of the last frames, by their number modulo [`MEMORY`].
type Set = [u64; WORDS];

/// Remembers frames from one at which decoding began.
#[derive(Debug, Default)]
pub(super) struct Fates {
    numbers: ExtendedSeq,
    /// Nothing before it was sent.
    first: Option<u64>,
    passed: Set,
    left_out: Set,
    /// From the publisher's numbers to the slot's. Frames left out leave gaps: references are differences.
    shift: u16,
    /// The slot's number for the first frame.
    next: u16,
}

impl Fates {
    /// Forget all frames; the slot's numbers go on.
    pub(super) fn restart(&mut self) {
        let newest = self.numbers.highest();
        *self = Self {
            next: newest.map_or(self.next, |newest| self.output(newest as u16).wrapping_add(1)),
            ..Self::default()
        };
    }

    /// The slot's number for a frame.
    pub(super) fn output(&self, number: u16) -> u16 {
        number.wrapping_add(self.shift)
    }

    /// The frame number without the wrap.
    pub(super) fn extend(&self, number: u16) -> u64 {
        self.numbers.extend(SeqNo(number))
    }

    /// Whether a frame is newer than all that were noted.
    pub(super) fn is_newest(&self, frame: u64) -> bool {
        self.numbers.highest().is_none_or(|newest| frame > newest)
    }

    /// Whether a frame passed; `None` while that is open.
    pub(super) fn passed(&self, frame: u64) -> Option<bool> {
        if self.is_newest(frame) {
            // Its place may hold a frame from rounds ago.
            return None;
        }
        if self.is_out_of_reach(frame) || contains(&self.left_out, frame) {
            return Some(false);
        }
        contains(&self.passed, frame).then_some(true)
    }

    /// Whether nobody will get this frame.
    pub(super) fn is_left_out(&self, frame: u64) -> bool {
        self.passed(frame) == Some(false)
    }

    /// Remember a frame's fate.
    pub(super) fn note(&mut self, frame: u64, passes: bool) {
        if self.first.is_none() {
            self.first = Some(frame);
            self.shift = self.next.wrapping_sub(frame as u16);
        }
        if self.is_newest(frame) {
            let newest = self.numbers.highest().unwrap_or(frame);
            let forgotten = (newest + 1).max((frame + 1).saturating_sub(MEMORY))..=frame;
            for frame in forgotten {
                remove(&mut self.passed, frame);
                remove(&mut self.left_out, frame);
            }
            self.numbers.update(SeqNo(frame as u16));
        }
        insert(
            if passes {
                &mut self.passed
            } else {
                &mut self.left_out
            },
            frame,
        );
    }

    fn is_out_of_reach(&self, frame: u64) -> bool {
        let early = self.first.is_some_and(|first| frame < first);
        early
            || self
                .numbers
                .highest()
                .is_some_and(|newest| frame + MEMORY <= newest)
    }
}

fn place(frame: u64) -> (usize, u64) {
    ((frame % MEMORY / 64) as usize, 1 << (frame % 64))
}

fn contains(set: &Set, frame: u64) -> bool {
    let (word, bit) = place(frame);
    set.get(word).is_some_and(|word| word & bit != 0)
}

fn insert(set: &mut Set, frame: u64) {
    let (word, bit) = place(frame);
    if let Some(word) = set.get_mut(word) {
        *word |= bit;
    }
}

fn remove(set: &mut Set, frame: u64) {
    let (word, bit) = place(frame);
    if let Some(word) = set.get_mut(word) {
        *word &= !bit;
    }
}
