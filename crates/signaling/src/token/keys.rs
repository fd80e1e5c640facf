//! The keys a server trusts, and the checking of tokens by them.

use super::compact::Compact;
use super::error::malformed;
use super::{Claims, TokenError};
use ring::{hmac, signature};
use std::collections::BTreeMap;
use std::fmt;

/// Keys at once: a few tenants, each with an old and a new one.
pub const KEYS_MAX: usize = 64;
/// Bytes of a secret: as many as the hash has (RFC 7518 §3.2). A shorter one could be found by trying.
pub const SECRET_BYTES_MIN: usize = 32;
/// Characters of a key's id.
const ID_CHARS_MAX: usize = 64;
/// An Ed25519 SubjectPublicKeyInfo before its 32 bytes of key (RFC 8410 §4).
const ED25519_INFO: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Why a key is not taken. The text says what to do, and repeats nothing of the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The id is empty, too long, or has characters that cannot stand in one.
    #[error("a key's id has 1 to {ID_CHARS_MAX} letters, digits, `-`, `_` or `.`")]
    Id,
    /// The id is there already.
    #[error("the id is used twice: give each key an id of its own")]
    Twice,
    /// The secret is too short.
    #[error(
        "the secret has {bytes} bytes; at least {SECRET_BYTES_MIN} are needed: make one with `plenum token keygen`"
    )]
    Short {
        /// How many it has.
        bytes: usize,
    },
    /// The text is a key in PEM form, which must never be used as a secret: the public half of it is no secret.
    #[error("the secret is a key in PEM form: name its file as `public_key` instead")]
    PemAsSecret,
    /// The text is not an Ed25519 public key.
    #[error(
        "it is not an Ed25519 public key in PEM form: make one with `openssl pkey -in private.pem -pubout -out public.pem`"
    )]
    PublicKey,
    /// The text is not an Ed25519 private key.
    #[error(
        "it is not an Ed25519 private key in PEM form: make one with `openssl genpkey -algorithm ed25519 -out private.pem`"
    )]
    PrivateKey,
    /// More than [`KEYS_MAX`].
    #[error("there are more than {KEYS_MAX} keys: remove old ones")]
    TooMany,
}

/// A key, which knows its algorithm.
enum Key {
    /// HS256 (RFC 7518 §3.2).
    Secret(hmac::Key),
    /// EdDSA with Ed25519 (RFC 8037 §3.1).
    Public(signature::UnparsedPublicKey<[u8; 32]>),
}

impl Key {
    fn algorithm(&self) -> &'static str {
        match self {
            Self::Secret(_) => HS256,
            Self::Public(_) => EDDSA,
        }
    }

    /// Whether it made this signature; compares in constant time.
    fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Secret(key) => hmac::verify(key, signed, signature).is_ok(),
            Self::Public(key) => key.verify(signed, signature).is_ok(),
        }
    }
}

/// `alg` of each kind of key (RFC 7518 §3.1, RFC 8037 §3.1).
pub(super) const HS256: &str = "HS256";
pub(super) const EDDSA: &str = "EdDSA";

/// The keys a server trusts, by id. `Debug` shows ids only.
#[derive(Default)]
pub struct Keys(BTreeMap<String, Key>);

impl Keys {
    /// No keys: no token is trusted.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A secret shared with whoever makes tokens: HS256.
    ///
    /// # Errors
    /// An id or a secret that cannot be used.
    pub fn add_secret(&mut self, id: &str, secret: &str) -> Result<(), KeyError> {
        check_secret(secret)?;
        self.add(
            id,
            Key::Secret(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())),
        )
    }

    /// The public half of an Ed25519 key in PEM form: EdDSA.
    ///
    /// # Errors
    /// An id that cannot be used, or a text that is not such a key.
    pub fn add_public_key(&mut self, id: &str, pem: &str) -> Result<(), KeyError> {
        let pem = pem::parse(pem).map_err(|_| KeyError::PublicKey)?;
        let key = Some(pem.contents())
            .filter(|_| pem.tag() == "PUBLIC KEY")
            .and_then(|der| der.strip_prefix(&ED25519_INFO))
            .and_then(|key| <[u8; 32]>::try_from(key).ok())
            .ok_or(KeyError::PublicKey)?;
        let key = signature::UnparsedPublicKey::new(&signature::ED25519, key);
        self.add(id, Key::Public(key))
    }

    fn add(&mut self, id: &str, key: Key) -> Result<(), KeyError> {
        check_id(id)?;
        if self.0.contains_key(id) {
            return Err(KeyError::Twice);
        }
        if self.0.len() >= KEYS_MAX {
            return Err(KeyError::TooMany);
        }
        self.0.insert(id.to_owned(), key);
        Ok(())
    }

    /// Checks a token at `now`, seconds since 1970: form, signature, time. Costs 10 µs (HS256) to 100 µs (EdDSA).
    ///
    /// # Errors
    /// `Malformed`, `Untrusted`, `Expired`, `NotYetValid`.
    pub fn check(&self, token: &str, now: u64) -> Result<Claims, TokenError> {
        let compact = Compact::read(token)?;
        let issuer = match compact.claims.get("iss") {
            Some(serde_json::Value::String(issuer)) => issuer,
            _ => return Err(malformed("claim `iss` must be the id of a key")),
        };
        // Two ids would leave open which one was meant.
        if compact.header.kid.as_ref().is_some_and(|kid| kid != issuer) {
            return Err(malformed("`kid` in its header and `iss` name different keys"));
        }
        let key = self.0.get(issuer).ok_or(TokenError::Untrusted)?;
        // The key decides; what the token says must only agree (RFC 8725 §3.1).
        if compact.header.alg != key.algorithm() || !key.verifies(compact.signed, &compact.signature) {
            return Err(TokenError::Untrusted);
        }
        let claims = Claims::read(compact.claims)?;
        claims.check_time(now)?;
        Ok(claims)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.ids()).finish()
    }
}

pub(super) fn check_secret(secret: &str) -> Result<(), KeyError> {
    if secret.contains("-----BEGIN ") {
        return Err(KeyError::PemAsSecret);
    }
    let bytes = secret.len();
    if bytes < SECRET_BYTES_MIN {
        return Err(KeyError::Short { bytes });
    }
    Ok(())
}

pub(super) fn check_id(id: &str) -> Result<(), KeyError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if id.is_empty() || id.len() > ID_CHARS_MAX || !id.chars().all(fits) {
        return Err(KeyError::Id);
    }
    Ok(())
}
