//! Orders and fills as queries show them.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{millis, number, user_id};
use crate::exchange::{
    AccountId, FillView, MarketQty, OrderKind, OrderStatus, OrderView, Side, SymbolConfig,
    TimeInForce,
};

/// Which list an order stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bitget) enum Kind {
    /// That of the open ones.
    Open,
    /// Asked about, or over.
    Told,
}

/// The word for where an order is in its life.
pub(in crate::bitget) const fn status(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::New => "live",
        OrderStatus::PartiallyFilled => "partially_filled",
        OrderStatus::Filled => "filled",
        OrderStatus::Canceled
        | OrderStatus::Expired
        | OrderStatus::ExpiredInMatch
        | OrderStatus::Rejected => "cancelled",
    }
}

/// Why an order was canceled; nothing while it was not.
const fn cancel_reason(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::New | OrderStatus::PartiallyFilled | OrderStatus::Filled => "",
        OrderStatus::ExpiredInMatch => "stp_cancel",
        OrderStatus::Canceled | OrderStatus::Expired | OrderStatus::Rejected => "normal_cancel",
    }
}

pub(in crate::bitget) const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

pub(in crate::bitget) const fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Limit { .. } | OrderKind::LimitMaker { .. } | OrderKind::Contingent(_) => {
            "limit"
        }
        OrderKind::Market(_) => "market",
    }
}

/// How long an order stays, in one word with whether it may take.
pub(in crate::bitget) const fn tif(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::LimitMaker { .. } => "post_only",
        // What is said of market orders is documented nowhere.
        OrderKind::Market(_) | OrderKind::Contingent(_) => "gtc",
        OrderKind::Limit { tif, .. } => match tif {
            TimeInForce::Gtc => "gtc",
            TimeInForce::Ioc => "ioc",
            TimeInForce::Fok => "fok",
        },
    }
}

/// The size of an order in the unit it was placed in: quote for a market buy, else base.
pub(in crate::bitget) const fn size(order: &OrderView) -> Decimal {
    match order.kind {
        OrderKind::Market(MarketQty::Quote(_)) => order.orig_quote_order_qty,
        OrderKind::Market(MarketQty::Base(_))
        | OrderKind::Limit { .. }
        | OrderKind::LimitMaker { .. }
        | OrderKind::Contingent(_) => order.orig_qty,
    }
}

/// What one unit of an order cost, or nought.
pub(in crate::bitget) fn average(order: &OrderView) -> Decimal {
    let average = order.cum_quote_qty.checked_div(order.executed_qty);
    average.unwrap_or_default().round_dp(AVERAGE_DECIMALS)
}

/// Decimals of an average.
const AVERAGE_DECIMALS: u32 = 12;

/// One order. `fee` is the coin and the sum of what was paid for it, if anything was.
pub(in crate::bitget) fn order(
    account: AccountId,
    id: u64,
    order: &OrderView,
    symbol: &SymbolConfig,
    in_list: Kind,
    fee: Option<(&str, Decimal)>,
) -> Value {
    let mut row = json!({
        "userId": user_id(account),
        "symbol": *order.symbol,
        "orderId": id.to_string(),
        "clientOid": order.client_order_id,
    });
    match in_list {
        Kind::Open => {
            row["priceAvg"] = number(order.price).into();
            row["basePrice"] = number(average(order)).into();
        }
        Kind::Told => {
            row["price"] = number(order.price).into();
            row["priceAvg"] = number(average(order)).into();
        }
    }
    row["size"] = number(size(order)).into();
    row["orderType"] = kind(order.kind).into();
    row["side"] = side(order.side).into();
    row["status"] = status(order.status).into();
    row["baseVolume"] = number(order.executed_qty).into();
    row["quoteVolume"] = number(order.cum_quote_qty).into();
    row["enterPointSource"] = "API".into();
    row["orderSource"] = if order.kind.is_market() { "market" } else { "normal" }.into();
    match in_list {
        Kind::Open => {
            row["triggerPrice"] = Value::Null;
            row["tpslType"] = "normal".into();
        }
        Kind::Told => {
            row["feeDetail"] = fee_text(fee).into();
            row["cancelReason"] = cancel_reason(order.status).into();
            row["baseCoin"] = symbol.base.as_str().into();
            row["quoteCoin"] = symbol.quote.as_str().into();
        }
    }
    row["cTime"] = millis(order.time).into();
    row["uTime"] = millis(order.update_time).into();
    row
}

/// What was paid for an order: JSON within a string, with numbers in it; nothing before a fill.
fn fee_text(fee: Option<(&str, Decimal)>) -> String {
    let Some((coin, paid)) = fee else {
        return String::new();
    };
    let paid = number(-paid);
    format!(
        "{{\"newFees\":{{\"c\":0,\"d\":0,\"deduction\":false,\"r\":{paid},\"t\":{paid},\
         \"totalDeductionFee\":0}},\"{coin}\":{{\"deduction\":false,\"feeCoinCode\":\"{coin}\",\
         \"totalDeductionFee\":0,\"totalFee\":{paid}}}}}"
    )
}

/// One fill, by its own id and its order's.
pub(in crate::bitget) fn fill(
    account: AccountId,
    id: u64,
    order_id: u64,
    order_kind: &'static str,
    fill: &FillView,
) -> Value {
    json!({
        "userId": user_id(account),
        "symbol": *fill.symbol,
        "orderId": order_id.to_string(),
        "tradeId": id.to_string(),
        "orderType": order_kind,
        "side": side(fill.side),
        "priceAvg": number(fill.price),
        "size": number(fill.qty),
        "amount": number(fill.quote_qty),
        "feeDetail": {
            "deduction": "no",
            "feeCoin": *fill.commission_asset,
            "totalDeductionFee": "",
            "totalFee": number(-fill.commission),
        },
        "tradeScope": if fill.is_maker { "maker" } else { "taker" },
        "cTime": millis(fill.time),
        "uTime": millis(fill.time),
    })
}
