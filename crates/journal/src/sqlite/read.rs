//! What the tables come to.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row};
use tradewind_engine::journal::{
    Ending, Intent, OrderRecord, Over, Record, Recovered, Routed, SlotMark, Trading, Turnover,
    TurnoverKey,
};
use tradewind_model::id::{ClientOrderId, InstrumentId, Symbol, TradeId};
use tradewind_model::order::{Link, OrderRequest};
use tradewind_model::report::Fill;
use tradewind_scheduler::ShutRecord;

use super::CLOSED_MAX;
use super::column::Cells;
use super::fault::Fault;

/// Everything, but of the orders that are over only the newest.
pub(super) fn recovered(connection: &Connection) -> Result<Recovered, Fault> {
    let mut recovered = Recovered::default();
    for order in orders(connection, "SELECT * FROM live_orders")? {
        recovered.orders.insert(order.intent.client_order_id, order);
    }
    let newest = format!("SELECT * FROM closed_orders ORDER BY position DESC LIMIT {CLOSED_MAX}");
    for order in orders(connection, &newest)? {
        recovered.closed.insert(order.intent.client_order_id, order);
    }
    each(connection, "turnovers", |cells| {
        let (key, turnover) = turnover(cells)?;
        recovered.turnovers.insert(key, turnover);
        Ok(())
    })?;
    each(connection, "last_trades", |cells| {
        let symbol: String = cells.get("symbol")?;
        let key = (cells.parse("venue")?, cells.parse("account")?, Symbol::from(symbol));
        recovered.last_trades.insert(key, TradeId(cells.unsigned("trade_id")?));
        Ok(())
    })?;
    each(connection, "store", |cells| {
        let store = recovered.stores.entry(cells.parse("strategy")?).or_default();
        store.insert(cells.get("key")?, cells.get("value")?);
        Ok(())
    })?;
    each(connection, "state", |cells| decision(&mut recovered, cells))?;
    each(connection, "slots", |cells| {
        let mark = SlotMark { started: cells.time("started_ns")?, below: cells.unsigned("below")? };
        recovered.slots.insert(cells.small("slot")?, mark);
        Ok(())
    })?;
    Ok(recovered)
}

/// What was committed and is in no table yet: rows of records, with their places, in order.
pub(super) fn fresh(
    connection: &Connection,
    mut take: impl FnMut(i64, Vec<Record>),
) -> Result<(), Fault> {
    let mut statement = connection.prepare("SELECT place, records FROM fresh ORDER BY place")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let cells = Cells::of("fresh", row);
        take(cells.get("place")?, cells.json("records")?);
    }
    Ok(())
}

/// An order that is over, with its trades, if it is kept.
pub(super) fn closed_order(
    connection: &Connection,
    id: ClientOrderId,
) -> Result<Option<OrderRecord>, Fault> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM closed_orders WHERE client_order_id = ?1")?;
    let found = statement
        .query_row([id.as_str()], |row| Ok(order(&Cells::of("closed_orders", row))))
        .optional()?;
    let Some(found) = found else { return Ok(None) };
    let mut found = found?;
    found.fills = fills(connection, id)?;
    Ok(Some(found))
}

/// Reads every row of a table.
fn each(
    connection: &Connection,
    table: &'static str,
    mut take: impl FnMut(&Cells<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(&Cells::of(table, row))?;
    }
    Ok(())
}

fn orders(connection: &Connection, query: &str) -> Result<Vec<OrderRecord>, Fault> {
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query([])?;
    let mut orders = Vec::new();
    while let Some(row) = rows.next()? {
        let mut found = order(&Cells::of("live_orders or closed_orders", row))?;
        found.fills = fills(connection, found.intent.client_order_id)?;
        orders.push(found);
    }
    Ok(orders)
}

fn order(cells: &Cells<'_>) -> Result<OrderRecord, Fault> {
    let instrument: String = cells.get("instrument")?;
    let symbol: String = cells.get("symbol")?;
    let intent = Intent {
        client_order_id: cells.parse("client_order_id")?,
        venue: cells.parse("venue")?,
        account: cells.parse("account")?,
        strategy: cells.parse("strategy")?,
        request: OrderRequest {
            instrument: InstrumentId::from(instrument),
            side: cells.side("side")?,
            kind: cells.json("kind")?,
            tag: cells.small("tag")?,
        },
        link: link(cells)?,
        symbol: Symbol::from(symbol),
        deadline: cells.time("deadline_ns")?,
        recv_window: Duration::from_nanos(cells.unsigned("recv_window_ns")?),
        attempt: cells.small("attempt")?,
        created_at: cells.time("created_ns")?,
    };
    Ok(OrderRecord {
        intent,
        sent_at: cells.some_time("sent_ns")?,
        venue_order_id: cells.parse_some("venue_order_id")?,
        accepted_at: cells.some_time("accepted_ns")?,
        in_doubt_since: cells.some_time("in_doubt_ns")?,
        cancel_asked_at: cells.some_time("cancel_asked_ns")?,
        amend_asked: cells.parse_some("amend_asked")?,
        amended_qty: cells.parse_some("amended_qty")?,
        fills: BTreeMap::new(),
        over: over(cells)?,
        updated_at: cells.time("updated_ns")?,
    })
}

