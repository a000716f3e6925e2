//! The common line, read in one pass: a flat object of plain texts, whole numbers and nulls.
//!
//! A day's log is 300 MB, and nearly all of it is lines of this shape, so it is worth not asking a
//! general parser. It takes no risk: whatever is not exactly this shape (a blank, an escape, a
//! nested value, a field of another type) is none of its business, and the general parser decides.

use std::borrow::Cow;

use tradewind_model::Timestamp;
use tradewind_model::attempt::{RetryReason, ScopeState};

use super::{Code, RawAttempt, Stamp, Text};

/// A value of a plain line.
#[derive(Clone, Copy)]
enum Value<'a> {
    Text(&'a [u8]),
    Number(i64),
    Null,
}

/// Reads a plain line; none when it is of another shape.
pub(super) fn read(line: &[u8]) -> Option<RawAttempt<'_>> {
    if !line.is_ascii() {
        return None;
    }
    let mut rest = line.strip_prefix(b"{")?;
    let mut raw = empty();
    let mut required = 0;
    loop {
        let (key, after) = text(rest)?;
        let (value, after) = value(after.strip_prefix(b":")?)?;
        required += u8::from(set(&mut raw, key, value)?);
        rest = match after {
            b"}" => break,
            [b',', next @ ..] => next,
            _ => return None,
        };
    }
    (required == 4).then_some(raw)
}

/// The text that begins here, and what is behind it.
fn text(from: &[u8]) -> Option<(&[u8], &[u8])> {
    let from = from.strip_prefix(b"\"")?;
    let end = from.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < b' ')?;
    (from[end] == b'"').then(|| (&from[..end], &from[end + 1..]))
}

/// The value that begins here, and what is behind it.
fn value(from: &[u8]) -> Option<(Value<'_>, &[u8])> {
    match from.first()? {
        b'"' => text(from).map(|(text, rest)| (Value::Text(text), rest)),
        b'n' => from.strip_prefix(b"null").map(|rest| (Value::Null, rest)),
        b'-' | b'0'..=b'9' => {
            let is_digit =
                |(at, byte): &(usize, &u8)| byte.is_ascii_digit() || (*at == 0 && **byte == b'-');
            let len = from.iter().enumerate().take_while(is_digit).count();
            let (digits, rest) = from.split_at(len);
            let is_padded = matches!(digits, [b'0', _, ..] | [b'-', b'0', ..]);
            let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
            (!is_padded).then_some((Value::Number(number), rest))
        }
        _ => None,
    }
}

impl<'a> Value<'a> {
    fn text(self) -> Option<Text<'a>> {
        match self {
            Self::Text(text) => {
                std::str::from_utf8(text).ok().map(|text| Text(Cow::Borrowed(text)))
            }
            Self::Null => Some(Text::default()),
            Self::Number(_) => None,
        }
    }

    fn number<N: TryFrom<i64>>(self) -> Option<N> {
        match self {
            Self::Number(number) => number.try_into().ok(),
            Self::Text(_) | Self::Null => None,
        }
    }

    /// A number or null.
    fn optional<N: TryFrom<i64>>(self) -> Option<Option<N>> {
        match self {
            Self::Null => Some(None),
            Self::Number(_) | Self::Text(_) => self.number().map(Some),
        }
    }

    fn stamp(self) -> Option<Stamp> {
        let at: Timestamp = self.text()?.as_str().parse().ok()?;
        Some(Stamp(at.as_millis()))
    }

    fn code(self) -> Option<Code> {
        match self {
            Self::Number(code) => Some(Code(code)),
            Self::Null => Some(Code(0)),
            Self::Text(_) => None,
        }
    }

    fn reason(self) -> Option<RetryReason> {
        let Self::Text(text) = self else { return None };
        Some(match text {
            b"none" => RetryReason::None,
            b"429" => RetryReason::RateLimit,
            b"timeout" => RetryReason::Timeout,
            b"5xx" => RetryReason::Server,
            b"network" => RetryReason::Network,
            b"clock" => RetryReason::Clock,
            _ => return None,
        })
    }

    fn scope_state(self) -> Option<ScopeState> {
        let Self::Text(text) = self else { return None };
        Some(match text {
            b"open" => ScopeState::Open,
            b"probe" => ScopeState::Probe,
            b"ramp" => ScopeState::Ramp,
            b"shut" => ScopeState::Shut,
            _ => return None,
        })
    }
}

