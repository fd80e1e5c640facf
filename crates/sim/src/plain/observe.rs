//! What is written down of people who are watched closely.

use super::stamp::Stamp;
use bwe::DownlinkStats;
use media::{MLineIndex, Source, TrackId};
use std::time::{Duration, Instant};

/// Between two samples.
pub(crate) const SAMPLE_INTERVAL: Duration = Duration::from_millis(50);

/// A video frame that could be decoded, or an audio packet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Received {
    /// When all of it was there.
    pub at: Instant,
    /// When it was captured, since the world's beginning.
    pub captured: Duration,
    /// Through which slot.
    pub slot: MLineIndex,
    /// Whose.
    pub track: TrackId,
    /// What that track is.
    pub source: Source,
    /// Which layer; 0 for audio.
    pub layer: u8,
}

/// The state of a downlink at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Instant,
    /// The link's rate in bits per second; `None`: no limit.
    pub link_bps: Option<u64>,
    /// What waits in front of the link.
    pub queue: Duration,
    /// The server's estimate in bits per second.
    pub target_bps: u64,
    /// Its recent minimum.
    pub stable_bps: u64,
    /// What the server has sent so far, by class.
    pub sent: DownlinkStats,
}

/// All that is known of one observed person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observation {
    /// Video frames decoded, in order of decoding.
    pub frames: Vec<Received>,
    /// Audio packets, in order of arrival.
    pub audio: Vec<Received>,
    /// Every 50 ms.
    pub samples: Vec<Sample>,
}

impl Observation {
    pub(crate) fn received(&mut self, at: Instant, slot: MLineIndex, track: TrackId, stamp: &Stamp) {
        let received = Received {
            at,
            captured: Duration::from_micros(stamp.captured_us),
            slot,
            track,
            source: stamp.source,
            layer: stamp.layer,
        };
        match stamp.source.kind() {
            media::Kind::Audio => self.audio.push(received),
            media::Kind::Video => self.frames.push(received),
        }
    }
}
