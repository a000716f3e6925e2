//! An order as answers show it: placed, canceled, or asked for.

use serde::Serialize;

use super::{Fixed, OrNone, TimeUnit, fixed};
use crate::exchange::{Cancellation, ExpiryReason, FillView, OrderView, Placement, PreventedMatch};

/// `ACK`: that the order exists.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderAck<'a> {
    symbol: &'a str,
    order_id: u64,
    order_list_id: OrNone,
    client_order_id: &'a str,
    transact_time: u64,
}

impl<'a> OrderAck<'a> {
    pub(crate) fn of(unit: TimeUnit, order: &'a OrderView) -> Self {
        Self {
            symbol: &order.symbol,
            order_id: order.order_id,
            order_list_id: order.list_id.into(),
            client_order_id: &order.client_order_id,
            transact_time: unit.stamp(order.time),
        }
    }
}

/// When an order began to work; none while it waits for its trigger.
pub(super) fn working_time(unit: TimeUnit, order: &OrderView) -> OrNone {
    order.working_time.map(|since| unit.stamp(since)).into()
}

/// Fields of an order that stand together wherever an order is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Standing {
    status: &'static str,
    time_in_force: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    side: &'static str,
}

impl Standing {
    pub(super) fn of(order: &OrderView) -> Self {
        Self {
            status: order.status.as_str(),
            time_in_force: order.kind.time_in_force().as_str(),
            kind: order.kind.as_str(),
            side: order.side.as_str(),
        }
    }
}

/// What an order shows only when it applies.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Conditional {
    #[serde(skip_serializing_if = "Option::is_none")]
    prevented_match_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prevented_quantity: Option<Fixed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry_reason: Option<&'static str>,
}

impl Conditional {
    fn of(order: &OrderView) -> Self {
        Self {
            prevented_match_id: order.prevented_match_id,
            prevented_quantity: order.prevented_match_id.map(|_| fixed(order.prevented_qty)),
            expiry_reason: order.expiry_reason.map(ExpiryReason::as_str),
        }
    }
}

/// `RESULT`: also what became of the order; `FULL`: also its trades.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderResult<'a> {
    #[serde(flatten)]
    ack: OrderAck<'a>,
    price: Fixed,
    orig_qty: Fixed,
    executed_qty: Fixed,
    orig_quote_order_qty: Fixed,
    cummulative_quote_qty: Fixed,
    #[serde(flatten)]
    standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_price: Option<Fixed>,
    working_time: OrNone,
    #[serde(skip_serializing_if = "Option::is_none")]
    iceberg_qty: Option<Fixed>,
    self_trade_prevention_mode: &'static str,
    #[serde(flatten)]
    conditional: Conditional,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prevented_matches: Vec<Prevented>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fills: Option<Vec<Fill<'a>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fill<'a> {
    price: Fixed,
    qty: Fixed,
    commission: Fixed,
    commission_asset: &'a str,
    trade_id: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Prevented {
    prevented_match_id: u64,
    maker_order_id: u64,
    price: Fixed,
    #[serde(skip_serializing_if = "Option::is_none")]
    taker_prevented_quantity: Option<Fixed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maker_prevented_quantity: Option<Fixed>,
}

impl<'a> OrderResult<'a> {
    pub(crate) fn of(unit: TimeUnit, order: &'a OrderView) -> Self {
        Self {
            ack: OrderAck::of(unit, order),
            price: fixed(order.price),
            orig_qty: fixed(order.orig_qty),
            executed_qty: fixed(order.executed_qty),
            orig_quote_order_qty: fixed(order.orig_quote_order_qty),
            cummulative_quote_qty: fixed(order.cum_quote_qty),
            standing: Standing::of(order),
            stop_price: order.kind.stop_price().map(fixed),
            working_time: working_time(unit, order),
            iceberg_qty: (!order.iceberg_qty.is_zero()).then(|| fixed(order.iceberg_qty)),
            self_trade_prevention_mode: order.stp.as_str(),
            conditional: Conditional::of(order),
            prevented_matches: Vec::new(),
            fills: None,
        }
    }

    pub(crate) fn full(unit: TimeUnit, placement: &'a Placement) -> Self {
        let fill = |fill: &'a FillView| Fill {
            price: fixed(fill.price),
            qty: fixed(fill.qty),
            commission: fixed(fill.commission),
            commission_asset: &fill.commission_asset,
            trade_id: fill.trade_id,
        };
        let prevented = |prevented: &PreventedMatch| Prevented {
            prevented_match_id: prevented.id,
            maker_order_id: prevented.maker_order_id,
            price: fixed(prevented.price),
            taker_prevented_quantity: prevented.taker_prevented_qty.map(fixed),
            maker_prevented_quantity: prevented.maker_prevented_qty.map(fixed),
        };
        Self {
            prevented_matches: placement.prevented.iter().map(prevented).collect(),
            fills: Some(placement.fills.iter().map(fill).collect()),
            ..Self::of(unit, &placement.order)
        }
    }
}

