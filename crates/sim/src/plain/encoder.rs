//! One encoding of a camera or screen: how large its frames are, and which pictures it leaves out.

use super::content::{Content, Picture, Spread};
use super::temporal::{Pattern, Place};
use link::Rng;

/// Sizes of frames of temporal layer 0 and of those above it, in frames' worth of the rate, for 180p, 360p and 720p.
/// libwebrtc gives the layers 40, 20 and 40 % of the rate. From `talking_head.csv` up to second 47, where its video
/// begins anew.
const TALKING_HEAD: [[Spread; 2]; 3] = [
    [Spread::new(1.56, 0.30, 0.26), Spread::new(0.80, 0.60, 0.36)],
    [Spread::new(1.52, 0.56, 0.38), Spread::new(0.80, 0.58, 0.36)],
    [Spread::new(1.60, 0.23, 0.16), Spread::new(0.80, 0.42, 0.29)],
];
/// From the first 9 s of `motion.csv`, and for 720p as for 360p: there the least it can take is what it takes.
const MOTION: [[Spread; 2]; 3] = [
    [Spread::new(1.52, 0.19, 0.22), Spread::new(0.78, 0.25, 0.25)],
    [Spread::new(1.56, 0.21, 0.19), Spread::new(0.79, 0.18, 0.19)],
    [Spread::new(1.56, 0.21, 0.19), Spread::new(0.79, 0.18, 0.19)],
];
/// What a frame of temporal layers 0, 1 and 2 takes at least, of what its picture does, and how that scatters
/// (`motion.csv`, 720p: medians of 4.18, 2.82 and 2.39 frames' worth).
const LEAST: [Spread; 3] = [
    Spread::new(1.38, 0.22, 0.32),
    Spread::new(1.03, 0.25, 0.28),
    Spread::new(0.96, 0.25, 0.30),
];
/// The least of 180p and 360p as a share of 720p's (`motion.csv`: 360p leaves frames out only in the last third of the
/// zoom, 180p never).
const LEAST_AT: [f64; 3] = [0.010, 0.066, 1.0];
/// A keyframe takes so many frames' worth of the rate: libwebrtc's bound (`MaxIntraTarget`: half of a buffer of 600 ms,
/// at 30 frames a second 900 %), which pictures of a camera use up, whatever their height. The recordings hold none.
const KEYFRAME: Spread = Spread::new(8.6, 0.05, 0.03);
/// It takes at least so many times what a frame of temporal layer 0 does.
const KEYFRAME_LEAST: f64 = 2.0;
/// A whole screen (`screen.csv`: 146 to 149 kB when a slide gives way).
const SCREEN_KEYFRAME: f64 = 148_000.0;
/// Each frame's worth that is owed makes the next frames smaller by this share, down to and up to these.
const REPAY: f64 = 0.08;
const REPAY_WITHIN: (f64, f64) = (0.45, 1.25);
/// Pictures are left out while more is owed: libwebrtc's buffer of 600 ms drops below 30 %, which is 420 ms after it was
/// full. From there it is chance, fitted to the intervals of 720p in `motion.csv`.
const OWED_MOST: f64 = 11.0;
const OWED_MORE: f64 = 9.0;
/// What has been saved counts up to this (libwebrtc's buffer holds 1,000 ms, of which 600 are what it aims at).
const SAVED_MOST: f64 = 12.0;
/// No frame is smaller.
const FRAME_LEAST: f64 = 60.0;

/// What an encoder makes of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Encoded {
    pub(crate) bytes: usize,
    pub(crate) keyframe: bool,
    pub(crate) place: Place,
}

/// One encoding.
#[derive(Debug)]
pub(crate) struct Encoder {
    content: Content,
    layer: usize,
    /// Bytes of a frame at the rate.
    worth: f64,
    fps: f64,
    pattern: Pattern,
    rng: Rng,
    /// What was sent too much, in frames' worth.
    owed: f64,
    /// What may be owed at the next picture.
    may_owe: f64,
}

impl Encoder {
    /// Layers are counted from 0 (180p); a screen has one.
    pub(crate) fn new(content: Content, layer: usize, bps: u64, fps: u32, seed: u64) -> Self {
        let mut encoder = Self {
            content,
            layer,
            worth: 1.0,
            fps: f64::from(fps.max(1)),
            pattern: Pattern::new(content != Content::Screen),
            rng: Rng::new(seed),
            owed: 0.0,
            may_owe: OWED_MOST,
        };
        encoder.set_rate(bps);
        encoder
    }

