//! A run of consecutive numbers moved onto another, leaving out what is dropped on purpose.

use std::collections::VecDeque;

/// Dropped numbers remembered. When full the oldest is forgotten, and nothing as old is numbered any more.
const MAX_SKIPPED: usize = 512;

/// Maps one run of source numbers to output numbers. What the source lost stays a gap; what was skipped
/// leaves none. Numbers are extended: they do not wrap.
#[derive(Debug)]
pub(crate) struct Numbering {
    /// Nothing before this is part of the run.
    first: u64,
    newest: u64,
    /// From source to output, for numbers after everything skipped.
    shift: i64,
    /// Ascending.
    skipped: VecDeque<u64>,
}

impl Numbering {
    /// The run that begins with `source`, which becomes `output`.
    pub(crate) fn new(source: u64, output: u64) -> Numbering {
        let shift = output.wrapping_sub(source).cast_signed();
        Numbering {
            first: source,
            newest: source,
            shift,
            skipped: VecDeque::new(),
        }
    }

    /// The output number; `None` before the run, and for what was skipped.
    pub(crate) fn output(&mut self, source: u64) -> Option<u64> {
        if source < self.first {
            return None;
        }
        self.newest = self.newest.max(source);
        let mut later = 0;
        for &skipped in self.skipped.iter().rev() {
            if skipped == source {
                return None;
            }
            if skipped < source {
                break;
            }
            later += 1;
        }
        source.checked_add_signed(self.shift + later)
    }

    /// The source number that has, or would have, this output number.
    pub(crate) fn source(&self, output: u64) -> Option<u64> {
        let mut source = output.checked_sub_signed(self.shift)?;
        for &skipped in self.skipped.iter().rev() {
            if source > skipped {
                break;
            }
            source = source.checked_sub(1)?;
        }
        (source >= self.first).then_some(source)
    }

    /// Drop a number on purpose. Only what is newer than everything else can be left out without a gap; an
    /// older number keeps its place, empty.
    pub(crate) fn skip(&mut self, source: u64) {
        if source <= self.newest {
            return;
        }
        self.newest = source;
        self.shift -= 1;
        if self.skipped.len() == MAX_SKIPPED
            && let Some(forgotten) = self.skipped.pop_front()
        {
            self.first = forgotten + 1;
        }
        self.skipped.push_back(source);
    }
}
