//! Who is let in: holders of access tokens, or, for trying things out, everybody.

mod key_file;
mod reach;

pub(crate) use key_file::{KeyFile, read_private, write_new_secret};
pub use key_file::{KeyFileError, KeyFileProblem};

use crate::addresses;
use crate::config::Config;
use signaling::ClientMessage;
use signaling::token::{Claims, Keys, TokenError};
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Why nobody could be let in, or everybody would be. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Neither keys nor `dev`.
    #[error(
        "there are no keys, so nobody could be told from anybody. Either make a file with a key (`plenum token keygen \
         --key-file keys.toml`) and start with `--key-file keys.toml`, or let everybody in, for trying things out: `--dev`."
    )]
    NoKeys,
    /// Everybody would be let in from everywhere.
    #[error(
        "with `dev` everybody is let in, and http_bind {bind} can be reached at the public address {public}. Bind to this \
         machine (`--http-bind 127.0.0.1:{port}`), use keys instead of `--dev`, or, if everybody on the internet shall come \
         in, say `--dev-allow-public`."
    )]
    Public {
        /// Where HTTP would listen.
        bind: std::net::SocketAddr,
        /// Its port.
        port: u16,
        /// An address that others reach it at.
        public: IpAddr,
    },
    /// The keys cannot be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
}

/// Who is let in.
#[derive(Debug)]
pub(crate) enum Access {
    /// Everybody.
    Everybody,
    /// Holders of tokens signed by one of these.
    Keys(Keys),
}

/// What a message's access token came to.
#[derive(Debug)]
pub(crate) enum Credential {
    /// The message needs none.
    Unneeded,
    /// Everybody may do this.
    Everybody,
    /// A good one, valid for so long from now.
    Holder(Box<Claims>, Duration),
    /// Not a good one.
    Refused(TokenError),
}

impl Access {
    /// As the configuration says.
    ///
    /// # Errors
    /// No keys and no `dev`, `dev` on a public address, or keys that cannot be used.
    pub(crate) fn open(config: &Config) -> Result<Self, AccessError> {
        if !config.key_file.0.is_empty() {
            let keys = KeyFile::read(Path::new(&config.key_file.0))?.keys()?;
            return Ok(Self::Keys(keys));
        }
        if !config.dev {
            return Err(AccessError::NoKeys);
        }
        let public = reach::public_address(config.http_bind.ip(), &addresses::of_this_machine());
        if let Some(public) = public.filter(|_| !config.dev_allow_public) {
            return Err(AccessError::Public {
                bind: config.http_bind,
                port: config.http_bind.port(),
                public,
            });
        }
        Ok(Self::Everybody)
    }

    /// Looks at the token of a message.
    pub(crate) fn check(&self, message: &ClientMessage) -> Credential {
        let token = match message {
            // Who resumes shows the seat's own token.
            ClientMessage::Join { resume: Some(_), .. } => return Credential::Unneeded,
            ClientMessage::Join { token, .. } => token.as_ref(),
            ClientMessage::Renew { token } => Some(token),
            _ => return Credential::Unneeded,
        };
        let keys = match self {
            Self::Everybody => return Credential::Everybody,
            Self::Keys(keys) => keys,
        };
        let now = unix_now();
        let claims = token
            .ok_or(TokenError::Missing)
            .and_then(|token| keys.check(&token.0, now));
        match (claims, message) {
            (Err(why), _) => Credential::Refused(why),
            (Ok(claims), ClientMessage::Join { room, .. }) if !claims.room.matches(room.trim()) => {
                Credential::Refused(TokenError::WrongRoom)
            }
            (Ok(claims), _) => {
                let left = claims.left(now);
                Credential::Holder(Box::new(claims), left)
            }
        }
    }
}

/// Seconds since 1970.
pub(crate) fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
