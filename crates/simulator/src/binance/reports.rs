//! The events of the user-data stream.

use rust_decimal::Decimal;
use serde::Serialize;
use tradewind_model::Timestamp;

use super::body::{Fixed, OrNone, TimeUnit, fixed};
use crate::exchange::{
    BalanceChange, BalanceView, ExecType, ExecutionReport, ExpiryReason, FillView, ListChange,
    Reject,
};

/// An event and its name.
pub(crate) trait Event: Serialize {
    fn name(&self) -> &'static str;
}

/// One change of one order, every field of it (user-data-stream.md, order update, read 2026-11).
#[derive(Debug, Serialize)]
pub(crate) struct Execution<'a> {
    #[serde(rename = "e")]
    event: &'static str,
    #[serde(rename = "E")]
    sent: u64,
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "c")]
    client_order_id: &'a str,
    #[serde(rename = "S")]
    side: &'static str,
    #[serde(rename = "o")]
    kind: &'static str,
    #[serde(rename = "f")]
    time_in_force: &'static str,
    #[serde(rename = "q")]
    orig_qty: Fixed,
    #[serde(rename = "p")]
    price: Fixed,
    #[serde(rename = "P")]
    stop_price: Fixed,
    #[serde(rename = "F")]
    iceberg_qty: Fixed,
    #[serde(rename = "g")]
    order_list_id: OrNone,
    #[serde(rename = "C")]
    orig_client_order_id: &'a str,
    #[serde(rename = "x")]
    exec_type: &'static str,
    #[serde(rename = "X")]
    status: &'static str,
    #[serde(rename = "r")]
    reject_reason: &'static str,
    #[serde(rename = "i")]
    order_id: u64,
    #[serde(rename = "l")]
    last_qty: Fixed,
    #[serde(rename = "z")]
    executed_qty: Fixed,
    #[serde(rename = "L")]
    last_price: Fixed,
    #[serde(rename = "n")]
    commission: Commission,
    #[serde(rename = "N")]
    commission_asset: Option<&'a str>,
    #[serde(rename = "T")]
    time: u64,
    #[serde(rename = "t")]
    trade_id: OrNone,
    #[serde(rename = "I")]
    execution_id: u64,
    #[serde(rename = "w")]
    is_on_book: bool,
    #[serde(rename = "m")]
    is_maker: bool,
    #[serde(rename = "M")]
    ignored: bool,
    #[serde(rename = "O")]
    created: u64,
    #[serde(rename = "Z")]
    cum_quote_qty: Fixed,
    #[serde(rename = "Y")]
    last_quote_qty: Fixed,
    #[serde(rename = "Q")]
    orig_quote_order_qty: Fixed,
    #[serde(rename = "W", skip_serializing_if = "Option::is_none")]
    working_time: Option<u64>,
    #[serde(rename = "V")]
    stp: &'static str,
    #[serde(flatten)]
    prevented: Option<Prevention<'a>>,
    #[serde(rename = "eR", skip_serializing_if = "Option::is_none")]
    expiry_reason: Option<&'static str>,
}

/// What a match with an order of the same account came to.
#[derive(Debug, Serialize)]
struct Prevention<'a> {
    #[serde(rename = "v")]
    id: u64,
    #[serde(rename = "A")]
    prevented_qty: Fixed,
    #[serde(rename = "B")]
    last_prevented_qty: Fixed,
    #[serde(rename = "U")]
    counter_order_id: u64,
    #[serde(rename = "Cs")]
    counter_symbol: &'a str,
}

/// What a trade cost: a bare nought where there was no trade.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Commission {
    Taken(Fixed),
    None(&'static str),
}

impl Event for Execution<'_> {
    fn name(&self) -> &'static str {
        self.event
    }
}

impl<'a> Execution<'a> {
    pub(crate) fn of(unit: TimeUnit, sent: Timestamp, report: &'a ExecutionReport) -> Self {
        let order = &report.order;
        let fill = report.fill.as_ref();
        let of_fill = |read: fn(&FillView) -> Decimal| fixed(fill.map(read).unwrap_or_default());
        let is_expired = report.exec_type == ExecType::Expired;
        Self {
            event: "executionReport",
            sent: unit.stamp(sent),
            symbol: &order.symbol,
            client_order_id: report.client_order_id(),
            side: order.side.as_str(),
            kind: order.kind.as_str(),
            time_in_force: order.kind.time_in_force().as_str(),
            orig_qty: fixed(order.orig_qty),
            price: fixed(order.price),
            stop_price: fixed(order.kind.stop_price().unwrap_or_default()),
            iceberg_qty: fixed(order.iceberg_qty),
            order_list_id: order.list_id.into(),
            orig_client_order_id: report.orig_client_order_id(),
            exec_type: report.exec_type.as_str(),
            status: order.status.as_str(),
            reject_reason: reject_reason(report.reject),
            order_id: order.order_id,
            last_qty: of_fill(|fill| fill.qty),
            executed_qty: fixed(order.executed_qty),
            last_price: of_fill(|fill| fill.price),
            commission: fill
                .map_or(Commission::None("0"), |fill| Commission::Taken(fixed(fill.commission))),
            commission_asset: fill.map(|fill| &*fill.commission_asset),
            time: unit.stamp(report.time),
            trade_id: fill.map(|fill| fill.trade_id).into(),
            execution_id: report.execution_id,
            is_on_book: report.is_on_book,
            is_maker: fill.is_some_and(|fill| fill.is_maker),
            ignored: false,
            created: unit.stamp(order.time),
            cum_quote_qty: fixed(order.cum_quote_qty),
            last_quote_qty: of_fill(|fill| fill.quote_qty),
            orig_quote_order_qty: fixed(order.orig_quote_order_qty),
            working_time: order
                .working_time
                .filter(|_| report.is_on_book)
                .map(|since| unit.stamp(since)),
            stp: order.stp.as_str(),
            prevented: Prevention::of(report),
            expiry_reason: order.expiry_reason.filter(|_| is_expired).map(ExpiryReason::as_str),
        }
    }
}

