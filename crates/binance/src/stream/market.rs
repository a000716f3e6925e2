//! Messages of the market streams.
//!
//! An event comes bare or wrapped in the name of its stream; both are read. Field names differ by
//! case alone (`e` and `E`, `b` and `B`). Spot's quotes have neither a type nor a time, so they
//! are known by their fields, and dated when they came.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_model::id::Symbol;
use tradewind_model::market::{Bar, BookDelta, Interval, Quote, Trade};
use tradewind_model::order::Side;
use tradewind_model::outcome::{Fate, Meter, Refusal, RefusalKind, Reply};
use tradewind_model::stream::StreamEvent;
use tradewind_model::time::Timestamp;

use super::replied;
use crate::errors::VenueError;
use crate::number::{LevelRow, Malformed, Number, Present, levels, time};

/// What tells the messages apart.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(default)]
    result: Present,
    error: Option<VenueError>,
    #[serde(default)]
    code: Present,
    #[serde(borrow)]
    e: Option<Cow<'a, str>>,
    #[serde(default, rename = "B")]
    bid_qty: Present,
    #[serde(default, rename = "A")]
    ask_qty: Present,
}

pub(super) fn decode(text: &str, received_at: Timestamp) -> Result<StreamEvent, Malformed> {
    let head: Head = serde_json::from_str(text)?;
    match (head.data, head.id) {
        (Some(data), _) => {
            let inner: Head = serde_json::from_str(data.get())?;
            let event = event(&inner, data.get(), received_at)?;
            // A stream whose messages name no type is one that we do not follow.
            Ok(event.unwrap_or(StreamEvent::Ignored))
        }
        (None, Some(id)) => reply(id, &head, text),
        (None, None) => event(&head, text, received_at)?
            .ok_or_else(|| Malformed::whole("neither an event nor a reply to one of our calls")),
    }
}

/// The answer to a control message.
fn reply(id: &RawValue, head: &Head<'_>, text: &str) -> Result<StreamEvent, Malformed> {
    let bare = match (&head.error, head.code) {
        (None, Present(true)) => Some(serde_json::from_str::<VenueError>(text)?),
        _ => None,
    };
    let fate = match head.error.as_ref().or(bare.as_ref()) {
        Some(error) => Fate::Refused(refusal(error)),
        None if head.result == Present(true) => Fate::Done(Reply::Ack),
        None => return Err(Malformed::field("result", "is missing")),
    };
    replied(id, fate, Meter::default())
}

/// The streams count their errors from zero, apart from those of requests: 4 says that the socket
/// carries no more streams, the others that the message was wrong (web-socket-streams.md, error
/// messages, read 2026-11).
fn refusal(error: &VenueError) -> Refusal {
    Refusal {
        kind: if error.code() == 4 { RefusalKind::Business } else { RefusalKind::Validation },
        code: error.code(),
        message: error.message(),
    }
}

/// The event; none when there is nothing to know it by.
fn event(
    head: &Head<'_>,
    text: &str,
    received_at: Timestamp,
) -> Result<Option<StreamEvent>, Malformed> {
    let event = match head.e.as_deref() {
        Some("bookTicker") => quote(text, received_at)?,
        None if head.bid_qty == Present(true) && head.ask_qty == Present(true) => {
            quote(text, received_at)?
        }
        Some("trade") => trade(text)?,
        Some("kline") => bar(text)?,
        Some("depthUpdate") => book(text)?,
        Some("serverShutdown") => StreamEvent::Closing,
        Some(_) => StreamEvent::Ignored,
        None => return Ok(None),
    };
    Ok(Some(event))
}

#[derive(Deserialize)]
struct QuoteRow<'a> {
    #[serde(borrow)]
    s: Cow<'a, str>,
    b: Number,
    #[serde(rename = "B")]
    bid_qty: Number,
    a: Number,
    #[serde(rename = "A")]
    ask_qty: Number,
}

fn quote(text: &str, received_at: Timestamp) -> Result<StreamEvent, Malformed> {
    let row: QuoteRow = serde_json::from_str(text)?;
    let quote = Quote {
        bid: row.b.price("b")?,
        bid_qty: row.bid_qty.quantity("B")?,
        ask: row.a.price("a")?,
        ask_qty: row.ask_qty.quantity("A")?,
        at: received_at,
    };
    Ok(StreamEvent::Quote(Symbol::new(&row.s), quote))
}

#[derive(Deserialize)]
struct TradeRow<'a> {
    #[serde(borrow)]
    s: Cow<'a, str>,
    t: u64,
    p: Number,
    q: Number,
    #[serde(rename = "T")]
    at: i64,
    /// Whether the buyer rested.
    m: bool,
}

fn trade(text: &str) -> Result<StreamEvent, Malformed> {
    let row: TradeRow = serde_json::from_str(text)?;
    let trade = Trade {
        id: row.t,
        price: row.p.price("p")?,
        qty: row.q.quantity("q")?,
        taker: if row.m { Side::Sell } else { Side::Buy },
        at: time(row.at),
    };
    Ok(StreamEvent::Trade(Symbol::new(&row.s), trade))
}

#[derive(Deserialize)]
struct BarEvent<'a> {
    #[serde(borrow)]
    s: Cow<'a, str>,
    #[serde(borrow)]
    k: BarRow<'a>,
}

#[derive(Deserialize)]
struct BarRow<'a> {
    t: i64,
    #[serde(borrow)]
    i: Cow<'a, str>,
    o: Number,
    h: Number,
    l: Number,
    c: Number,
    v: Number,
    q: Number,
    x: bool,
}

fn bar(text: &str) -> Result<StreamEvent, Malformed> {
    let BarEvent { s, k } = serde_json::from_str(text)?;
    let interval: Interval = k.i.parse().map_err(|error| Malformed::field("k.i", error))?;
    let bar = Bar {
        interval,
        open_at: time(k.t),
        open: k.o.price("k.o")?,
        high: k.h.price("k.h")?,
        low: k.l.price("k.l")?,
        close: k.c.price("k.c")?,
        volume: k.v.quantity("k.v")?,
        quote_volume: k.q.notional("k.q")?,
        is_closed: k.x,
    };
    Ok(StreamEvent::Bar(Symbol::new(&s), bar))
}

#[derive(Deserialize)]
struct BookRow<'a> {
    #[serde(rename = "E")]
    at: i64,
    #[serde(borrow)]
    s: Cow<'a, str>,
    #[serde(rename = "U")]
    first_update_id: u64,
    #[serde(rename = "u")]
    last_update_id: u64,
    b: Vec<LevelRow>,
    a: Vec<LevelRow>,
}

fn book(text: &str) -> Result<StreamEvent, Malformed> {
    let row: BookRow = serde_json::from_str(text)?;
    let delta = BookDelta {
        is_whole: false,
        first_update_id: row.first_update_id,
        last_update_id: row.last_update_id,
        bids: levels("b", &row.b)?,
        asks: levels("a", &row.a)?,
        at: time(row.at),
        checksum: None,
    };
    Ok(StreamEvent::Book(Symbol::new(&row.s), delta))
}
