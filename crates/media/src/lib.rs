//! What packets mean: ids, units, sequence arithmetic, header extensions, codec payload descriptors,
//! and the vocabulary in which control plane and media plane talk to each other.
//!
//! First ring: no thread, no socket, no clock, no lock.

pub mod codec;
pub mod id;
pub mod packet;
pub mod plane;
pub mod track;
pub mod unit;

pub use codec::Codec;
pub use id::{LayerIndex, MLineIndex, ParticipantId, RoomId, TrackId};
pub use packet::{Extensions, Packet};
pub use track::{Kind, LayerInfo, Source};
pub use unit::{Bitrate, NtpTime, RtpTime, SeqNo};
