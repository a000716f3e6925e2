//! One line of the log, as far as it is needed, borrowed from the line itself.
//!
//! Two shapes are read: the event alone, and the event under `fields`, as a subscriber that writes
//! JSON puts it. Fields that no question needs are skipped without being looked at. A line that is
//! JSON but no attempt is somebody else's and no fault; a line that is not JSON is counted as bad.

pub(crate) mod plain;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use tradewind_model::Timestamp;
use tradewind_model::attempt::{RetryReason, ScopeState};

/// What a line turned out to be.
#[derive(Debug)]
pub(crate) enum Line<'a> {
    /// An attempt.
    Attempt(Box<RawAttempt<'a>>),
    /// JSON, but no attempt.
    Other,
    /// Not JSON, or an attempt with a field of the wrong type.
    Bad,
}

/// The fields of an attempt that questions are asked of.
#[derive(Debug, Deserialize)]
pub(crate) struct RawAttempt<'a> {
    pub(crate) ts: Stamp,
    #[serde(borrow)]
    pub(crate) bot_instance_id: Text<'a>,
    #[serde(borrow)]
    pub(crate) exchange: Text<'a>,
    #[serde(borrow)]
    pub(crate) endpoint: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) method: Text<'a>,
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) error_code: Code,
    #[serde(borrow, default)]
    pub(crate) rate_limit_bucket: Text<'a>,
    #[serde(default)]
    pub(crate) weight: u32,
    #[serde(default)]
    pub(crate) used_weight: Option<u32>,
    #[serde(default)]
    pub(crate) concurrency_inflight: u32,
    #[serde(default = "one")]
    pub(crate) attempt: u32,
    #[serde(default)]
    pub(crate) retry_reason: RetryReason,
    #[serde(default)]
    pub(crate) delay_ms: u64,
    #[serde(borrow, default)]
    pub(crate) priority: Text<'a>,
    #[serde(default)]
    pub(crate) queue_ms: u64,
    #[serde(borrow, default)]
    pub(crate) fate: Text<'a>,
    #[serde(default)]
    pub(crate) scope_state: ScopeState,
    #[serde(borrow, default)]
    pub(crate) egress: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) account: Text<'a>,
    #[serde(borrow, default)]
    pub(crate) version: Text<'a>,
    #[serde(default)]
    pub(crate) started_at: Stamp,
}

const fn one() -> u32 {
    1
}

/// The shape of a subscriber's line.
#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    fields: RawAttempt<'a>,
}

impl<'a> Line<'a> {
    /// Reads one line, without its line feed. Most lines are plain and need not come here.
    pub(crate) fn read(line: &'a [u8]) -> Self {
        if let Ok(attempt) = serde_json::from_slice(line) {
            return Self::Attempt(Box::new(attempt));
        }
        if let Ok(Wrapped { fields }) = serde_json::from_slice(line) {
            return Self::Attempt(Box::new(fields));
        }
        match serde_json::from_slice::<Probe<'_>>(line) {
            // It meant to be an attempt, and is not.
            Ok(Probe { bot_instance_id: Some(_), .. }) | Err(_) => Self::Bad,
            Ok(Probe { bot_instance_id: None }) => Self::Other,
        }
    }
}

/// Just enough of a line to know that it is JSON, and whether it claims to be an attempt.
#[derive(Deserialize)]
struct Probe<'a> {
    #[serde(borrow, default)]
    bot_instance_id: Option<Anything<'a>>,
}

struct Anything<'a>(std::marker::PhantomData<&'a ()>);

impl<'de: 'a, 'a> Deserialize<'de> for Anything<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        de::IgnoredAny::deserialize(from).map(|_| Self(std::marker::PhantomData))
    }
}

/// A text, borrowed unless it has escapes in it; empty for `null`.
#[derive(Debug, Default)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextVisitor).map(Text)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or null")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(""))
    }
}

/// A venue's code: a number, or a text that holds one; 0 where there is none. The venues have no
/// code 0 for what went wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Code(pub(crate) i64);

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(CodeVisitor)
    }
}

