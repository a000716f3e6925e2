//! The JSON of everything the venue answers with, field by field.
//!
//! Fields come in the order the documentation prints them and conditional ones only when they
//! apply: a client that counts on a field must find it missing here exactly when it is missing
//! there (rest-api.md and user-data-stream.md, read 2026-11).

mod lists;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use tradewind_model::Timestamp;

pub(crate) use self::lists::{amended, canceled, list, list_id, oco_placed};
use crate::exchange::{
    BalanceView, Cancellation, FillView, Kline, OrderView, Placement, TradeView,
};

/// In which unit times are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum TimeUnit {
    #[default]
    Millis,
    Micros,
}

impl TimeUnit {
    /// The unit a client names, in any case; `None` when there is no such unit.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "MILLISECOND" => Some(Self::Millis),
            "MICROSECOND" => Some(Self::Micros),
            _ => None,
        }
    }

    pub(crate) const fn stamp(self, time: Timestamp) -> u64 {
        match self {
            Self::Millis => time.as_millis(),
            Self::Micros => time.as_micros(),
        }
    }
}

/// A number as the venue prints amounts and prices: eight decimals.
pub(crate) fn fixed(number: Decimal) -> String {
    format!("{:.8}", number.round_dp(8))
}

/// Price and quantity of a book's levels.
pub(crate) fn levels(levels: &[(Decimal, Decimal)]) -> Value {
    levels.iter().map(|(price, qty)| json!([fixed(*price), fixed(*qty)])).collect()
}

/// `ACK`: that the order exists.
pub(crate) fn order_ack(unit: TimeUnit, order: &OrderView) -> Value {
    json!({
        "symbol": *order.symbol,
        "orderId": order.order_id,
        "orderListId": list_id(order.list_id),
        "clientOrderId": order.client_order_id,
        "transactTime": unit.stamp(order.time),
    })
}

/// When an order began to work; -1 while it waits for its trigger.
fn working_time(unit: TimeUnit, order: &OrderView) -> Value {
    order.working_time.map_or_else(|| json!(-1), |since| unit.stamp(since).into())
}

/// `RESULT`: also what became of it.
pub(crate) fn order_result(unit: TimeUnit, order: &OrderView) -> Value {
    let mut body = json!({
        "symbol": *order.symbol,
        "orderId": order.order_id,
        "orderListId": list_id(order.list_id),
        "clientOrderId": order.client_order_id,
        "transactTime": unit.stamp(order.time),
        "price": fixed(order.price),
        "origQty": fixed(order.orig_qty),
        "executedQty": fixed(order.executed_qty),
        "origQuoteOrderQty": fixed(order.orig_quote_order_qty),
        "cummulativeQuoteQty": fixed(order.cum_quote_qty),
        "status": order.status.as_str(),
        "timeInForce": order.kind.time_in_force().as_str(),
        "type": order.kind.as_str(),
        "side": order.side.as_str(),
    });
    if let Value::Object(fields) = &mut body {
        stop_price(fields, order);
        fields.insert("workingTime".to_owned(), working_time(unit, order));
        if !order.iceberg_qty.is_zero() {
            fields.insert("icebergQty".to_owned(), fixed(order.iceberg_qty).into());
        }
        fields.insert("selfTradePreventionMode".to_owned(), order.stp.as_str().into());
        conditional(fields, order);
    }
    body
}

/// `FULL`: also its trades.
pub(crate) fn order_full(unit: TimeUnit, placement: &Placement) -> Value {
    let mut body = order_result(unit, &placement.order);
    let fills: Vec<Value> = placement
        .fills
        .iter()
        .map(|fill| {
            json!({
                "price": fixed(fill.price),
                "qty": fixed(fill.qty),
                "commission": fixed(fill.commission),
                "commissionAsset": *fill.commission_asset,
                "tradeId": fill.trade_id,
            })
        })
        .collect();
    let prevented: Vec<Value> = placement
        .prevented
        .iter()
        .map(|prevented| {
            let mut row = json!({
                "preventedMatchId": prevented.id,
                "makerOrderId": prevented.maker_order_id,
                "price": fixed(prevented.price),
            });
            if let Some(qty) = prevented.taker_prevented_qty {
                row["takerPreventedQuantity"] = fixed(qty).into();
            }
            if let Some(qty) = prevented.maker_prevented_qty {
                row["makerPreventedQuantity"] = fixed(qty).into();
            }
            row
        })
        .collect();
    if !prevented.is_empty() {
        body["preventedMatches"] = prevented.into();
    }
    body["fills"] = fills.into();
    body
}

