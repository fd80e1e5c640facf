//! What a token says.

use super::error::malformed;
use super::{Grants, PATTERN_CHARS_MAX, RoomPattern, TokenError};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::time::Duration;

/// Bytes of a token. Name, metadata (1,024 bytes, up to six times as many as JSON) and base64 fit.
pub const TOKEN_BYTES_MAX: usize = 8 * 1_024;
/// Characters of an identity.
pub const IDENTITY_CHARS_MAX: usize = 128;
/// How far ahead the clock of the machine that makes tokens may be, in seconds.
const NOT_BEFORE_LEEWAY: u64 = 10;
/// The last second of the year 9999: later than any token has to be valid, and far from any overflow.
const LATEST: u64 = 253_402_300_799;

/// What a token says, in the names of RFC 7519 §4.1 on the wire; `room` and `grants` are ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// `iss`: id of the key that signed it.
    #[serde(rename = "iss")]
    pub key: String,
    /// `sub`: who it is for; the same person or program has the same in every room.
    #[serde(rename = "sub")]
    pub identity: String,
    /// `name`: shown to others instead of what the client says, and not to be changed by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `metadata`: what the participant's metadata begin with, instead of what the client says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// `room`: which rooms.
    pub room: RoomPattern,
    /// `grants`: what is allowed there.
    pub grants: Grants,
    /// `nbf`: valid from this second on, counted from 1970.
    #[serde(
        rename = "nbf",
        default,
        deserialize_with = "maybe_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub not_before: Option<u64>,
    /// `exp`: valid until this second.
    #[serde(rename = "exp", deserialize_with = "seconds")]
    pub expires: u64,
}

impl Claims {
    /// Reads the claims of a token whose signature is good.
    pub(super) fn read(json: Value) -> Result<Self, TokenError> {
        let Value::Object(fields) = &json else {
            return Err(malformed("its claims are not a JSON object"));
        };
        if let Some(missing) = ["sub", "exp", "room", "grants"]
            .into_iter()
            .find(|claim| !fields.contains_key(*claim))
        {
            return Err(malformed(format!("claim `{missing}` is missing")));
        }
        let claims: Self = serde_path_to_error::deserialize(json).map_err(|error| {
            // Not the error's own words: they repeat the value.
            malformed(format!("claim `{}` has a wrong type or value", error.path()))
        })?;
        claims.check()?;
        Ok(claims)
    }

    /// Whether the values are within their ranges. Reading a token checks it too.
    ///
    /// # Errors
    /// `Malformed`, with the claim's name.
    pub fn check(&self) -> Result<(), TokenError> {
        let length = self.identity.chars().count();
        if length == 0 || length > IDENTITY_CHARS_MAX || self.identity.chars().any(char::is_control) {
            return Err(malformed(format!(
                "claim `sub` must have 1 to {IDENTITY_CHARS_MAX} characters and no control characters"
            )));
        }
        let length = self.room.0.chars().count();
        if length == 0 || length > PATTERN_CHARS_MAX {
            return Err(malformed(format!(
                "claim `room` must have 1 to {PATTERN_CHARS_MAX} characters"
            )));
        }
        Ok(())
    }

    /// Whether it is valid at `now`, seconds since 1970; RFC 7519 §4.1.4 and §4.1.5.
    pub(super) fn check_time(&self, now: u64) -> Result<(), TokenError> {
        if now >= self.expires {
            let seconds = now - self.expires;
            return Err(TokenError::Expired { seconds });
        }
        let from = self.not_before.unwrap_or(0);
        if now.saturating_add(NOT_BEFORE_LEEWAY) < from {
            let seconds = from - now;
            return Err(TokenError::NotYetValid { seconds });
        }
        Ok(())
    }

    /// How long it is still valid at `now`.
    pub fn left(&self, now: u64) -> Duration {
        Duration::from_secs(self.expires.saturating_sub(now))
    }
}

/// A NumericDate (RFC 7519 §2): seconds since 1970, which some libraries write with a fraction.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    let whole = number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        // The cast floors, and is exact enough for a date.
        (float >= 0.0).then_some(float as u64)
    });
    whole
        .map(|seconds| seconds.min(LATEST))
        .ok_or_else(|| serde::de::Error::custom("must be seconds since 1970"))
}

fn maybe_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    seconds(deserializer).map(Some)
}
