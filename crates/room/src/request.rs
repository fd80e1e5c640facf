//! What clients ask for, as the session hands it over.

use crate::Permissions;
use crate::notice::ParticipantInfo;
use media::{ParticipantId, RoomId, Source};
use std::time::Instant;

/// A client wants in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// Room name, as typed.
    pub room: String,
    /// Display name, as typed.
    pub name: String,
    /// Application data.
    pub metadata: Option<String>,
    /// Who the client is known to be.
    pub credentials: Credentials,
}

/// Who a client is known to be, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Once in a room: who comes with the same takes the place of the former. `None` for somebody nobody vouches for.
    pub identity: Option<String>,
    /// Whether the name is vouched for too, and not to be changed by the client.
    pub fixed_name: bool,
    /// What it may do.
    pub permissions: Permissions,
    /// When that ends, unless it is renewed.
    pub expires: Option<Instant>,
}

impl Credentials {
    /// Of everybody on a server that asks for no tokens: nobody in particular, for an ordinary call without an end.
    pub const OPEN: Self = Self {
        identity: None,
        fixed_name: false,
        permissions: Permissions::CALL,
        expires: None,
    };
}

/// What a sendonly section of an offer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedTrack {
    /// The section's mid.
    pub mid: String,
    /// What will flow through it.
    pub source: Source,
}

/// What the session has to do with an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferStep {
    /// The participant has no peer: build one from this offer, then call
    /// [`Rooms::handle_peer_built`](crate::Rooms::handle_peer_built) or
    /// [`Rooms::handle_peer_refused`](crate::Rooms::handle_peer_refused).
    BuildPeer {
        /// For whom.
        participant: ParticipantId,
        /// In which room, which decides the worker.
        room: RoomId,
    },
    /// The peer has it; the answer comes as [`Notice::Answer`](crate::Notice::Answer).
    Forwarded,
}

/// What a client shows now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Tiles, the most important first.
    pub tiles: Vec<Tile>,
    /// Height at which the slots the tiles leave free are filled by the default view; `None` leaves them empty.
    pub auto_height: Option<u16>,
}

/// A participant's camera with its microphone, or its screen with its sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// Whose.
    pub participant: ParticipantId,
    /// `Camera` or `Screen`.
    pub source: Source,
    /// Height in pixels at which it is shown; 0 when it is not visible now.
    pub height: u16,
    /// 0 is the most important.
    pub priority: u8,
}

/// A page of the list of participants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many are in the room, the one who asks included.
    pub count: u32,
    /// The others on this page, in order of joining.
    pub participants: Vec<ParticipantInfo>,
}
