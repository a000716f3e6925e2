//! What an answer that is no success proves.
//!
//! The classifier is Binance spot's alone: futures use the same numbers for other things (-2021,
//! -2022, -2026, -1108). It errs to one side. A call is refused only when the venue names a code
//! that says so, and not taken only when a limit or an overload turned it away; whatever else
//! comes (a 5xx, a page of HTML, a code from next year) leaves open whether an order was placed.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::outcome::{Fate, NotTaken, Refusal, RefusalKind, Throttle, Unknown};
use tradewind_model::tariff::LimitKind;
use tradewind_model::time::Timestamp;

use crate::excerpt::excerpt;
use crate::number::Malformed;

/// An error as the venue writes it, in a body or inside a frame.
#[derive(Debug, Deserialize)]
pub(crate) struct VenueError {
    code: i64,
    #[serde(default)]
    msg: String,
    #[serde(default)]
    data: Option<Box<RawValue>>,
}

/// What the WebSocket API adds to the error of a limit: an absolute time in milliseconds, where
/// REST has a header in seconds (web-socket-api.md, rate limits, read 2026-11).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hint {
    retry_after: Option<u64>,
}

/// The fate of a call that was answered over REST with anything but success.
pub(crate) fn rest_fate(status: u16, headers: &HeaderMap, body: &[u8]) -> Fate {
    let retry_after = retry_after(headers);
    match serde_json::from_slice::<VenueError>(body) {
        Ok(error) => fate(status, &error, retry_after),
        Err(_) => wordless_fate(status, retry_after, &excerpt(&String::from_utf8_lossy(body))),
    }
}

/// The fate of one part of a call, by the error that stands for that part alone. The status is
/// that of the whole, and the part is judged as if it had been refused by itself.
pub(crate) fn leg_fate(error: &VenueError, headers: &HeaderMap) -> Fate {
    fate(400, error, retry_after(headers))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER).and_then(|value| seconds(value.to_str().ok()?))
}

/// The fate of a call whose answer says success and cannot be read.
pub(crate) fn unreadable(status: u16, body: &[u8], problem: &Malformed) -> Fate {
    Fate::Unknown(match serde_json::from_slice::<VenueError>(body) {
        Ok(error) => error.unknown(status),
        Err(_) => Unknown::Unreadable(problem.to_string()),
    })
}

/// The fate of a call that was answered with an error of the venue's own.
pub(crate) fn fate(status: u16, error: &VenueError, retry_after: Option<Duration>) -> Fate {
    let message = excerpt(&error.msg);
    match meaning(status, error) {
        Meaning::Refused(kind) => Fate::Refused(Refusal { kind, code: error.code, message }),
        Meaning::Throttled { is_ban, kind } => Fate::NotTaken(NotTaken::Throttled(Throttle {
            kind,
            is_ban,
            retry_after,
            retry_at: error.retry_at(),
            message,
        })),
        Meaning::Overloaded => Fate::NotTaken(NotTaken::Overloaded(message)),
        Meaning::Open => Fate::Unknown(error.unknown(status)),
    }
}

/// The fate of a call that was answered without a code: by something in front of the venue.
pub(crate) fn wordless_fate(status: u16, retry_after: Option<Duration>, message: &str) -> Fate {
    match status {
        429 | 418 => Fate::NotTaken(NotTaken::Throttled(Throttle {
            kind: None,
            is_ban: status == 418,
            retry_after,
            retry_at: None,
            message: message.to_owned(),
        })),
        _ => Fate::Unknown(Unknown::Venue { status, code: None, message: message.to_owned() }),
    }
}

impl VenueError {
    /// The venue's code.
    pub(crate) const fn code(&self) -> i64 {
        self.code
    }

    /// The venue's words, as far as they may be shown.
    pub(crate) fn message(&self) -> String {
        excerpt(&self.msg)
    }

    fn unknown(&self, status: u16) -> Unknown {
        Unknown::Venue { status, code: Some(self.code), message: self.message() }
    }

    /// When to come back: the later of the hint and of the time in the text.
    fn retry_at(&self) -> Option<Timestamp> {
        let hint = self
            .data
            .as_ref()
            .and_then(|data| serde_json::from_str::<Hint>(data.get()).ok())
            .and_then(|hint| hint.retry_after);
        hint.max(banned_until(&self.msg)).map(Timestamp::from_millis)
    }
}

/// What an error says of the call.
enum Meaning {
    Refused(RefusalKind),
    Throttled { is_ban: bool, kind: Option<LimitKind> },
    Overloaded,
    Open,
}

fn meaning(status: u16, error: &VenueError) -> Meaning {
    match (status, error.code) {
        (418, _) => Meaning::Throttled { is_ban: true, kind: None },
        (429, _) => throttled(error),
        (_, -1008) => Meaning::Overloaded,
        (400..=407 | 409..=499, code) => by_code(code, error),
        // 408, every 5xx and whatever is no error by its status.
        _ => Meaning::Open,
    }
}

