//! The codecs Plenum forwards.

use crate::track::Kind;

/// A codec as negotiated: what a payload type stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Opus (RFC 7587), 48 kHz.
    Opus,
    /// Redundant audio over Opus (RFC 2198).
    Red,
    /// VP8 (RFC 7741).
    Vp8,
    /// VP9 (RFC 9628).
    Vp9,
    /// AV1 (AOM RTP payload specification).
    Av1,
    /// H.264 (RFC 6184).
    H264,
}

impl Codec {
    /// Audio or video.
    pub fn kind(self) -> Kind {
        match self {
            Codec::Opus | Codec::Red => Kind::Audio,
            Codec::Vp8 | Codec::Vp9 | Codec::Av1 | Codec::H264 => Kind::Video,
        }
    }

    /// RTP clock in Hz.
    pub fn clock_rate(self) -> u32 {
        match self {
            Codec::Opus | Codec::Red => 48_000,
            Codec::Vp8 | Codec::Vp9 | Codec::Av1 | Codec::H264 => 90_000,
        }
    }
}
