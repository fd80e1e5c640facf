//! The plan of a run without a scenario: equal participants in one room.

use super::{Plan, Seat, Sound, SoundSource, Video};
use crate::options::RunOptions;
use std::time::Duration;

/// Frames a second of a made-up camera.
const FPS: u32 = 15;
/// Media has settled this long after the last join.
const WARMUP: Duration = Duration::from_secs(2);

impl Plan {
    /// What the flags say.
    pub fn from_flags(options: &RunOptions) -> Self {
        let count = u32::try_from(options.participants).unwrap_or(u32::MAX);
        let seats = (0..count).map(|index| seat(options, index)).collect();
        let last_join = options.join_interval * count.saturating_sub(1);
        Self {
            name: super::FROM_FLAGS.to_owned(),
            description: "Equal participants in one room.".to_owned(),
            parameters: [
                ("participants".to_owned(), options.participants.to_string()),
                ("room".to_owned(), options.room.clone()),
            ]
            .into(),
            seats,
            steady_from: last_join + WARMUP,
            end: options.duration.map(|duration| last_join + duration),
            everything_expected: false,
        }
    }
}

fn seat(options: &RunOptions, index: u32) -> Seat {
    let position = index as usize;
    let number = options.first + position;
    let dir = options.video_dir.clone();
    let camera = dir.clone().map_or(Video::Small { fps: FPS }, Video::Recorded);
    let microphone = Sound {
        source: dir.map_or(SoundSource::Usual, SoundSource::Recorded),
        talk: options.talk.of(position, options.participants),
        red: false,
    };
    Seat {
        number,
        room: options.room.clone(),
        join_at: options.join_interval * index,
        leave_at: None,
        camera: options.camera.then_some(camera),
        microphone: options.microphone.then_some(microphone),
        screen: None,
        video_slots: options.video_slots,
        audio_slots: options.audio_slots,
        view_height: options.view_height,
        like_sdk: false,
        seed: u64::from(std::process::id()) << 16 | number as u64,
    }
}
