//! What a participant publishes.

use crate::unit::Bitrate;
use serde::{Deserialize, Serialize};

/// Audio or video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
}

/// Where a track comes from. A participant has at most one track of each source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The camera.
    Camera,
    /// The microphone.
    Microphone,
    /// A shared screen, window or tab.
    Screen,
    /// The sound of what is shared.
    ScreenAudio,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 4] = [Self::Camera, Self::Microphone, Self::Screen, Self::ScreenAudio];

    /// The source, as on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Source::Camera => "camera",
            Source::Microphone => "microphone",
            Source::Screen => "screen",
            Source::ScreenAudio => "screen_audio",
        }
    }

    /// Audio or video.
    pub fn kind(self) -> Kind {
        match self {
            Source::Camera | Source::Screen => Kind::Video,
            Source::Microphone | Source::ScreenAudio => Kind::Audio,
        }
    }
}

/// What is known of one layer of a video track before its first packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerInfo {
    /// Simulcast rid (RFC 8851); empty for a track without simulcast.
    pub rid: String,
    /// Picture height in pixels, as the publisher announced it.
    pub height: u16,
    /// Highest bitrate the publisher will use; 0 when it did not say.
    pub max_bitrate: Bitrate,
}
