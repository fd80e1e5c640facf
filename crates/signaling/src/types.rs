//! Values that occur in messages of both directions.

use media::{ParticipantId, Source, TrackId};
use serde::{Deserialize, Serialize};

/// A participant as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ParticipantInfo {
    /// Id, unique on the node.
    #[cfg_attr(test, ts(type = "ParticipantId"))]
    pub id: ParticipantId,
    /// Who it is, from its access token; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub identity: Option<String>,
    /// Display name, 1 to 64 characters.
    pub name: String,
    /// Application data, at most 1,024 bytes; not interpreted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub metadata: Option<String>,
    /// `connecting` until media flows, then `connected`; `reconnecting` while nothing is heard of it.
    pub state: ParticipantState,
    /// What it publishes.
    pub tracks: Vec<TrackInfo>,
}

/// Connection state of a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ParticipantState {
    /// Joined, no media yet.
    Connecting,
    /// Media flows.
    Connected,
    /// Nothing has been heard of it for some seconds; it may come back.
    Reconnecting,
}

/// A track as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TrackInfo {
    /// Id on the wire.
    #[cfg_attr(test, ts(type = "TrackId"))]
    pub id: TrackId,
    /// The same as a number: the CSRC of every packet of this track (RFC 3550 §5.1).
    pub csrc: u32,
    /// What it is.
    #[cfg_attr(test, ts(type = "Source"))]
    pub source: Source,
    /// Whether the publisher muted it.
    pub muted: bool,
}

/// A section of the client's offer that can publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OfferedTrack {
    /// The section's mid.
    pub mid: String,
    /// What will flow through it.
    #[cfg_attr(test, ts(type = "Source"))]
    pub source: Source,
}

/// One simulcast layer, as the publisher announces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LayerDescription {
    /// Simulcast rid; empty without simulcast.
    #[serde(default)]
    #[cfg_attr(test, ts(optional, as = "Option<String>"))]
    pub rid: String,
    /// Picture height in pixels.
    pub height: u16,
    /// Highest bitrate in bits per second; 0 when unknown.
    #[serde(default)]
    #[cfg_attr(test, ts(optional, as = "Option<u64>"))]
    pub max_bitrate: u64,
}

/// One tile of a view: a participant's camera (with its microphone) or screen (with its sound).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Tile {
    /// Whose.
    #[cfg_attr(test, ts(type = "ParticipantId"))]
    pub participant: ParticipantId,
    /// `camera` or `screen`; the sound belonging to it comes along.
    #[cfg_attr(test, ts(type = "Source"))]
    pub source: Source,
    /// Height in pixels at which it is shown (CSS pixels times device pixel ratio); 0: not visible now.
    pub height: u16,
    /// 0 is the most important. Default 0.
    #[serde(default)]
    #[cfg_attr(test, ts(optional, as = "Option<u8>"))]
    pub priority: u8,
}

/// What a slot carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SlotInfo {
    /// Mid of the receive m-line.
    pub mid: String,
    /// The track, or null when empty.
    #[cfg_attr(test, ts(type = "TrackId | null"))]
    pub track: Option<TrackId>,
    /// The track's CSRC; 0 when empty.
    pub csrc: u32,
    /// How it is doing.
    pub state: SlotStateName,
    /// With `paused`: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub reason: Option<PauseReasonName>,
}

/// How a slot is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SlotStateName {
    /// Nothing assigned.
    Empty,
    /// Packets flow.
    Live,
    /// Assigned, waiting for a keyframe.
    Switching,
    /// Assigned, nothing flows; see the reason.
    Paused,
}

/// Why a slot is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PauseReasonName {
    /// The publisher muted it.
    Muted,
    /// The view shows it at height 0.
    Hidden,
    /// The publisher sends no layer of it.
    NoLayer,
    /// The subscriber's network cannot carry it.
    Bandwidth,
    /// The subscriber cannot decode its codec.
    Codec,
    /// The server has too much to do, and fewest people watch this.
    Overload,
}

/// A video codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CodecName {
    /// VP8: everybody decodes it.
    Vp8,
    /// VP9, profile 0.
    Vp9,
    /// AV1, main profile.
    Av1,
    /// H.264, constrained baseline.
    H264,
}

/// How good the call is for one participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct QualityInfo {
    /// Whose.
    #[cfg_attr(test, ts(type = "ParticipantId"))]
    pub participant: ParticipantId,
    /// 0 (nothing gets through) to 100 (everything asked for arrives).
    pub score: u8,
    /// What holds the score down most; absent at 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub reason: Option<QualityReasonName>,
}

/// What is worst about a participant's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum QualityReasonName {
    /// Their downlink cannot carry all that their view asks for.
    DownlinkBandwidth,
    /// Packets are lost on the way to them.
    DownlinkLoss,
    /// Packets take long to reach them.
    DownlinkDelay,
    /// Their uplink cannot carry all that others would watch.
    UplinkBandwidth,
    /// Packets are lost on the way from them.
    UplinkLoss,
    /// Nothing is heard of them.
    Silent,
}

/// Someone audible, loudest first in lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Speaker {
    /// Who.
    #[cfg_attr(test, ts(type = "ParticipantId"))]
    pub participant: ParticipantId,
    /// Smoothed level, 0 (silent) to 127 (loudest).
    pub level: u8,
    /// Whether this is the active speaker (at most one).
    pub active: bool,
}

