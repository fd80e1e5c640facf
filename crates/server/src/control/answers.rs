//! The last answers of one participant: a request repeated after a lost connection gets the same answer again.

use axum::extract::ws::Utf8Bytes;
use std::collections::VecDeque;

/// Answers kept for one participant. More cover longer gaps and cost memory.
const ANSWERS: usize = 32;
/// Bytes kept for one participant, whatever their number: an SDP answer can have 60 KB. The newest is always kept.
const ANSWER_BYTES: usize = 256 * 1024;

/// A request, as far as telling it from others needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestKey {
    /// The client's number.
    pub(crate) id: u32,
    /// Hash of its text.
    pub(crate) fingerprint: u64,
}

/// An answer as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The message's type.
    pub(crate) kind: &'static str,
    /// The JSON.
    pub(crate) text: Utf8Bytes,
}

#[derive(Debug, Default)]
pub(crate) struct Answers {
    kept: VecDeque<(RequestKey, Answer)>,
    bytes: usize,
}

impl Answers {
    pub(crate) fn find(&self, key: RequestKey) -> Option<&Answer> {
        self.kept
            .iter()
            .find(|(kept, _)| *kept == key)
            .map(|(_, answer)| answer)
    }

    pub(crate) fn keep(&mut self, key: RequestKey, answer: Answer) {
        self.bytes += answer.text.len();
        self.kept.push_back((key, answer));
        while self.kept.len() > 1 && (self.kept.len() > ANSWERS || self.bytes > ANSWER_BYTES) {
            if let Some((_, oldest)) = self.kept.pop_front() {
                self.bytes -= oldest.text.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: u32) -> RequestKey {
        RequestKey { id, fingerprint: 0 }
    }

    fn answer(bytes: usize) -> Answer {
        Answer {
            kind: "ok",
            text: "x".repeat(bytes).into(),
        }
    }

    #[test]
    fn the_last_32_are_kept() {
        let mut answers = Answers::default();
        (0..40).for_each(|id| answers.keep(key(id), answer(10)));
        assert!(answers.find(key(7)).is_none());
        assert!(answers.find(key(8)).is_some());
        assert!(
            answers
                .find(RequestKey {
                    id: 8,
                    fingerprint: 1
                })
                .is_none()
        );
    }

    #[test]
    fn large_answers_push_others_out_but_the_newest_stays() {
        let mut answers = Answers::default();
        (0..5).for_each(|id| answers.keep(key(id), answer(100_000)));
        assert!(answers.find(key(2)).is_none());
        assert!(answers.find(key(3)).is_some());
        answers.keep(key(5), answer(1_000_000));
        assert!(answers.find(key(4)).is_none());
        assert!(answers.find(key(5)).is_some());
    }
}
