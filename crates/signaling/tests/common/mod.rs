//! Keys and tokens for tests.
#![allow(dead_code, missing_docs, unreachable_pub)] // Each test file uses a part.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use signaling::token::{Claims, Grants, Keys, RoomPattern, SigningKey};

pub const SECRET: &str = "a secret of thirty-two bytes, or more";
pub const OTHER_SECRET: &str = "another secret of thirty-two bytes..";
/// The key pair of RFC 8037 appendix A, as OpenSSL writes it.
pub const PRIVATE_PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
";
/// Its public half.
pub const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
";
/// A moment, in seconds since 1970.
pub const NOW: u64 = 1_800_000_000;

pub fn keys() -> Keys {
    let mut keys = Keys::new();
    keys.add_secret("app", SECRET).expect("a good secret");
    keys.add_public_key("partner", PUBLIC_PEM).expect("a good key");
    keys
}

pub fn app() -> SigningKey {
    SigningKey::secret("app", SECRET).expect("a good secret")
}

pub fn partner() -> SigningKey {
    SigningKey::private_key("partner", PRIVATE_PEM).expect("a good key")
}

/// Of Ada, for the room `daily`, from now for an hour.
pub fn ada() -> Claims {
    Claims {
        key: String::new(),
        identity: "ada".into(),
        name: Some("Ada Lovelace".into()),
        metadata: None,
        room: RoomPattern("daily".into()),
        grants: Grants::CALL,
        not_before: Some(NOW),
        expires: NOW + 3_600,
    }
}

/// The same as JSON, to be changed in a way that [`Claims`] do not allow.
pub fn ada_json() -> Value {
    json!({
        "iss": "app", "sub": "ada", "room": "daily", "grants": ["join", "publish"], "exp": NOW + 3_600
    })
}

/// A token of any header and claims, with the HMAC of this secret, as a library of somebody else would make it.
pub fn handmade(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    let signature = ring::hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

/// The claims with a good signature.
pub fn signed(claims: &Value) -> String {
    handmade(&json!({"alg": "HS256", "typ": "JWT"}), claims, SECRET.as_bytes())
}

/// The DER inside a PEM text.
pub fn der(pem: &str) -> Vec<u8> {
    let inner: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(inner).expect("base64")
}
