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
    Text(&'a str),
    Number(i64),
    Null,
}

/// The fields of an event as they are spelled, in the order in which they are written. Whoever
/// writes another order is read all the same, only slower.
const FIELDS: [&str; 27] = [
    "\"ts\":",
    "\"bot_instance_id\":",
    "\"exchange\":",
    "\"endpoint\":",
    "\"method\":",
    "\"status\":",
    "\"error_code\":",
    "\"error_message\":",
    "\"request_id\":",
    "\"attempt\":",
    "\"latency_ms\":",
    "\"rate_limit_bucket\":",
    "\"weight\":",
    "\"used_weight\":",
    "\"concurrency_inflight\":",
    "\"retry_reason\":",
    "\"delay_ms\":",
    "\"idempotency_key\":",
    "\"priority\":",
    "\"queue_ms\":",
    "\"fate\":",
    "\"scope_state\":",
    "\"egress\":",
    "\"account\":",
    "\"strategy\":",
    "\"version\":",
    "\"started_at\":",
];
/// The first four are those that no attempt lacks.
const REQUIRED: u32 = 0b1111;

/// Reads a plain line; none when it is of another shape.
pub(crate) fn read(line: &[u8]) -> Option<RawAttempt<'_>> {
    if !is_plain(line) {
        return None;
    }
    let mut rest = std::str::from_utf8(line).ok()?.strip_prefix('{')?;
    let mut raw = empty();
    let (mut seen, mut expected) = (0_u32, 0);
    loop {
        let (field, after) = key(rest, expected)?;
        let (value, after) = value(after)?;
        if let Some(field) = field {
            let is_repeated = seen & (1 << field) != 0;
            if is_repeated {
                return None;
            }
            seen |= 1 << field;
            expected = field + 1;
            set(&mut raw, field, value)?;
        }
        rest = match after.as_bytes() {
            b"}" => break,
            [b',', ..] => &after[1..],
            _ => return None,
        };
    }
    (seen & REQUIRED == REQUIRED).then_some(raw)
}

/// Whether a line is of printable ASCII without escapes, so that a quote is a quote wherever it
/// stands. Written without a way out in the middle, which lets it look at many bytes at once.
fn is_plain(line: &[u8]) -> bool {
    line.iter()
        .fold(true, |is_plain, &byte| is_plain & (b' '..0x7f).contains(&byte) & (byte != b'\\'))
}

/// Which field begins here, none for an unknown one, and what is behind its colon.
fn key(from: &str, expected: usize) -> Option<(Option<usize>, &str)> {
    if let Some(after) = FIELDS.get(expected).and_then(|spelled| from.strip_prefix(spelled)) {
        return Some((Some(expected), after));
    }
    let (_, after) = text(from)?;
    let after = after.strip_prefix(':')?;
    let spelled = &from[..from.len() - after.len()];
    Some((FIELDS.iter().position(|known| *known == spelled), after))
}

/// The text that begins here, and what is behind it.
fn text(from: &str) -> Option<(&str, &str)> {
    let from = from.strip_prefix('"')?;
    let end = find_quote(from.as_bytes())?;
    Some((&from[..end], &from[end + 1..]))
}

/// Where the first quote stands: eight bytes at a time, since most texts are short and none is
/// worth a call. A byte of a word is zero where subtracting one borrows and its high bit was not
/// set (Warren, "Hacker's Delight", 2nd ed., 6-1).
fn find_quote(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
    let (words, last) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word) ^ QUOTES;
        let zeros = word.wrapping_sub(ONES) & !word & (ONES << 7);
        if zeros != 0 {
            return Some(place * 8 + zeros.trailing_zeros() as usize / 8);
        }
    }
    last.iter().position(|&byte| byte == b'"').map(|place| words.len() * 8 + place)
}

