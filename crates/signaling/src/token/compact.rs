//! The compact form of a signed token: `header.claims.signature`, each in base64url without padding (RFC 7515 §7.1).

use super::error::malformed;
use super::{TOKEN_BYTES_MAX, TokenError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The header, as far as it matters (RFC 7515 §4.1).
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) alg: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) typ: Option<String>,
    /// Id of the key, the same as the claim `iss`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kid: Option<String>,
    /// Extensions that must be understood (RFC 7515 §4.1.11). We understand none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) crit: Option<Value>,
}

/// A token taken apart. Nothing of it is to be believed yet.
pub(super) struct Compact<'a> {
    pub(super) header: Header,
    pub(super) claims: Value,
    /// What is signed: header and claims with the dot between them.
    pub(super) signed: &'a [u8],
    pub(super) signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    pub(super) fn read(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(malformed(format!(
                "it has {} bytes; at most {TOKEN_BYTES_MAX} are accepted",
                token.len()
            )));
        }
        let parts = || {
            let (signed, signature) = token.rsplit_once('.')?;
            let (header, claims) = signed.split_once('.')?;
            (!claims.contains('.')).then_some((signed, header, claims, signature))
        };
        let (signed, header, claims, signature) =
            parts().ok_or_else(|| malformed("it must have three parts with dots between them"))?;
        let header: Header = serde_json::from_slice(&decode("header", header)?)
            .map_err(|_| malformed("its header is not a JSON object with `alg`"))?;
        if header.crit.is_some() {
            return Err(malformed("its header has `crit`, and no extension is known here"));
        }
        let claims = serde_json::from_slice(&decode("claims", claims)?)
            .map_err(|_| malformed("its claims are not JSON"))?;
        Ok(Self {
            header,
            claims,
            signed: signed.as_bytes(),
            signature: decode("signature", signature)?,
        })
    }
}

fn decode(part: &str, text: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| malformed(format!("its {part} is not base64url without padding")))
}

/// What is to be signed, of a header and claims that can always be written.
pub(super) fn to_sign(header: &Header, claims: &impl Serialize) -> serde_json::Result<String> {
    let part = |json: Vec<u8>| URL_SAFE_NO_PAD.encode(json);
    let header = part(serde_json::to_vec(header)?);
    let claims = part(serde_json::to_vec(claims)?);
    Ok(format!("{header}.{claims}"))
}

/// The whole token.
pub(super) fn join(signed: &str, signature: &[u8]) -> String {
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
