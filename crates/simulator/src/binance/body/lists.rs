//! The JSON of lists of orders, and of what was amended.

use serde_json::{Value, json};

use super::{TimeUnit, cancellation, fixed, stop_price, working_time};
use crate::exchange::{Amended, Canceled, OcoPlacement, OrderListView, Placement};

/// The id of a list, or the -1 that stands for none.
pub(crate) fn list_id(list_id: Option<u64>) -> Value {
    list_id.map_or_else(|| json!(-1), Value::from)
}

/// A list as queries show it.
pub(crate) fn list(unit: TimeUnit, list: &OrderListView) -> Value {
    json!({
        "orderListId": list.list_id,
        "contingencyType": "OCO",
        "listStatusType": if list.is_done { "ALL_DONE" } else { "EXEC_STARTED" },
        "listOrderStatus": status(list),
        "listClientOrderId": list.client_list_id,
        "transactionTime": unit.stamp(list.time),
        "symbol": *list.symbol,
        "orders": orders(list),
    })
}

/// An accepted pair, with what `report` tells of each order.
pub(crate) fn oco_placed(
    unit: TimeUnit,
    placed: &OcoPlacement,
    report: impl Fn(&Placement) -> Value,
) -> Value {
    let mut body = list(unit, &placed.list);
    body["orderReports"] = placed.orders.iter().map(report).collect();
    body
}

/// What a cancel has ended: an order, or a list with all its orders.
pub(crate) fn canceled(unit: TimeUnit, canceled: &Canceled) -> Value {
    match canceled {
        Canceled::Order(order) => cancellation(unit, order),
        Canceled::List { list: view, orders } => {
            let mut body = list(unit, view);
            body["orderReports"] = orders.iter().map(|one| cancellation(unit, one)).collect();
            body
        }
    }
}

/// An amended order: other names for the same things than everywhere else.
pub(crate) fn amended(unit: TimeUnit, amended: &Amended) -> Value {
    let order = &amended.order;
    let mut told = json!({
        "symbol": *order.symbol,
        "orderId": order.order_id,
        "orderListId": list_id(order.list_id),
        "origClientOrderId": amended.previous_client_id,
        "clientOrderId": order.client_order_id,
        "price": fixed(order.price),
        "qty": fixed(order.orig_qty),
        "executedQty": fixed(order.executed_qty),
        "preventedQty": fixed(order.prevented_qty),
        "quoteOrderQty": fixed(order.orig_quote_order_qty),
        "cumulativeQuoteQty": fixed(order.cum_quote_qty),
        "status": order.status.as_str(),
        "timeInForce": order.kind.time_in_force().as_str(),
        "type": order.kind.as_str(),
        "side": order.side.as_str(),
    });
    if let Value::Object(fields) = &mut told {
        stop_price(fields, order);
        // Left out while it waits.
        if order.is_working() {
            fields.insert("workingTime".to_owned(), working_time(unit, order));
        }
        if !order.iceberg_qty.is_zero() {
            fields.insert("icebergQty".to_owned(), fixed(order.iceberg_qty).into());
        }
        fields.insert("selfTradePreventionMode".to_owned(), order.stp.as_str().into());
    }
    let mut body = json!({
        "transactTime": unit.stamp(amended.time),
        "executionId": amended.execution_id,
        "amendedOrder": told,
    });
    if let Some(list) = &amended.list {
        body["listStatus"] = json!({
            "orderListId": list.list_id,
            "contingencyType": "OCO",
            "listOrderStatus": status(list),
            "listClientOrderId": list.client_list_id,
            "symbol": *list.symbol,
            "orders": orders(list),
        });
    }
    body
}

const fn status(list: &OrderListView) -> &'static str {
    if list.is_done { "ALL_DONE" } else { "EXECUTING" }
}

fn orders(list: &OrderListView) -> Value {
    let order = |(id, client_id): &(u64, String)| json!({"symbol": *list.symbol, "orderId": id, "clientOrderId": client_id});
    list.orders.iter().map(order).collect()
}
