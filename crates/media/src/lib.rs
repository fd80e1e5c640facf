//! What packets mean: ids, units, sequence arithmetic, header extensions, codec payload descriptors,
//! and the vocabulary in which control plane and media plane talk to each other.
//!
//! First ring: no thread, no socket, no clock, no lock.

pub mod audio_level;
pub mod av1;
pub mod codec;
pub mod data;
pub mod datagram;
pub mod dependency_descriptor;
pub mod extended;
pub mod h264;
pub mod id;
pub mod layers_allocation;
pub mod packet;
pub mod payload;
pub mod plane;
pub mod reading;
pub mod red;
pub mod sources;
pub mod stun;
pub mod track;
pub mod unit;
pub mod vp8;
pub mod vp9;

pub use audio_level::AudioLevel;
pub use codec::Codec;
pub use datagram::DatagramKind;
pub use extended::ExtendedSeq;
pub use id::{LayerIndex, MLineIndex, ParticipantId, RoomId, TrackId, WorkerId};
pub use layers_allocation::LayersAllocation;
pub use packet::{Extensions, Packet};
pub use payload::{DescribedFrame, PayloadInfo, PictureId};
pub use reading::{PacketReader, ReadPacket};
pub use sources::Sources;
pub use track::{Kind, LayerInfo, Source};
pub use unit::{Bitrate, NtpTime, RtpTime, SeqNo};
