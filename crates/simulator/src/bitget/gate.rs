//! Who is asking: key, address, clock, signature, passphrase and permission, in this order.
//!
//! That the key is looked up before the signature is checked, and the kind of its account too, was
//! seen; where addresses and clocks come is documented nowhere.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use tradewind_model::Timestamp;

use super::config::{ApiKey, Environment};
use super::endpoint::Security;
use super::refusal::Refusal;
use super::signature;

/// How far a request's clock may be from the venue's, either way.
pub(super) const CLOCK_MAX: Duration = Duration::from_secs(30);
/// The header of demo trading.
const DEMO: &str = "paptrading";

/// A header's text, if it has one that is not empty.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())
}

/// Whether a request is of demo trading.
pub(super) fn is_demo(headers: &HeaderMap) -> bool {
    header(headers, DEMO) == Some("1")
}

/// The key that a request names, by its place.
pub(super) fn key_of(headers: &HeaderMap, keys: &[ApiKey]) -> Result<usize, Refusal> {
    let named = header(headers, "access-key");
    let named = named.ok_or_else(|| Refusal::bad("40006", "Invalid ACCESS_KEY"))?;
    let known = keys.iter().position(|key| key.api_key == named);
    known.ok_or_else(unknown_key)
}

/// What is said of a key that opens nothing.
pub(super) fn unknown_key() -> Refusal {
    Refusal::bad("40037", "Apikey does not exist")
}

/// Checks that a request is of the key it names.
pub(super) fn check(
    now: Timestamp,
    peer: IpAddr,
    key: &ApiKey,
    security: Security,
    request: &Request<Bytes>,
) -> Result<(), Refusal> {
    let headers = request.headers();
    if !key.addresses.is_empty() && !key.addresses.contains(&peer) {
        return Err(Refusal::bad("40018", "Invalid IP"));
    }
    let stamp = header(headers, "access-timestamp");
    let stamp = stamp.ok_or_else(|| Refusal::bad("40005", "Invalid ACCESS_TIMESTAMP"))?;
    check_clock(now, stamp)?;
    let sign = header(headers, "access-sign");
    let sign = sign.ok_or_else(|| Refusal::bad("40002", "ACCESS_SIGN cannot be empty"))?;
    let uri = request.uri();
    let (verb, query) = (request.method().as_str(), uri.query().unwrap_or(""));
    let body = std::str::from_utf8(request.body()).unwrap_or("\u{0}");
    let payloads = signature::rest_payloads(stamp, verb, uri.path(), query, body);
    if !payloads.iter().any(|payload| key.secret.verifies(payload.as_bytes(), sign)) {
        return Err(Refusal::bad("40009", "sign signature error"));
    }
    let phrase = header(headers, "access-passphrase");
    let phrase =
        phrase.ok_or_else(|| Refusal::bad("40011", "ACCESS_PASSPHRASE cannot be empty"))?;
    if phrase != key.passphrase {
        return Err(Refusal::bad("40012", "apikey/password is incorrect"));
    }
    if is_demo(headers) != (key.environment == Environment::Demo) {
        return Err(Refusal::bad("40099", "exchange environment is incorrect"));
    }
    if security == Security::Trade && !key.can_trade {
        let text = "Incorrect permissions, need spot trade permissions";
        return Err(Refusal::bad("40014", text));
    }
    if request.method() == http::Method::POST {
        let kind = header(headers, "content-type").unwrap_or_default();
        if !kind.to_ascii_lowercase().starts_with("application/json") {
            return Err(Refusal::bad("40007", "Invalid Content_Type"));
        }
    }
    Ok(())
}

fn check_clock(now: Timestamp, stamp: &str) -> Result<(), Refusal> {
    let millis = stamp.parse::<u64>().ok().filter(|_| stamp.len() <= 13);
    let millis = millis.ok_or_else(|| Refusal::bad("40005", "Invalid ACCESS_TIMESTAMP"))?;
    let stamped = Timestamp::from_millis(millis);
    if now.since(stamped) > CLOCK_MAX || stamped.since(now) > CLOCK_MAX {
        return Err(Refusal::bad("40008", "Request timestamp expired"));
    }
    Ok(())
}
