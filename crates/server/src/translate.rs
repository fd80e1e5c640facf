//! Between what rooms say and what is on the wire.

use media::plane::{PauseReason, Quality, QualityReason, SlotState};
use media::{Bitrate, Codec, LayerInfo, ParticipantId};
use room::{CloseReason, Notice, Permissions, RoomError, SlotShown, Welcome};
use signaling::token::{Grants, TokenError};
use signaling::{
    CodecName, ErrorCode, IceServer, LayerDescription, Limits, OfferedTrack, ParticipantInfo,
    ParticipantState, PauseReasonName, PermissionsInfo, QualityInfo, QualityReasonName, ServerMessage,
    SlotInfo, SlotStateName, Speaker, Tile, TrackInfo,
};

/// What a notice becomes.
pub(crate) enum Outcome {
    /// A message for the client.
    Tell(ServerMessage),
    /// The answer to the request the session knows by this number.
    Answer(u64, ServerMessage),
    /// A message, then the socket closes.
    Close(CloseReason, ServerMessage),
}

pub(crate) fn notice(notice: Notice) -> Outcome {
    Outcome::Tell(match notice {
        Notice::Joined {
            revision,
            count,
            participants,
        } => ServerMessage::Joined {
            revision,
            count,
            participants: all(participants, participant),
        },
        Notice::Left {
            revision,
            count,
            participants,
        } => ServerMessage::Left {
            revision,
            count,
            participants,
        },
        Notice::Updated {
            revision,
            participants,
        } => ServerMessage::Updated {
            revision,
            participants: all(participants, participant),
        },
        Notice::Slots { slots } => ServerMessage::Slots {
            slots: all(slots, slot),
        },
        Notice::Speakers { speakers } => ServerMessage::Speakers {
            speakers: all(speakers, speaker),
        },
        Notice::Layers { track, wanted } => ServerMessage::Layers { track, wanted },
        // Only video has a choice, and a track of another kind is never told.
        Notice::Codec { track, codec } => ServerMessage::Codec {
            track,
            codec: codec_name(codec),
        },
        Notice::Quality { participants } => ServerMessage::Quality {
            participants: all(participants, quality),
        },
        Notice::Answer { request, result } => {
            let message = match result {
                Ok(sdp) => ServerMessage::Answer { sdp },
                Err(why) => ServerMessage::Error {
                    code: ErrorCode::OfferRejected,
                    message: why,
                },
            };
            return Outcome::Answer(request, message);
        }
        Notice::MediaFailed { reason, dtls_alert } => {
            let (code, hint) = if dtls_alert {
                (ErrorCode::HandshakeFailed, "join again with `compat`")
            } else {
                (ErrorCode::MediaFailed, "join again")
            };
            error(code, format!("the peer connection is over: {reason}; {hint}"))
        }
        Notice::Permissions {
            revision,
            permissions,
        } => ServerMessage::Permissions {
            revision,
            permissions: permissions_info(permissions),
        },
        Notice::TokenExpiring { seconds } => ServerMessage::TokenExpiring { seconds },
        Notice::Closed(reason) => return Outcome::Close(reason, closed(reason)),
    })
}

fn closed(reason: CloseReason) -> ServerMessage {
    match reason {
        CloseReason::Replaced => error(
            ErrorCode::Replaced,
            "this participant resumed on another connection".into(),
        ),
        CloseReason::MediaSilent => error(
            ErrorCode::MediaFailed,
            "no media came for 30 s, and the seat was given up: join again".into(),
        ),
        CloseReason::TokenExpired => error(
            ErrorCode::TokenExpired,
            "the access token expired and was not renewed: ask for a new one, and join again".into(),
        ),
        CloseReason::NotAllowed => error(
            ErrorCode::NotAllowed,
            "being in this room is not allowed any more: ask whoever runs the call".into(),
        ),
        CloseReason::DuplicateIdentity => error(
            ErrorCode::DuplicateIdentity,
            "the same identity joined this room on another connection".into(),
        ),
        CloseReason::ShuttingDown => error(
            ErrorCode::ShuttingDown,
            "the server shuts down: join again in a moment".into(),
        ),
    }
}

pub(crate) fn error(code: ErrorCode, message: String) -> ServerMessage {
    ServerMessage::Error { code, message }
}

pub(crate) fn room_error(why: &RoomError) -> ServerMessage {
    let code = match why {
        RoomError::RoomFull { .. } => ErrorCode::RoomFull,
        RoomError::TooManyRooms { .. } => ErrorCode::TooManyRooms,
        RoomError::InvalidValue(_) => ErrorCode::InvalidValue,
        RoomError::WrongOrder(_) => ErrorCode::WrongOrder,
        RoomError::NotFound(_) => ErrorCode::NotFound,
        RoomError::ResumeExpired => ErrorCode::ResumeExpired,
        RoomError::NotAllowed(_) => ErrorCode::NotAllowed,
        RoomError::NoSuchRoom => ErrorCode::NoSuchRoom,
        RoomError::OfferRejected(_) => ErrorCode::OfferRejected,
    };
    error(code, why.to_string())
}

pub(crate) fn token_error(why: &TokenError) -> ServerMessage {
    error(why.code(), why.to_string())
}

