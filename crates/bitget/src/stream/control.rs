//! Control messages and the answers to them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tradewind_model::call::CallKind;
use tradewind_model::outcome::{Fate, Reply};
use tradewind_model::stream::{AckedPart, StreamEvent, StreamKind};

use super::acked;
use super::args::Named;
use crate::errors::{self, VenueError};
use crate::number::{Malformed, Number, Word};

/// A control message.
#[derive(Serialize)]
struct Control<'a, A> {
    op: &'static str,
    args: &'a [A],
}

/// The text of a control message.
pub(super) fn message<A: Serialize>(op: &'static str, args: &[A]) -> String {
    serde_json::to_string(&Control { op, args }).expect("texts are JSON")
}

/// What tells messages apart, and what they have in common.
#[derive(Deserialize)]
pub(super) struct Head<'a> {
    pub(super) event: Option<Word>,
    #[serde(default)]
    op: Word,
    #[serde(default)]
    code: Word,
    #[serde(default)]
    msg: Word,
    pub(super) arg: Option<Named>,
    #[serde(default)]
    pub(super) action: Word,
    #[serde(default, borrow)]
    pub(super) data: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) ts: Number,
}

/// Codes that are about a login, where the answer does not say what it is about.
const OF_LOGIN: [&str; 6] = ["30005", "30011", "30012", "30013", "30014", "30015"];

/// The answer to a control message.
pub(super) fn answer(
    stream: StreamKind,
    event: &str,
    head: &Head<'_>,
) -> Result<StreamEvent, Malformed> {
    let subscribing = match stream {
        StreamKind::Market => CallKind::Subscribe,
        StreamKind::Account => CallKind::SubscribeAccount,
    };
    let error = VenueError::new(head.code.clone(), &head.msg);
    let kind = match (event, head.op.as_str()) {
        ("login", _) | ("error", "login") => Some(CallKind::Authenticate),
        ("subscribe", _) | ("error", "subscribe") => Some(subscribing),
        ("unsubscribe", _) | ("error", "unsubscribe") => Some(CallKind::Unsubscribe),
        ("error", _) if OF_LOGIN.contains(&head.code.as_str()) => Some(CallKind::Authenticate),
        ("error", _) if head.arg.is_some() => Some(subscribing),
        ("error", _) => None,
        _ => return Ok(StreamEvent::Ignored),
    };
    let part = match (&head.arg, kind) {
        (_, Some(CallKind::Authenticate)) | (None, _) => AckedPart::Whole,
        // A channel that we have not asked for.
        (Some(arg), _) => match arg.part() {
            Some(part) => part,
            None => return Ok(StreamEvent::Ignored),
        },
    };
    let has_code = head.code.given().is_some();
    let is_success = event != "error" && (!has_code || error.is_success());
    // Nothing to tell which answer it is.
    if event == "subscribe" && head.arg.is_none() {
        return Err(Malformed::field("arg", "is missing"));
    }
    let fate = if is_success {
        Fate::Done(Reply::Ack)
    } else {
        errors::frame_fate(kind.unwrap_or(subscribing), &error)
    };
    Ok(acked(kind, part, fate))
}
