//! The JSON of everything the venue answers with, field by field.
//!
//! Fields come in the order the documentation prints them and conditional ones only when they
//! apply: a client that counts on a field must find it missing here exactly when it is missing
//! there (rest-api.md and user-data-stream.md, read 2026-11).

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use tradewind_model::Timestamp;

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
    let number = if number.scale() > DECIMALS { number.round_dp(DECIMALS) } else { number };
    let missing = 10_u64.pow(DECIMALS - number.scale());
    let units = u64::try_from(number.mantissa().unsigned_abs())
        .ok()
        .and_then(|units| units.checked_mul(missing));
    // Most of what a venue writes is numbers, so those that fit are written digit by digit.
    let Some(mut units) = units else { return format!("{number:.8}") };
    let mut text = [b'0'; LONGEST];
    let mut start = LONGEST;
    let least = LONGEST - DECIMALS as usize - 2;
    while units > 0 || start > least {
        start -= 1;
        if start == LONGEST - DECIMALS as usize - 1 {
            text[start] = b'.';
            continue;
        }
        text[start] = b'0' + u8::try_from(units % 10).unwrap_or(0);
        units /= 10;
    }
    if number.is_sign_negative() && !number.is_zero() {
        start -= 1;
        text[start] = b'-';
    }
    String::from_utf8_lossy(&text[start..]).into_owned()
}

/// Decimals of every amount and price.
const DECIMALS: u32 = 8;
/// Room for the digits of a `u64`, a point and a sign.
const LONGEST: usize = 22;

/// Price and quantity of a book's levels.
pub(crate) fn levels(levels: &[(Decimal, Decimal)]) -> Value {
    levels.iter().map(|(price, qty)| json!([fixed(*price), fixed(*qty)])).collect()
}

/// `ACK`: that the order exists.
pub(crate) fn order_ack(unit: TimeUnit, order: &OrderView) -> Value {
    json!({
        "symbol": *order.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_order_id,
        "transactTime": unit.stamp(order.time),
    })
}

/// `RESULT`: also what became of it.
pub(crate) fn order_result(unit: TimeUnit, order: &OrderView) -> Value {
    let mut body = json!({
        "symbol": *order.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
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
        "workingTime": unit.stamp(order.working_time),
    });
    if let Value::Object(fields) = &mut body {
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
        "orderListId": -1,
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
        "selfTradePreventionMode": order.stp.as_str(),
    });
    if let Value::Object(fields) = &mut body {
        conditional(fields, order);
    }
    body
}

/// An order as queries show it.
pub(crate) fn order(unit: TimeUnit, order: &OrderView) -> Value {
    let mut body = json!({
        "symbol": *order.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_order_id,
        "price": fixed(order.price),
        "origQty": fixed(order.orig_qty),
        "executedQty": fixed(order.executed_qty),
        "cummulativeQuoteQty": fixed(order.cum_quote_qty),
        "status": order.status.as_str(),
        "timeInForce": order.kind.time_in_force().as_str(),
        "type": order.kind.as_str(),
        "side": order.side.as_str(),
        "stopPrice": fixed(Decimal::ZERO),
        "icebergQty": fixed(order.iceberg_qty),
        "time": unit.stamp(order.time),
        "updateTime": unit.stamp(order.update_time),
        "isWorking": true,
        "workingTime": unit.stamp(order.working_time),
        "origQuoteOrderQty": fixed(order.orig_quote_order_qty),
        "selfTradePreventionMode": order.stp.as_str(),
    });
    if let Value::Object(fields) = &mut body {
        conditional(fields, order);
    }
    body
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
        "orderListId": -1,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_amount_has_eight_decimals_whatever_its_size() {
        let rows = [
            ("0", "0.00000000"),
            ("-0.0", "0.00000000"),
            ("1", "1.00000000"),
            ("-1.5", "-1.50000000"),
            ("0.00000001", "0.00000001"),
            ("-0.00000001", "-0.00000001"),
            ("0.1", "0.10000000"),
            ("60123.45", "60123.45000000"),
            ("0.123456785", "0.12345678"),
            ("0.123456775", "0.12345678"),
            ("-0.000000001", "0.00000000"),
            ("184467440737.09551615", "184467440737.09551615"),
            ("-184467440737.09551615", "-184467440737.09551615"),
            ("184467440737.09551616", "184467440737.09551616"),
            ("92233720368547758070", "92233720368547758070.00000000"),
            ("-79228162514264337593543", "-79228162514264337593543.00000000"),
        ];
        for (number, printed) in rows {
            assert_eq!(fixed(number.parse().unwrap()), printed, "{number}");
        }
    }
}
