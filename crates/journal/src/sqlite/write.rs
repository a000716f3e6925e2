//! Writing a record into the log, and what it changes into the tables.

mod decision;
mod order;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params};
use tradewind_engine::journal::{Applied, Entry, Record, Trade, TurnoverKey};
use tradewind_model::id::{Asset, ClientOrderId};

use super::Open;
use super::column::{side_name, time};
use super::fault::Fault;

/// What a record takes at the most, mostly.
const JSON_BYTES: usize = 512;

/// Writes a record into the log, and into the tables what it changes.
pub(super) fn file(open: &mut Open, record: &Record) -> Result<Applied, Fault> {
    event(&open.connection, record)?;
    let Some(id) = record.entry.client_order_id() else {
        let applied = open.mirror.apply(record);
        decision::write(open, record.at, &record.entry)?;
        return Ok(applied);
    };
    open.mirror.recall(&open.connection, id)?;
    let before = open.mirror.place(id);
    let applied = open.mirror.apply(record);
    match applied {
        Applied::Known | Applied::Stray | Applied::Other => {}
        Applied::NewOrder | Applied::Order => order::write(open, id, before, &record.entry)?,
        Applied::Trade => {
            order::write(open, id, before, &record.entry)?;
            if let Entry::Traded(trade) = &record.entry {
                fill(open, trade)?;
            }
        }
    }
    Ok(applied)
}

/// Writes the rows that are written once for a whole transaction.
pub(super) fn changed(open: &mut Open) -> Result<(), Fault> {
    let (known, changed) = (&open.mirror.known, std::mem::take(&mut open.mirror.changed));
    for key in &changed.turnovers {
        let Some(turnover) = known.turnovers.get(key) else { continue };
        let mut statement = open.connection.prepare_cached(
            "INSERT OR REPLACE INTO turnovers (venue, account, strategy, instrument, bought, \
             sold, spent, earned, base_fees, cost, fees, fills) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?;
        statement.execute(params![
            key.venue.as_str(),
            key.account.as_str(),
            key.strategy.as_str(),
            key.instrument.as_str(),
            turnover.bought.to_string(),
            turnover.sold.to_string(),
            turnover.spent.to_string(),
            turnover.earned.to_string(),
            turnover.base_fees.to_string(),
            turnover.cost.to_string(),
            serde_json::to_string(&turnover.fees)?,
            turnover.fills.cast_signed(),
        ])?;
    }
    for key in &changed.last_trades {
        let Some(trade_id) = known.last_trades.get(key) else { continue };
        let (venue, account, symbol) = key;
        let mut statement = open.connection.prepare_cached(
            "INSERT OR REPLACE INTO last_trades (venue, account, symbol, trade_id) \
             VALUES (?1, ?2, ?3, ?4)",
        )?;
        statement.execute(params![
            venue.as_str(),
            account.as_str(),
            symbol.as_str(),
            trade_id.0.cast_signed()
        ])?;
    }
    for slot in &changed.slots {
        let Some(mark) = known.slots.get(slot) else { continue };
        let mut statement = open.connection.prepare_cached(
            "INSERT OR REPLACE INTO slots (slot, started_ns, below) VALUES (?1, ?2, ?3)",
        )?;
        statement.execute(params![slot, time(mark.started), mark.below.cast_signed()])?;
    }
    Ok(())
}

/// Makes records durable as one row, and gives its place.
pub(super) fn fresh(connection: &Connection, records: &[&Record]) -> Result<i64, Fault> {
    let mut statement = connection.prepare_cached("INSERT INTO fresh (records) VALUES (?1)")?;
    let mut json = Vec::with_capacity(JSON_BYTES * records.len());
    serde_json::to_writer(&mut json, records)?;
    // SQLite takes the bytes of a text as they are; what comes from our own encoder is UTF-8.
    statement.raw_bind_parameter(1, ToSqlOutput::Borrowed(ValueRef::Text(&json)))?;
    statement.raw_execute()?;
    Ok(connection.last_insert_rowid())
}

/// Removes the rows up to this place, whose records stand elsewhere now.
pub(super) fn filed(connection: &Connection, place: i64) -> Result<(), Fault> {
    connection.prepare_cached("DELETE FROM fresh WHERE place <= ?1")?.execute([place])?;
    Ok(())
}

/// Writes a record into the log.
fn event(connection: &Connection, record: &Record) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO events (at_ns, kind, client_order_id, record) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let id = record.entry.client_order_id();
    statement.execute(params![
        time(record.at),
        record.entry.name(),
        id.as_ref().map(ClientOrderId::as_str),
        serde_json::to_string(&record.entry)?,
    ])?;
    Ok(())
}

/// Writes a trade, and notes the sums that it changes.
fn fill(open: &mut Open, trade: &Trade) -> Result<(), Fault> {
    let Some(order) = open.mirror.known.order(trade.client_order_id) else { return Ok(()) };
    let key = TurnoverKey::of(&order.intent);
    let mut statement = open.connection.prepare_cached(
        "INSERT INTO fills (client_order_id, trade_id, venue, account, strategy, instrument, \
         symbol, venue_order_id, side, price, qty, fee, fee_asset, is_maker, at_ns) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    statement.execute(params![
        trade.client_order_id.as_str(),
        trade.fill.trade_id.0.cast_signed(),
        trade.venue.as_str(),
        key.account.as_str(),
        key.strategy.as_str(),
        key.instrument.as_str(),
        trade.symbol.as_str(),
        trade.venue_order_id.as_str(),
        side_name(order.intent.request.side),
        trade.fill.price.to_string(),
        trade.fill.qty.to_string(),
        trade.fill.commission.to_string(),
        trade.fill.commission_asset.as_ref().map(Asset::as_str),
        trade.fill.is_maker,
        time(trade.fill.at),
    ])?;
    let changed = &mut open.mirror.changed;
    changed.last_trades.insert((trade.venue, key.account, trade.symbol.clone()));
    changed.turnovers.insert(key);
    Ok(())
}
