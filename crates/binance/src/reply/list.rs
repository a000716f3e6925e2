//! Lists of orders in answers: placed, canceled, asked about.
//!
//! A list is told as itself, with the names of its orders, and where something was done to it with
//! a report of each. A cancel of one order that belongs to a list is answered like a cancel of the
//! list, because that is what it is (web-socket-api.md, cancel order, read 2026-11).

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::call::{NewOco, OrderListRef, OrderRef};
use tradewind_model::id::{ClientOrderId, Symbol};
use tradewind_model::outcome::{Fate, Reply};
use tradewind_model::report::{ExecutionReport, OrderListReport, ReportedListStatus};

use super::order::{OrderRow, client_order_id, is_of, of_symbol, order_list_id, venue_order_id};
use crate::errors;
use crate::number::{Malformed, time};

/// A list of orders, as answers tell it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListRow {
    order_list_id: i64,
    list_order_status: String,
    list_client_order_id: String,
    transaction_time: i64,
    symbol: Symbol,
    #[serde(default)]
    orders: Vec<ListedRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedRow {
    order_id: u64,
    client_order_id: String,
}

/// What an answer that reports on the orders of a list has besides the list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReportsRow {
    order_reports: Option<Vec<OrderRow>>,
}

impl ListRow {
    /// The row that a stream spells otherwise.
    pub(crate) fn of(
        symbol: Symbol,
        order_list_id: i64,
        list_client_order_id: String,
        list_order_status: String,
        transaction_time: i64,
        orders: impl Iterator<Item = (u64, String)>,
    ) -> Self {
        let orders = orders
            .map(|(order_id, client_order_id)| ListedRow { order_id, client_order_id })
            .collect();
        Self {
            order_list_id,
            list_order_status,
            list_client_order_id,
            transaction_time,
            symbol,
            orders,
        }
    }

    pub(crate) fn report(self, reason: Option<String>) -> Result<OrderListReport, Malformed> {
        let list = order_list_id(self.order_list_id)
            .ok_or_else(|| Malformed::field("orderListId", "is none"))?;
        let named =
            |row: ListedRow| (venue_order_id(row.order_id), client_order_id(&row.client_order_id));
        Ok(OrderListReport {
            symbol: self.symbol,
            list,
            client_list_id: client_order_id(&self.list_client_order_id),
            status: status(&self.list_order_status),
            orders: self.orders.into_iter().map(named).collect(),
            reason,
            at: time(self.transaction_time),
        })
    }
}

/// How far a list is, as the venue spells it (enums.md, order list order status, read 2026-11).
fn status(word: &str) -> ReportedListStatus {
    match word {
        "EXECUTING" => ReportedListStatus::Executing,
        "ALL_DONE" => ReportedListStatus::Done,
        "REJECT" => ReportedListStatus::Rejected,
        unknown => ReportedListStatus::Unknown(unknown.to_owned()),
    }
}

/// What became of the two orders of a pair: of the profit and of the stop. The venue takes both or
/// none, so whatever is no success is said of both.
pub(super) fn placed(pair: &NewOco, response: &Response<Bytes>) -> (Fate, Fate) {
    let (status, body) = (response.status(), response.body());
    let both = |fate: Fate| (fate.clone(), fate);
    if status != StatusCode::OK {
        return both(errors::rest_fate(status.as_u16(), response.headers(), body));
    }
    match halves(body, pair) {
        Ok((take, stop)) => (Fate::Done(Reply::Order(take)), Fate::Done(Reply::Order(stop))),
        Err(problem) => both(errors::unreadable(status.as_u16(), body, &problem)),
    }
}

fn halves(body: &[u8], pair: &NewOco) -> Result<(ExecutionReport, ExecutionReport), Malformed> {
    let list = serde_json::from_slice::<ListRow>(body)?.report(None)?;
    if list.client_list_id != Some(pair.client_list_id) {
        return Err(Malformed::field("listClientOrderId", "is of another list"));
    }
    let reports = reports(body, &pair.symbol)?;
    let of = |id: ClientOrderId| {
        let found = reports.iter().find(|report| report.client_order_id == Some(id));
        found.cloned().ok_or_else(|| Malformed::field("orderReports", "leave out one of ours"))
    };
    Ok((of(pair.take_id)?, of(pair.stop_id)?))
}

/// The answer to the cancel of one order: its report, whether it was alone or in a list.
pub(super) fn canceled_one(
    body: &[u8],
    symbol: &Symbol,
    order: OrderRef,
) -> Result<ExecutionReport, Malformed> {
    let canceled = match serde_json::from_slice::<ReportsRow>(body)?.order_reports {
        None => return super::order::one(body, symbol),
        Some(rows) => rows,
    };
    let mut reports = canceled.into_iter().map(OrderRow::report);
    let found = reports.find(|report| report.as_ref().map_or(true, |report| is_of(report, order)));
    let found = found.ok_or_else(|| Malformed::field("orderReports", "leave out the order"))?;
    of_symbol(found?, symbol)
}

/// The answer to the cancel of a list: a report of each of its orders.
pub(super) fn canceled(
    body: &[u8],
    symbol: &Symbol,
    list: OrderListRef,
) -> Result<Vec<ExecutionReport>, Malformed> {
    let told = serde_json::from_slice::<ListRow>(body)?.report(None)?;
    check_list(&told, list)?;
    reports(body, symbol)
}

/// The answer to a cancel of everything on a symbol, lists of orders taken apart.
pub(super) fn canceled_all(body: &[u8]) -> Result<Vec<ExecutionReport>, Malformed> {
    let rows: Vec<&RawValue> = serde_json::from_slice(body)?;
    let mut reports = Vec::with_capacity(rows.len());
    for raw in rows {
        match serde_json::from_str::<ReportsRow>(raw.get())?.order_reports {
            Some(rows) => {
                for row in rows {
                    reports.push(row.report()?);
                }
            }
            None => reports.push(serde_json::from_str::<OrderRow>(raw.get())?.report()?),
        }
    }
    Ok(reports)
}

/// The answer about one list.
pub(super) fn one(body: &[u8], list: OrderListRef) -> Result<OrderListReport, Malformed> {
    let told = serde_json::from_slice::<ListRow>(body)?.report(None)?;
    check_list(&told, list)?;
    Ok(told)
}

/// Lists, in the venue's order: oldest first.
pub(super) fn several(body: &[u8]) -> Result<Vec<OrderListReport>, Malformed> {
    let rows: Vec<ListRow> = serde_json::from_slice(body)?;
    rows.into_iter().map(|row| row.report(None)).collect()
}

fn check_list(told: &OrderListReport, list: OrderListRef) -> Result<(), Malformed> {
    let is_of = match list {
        OrderListRef::Client(id) => told.client_list_id == Some(id),
        OrderListRef::Venue(id) => told.list == id,
    };
    if is_of { Ok(()) } else { Err(Malformed::field("orderListId", "is of another list")) }
}

/// The reports of a list's orders, all on this symbol.
fn reports(body: &[u8], symbol: &Symbol) -> Result<Vec<ExecutionReport>, Malformed> {
    let rows = serde_json::from_slice::<ReportsRow>(body)?.order_reports;
    let rows = rows.ok_or_else(|| Malformed::field("orderReports", "is missing"))?;
    rows.into_iter().map(|row| of_symbol(row.report()?, symbol)).collect()
}
