//! Which frames can be decoded: those whose references have been.

use super::stamp::Stamp;
use media::Source;

/// Frames before the newest one that are remembered.
const REMEMBERED: u32 = 64;

/// What a decoder holds.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    state: Option<State>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    encoding: (u32, Source, u8),
    newest: u32,
    /// Bit n: the frame n before the newest one was decoded.
    decoded: u64,
}

impl Decoder {
    fn has(&self, stamp: &Stamp, back: u8) -> bool {
        let Some(state) = self.state.filter(|state| state.encoding == encoding(stamp)) else {
            return false;
        };
        let age = state
            .newest
            .wrapping_sub(stamp.frame.wrapping_sub(u32::from(back)));
        age < REMEMBERED && state.decoded >> age & 1 == 1
    }

    /// Whether all that the frame refers to was decoded, and nothing later.
    pub(crate) fn takes(&self, stamp: &Stamp) -> bool {
        if stamp.keyframe {
            return true;
        }
        let refers = stamp.references.iter().filter(|back| **back > 0);
        let later = self
            .state
            .is_some_and(|state| stamp.frame.wrapping_sub(state.newest) as i32 > 0);
        later && stamp.references != [0; 2] && refers.clone().all(|back| self.has(stamp, *back))
    }

    /// Decodes a frame that it takes.
    pub(crate) fn decode(&mut self, stamp: &Stamp) {
        let former = self
            .state
            .filter(|state| !stamp.keyframe && state.encoding == encoding(stamp));
        let decoded = former.map_or(0, |state| {
            let steps = stamp.frame.wrapping_sub(state.newest);
            state.decoded.checked_shl(steps).unwrap_or(0)
        });
        self.state = Some(State {
            encoding: encoding(stamp),
            newest: stamp.frame,
            decoded: decoded | 1,
        });
    }
}

fn encoding(stamp: &Stamp) -> (u32, Source, u8) {
    (stamp.person, stamp.source, stamp.layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: u32, references: [u8; 2]) -> Stamp {
        Stamp {
            person: 1,
            source: Source::Camera,
            layer: 2,
            frame: number,
            keyframe: references == [0; 2],
            temporal: 0,
            references,
            part: 0,
            parts: 1,
            captured_us: 0,
        }
    }

    /// Which of these frames are decoded, one after the other.
    fn decoded(frames: &[(u32, [u8; 2])]) -> Vec<u32> {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        for (number, references) in frames {
            let stamp = frame(*number, *references);
            if decoder.takes(&stamp) {
                decoder.decode(&stamp);
                out.push(*number);
            }
        }
        out
    }

    #[test]
    fn a_frame_that_nothing_refers_to_may_be_missing() {
        // Frame 1, of temporal layer 2, did not come.
        let frames = [(0, [0, 0]), (2, [2, 0]), (3, [3, 1]), (4, [4, 0])];
        assert_eq!(decoded(&frames), [0, 2, 3, 4]);
    }

    #[test]
    fn what_refers_to_a_missing_frame_is_missing_too() {
        // Frame 2, of temporal layer 1, did not come; then 4, of the base.
        let frames = [
            (0, [0, 0]),
            (1, [1, 0]),
            (3, [3, 1]),
            (5, [1, 0]),
            (8, [4, 0]),
            (9, [0, 0]),
        ];
        assert_eq!(decoded(&frames), [0, 1, 9]);
    }

    #[test]
    fn another_layer_begins_with_a_keyframe() {
        let mut decoder = Decoder::default();
        decoder.decode(&frame(7, [0, 0]));
        let other = Stamp {
            layer: 1,
            ..frame(8, [1, 0])
        };
        assert!(!decoder.takes(&other));
        assert!(decoder.takes(&frame(8, [1, 0])));
    }
}