/// Puts a value where it belongs, and says whether it is one that no attempt lacks; none when it
/// is of the wrong type.
fn set<'a>(raw: &mut RawAttempt<'a>, key: &[u8], value: Value<'a>) -> Option<bool> {
    match key {
        b"ts" => raw.ts = value.stamp()?,
        b"bot_instance_id" => raw.bot_instance_id = value.text()?,
        b"exchange" => raw.exchange = value.text()?,
        b"endpoint" => raw.endpoint = value.text()?,
        b"method" => raw.method = value.text()?,
        b"status" => raw.status = value.optional()?,
        b"error_code" => raw.error_code = value.code()?,
        b"rate_limit_bucket" => raw.rate_limit_bucket = value.text()?,
        b"weight" => raw.weight = value.number()?,
        b"used_weight" => raw.used_weight = value.optional()?,
        b"concurrency_inflight" => raw.concurrency_inflight = value.number()?,
        b"attempt" => raw.attempt = value.number()?,
        b"retry_reason" => raw.retry_reason = value.reason()?,
        b"delay_ms" => raw.delay_ms = value.number()?,
        b"priority" => raw.priority = value.text()?,
        b"queue_ms" => raw.queue_ms = value.number()?,
        b"fate" => raw.fate = value.text()?,
        b"scope_state" => raw.scope_state = value.scope_state()?,
        b"egress" => raw.egress = value.text()?,
        b"account" => raw.account = value.text()?,
        b"version" => raw.version = value.text()?,
        b"started_at" => raw.started_at = value.stamp()?,
        _ => {}
    }
    Some(matches!(key, b"ts" | b"bot_instance_id" | b"exchange" | b"endpoint"))
}

fn empty<'a>() -> RawAttempt<'a> {
    RawAttempt {
        ts: Stamp::default(),
        bot_instance_id: Text::default(),
        exchange: Text::default(),
        endpoint: Text::default(),
        method: Text::default(),
        status: None,
        error_code: Code::default(),
        rate_limit_bucket: Text::default(),
        weight: 0,
        used_weight: None,
        concurrency_inflight: 0,
        attempt: super::one(),
        retry_reason: RetryReason::default(),
        delay_ms: 0,
        priority: Text::default(),
        queue_ms: 0,
        fate: Text::default(),
        scope_state: ScopeState::default(),
        egress: Text::default(),
        account: Text::default(),
        version: Text::default(),
        started_at: Stamp::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"ts":"2026-09-21T14:13:20.120Z","bot_instance_id":"b","exchange":"binance","endpoint":"depth","method":"GET","status":429,"error_code":-1003,"error_message":"too much","attempt":2,"rate_limit_bucket":"request-weight/1m/6000","weight":5,"used_weight":null,"concurrency_inflight":3,"retry_reason":"5xx","delay_ms":40,"priority":"query","queue_ms":1,"fate":"not_taken","scope_state":"ramp","egress":"eth0","account":null,"strategy":null,"version":"1.4.0","started_at":"2026-09-21T11:26:40.000Z"}"#;

    #[test]
    fn it_reads_what_the_general_parser_reads() {
        let plain = read(LINE.as_bytes()).unwrap();
        let general: RawAttempt<'_> = serde_json::from_str(LINE).unwrap();
        assert_eq!(format!("{plain:?}"), format!("{general:?}"));
    }

    #[test]
    fn it_takes_nothing_that_the_general_parser_refuses() {
        // Every line that differs from a good one by a byte left out or another byte put in.
        let bytes = LINE.as_bytes();
        for at in 0..bytes.len() {
            for put in [&b""[..], b"\"", b",", b"}", b"0", b"-", b"\\", b"\n", b"x", b":"] {
                let line = [&bytes[..at], put, &bytes[at + 1..]].concat();
                if let Some(plain) = read(&line) {
                    let text = String::from_utf8_lossy(&line).into_owned();
                    let general = serde_json::from_slice::<RawAttempt<'_>>(&line);
                    let general = general.unwrap_or_else(|error| panic!("{text}: {error}"));
                    assert_eq!(format!("{plain:?}"), format!("{general:?}"), "{text}");
                }
            }
        }
    }

    #[test]
    fn it_leaves_other_shapes_alone() {
        for line in [
            LINE.replace("depth", r"de\u0070th"),
            LINE.replace("depth", "dépth"),
            LINE.replace(r#""weight":5"#, r#""weight":5.5"#),
            LINE.replace(r#""weight":5"#, r#""weight":[5]"#),
            LINE.replace(r#""weight""#, r#" "weight""#),
            LINE.replace(r#""endpoint":"depth","#, ""),
            format!("{LINE} "),
        ] {
            assert!(read(line.as_bytes()).is_none(), "{line}");
        }
    }
}
