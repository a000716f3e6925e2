//! The JSON of lists of orders, and of what was amended.

use serde::Serialize;

use super::order::{Standing, working_time};
use super::{Body, Fixed, OrNone, TimeUnit, fixed, text};
use crate::exchange::{Amended, OcoPlacement, OrderListView, OrderView, Placement};

/// A list as queries show it, and with what is told of each of its orders where something is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ListBody<'a> {
    order_list_id: u64,
    contingency_type: &'static str,
    list_status_type: &'static str,
    list_order_status: &'static str,
    list_client_order_id: &'a str,
    transaction_time: u64,
    symbol: &'a str,
    orders: Vec<Member<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_reports: Option<Vec<Body>>,
}

/// An order of a list, by its names.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Member<'a> {
    symbol: &'a str,
    order_id: u64,
    client_order_id: &'a str,
}

impl<'a> ListBody<'a> {
    fn of(unit: TimeUnit, list: &'a OrderListView, reports: Option<Vec<Body>>) -> Self {
        Self {
            order_list_id: list.list_id,
            contingency_type: "OCO",
            list_status_type: if list.is_done { "ALL_DONE" } else { "EXEC_STARTED" },
            list_order_status: status(list),
            list_client_order_id: &list.client_list_id,
            transaction_time: unit.stamp(list.time),
            symbol: &list.symbol,
            orders: members(list),
            order_reports: reports,
        }
    }
}

/// A list as queries show it.
pub(crate) fn order_list(unit: TimeUnit, list: &OrderListView) -> Body {
    text(&ListBody::of(unit, list, None))
}

/// An accepted pair, with what `report` tells of each order.
pub(crate) fn oco_placed(
    unit: TimeUnit,
    placed: &OcoPlacement,
    report: impl Fn(&Placement) -> Body,
) -> Body {
    let reports = placed.orders.iter().map(report).collect();
    text(&ListBody::of(unit, &placed.list, Some(reports)))
}

/// What a cancel has ended: an order, or a list with all its orders.
pub(crate) fn canceled(unit: TimeUnit, canceled: &crate::exchange::Canceled) -> Body {
    use crate::exchange::Canceled;
    match canceled {
        Canceled::Order(order) => text(&super::Canceled::of(unit, order)),
        Canceled::List { list, orders } => {
            let reports = orders.iter().map(|one| text(&super::Canceled::of(unit, one))).collect();
            text(&ListBody::of(unit, list, Some(reports)))
        }
    }
}

/// An amended order: other names for the same things than everywhere else.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AmendedOrder<'a> {
    symbol: &'a str,
    order_id: u64,
    order_list_id: OrNone,
    orig_client_order_id: &'a str,
    client_order_id: &'a str,
    price: Fixed,
    qty: Fixed,
    executed_qty: Fixed,
    prevented_qty: Fixed,
    quote_order_qty: Fixed,
    cumulative_quote_qty: Fixed,
    #[serde(flatten)]
    standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_price: Option<Fixed>,
    /// Left out while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    working_time: Option<OrNone>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iceberg_qty: Option<Fixed>,
    self_trade_prevention_mode: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AmendedBody<'a> {
    transact_time: u64,
    execution_id: u64,
    amended_order: AmendedOrder<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list_status: Option<ListStatus<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ListStatus<'a> {
    order_list_id: u64,
    contingency_type: &'static str,
    list_order_status: &'static str,
    list_client_order_id: &'a str,
    symbol: &'a str,
    orders: Vec<Member<'a>>,
}

/// What was amended, and how its list stands where it is in one.
pub(crate) fn amended(unit: TimeUnit, amended: &Amended) -> Body {
    let order: &OrderView = &amended.order;
    let list_status = amended.list.as_ref().map(|list| ListStatus {
        order_list_id: list.list_id,
        contingency_type: "OCO",
        list_order_status: status(list),
        list_client_order_id: &list.client_list_id,
        symbol: &list.symbol,
        orders: members(list),
    });
    text(&AmendedBody {
        transact_time: unit.stamp(amended.time),
        execution_id: amended.execution_id,
        amended_order: AmendedOrder {
            symbol: &order.symbol,
            order_id: order.order_id,
            order_list_id: order.list_id.into(),
            orig_client_order_id: &amended.previous_client_id,
            client_order_id: &order.client_order_id,
            price: fixed(order.price),
            qty: fixed(order.orig_qty),
            executed_qty: fixed(order.executed_qty),
            prevented_qty: fixed(order.prevented_qty),
            quote_order_qty: fixed(order.orig_quote_order_qty),
            cumulative_quote_qty: fixed(order.cum_quote_qty),
            standing: Standing::of(order),
            stop_price: order.kind.stop_price().map(fixed),
            working_time: order.is_working().then(|| working_time(unit, order)),
            iceberg_qty: (!order.iceberg_qty.is_zero()).then(|| fixed(order.iceberg_qty)),
            self_trade_prevention_mode: order.stp.as_str(),
        },
        list_status,
    })
}

const fn status(list: &OrderListView) -> &'static str {
    if list.is_done { "ALL_DONE" } else { "EXECUTING" }
}

fn members(list: &OrderListView) -> Vec<Member<'_>> {
    let members = list.orders.iter().map(|(order_id, client_order_id)| Member {
        symbol: &list.symbol,
        order_id: *order_id,
        client_order_id,
    });
    members.collect()
}
