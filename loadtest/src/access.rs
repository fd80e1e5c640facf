//! Access tokens for participants, on servers that ask for them.

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches};
use signaling::AccessToken;
use signaling::token::{Claims, Grants, RoomPattern, SigningKey};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long a token is valid: longer than any run, because nothing renews it.
const VALID: Duration = Duration::from_secs(7 * 24 * 3_600);

/// What makes tokens for participants.
#[derive(Debug, Clone)]
pub struct Access(Arc<SigningKey>);

/// The flags.
pub(crate) fn arguments() -> [Arg; 2] {
    [
        Arg::new("api-key")
            .long("api-key")
            .value_name("ID")
            .requires("api-secret-file")
            .help("Make an access token for each participant with this key of the server"),
        Arg::new("api-secret-file")
            .long("api-secret-file")
            .value_name("FILE")
            .requires("api-key")
            .value_parser(clap::value_parser!(PathBuf))
            .help("File with the secret of --api-key, alone"),
    ]
}

impl Access {
    /// Reads the flags; `None` without them.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no secret of the right length.
    pub fn from_matches(matches: &ArgMatches) -> Result<Option<Self>> {
        let (Some(id), Some(path)) = (
            matches.get_one::<String>("api-key"),
            matches.get_one::<PathBuf>("api-secret-file"),
        ) else {
            return Ok(None);
        };
        let secret =
            std::fs::read_to_string(path).with_context(|| format!("--api-secret-file {}", path.display()))?;
        let key = SigningKey::secret(id, secret.trim())
            .with_context(|| format!("--api-key {id}, --api-secret-file {}", path.display()))?;
        Ok(Some(Self(Arc::new(key))))
    }

    /// A token for one participant.
    pub fn token(&self, room: &str, identity: &str) -> AccessToken {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.0.sign(&Claims {
            key: self.0.id().to_owned(),
            identity: identity.to_owned(),
            name: None,
            metadata: None,
            room: RoomPattern(room.to_owned()),
            grants: Grants::CALL,
            not_before: None,
            expires: (now + VALID).as_secs(),
        })
    }
}
