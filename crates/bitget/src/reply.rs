//! Answers to requests, as fates.
//!
//! Every answer has the same envelope, and its code decides; a success is believed only when what
//! is in it is of the documented shape. Two things are unlike other venues. Whoever places or
//! cancels is told that the request was taken and nothing of what came of it: that is for the stream
//! to tell. And a question about an order that the venue does not know is answered with an empty
//! list, which is a success to it and a refusal to us.

mod account;
mod envelope;
mod market;
mod order;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::value::RawValue;
use tradewind_model::call::{Call, HistoryStart};
use tradewind_model::outcome::{Fate, Meter, Outcome, Refusal, RefusalKind, Reply, Unknown};
use tradewind_model::time::Timestamp;

use self::envelope::Envelope;
use crate::number::Malformed;
use crate::{errors, limits, symbols};

pub(crate) use self::account::{AssetRow, FillRow, is_maker};
pub(crate) use self::order::named;

/// What became of a call.
pub(crate) fn decode(call: &Call, response: &Response<Bytes>, received_at: Timestamp) -> Outcome {
    let (status, body) = (response.status(), response.body());
    let mut meter = limits::meter(call.kind(), response.headers());
    meter.status = Some(status.as_u16());
    let fate = match Envelope::read(body) {
        // A handshake has no words of the venue's when it goes well.
        _ if status == StatusCode::SWITCHING_PROTOCOLS => upgraded(call),
        Ok(envelope) if !envelope.is_success() => {
            let error = envelope.error();
            let fate = errors::fate(call.kind(), status.as_u16(), &error, response.headers());
            if is_nothing_open(call, &fate) { Fate::Done(Reply::Orders(Vec::new())) } else { fate }
        }
        Ok(envelope) if status.is_success() => succeeded(call, &envelope, received_at, &mut meter),
        // A success by its code and none by its status is none at all.
        Ok(envelope) => Fate::Unknown(envelope.error().unknown(status.as_u16())),
        Err(problem) if status.is_success() => errors::unreadable(&problem),
        Err(_) => errors::wordless_fate(status.as_u16(), body),
    };
    Outcome::single(fate, meter)
}

fn upgraded(call: &Call) -> Fate {
    if matches!(call, Call::OpenStream { .. }) {
        return Fate::Done(Reply::Ack);
    }
    let problem = "protocols are switched for sockets and for nothing else";
    Fate::Unknown(Unknown::Unreadable(problem.to_owned()))
}

/// Canceling all orders where none is open may be refused like a cancel of an unknown order, and is
/// what was asked for.
fn is_nothing_open(call: &Call, fate: &Fate) -> bool {
    matches!(call, Call::CancelOpenOrders { .. })
        && matches!(fate, Fate::Refused(refusal) if refusal.kind == RefusalKind::UnknownOrder)
}

/// The fate of a call that was answered with a success.
fn succeeded(
    call: &Call,
    envelope: &Envelope<'_>,
    received_at: Timestamp,
    meter: &mut Meter,
) -> Fate {
    if let Call::QueryOrder { symbol, order } = call {
        return match order::asked(envelope.data(), symbol, *order) {
            Ok(Some(report)) => Fate::Done(Reply::Order(report)),
            Ok(None) => Fate::Refused(Refusal {
                kind: RefusalKind::UnknownOrder,
                code: 0,
                message: "no such order, by an empty list".to_owned(),
            }),
            Err(problem) => errors::unreadable(&problem),
        };
    }
    reply(call, envelope, received_at, meter).map_or_else(|it| errors::unreadable(&it), Fate::Done)
}

fn reply(
    call: &Call,
    envelope: &Envelope<'_>,
    received_at: Timestamp,
    meter: &mut Meter,
) -> Result<Reply, Malformed> {
    let data = envelope.data();
    let told_at = envelope.at().unwrap_or(received_at);
    match call {
        Call::Ping => market::clock(data?).map(|_| Reply::Ack),
        Call::ServerTime => market::clock(data?).map(Reply::Time),
        Call::Catalog { symbols } => symbols::decode(data?, symbols),
        Call::Depth { .. } => market::depth(data?, received_at).map(Reply::Depth),
        Call::Bars { interval, from, until, .. } => {
            let mut bars = market::bars(data?, *interval, received_at)?;
            bars.retain(|bar| {
                from.is_none_or(|from| bar.open_at >= from)
                    && until.is_none_or(|until| bar.open_at <= until)
            });
            Ok(Reply::Bars(bars))
        }
        Call::Ticker { symbol } => market::ticker(data?, symbol, received_at).map(Reply::Ticker),
        Call::Rate { base, quote } => {
            let symbol = symbols::spelled(base, quote);
            market::ticker(data?, &symbol, received_at).map(Reply::Ticker)
        }
        Call::PlaceOrder(order) => order::placed(data?, order, told_at).map(Reply::Order),
        Call::CancelOrder { order, .. } => order::canceled(data?, *order).map(|()| Reply::Ack),
        // Done later, and told by the stream.
        Call::CancelOpenOrders { .. } => data.map(|_| Reply::Ack),
        Call::OpenOrders { .. } => listed(envelope, order::Trap::Unfilled, meter),
        Call::OrderHistory { since, .. } => {
            let reply = listed(envelope, order::Trap::None, meter)?;
            Ok(since_order(reply, *since))
        }
        Call::FillHistory { since, .. } => {
            let mut fills = account::fills(envelope.list())?;
            fills.retain(|one| match since {
                None => true,
                Some(HistoryStart::Time(since)) => one.fill.at >= *since,
                Some(HistoryStart::Id(id)) => one.fill.trade_id >= *id,
            });
            Ok(Reply::Fills(fills))
        }
        Call::Account => account::snapshot(envelope.list(), told_at).map(Reply::Account),
        Call::Older { of, .. } => reply(of, envelope, received_at, meter),
        Call::QueryOrder { .. }
        | Call::ReplaceOrder(_)
        | Call::AmendOrder(_)
        | Call::PlaceOco(_)
        | Call::CancelOrderList { .. }
        | Call::QueryOrderList { .. }
        | Call::OpenOrderLists
        | Call::OrderCounts
        | Call::OpenStream { .. }
        | Call::Subscribe { .. }
        | Call::Unsubscribe { .. }
        | Call::SubscribeAccount
        | Call::Authenticate
        | Call::PingStream { .. } => Err(Malformed::whole("no call that is answered so was made")),
    }
}

/// A list of orders, oldest first.
fn listed(
    envelope: &Envelope<'_>,
    trap: order::Trap,
    meter: &mut Meter,
) -> Result<Reply, Malformed> {
    let (orders, unreadable) = order::several(envelope.list(), trap)?;
    meter.unreadable_rows = unreadable;
    Ok(Reply::Orders(orders))
}

/// Without what is older than was asked for. Names of orders are numbers: the longer is the later.
fn since_order(
    reply: Reply,
    since: Option<HistoryStart<tradewind_model::id::VenueOrderId>>,
) -> Reply {
    let Reply::Orders(mut orders) = reply else { return reply };
    let rank = |id: &tradewind_model::id::VenueOrderId| (id.as_str().len(), *id);
    orders.retain(|order| match &since {
        None => true,
        Some(HistoryStart::Time(since)) => order.at >= *since,
        Some(HistoryStart::Id(id)) => rank(&order.venue_order_id) >= rank(id),
    });
    Reply::Orders(orders)
}

/// The rows of a list that may be missing altogether.
type Rows<'a> = Option<&'a RawValue>;

#[cfg(test)]
mod tests;
