//! A book as its channels write it, and what has changed in it since it was told.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tradewind_model::Timestamp;

use crate::bitget::body::{self, millis, scaled};
use crate::bitget::checksum::{Level, checksum};
use crate::exchange::{DepthChange, Exchange, Side, SymbolConfig};

/// The levels of a book, best first, as they are written.
#[derive(Debug)]
pub(super) struct Rows {
    /// The number of the last change it holds.
    pub(super) seq: u64,
    bids: Vec<Level>,
    asks: Vec<Level>,
    scales: Scales,
}

/// Decimals of a symbol's prices and sizes.
#[derive(Clone, Copy, Debug)]
struct Scales {
    price: u32,
    size: u32,
}

impl Scales {
    fn of(config: &SymbolConfig) -> Self {
        Self { price: body::price_scale(config), size: body::size_scale(config) }
    }

    fn level(self, price: Decimal, size: Decimal) -> Level {
        // What is gone is a bare nought.
        let size = if size.is_zero() { "0".to_owned() } else { scaled(size, self.size) };
        [scaled(price, self.price), size]
    }
}

impl Rows {
    /// The best levels of a symbol.
    pub(super) fn of(exchange: &Exchange, symbol: &str, levels: usize) -> Option<Self> {
        let scales = Scales::of(exchange.symbol(symbol)?);
        let depth = exchange.depth(symbol, levels)?;
        let write = |side: &[(Decimal, Decimal)]| {
            side.iter().map(|(price, size)| scales.level(*price, *size)).collect()
        };
        let (bids, asks) = (write(&depth.bids), write(&depth.asks));
        Some(Self { seq: depth.last_update_id, bids, asks, scales })
    }

    /// The whole book. Its checksum is not told, and nothing came before it.
    pub(super) fn snapshot(&self, now: Timestamp) -> Value {
        row(now, &self.bids, &self.asks, 0, (self.seq, 0))
    }

    /// The best levels, told anew each time; the sum of the very best is not told.
    pub(super) fn best(&self, now: Timestamp, levels: usize) -> Value {
        let sum = if levels == 1 { 0 } else { checksum(&self.bids, &self.asks) };
        row(now, &self.bids, &self.asks, sum, (self.seq, 0))
    }
}

/// What has changed in a book since it was told.
#[derive(Debug)]
pub(super) struct Changes {
    told: u64,
    bids: BTreeMap<Decimal, Decimal>,
    asks: BTreeMap<Decimal, Decimal>,
}

impl Changes {
    /// None, of a book whose last change has this number.
    pub(super) const fn new(told: u64) -> Self {
        Self { told, bids: BTreeMap::new(), asks: BTreeMap::new() }
    }

    pub(super) fn gather(&mut self, change: &DepthChange) {
        // A change that the first snapshot holds already is news to nobody.
        if change.update_id <= self.told {
            return;
        }
        let side = match change.side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        side.insert(change.price, change.qty);
    }

    /// All of it, as one change that leads to the book as it is; none when nothing has changed.
    pub(super) fn take(&mut self, now: Timestamp, book: &Rows) -> Option<Value> {
        if self.bids.is_empty() && self.asks.is_empty() {
            return None;
        }
        let bids = std::mem::take(&mut self.bids);
        let asks = std::mem::take(&mut self.asks);
        let level = |(price, size): (&Decimal, &Decimal)| book.scales.level(*price, *size);
        let bids: Vec<_> = bids.iter().rev().map(level).collect();
        let asks: Vec<_> = asks.iter().map(level).collect();
        let before = std::mem::replace(&mut self.told, book.seq);
        let sum = checksum(&book.bids, &book.asks);
        Some(row(now, &bids, &asks, sum, (book.seq, before)))
    }
}

fn row(now: Timestamp, bids: &[Level], asks: &[Level], sum: i32, seq: (u64, u64)) -> Value {
    json!({
        "asks": asks,
        "bids": bids,
        "checksum": sum,
        "seq": seq.0,
        "pseq": seq.1,
        "ts": millis(now),
    })
}
