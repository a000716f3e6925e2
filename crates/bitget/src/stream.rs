//! Control messages and events of the two kinds of sockets.
//!
//! Both speak alike: a message asks for channels by `op` and `args`, each argument is answered by
//! itself and repeated in the answer, and every event says which channel it is of. Nothing carries a
//! number of ours. Beside the JSON there are two bare words, `ping` and `pong`.

mod account;
mod args;
mod control;
mod market;

use tradewind_model::call::{Call, CallKind};
use tradewind_model::id::VenueId;
use tradewind_model::outcome::{Fate, Reply};
use tradewind_model::stream::{AckedPart, StreamEvent, StreamKind};
use tradewind_model::time::Timestamp;
use tradewind_venue::{EncodeError, FrameError, Signer, Stamp};

use self::control::Head;
use crate::excerpt::excerpt;
use crate::number::Malformed;
use crate::rest;

/// The word that keeps a socket.
const PING: &str = "ping";
/// The answer to it.
const PONG: &str = "pong";

/// The text of a control message.
pub(crate) fn encode_frame(
    venue: VenueId,
    call: &Call,
    stamp: Stamp,
    signer: Option<&Signer>,
) -> Result<String, EncodeError> {
    match call {
        Call::Subscribe { feeds } => Ok(control::message("subscribe", &args::of(venue, feeds)?)),
        Call::Unsubscribe { feeds } => {
            Ok(control::message("unsubscribe", &args::of(venue, feeds)?))
        }
        Call::SubscribeAccount => Ok(control::message("subscribe", &args::of_account())),
        Call::Authenticate => {
            let signer = signer.ok_or_else(|| EncodeError::NeedsKey(call.kind()))?;
            Ok(control::message("login", &[rest::login(stamp, signer)?]))
        }
        Call::PingStream { .. } => Ok(PING.to_owned()),
        Call::Ping
        | Call::ServerTime
        | Call::Catalog { .. }
        | Call::Depth { .. }
        | Call::Bars { .. }
        | Call::Ticker { .. }
        | Call::Rate { .. }
        | Call::PlaceOrder(_)
        | Call::ReplaceOrder(_)
        | Call::AmendOrder(_)
        | Call::PlaceOco(_)
        | Call::CancelOrder { .. }
        | Call::CancelOpenOrders { .. }
        | Call::CancelOrderList { .. }
        | Call::QueryOrder { .. }
        | Call::OpenOrders { .. }
        | Call::QueryOrderList { .. }
        | Call::OpenOrderLists
        | Call::OrderHistory { .. }
        | Call::FillHistory { .. }
        | Call::Account
        | Call::OrderCounts
        | Call::OpenStream { .. }
        | Call::Older { .. } => Err(EncodeError::Unsupported { venue, kind: call.kind() }),
    }
}

/// What a message says.
pub(crate) fn decode_frame(
    kind: StreamKind,
    text: &str,
    received_at: Timestamp,
) -> Result<StreamEvent, FrameError> {
    if text.trim() == PONG {
        return Ok(acked(Some(CallKind::PingStream), AckedPart::Whole, Fate::Done(Reply::Ack)));
    }
    read(kind, text, received_at).map_err(|problem| FrameError {
        problem: problem.to_string(),
        excerpt: excerpt(text),
        order: match kind {
            StreamKind::Market => None,
            StreamKind::Account => account::order_named(text).map(Box::new),
        },
    })
}

fn read(kind: StreamKind, text: &str, received_at: Timestamp) -> Result<StreamEvent, Malformed> {
    let head: Head<'_> = serde_json::from_str(text)?;
    match (&head.event, kind) {
        (Some(event), _) => control::answer(kind, event.as_str(), &head),
        (None, StreamKind::Market) => market::decode(&head, received_at),
        (None, StreamKind::Account) => account::decode(&head),
    }
}

fn acked(kind: Option<CallKind>, part: AckedPart, fate: Fate) -> StreamEvent {
    StreamEvent::Acked { kind, part, fate: Box::new(fate) }
}

/// What several rows of one message say.
fn several(mut events: Vec<StreamEvent>) -> StreamEvent {
    match events.len() {
        0 => StreamEvent::Ignored,
        1 => events.remove(0),
        _ => StreamEvent::Several(events),
    }
}

#[cfg(test)]
mod tests;
