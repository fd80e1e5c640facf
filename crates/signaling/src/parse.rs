//! From a text frame to a message, with errors a client's developer can act on.

use crate::tagged;
use crate::{ClientFrame, ClientMessage, ErrorCode};
use serde_json::{Map, Value};

/// Tiles in one `view`.
pub const TILES_MAX: usize = 64;
/// Entries in `offer.tracks`; there are four sources.
pub const OFFERED_TRACKS_MAX: usize = 4;
/// Layers of one track.
pub const LAYERS_MAX: usize = media::id::MAX_LAYERS;
/// Characters of a mid or rid. RFC 8843 §9.1 asks for short ones, browsers use one to three.
pub const MID_CHARS_MAX: usize = 32;
/// Participants in one page.
pub const PAGE_MAX: u32 = 100;
/// Characters of a client's text that an error message repeats.
const QUOTE_CHARS: usize = 40;
/// Characters kept of either end of what serde says is wrong: it repeats the whole value in the middle.
const WRONG_CHARS: usize = 160;

/// Why a frame was refused: what to send back, as `error`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ProtocolError {
    /// The request's id when it could be read.
    pub id: Option<u32>,
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
}

/// Reads one frame from a client of at most `limit` bytes.
///
/// # Errors
/// `frame_too_large`, `malformed` (not JSON, with the position; a field missing or of the wrong type, with its name),
/// `unknown_message` (lists the known types), `invalid_value` (a list or text out of its range).
pub fn parse_client_frame(text: &str, limit: usize) -> Result<ClientFrame, ProtocolError> {
    let refuse = |id, code, message| Err(ProtocolError { id, code, message });
    if text.len() > limit {
        let message = format!("the frame has {} bytes; at most {limit} are accepted", text.len());
        return refuse(None, ErrorCode::FrameTooLarge, message);
    }
    let mut fields = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => {
            return refuse(
                None,
                ErrorCode::Malformed,
                "the frame is JSON, but not an object".into(),
            );
        }
        // Its text ends with line and column.
        Err(error) => {
            return refuse(
                None,
                ErrorCode::Malformed,
                format!("the frame is not JSON: {error}"),
            );
        }
    };
    let id = take_id(&mut fields)?;
    let name = take_type(id, &mut fields)?;
    let message = tagged::read(&name, fields).map_err(|what| ProtocolError {
        id: Some(id),
        code: ErrorCode::Malformed,
        message: format!("{name}: {}", shorten(&what)),
    })?;
    match out_of_range(&message) {
        Some(what) => refuse(Some(id), ErrorCode::InvalidValue, format!("{name}: {what}")),
        None => Ok(ClientFrame { id, message }),
    }
}

fn take_id(fields: &mut Map<String, Value>) -> Result<u32, ProtocolError> {
    let malformed = |message: &str| ProtocolError {
        id: None,
        code: ErrorCode::Malformed,
        message: message.into(),
    };
    let id = fields
        .remove("id")
        .ok_or_else(|| malformed("field `id` is missing: number every request, from 0 to 4294967295"))?;
    id.as_u64()
        .and_then(|id| u32::try_from(id).ok())
        .ok_or_else(|| malformed("field `id`: must be a whole number from 0 to 4294967295"))
}

fn take_type(id: u32, fields: &mut Map<String, Value>) -> Result<String, ProtocolError> {
    let known = || ClientMessage::TYPES.join(", ");
    let refuse = |code, message| {
        Err(ProtocolError {
            id: Some(id),
            code,
            message,
        })
    };
    match fields.remove("type") {
        Some(Value::String(name)) if ClientMessage::TYPES.contains(&name.as_str()) => Ok(name),
        Some(Value::String(name)) => {
            let message = format!("unknown type {}; known are: {}", quote(&name), known());
            refuse(ErrorCode::UnknownMessage, message)
        }
        Some(_) => refuse(
            ErrorCode::Malformed,
            format!("field `type`: must be one of: {}", known()),
        ),
        None => refuse(
            ErrorCode::Malformed,
            format!("field `type` is missing; known are: {}", known()),
        ),
    }
}

/// What is out of its range, in words. Names are looked at where rooms are.
fn out_of_range(message: &ClientMessage) -> Option<String> {
    let too_many = |what: &str, count: usize, limit: usize| {
        (count > limit).then(|| format!("field `{what}`: has {count} entries; at most {limit} are accepted"))
    };
    match message {
        ClientMessage::Offer { tracks, .. } => too_many("tracks", tracks.len(), OFFERED_TRACKS_MAX)
            .or_else(|| tracks.iter().find_map(|track| bad_label("mid", &track.mid))),
        ClientMessage::Publish { mid, layers, .. } => bad_label("mid", mid)
            .or_else(|| too_many("layers", layers.len(), LAYERS_MAX))
            .or_else(|| {
                let rids = layers.iter().filter(|layer| !layer.rid.is_empty());
                rids.clone().find_map(|layer| bad_label("rid", &layer.rid))
            }),
        ClientMessage::Unpublish { mid } => bad_label("mid", mid),
        ClientMessage::View { tiles, .. } => too_many("tiles", tiles.len(), TILES_MAX),
        ClientMessage::Participants { limit, .. } => (*limit == 0 || *limit > PAGE_MAX)
            .then(|| format!("field `limit`: is {limit}; 1 to {PAGE_MAX} are accepted")),
        ClientMessage::Join { .. }
        | ClientMessage::Mute { .. }
        | ClientMessage::Update { .. }
        | ClientMessage::Renew { .. }
        | ClientMessage::Leave {}
        | ClientMessage::Ping {} => None,
    }
}

/// What is wrong with a mid or rid.
fn bad_label(what: &str, label: &str) -> Option<String> {
    let length = label.chars().count();
    if length == 0 || length > MID_CHARS_MAX {
        return Some(format!(
            "field `{what}`: has {length} characters; 1 to {MID_CHARS_MAX} are accepted"
        ));
    }
    let bad = label.chars().find(|c| c.is_control() || c.is_whitespace())?;
    Some(format!("field `{what}`: contains {bad:?}"))
}

fn shorten(what: &str) -> String {
    let length = what.chars().count();
    if length <= 2 * WRONG_CHARS {
        return what.to_owned();
    }
    let start = what.chars().take(WRONG_CHARS);
    start
        .chain(['…'])
        .chain(what.chars().skip(length - WRONG_CHARS))
        .collect()
}

fn quote(text: &str) -> String {
    format!("{:?}", text.chars().take(QUOTE_CHARS).collect::<String>())
}
