//! Frames as they were recorded from Chromium (`traces/*.csv`).

use super::content::Content;
use std::time::Duration;

/// A recorded frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedFrame {
    /// Since the recording began.
    pub at: Duration,
    /// Layers are counted from the smallest.
    pub layer: usize,
    /// Temporal id.
    pub temporal: u8,
    /// Without RTP.
    pub bytes: usize,
}

/// All frames of a recording, by time.
///
/// # Panics
/// When a line is not as the recorder writes it.
pub fn recording(content: Content) -> Vec<RecordedFrame> {
    let text = match content {
        Content::TalkingHead => include_str!("../../traces/talking_head.csv"),
        Content::Motion => include_str!("../../traces/motion.csv"),
        Content::Screen => include_str!("../../traces/screen.csv"),
    };
    let lines = text
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    lines.map(|line| frame(line).expect("five numbers")).collect()
}

fn frame(line: &str) -> Option<RecordedFrame> {
    // time_ms,layer,temporal,keyframe,bytes: the recorder saw no keyframe, so that column is 0 throughout.
    let mut numbers = line.split(',').map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    let (ms, layer, temporal, _, bytes) = (next()?, next()?, next()?, next()?, next()?);
    Some(RecordedFrame {
        at: Duration::from_millis(ms),
        layer: layer as usize,
        temporal: temporal as u8,
        bytes: bytes as usize,
    })
}

/// Frames of one picture leave the encoders within this time.
const TOGETHER: Duration = Duration::from_millis(12);

/// A recording, played again and again.
#[derive(Debug)]
pub(crate) struct Replay {
    /// The frames of each picture.
    pictures: Vec<(Duration, [Option<RecordedFrame>; 3])>,
    at: usize,
    /// What the recording's beginning is on the replay's clock, where it was begun in the middle.
    rounds: Duration,
    began_at: Duration,
}

impl Replay {
    /// Begins somewhere in the recording.
    pub(crate) fn new(content: Content, random: u64) -> Self {
        let mut pictures: Vec<(Duration, [Option<RecordedFrame>; 3])> = Vec::new();
        for frame in recording(content) {
            let place = frame.layer.min(2);
            match pictures.last_mut() {
                Some((at, frames)) if frame.at < *at + TOGETHER && frames[place].is_none() => {
                    frames[place] = Some(frame);
                }
                _ => {
                    let mut frames = [None; 3];
                    frames[place] = Some(frame);
                    pictures.push((frame.at, frames));
                }
            }
        }
        let at = (random % pictures.len().max(1) as u64) as usize;
        let began_at = pictures.get(at).map_or(Duration::ZERO, |(at, _)| *at);
        Self {
            pictures,
            at,
            rounds: Duration::ZERO,
            began_at,
        }
    }

    /// When the next picture's frames leave, since the replay began.
    pub(crate) fn due(&self) -> Duration {
        let at = self.pictures.get(self.at).map_or(Duration::ZERO, |(at, _)| *at);
        (self.rounds + at).saturating_sub(self.began_at)
    }

    pub(crate) fn take(&mut self) -> [Option<RecordedFrame>; 3] {
        let frames = self
            .pictures
            .get(self.at)
            .map_or([None; 3], |(_, frames)| *frames);
        self.at += 1;
        if self.at >= self.pictures.len() {
            let last = self.pictures.last().map_or(Duration::ZERO, |(at, _)| *at);
            self.rounds += last + Duration::from_millis(33);
            self.at = 0;
        }
        frames
    }
}
