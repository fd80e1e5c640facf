//! Server → client.

use crate::types::{
    CodecName, ErrorCode, IceServer, Limits, ParticipantInfo, PermissionsInfo, QualityInfo, SlotInfo,
    Speaker, TrackInfo,
};
use media::{ParticipantId, TrackId};
use serde::{Deserialize, Serialize};

/// A frame from the server: an answer with the request's id, or a notice without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFrame {
    /// The request this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// The message.
    #[serde(flatten)]
    pub message: ServerMessage,
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(
    clippy::large_enum_variant,
    reason = "a welcome is large and rare; what waits in queues is boxed or written already"
)]
pub enum ServerMessage {
    /// Answer to `join`.
    Welcome {
        /// The client's own id.
        #[cfg_attr(test, ts(type = "ParticipantId"))]
        participant: ParticipantId,
        /// The client's own identity, from its access token; absent without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        identity: Option<String>,
        /// The client's own name, as others see it.
        name: String,
        /// Room name.
        room: String,
        /// Revision of the room's state that `participants` shows.
        revision: u64,
        /// Everybody else who is here (the first 100 in order of joining).
        participants: Vec<ParticipantInfo>,
        /// How many are here, the client included.
        count: u32,
        /// The client's own tracks; not empty only after a resume.
        tracks: Vec<TrackInfo>,
        /// What the client's slots carry; not empty only after a resume.
        slots: Vec<SlotInfo>,
        /// What the client may do; later changes come as `permissions`.
        permissions: PermissionsInfo,
        /// For `RTCConfiguration.iceServers`.
        ice_servers: Vec<IceServer>,
        /// Limits.
        limits: Limits,
        /// Token for `join.resume`, valid 30 s after the socket is lost.
        resume: String,
        /// Whether this took up an existing participant: its peer connection goes on, no offer is needed.
        resumed: bool,
    },
    /// Answer to `offer`.
    Answer {
        /// SDP.
        sdp: String,
    },
    /// Answer to `publish`.
    PublishedOk {
        /// The track, also announced to the others.
        track: TrackInfo,
    },
    /// Answer to requests that need no other.
    Ok {},
    /// Answer to `ping`.
    Pong {},
    /// Answer to `participants`.
    Participants {
        /// How many are here in all.
        count: u32,
        /// The page.
        participants: Vec<ParticipantInfo>,
    },
    /// Others came. Batched: at most one every 200 ms.
    Joined {
        /// State after it.
        revision: u64,
        /// How many are here now.
        count: u32,
        /// Who came.
        participants: Vec<ParticipantInfo>,
    },
    /// Others are gone. Batched.
    Left {
        /// State after it.
        revision: u64,
        /// How many are here now.
        count: u32,
        /// Who went.
        #[cfg_attr(test, ts(type = "Array<ParticipantId>"))]
        participants: Vec<ParticipantId>,
    },
    /// Others changed name, metadata, state, tracks or mute marks: the whole of each as it is now. Batched.
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
    /// Who is audible, at most every 200 ms, when it changes.
    Speakers {
        /// Loudest first.
        speakers: Vec<Speaker>,
    },
    /// To a publisher: which layers somebody watches; the others need not be encoded.
    Layers {
        /// The publisher's own track.
        #[cfg_attr(test, ts(type = "TrackId"))]
        track: TrackId,
        /// Rids wanted.
        wanted: Vec<String>,
    },
    /// To a publisher: the codec to send an own video track in from now on, because somebody who watches cannot decode
    /// the one it sends, or because everybody can again.
    Codec {
        /// The publisher's own track.
        #[cfg_attr(test, ts(type = "TrackId"))]
        track: TrackId,
        /// What to send.
        codec: CodecName,
    },
    /// How good the call is for people whose connection changed noticeably, oneself included; at most every 200 ms.
    Quality {
        /// Whose, and how good.
        participants: Vec<QualityInfo>,
    },
    /// What the client may do changed. What it may not do any more has ended already.
    Permissions {
        /// State of the room after it.
        revision: u64,
        /// As they are now.
        permissions: PermissionsInfo,
    },
    /// The client's access token expires soon: send another by `renew`, or the participant leaves then.
    TokenExpiring {
        /// Seconds until then.
        seconds: u32,
    },
    /// The server is about to go down or empties itself: join anew after this many milliseconds.
    Draining {
        /// Wait before joining again.
        retry_after_ms: u32,
    },
    /// Something was wrong: with the request of this id, or, without an id, with the connection.
    Error {
        /// For programs.
        code: ErrorCode,
        /// For people; says what to do.
        message: String,
    },
}

impl ServerMessage {
    /// Every type, as on the wire.
    pub const TYPES: [&'static str; 18] = [
        "welcome",
        "answer",
        "published_ok",
        "ok",
        "pong",
        "participants",
        "joined",
        "left",
        "updated",
        "slots",
        "speakers",
        "layers",
        "codec",
        "quality",
        "permissions",
        "token_expiring",
        "draining",
        "error",
    ];

    /// The type, as on the wire; one of [`TYPES`](Self::TYPES).
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Welcome { .. } => "welcome",
            Self::Answer { .. } => "answer",
            Self::PublishedOk { .. } => "published_ok",
            Self::Ok {} => "ok",
            Self::Pong {} => "pong",
            Self::Participants { .. } => "participants",
            Self::Joined { .. } => "joined",
            Self::Left { .. } => "left",
            Self::Updated { .. } => "updated",
            Self::Slots { .. } => "slots",
            Self::Speakers { .. } => "speakers",
            Self::Layers { .. } => "layers",
            Self::Codec { .. } => "codec",
            Self::Quality { .. } => "quality",
            Self::Permissions { .. } => "permissions",
            Self::TokenExpiring { .. } => "token_expiring",
            Self::Draining { .. } => "draining",
            Self::Error { .. } => "error",
        }
    }
}