fn link(cells: &Cells<'_>) -> Result<Link, Fault> {
    let pair: Option<ClientOrderId> = cells.parse_some("pair")?;
    let other: Option<ClientOrderId> = cells.parse_some("other")?;
    let replaces: Option<ClientOrderId> = cells.parse_some("replaces")?;
    match (pair, other, replaces) {
        (None, None, None) => Ok(Link::Alone),
        (Some(pair), Some(other), None) => Ok(Link::Half { pair, other }),
        (None, None, Some(of)) => Ok(Link::Instead { of }),
        (Some(_), ..) | (None, Some(_), _) => {
            Err(cells.unreadable("pair", "it goes with `other`, and without `replaces`"))
        }
    }
}

fn over(cells: &Cells<'_>) -> Result<Option<Over>, Fault> {
    let Some(name) = cells.get::<Option<String>>("ending")? else { return Ok(None) };
    let mut named = Ending::ALL.into_iter().filter(|ending| ending.name() == name);
    let ending =
        named.next().ok_or_else(|| cells.unreadable("ending", format!("{name:?} is no ending")))?;
    Ok(Some(Over { ending, at: cells.time("ended_ns")?, reason: cells.get("reason")? }))
}

fn fills(connection: &Connection, id: ClientOrderId) -> Result<BTreeMap<TradeId, Fill>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT trade_id, price, qty, fee, fee_asset, is_maker, at_ns FROM fills \
         WHERE client_order_id = ?1",
    )?;
    let mut rows = statement.query([id.as_str()])?;
    let mut fills = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let fill = fill(row)?;
        fills.insert(fill.trade_id, fill);
    }
    Ok(fills)
}

fn fill(row: &Row<'_>) -> Result<Fill, Fault> {
    let cells = Cells::of("fills", row);
    Ok(Fill {
        trade_id: TradeId(cells.unsigned("trade_id")?),
        price: cells.parse("price")?,
        qty: cells.parse("qty")?,
        commission: cells.decimal("fee")?,
        commission_asset: cells.get::<Option<String>>("fee_asset")?.map(Into::into),
        is_maker: cells.get("is_maker")?,
        at: cells.time("at_ns")?,
    })
}

fn turnover(cells: &Cells<'_>) -> Result<(TurnoverKey, Turnover), Fault> {
    let instrument: String = cells.get("instrument")?;
    let key = TurnoverKey {
        venue: cells.parse("venue")?,
        account: cells.parse("account")?,
        strategy: cells.parse("strategy")?,
        instrument: InstrumentId::from(instrument),
    };
    let turnover = Turnover {
        bought: cells.decimal("bought")?,
        sold: cells.decimal("sold")?,
        spent: cells.decimal("spent")?,
        earned: cells.decimal("earned")?,
        base_fees: cells.decimal("base_fees")?,
        cost: cells.decimal("cost")?,
        fees: cells.fees("fees")?,
        fills: cells.unsigned("fills")?,
    };
    Ok((key, turnover))
}

fn decision(recovered: &mut Recovered, cells: &Cells<'_>) -> Result<(), Fault> {
    let at = cells.time("at_ns")?;
    match cells.get::<String>("kind")?.as_str() {
        "trading" => {
            let trading: Trading = cells.json("record")?;
            recovered.trading.insert(trading.scope, (at, trading));
        }
        "shut" => {
            let shut: ShutRecord = cells.json("record")?;
            recovered.shut.insert(shut.scope, shut);
        }
        "route" => {
            let (subject, what): (String, String) = (cells.get("scope")?, cells.get("what")?);
            let routed = Routed { subject: subject.clone(), what, record: cells.get("record")? };
            recovered.routed.insert(subject, (at, routed));
        }
        other => return Err(cells.unreadable("kind", format!("{other:?} is no decision"))),
    }
    Ok(())
}
