//! The events of the user-data stream.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tradewind_model::Timestamp;

use super::body::{TimeUnit, fixed, list_id};
use crate::exchange::{BalanceChange, ExecType, ExecutionReport, ListChange, Reject};

/// One change of one order, every field of it (user-data-stream.md, order update, read 2026-11).
pub(crate) fn execution(unit: TimeUnit, sent: Timestamp, report: &ExecutionReport) -> Value {
    let order = &report.order;
    let fill = report.fill.as_ref();
    let zero = || fixed(Decimal::ZERO);
    let mut event = json!({
        "e": "executionReport",
        "E": unit.stamp(sent),
        "s": *order.symbol,
        "c": report.client_order_id(),
        "S": order.side.as_str(),
        "o": order.kind.as_str(),
        "f": order.kind.time_in_force().as_str(),
        "q": fixed(order.orig_qty),
        "p": fixed(order.price),
        "P": fixed(order.kind.stop_price().unwrap_or_default()),
        "F": fixed(order.iceberg_qty),
        "g": list_id(order.list_id),
        "C": report.orig_client_order_id(),
        "x": report.exec_type.as_str(),
        "X": order.status.as_str(),
        "r": reject_reason(report.reject),
        "i": order.order_id,
        "l": fill.map_or_else(zero, |fill| fixed(fill.qty)),
        "z": fixed(order.executed_qty),
        "L": fill.map_or_else(zero, |fill| fixed(fill.price)),
        "n": fill.map_or_else(|| "0".to_owned(), |fill| fixed(fill.commission)),
        "N": fill.map(|fill| &*fill.commission_asset),
        "T": unit.stamp(report.time),
        "t": fill.map_or_else(|| json!(-1), |fill| json!(fill.trade_id)),
        "I": report.execution_id,
        "w": report.is_on_book,
        "m": fill.is_some_and(|fill| fill.is_maker),
        "M": false,
        "O": unit.stamp(order.time),
        "Z": fixed(order.cum_quote_qty),
        "Y": fill.map_or_else(zero, |fill| fixed(fill.quote_qty)),
        "Q": fixed(order.orig_quote_order_qty),
    });
    if let (true, Some(since)) = (report.is_on_book, order.working_time) {
        event["W"] = unit.stamp(since).into();
    }
    event["V"] = order.stp.as_str().into();
    if let (ExecType::TradePrevention, Some(prevented)) = (report.exec_type, &report.prevented) {
        let counter = if prevented.maker_order_id == order.order_id {
            prevented.taker_order_id
        } else {
            prevented.maker_order_id
        };
        event["v"] = prevented.id.into();
        event["A"] = fixed(order.prevented_qty).into();
        event["B"] = fixed(report.last_prevented_qty().unwrap_or_default()).into();
        event["U"] = counter.into();
        event["Cs"] = (*prevented.symbol).into();
    }
    if let (ExecType::Expired, Some(reason)) = (report.exec_type, order.expiry_reason) {
        event["eR"] = reason.as_str().into();
    }
    event
}

/// Why an order was rejected (user-data-stream.md, order reject reason, read 2026-11); other
/// reasons than these have no word.
const fn reject_reason(reject: Option<Reject>) -> &'static str {
    match reject {
        Some(Reject::InsufficientBalance) => "INSUFFICIENT_BALANCES",
        Some(Reject::WouldTrigger) => "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY",
        Some(Reject::WouldMatch) => "WOULD_MATCH_IMMEDIATELY",
        Some(Reject::OcoBadPrices) => "OCO_BAD_PRICES",
        Some(
            Reject::UnknownSymbol
            | Reject::UnknownAccount
            | Reject::MarketClosed
            | Reject::QtyZero
            | Reject::TooLarge
            | Reject::Filter(_)
            | Reject::StpNotAllowed
            | Reject::IcebergExceedsQty
            | Reject::UnsupportedCombination
            | Reject::DuplicateOrder
            | Reject::NoLiquidity
            | Reject::NotOffered(_),
        )
        | None => "NONE",
    }
}

/// How a list of orders stands. Each of its orders is reported on its own too.
pub(crate) fn list_status(unit: TimeUnit, sent: Timestamp, change: &ListChange) -> Value {
    let list = &change.list;
    let orders = list.orders.iter();
    let orders: Vec<Value> =
        orders.map(|(id, client_id)| json!({"s": *list.symbol, "i": id, "c": client_id})).collect();
    json!({
        "e": "listStatus",
        "E": unit.stamp(sent),
        "s": *list.symbol,
        "g": list.list_id,
        "c": "OCO",
        "l": change.news.as_str(),
        "L": if list.is_done { "ALL_DONE" } else { "EXECUTING" },
        "r": "NONE",
        "C": list.client_list_id,
        "T": unit.stamp(change.time),
        "O": orders,
    })
}

/// Balances that may have changed, absolute.
pub(crate) fn account_position(unit: TimeUnit, sent: Timestamp, change: &BalanceChange) -> Value {
    let balances: Vec<Value> = change
        .balances
        .iter()
        .map(|b| json!({"a": *b.asset, "f": fixed(b.free), "l": fixed(b.locked)}))
        .collect();
    json!({
        "e": "outboundAccountPosition",
        "E": unit.stamp(sent),
        "u": unit.stamp(change.time),
        "B": balances,
    })
}

/// The end of a subscription by log-out or unsubscription.
pub(crate) fn terminated(unit: TimeUnit, now: Timestamp) -> Value {
    json!({"e": "eventStreamTerminated", "E": unit.stamp(now)})
}

/// The venue is about to close every connection.
pub(crate) fn shutdown(unit: TimeUnit, now: Timestamp) -> Value {
    json!({"e": "serverShutdown", "E": unit.stamp(now)})
}