/// The value that begins here, and what is behind it.
fn value(from: &str) -> Option<(Value<'_>, &str)> {
    match from.as_bytes().first()? {
        b'"' => text(from).map(|(text, rest)| (Value::Text(text), rest)),
        b'n' => from.strip_prefix("null").map(|rest| (Value::Null, rest)),
        b'-' | b'0'..=b'9' => number(from),
        _ => None,
    }
}

/// A whole number of at most eighteen digits, and what is behind it.
fn number(from: &str) -> Option<(Value<'_>, &str)> {
    let digits = from.strip_prefix('-').unwrap_or(from);
    let (mut sum, mut len) = (0_i64, 0);
    for byte in digits.bytes().take_while(u8::is_ascii_digit) {
        if len == 18 {
            return None;
        }
        sum = sum * 10 + i64::from(byte - b'0');
        len += 1;
    }
    let is_padded = len > 1 && digits.starts_with('0');
    if len == 0 || is_padded {
        return None;
    }
    let is_negative = digits.len() < from.len();
    if is_negative && sum == 0 {
        // A fraction, to the general parser.
        return None;
    }
    Some((Value::Number(if is_negative { -sum } else { sum }), &digits[len..]))
}

impl<'a> Value<'a> {
    fn text(self) -> Option<Text<'a>> {
        match self {
            Self::Text(text) => Some(Text(Cow::Borrowed(text))),
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
            "none" => RetryReason::None,
            "429" => RetryReason::RateLimit,
            "timeout" => RetryReason::Timeout,
            "5xx" => RetryReason::Server,
            "network" => RetryReason::Network,
            "clock" => RetryReason::Clock,
            _ => return None,
        })
    }

    fn scope_state(self) -> Option<ScopeState> {
        let Self::Text(text) = self else { return None };
        Some(match text {
            "open" => ScopeState::Open,
            "probe" => ScopeState::Probe,
            "ramp" => ScopeState::Ramp,
            "shut" => ScopeState::Shut,
            _ => return None,
        })
    }
}

/// Puts a value where it belongs; none when it is of the wrong type.
fn set<'a>(raw: &mut RawAttempt<'a>, field: usize, value: Value<'a>) -> Option<()> {
    match field {
        0 => raw.ts = value.stamp()?,
        1 => raw.bot_instance_id = value.text()?,
        2 => raw.exchange = value.text()?,
        3 => raw.endpoint = value.text()?,
        4 => raw.method = value.text()?,
        5 => raw.status = value.optional()?,
        6 => raw.error_code = value.code()?,
        9 => raw.attempt = value.number()?,
        11 => raw.rate_limit_bucket = value.text()?,
        12 => raw.weight = value.number()?,
        13 => raw.used_weight = value.optional()?,
        14 => raw.concurrency_inflight = value.number()?,
        15 => raw.retry_reason = value.reason()?,
        16 => raw.delay_ms = value.number()?,
        18 => raw.priority = value.text()?,
        19 => raw.queue_ms = value.number()?,
        20 => raw.fate = value.text()?,
        21 => raw.scope_state = value.scope_state()?,
        22 => raw.egress = value.text()?,
        23 => raw.account = value.text()?,
        25 => raw.version = value.text()?,
        26 => raw.started_at = value.stamp()?,
        // No question needs the others.
        _ => {}
    }
    Some(())
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
    fn it_reads_fields_in_any_order_and_passes_over_those_it_does_not_know() {
        let fields: Vec<&str> = LINE[1..LINE.len() - 1].split(',').rev().collect();
        let line = format!(r#"{{"later_field":"x",{},"last":-7}}"#, fields.join(","));
        let plain = read(line.as_bytes()).unwrap();
        assert_eq!(format!("{plain:?}"), format!("{:?}", read(LINE.as_bytes()).unwrap()));
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
            LINE.replace(r#""method":"GET""#, r#""endpoint":"bars""#),
            LINE.replace(r#""weight":5"#, r#""weight":1234567890123456789"#),
            format!("{LINE} "),
        ] {
            assert!(read(line.as_bytes()).is_none(), "{line}");
        }
    }
}
