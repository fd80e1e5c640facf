//! Why a token is not taken.

use crate::ErrorCode;

/// Why a token is not taken. The text is for whoever uses it, says what to do next, and repeats nothing of the token
/// but numbers and names of claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// None was given, and this server has keys.
    #[error(
        "this server asks for an access token: ask whoever invited you for a link with one, and send it as `token` in `join`"
    )]
    Missing,
    /// It cannot be read.
    #[error("the access token cannot be read: {0}; make a new one (`plenum token create` shows the form)")]
    Malformed(String),
    /// No key of this server signed it, or it was changed since.
    #[error(
        "the access token is not signed by a key of this server: sign it with the key that `iss` names, by that key's own algorithm"
    )]
    Untrusted,
    /// Its time is over.
    #[error("the access token expired {seconds} s ago: ask for a new one")]
    Expired {
        /// How long ago.
        seconds: u64,
    },
    /// Its time has not come.
    #[error(
        "the access token is valid only in {seconds} s: try again then, or check the clock of the machine that made it"
    )]
    NotYetValid {
        /// How long to wait.
        seconds: u64,
    },
    /// It is for another room.
    #[error("the access token is for another room: join the one it names, or ask for a token for this one")]
    WrongRoom,
    /// A token that shall renew another is for somebody else.
    #[error(
        "the access token is for another identity: renew with a token for the same one, or join anew with this"
    )]
    WrongIdentity,
}

impl TokenError {
    /// The code on the wire.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Missing => ErrorCode::TokenMissing,
            Self::Malformed(_) => ErrorCode::TokenMalformed,
            Self::Untrusted => ErrorCode::TokenInvalid,
            Self::Expired { .. } => ErrorCode::TokenExpired,
            Self::NotYetValid { .. } => ErrorCode::TokenNotYetValid,
            Self::WrongRoom => ErrorCode::TokenWrongRoom,
            Self::WrongIdentity => ErrorCode::TokenWrongIdentity,
        }
    }
}

/// For the places where a token's form is wrong.
pub(super) fn malformed(what: impl Into<String>) -> TokenError {
    TokenError::Malformed(what.into())
}
