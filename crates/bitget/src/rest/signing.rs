//! Signatures: of time, method, path with query, and body, one after the other.

use std::collections::BTreeMap;

use http::Method;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use tradewind_model::call::CallKind;
use tradewind_venue::{EncodeError, Signer, Stamp};

const KEY: HeaderName = HeaderName::from_static("access-key");
const SIGNATURE: HeaderName = HeaderName::from_static("access-sign");
const TIMESTAMP: HeaderName = HeaderName::from_static("access-timestamp");
const PASSPHRASE: HeaderName = HeaderName::from_static("access-passphrase");

/// The longest window that the venue takes is shorter than a minute (error 40079, read 2026-11).
const RECEIVE_WINDOW_MS_MAX: u128 = 59_999;

/// The stamp's window in whole milliseconds, as far as the venue takes it.
pub(super) fn receive_window_ms(stamp: Stamp) -> u128 {
    stamp.recv_window.as_millis().min(RECEIVE_WINDOW_MS_MAX)
}

/// What is signed of a request.
fn payload(millis: u64, method: &Method, path: &str, body: &str) -> String {
    format!("{millis}{method}{path}{body}")
}

/// Adds what a signed request has in its headers.
pub(super) fn sign(
    headers: &mut HeaderMap,
    kind: CallKind,
    method: &Method,
    path: &str,
    body: &str,
    stamp: Stamp,
    signer: &Signer,
) -> Result<(), EncodeError> {
    let passphrase = signer.passphrase().ok_or(EncodeError::NeedsPassphrase(kind))?;
    let millis = stamp.venue_now.as_millis();
    let signature = signer.sign_base64(payload(millis, method, path, body).as_bytes());
    for (name, text) in [
        (KEY, signer.api_key()),
        (SIGNATURE, &signature),
        (TIMESTAMP, &millis.to_string()),
        (PASSPHRASE, passphrase),
    ] {
        let mut value = HeaderValue::from_str(text)
            .expect("a signer takes visible ASCII alone, and base64 and digits are");
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(())
}

/// How a socket says whose it is, by name. It is written to the socket and nowhere else.
pub(crate) type Login = BTreeMap<&'static str, String>;

/// Signs a login; in seconds, where requests have milliseconds.
pub(crate) fn login(stamp: Stamp, signer: &Signer) -> Result<Login, EncodeError> {
    let kind = CallKind::Authenticate;
    let passphrase = signer.passphrase().ok_or(EncodeError::NeedsPassphrase(kind))?;
    let secs = stamp.venue_now.as_millis() / 1_000;
    let payload = payload(secs, &Method::GET, "/user/verify", "");
    let sign = signer.sign_base64(payload.as_bytes());
    Ok(BTreeMap::from([
        ("apiKey", signer.api_key().to_owned()),
        ("passphrase", passphrase.to_owned()),
        ("timestamp", secs.to_string()),
        ("sign", sign),
    ]))
}

#[cfg(test)]
mod tests;