/// By code alone, once the status says that the request was at fault (errors.md, read 2026-11).
/// Codes of endpoints that no call of ours uses are left out: they cannot be an answer to one.
fn by_code(code: i64, error: &VenueError) -> Meaning {
    let kind = match code {
        -1003 | -1015 | -1034 => return throttled(error),
        -1021 => RefusalKind::Clock,
        -1002 | -1022 | -2014 | -2015 => RefusalKind::Auth,
        -1010 | -2010 => rejected(&error.msg),
        -2011 => cancel_rejected(&error.msg),
        -2038 => amend_rejected(&error.msg),
        // -2018 is said of lists, and nowhere documented.
        -2013 | -2018 | -2026 => RefusalKind::UnknownOrder,
        // No trading window, no depth, no reference price; the state of a subscription.
        -2016 | -1112 | -2043 | -2035 | -2036 | -2042 => RefusalKind::Business,
        -1013
        | -1014
        | -1020
        | -1106..=-1100
        | -1108
        | -1111
        | -1122..=-1114
        | -1125
        | -1127
        | -1128
        | -1130
        | -1134
        | -1135
        | -1139
        | -1145
        | -1153..=-1151
        | -1155
        | -1158
        | -1160
        | -1161
        | -1165
        | -1166
        | -1168
        | -1194
        | -1199..=-1196
        | -1210
        | -1211
        | -1225..=-1220
        | -2039 => RefusalKind::Validation,
        _ => return Meaning::Open,
    };
    Meaning::Refused(kind)
}

fn throttled(error: &VenueError) -> Meaning {
    let kind = match error.code {
        -1015 => Some(LimitKind::Orders),
        -1034 => Some(LimitKind::Connections),
        -1003 if error.msg.contains("request weight") => Some(LimitKind::RequestWeight),
        _ => None,
    };
    let is_ban = banned_until(&error.msg).is_some();
    Meaning::Throttled {
        // A ban shuts everything, whichever limit it was for.
        kind: kind.filter(|_| !is_ban),
        is_ban,
    }
}

/// Texts by which the matching engine says that the account may not do this at all (errors.md,
/// messages for -1010, -2010, -2011 and -2038, read 2026-11).
const FORBIDDEN: [&str; 4] = [
    "This action is disabled on this account",
    "This account may not place or cancel orders",
    "Rest API trading is not enabled",
    "WebSocket API trading is not enabled",
];

/// Texts by which it refuses to cancel an order that it does not deny having.
const NOT_CANCELABLE: [&str; 7] = [
    "This symbol is not permitted for this account",
    "This symbol is restricted for this account",
    "Order was not canceled due to cancel restrictions",
    "Cancel order is invalid",
    "Market is closed",
    "This order type is not possible in this trading phase",
    "The requested action would change no state",
];

fn rejected(message: &str) -> RefusalKind {
    if message.starts_with("Duplicate order sent") {
        RefusalKind::DuplicateOrder
    } else if says_one_of(message, &FORBIDDEN) {
        RefusalKind::Auth
    } else {
        RefusalKind::Business
    }
}

/// A text that is new to us counts as "unknown order": then the order is asked about.
fn cancel_rejected(message: &str) -> RefusalKind {
    if says_one_of(message, &FORBIDDEN) {
        RefusalKind::Auth
    } else if says_one_of(message, &NOT_CANCELABLE) {
        RefusalKind::Business
    } else {
        RefusalKind::UnknownOrder
    }
}

/// An amendment names an order like a cancel, and is refused by rules like a new one.
fn amend_rejected(message: &str) -> RefusalKind {
    if message.starts_with("Unknown order") { RefusalKind::UnknownOrder } else { rejected(message) }
}

fn says_one_of(message: &str, texts: &[&str]) -> bool {
    texts.iter().any(|text| message.starts_with(text))
}

/// The end of a ban, in milliseconds since the epoch, from a text that has been worded in several
/// ways: the first number after "banned until", if it has the thirteen digits of one.
fn banned_until(message: &str) -> Option<u64> {
    let (_, after) = message.split_once("banned until")?;
    let start = after.find(|c: char| c.is_ascii_digit())?;
    let digits = after[start..]
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .filter(|digits| digits.len() == 13)?;
    digits.parse().ok()
}

/// Whole seconds, a fraction rounded up. A date, the header's other form, is no number of seconds.
fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: u64 = whole.parse().ok()?;
    let is_zero = fraction.bytes().all(|digit| digit == b'0');
    Some(Duration::from_secs(whole.saturating_add(u64::from(!is_zero))))
}

#[cfg(test)]
mod tests;
