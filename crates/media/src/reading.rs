//! Reading the packets of one encoding: the payload's descriptor, and the dependency descriptor beside it.

use crate::dependency_descriptor::{self, Structure};
use crate::packet::Packet;
use crate::payload::{DescribedFrame, PayloadInfo};
use crate::track::Kind;

/// A packet, and what was read of it.
#[derive(Debug, Clone)]
pub struct ReadPacket {
    /// As it came.
    pub packet: Packet,
    /// `None` when it is malformed, or carries nothing.
    pub info: Option<PayloadInfo>,
}

impl ReadPacket {
    /// A packet that can be read without those before it: one without a dependency descriptor, or with its structure.
    pub fn alone(packet: Packet) -> ReadPacket {
        let info = PacketReader::default().read(0, &packet);
        ReadPacket { packet, info }
    }

    /// Whether the structure that the packet's dependency descriptor belongs to had not arrived.
    pub fn lacks_structure(&self) -> bool {
        let described = self.info.and_then(|info| info.described);
        described.is_some_and(|described| described.layers.is_none())
    }
}

/// Reads the packets of one encoding, in any order. What a dependency descriptor says depends on the structure that came
/// with the last keyframe before it.
#[derive(Debug, Default)]
pub struct PacketReader {
    /// The newest structure, and the number of the packet it came with.
    structure: Option<(u64, Box<Structure>)>,
}

impl PacketReader {
    /// Read the packet with this extended sequence number. `None` when it is malformed, or carries nothing.
    pub fn read(&mut self, extended: u64, packet: &Packet) -> Option<PayloadInfo> {
        let info = PayloadInfo::of(packet.codec, &packet.payload)?;
        match &packet.extensions.dependency_descriptor {
            Some(descriptor) if packet.codec.kind() == Kind::Video => {
                self.described(extended, info, descriptor)
            }
            _ => Some(info),
        }
    }

    /// The packet that the newest structure came with.
    pub fn structure_since(&self) -> Option<u64> {
        self.structure.as_ref().map(|(since, _)| *since)
    }

    fn described(&mut self, extended: u64, info: PayloadInfo, bytes: &[u8]) -> Option<PayloadInfo> {
        let known = self.structure.as_ref().filter(|(since, _)| *since <= extended);
        let read = dependency_descriptor::parse(bytes, known.map(|(_, structure)| &**structure))?;
        let starts = read.starts_frame;
        let mut info = PayloadInfo {
            keyframe: false,
            starts_frame: false,
            ends_layer_frame: read.ends_frame,
            described: Some(DescribedFrame {
                number: read.number,
                layers: read.frame.map(|frame| frame.layers),
            }),
            ..info
        };
        if let Some(frame) = read.frame {
            info.spatial_id = frame.spatial_id;
            info.temporal_id = frame.temporal_id;
            info.starts_frame = starts && frame.spatial_id == 0;
            // Receivers take a frame for a keyframe by its structure, and cannot read what follows without one.
            info.keyframe = starts && read.attached.is_some() && frame.fdiffs.is_empty();
        }
        if let Some(structure) = read.attached
            && self
                .structure
                .as_ref()
                .is_none_or(|(since, _)| *since <= extended)
        {
            self.structure = Some((extended, structure));
        }
        Some(info)
    }
}
