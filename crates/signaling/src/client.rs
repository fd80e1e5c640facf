//! Client → server.

use crate::token::AccessToken;
use crate::types::{LayerDescription, OfferedTrack, Tile};
use media::TrackId;
use serde::{Deserialize, Serialize};

/// A frame from the client: a message and the id its answer carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientFrame {
    /// Chosen by the client, echoed in the answer or error. Repeating an id is harmless.
    pub id: u32,
    /// The message.
    #[serde(flatten)]
    pub message: ClientMessage,
}

/// What a client asks for. On the wire an object with the field `type` (see `tagged`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(remote = "Self", rename_all = "snake_case")]
#[cfg_attr(test, ts(tag = "type"))]
pub enum ClientMessage {
    /// First message. Answer: `welcome`.
    Join {
        /// Room name: 1 to 64 characters of letters, digits, `-`, `_`, `.`.
        room: String,
        /// Display name, 1 to 64 characters. A name in the access token takes its place.
        name: String,
        /// Access token; needed unless the server takes everybody.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "string"))]
        token: Option<AccessToken>,
        /// Application data, at most 1,024 bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        metadata: Option<String>,
        /// Token of an earlier `welcome`: take that participant's place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        resume: Option<String>,
        /// Offer every SRTP profile; set after a handshake that failed with a DTLS alert.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        compat: bool,
    },
    /// The client's offer; the first builds the peer. Answer: `answer`.
    Offer {
        /// SDP.
        sdp: String,
        /// What the sendonly sections are for. Sections not named publish nothing.
        tracks: Vec<OfferedTrack>,
    },
    /// A section starts to carry a track. Answer: `published_ok` with the track's id. Again for the same mid:
    /// updates the layers.
    Publish {
        /// The section's mid, as named in `offer.tracks`.
        mid: String,
        /// Layers of a video track, lowest quality first.
        #[serde(default)]
        #[cfg_attr(test, ts(optional, as = "Option<Vec<LayerDescription>>"))]
        layers: Vec<LayerDescription>,
        /// Whether it starts muted.
        #[serde(default)]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        muted: bool,
    },
    /// The section's track is over. Answer: `ok`.
    Unpublish {
        /// The section's mid.
        mid: String,
    },
    /// What the client shows now; replaces the view before. Answer: `ok`. An empty list with `auto_height` asks for
    /// the default view again.
    View {
        /// Tiles in order of importance, at most 64. As many as there are video slots are filled.
        tiles: Vec<Tile>,
        /// Fill the video slots that the tiles leave free by the default view (screens first, then recent
        /// speakers), at this height in pixels; absent: leave them empty.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        auto_height: Option<u16>,
    },
    /// Mute or unmute an own track. Answer: `ok`.
    Mute {
        /// Which.
        #[cfg_attr(test, ts(type = "TrackId"))]
        track: TrackId,
        /// On or off.
        muted: bool,
    },
    /// Change the own name or metadata. Answer: `ok`.
    Update {
        /// New display name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        name: Option<String>,
        /// New metadata.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        metadata: Option<String>,
    },
    /// Go on with another access token, for the same room and identity; its permissions count from now on. Answer: `ok`.
    Renew {
        /// The new one.
        #[cfg_attr(test, ts(type = "string"))]
        token: AccessToken,
    },
    /// Ask for a page of the list of the others (rooms above 100). Answer: `participants`.
    Participants {
        /// First to return, counted from 0 among the others in order of joining.
        offset: u32,
        /// How many, 1 to 100.
        limit: u32,
    },
    /// Leave now. Answer: `ok`, then the server closes the socket.
    Leave {},
    /// Keep-alive. Answer: `pong`.
    Ping {},
}

impl ClientMessage {
    /// Every type, as on the wire.
    pub const TYPES: [&'static str; 11] = [
        "join",
        "offer",
        "publish",
        "unpublish",
        "view",
        "mute",
        "update",
        "renew",
        "participants",
        "leave",
        "ping",
    ];

    /// The type, as on the wire; one of [`TYPES`](Self::TYPES).
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Join { .. } => "join",
            Self::Offer { .. } => "offer",
            Self::Publish { .. } => "publish",
            Self::Unpublish { .. } => "unpublish",
            Self::View { .. } => "view",
            Self::Mute { .. } => "mute",
            Self::Update { .. } => "update",
            Self::Renew { .. } => "renew",
            Self::Participants { .. } => "participants",
            Self::Leave {} => "leave",
            Self::Ping {} => "ping",
        }
    }
}
