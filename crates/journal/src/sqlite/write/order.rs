//! The row of an order: one table has those that are not over, the other those that are.

use rusqlite::params;
use tradewind_engine::journal::{Entry, OrderRecord};
use tradewind_model::id::{ClientOrderId, VenueOrderId};

use super::super::Open;
use super::super::column::{side_name, time};
use super::super::fault::Fault;
use super::super::mirror::Place;

/// The columns of an order, in both of its tables.
macro_rules! order_columns {
    () => {
        "client_order_id, venue, account, strategy, instrument, symbol, side, kind, price, \
         trigger_price, qty, tag, pair, other, replaces, deadline_ns, recv_window_ns, attempt, \
         created_ns, stage, sent_ns, venue_order_id, accepted_ns, in_doubt_ns, cancel_asked_ns, \
         amend_asked, amended_qty, traded_qty, traded_quote, ending, reason, ended_ns, updated_ns"
    };
}

/// Their values.
macro_rules! order_values {
    () => {
        "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, \
         ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33"
    };
}

const INSERT_LIVE: &str = concat!(
    "INSERT OR REPLACE INTO live_orders (",
    order_columns!(),
    ") VALUES (",
    order_values!(),
    ")"
);
const INSERT_CLOSED: &str =
    concat!("INSERT INTO closed_orders (", order_columns!(), ") VALUES (", order_values!(), ")");
const UPDATE_LIVE: &str = "UPDATE live_orders SET stage = ?2, sent_ns = ?3, venue_order_id = ?4, \
    accepted_ns = ?5, in_doubt_ns = ?6, cancel_asked_ns = ?7, amend_asked = ?8, amended_qty = ?9, \
    traded_qty = ?10, traded_quote = ?11, updated_ns = ?12 WHERE client_order_id = ?1";
const UPDATE_CLOSED: &str = "UPDATE closed_orders SET stage = ?2, sent_ns = ?3, \
    venue_order_id = ?4, accepted_ns = ?5, in_doubt_ns = ?6, cancel_asked_ns = ?7, \
    amend_asked = ?8, amended_qty = ?9, traded_qty = ?10, traded_quote = ?11, updated_ns = ?12, \
    ending = ?13, reason = ?14, ended_ns = ?15 WHERE client_order_id = ?1";

/// Writes what is known of an order into the table where it belongs; it was in `before`.
pub(super) fn write(
    open: &Open,
    id: ClientOrderId,
    before: Place,
    entry: &Entry,
) -> Result<(), Fault> {
    let Some(order) = open.mirror.known.order(id) else { return Ok(()) };
    match (before, open.mirror.place(id)) {
        // Only an intent changes more than what became of it.
        (Place::Live, Place::Live) if !matches!(entry, Entry::Intent(_)) => {
            update(open, UPDATE_LIVE, order)
        }
        (Place::Unknown | Place::Live, Place::Live) => insert(open, INSERT_LIVE, order),
        (Place::Closed, Place::Live) => {
            delete(open, "DELETE FROM closed_orders WHERE client_order_id = ?1", id)?;
            insert(open, INSERT_LIVE, order)
        }
        (Place::Live, Place::Closed) => {
            delete(open, "DELETE FROM live_orders WHERE client_order_id = ?1", id)?;
            insert(open, INSERT_CLOSED, order)
        }
        (Place::Closed, Place::Closed) => update(open, UPDATE_CLOSED, order),
        // No record begins an order that is over.
        (Place::Unknown, Place::Closed) | (_, Place::Unknown) => Ok(()),
    }
}

fn insert(open: &Open, sql: &str, order: &OrderRecord) -> Result<(), Fault> {
    let (intent, request) = (&order.intent, &order.intent.request);
    let (over, half) = (order.over.as_ref(), intent.link.half());
    open.connection.prepare_cached(sql)?.execute(params![
        intent.client_order_id.as_str(),
        intent.venue.as_str(),
        intent.account.as_str(),
        intent.strategy.as_str(),
        request.instrument.as_str(),
        intent.symbol.as_str(),
        side_name(request.side),
        serde_json::to_string(&request.kind)?,
        request.kind.price().map(|price| price.to_string()),
        request.kind.trigger().map(|trigger| trigger.price().to_string()),
        request.kind.qty().map(|qty| qty.to_string()),
        request.tag,
        half.map(|(pair, _)| pair.as_str().to_owned()),
        half.map(|(_, other)| other.as_str().to_owned()),
        intent.link.instead_of().map(|of| of.as_str().to_owned()),
        time(intent.deadline),
        i64::try_from(intent.recv_window.as_nanos()).unwrap_or(i64::MAX),
        intent.attempt,
        time(intent.created_at),
        order.stage(),
        order.sent_at.map(time),
        order.venue_order_id.as_ref().map(VenueOrderId::as_str),
        order.accepted_at.map(time),
        order.in_doubt_since.map(time),
        order.cancel_asked_at.map(time),
        order.amend_asked.map(|qty| qty.to_string()),
        order.amended_qty.map(|qty| qty.to_string()),
        order.cum_qty().to_string(),
        order.cum_quote().to_string(),
        over.map(|over| over.ending.name()),
        over.and_then(|over| over.reason.as_deref()),
        over.map(|over| time(over.at)),
        time(order.updated_at),
    ])?;
    Ok(())
}

fn update(open: &Open, sql: &str, order: &OrderRecord) -> Result<(), Fault> {
    let mut statement = open.connection.prepare_cached(sql)?;
    let (qty, quote) = (order.cum_qty().to_string(), order.cum_quote().to_string());
    let amend_asked = order.amend_asked.map(|qty| qty.to_string());
    let amended_qty = order.amended_qty.map(|qty| qty.to_string());
    let always = params![
        order.intent.client_order_id.as_str(),
        order.stage(),
        order.sent_at.map(time),
        order.venue_order_id.as_ref().map(VenueOrderId::as_str),
        order.accepted_at.map(time),
        order.in_doubt_since.map(time),
        order.cancel_asked_at.map(time),
        amend_asked,
        amended_qty,
        qty,
        quote,
        time(order.updated_at),
    ];
    match &order.over {
        None => statement.execute(always)?,
        Some(over) => {
            let end = params![over.ending.name(), over.reason, time(over.at)];
            statement.execute([always, end].concat().as_slice())?
        }
    };
    Ok(())
}

fn delete(open: &Open, sql: &str, id: ClientOrderId) -> Result<(), Fault> {
    open.connection.prepare_cached(sql)?.execute([id.as_str()])?;
    Ok(())
}
