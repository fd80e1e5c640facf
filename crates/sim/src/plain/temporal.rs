//! The temporal layers of Chromium's VP8 encodings (L1T3), and which frames refer to which.

/// Temporal id at each place of the pattern (libwebrtc's `DefaultTemporalLayers`, three layers).
const IDS: [u8; 8] = [0, 2, 1, 2, 0, 2, 1, 2];
/// Places where a frame may also refer to the last frame of layer 1, if the pattern has had one. Frames at the others,
/// where they are above layer 0, refer to layer 0 alone: a receiver may begin with their layer there (Y bit).
const REFERS_TO_MIDDLE: [bool; 8] = [false, false, false, true, false, true, true, true];

/// Where a frame stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    /// Temporal id; `None`: the encoding has no temporal layers.
    pub(crate) temporal: Option<u8>,
    /// A keyframe, or above layer 0 and refers to layer 0 alone.
    pub(crate) sync: bool,
    /// Frames of layer 0 so far.
    pub(crate) tl0: u8,
    /// How many frames of this encoding back the ones are that it refers to; 0: none.
    pub(crate) references: [u8; 2],
}

/// Counts the frames of one encoding.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    layered: bool,
    at: usize,
    frames: u32,
    tl0: u8,
    /// Numbers of the last frame of layer 0, and of that of layer 1 since the pattern began.
    base: u32,
    middle: Option<u32>,
}

impl Pattern {
    pub(crate) fn new(layered: bool) -> Self {
        Self {
            layered,
            at: 0,
            frames: 0,
            tl0: 0,
            base: 0,
            middle: None,
        }
    }

    /// The next picture's temporal id, if it is no keyframe. Pictures that the encoder leaves out count as well.
    pub(crate) fn advance(&mut self) -> u8 {
        self.at = (self.at + 1) % IDS.len();
        if self.at == 0 {
            self.middle = None;
        }
        self.id()
    }

    /// The same up to a picture with this temporal id, for frames whose places are not known.
    pub(crate) fn advance_to(&mut self, temporal: u8) {
        for _ in 0..IDS.len() {
            if self.advance() == temporal {
                return;
            }
        }
    }

    fn id(&self) -> u8 {
        IDS.get(self.at).copied().unwrap_or(0)
    }

    /// The picture has become a frame.
    pub(crate) fn encoded(&mut self, keyframe: bool) -> Place {
        if keyframe {
            (self.at, self.middle) = (0, None);
        }
        let number = self.frames;
        self.frames = self.frames.wrapping_add(1);
        let back = |to: u32| u8::try_from(number.wrapping_sub(to)).unwrap_or(u8::MAX);
        let refers = self.layered && REFERS_TO_MIDDLE.get(self.at) == Some(&true);
        let middle = self.middle.filter(|_| refers);
        let base = if keyframe { 0 } else { back(self.base) };
        let id = if self.layered { self.id() } else { 0 };
        match id {
            0 => {
                self.base = number;
                self.tl0 = self.tl0.wrapping_add(1);
            }
            1 => self.middle = Some(number),
            _ => {}
        }
        Place {
            temporal: self.layered.then_some(id),
            sync: self.layered && (keyframe || id > 0 && middle.is_none()),
            tl0: self.tl0,
            references: [base, middle.map_or(0, back)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(pattern: &mut Pattern, count: usize) -> Vec<(u8, bool, [u8; 2])> {
        let place = |_| {
            pattern.advance();
            let place = pattern.encoded(false);
            (place.temporal.unwrap_or(9), place.sync, place.references)
        };
        (0..count).map(place).collect()
    }

    #[test]
    fn frames_refer_as_libwebrtc_has_them_refer() {
        let mut pattern = Pattern::new(true);
        pattern.encoded(true);
        // Its table of dependencies: {4}, {0}, {0}, {0, 2}, {0}, {2, 4}, {2, 4}, {4, 6}.
        let expected = [
            (2, true, [1, 0]),
            (1, true, [2, 0]),
            (2, false, [3, 1]),
            (0, false, [4, 0]),
            (2, false, [1, 3]),
            (1, false, [2, 4]),
            (2, false, [3, 1]),
            (0, false, [4, 0]),
        ];
        assert_eq!(places(&mut pattern, 8), expected);
    }

    #[test]
    fn nothing_refers_to_a_picture_that_was_left_out() {
        let mut pattern = Pattern::new(true);
        pattern.encoded(true);
        assert_eq!(places(&mut pattern, 1), [(2, true, [1, 0])]);
        assert_eq!(pattern.advance(), 1);
        assert_eq!(places(&mut pattern, 1), [(2, true, [2, 0])]);
    }

    #[test]
    fn without_layers_each_frame_refers_to_the_last() {
        let mut pattern = Pattern::new(false);
        pattern.encoded(true);
        assert_eq!(places(&mut pattern, 3), [(9, false, [1, 0]); 3]);
    }
}
