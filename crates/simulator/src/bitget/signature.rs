//! Whether a request is signed by the key it names.
//!
//! Signed are the timestamp, the verb, the path, the query behind a question mark if there is one,
//! and the body, with nothing between them (signature page, read 2026-11). Written apart from every
//! adapter: a shared misunderstanding would make both sides agree and both be wrong.

#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use ring::{hmac, signature};

/// What is signed to log in on a socket, behind the timestamp.
const LOGIN: &str = "GET/user/verify";

/// What the venue knows of a key: enough to check a signature.
#[derive(Clone)]
pub enum KeySecret {
    /// A shared secret: HMAC-SHA256, written in base64.
    Hmac(String),
    /// A public key in DER, as PKCS#1 has it: RSASSA-PKCS1-v1_5 with SHA-256, written in base64.
    Rsa(Vec<u8>),
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hmac(_) => f.write_str("Hmac(..)"),
            Self::Rsa(_) => f.write_str("Rsa(..)"),
        }
    }
}

impl KeySecret {
    /// Whether `text` is this key's signature of `payload`.
    #[must_use]
    pub fn verifies(&self, payload: &[u8], text: &str) -> bool {
        let Ok(tag) = STANDARD.decode(text) else {
            return false;
        };
        match self {
            Self::Hmac(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
                hmac::verify(&key, payload, &tag).is_ok()
            }
            Self::Rsa(public) => {
                let scheme = &signature::RSA_PKCS1_2048_8192_SHA256;
                signature::UnparsedPublicKey::new(scheme, public).verify(payload, &tag).is_ok()
            }
        }
    }
}

/// What a request may have signed: its query as it was sent, or percent-decoded. Clients do either,
/// and the two differ for few characters.
pub(super) fn rest_payloads(
    timestamp: &str,
    verb: &str,
    path: &str,
    query: &str,
    body: &str,
) -> [String; 2] {
    let mark = if query.is_empty() { "" } else { "?" };
    let joined = |query: &str| format!("{timestamp}{verb}{path}{mark}{query}{body}");
    [joined(query), joined(&percent_decode_str(query).decode_utf8_lossy())]
}

/// What a login signs.
pub(super) fn login_payload(timestamp: &str) -> String {
    format!("{timestamp}{LOGIN}")
}