impl<'a> Prevention<'a> {
    fn of(report: &'a ExecutionReport) -> Option<Self> {
        let is_prevention = report.exec_type == ExecType::TradePrevention;
        let prevented = report.prevented.as_ref().filter(|_| is_prevention)?;
        let order = &report.order;
        let counter_order_id = if prevented.maker_order_id == order.order_id {
            prevented.taker_order_id
        } else {
            prevented.maker_order_id
        };
        Some(Self {
            id: prevented.id,
            prevented_qty: fixed(order.prevented_qty),
            last_prevented_qty: fixed(report.last_prevented_qty().unwrap_or_default()),
            counter_order_id,
            counter_symbol: &prevented.symbol,
        })
    }
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
#[derive(Debug, Serialize)]
pub(crate) struct ListStatus<'a> {
    #[serde(rename = "e")]
    event: &'static str,
    #[serde(rename = "E")]
    sent: u64,
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "g")]
    list_id: u64,
    #[serde(rename = "c")]
    contingency: &'static str,
    #[serde(rename = "l")]
    news: &'static str,
    #[serde(rename = "L")]
    status: &'static str,
    #[serde(rename = "r")]
    reject_reason: &'static str,
    #[serde(rename = "C")]
    client_list_id: &'a str,
    #[serde(rename = "T")]
    time: u64,
    #[serde(rename = "O")]
    orders: Vec<Member<'a>>,
}

/// An order of a list, by its names.
#[derive(Debug, Serialize)]
struct Member<'a> {
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "i")]
    order_id: u64,
    #[serde(rename = "c")]
    client_order_id: &'a str,
}

impl Event for ListStatus<'_> {
    fn name(&self) -> &'static str {
        self.event
    }
}

impl<'a> ListStatus<'a> {
    pub(crate) fn of(unit: TimeUnit, sent: Timestamp, change: &'a ListChange) -> Self {
        let list = &change.list;
        let orders = list.orders.iter().map(|(order_id, client_order_id)| Member {
            symbol: &list.symbol,
            order_id: *order_id,
            client_order_id,
        });
        Self {
            event: "listStatus",
            sent: unit.stamp(sent),
            symbol: &list.symbol,
            list_id: list.list_id,
            contingency: "OCO",
            news: change.news.as_str(),
            status: if list.is_done { "ALL_DONE" } else { "EXECUTING" },
            reject_reason: "NONE",
            client_list_id: &list.client_list_id,
            time: unit.stamp(change.time),
            orders: orders.collect(),
        }
    }
}

/// Balances that may have changed, absolute.
#[derive(Debug, Serialize)]
pub(crate) struct AccountPosition<'a> {
    #[serde(rename = "e")]
    event: &'static str,
    #[serde(rename = "E")]
    sent: u64,
    #[serde(rename = "u")]
    changed: u64,
    #[serde(rename = "B")]
    balances: Vec<Holding<'a>>,
}

#[derive(Debug, Serialize)]
struct Holding<'a> {
    #[serde(rename = "a")]
    asset: &'a str,
    #[serde(rename = "f")]
    free: Fixed,
    #[serde(rename = "l")]
    locked: Fixed,
}

impl Event for AccountPosition<'_> {
    fn name(&self) -> &'static str {
        self.event
    }
}

impl<'a> AccountPosition<'a> {
    pub(crate) fn of(unit: TimeUnit, sent: Timestamp, change: &'a BalanceChange) -> Self {
        let holding = |balance: &'a BalanceView| Holding {
            asset: &balance.asset,
            free: fixed(balance.free),
            locked: fixed(balance.locked),
        };
        Self {
            event: "outboundAccountPosition",
            sent: unit.stamp(sent),
            changed: unit.stamp(change.time),
            balances: change.balances.iter().map(holding).collect(),
        }
    }
}

/// An event that says no more than that it happened.
#[derive(Debug, Serialize)]
pub(crate) struct Bare {
    #[serde(rename = "e")]
    event: &'static str,
    #[serde(rename = "E")]
    sent: u64,
}

impl Event for Bare {
    fn name(&self) -> &'static str {
        self.event
    }
}

/// The end of a subscription by log-out or unsubscription.
pub(crate) fn terminated(unit: TimeUnit, now: Timestamp) -> Bare {
    Bare { event: "eventStreamTerminated", sent: unit.stamp(now) }
}

/// The venue is about to close every connection.
pub(crate) fn shutdown(unit: TimeUnit, now: Timestamp) -> Bare {
    Bare { event: "serverShutdown", sent: unit.stamp(now) }
}
