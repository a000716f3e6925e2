//! Control messages and events of the two kinds of sockets.
//!
//! Market data and the account's events come from different services with different protocols:
//! the market streams know `SUBSCRIBE` and wrap what they send in the stream's name, the WebSocket
//! API answers each request with a status and wraps events in the number of the subscription.

pub(crate) mod feeds;

mod account;
mod market;
mod request;

use serde::Serialize;
use serde_json::value::RawValue;
use tradewind_model::call::{Call, StreamFeed};
use tradewind_model::id::{CallId, VenueId};
use tradewind_model::outcome::{Fate, Meter, Outcome};
use tradewind_model::stream::{StreamEvent, StreamKind};
use tradewind_model::time::Timestamp;
use tradewind_venue::{EncodeError, FrameError, Signer, Stamp};

use self::request::Params;
use crate::excerpt::excerpt;
use crate::number::Malformed;

/// A control message.
#[derive(Serialize)]
struct Control<P> {
    id: u64,
    method: &'static str,
    params: P,
}

/// The text of a control message.
pub(crate) fn encode_frame(
    venue: VenueId,
    id: CallId,
    call: &Call,
    stamp: Stamp,
    signer: Option<&Signer>,
) -> Result<String, EncodeError> {
    match call {
        Call::Subscribe { feeds } => Ok(feeds_message(id, "SUBSCRIBE", feeds)),
        Call::Unsubscribe { feeds } => Ok(feeds_message(id, "UNSUBSCRIBE", feeds)),
        Call::SubscribeAccount => {
            let signer = signer.ok_or_else(|| EncodeError::NeedsKey(call.kind()))?;
            let params = Params::default().signed(stamp, signer);
            Ok(message(id, "userDataStream.subscribe.signature", params))
        }
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
        | Call::Authenticate
        | Call::PingStream { .. }
        | Call::Older { .. } => Err(EncodeError::Unsupported { venue, kind: call.kind() }),
    }
}

fn feeds_message(id: CallId, method: &'static str, feeds: &[StreamFeed]) -> String {
    message(id, method, feeds::names(feeds))
}

fn message(id: CallId, method: &'static str, params: impl Serialize) -> String {
    let control = Control { id: id.0, method, params };
    serde_json::to_string(&control).expect("texts and integers are JSON")
}

/// What a message says.
pub(crate) fn decode_frame(
    kind: StreamKind,
    text: &str,
    received_at: Timestamp,
) -> Result<StreamEvent, FrameError> {
    let event = match kind {
        StreamKind::Market => market::decode(text, received_at),
        StreamKind::Account => account::decode(text),
    };
    event.map_err(|problem| FrameError {
        problem: problem.to_string(),
        excerpt: excerpt(text),
        order: match kind {
            StreamKind::Market => None,
            StreamKind::Account => account::order_named(text).map(Box::new),
        },
    })
}

/// The event that settles a control message.
fn replied(id: &RawValue, fate: Fate, meter: Meter) -> Result<StreamEvent, Malformed> {
    Ok(StreamEvent::Replied { call: call_id(id)?, outcome: Box::new(Outcome::single(fate, meter)) })
}

/// The id we gave a message: a number, or that number as a string.
fn call_id(id: &RawValue) -> Result<CallId, Malformed> {
    id.get()
        .trim_matches('"')
        .parse()
        .map(CallId)
        .map_err(|_| Malformed::field("id", "is none of ours"))
}

#[cfg(test)]
mod tests;
