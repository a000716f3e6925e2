//! Every way the venue says no, with the code and the text it uses.
//!
//! Texts are literal (errors.md, read 2026-11): clients match on them, so a paraphrase here would
//! hide a bug there.

use serde_json::{Value, json};
use tradewind_model::Timestamp;

use super::config::Hints;
use crate::limits::{Denied, LimitKind};

/// An error answer: HTTP status, code and text, and when to come back if the venue says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: i32,
    pub(crate) msg: String,
    pub(crate) retry_at: Option<Timestamp>,
    /// What was done all the same, where a part of the request was.
    pub(crate) data: Option<Value>,
}

/// Where a client may read when to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The `Retry-After` of REST, in seconds from now.
    Header,
    /// The text of a ban, in milliseconds since the epoch.
    Text,
    /// The `retryAfter` of the WebSocket API, in milliseconds since the epoch.
    Data,
}

impl Refusal {
    /// A request the venue finds wrong: HTTP 400.
    pub(crate) fn bad(code: i32, msg: impl Into<String>) -> Self {
        Self { status: 400, code, msg: msg.into(), retry_at: None, data: None }
    }

    fn unauthorized(code: i32, msg: &str) -> Self {
        Self { status: 401, code, msg: msg.to_owned(), retry_at: None, data: None }
    }

    /// Code and text, the text as far as the venue tells when it says when to come back, and what
    /// was done all the same.
    pub(crate) fn body(&self, hints: &Hints) -> Value {
        let msg = match self.retry_at.filter(|_| self.status == 418 && !hints.is_exact()) {
            None => self.msg.clone(),
            Some(until) => match hints.told(Place::Text, until) {
                Some(until) => banned_text(until),
                None => "Way too much request weight used.".to_owned(),
            },
        };
        let mut body = json!({"code": self.code, "msg": msg});
        if let Some(data) = &self.data {
            body["data"] = data.clone();
        }
        body
    }

    /// Whether no working client sends what was refused: a wrong signature, a key that opens
    /// nothing, parameters that do not parse.
    pub(crate) const fn is_offense(&self) -> bool {
        self.status == 401 || matches!(self.code, -1022 | -1106..=-1100)
    }

    pub(crate) fn limited(denied: Denied) -> Self {
        let (status, code, msg) = match denied {
            Denied::Banned { until } => (418, -1003, banned_text(until)),
            Denied::Edge { .. } => return Self::at_edge(),
            Denied::Over { kind: LimitKind::OrdersTenSeconds, limit, .. } => (
                429,
                -1015,
                format!("Too many new orders; current limit is {limit} orders per 10 SECOND."),
            ),
            Denied::Over { kind: LimitKind::OrdersDay, limit, .. } => (
                429,
                -1015,
                format!("Too many new orders; current limit is {limit} orders per 1 DAY."),
            ),
            Denied::Over {
                kind: LimitKind::RawRequests | LimitKind::Connections | LimitKind::Calls(_),
                ..
            } => (429, -1003, "Too many requests queued.".to_owned()),
            Denied::Over { kind: LimitKind::Weight, limit, .. } => (
                429,
                -1003,
                format!(
                    "Too much request weight used; current limit is {limit} request weight per 1 \
                     MINUTE. Please use WebSocket Streams for live updates to avoid polling the \
                     API."
                ),
            ),
        };
        Self { status, code, msg, retry_at: Some(denied.until()), data: None }
    }

    /// Refused by the edge, in words of its own: a page, no code, no hint.
    fn at_edge() -> Self {
        Self { status: 403, code: 0, msg: "403 Forbidden".to_owned(), retry_at: None, data: None }
    }

    pub(crate) fn outside_recv_window() -> Self {
        Self::bad(-1021, "Timestamp for this request is outside of the recvWindow.")
    }

    pub(crate) fn ahead_of_server() -> Self {
        Self::bad(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    }

    pub(crate) fn bad_signature() -> Self {
        Self::bad(-1022, "Signature for this request is not valid.")
    }

    pub(crate) fn key_format() -> Self {
        Self::unauthorized(-2014, "API-key format invalid.")
    }

    pub(crate) fn unknown_key() -> Self {
        Self::unauthorized(-2015, "Invalid API-key, IP, or permissions for action.")
    }

    pub(crate) fn unauthorized_request() -> Self {
        Self::unauthorized(-1002, "You are not authorized to execute this request.")
    }

    pub(crate) fn illegal(name: &str, range: &str) -> Self {
        Self::bad(
            -1100,
            format!("Illegal characters found in parameter '{name}'; legal range is '{range}'."),
        )
    }

    pub(crate) fn too_many(expected: usize, received: usize) -> Self {
        Self::bad(
            -1101,
            format!("Too many parameters; expected '{expected}' and received '{received}'."),
        )
    }

    pub(crate) fn duplicate_parameter() -> Self {
        Self::bad(-1101, "Duplicate values for a parameter detected.")
    }

    pub(crate) fn missing(name: &str) -> Self {
        Self::bad(
            -1102,
            format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed."),
        )
    }

    pub(crate) fn missing_either(first: &str, second: &str) -> Self {
        Self::bad(
            -1102,
            format!("Param '{first}' or '{second}' must be sent, but both were empty/null!"),
        )
    }

    pub(crate) fn unread(read: usize, sent: usize) -> Self {
        Self::bad(
            -1104,
            format!(
                "Not all sent parameters were read; read '{read}' parameter(s) but was sent \
                 '{sent}'."
            ),
        )
    }

    pub(crate) fn empty(name: &str) -> Self {
        Self::bad(-1105, format!("Parameter '{name}' was empty."))
    }

    pub(crate) fn not_required(name: &str) -> Self {
        Self::bad(-1106, format!("Parameter '{name}' sent when not required."))
    }

    pub(crate) fn overflow(name: &str) -> Self {
        Self::bad(-1108, format!("Parameter '{name}' overflowed."))
    }

    pub(crate) fn too_precise(name: &str) -> Self {
        Self::bad(-1111, format!("Parameter '{name}' has too much precision."))
    }

    pub(crate) fn invalid_order_type() -> Self {
        Self::bad(-1116, "Invalid orderType.")
    }

    pub(crate) fn invalid_symbol() -> Self {
        Self::bad(-1121, "Invalid symbol.")
    }

    pub(crate) fn invalid_data(name: &str) -> Self {
        Self::bad(-1130, format!("Data sent for parameter '{name}' is not valid."))
    }

    pub(crate) fn bad_combination() -> Self {
        Self::bad(-1128, "Combination of optional parameters invalid.")
    }

    pub(crate) fn unknown_order() -> Self {
        Self::bad(-2011, "Unknown order sent.")
    }

    pub(crate) fn no_such_order() -> Self {
        Self::bad(-2013, "Order does not exist.")
    }

    /// What is said of a list that was asked about; nowhere documented, but seen.
    pub(crate) fn no_such_list() -> Self {
        Self::bad(-2018, "Order list does not exist.")
    }

    /// What is said of a list that was to be canceled; nowhere documented, but seen.
    pub(crate) fn unknown_list() -> Self {
        Self::bad(-2011, "Unknown order list sent.")
    }

    pub(crate) fn unsupported() -> Self {
        Self::bad(-1020, "This operation is not supported.")
    }
}

fn banned_text(until: Timestamp) -> String {
    format!(
        "Way too much request weight used; IP banned until {}. Please use WebSocket Streams for \
         live updates to avoid bans.",
        until.as_millis()
    )
}
