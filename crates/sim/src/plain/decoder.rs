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
