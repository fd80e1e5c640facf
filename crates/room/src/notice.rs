//! What rooms say: to sockets and to the media plane.

use crate::Permissions;
use media::plane::{MediaCommand, Quality, SlotState};
use media::{Codec, ParticipantId, RoomId, Source, TrackId};

/// A connection to a client; the caller numbers them and never reuses a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// Work that follows from what was handled.
#[derive(Debug, Clone, PartialEq)]
pub enum RoomOutput {
    /// Tell the client behind this socket.
    Notify {
        /// Which.
        socket: SocketId,
        /// What.
        notice: Notice,
    },
    /// Hand this to the worker of the room.
    Media {
        /// Which room; with the first command of a room its worker is chosen.
        room: RoomId,
        /// What.
        command: MediaCommand,
    },
    /// The last participant left; nothing of the room remains.
    RoomClosed {
        /// Which.
        room: RoomId,
    },
}

/// What a client is told without having asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Others came, or, in a room above 100, became visible.
    Joined {
        /// State after it.
        revision: u64,
        /// How many are here now.
        count: u32,
        /// Who came.
        participants: Vec<ParticipantInfo>,
    },
    /// Others are gone.
    Left {
        /// State after it.
        revision: u64,
        /// How many are here now.
        count: u32,
        /// Who went.
        participants: Vec<ParticipantId>,
    },
    /// Others changed: the whole of each as it is now.
    Updated {
        /// State after it.
        revision: u64,
        /// As they are now.
        participants: Vec<ParticipantInfo>,
    },
    /// Slots that changed, all at once.
    Slots {
        /// As they are now.
        slots: Vec<SlotInfo>,
    },
    /// Who is audible.
    Speakers {
        /// Loudest first.
        speakers: Vec<Speaker>,
    },
    /// Which layers of an own track somebody watches.
    Layers {
        /// Which track.
        track: TrackId,
        /// Rids wanted, lowest quality first; `""` stands for a track without simulcast.
        wanted: Vec<String>,
    },
    /// The codec an own video track should be sent in from now on.
    Codec {
        /// Which track.
        track: TrackId,
        /// What to send.
        codec: Codec,
    },
    /// How good the call is for people whose connection changed noticeably, oneself included.
    Quality {
        /// Whose, and how good.
        participants: Vec<(ParticipantId, Quality)>,
    },
    /// Answer to an offer that was forwarded to the peer.
    Answer {
        /// Number given to [`Rooms::handle_offer`](crate::Rooms::handle_offer).
        request: u64,
        /// The SDP, or why the offer cannot be met.
        result: Result<String, String>,
    },
    /// The peer connection broke. The client joins anew on this socket, or sends a new offer.
    MediaFailed {
        /// Why, in words.
        reason: &'static str,
        /// Whether a DTLS handshake ended with an alert, the case `compat` exists for.
        dtls_alert: bool,
    },
    /// What the client may do changed.
    Permissions {
        /// State after it.
        revision: u64,
        /// As they are now.
        permissions: Permissions,
    },
    /// The client's access token expires soon.
    TokenExpiring {
        /// Seconds until then.
        seconds: u32,
    },
    /// The socket belongs to no participant any more: tell the client and close it.
    Closed(CloseReason),
}

/// Why a socket lost its participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The participant resumed on another socket.
    Replaced,
    /// No media came for 30 s.
    MediaSilent,
    /// Its access token expired.
    TokenExpired,
    /// It may not be in the room any more.
    NotAllowed,
    /// The same identity joined the room on another socket.
    DuplicateIdentity,
    /// The server shuts down.
    ShuttingDown,
}

/// Answer to a join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// The client's own id.
    pub participant: ParticipantId,
    /// The client's own identity.
    pub identity: Option<String>,
    /// The client's own name.
    pub name: String,
    /// What the client may do.
    pub permissions: Permissions,
    /// The room, as workers know it.
    pub room: RoomId,
    /// The room, as people know it.
    pub room_name: String,
    /// State that `participants` shows.
    pub revision: u64,
    /// The first 100 of the others, in order of joining.
    pub participants: Vec<ParticipantInfo>,
    /// How many are here, the client included.
    pub count: u32,
    /// The client's own tracks; not empty only after a resume.
    pub tracks: Vec<TrackInfo>,
    /// What the client's slots carry; not empty only after a resume.
    pub slots: Vec<SlotInfo>,
    /// Token to resume with.
    pub token: String,
    /// Whether this took up an existing participant.
    pub resumed: bool,
}

/// A participant as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantInfo {
    /// Id.
    pub id: ParticipantId,
    /// Who it is known to be.
    pub identity: Option<String>,
    /// Display name.
    pub name: String,
    /// Application data.
    pub metadata: Option<String>,
    /// Connection state.
    pub state: ParticipantState,
    /// What it publishes.
    pub tracks: Vec<TrackInfo>,
}

/// Connection state of a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParticipantState {
    /// Joined, no media yet.
    Connecting,
    /// Media flows and the socket is open.
    Connected,
    /// The socket is closed or media is silent; it may come back.
    Reconnecting,
}

/// A track as others see it. Its CSRC is `id.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackInfo {
    /// Id and CSRC.
    pub id: TrackId,
    /// What it is.
    pub source: Source,
    /// Whether the publisher muted it.
    pub muted: bool,
}

/// What a slot carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotInfo {
    /// Mid of the receive m-line.
    pub mid: String,
    /// What is in it.
    pub shown: SlotShown,
}

/// What is in a slot, and how it is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotShown {
    /// Nothing assigned.
    Empty,
    /// This track.
    Track {
        /// Id and CSRC.
        track: TrackId,
        /// How it is doing.
        state: SlotState,
    },
}

/// Someone audible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speaker {
    /// Who.
    pub participant: ParticipantId,
    /// Smoothed level, 0 (silent) to 127 (loudest).
    pub level: u8,
    /// Whether this is the active speaker.
    pub active: bool,
}
