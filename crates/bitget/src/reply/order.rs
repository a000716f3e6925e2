//! Orders in answers: placed, canceled, asked about, listed.
//!
//! Traps of the rows: the price of an order is `price` where one order is asked about and in
//! histories, and `priceAvg` in the list of open orders, where what it filled at is `basePrice`; a
//! market order's size may be in quote asset. Lists come newest first and are turned around.

use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::call::{NewOrder, OrderRef};
use tradewind_model::id::Symbol;
use tradewind_model::money::Quantity;
use tradewind_model::order::Side;
use tradewind_model::report::{ExecutionReport, OrderName, ReportedStatus};
use tradewind_model::time::Timestamp;

use super::Rows;
use crate::number::{Malformed, Number, Word};
use crate::words::{self, MARKET};

/// In which list a row stands, which decides what its fields mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trap {
    /// One order, or a history.
    None,
    /// The list of open orders.
    Unfilled,
}

/// The names of an order that was placed or canceled; there is no more in such an answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamesRow {
    #[serde(default)]
    order_id: Word,
    #[serde(default)]
    client_oid: Word,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderRow {
    symbol: Symbol,
    order_id: Word,
    #[serde(default)]
    client_oid: Word,
    #[serde(default)]
    price: Number,
    size: Number,
    order_type: Word,
    #[serde(default)]
    force: Word,
    side: Word,
    status: Word,
    #[serde(default)]
    price_avg: Number,
    #[serde(default)]
    base_volume: Number,
    #[serde(default)]
    quote_volume: Number,
    #[serde(default)]
    cancel_reason: Word,
    #[serde(default)]
    c_time: Number,
    #[serde(default)]
    u_time: Number,
}

/// The answer to a new order: it has been taken and has a name. What it came to, the stream tells;
/// that it is open is no more than that it is not known to be over.
pub(super) fn placed(
    data: &RawValue,
    order: &NewOrder,
    at: Timestamp,
) -> Result<ExecutionReport, Malformed> {
    let row: NamesRow = serde_json::from_str(data.get())?;
    if row.client_oid.given().is_some_and(|id| id != order.client_order_id.as_str()) {
        return Err(Malformed::field("clientOid", "is of another order"));
    }
    Ok(ExecutionReport {
        symbol: order.symbol.clone(),
        client_order_id: Some(order.client_order_id),
        venue_order_id: words::venue_order_id(&row.order_id)?,
        side: order.side,
        status: ReportedStatus::Open,
        is_waiting: false,
        list: None,
        price: order.kind.price(),
        trigger_price: None,
        qty: order.kind.qty().unwrap_or_default(),
        cum_qty: Quantity::ZERO,
        cum_quote: None,
        fills: Vec::new(),
        reason: None,
        at,
    })
}

/// The answer to a cancel: it has been taken. It must be about that order, or it says nothing.
pub(super) fn canceled(data: &RawValue, order: OrderRef) -> Result<(), Malformed> {
    let row: NamesRow = serde_json::from_str(data.get())?;
    let (told, meant) = match &order {
        OrderRef::Client(id) => (row.client_oid, id.as_str()),
        OrderRef::Venue(id) => (row.order_id, id.as_str()),
    };
    match told.given() {
        Some(told) if told == meant => Ok(()),
        Some(_) => Err(Malformed::field("orderId", "is of another order")),
        None => Err(Malformed::field("orderId", "is missing")),
    }
}

/// The answer about one order: a list of it, or of nothing when the venue knows none. A list that
/// is left out says nothing.
pub(super) fn asked(
    data: Result<&RawValue, Malformed>,
    symbol: &Symbol,
    order: OrderRef,
) -> Result<Option<ExecutionReport>, Malformed> {
    let mut rows: Vec<OrderRow> = serde_json::from_str(data?.get())?;
    let Some(row) = rows.pop() else { return Ok(None) };
    if !rows.is_empty() {
        return Err(Malformed::whole("several orders where one was asked about"));
    }
    let report = row.report(Trap::None)?;
    let is_meant = match order {
        OrderRef::Client(id) => report.client_order_id == Some(id),
        OrderRef::Venue(id) => report.venue_order_id == id,
    };
    if report.symbol != *symbol || !is_meant {
        return Err(Malformed::field("orderId", "is of another order"));
    }
    Ok(Some(report))
}

/// A list of orders, oldest first, and how many of its rows could not be read. They are left out:
/// whoever misses an order asks about it, and the others are none the worse.
pub(super) fn several(
    rows: Rows<'_>,
    trap: Trap,
) -> Result<(Vec<ExecutionReport>, u32), Malformed> {
    let Some(rows) = rows else { return Ok((Vec::new(), 0)) };
    let rows: Vec<&RawValue> = serde_json::from_str(rows.get())?;
    let mut unreadable = 0_u32;
    let reports = rows.into_iter().rev().filter_map(|raw| {
        let row = serde_json::from_str::<OrderRow>(raw.get()).ok();
        let report = row.and_then(|row| row.report(trap).ok());
        unreadable = unreadable.saturating_add(u32::from(report.is_none()));
        report
    });
    let reports = reports.collect();
    Ok((reports, unreadable))
}

impl OrderRow {
    fn report(self, trap: Trap) -> Result<ExecutionReport, Malformed> {
        let at = if self.u_time.is_missing() { &self.c_time } else { &self.u_time };
        let side = words::side(self.side.as_str())?;
        let is_market = self.order_type.as_str() == MARKET;
        let price = match trap {
            Trap::Unfilled if self.price.is_missing() => &self.price_avg,
            Trap::Unfilled | Trap::None => &self.price,
        };
        // A market order's size is what it spends when it buys, and in the list of open ones the
        // documentation says so of those that sell too.
        let is_in_quote = is_market && (side == Side::Buy || trap == Trap::Unfilled);
        let cum_qty = self.base_volume.quantity_or_zero("baseVolume")?;
        let may_rest = words::may_rest(self.order_type.as_str(), self.force.as_str());
        Ok(ExecutionReport {
            client_order_id: words::client_order_id(&self.client_oid),
            venue_order_id: words::venue_order_id(&self.order_id)?,
            status: words::status(self.status.as_str(), self.cancel_reason.as_str(), may_rest),
            is_waiting: false,
            list: None,
            price: if is_market { None } else { price.price_if_any("price")? },
            trigger_price: None,
            qty: if is_in_quote { Quantity::ZERO } else { self.size.quantity("size")? },
            cum_quote: self.quote_volume.notional_if_any("quoteVolume")?,
            cum_qty,
            fills: Vec::new(),
            reason: words::reason(&self.cancel_reason),
            at: at.time("uTime")?,
            symbol: self.symbol,
            side,
        })
    }
}

/// An order by its names alone, as a push gives them.
pub(crate) fn named(symbol: Symbol, client: &Word, venue: &Word) -> Option<OrderName> {
    Some(OrderName {
        symbol,
        client_order_id: words::client_order_id(client),
        venue_order_id: words::venue_order_id(venue).ok()?,
    })
}
