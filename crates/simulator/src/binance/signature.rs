//! Whether a request is signed by the key it names.
//!
//! Written from the documentation and kept apart from every adapter: a shared misunderstanding
//! of what is signed would make both sides agree and both be wrong. What the two surfaces sign
//! differs: REST signs the bytes as sent, percent-encoded, query and body with nothing between;
//! the WebSocket API signs the parameters sorted by name as raw UTF-8 (rest-api.md and
//! web-socket-api.md, request security, read 2026-11).

#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{hmac, signature};

/// What the venue knows of a key: enough to check a signature.
#[derive(Clone)]
pub enum KeySecret {
    /// A shared secret: HMAC-SHA256, written in hex of either case.
    Hmac(String),
    /// A public key of 32 bytes: pure Ed25519, written in base64.
    Ed25519([u8; 32]),
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hmac(_) => f.write_str("Hmac(..)"),
            Self::Ed25519(_) => f.write_str("Ed25519(..)"),
        }
    }
}

impl KeySecret {
    /// Whether `text` is this key's signature of `payload`. REST callers percent-decode first.
    #[must_use]
    pub fn verifies(&self, payload: &[u8], text: &str) -> bool {
        match self {
            Self::Hmac(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
                const_hex::decode(text).is_ok_and(|tag| hmac::verify(&key, payload, &tag).is_ok())
            }
            Self::Ed25519(public) => {
                let key = signature::UnparsedPublicKey::new(&signature::ED25519, public);
                STANDARD.decode(text).is_ok_and(|tag| key.verify(payload, &tag).is_ok())
            }
        }
    }

    /// Whether `session.logon` accepts this kind of key: only Ed25519 (web-socket-api.md).
    #[must_use]
    pub const fn may_log_on(&self) -> bool {
        matches!(self, Self::Ed25519(_))
    }
}

/// What a REST request signs: the raw query, then the raw body, both without the `signature`
/// parameter. `None` when the bytes are not in percent-encoded form, which no signature covers
/// (changelog 2026-01-15).
#[must_use]
pub(crate) fn rest_payload(query: &str, body: &str) -> Option<String> {
    let mut payload = without_signature(query);
    payload.push_str(&without_signature(body));
    is_percent_encoded(&payload).then_some(payload)
}

/// What a WebSocket API request signs: every parameter but the signature, sorted by name.
/// `params` holds names and values as JSON spells them.
#[must_use]
pub(crate) fn ws_payload<'a>(params: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut pairs: Vec<_> = params.filter(|(name, _)| *name != "signature").collect();
    pairs.sort_unstable();
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn without_signature(part: &str) -> String {
    let pairs: Vec<_> =
        part.split('&').filter(|pair| pair.split('=').next() != Some("signature")).collect();
    pairs.join("&")
}

/// Whether only characters stand there that a percent-encoder may leave alone.
fn is_percent_encoded(payload: &str) -> bool {
    payload
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~!*'()&=%+/:;,?@$".contains(&byte))
}
