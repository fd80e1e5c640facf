//! Who joins when, publishes what and leaves when: a whole run, worked out before it begins.

mod churn;
mod from_flags;
mod from_scenario;
#[cfg(test)]
mod tests;

use media::Source;
use sim::client::{LayerSpec, PacketRate, SDK_LAYERS, Talk};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Most participants of one run, those that come and go counted too.
pub const MAX_SEATS: usize = 100_000;

/// One participant's part.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    /// Number in its name; names are `bot-NN`.
    pub number: usize,
    /// Room to join.
    pub room: String,
    /// When, from the start of the run.
    pub join_at: Duration,
    /// When it leaves; `None`: at the end.
    pub leave_at: Option<Duration>,
    /// Camera.
    pub camera: Option<Video>,
    /// Microphone.
    pub microphone: Option<Sound>,
    /// Screen.
    pub screen: Option<Video>,
    /// Receive m-lines of kind video.
    pub video_slots: usize,
    /// Receive m-lines of kind audio.
    pub audio_slots: usize,
    /// Height asked for in the view; `None`: no view is sent.
    pub view_height: Option<u16>,
    /// Codecs and extensions of our SDK's offer; otherwise VP8 and Opus alone.
    pub like_sdk: bool,
    /// Of SSRCs, sizes and everything else made up.
    pub seed: u64,
}

impl Seat {
    /// `bot-07`.
    pub fn name(&self) -> String {
        format!("bot-{:02}", self.number)
    }

    /// Whether it receives anything.
    pub fn subscribes(&self) -> bool {
        self.video_slots + self.audio_slots > 0
    }

    /// Whether it sends anything.
    pub fn publishes(&self) -> bool {
        self.camera.is_some() || self.microphone.is_some() || self.screen.is_some()
    }

    /// The picture published from a source.
    pub fn video(&self, source: Source) -> Option<&Video> {
        match source {
            Source::Camera => self.camera.as_ref(),
            Source::Screen => self.screen.as_ref(),
            _ => None,
        }
    }

    /// The encodings of the offer's camera section, lowest first.
    pub fn camera_layers(&self) -> [LayerSpec; 3] {
        match &self.camera {
            Some(Video::Rate(rate)) => rate_layers(rate),
            Some(Video::Recorded(_) | Video::Small { .. }) => sim::client::CAMERA_LAYERS,
            _ if self.like_sdk => SDK_LAYERS,
            _ => sim::client::CAMERA_LAYERS,
        }
    }
}

/// A rate is one layer; a browser puts the full picture on the lowest rid that it sends.
fn rate_layers(rate: &PacketRate) -> [LayerSpec; 3] {
    let mut layers = SDK_LAYERS;
    let [_, _, full] = SDK_LAYERS;
    if let Some(first) = layers.first_mut() {
        first.width = full.width;
        first.height = full.height;
        first.bitrate = rate.packets_per_second * u32::from(rate.packet_bytes) * 8;
    }
    layers
}

/// What a camera or a screen shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Video {
    /// Files of this folder, by the participant's number (`make-media`).
    Recorded(PathBuf),
    /// Made up, three small layers (160×90, 320×180, 640×360).
    Small {
        /// Frames a second.
        fps: u32,
    },
    /// Made up, with the sizes that our SDK asks a browser for.
    Layers {
        /// How many, lowest first: 1 to 3. A screen has one.
        layers: usize,
        /// Frames a second.
        fps: u32,
    },
    /// Made up, one layer of packets counted and sized.
    Rate(PacketRate),
}

impl Video {
    /// Layers that are sent.
    pub fn layers(&self) -> usize {
        match self {
            Video::Recorded(_) | Video::Small { .. } => 3,
            Video::Layers { layers, .. } => *layers,
            Video::Rate(_) => 1,
        }
    }
}

/// What a microphone hears.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// Where it is from.
    pub source: SoundSource,
    /// When somebody talks.
    pub talk: Talk,
    /// With one redundant block in each packet (RFC 2198).
    pub red: bool,
}

/// Where sound is from.
#[derive(Debug, Clone, PartialEq)]
pub enum SoundSource {
    /// Files of this folder, by the participant's number.
    Recorded(PathBuf),
    /// Made up, of usual sizes.
    Usual,
    /// Made up, each packet of this many bytes.
    Sized(u16),
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Name of the scenario.
    pub name: String,
    /// What it is.
    pub description: String,
    /// After all overrides.
    pub parameters: BTreeMap<String, String>,
    /// In order of joining.
    pub seats: Vec<Seat>,
    /// When the totals begin, from the start of the run.
    pub steady_from: Duration,
    /// When they end, and the run; `None`: when told.
    pub end: Option<Duration>,
    /// Every subscriber is to get every packet that the others in its room send.
    pub everything_expected: bool,
}

/// Name of the plan of a run without a scenario.
const FROM_FLAGS: &str = "flags";

impl Plan {
    /// Whether it is of a scenario, not of flags alone.
    pub fn is_scenario(&self) -> bool {
        self.name != FROM_FLAGS
    }
}