/// An ICE server for the client's `RTCConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct IceServer {
    /// STUN or TURN URLs.
    pub urls: Vec<String>,
    /// TURN user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub username: Option<String>,
    /// TURN password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub credential: Option<String>,
}

/// What a participant may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PermissionsInfo {
    /// Sources it may publish.
    #[cfg_attr(test, ts(type = "Array<Source>"))]
    pub publish: Vec<Source>,
    /// Whether it receives the tracks of others.
    pub subscribe: bool,
    /// Whether it may send data messages.
    pub data: bool,
    /// Whether others do not see it; then it neither publishes nor sends data.
    pub hidden: bool,
    /// Whether it sees those who are hidden.
    pub see_hidden: bool,
    /// Whether it may act on others.
    pub admin: bool,
}

/// Limits the client must keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Limits {
    /// Participants in the room.
    pub participants: u32,
    /// Bytes of one signaling frame.
    pub frame_bytes: u32,
    /// Bytes of one data message.
    pub data_message_bytes: u32,
    /// Data messages a second, each channel.
    pub data_messages_per_second: u32,
    /// Video slots a client may offer.
    pub video_slots: u16,
    /// Audio slots a client may offer.
    pub audio_slots: u16,
}

/// What went wrong, for programs; the message beside it is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The frame is not JSON, or a field is missing or of the wrong type.
    Malformed,
    /// The message's type is not known.
    UnknownMessage,
    /// The frame is larger than `limits.frame_bytes`; the connection closes.
    FrameTooLarge,
    /// Too many messages a second; the connection closes when it goes on.
    RateLimited,
    /// The message is known but not allowed now (before `join`, twice, before `offer`).
    WrongOrder,
    /// A name or another value is outside its range.
    InvalidValue,
    /// The room has as many participants as its limit allows.
    RoomFull,
    /// The server has as many rooms as its limit allows.
    TooManyRooms,
    /// The server has as much to do as it can do well: join on another one, or try again later.
    NodeFull,
    /// The offer cannot be met; the message says which m-line and what to offer.
    OfferRejected,
    /// The track, mid or participant does not exist (any more).
    NotFound,
    /// The token of `resume` is not known or too old: join anew.
    ResumeExpired,
    /// The same participant connected again elsewhere; this connection closes.
    Replaced,
    /// The peer connection broke; send a new offer after joining again.
    MediaFailed,
    /// The DTLS handshake of the peer connection ended with an alert: join again with `compat`.
    HandshakeFailed,
    /// This server asks for an access token, and `join` has none.
    TokenMissing,
    /// The access token cannot be read.
    TokenMalformed,
    /// No key of this server signed the access token, or it was changed since.
    TokenInvalid,
    /// The access token's time is over.
    TokenExpired,
    /// The access token's time has not come.
    TokenNotYetValid,
    /// The access token is for another room.
    TokenWrongRoom,
    /// The access token of `renew` is for somebody else.
    TokenWrongIdentity,
    /// The participant's permissions do not include this; the message names the grant.
    NotAllowed,
    /// The room does not exist, and the participant may not create it.
    NoSuchRoom,
    /// The same identity joined this room on another connection; this one closes.
    DuplicateIdentity,
    /// The server shuts down.
    ShuttingDown,
    /// A fault of the server.
    Internal,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [ErrorCode; 27] = [
        Self::Malformed,
        Self::UnknownMessage,
        Self::FrameTooLarge,
        Self::RateLimited,
        Self::WrongOrder,
        Self::InvalidValue,
        Self::RoomFull,
        Self::TooManyRooms,
        Self::NodeFull,
        Self::OfferRejected,
        Self::NotFound,
        Self::ResumeExpired,
        Self::Replaced,
        Self::MediaFailed,
        Self::HandshakeFailed,
        Self::TokenMissing,
        Self::TokenMalformed,
        Self::TokenInvalid,
        Self::TokenExpired,
        Self::TokenNotYetValid,
        Self::TokenWrongRoom,
        Self::TokenWrongIdentity,
        Self::NotAllowed,
        Self::NoSuchRoom,
        Self::DuplicateIdentity,
        Self::ShuttingDown,
        Self::Internal,
    ];

    /// The code, as on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownMessage => "unknown_message",
            Self::FrameTooLarge => "frame_too_large",
            Self::RateLimited => "rate_limited",
            Self::WrongOrder => "wrong_order",
            Self::InvalidValue => "invalid_value",
            Self::RoomFull => "room_full",
            Self::TooManyRooms => "too_many_rooms",
            Self::NodeFull => "node_full",
            Self::OfferRejected => "offer_rejected",
            Self::NotFound => "not_found",
            Self::ResumeExpired => "resume_expired",
            Self::Replaced => "replaced",
            Self::MediaFailed => "media_failed",
            Self::HandshakeFailed => "handshake_failed",
            Self::TokenMissing => "token_missing",
            Self::TokenMalformed => "token_malformed",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::TokenNotYetValid => "token_not_yet_valid",
            Self::TokenWrongRoom => "token_wrong_room",
            Self::TokenWrongIdentity => "token_wrong_identity",
            Self::NotAllowed => "not_allowed",
            Self::NoSuchRoom => "no_such_room",
            Self::DuplicateIdentity => "duplicate_identity",
            Self::ShuttingDown => "shutting_down",
            Self::Internal => "internal",
        }
    }
}