/// A canceled order. `clientOrderId` is the cancel's own.
pub(crate) fn cancellation(unit: TimeUnit, cancel: &Cancellation) -> Value {
    let order = &cancel.order;
    let mut body = json!({
        "symbol": *order.symbol,
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": list_id(order.list_id),
        "clientOrderId": cancel.client_order_id,
        "transactTime": unit.stamp(cancel.time),
        "price": fixed(order.price),
        "origQty": fixed(order.orig_qty),
        "executedQty": fixed(order.executed_qty),
        "origQuoteOrderQty": fixed(order.orig_quote_order_qty),
        "cummulativeQuoteQty": fixed(order.cum_quote_qty),
        "status": order.status.as_str(),
        "timeInForce": order.kind.time_in_force().as_str(),
        "type": order.kind.as_str(),
        "side": order.side.as_str(),
    });
    if let Value::Object(fields) = &mut body {
        stop_price(fields, order);
        fields.insert("selfTradePreventionMode".to_owned(), order.stp.as_str().into());
        conditional(fields, order);
    }
    body
}

/// An order as queries show it.
pub(crate) fn order(unit: TimeUnit, order: &OrderView) -> Value {
    let mut body = json!({
        "symbol": *order.symbol,
        "orderId": order.order_id,
        "orderListId": list_id(order.list_id),
        "clientOrderId": order.client_order_id,
        "price": fixed(order.price),
        "origQty": fixed(order.orig_qty),
        "executedQty": fixed(order.executed_qty),
        "cummulativeQuoteQty": fixed(order.cum_quote_qty),
        "status": order.status.as_str(),
        "timeInForce": order.kind.time_in_force().as_str(),
        "type": order.kind.as_str(),
        "side": order.side.as_str(),
        "stopPrice": fixed(order.kind.stop_price().unwrap_or_default()),
        "icebergQty": fixed(order.iceberg_qty),
        "time": unit.stamp(order.time),
        "updateTime": unit.stamp(order.update_time),
        "isWorking": order.is_working(),
        "workingTime": working_time(unit, order),
        "origQuoteOrderQty": fixed(order.orig_quote_order_qty),
        "selfTradePreventionMode": order.stp.as_str(),
    });
    if let Value::Object(fields) = &mut body {
        conditional(fields, order);
    }
    body
}

/// The price that sets an order off, for kinds that have one.
fn stop_price(fields: &mut Map<String, Value>, order: &OrderView) {
    if let Some(price) = order.kind.stop_price() {
        fields.insert("stopPrice".to_owned(), fixed(price).into());
    }
}

/// What an order shows only when it applies.
fn conditional(fields: &mut Map<String, Value>, order: &OrderView) {
    if let Some(id) = order.prevented_match_id {
        fields.insert("preventedMatchId".to_owned(), id.into());
        fields.insert("preventedQuantity".to_owned(), fixed(order.prevented_qty).into());
    }
    if let Some(reason) = order.expiry_reason {
        fields.insert("expiryReason".to_owned(), reason.as_str().into());
    }
}

/// A row of `myTrades`.
pub(crate) fn my_trade(unit: TimeUnit, fill: &FillView) -> Value {
    json!({
        "symbol": *fill.symbol,
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "orderListId": list_id(fill.list_id),
        "price": fixed(fill.price),
        "qty": fixed(fill.qty),
        "quoteQty": fixed(fill.quote_qty),
        "commission": fixed(fill.commission),
        "commissionAsset": *fill.commission_asset,
        "time": unit.stamp(fill.time),
        "isBuyer": fill.side == crate::exchange::Side::Buy,
        "isMaker": fill.is_maker,
        "isBestMatch": true,
    })
}

/// A row of `trades`.
pub(crate) fn public_trade(unit: TimeUnit, trade: &TradeView) -> Value {
    json!({
        "id": trade.id,
        "price": fixed(trade.price),
        "qty": fixed(trade.qty),
        "quoteQty": fixed(trade.quote_qty),
        "time": unit.stamp(trade.time),
        "isBuyerMaker": trade.is_buyer_maker,
        "isBestMatch": true,
    })
}

/// A row of `klines`: twelve columns, the last without meaning.
pub(crate) fn kline(unit: TimeUnit, kline: &Kline) -> Value {
    json!([
        unit.stamp(kline.open_time),
        fixed(kline.open),
        fixed(kline.high),
        fixed(kline.low),
        fixed(kline.close),
        fixed(kline.volume),
        unit.stamp(kline.close_time),
        fixed(kline.quote_volume),
        kline.trades,
        fixed(kline.taker_buy_volume),
        fixed(kline.taker_buy_quote_volume),
        "0",
    ])
}

/// A row of an account's balances.
pub(crate) fn balance(balance: &BalanceView) -> Value {
    json!({
        "asset": *balance.asset,
        "free": fixed(balance.free),
        "locked": fixed(balance.locked),
    })
}
