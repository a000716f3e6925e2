//! Who is asking: key, clock and signature, checked in the order the venue checks them.

use std::time::Duration;

use tradewind_model::Timestamp;

use super::config::ApiKey;
use super::method::Security;
use super::params::{Params, time_of};
use super::refusal::Refusal;

/// How far ahead of the venue's clock a request may be stamped.
const AHEAD_MAX: Duration = Duration::from_secs(1);
const RECV_WINDOW: Duration = Duration::from_secs(5);

/// How a request proves whose it is.
#[derive(Debug)]
pub(crate) enum Proof<'a> {
    /// By a signature over `payload`; `None` when the bytes as sent cannot be signed.
    Signed { api_key: Option<&'a str>, payload: Option<String> },
    /// By the log-on of its session, with the index of the key.
    Session(usize),
    /// Not at all, where the key is a parameter (WebSocket API).
    Absent,
}

/// Checks a request and returns the index of its key; `None` for public methods.
pub(crate) fn check(
    now: Timestamp,
    keys: &[ApiKey],
    security: Security,
    proof: &Proof<'_>,
    params: &mut Params,
) -> Result<Option<usize>, Refusal> {
    if security == Security::Public {
        return Ok(None);
    }
    let index = match proof {
        Proof::Session(index) => *index,
        Proof::Absent => return Err(Refusal::missing("apiKey")),
        Proof::Signed { api_key, .. } => {
            let api_key =
                api_key.filter(|key| is_well_formed(key)).ok_or_else(Refusal::key_format)?;
            if !params.has("timestamp") {
                return Err(Refusal::missing("timestamp"));
            }
            if !params.has("signature") {
                return Err(Refusal::missing("signature"));
            }
            keys.iter().position(|key| key.api_key == api_key).ok_or_else(Refusal::unknown_key)?
        }
    };
    let key = keys.get(index).ok_or_else(Refusal::unknown_key)?;
    check_clock(now, params)?;
    if let Proof::Signed { payload, .. } = proof {
        let signature = params.need("signature")?;
        let payload = payload.as_ref().ok_or_else(Refusal::bad_signature)?;
        if !key.secret.verifies(payload.as_bytes(), &signature) {
            return Err(Refusal::bad_signature());
        }
    }
    if security == Security::Trade && !key.can_trade {
        return Err(Refusal::unknown_key());
    }
    Ok(Some(index))
}

/// Accepts a request stamped less than a second ahead and no older than its window.
fn check_clock(now: Timestamp, params: &mut Params) -> Result<(), Refusal> {
    let number = params.integer("timestamp")?.ok_or_else(|| Refusal::missing("timestamp"))?;
    let window = params.recv_window()?.unwrap_or(RECV_WINDOW);
    let stamped = time_of(number);
    if stamped >= now + AHEAD_MAX {
        return Err(Refusal::ahead_of_server());
    }
    if now.since(stamped) > window {
        return Err(Refusal::outside_recv_window());
    }
    Ok(())
}

fn is_well_formed(api_key: &str) -> bool {
    (1..=128).contains(&api_key.len()) && api_key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binance::signature::{KeySecret, rest_payload};
    use crate::exchange::AccountId;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn keys() -> Vec<ApiKey> {
        vec![ApiKey {
            api_key: "abc123".into(),
            secret: KeySecret::Hmac("secret".into()),
            account: AccountId(1),
            can_trade: false,
        }]
    }

    fn sign(query: &str) -> String {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"secret");
        format!("{query}&signature={}", const_hex::encode(ring::hmac::sign(&key, query.as_bytes())))
    }

    fn ask(api_key: Option<&str>, query: &str, security: Security) -> Result<(), (i32, u16)> {
        let mut params = Params::from_rest(query, "").unwrap();
        let proof = Proof::Signed { api_key, payload: rest_payload(query, "") };
        check(NOW, &keys(), security, &proof, &mut params)
            .map(|_| params.finish().unwrap())
            .map_err(|refusal| (refusal.code, refusal.status))
    }

    #[test]
    fn a_signed_request_within_its_window_passes() {
        let ok = |query: &str| ask(Some("abc123"), &sign(query), Security::UserData);
        assert_eq!(ok("timestamp=1790000000000"), Ok(()));
        assert_eq!(ok("timestamp=1790000000000000"), Ok(()), "microseconds");
        assert_eq!(ok("timestamp=1790000000999"), Ok(()), "less than a second ahead");
        assert_eq!(ok("timestamp=1790000001000"), Err((-1021, 400)));
        assert_eq!(ok("timestamp=1789999995000"), Ok(()), "exactly the default window");
        assert_eq!(ok("timestamp=1789999994999"), Err((-1021, 400)));
        assert_eq!(ok("recvWindow=6000.5&timestamp=1789999993999500"), Ok(()));
        assert_eq!(ok("recvWindow=6000.5&timestamp=1789999993999499"), Err((-1021, 400)));
    }

    #[test]
    fn each_missing_proof_has_its_own_answer() {
        let query = sign("timestamp=1790000000000");
        let ask = |key, query: &str| ask(key, query, Security::UserData);
        assert_eq!(ask(None, &query), Err((-2014, 401)));
        assert_eq!(ask(Some("not a key"), &query), Err((-2014, 401)));
        assert_eq!(ask(Some("other"), &query), Err((-2015, 401)));
        assert_eq!(ask(Some("abc123"), "timestamp=1790000000000"), Err((-1102, 400)));
        assert_eq!(ask(Some("abc123"), "signature=00"), Err((-1102, 400)));
        assert_eq!(ask(Some("abc123"), &query.replace("ture=", "ture=00")), Err((-1022, 400)));
    }

    #[test]
    fn a_key_that_may_not_trade_is_refused_trading() {
        let query = sign("timestamp=1790000000000");
        assert_eq!(ask(Some("abc123"), &query, Security::Trade), Err((-2015, 401)));
    }
}
