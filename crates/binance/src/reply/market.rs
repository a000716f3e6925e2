//! Books, bars and quotes, in answers.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use tradewind_model::id::Symbol;
use tradewind_model::market::{Bar, Book, Interval, Quote};
use tradewind_model::time::Timestamp;

use crate::number::{LevelRow, Malformed, Number, drain, levels, next, time};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DepthRow {
    last_update_id: u64,
    bids: Vec<LevelRow>,
    asks: Vec<LevelRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TickerRow {
    symbol: Symbol,
    bid_price: Number,
    bid_qty: Number,
    ask_price: Number,
    ask_qty: Number,
}

/// A book; it carries no time, so it is as of when it came.
pub(super) fn depth(body: &[u8], received_at: Timestamp) -> Result<Book, Malformed> {
    let row: DepthRow = serde_json::from_slice(body)?;
    Ok(Book {
        bids: levels("bids", &row.bids)?,
        asks: levels("asks", &row.asks)?,
        last_update_id: row.last_update_id,
        at: received_at,
    })
}

/// Best bid and ask; they carry no time either.
pub(super) fn ticker(
    body: &[u8],
    symbol: &Symbol,
    received_at: Timestamp,
) -> Result<Quote, Malformed> {
    let row: TickerRow = serde_json::from_slice(body)?;
    if row.symbol != *symbol {
        return Err(Malformed::field("symbol", "is another"));
    }
    Ok(Quote {
        bid: row.bid_price.price("bidPrice")?,
        bid_qty: row.bid_qty.quantity("bidQty")?,
        ask: row.ask_price.price("askPrice")?,
        ask_qty: row.ask_qty.quantity("askQty")?,
        at: received_at,
    })
}

/// Bars; one that ends after the answer came is still open.
pub(super) fn bars(
    body: &[u8],
    interval: Interval,
    received_at: Timestamp,
) -> Result<Vec<Bar>, Malformed> {
    let rows: Vec<BarRow> = serde_json::from_slice(body)?;
    rows.iter()
        .map(|row| {
            Ok(Bar {
                interval,
                open_at: time(row.open_time),
                open: row.open.price("open")?,
                high: row.high.price("high")?,
                low: row.low.price("low")?,
                close: row.close.price("close")?,
                volume: row.volume.quantity("volume")?,
                quote_volume: row.quote_volume.notional("quoteVolume")?,
                is_closed: time(row.close_time) < received_at,
            })
        })
        .collect()
}

/// A bar as an array: times, prices and volumes by position, then what is not used (number of
/// trades, the takers' share) and what may be added.
struct BarRow {
    open_time: i64,
    open: Number,
    high: Number,
    low: Number,
    close: Number,
    volume: Number,
    close_time: i64,
    quote_volume: Number,
}

impl<'de> Deserialize<'de> for BarRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Row;

        impl<'de> Visitor<'de> for Row {
            type Value = BarRow;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a bar of at least eight values")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<BarRow, A::Error> {
                let row = BarRow {
                    open_time: next(&mut seq, 0)?,
                    open: next(&mut seq, 1)?,
                    high: next(&mut seq, 2)?,
                    low: next(&mut seq, 3)?,
                    close: next(&mut seq, 4)?,
                    volume: next(&mut seq, 5)?,
                    close_time: next(&mut seq, 6)?,
                    quote_volume: next(&mut seq, 7)?,
                };
                drain(&mut seq)?;
                Ok(row)
            }
        }

        deserializer.deserialize_seq(Row)
    }
}
