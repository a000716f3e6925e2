//! The clock, books, bars and quotes, in answers.

use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::id::Symbol;
use tradewind_model::market::{Bar, Book, Interval, Quote};
use tradewind_model::time::Timestamp;

use crate::bars::{self, BarRow, Origin};
use crate::number::{LevelRow, Malformed, Number, levels};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClockRow {
    server_time: Number,
}

#[derive(Deserialize)]
struct DepthRow {
    bids: Vec<LevelRow>,
    asks: Vec<LevelRow>,
    #[serde(default)]
    ts: Number,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TickerRow {
    symbol: Symbol,
    bid_pr: Number,
    bid_sz: Number,
    ask_pr: Number,
    ask_sz: Number,
    #[serde(default)]
    ts: Number,
}

/// The venue's clock.
pub(super) fn clock(data: &RawValue) -> Result<Timestamp, Malformed> {
    serde_json::from_str::<ClockRow>(data.get())?.server_time.time("serverTime")
}

/// A book. It is not numbered, so no change can be put on top of it.
pub(super) fn depth(data: &RawValue, received_at: Timestamp) -> Result<Book, Malformed> {
    let row: DepthRow = serde_json::from_str(data.get())?;
    Ok(Book {
        bids: levels("bids", &row.bids)?,
        asks: levels("asks", &row.asks)?,
        last_update_id: 0,
        at: if row.ts.is_missing() { received_at } else { row.ts.time("ts")? },
    })
}

/// Best bid and ask: one row of a list.
pub(super) fn ticker(
    data: &RawValue,
    symbol: &Symbol,
    received_at: Timestamp,
) -> Result<Quote, Malformed> {
    let rows: Vec<TickerRow> = serde_json::from_str(data.get())?;
    let row = rows.iter().find(|row| row.symbol == *symbol);
    let row = row.ok_or_else(|| Malformed::field("symbol", "is another"))?;
    Ok(Quote {
        bid: row.bid_pr.price("bidPr")?,
        bid_qty: row.bid_sz.quantity("bidSz")?,
        ask: row.ask_pr.price("askPr")?,
        ask_qty: row.ask_sz.quantity("askSz")?,
        at: if row.ts.is_missing() { received_at } else { row.ts.time("ts")? },
    })
}

/// Bars, oldest first whichever way they came.
pub(super) fn bars(
    data: &RawValue,
    interval: Interval,
    received_at: Timestamp,
) -> Result<Vec<Bar>, Malformed> {
    let rows: Vec<BarRow> = serde_json::from_str(data.get())?;
    let bars = rows.iter().map(|row| bars::bar(row, interval, Origin::Rest, received_at));
    let mut bars = bars.collect::<Result<Vec<_>, _>>()?;
    bars.sort_by_key(|bar| bar.open_at);
    Ok(bars)
}