struct CodeVisitor;

impl Visitor<'_> for CodeVisitor {
    type Value = Code;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a code: a number, a text or null")
    }

    fn visit_i64<E>(self, code: i64) -> Result<Code, E> {
        Ok(Code(code))
    }

    fn visit_u64<E>(self, code: u64) -> Result<Code, E> {
        Ok(Code(i64::try_from(code).unwrap_or(i64::MAX)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Code, E> {
        // A code in words is a code all the same: the answer came from the venue's API.
        Ok(Code(if text.is_empty() { 0 } else { text.parse().unwrap_or(i64::MAX) }))
    }

    fn visit_unit<E>(self) -> Result<Code, E> {
        Ok(Code(0))
    }
}

/// A point in time in milliseconds since 1970: RFC 3339 in UTC, or a number since 1970 whose unit
/// its size gives away (seconds, milli-, micro- or nanoseconds, told apart until the year 5138).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stamp(pub(crate) u64);

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(StampVisitor)
    }
}

struct StampVisitor;

impl Visitor<'_> for StampVisitor {
    type Value = Stamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time: RFC 3339 in UTC, or a number since 1970")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Stamp, E> {
        Ok(Stamp(match number {
            0..100_000_000_000 => number * 1_000,
            100_000_000_000..100_000_000_000_000 => number,
            100_000_000_000_000..100_000_000_000_000_000 => number / 1_000,
            _ => number / 1_000_000,
        }))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Stamp, E> {
        text.parse::<Timestamp>().map(|at| Stamp(at.as_millis())).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#""ts":"2026-09-21T14:13:20.120Z","bot_instance_id":"bot-\u0033","exchange":"binance","endpoint":"depth","status":200,"error_code":null,"later_field":{"a":[1.5]}"#;

    fn attempt(line: &str) -> RawAttempt<'_> {
        match Line::read(line.as_bytes()) {
            Line::Attempt(attempt) => *attempt,
            other @ (Line::Other | Line::Bad) => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn an_event_is_read_alone_and_under_fields() {
        for line in [
            format!("{{{EVENT}}}"),
            format!(r#"{{"timestamp":"x","level":"INFO","fields":{{{EVENT}}},"target":"t"}}"#),
        ] {
            let read = attempt(&line);
            assert_eq!(read.ts.0, 1_790_000_000_120);
            assert_eq!(read.bot_instance_id.as_str(), "bot-3");
            assert_eq!(read.attempt, 1);
        }
    }

    #[test]
    fn what_is_not_an_attempt_is_told_from_what_is_broken() {
        for line in [r#"{"level":"INFO","message":"up"}"#, "{}"] {
            assert!(matches!(Line::read(line.as_bytes()), Line::Other), "{line}");
        }
        let cut = format!("{{{}", &EVENT[..40]);
        let wrong = format!(r#"{{{EVENT},"weight":"heavy"}}"#);
        for line in ["", "up and running", &cut, &wrong, r#"{"bot_instance_id":"b"}"#] {
            assert!(matches!(Line::read(line.as_bytes()), Line::Bad), "{line}");
        }
        assert!(matches!(Line::read(b"\xff\xfe"), Line::Bad));
    }

    #[test]
    fn a_code_may_be_a_number_or_a_text() {
        for (code, read) in [("-1021", -1021), (r#""40037""#, 40_037), (r#""""#, 0), ("null", 0)] {
            let line = format!(
                "{{{}}}",
                EVENT.replace(r#""error_code":null"#, &format!(r#""error_code":{code}"#))
            );
            assert_eq!(attempt(&line).error_code.0, read, "{code}");
        }
    }

    #[test]
    fn a_time_may_be_a_number_of_any_unit() {
        for number in ["1790000000", "1790000000000", "1790000000000000", "1790000000000000000"] {
            let stamp: Stamp = serde_json::from_str(number).unwrap();
            assert_eq!(stamp.0, 1_790_000_000_000, "{number}");
        }
    }
}
