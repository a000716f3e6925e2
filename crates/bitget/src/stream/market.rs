//! Messages of the market's socket.
//!
//! Books are numbered: each change names the one before it, where the venue sends that number, and
//! a checksum of the book that it makes. Trades that a channel begins with are of before, and are
//! passed over. Of the bars that it begins with only the last has anything new in it.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::id::Symbol;
use tradewind_model::market::{BookChecksum, BookDelta, Interval, Quote, Trade};
use tradewind_model::stream::StreamEvent;
use tradewind_model::time::Timestamp;

use super::args::{BEST, BOOK, TICKER, TRADE};
use super::control::Head;
use super::several;
use crate::bars::{self, BarRow, Origin};
use crate::number::{LevelRow, Malformed, Number, Word, levels};
use crate::words;

pub(super) fn decode(head: &Head<'_>, received_at: Timestamp) -> Result<StreamEvent, Malformed> {
    let (Some(arg), Some(data)) = (&head.arg, head.data) else {
        return Err(Malformed::whole("neither an event nor an answer"));
    };
    let is_whole = head.action.as_str() == "snapshot";
    let symbol = arg.symbol();
    match arg.channel() {
        _ if !arg.is_spot() => Ok(StreamEvent::Ignored),
        BOOK => book(&symbol, data, is_whole, received_at),
        BEST => best(&symbol, data, received_at),
        TICKER => ticker(data, received_at),
        TRADE if is_whole => Ok(StreamEvent::Ignored),
        TRADE => trades(&symbol, data),
        _ => match arg.bars() {
            Some(interval) => bars(&symbol, interval, data, is_whole, received_at),
            None => Ok(StreamEvent::Ignored),
        },
    }
}

#[derive(Deserialize)]
struct BookRow {
    asks: Vec<LevelRow>,
    bids: Vec<LevelRow>,
    #[serde(default)]
    checksum: Number,
    #[serde(default)]
    seq: Number,
    /// The number of the change before; not always sent, and 0 where there is none.
    #[serde(default)]
    pseq: Number,
    #[serde(default)]
    ts: Number,
}

impl BookRow {
    /// The one row of a message.
    fn read(data: &RawValue) -> Result<Self, Malformed> {
        let mut rows: Vec<Self> = serde_json::from_str(data.get())?;
        match (rows.pop(), rows.is_empty()) {
            (Some(row), true) => Ok(row),
            (Some(_), false) => Err(Malformed::whole("several books in one message")),
            (None, _) => Err(Malformed::whole("a message without a book")),
        }
    }

    fn at(&self, received_at: Timestamp) -> Result<Timestamp, Malformed> {
        if self.ts.is_missing() { Ok(received_at) } else { self.ts.time("ts") }
    }
}

fn book(
    symbol: &Symbol,
    data: &RawValue,
    is_whole: bool,
    received_at: Timestamp,
) -> Result<StreamEvent, Malformed> {
    let row = BookRow::read(data)?;
    let last_update_id = row.seq.whole("seq")?;
    let before = if row.pseq.is_missing() { None } else { Some(row.pseq.whole("pseq")?) };
    let delta = BookDelta {
        is_whole,
        first_update_id: match before {
            // Numbers have begun anew: it follows nothing that we know.
            _ if is_whole => last_update_id,
            Some(0) => last_update_id,
            Some(before) => before.saturating_add(1),
            // It may follow anything that is older; the checksum will say.
            None => 0,
        },
        last_update_id,
        bids: levels("bids", &row.bids)?,
        asks: levels("asks", &row.asks)?,
        at: row.at(received_at)?,
        checksum: checksum(&row.checksum)?,
    };
    Ok(StreamEvent::Book(symbol.clone(), delta))
}

/// A signed number of 32 bits; 0 stands for none.
fn checksum(number: &Number) -> Result<Option<BookChecksum>, Malformed> {
    let value = number.decimal_or_zero("checksum")?;
    if value == Decimal::ZERO {
        return Ok(None);
    }
    let value = i32::try_from(value)
        .map_err(|_| Malformed::field("checksum", "is no number of 32 bits"))?;
    Ok(Some(BookChecksum::Crc32Top25(value.cast_unsigned())))
}

/// Best bid and ask; a side without anybody on it makes no quote.
fn best(
    symbol: &Symbol,
    data: &RawValue,
    received_at: Timestamp,
) -> Result<StreamEvent, Malformed> {
    let row = BookRow::read(data)?;
    let (bids, asks) = (levels("bids", &row.bids)?, levels("asks", &row.asks)?);
    let (Some((bid, bid_qty)), Some((ask, ask_qty))) = (bids.first(), asks.first()) else {
        return Ok(StreamEvent::Ignored);
    };
    let quote = Quote {
        bid: *bid,
        bid_qty: *bid_qty,
        ask: *ask,
        ask_qty: *ask_qty,
        at: row.at(received_at)?,
    };
    Ok(StreamEvent::Quote(symbol.clone(), quote))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TickerRow {
    inst_id: Symbol,
    bid_pr: Number,
    bid_sz: Number,
    ask_pr: Number,
    ask_sz: Number,
    #[serde(default)]
    ts: Number,
}

fn ticker(data: &RawValue, received_at: Timestamp) -> Result<StreamEvent, Malformed> {
    let rows: Vec<TickerRow> = serde_json::from_str(data.get())?;
    let quote = |row: TickerRow| {
        let quote = Quote {
            bid: row.bid_pr.price("bidPr")?,
            bid_qty: row.bid_sz.quantity("bidSz")?,
            ask: row.ask_pr.price("askPr")?,
            ask_qty: row.ask_sz.quantity("askSz")?,
            at: if row.ts.is_missing() { received_at } else { row.ts.time("ts")? },
        };
        Ok(StreamEvent::Quote(row.inst_id, quote))
    };
    rows.into_iter().map(quote).collect::<Result<_, Malformed>>().map(several)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TradeRow {
    ts: Number,
    price: Number,
    size: Number,
    /// Who took.
    side: Word,
    trade_id: Word,
}

/// Trades, the newest first in the message and the oldest first in what is told.
fn trades(symbol: &Symbol, data: &RawValue) -> Result<StreamEvent, Malformed> {
    let rows: Vec<TradeRow> = serde_json::from_str(data.get())?;
    let trade = |row: TradeRow| {
        let trade = Trade {
            id: words::trade_id(&row.trade_id)?.0,
            price: row.price.price("price")?,
            qty: row.size.quantity("size")?,
            taker: words::side(row.side.as_str())?,
            at: row.ts.time("ts")?,
        };
        Ok(StreamEvent::Trade(symbol.clone(), trade))
    };
    rows.into_iter().rev().map(trade).collect::<Result<_, Malformed>>().map(several)
}

fn bars(
    symbol: &Symbol,
    interval: Interval,
    data: &RawValue,
    is_whole: bool,
    received_at: Timestamp,
) -> Result<StreamEvent, Malformed> {
    let rows: Vec<BarRow> = serde_json::from_str(data.get())?;
    let first = if is_whole { rows.len().saturating_sub(1) } else { 0 };
    let bar = |row: &BarRow| {
        let bar = bars::bar(row, interval, Origin::Socket, received_at)?;
        Ok(StreamEvent::Bar(symbol.clone(), bar))
    };
    rows[first..].iter().map(bar).collect::<Result<_, Malformed>>().map(several)
}
