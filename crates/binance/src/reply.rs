//! Answers to requests, as fates.
//!
//! A success is believed only when its body is of the documented shape: an empty, cut or foreign
//! body after a 200 leaves open what was done. What is no success goes to the classifier.

mod account;
mod amend;
mod list;
mod market;
mod order;
mod replace;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tradewind_model::call::{Call, HistoryStart};
use tradewind_model::outcome::{Fate, Meter, Outcome, RefusalKind, Reply};
use tradewind_model::time::Timestamp;

use crate::number::Malformed;
use crate::{errors, limits, symbols};

pub(crate) use self::list::ListRow;
pub(crate) use self::order::{
    client_order_id, is_waiting, order_list_id, reason, side, status, venue_order_id,
};

/// What became of a call.
pub(crate) fn decode(call: &Call, response: &Response<Bytes>, received_at: Timestamp) -> Outcome {
    let mut meter = limits::meter(response.headers());
    let (status, body) = (response.status(), response.body());
    meter.status = Some(status.as_u16());
    if let Call::ReplaceOrder(replacement) = call {
        let (cancel, place) = replace::fates(replacement, response);
        return Outcome::double(cancel, place, meter);
    }
    if let Call::PlaceOco(pair) = call {
        let (take, stop) = list::placed(pair, response);
        return Outcome::double(take, stop, meter);
    }
    let fate = if status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS {
        match reply(call, status, body, received_at, &mut meter) {
            Ok(reply) => Fate::Done(reply),
            Err(problem) => errors::unreadable(status.as_u16(), body, &problem),
        }
    } else {
        let fate = errors::rest_fate(status.as_u16(), response.headers(), body);
        if is_nothing_open(call, &fate) { Fate::Done(Reply::Orders(Vec::new())) } else { fate }
    };
    Outcome::single(fate, meter)
}

/// Canceling all orders where none is open is refused like a cancel of an unknown order, and is
/// what was asked for.
fn is_nothing_open(call: &Call, fate: &Fate) -> bool {
    matches!(call, Call::CancelOpenOrders { .. })
        && matches!(fate, Fate::Refused(refusal)
            if refusal.kind == RefusalKind::UnknownOrder && refusal.message.starts_with("Unknown order"))
}

#[derive(Deserialize)]
struct Pong {
    #[serde(default)]
    code: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Clock {
    server_time: u64,
}

fn reply(
    call: &Call,
    status: StatusCode,
    body: &[u8],
    received_at: Timestamp,
    meter: &mut Meter,
) -> Result<Reply, Malformed> {
    let is_upgrade = status == StatusCode::SWITCHING_PROTOCOLS;
    if is_upgrade != matches!(call, Call::OpenStream { .. }) {
        return Err(Malformed::whole("protocols are switched for sockets and for nothing else"));
    }
    match call {
        Call::Ping => match serde_json::from_slice::<Pong>(body)?.code {
            None => Ok(Reply::Ack),
            Some(_) => Err(Malformed::whole("an error as a success")),
        },
        Call::ServerTime => {
            let clock: Clock = serde_json::from_slice(body)?;
            Ok(Reply::Time(Timestamp::from_millis(clock.server_time)))
        }
        Call::Catalog { .. } => symbols::decode(body),
        Call::Depth { .. } => market::depth(body, received_at).map(Reply::Depth),
        Call::Bars { interval, .. } => market::bars(body, *interval, received_at).map(Reply::Bars),
        Call::Ticker { symbol } => market::ticker(body, symbol, received_at).map(Reply::Ticker),
        Call::Rate { base, quote } => {
            let symbol = symbols::spelled(base, quote);
            market::ticker(body, &symbol, received_at).map(Reply::Ticker)
        }
        Call::PlaceOrder(order) => order::placed(body, order).map(Reply::Order),
        Call::ReplaceOrder(_) | Call::PlaceOco(_) => {
            Err(Malformed::whole("this call is answered leg by leg"))
        }
        Call::AmendOrder(amendment) => amend::amended(body, amendment).map(Reply::Order),
        Call::CancelOrder { symbol, order } => {
            list::canceled_one(body, symbol, *order).map(Reply::Order)
        }
        Call::QueryOrder { symbol, .. } => order::one(body, symbol).map(Reply::Order),
        Call::CancelOpenOrders { .. } => list::canceled_all(body).map(Reply::Orders),
        Call::CancelOrderList { symbol, list } => {
            list::canceled(body, symbol, *list).map(Reply::Orders)
        }
        Call::QueryOrderList { list } => list::one(body, *list).map(Reply::OrderList),
        Call::OpenOrderLists => list::several(body).map(Reply::OrderLists),
        Call::OpenOrders { .. } | Call::OrderHistory { .. } => {
            let (orders, unreadable) = order::several(body)?;
            meter.unreadable_rows = unreadable;
            Ok(Reply::Orders(orders))
        }
        Call::FillHistory { since, .. } => {
            let mut fills = account::fills(body)?;
            if let Some(HistoryStart::Time(since)) = since {
                fills.retain(|fill| fill.fill.at >= *since);
            }
            Ok(Reply::Fills(fills))
        }
        Call::Account => account::snapshot(body, received_at).map(Reply::Account),
        Call::OrderCounts => {
            limits::note_rows(meter, &serde_json::from_slice::<Vec<_>>(body)?);
            Ok(Reply::OrderCounts)
        }
        Call::OpenStream { .. } => Ok(Reply::Ack),
        Call::Subscribe { .. }
        | Call::Unsubscribe { .. }
        | Call::SubscribeAccount
        | Call::Authenticate
        | Call::PingStream { .. } => Err(Malformed::whole("this call is answered on its socket")),
        Call::Older { .. } => {
            Err(Malformed::whole("lists are told from a point on, not back from one"))
        }
    }
}

#[cfg(test)]
mod tests;
