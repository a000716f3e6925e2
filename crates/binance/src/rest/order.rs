//! Order entry as parameters: orders, pairs, replacements, amendments, cancels.
//!
//! Everything that places is answered in full: kinds other than `LIMIT` and `MARKET` are answered
//! without state and fills unless asked (rest-api.md, new order, read 2026-11). What cancels or
//! amends names nothing anew: an amended order keeps our name, which the venue would replace.

use tradewind_model::call::{
    Amendment, NewOco, NewOrder, OrderListRef, OrderRef, Replacement, WhenNotCanceled,
    WhenOverLimit, WhenTraded,
};
use tradewind_model::id::Symbol;
use tradewind_model::order::{
    LimitTerms, MarketQuantity, OcoTake, OrderKind, Side, TimeInForce, Trigger,
};

use super::query::Query;

/// A new order.
pub(super) fn placement(order: &NewOrder) -> Query {
    with_answer(with_order(Query::of(&order.symbol), order))
}

/// An order to cancel and another in its stead.
pub(super) fn replacement(replacement: &Replacement) -> Query {
    let mode = match replacement.when_not_canceled {
        WhenNotCanceled::Stop => "STOP_ON_FAILURE",
        WhenNotCanceled::PlaceAnyway => "ALLOW_FAILURE",
    };
    let query = Query::of(&replacement.order.symbol).with("cancelReplaceMode", mode);
    let query = match replacement.cancel {
        OrderRef::Client(id) => query.with("cancelOrigClientOrderId", id),
        OrderRef::Venue(id) => query.with("cancelOrderId", id),
    };
    let query = match replacement.when_traded {
        // What the venue does unless asked.
        WhenTraded::Cancel => query,
        WhenTraded::Leave => query.with("cancelRestrictions", "ONLY_NEW"),
    };
    let query = match replacement.when_over_limit {
        // What the venue does unless asked.
        WhenOverLimit::DoNothing => query,
        WhenOverLimit::CancelOnly => query.with("orderRateLimitExceededMode", "CANCEL_ONLY"),
    };
    with_answer(with_order(query, &replacement.order))
}

/// A lower quantity.
pub(super) fn amendment(amendment: &Amendment) -> Query {
    one(&amendment.symbol, amendment.order)
        .with("newClientOrderId", amendment.client_order_id)
        .with("newQty", amendment.qty)
}

/// Two orders of which one cancels the other. The venue names them by where they lie: the profit
/// of a sell is above the market, that of a buy below.
pub(super) fn pair(pair: &NewOco) -> Query {
    let (take, stop) = match pair.side {
        Side::Sell => ("above", "below"),
        Side::Buy => ("below", "above"),
    };
    let query = Query::of(&pair.symbol)
        .with("listClientOrderId", pair.client_list_id)
        .with("side", side_word(pair.side))
        .with("quantity", pair.pair.qty);
    let query = match pair.pair.take {
        OcoTake::PostOnly { price } => {
            query.with(&format!("{take}Type"), "LIMIT_MAKER").with(&format!("{take}Price"), price)
        }
        OcoTake::Triggered { at, limit } => {
            triggered_leg(query, take, Trigger::TakeProfit(at), limit)
        }
    };
    let query = query.with(&format!("{take}ClientOrderId"), pair.take_id);
    let pair_stop = pair.pair.stop;
    let query = triggered_leg(query, stop, Trigger::StopLoss(pair_stop.at), pair_stop.limit);
    with_answer(query.with(&format!("{stop}ClientOrderId"), pair.stop_id))
}

fn triggered_leg(query: Query, leg: &str, trigger: Trigger, limit: Option<LimitTerms>) -> Query {
    let query = query.with(&format!("{leg}Type"), triggered_word(trigger, limit));
    let query = match limit {
        Some(limit) => query
            .with(&format!("{leg}TimeInForce"), time_in_force_word(limit.time_in_force))
            .with(&format!("{leg}Price"), limit.price),
        None => query,
    };
    query.with(&format!("{leg}StopPrice"), trigger.price())
}

/// One order by either name.
pub(super) fn one(symbol: &Symbol, order: OrderRef) -> Query {
    match order {
        OrderRef::Client(id) => Query::of(symbol).with("origClientOrderId", id),
        OrderRef::Venue(id) => Query::of(symbol).with("orderId", id),
    }
}

/// One list by either name, to be canceled.
pub(super) fn list_to_cancel(symbol: &Symbol, list: OrderListRef) -> Query {
    match list {
        OrderListRef::Client(id) => Query::of(symbol).with("listClientOrderId", id),
        OrderListRef::Venue(id) => Query::of(symbol).with("orderListId", id),
    }
}

/// One list by either name, to be asked about: here the venue calls our name of it otherwise, and
/// takes no symbol.
pub(super) fn list_to_query(list: OrderListRef) -> Query {
    match list {
        OrderListRef::Client(id) => Query::default().with("origClientOrderId", id),
        OrderListRef::Venue(id) => Query::default().with("orderListId", id),
    }
}

fn with_order(query: Query, order: &NewOrder) -> Query {
    let query = query.with("side", side_word(order.side));
    let query = match order.kind {
        OrderKind::Limit { price, qty, time_in_force } => query
            .with("type", "LIMIT")
            .with("timeInForce", time_in_force_word(time_in_force))
            .with("quantity", qty)
            .with("price", price),
        OrderKind::PostOnly { price, qty } => {
            query.with("type", "LIMIT_MAKER").with("quantity", qty).with("price", price)
        }
        OrderKind::Market(MarketQuantity::Base(qty)) => {
            query.with("type", "MARKET").with("quantity", qty)
        }
        OrderKind::Market(MarketQuantity::Quote(value)) => {
            query.with("type", "MARKET").with("quoteOrderQty", value)
        }
        OrderKind::Triggered { trigger, qty, limit } => {
            let query = query.with("type", triggered_word(trigger, limit));
            let query = match limit {
                Some(limit) => query
                    .with("timeInForce", time_in_force_word(limit.time_in_force))
                    .with("quantity", qty)
                    .with("price", limit.price),
                None => query.with("quantity", qty),
            };
            query.with("stopPrice", trigger.price())
        }
    };
    query.with("newClientOrderId", order.client_order_id)
}

fn with_answer(query: Query) -> Query {
    query.with("newOrderRespType", "FULL")
}

const fn triggered_word(trigger: Trigger, limit: Option<LimitTerms>) -> &'static str {
    match (trigger, limit) {
        (Trigger::StopLoss(_), None) => "STOP_LOSS",
        (Trigger::StopLoss(_), Some(_)) => "STOP_LOSS_LIMIT",
        (Trigger::TakeProfit(_), None) => "TAKE_PROFIT",
        (Trigger::TakeProfit(_), Some(_)) => "TAKE_PROFIT_LIMIT",
    }
}

const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

const fn time_in_force_word(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::GoodTillCanceled => "GTC",
        TimeInForce::ImmediateOrCancel => "IOC",
        TimeInForce::FillOrKill => "FOK",
    }
}
