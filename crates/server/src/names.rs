//! Names of message types and error codes, as they are on the wire: labels of metrics and words in logs.

use signaling::{ClientMessage, ErrorCode, ServerMessage};

macro_rules! names {
    ($list:ident, $function:ident, $type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        /// Every type there is.
        pub(crate) const $list: [&str; [$($name),+].len()] = [$($name),+];

        /// The message's `type`.
        pub(crate) fn $function(message: &$type) -> &'static str {
            match message { $($type::$variant { .. } => $name),+ }
        }
    };
}

names!(CLIENT_MESSAGES, client_message, ClientMessage {
    Join = "join",
    Offer = "offer",
    Publish = "publish",
    Unpublish = "unpublish",
    View = "view",
    Mute = "mute",
    Update = "update",
    Participants = "participants",
    Leave = "leave",
    Ping = "ping",
});

names!(SERVER_MESSAGES, server_message, ServerMessage {
    Welcome = "welcome",
    Answer = "answer",
    PublishedOk = "published_ok",
    Ok = "ok",
    Pong = "pong",
    Participants = "participants",
    Joined = "joined",
    Left = "left",
    Updated = "updated",
    Slots = "slots",
    Speakers = "speakers",
    Layers = "layers",
    Draining = "draining",
    Error = "error",
});

macro_rules! codes {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// Every error code there is.
        pub(crate) const ERROR_CODES: [&str; [$($name),+].len()] = [$($name),+];

        /// The code as it is on the wire.
        pub(crate) fn error_code(code: ErrorCode) -> &'static str {
            match code { $(ErrorCode::$variant => $name),+ }
        }
    };
}

codes!(
    Malformed = "malformed",
    UnknownMessage = "unknown_message",
    FrameTooLarge = "frame_too_large",
    RateLimited = "rate_limited",
    WrongOrder = "wrong_order",
    InvalidValue = "invalid_value",
    RoomFull = "room_full",
    TooManyRooms = "too_many_rooms",
    OfferRejected = "offer_rejected",
    NotFound = "not_found",
    ResumeExpired = "resume_expired",
    Replaced = "replaced",
    MediaFailed = "media_failed",
    HandshakeFailed = "handshake_failed",
    ShuttingDown = "shutting_down",
    Internal = "internal",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_on_the_wire() {
        for name in CLIENT_MESSAGES {
            let error = serde_json::from_str::<ClientMessage>(&format!("{{\"type\":\"{name}\"}}")).err();
            let unknown = error.is_some_and(|error| error.to_string().contains("unknown variant"));
            assert!(!unknown, "{name} is not a client message");
        }
        for name in SERVER_MESSAGES {
            let error = serde_json::from_str::<ServerMessage>(&format!("{{\"type\":\"{name}\"}}")).err();
            let unknown = error.is_some_and(|error| error.to_string().contains("unknown variant"));
            assert!(!unknown, "{name} is not a server message");
        }
        for name in ERROR_CODES {
            let code: ErrorCode = serde_json::from_str(&format!("\"{name}\"")).unwrap();
            assert_eq!(error_code(code), name);
        }
    }
}