pub(crate) fn permissions(grants: Grants) -> Permissions {
    let Grants {
        join,
        create,
        publish,
        subscribe,
        data,
        hidden,
        see_hidden,
        admin,
    } = grants;
    Permissions {
        join,
        create,
        publish,
        subscribe,
        data,
        hidden,
        see_hidden,
        admin,
    }
}

fn permissions_info(permissions: Permissions) -> PermissionsInfo {
    PermissionsInfo {
        publish: permissions.publish.iter().collect(),
        subscribe: permissions.subscribe,
        data: permissions.data,
        hidden: permissions.hidden,
        see_hidden: permissions.see_hidden,
        admin: permissions.admin,
    }
}

pub(crate) fn welcome(welcome: Welcome, ice_servers: Vec<IceServer>, limits: Limits) -> ServerMessage {
    ServerMessage::Welcome {
        participant: welcome.participant,
        identity: welcome.identity,
        name: welcome.name,
        permissions: permissions_info(welcome.permissions),
        room: welcome.room_name,
        revision: welcome.revision,
        participants: all(welcome.participants, participant),
        count: welcome.count,
        tracks: all(welcome.tracks, track),
        slots: all(welcome.slots, slot),
        ice_servers,
        limits,
        resume: welcome.token,
        resumed: welcome.resumed,
    }
}

fn all<A, B>(items: Vec<A>, one: impl Fn(A) -> B) -> Vec<B> {
    items.into_iter().map(one).collect()
}

pub(crate) fn participant(info: room::ParticipantInfo) -> ParticipantInfo {
    ParticipantInfo {
        id: info.id,
        identity: info.identity,
        name: info.name,
        metadata: info.metadata,
        state: match info.state {
            room::ParticipantState::Connecting => ParticipantState::Connecting,
            room::ParticipantState::Connected => ParticipantState::Connected,
            room::ParticipantState::Reconnecting => ParticipantState::Reconnecting,
        },
        tracks: all(info.tracks, track),
    }
}

pub(crate) fn track(info: room::TrackInfo) -> TrackInfo {
    TrackInfo {
        id: info.id,
        csrc: info.id.0,
        source: info.source,
        muted: info.muted,
    }
}

fn speaker(speaker: room::Speaker) -> Speaker {
    Speaker {
        participant: speaker.participant,
        level: speaker.level,
        active: speaker.active,
    }
}

fn slot(info: room::SlotInfo) -> SlotInfo {
    let (track, state, reason) = match info.shown {
        SlotShown::Empty => (None, SlotStateName::Empty, None),
        SlotShown::Track { track, state } => match state {
            SlotState::Live => (Some(track), SlotStateName::Live, None),
            SlotState::Switching => (Some(track), SlotStateName::Switching, None),
            SlotState::Paused(reason) => (Some(track), SlotStateName::Paused, Some(pause(reason))),
        },
    };
    SlotInfo {
        mid: info.mid,
        track,
        csrc: track.map_or(0, |track| track.0),
        state,
        reason,
    }
}

fn codec_name(codec: Codec) -> CodecName {
    match codec {
        Codec::Vp9 => CodecName::Vp9,
        Codec::Av1 => CodecName::Av1,
        Codec::H264 => CodecName::H264,
        Codec::Vp8 | Codec::Opus | Codec::Red => CodecName::Vp8,
    }
}

fn quality((participant, quality): (ParticipantId, Quality)) -> QualityInfo {
    QualityInfo {
        participant,
        score: quality.score,
        reason: quality.reason.map(|reason| match reason {
            QualityReason::DownlinkBandwidth => QualityReasonName::DownlinkBandwidth,
            QualityReason::DownlinkLoss => QualityReasonName::DownlinkLoss,
            QualityReason::DownlinkDelay => QualityReasonName::DownlinkDelay,
            QualityReason::UplinkBandwidth => QualityReasonName::UplinkBandwidth,
            QualityReason::UplinkLoss => QualityReasonName::UplinkLoss,
            QualityReason::Silent => QualityReasonName::Silent,
        }),
    }
}

fn pause(reason: PauseReason) -> PauseReasonName {
    match reason {
        PauseReason::Muted => PauseReasonName::Muted,
        PauseReason::Hidden => PauseReasonName::Hidden,
        PauseReason::NoLayer => PauseReasonName::NoLayer,
        PauseReason::Bandwidth => PauseReasonName::Bandwidth,
        PauseReason::Codec => PauseReasonName::Codec,
        PauseReason::Overload => PauseReasonName::Overload,
    }
}

pub(crate) fn offered_tracks(tracks: Vec<OfferedTrack>) -> Vec<room::OfferedTrack> {
    all(tracks, |track| room::OfferedTrack {
        mid: track.mid,
        source: track.source,
    })
}

pub(crate) fn layers(layers: Vec<LayerDescription>) -> Vec<LayerInfo> {
    all(layers, |layer| LayerInfo {
        rid: layer.rid,
        height: layer.height,
        max_bitrate: Bitrate(layer.max_bitrate),
    })
}

pub(crate) fn view(tiles: Vec<Tile>, auto_height: Option<u16>) -> room::View {
    let tile = |tile: Tile| room::Tile {
        participant: tile.participant,
        source: tile.source,
        height: tile.height,
        priority: tile.priority,
    };
    room::View {
        tiles: all(tiles, tile),
        auto_height,
    }
}

pub(crate) fn page(page: room::Page) -> ServerMessage {
    ServerMessage::Participants {
        count: page.count,
        participants: all(page.participants, participant),
    }
}
