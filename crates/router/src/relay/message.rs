//! What routers say to each other.

use crate::state::TrackKey;
use bytes::Bytes;
use forward::{CaptureTime, LayerSet};
use media::id::MAX_LAYERS;
use media::{Bitrate, Codec, LayerIndex, Packet, ParticipantId, RoomId, SeqNo, TrackId};
use peer::{DataChannel, Path};
use std::sync::Arc;

/// One message from a router to another of the same node: plain data, cheap to clone (payloads are shared).
///
/// The receiver knows who sent it, and believes only the track's own worker of a track.
#[derive(Debug, Clone)]
pub enum RelayMessage {
    /// Towards viewers: a packet of a watched layer.
    Packet {
        /// Whose.
        track: TrackId,
        /// Where the receiver keeps the track, as it said when it began to watch.
        place: Place,
        /// Of which layer.
        layer: LayerIndex,
        /// Counts the track's packets to this worker, over all its layers: a gap is a loss. A repair has the number
        /// of the original.
        number: SeqNo,
        /// The packet, as it came from the publisher.
        packet: Packet,
        /// When it was captured. All workers of a node share one clock, so no sender reports have to cross.
        capture: CaptureTime,
    },
    /// Towards viewers: a microphone heard speech, and the packet itself does not cross.
    Level {
        /// Which.
        track: TrackId,
        /// Audio level as on the wire (RFC 6464); `None` from a client that does not send levels.
        level: Option<u8>,
    },
    /// Towards viewers: what the track's layers are doing; when it changes, and once a second.
    Status {
        /// Which.
        track: TrackId,
        /// How it does.
        status: TrackStatus,
    },
    /// Towards viewers: the track is over.
    Ended {
        /// Which.
        track: TrackId,
    },
    /// Towards the publisher: somebody watches; when it changes, and once a second.
    Watch {
        /// Which track.
        track: TrackId,
        /// Layers whose packets shall cross; for audio, layer 0.
        layers: LayerSet,
        /// Whether all who watch here decode the codec that the publisher would choose.
        decodes: bool,
        /// To be named with every packet.
        place: Place,
    },
    /// Towards the publisher: nobody watches any more.
    Unwatch {
        /// Which track.
        track: TrackId,
    },
    /// Towards the publisher: somebody waits for a keyframe.
    Keyframe {
        /// Which track.
        track: TrackId,
        /// Of this layer.
        layer: LayerIndex,
    },
    /// Towards the publisher: packets did not arrive.
    Missing {
        /// Which track.
        track: TrackId,
        /// By [`Packet::number`](Self::Packet); at most 512.
        numbers: Vec<SeqNo>,
    },
    /// Towards the publisher, right after [`Watch`](Self::Watch): the receiver has the layer up to here, from the worker
    /// that the publisher was on or from another router of its room. What is newer and already past shall cross as well.
    Since {
        /// Which track.
        track: TrackId,
        /// Of this layer.
        layer: LayerIndex,
        /// The newest packet there, by the publisher's number.
        seq: SeqNo,
    },
    /// Towards the worker whose port a participant who has moved is reached by: an address is theirs, or no longer.
    Address {
        /// Who.
        participant: ParticipantId,
        /// From where they send, and where to.
        path: Path,
        /// ICE has validated it, or given it up.
        valid: bool,
    },
    /// Towards the same: a restart of ICE has given the participant another username.
    Username {
        /// Who.
        participant: ParticipantId,
        /// The server's part of it.
        ufrag: Arc<str>,
    },
    /// A data message.
    Data {
        /// To people of this room.
        room: RoomId,
        /// Through which channel.
        channel: DataChannel,
        /// The envelope as clients get it ([`media::data::ToClient`]).
        envelope: Bytes,
        /// For these of them who are on the receiving worker; `None`: for all.
        recipients: Option<Arc<[ParticipantId]>>,
    },
}

/// Where a router keeps a track, for itself: finding it by that costs less than by its id. One that is not right any more,
/// or not known, is not believed, and the id counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place(pub(super) Option<TrackKey>);

impl RelayMessage {
    /// Whether it is worthless soon, and the first to go when there are too many.
    pub(crate) fn is_fleeting(&self) -> bool {
        match self {
            Self::Packet { .. } | Self::Level { .. } => true,
            Self::Data { channel, .. } => *channel == DataChannel::Lossy,
            _ => false,
        }
    }
}

/// What a track's layers are doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackStatus {
    /// By layer, as many as the track has.
    pub layers: [LayerReport; MAX_LAYERS],
    /// What is sent now; `None` before the first packet.
    pub codec: Option<Codec>,
    /// What the publisher would send if everybody decoded it, when that is not VP8.
    pub own_codec: Option<Codec>,
}

/// What one layer is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LayerReport {
    /// Packets come.
    pub active: bool,
    /// What it costs on the wire to a subscriber: measured, or announced.
    pub cost: Bitrate,
}

impl TrackStatus {
    /// Whether everything but the costs, which change all the time, is the same.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let active = |status: &Self| status.layers.map(|layer| layer.active);
        (active(self), self.codec, self.own_codec) == (active(other), other.codec, other.own_codec)
    }
}
