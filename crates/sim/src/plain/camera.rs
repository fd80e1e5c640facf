//! A camera or screen with its encoders: which frames leave when.

use super::content::{Content, Picture, Scene};
use super::encoder::{Encoded, Encoder};
use super::recording::Replay;
use std::time::Duration;

/// What is wanted of a layer's next frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Nothing,
    Frame,
    Keyframe,
}

/// The frames of one picture.
#[derive(Debug)]
pub(crate) struct Shot {
    /// Since the camera was switched on.
    pub(crate) captured: Duration,
    pub(crate) frames: [Option<Encoded>; 3],
}

#[derive(Debug)]
enum Material {
    Model(Scene, Picture),
    Recorded(Replay),
}

#[derive(Debug)]
pub(crate) struct Camera {
    material: Material,
    encoders: Vec<Encoder>,
    /// The rates the recording was made with, against those wanted now.
    full: Vec<u64>,
    rates: Vec<u64>,
    captured: Duration,
    due: Duration,
}

impl Camera {
    /// Layers at these rates in bits per second; `recorded`: the frames of the recording instead of the model's.
    pub(crate) fn new(content: Content, rates: &[u64], fps: u32, recorded: bool, random: u64) -> Self {
        let encoder = |(layer, bps): (usize, &u64)| {
            let seed = random
                .wrapping_add(layer as u64 + 1)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15);
            Encoder::new(content, layer, *bps, fps, seed)
        };
        let material = if recorded {
            Material::Recorded(Replay::new(content, random >> 7))
        } else {
            let mut scene = Scene::new(content, fps, random);
            let first = scene.next_picture();
            Material::Model(scene, first)
        };
        let due = match &material {
            Material::Model(_, first) => first.late,
            Material::Recorded(replay) => replay.due(),
        };
        Self {
            material,
            encoders: rates.iter().enumerate().map(encoder).collect(),
            full: rates.to_vec(),
            rates: rates.to_vec(),
            captured: Duration::ZERO,
            due,
        }
    }

    /// When the next frames leave the encoders, since the camera was switched on.
    pub(crate) fn due(&self) -> Duration {
        self.due
    }

    pub(crate) fn set_rate(&mut self, layer: usize, bps: u64) {
        if let (Some(rate), Some(encoder)) = (self.rates.get_mut(layer), self.encoders.get_mut(layer))
            && *rate != bps
        {
            *rate = bps;
            encoder.set_rate(bps);
        }
    }

    /// The frames that are due.
    pub(crate) fn shoot(&mut self, wanted: [Wanted; 3]) -> Shot {
        match &mut self.material {
            Material::Model(scene, picture) => {
                let (shown, captured) = (*picture, self.captured);
                *picture = scene.next_picture();
                self.captured += picture.after;
                self.due = self.due.max(self.captured + picture.late);
                let mut frames = [None; 3];
                for ((frame, encoder), wanted) in frames.iter_mut().zip(&mut self.encoders).zip(wanted) {
                    match wanted {
                        Wanted::Nothing => encoder.reset(),
                        Wanted::Frame => *frame = encoder.encode(&shown, false),
                        Wanted::Keyframe => *frame = encoder.encode(&shown, true),
                    }
                }
                Shot { captured, frames }
            }
            Material::Recorded(replay) => {
                let captured = replay.due();
                let recorded = replay.take();
                self.due = replay.due();
                let mut frames = [None; 3];
                for (layer, (frame, encoder)) in frames.iter_mut().zip(&mut self.encoders).enumerate() {
                    let (Some(recorded), true) = (recorded[layer], wanted[layer] != Wanted::Nothing) else {
                        continue;
                    };
                    let share = self.rates[layer] as f64 / self.full[layer].max(1) as f64;
                    let keyframe = wanted[layer] == Wanted::Keyframe;
                    *frame = Some(Encoded {
                        bytes: if keyframe {
                            encoder.keyframe_bytes()
                        } else {
                            (recorded.bytes as f64 * share) as usize
                        },
                        keyframe,
                        place: encoder.place(recorded.temporal, keyframe),
                    });
                }
                Shot { captured, frames }
            }
        }
    }

    /// A keyframe of what is shown already, captured now: before the next picture.
    pub(crate) fn refresh(&mut self, now: Duration) -> Shot {
        let next = match &self.material {
            Material::Model(..) => self.captured,
            Material::Recorded(replay) => replay.due(),
        };
        let shown = Picture {
            after: Duration::ZERO,
            late: Duration::ZERO,
            least: 0.0,
        };
        let encoder = self.encoders.first_mut();
        Shot {
            captured: now.min(next.saturating_sub(Duration::from_millis(1))),
            frames: [
                encoder.and_then(|encoder| encoder.encode(&shown, true)),
                None,
                None,
            ],
        }
    }
}

/// A frame of the model, to be compared with recorded ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelledFrame {
    /// Since the camera was switched on.
    pub at: Duration,
    /// Layers are counted from the smallest.
    pub layer: usize,
    /// Temporal id.
    pub temporal: u8,
    /// Whether it can be decoded alone.
    pub keyframe: bool,
    /// Without RTP.
    pub bytes: usize,
}

/// What the model's encoders give out in so many seconds, at these rates in bits per second (lowest layer first, at
/// most three), with keyframes of all layers at these times.
pub fn modelled(
    content: Content,
    rates: &[u64],
    seconds: u32,
    keyframes: &[Duration],
    seed: u64,
) -> Vec<ModelledFrame> {
    let mut camera = Camera::new(content, rates, 30, false, seed);
    let mut out = Vec::new();
    let mut asked = keyframes.iter().peekable();
    while camera.due() < Duration::from_secs(u64::from(seconds)) {
        let at = camera.due();
        let wanted = if asked.next_if(|asked| **asked <= at).is_some() {
            Wanted::Keyframe
        } else {
            Wanted::Frame
        };
        let shot = camera.shoot([wanted; 3]);
        for (layer, frame) in shot.frames.iter().enumerate() {
            out.extend(frame.map(|frame| ModelledFrame {
                at,
                layer,
                temporal: frame.place.temporal.unwrap_or(0),
                keyframe: frame.keyframe,
                bytes: frame.bytes,
            }));
        }
    }
    out
}
