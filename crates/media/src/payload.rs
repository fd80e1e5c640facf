//! What a forwarder must know of a payload, in the same words for every codec.

use crate::codec::Codec;
use crate::dependency_descriptor::FrameLayers;
use crate::{av1, h264, vp8, vp9};

/// A picture id as the descriptors of VP8 and VP9 carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureId {
    /// 0..=127 when short, 0..=32767 when long.
    pub value: u16,
    /// 15 bits on the wire instead of 7.
    pub long: bool,
}

impl PictureId {
    /// M: the id has 15 bits.
    const M: u8 = 0x80;

    /// Read an id at the start of `bytes`. `None` when they end within it.
    pub(crate) fn parse(bytes: &[u8]) -> Option<PictureId> {
        let &high = bytes.first()?;
        if high & Self::M == 0 {
            return Some(PictureId {
                value: u16::from(high),
                long: false,
            });
        }
        let &low = bytes.get(1)?;
        Some(PictureId {
            value: u16::from_be_bytes([high & !Self::M, low]),
            long: true,
        })
    }

    /// How many different values there are.
    pub fn modulus(self) -> u16 {
        if self.long { 1 << 15 } else { 1 << 7 }
    }

    /// Bytes on the wire.
    pub(crate) fn len(self) -> usize {
        1 + usize::from(self.long)
    }
}

/// A frame as its dependency descriptor tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DescribedFrame {
    /// Counts the frames of the encoding, in the order in which they are sent; wraps.
    pub number: u16,
    /// `None` until the structure it belongs to has arrived.
    pub layers: Option<FrameLayers>,
}

/// One packet's payload, as far as it may be read: end-to-end encryption must stay possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadInfo {
    /// Decoding can start with this packet: it is the first of a keyframe. Always so for audio.
    pub keyframe: bool,
    /// The packet is the first of its frame; with spatial layers, of the picture they make together.
    pub starts_frame: bool,
    /// The packet is the last of its spatial layer's part of the picture; `false` where the codec has no such layers.
    pub ends_layer_frame: bool,
    /// Spatial layer, 0 the lowest; 0 without layers.
    pub spatial_id: u8,
    /// Temporal layer, 0 the lowest; 0 without layers.
    pub temporal_id: u8,
    /// A receiver of the layers below may begin to receive this temporal layer with this frame.
    pub layer_sync: bool,
    /// With a dependency descriptor: which layers need the frame, and what it refers to.
    pub described: Option<DescribedFrame>,
}

impl PayloadInfo {
    const AUDIO: PayloadInfo = PayloadInfo {
        layer_sync: true,
        ..PayloadInfo::plain(true, true)
    };

    const fn plain(keyframe: bool, starts_frame: bool) -> PayloadInfo {
        PayloadInfo {
            keyframe,
            starts_frame,
            ends_layer_frame: false,
            spatial_id: 0,
            temporal_id: 0,
            layer_sync: false,
            described: None,
        }
    }

    /// Read a payload alone. `None` when it is malformed or empty.
    ///
    /// AV1 shows no layers here: they are in its dependency descriptor (see [`PacketReader`](crate::PacketReader)), and
    /// without that a packet in the middle of a frame does not say what it belongs to. H.264 has none.
    pub fn of(codec: Codec, payload: &[u8]) -> Option<PayloadInfo> {
        match codec {
            Codec::Opus | Codec::Red => (!payload.is_empty()).then_some(PayloadInfo::AUDIO),
            Codec::Vp8 => vp8::Descriptor::parse(payload).map(|descriptor| PayloadInfo {
                temporal_id: descriptor.temporal_id.unwrap_or(0),
                layer_sync: descriptor.layer_sync,
                ..Self::plain(descriptor.keyframe, descriptor.starts_frame())
            }),
            Codec::Vp9 => vp9::Descriptor::parse(payload).map(|descriptor| PayloadInfo {
                keyframe: descriptor.starts_keyframe(),
                starts_frame: descriptor.starts_layer_frame && descriptor.spatial_id == 0,
                ends_layer_frame: descriptor.ends_layer_frame,
                spatial_id: descriptor.spatial_id,
                temporal_id: descriptor.temporal_id,
                layer_sync: descriptor.switching_up_point,
                described: None,
            }),
            Codec::Av1 => av1::AggregationHeader::parse(payload)
                .map(|header| Self::plain(header.starts_sequence, header.starts_unit)),
            Codec::H264 => h264::start_of(payload).map(|start| Self::plain(start.keyframe, start.frame)),
        }
    }
}
