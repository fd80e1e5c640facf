//! Access tokens: who somebody is, which room they may enter, what they may do there, and for how long.
//!
//! A token is a JWT (RFC 7519) in compact form (RFC 7515 §7.1), signed with HS256 (RFC 7518 §3.2) by a secret, or with
//! EdDSA (RFC 8037) by an Ed25519 key of which the server knows the public half. The key decides the algorithm; what the
//! token says of it must only agree. Whoever holds a token is who it names, until it expires.
//!
//! Nothing here reads a file or a clock: keys are handed in, and `now` is a number of seconds since 1970.

mod claims;
mod compact;
mod error;
mod grants;
mod keys;
mod pattern;
mod sign;

pub use claims::{Claims, IDENTITY_CHARS_MAX, TOKEN_BYTES_MAX};
pub use error::TokenError;
pub use grants::{Grants, UnknownGrant};
pub use keys::{KEYS_MAX, KeyError, Keys, SECRET_BYTES_MIN};
pub use pattern::{PATTERN_CHARS_MAX, RoomPattern};
pub use sign::SigningKey;

use std::fmt;

/// A token as it came or goes, unread. Whoever sees it can use it, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct AccessToken(pub String);

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessToken({} bytes)", self.0.len())
    }
}
