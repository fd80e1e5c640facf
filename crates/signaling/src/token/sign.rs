//! Making tokens.

use super::compact::{Header, join, to_sign};
use super::keys::{EDDSA, HS256, check_id, check_secret};
use super::{AccessToken, Claims, KeyError};
use ring::hmac;
use ring::signature::Ed25519KeyPair;
use std::fmt;

/// What makes tokens. `Debug` shows its id only.
pub struct SigningKey {
    id: String,
    key: Key,
}

enum Key {
    Secret(hmac::Key),
    Private(Ed25519KeyPair),
}

impl SigningKey {
    /// A secret shared with the server: HS256.
    ///
    /// # Errors
    /// An id or a secret that cannot be used.
    pub fn secret(id: &str, secret: &str) -> Result<Self, KeyError> {
        check_secret(secret)?;
        Self::new(
            id,
            Key::Secret(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())),
        )
    }

    /// An Ed25519 private key in PEM form (PKCS #8, RFC 8410 §7), whose public half the server has: EdDSA.
    ///
    /// # Errors
    /// An id that cannot be used, or a text that is not such a key.
    pub fn private_key(id: &str, pem: &str) -> Result<Self, KeyError> {
        let pem = pem::parse(pem).map_err(|_| KeyError::PrivateKey)?;
        if pem.tag() != "PRIVATE KEY" {
            return Err(KeyError::PrivateKey);
        }
        // Unchecked: what OpenSSL writes has no public half to check against.
        let pair =
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(pem.contents()).map_err(|_| KeyError::PrivateKey)?;
        Self::new(id, Key::Private(pair))
    }

    fn new(id: &str, key: Key) -> Result<Self, KeyError> {
        check_id(id)?;
        Ok(Self {
            id: id.to_owned(),
            key,
        })
    }

    /// The key's id, for `Claims::key`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Signs; `claims.key` becomes this key's id. What is not valid is signed all the same: checking is the server's
    /// part.
    pub fn sign(&self, claims: &Claims) -> AccessToken {
        let header = Header {
            alg: match self.key {
                Key::Secret(_) => HS256,
                Key::Private(_) => EDDSA,
            }
            .into(),
            typ: Some("JWT".into()),
            kid: Some(self.id.clone()),
            crit: None,
        };
        let claims = Claims {
            key: self.id.clone(),
            ..claims.clone()
        };
        // Texts and numbers can always be written.
        let signed = to_sign(&header, &claims).unwrap_or_default();
        let token = match &self.key {
            Key::Secret(key) => join(&signed, hmac::sign(key, signed.as_bytes()).as_ref()),
            Key::Private(pair) => join(&signed, pair.sign(signed.as_bytes()).as_ref()),
        };
        AccessToken(token)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.id).finish()
    }
}