/// A canceled order. `clientOrderId` is the cancel's own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Canceled<'a> {
    symbol: &'a str,
    orig_client_order_id: &'a str,
    order_id: u64,
    order_list_id: OrNone,
    client_order_id: &'a str,
    transact_time: u64,
    price: Fixed,
    orig_qty: Fixed,
    executed_qty: Fixed,
    orig_quote_order_qty: Fixed,
    cummulative_quote_qty: Fixed,
    #[serde(flatten)]
    standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_price: Option<Fixed>,
    self_trade_prevention_mode: &'static str,
    #[serde(flatten)]
    conditional: Conditional,
}

impl<'a> Canceled<'a> {
    pub(crate) fn of(unit: TimeUnit, cancel: &'a Cancellation) -> Self {
        let order = &cancel.order;
        Self {
            symbol: &order.symbol,
            orig_client_order_id: &order.client_order_id,
            order_id: order.order_id,
            order_list_id: order.list_id.into(),
            client_order_id: &cancel.client_order_id,
            transact_time: unit.stamp(cancel.time),
            price: fixed(order.price),
            orig_qty: fixed(order.orig_qty),
            executed_qty: fixed(order.executed_qty),
            orig_quote_order_qty: fixed(order.orig_quote_order_qty),
            cummulative_quote_qty: fixed(order.cum_quote_qty),
            standing: Standing::of(order),
            stop_price: order.kind.stop_price().map(fixed),
            self_trade_prevention_mode: order.stp.as_str(),
            conditional: Conditional::of(order),
        }
    }
}

/// An order as queries show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderRow<'a> {
    symbol: &'a str,
    order_id: u64,
    order_list_id: OrNone,
    client_order_id: &'a str,
    price: Fixed,
    orig_qty: Fixed,
    executed_qty: Fixed,
    cummulative_quote_qty: Fixed,
    #[serde(flatten)]
    standing: Standing,
    stop_price: Fixed,
    iceberg_qty: Fixed,
    time: u64,
    update_time: u64,
    is_working: bool,
    working_time: OrNone,
    orig_quote_order_qty: Fixed,
    self_trade_prevention_mode: &'static str,
    #[serde(flatten)]
    conditional: Conditional,
}

impl<'a> OrderRow<'a> {
    pub(crate) fn of(unit: TimeUnit, order: &'a OrderView) -> Self {
        Self {
            symbol: &order.symbol,
            order_id: order.order_id,
            order_list_id: order.list_id.into(),
            client_order_id: &order.client_order_id,
            price: fixed(order.price),
            orig_qty: fixed(order.orig_qty),
            executed_qty: fixed(order.executed_qty),
            cummulative_quote_qty: fixed(order.cum_quote_qty),
            standing: Standing::of(order),
            stop_price: fixed(order.kind.stop_price().unwrap_or_default()),
            iceberg_qty: fixed(order.iceberg_qty),
            time: unit.stamp(order.time),
            update_time: unit.stamp(order.update_time),
            is_working: order.is_working(),
            working_time: working_time(unit, order),
            orig_quote_order_qty: fixed(order.orig_quote_order_qty),
            self_trade_prevention_mode: order.stp.as_str(),
            conditional: Conditional::of(order),
        }
    }
}
