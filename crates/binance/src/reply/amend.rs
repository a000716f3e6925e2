//! The answer to a lower quantity: the order, with names of its own for the same things.

use serde::Deserialize;
use tradewind_model::call::Amendment;
use tradewind_model::id::Symbol;
use tradewind_model::report::{ExecutionReport, ReportedStatus};

use super::order::{
    client_order_id, is_of, is_waiting, of_symbol, order_list_id, reason, side, status,
    venue_order_id,
};
use crate::number::{Malformed, Number, time};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AmendRow {
    transact_time: i64,
    amended_order: AmendedRow,
}

/// Where other answers say `origQty` and spell `cummulativeQuoteQty` with one `m` more.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AmendedRow {
    symbol: Symbol,
    order_id: u64,
    order_list_id: i64,
    /// The name it had; the one it has now is `clientOrderId`, and we ask for the same.
    orig_client_order_id: String,
    price: Number,
    qty: Number,
    executed_qty: Number,
    cumulative_quote_qty: Option<Number>,
    status: String,
    side: String,
    stop_price: Option<Number>,
    /// Missing or -1 while the order waits.
    working_time: Option<i64>,
    expiry_reason: Option<String>,
}

/// The order as it stands after the amendment; it must be about that order.
pub(super) fn amended(body: &[u8], amendment: &Amendment) -> Result<ExecutionReport, Malformed> {
    let AmendRow { transact_time, amended_order: row } = serde_json::from_slice(body)?;
    let status: ReportedStatus = status(&row.status);
    let trigger_price = match &row.stop_price {
        Some(price) => price.price_if_any("stopPrice")?,
        None => None,
    };
    let never_worked = match row.working_time {
        Some(at) => at == -1,
        None => trigger_price.is_some(),
    };
    let report = ExecutionReport {
        client_order_id: client_order_id(&row.orig_client_order_id),
        venue_order_id: venue_order_id(row.order_id),
        side: side(&row.side)?,
        is_waiting: is_waiting(&status, never_worked),
        list: order_list_id(row.order_list_id),
        price: row.price.price_if_any("price")?,
        trigger_price,
        qty: row.qty.quantity("qty")?,
        cum_qty: row.executed_qty.quantity("executedQty")?,
        cum_quote: match row.cumulative_quote_qty {
            Some(value) => value.notional_if_known("cumulativeQuoteQty")?,
            None => None,
        },
        fills: Vec::new(),
        reason: reason([row.expiry_reason.as_deref(), None], &row.status),
        status,
        at: time(transact_time),
        symbol: row.symbol,
    };
    if is_of(&report, amendment.order) {
        of_symbol(report, &amendment.symbol)
    } else {
        Err(Malformed::field("amendedOrder", "is another order"))
    }
}
