//! What a forwarder must know of a payload, in the same words for every codec.

use crate::codec::Codec;
use crate::vp8;

/// One payload, as far as it may be read: end-to-end encryption must stay possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadInfo {
    /// Decoding can start with this packet: it is the first of a keyframe. Always so for audio.
    pub keyframe: bool,
    /// The packet is the first of its frame.
    pub starts_frame: bool,
    /// Temporal layer, 0 the lowest; 0 without layers.
    pub temporal_id: u8,
    /// A receiver of the layers below may begin to receive this temporal layer with this frame.
    pub layer_sync: bool,
}

impl PayloadInfo {
    const AUDIO: PayloadInfo = PayloadInfo {
        keyframe: true,
        starts_frame: true,
        temporal_id: 0,
        layer_sync: true,
    };

    /// Read a payload. `None` when it is malformed or empty, or the codec is one that Plenum does not
    /// forward.
    pub fn of(codec: Codec, payload: &[u8]) -> Option<PayloadInfo> {
        match codec {
            Codec::Opus | Codec::Red => (!payload.is_empty()).then_some(PayloadInfo::AUDIO),
            Codec::Vp8 => vp8::Descriptor::parse(payload).map(|descriptor| PayloadInfo {
                keyframe: descriptor.keyframe,
                starts_frame: descriptor.starts_frame(),
                temporal_id: descriptor.temporal_id.unwrap_or(0),
                layer_sync: descriptor.layer_sync,
            }),
            Codec::Vp9 | Codec::Av1 | Codec::H264 => None,
        }
    }
}