    pub(crate) fn set_rate(&mut self, bps: u64) {
        let worth = bps as f64 / 8.0 / self.fps;
        self.owed *= self.worth / worth.max(1.0);
        self.worth = worth.max(1.0);
    }

    /// It was switched off: nothing is owed when it begins again.
    pub(crate) fn reset(&mut self) {
        self.owed = 0.0;
    }

    /// The frame of a picture; `None` when it is left out.
    pub(crate) fn encode(&mut self, picture: &Picture, keyframe: bool) -> Option<Encoded> {
        let temporal = self.pattern.advance();
        let bytes = if self.content == Content::Screen {
            if keyframe {
                picture.least.max(SCREEN_KEYFRAME)
            } else {
                picture.least
            }
        } else {
            self.owed = (self.owed - 1.0).max(-SAVED_MOST);
            if self.owed > self.may_owe && !keyframe {
                return None;
            }
            self.camera_frame(picture, temporal, keyframe)
        };
        Some(Encoded {
            bytes: bytes.max(FRAME_LEAST) as usize,
            keyframe,
            place: self.pattern.encoded(keyframe),
        })
    }

    fn camera_frame(&mut self, picture: &Picture, temporal: u8, keyframe: bool) -> f64 {
        let sizes = if self.content == Content::Motion {
            &MOTION
        } else {
            &TALKING_HEAD
        };
        let at = self.layer.min(sizes.len() - 1);
        let above = usize::from(temporal > 0);
        let least = picture.least * LEAST_AT[at];
        let size = if keyframe {
            let least = least * KEYFRAME_LEAST * LEAST[0].draw(&mut self.rng) / self.worth;
            KEYFRAME.draw(&mut self.rng).max(least)
        } else {
            let repay = (1.0 - REPAY * self.owed).clamp(REPAY_WITHIN.0, REPAY_WITHIN.1);
            let least = least * LEAST[usize::from(temporal).min(2)].draw(&mut self.rng) / self.worth;
            (repay * sizes[at][above].draw(&mut self.rng)).max(least)
        };
        self.owed += size;
        let chance = self.rng.unit();
        self.may_owe = OWED_MOST + OWED_MORE * chance * chance;
        size * self.worth
    }

    /// A frame of a recording takes its place among those of this encoding.
    pub(crate) fn place(&mut self, temporal: u8, keyframe: bool) -> Place {
        self.pattern.advance_to(temporal);
        self.pattern.encoded(keyframe)
    }

    /// What a keyframe takes at this rate.
    pub(crate) fn keyframe_bytes(&mut self) -> usize {
        match self.content {
            Content::Screen => SCREEN_KEYFRAME as usize,
            _ => (KEYFRAME.draw(&mut self.rng) * self.worth) as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Bits and frames of some seconds of pictures whose frames take at least so many bytes at 720p.
    fn seconds(encoder: &mut Encoder, count: u32, least: f64) -> (f64, usize) {
        let picture = Picture {
            after: Duration::ZERO,
            late: Duration::ZERO,
            least,
        };
        let frames = (0..30 * count).filter_map(|_| encoder.encode(&picture, false));
        let sizes: Vec<f64> = frames.map(|frame| frame.bytes as f64 * 8.0).collect();
        (sizes.iter().sum(), sizes.len())
    }

    #[test]
    fn a_lower_rate_is_followed_with_smaller_frames() {
        let mut encoder = Encoder::new(Content::TalkingHead, 2, 1_700_000, 30, 1);
        seconds(&mut encoder, 5, 0.0);
        encoder.set_rate(800_000);
        let (bits, frames) = seconds(&mut encoder, 2, 0.0);
        assert!((1_400_000.0..1_800_000.0).contains(&bits), "{bits} bits in 2 s");
        assert_eq!(frames, 60);
    }

    #[test]
    fn where_frames_cannot_be_smaller_there_are_fewer() {
        let mut encoder = Encoder::new(Content::Motion, 2, 1_700_000, 30, 1);
        seconds(&mut encoder, 5, 10_000.0);
        let (_, before) = seconds(&mut encoder, 5, 10_000.0);
        encoder.set_rate(800_000);
        seconds(&mut encoder, 5, 10_000.0);
        let (bits, after) = seconds(&mut encoder, 5, 10_000.0);
        assert!((3_600_000.0..4_400_000.0).contains(&bits), "{bits} bits in 5 s");
        assert!(after * 5 < before * 3, "{before} frames, then {after}");
    }
}
