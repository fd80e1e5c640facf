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
#[derive(Debug, Clone, Default)]
pub struct PacketReader {
    newest: Option<Known>,
}

/// The newest structure.
#[derive(Debug, Clone)]
struct Known {
    /// The packet from which on it holds.
    since: u64,
    /// The last packet it came with: publishers give most keyframes the same.
    last: u64,
    structure: Box<Structure>,
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

    /// The packet from which on the newest structure holds: that which it came with first.
    pub fn structure_since(&self) -> Option<u64> {
        self.newest.as_ref().map(|known| known.since)
    }

    fn described(&mut self, extended: u64, info: PayloadInfo, bytes: &[u8]) -> Option<PayloadInfo> {
        let known = self.newest.as_ref().filter(|known| known.since <= extended);
        let read = dependency_descriptor::parse(bytes, known.map(|known| &*known.structure))?;
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
        if let Some(structure) = read.attached {
            self.attached(extended, structure);
        }
        Some(info)
    }

    /// A structure came with this packet.
    fn attached(&mut self, extended: u64, structure: Box<Structure>) {
        match &mut self.newest {
            Some(known) if extended < known.since => {}
            // The same once more: what is late from before this packet belongs to it too.
            Some(known) if known.structure == structure => known.last = known.last.max(extended),
            // Another in between, which holds up to there.
            Some(known) if extended < known.last => known.since = known.last,
            newest => {
                *newest = Some(Known {
                    since: extended,
                    last: extended,
                    structure,
                });
            }
        }
    }
}
