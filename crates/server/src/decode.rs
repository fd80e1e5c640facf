//! From a WebSocket text to a message, or to an error that says what is wrong with it.

use crate::names::CLIENT_MESSAGES;
use serde::Deserialize;
use signaling::{ClientFrame, ErrorCode};
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A text that is no message: the id when it could be read, and the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) id: Option<u32>,
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

/// A message, and a hash of its text: the same id with the same text is the same request.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) frame: ClientFrame,
    pub(crate) fingerprint: u64,
}

/// Read first, so that even a refusal carries the request's id.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(default)]
    id: Option<u32>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
}

/// Longest excerpt of a client's own words in an error.
const EXCERPT_CHARS: usize = 32;

pub(crate) fn decode(text: &str) -> Result<Decoded, Refused> {
    let malformed = |id, message: String| Refused { id, code: ErrorCode::Malformed, message };
    let head: Head<'_> = serde_json::from_str(text)
        .map_err(|error| malformed(None, format!("not a JSON object with a number `id` and a text `type`: {error}")))?;
    let kind = head.kind.ok_or_else(|| malformed(head.id, "the field `type` is missing".into()))?;
    let Some(id) = head.id else {
        return Err(malformed(None, "the field `id` is missing: a number that the answer will carry".into()));
    };
    if !CLIENT_MESSAGES.contains(&&*kind) {
        let excerpt: String = kind.chars().take(EXCERPT_CHARS).collect();
        let known = CLIENT_MESSAGES.join(", ");
        let message = format!("there is no message {excerpt:?}; there are {known}");
        return Err(Refused { id: Some(id), code: ErrorCode::UnknownMessage, message });
    }
    let frame = serde_json::from_str(text).map_err(|error| malformed(Some(id), format!("`{kind}`: {error}")))?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Ok(Decoded { frame, fingerprint: hasher.finish() })
}

/// The id of a text that will not be read further.
pub(crate) fn id_of(text: &str) -> Option<u32> {
    serde_json::from_str::<Head<'_>>(text).ok().and_then(|head| head.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (Option<u32>, ErrorCode) {
        let refused = decode(text).expect_err(text);
        (refused.id, refused.code)
    }

    #[test]
    fn a_refusal_carries_the_id_whenever_it_can_be_read() {
        assert_eq!(refused("{"), (None, ErrorCode::Malformed));
        assert_eq!(refused("[]"), (None, ErrorCode::Malformed));
        assert_eq!(refused(r#"{"type":"ping"}"#), (None, ErrorCode::Malformed));
        assert_eq!(refused(r#"{"id":-1,"type":"ping"}"#), (None, ErrorCode::Malformed));
        assert_eq!(refused(r#"{"id":7}"#), (Some(7), ErrorCode::Malformed));
        assert_eq!(refused(r#"{"id":7,"type":"dance"}"#), (Some(7), ErrorCode::UnknownMessage));
        assert_eq!(refused(r#"{"id":7,"type":"join","room":"r"}"#), (Some(7), ErrorCode::Malformed));
        assert_eq!(refused(r#"{"id":7,"type":"mute","track":"t_1","muted":true}"#), (Some(7), ErrorCode::Malformed));
    }

    #[test]
    fn the_same_text_is_the_same_request() {
        let one = decode(r#"{"id":7,"type":"ping"}"#).unwrap();
        let again = decode(r#"{"id":7,"type":"ping"}"#).unwrap();
        let other = decode(r#"{"id":7,"type":"leave"}"#).unwrap();
        assert_eq!(one.fingerprint, again.fingerprint);
        assert_ne!(one.fingerprint, other.fingerprint);
    }

    #[test]
    fn escapes_in_the_type_are_read() {
        assert!(decode(r#"{"id":7,"type":"p\u0069ng"}"#).is_ok());
    }
}
