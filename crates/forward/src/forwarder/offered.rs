//! A packet of the track, as the slot would carry it.

use super::ForwardedTrack;
use crate::history::Sent;
use crate::layers::LayerFilter;
use bytes::Bytes;
use media::dependency_descriptor::with_frame_number;
use media::packet::SlotPacket;
use media::{Codec, Extensions, Kind, LayerIndex, Packet, PayloadInfo, ReadPacket, SeqNo, TrackId, red};

/// Read and unwrapped; it has not found its place yet.
pub(super) struct Offered<'a> {
    pub(super) original: &'a Packet,
    pub(super) track: TrackId,
    pub(super) layer: LayerIndex,
    pub(super) codec: Codec,
    /// The Opus inside of RED.
    unwrapped: Option<Bytes>,
    pub(super) info: PayloadInfo,
}

impl<'a> Offered<'a> {
    /// `None` when it is malformed or not of the slot's kind.
    pub(super) fn read(
        kind: Kind,
        track: ForwardedTrack,
        layer: LayerIndex,
        read: &'a ReadPacket,
    ) -> Option<Offered<'a>> {
        let original = &read.packet;
        let (codec, unwrapped) = match original.codec {
            Codec::Red if track.unwrap_red => (Codec::Opus, Some(red::primary(&original.payload)?)),
            codec => (codec, None),
        };
        let info = read.info.filter(|_| codec.kind() == kind)?;
        Some(Offered {
            original,
            track: track.id,
            layer,
            codec,
            unwrapped,
            info,
        })
    }

    pub(super) fn payload(&self) -> &Bytes {
        self.unwrapped.as_ref().unwrap_or(&self.original.payload)
    }

    /// Whether it carries the marker bit: the publisher's, or because it is the picture's last that passes.
    pub(super) fn marker(&self, layers: &LayerFilter) -> bool {
        self.original.marker || layers.ends_picture(&self.info, self.original.timestamp)
    }

    /// As it is sent, for the first time or again. `None` when it cannot be rewritten.
    pub(super) fn packet(&self, sent: &Sent) -> Option<SlotPacket> {
        let extensions = &self.original.extensions;
        let dependency_descriptor = match (&extensions.dependency_descriptor, sent.frame) {
            (Some(descriptor), Some(number)) => Some(with_frame_number(descriptor, number)?),
            _ => None,
        };
        Some(SlotPacket {
            seq: SeqNo(sent.output as u16),
            timestamp: sent.timestamp,
            marker: sent.marker,
            codec: self.codec,
            csrc: self.track,
            extensions: Extensions {
                audio_level: extensions.audio_level,
                video_orientation: extensions.video_orientation,
                playout_delay: extensions.playout_delay,
                video_content_type: extensions.video_content_type,
                dependency_descriptor,
                // For the server alone.
                layers_allocation: None,
            },
            payload: sent.numbers.write(self.payload())?,
        })
    }
}
