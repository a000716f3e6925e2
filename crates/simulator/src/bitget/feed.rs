//! Market events on their way to the channels: at once, or gathered until the next tick.
//!
//! The hard part is `books`. It begins with the whole book, and each of its changes carries the
//! number of the one before (`pseq`) and its own (`seq`), and the checksum of the book that it
//! leads to. Changes are gathered for everybody who follows a symbol: whoever comes in the middle
//! has some of the next ones in their snapshot already, so that its number lies between the two of
//! the first change (order book channel, read 2026-11).

mod book;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tradewind_model::Timestamp;

use self::book::{Changes, Rows};
use super::Bitget;
use super::SessionId;
use super::channel::Channel;
use super::desk::{DayTicker, candle_rows};
use super::reports::push;
use crate::exchange::ExchangeEvent;

/// How often a kind of channel speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cadence {
    /// `books`, `books5` and `books15`.
    Books,
    /// `books1`.
    Best,
    Ticker,
    Candles,
}

impl Cadence {
    const ALL: [Self; 4] = [Self::Books, Self::Best, Self::Ticker, Self::Candles];

    /// By the table of channels; a ticker comes every 200 to 300 ms.
    const fn every(self) -> Duration {
        Duration::from_millis(match self {
            Self::Books | Self::Ticker => 200,
            Self::Best => 60,
            Self::Candles => 1_000,
        })
    }
}

/// Bars that a channel begins with.
const FIRST_BARS: usize = 500;
/// Trades that a channel begins with.
const FIRST_TRADES: usize = 50;

/// What is gathered, and when it is told.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    /// Changes of books that somebody follows.
    books: BTreeMap<String, Changes>,
    /// Symbols that have something new for a cadence, and when that is due.
    new: BTreeMap<Cadence, (Timestamp, BTreeSet<Arc<str>>)>,
    /// The start of the bar that each channel has shown last.
    shown: BTreeMap<String, Timestamp>,
}

impl Feeds {
    /// When something is to be told.
    pub(super) fn wakeup(&self) -> Option<Timestamp> {
        self.new.values().map(|(due, _)| *due).min()
    }

    fn gather(&mut self, now: Timestamp, cadence: Cadence, symbol: &Arc<str>) {
        let due = now.window_start(cadence.every()) + cadence.every();
        let (_, symbols) = self.new.entry(cadence).or_insert_with(|| (due, BTreeSet::new()));
        if !symbols.contains(symbol) {
            symbols.insert(Arc::clone(symbol));
        }
    }

    /// The symbols that have something new, if it is time to tell.
    fn take(&mut self, now: Timestamp, cadence: Cadence) -> BTreeSet<Arc<str>> {
        match self.new.get(&cadence) {
            Some((due, _)) if *due <= now => self.new.remove(&cadence).map(|(_, new)| new),
            Some(_) | None => None,
        }
        .unwrap_or_default()
    }
}

impl Bitget {
    /// Takes one market event.
    pub(super) fn feed(&mut self, now: Timestamp, event: &ExchangeEvent) {
        if self.front.listeners.is_empty() {
            return;
        }
        match event {
            ExchangeEvent::Depth(change) => {
                if let Some(changes) = self.feeds.books.get_mut(&*change.symbol) {
                    changes.gather(change);
                }
                self.feeds.gather(now, Cadence::Books, &change.symbol);
            }
            ExchangeEvent::BookTicker(best) => {
                self.feeds.gather(now, Cadence::Best, &best.symbol);
                self.feeds.gather(now, Cadence::Ticker, &best.symbol);
            }
            ExchangeEvent::Trade(trade) => {
                self.feeds.gather(now, Cadence::Ticker, &trade.symbol);
                self.feeds.gather(now, Cadence::Candles, &trade.symbol);
                let row = self.desk.exchange.symbol(&trade.symbol);
                if let Some(row) = row.map(|config| self.desk.trade_row(config, trade)) {
                    let key = Channel::Trade(trade.symbol.to_string()).key();
                    self.broadcast(now, &key, "update", &json!([row]));
                }
            }
            ExchangeEvent::Kline { symbol, .. } => {
                self.feeds.gather(now, Cadence::Candles, symbol);
            }
            ExchangeEvent::Execution(_) | ExchangeEvent::Balance(_) | ExchangeEvent::List(_) => {}
        }
    }

    /// Tells what was gathered and is due.
    pub(super) fn tick_feeds(&mut self, now: Timestamp) {
        for cadence in Cadence::ALL {
            for symbol in self.feeds.take(now, cadence) {
                match cadence {
                    Cadence::Books => self.tell_books(now, &symbol),
                    Cadence::Best => self.tell_best(now, &symbol, 1),
                    Cadence::Ticker => self.tell_ticker(now, &symbol),
                    Cadence::Candles => self.tell_candles(now, &symbol),
                }
            }
        }
    }

    /// What a channel begins with, for who has just subscribed.
    pub(super) fn send_first(&mut self, now: Timestamp, id: SessionId, channel: &Channel) {
        let Some(data) = self.first(now, id, channel) else {
            return;
        };
        self.push_to(now, id, &channel.key(), "snapshot", &data);
    }

    fn first(&mut self, now: Timestamp, id: SessionId, channel: &Channel) -> Option<Value> {
        let exchange = &self.desk.exchange;
        Some(match channel {
            // What is open is asked for; these tell of what happens from now on.
            Channel::Orders(_) | Channel::Fill(_) => return None,
            Channel::Account => {
                let account = self.front.sockets.get(&id)?.own.account?;
                self.balance_rows(now, account)
            }
            Channel::Ticker(symbol) => {
                json!([DayTicker::of(exchange, exchange.symbol(symbol)?, now).push()])
            }
            Channel::Trade(symbol) => {
                let config = exchange.symbol(symbol)?;
                let trades = exchange.recent_trades(symbol, FIRST_TRADES);
                trades.iter().rev().map(|trade| self.desk.trade_row(config, trade)).collect()
            }
            Channel::Candle(symbol, granularity, _) => {
                let bars = granularity.bars(exchange, symbol, None, FIRST_BARS);
                if let Some(last) = bars.last() {
                    self.feeds.shown.insert(channel.key(), last.open_time);
                }
                candle_rows(exchange.symbol(symbol)?, &bars)
            }
            Channel::Books(symbol) => {
                let rows = Rows::of(exchange, symbol, usize::MAX)?;
                let others = self.front.listeners.get(&channel.key()).map_or(0, BTreeSet::len);
                // Of what nobody followed nothing was gathered, whatever is left from before.
                if others < 2 {
                    self.feeds.books.insert(symbol.clone(), Changes::new(rows.seq));
                }
                json!([rows.snapshot(now)])
            }
            Channel::Best(symbol, levels) => {
                json!([Rows::of(exchange, symbol, *levels)?.best(now, *levels)])
            }
        })
    }

    fn tell_books(&mut self, now: Timestamp, symbol: &Arc<str>) {
        for levels in [5, 15] {
            self.tell_best(now, symbol, levels);
        }
        let key = Channel::Books(symbol.to_string()).key();
        if !self.front.listeners.contains_key(&key) {
            self.feeds.books.remove(&**symbol);
            return;
        }
        let Some(rows) = Rows::of(&self.desk.exchange, symbol, usize::MAX) else {
            return;
        };
        let changes = self.feeds.books.get_mut(&**symbol);
        if let Some(update) = changes.and_then(|changes| changes.take(now, &rows)) {
            self.broadcast(now, &key, "update", &json!([update]));
        }
    }

    fn tell_best(&mut self, now: Timestamp, symbol: &Arc<str>, levels: usize) {
        let key = Channel::Best(symbol.to_string(), levels).key();
        if !self.front.listeners.contains_key(&key) {
            return;
        }
        if let Some(rows) = Rows::of(&self.desk.exchange, symbol, levels) {
            self.broadcast(now, &key, "snapshot", &json!([rows.best(now, levels)]));
        }
    }

    fn tell_ticker(&mut self, now: Timestamp, symbol: &Arc<str>) {
        let key = Channel::Ticker(symbol.to_string()).key();
        if !self.front.listeners.contains_key(&key) {
            return;
        }
        let exchange = &self.desk.exchange;
        let ticker = exchange.symbol(symbol).map(|config| DayTicker::of(exchange, config, now));
        if let Some(row) = ticker.map(|ticker| ticker.push()) {
            self.broadcast(now, &key, "snapshot", &json!([row]));
        }
    }

    /// Shows the bars in progress, and those that have closed since the last time.
    fn tell_candles(&mut self, now: Timestamp, symbol: &Arc<str>) {
        let of_symbol = format!(" {symbol}");
        let is_meant = |key: &&String| key.starts_with("candle") && key.ends_with(&of_symbol);
        let keys: Vec<String> = self.front.listeners.keys().filter(is_meant).cloned().collect();
        for key in keys {
            let Some(Channel::Candle(_, granularity, _)) = self.channel_of(&key) else {
                continue;
            };
            let mut bars = granularity.bars(&self.desk.exchange, symbol, None, 2);
            let shown = self.feeds.shown.get(&key).copied().unwrap_or(now);
            bars.retain(|bar| bar.open_time >= shown);
            if let (Some(last), Some(config)) = (bars.last(), self.desk.exchange.symbol(symbol)) {
                self.feeds.shown.insert(key.clone(), last.open_time);
                let rows = candle_rows(config, &bars);
                self.broadcast(now, &key, "update", &rows);
            }
        }
        let listeners = &self.front.listeners;
        self.feeds.shown.retain(|key, _| listeners.contains_key(key));
    }

    /// The channel that somebody listens to by this name.
    fn channel_of(&self, key: &str) -> Option<Channel> {
        let id = self.front.listeners.get(key)?.first()?;
        let (channel, _) = self.front.sockets.get(id)?.own.channels.get(key)?;
        Some(channel.clone())
    }

    /// Sends rows to everybody who listens to a channel.
    fn broadcast(&mut self, now: Timestamp, key: &str, action: &str, data: &Value) {
        let Some(ids) = self.front.listeners.get(key) else {
            return;
        };
        let ids: Vec<SessionId> = ids.iter().copied().collect();
        for id in ids {
            self.push_to(now, id, key, action, data);
        }
    }

    fn push_to(&mut self, now: Timestamp, id: SessionId, key: &str, action: &str, data: &Value) {
        let channels = self.front.sockets.get(&id).map(|socket| &socket.own.channels);
        let Some((_, arg)) = channels.and_then(|channels| channels.get(key)) else {
            return;
        };
        let text = push(now, action, arg, data);
        let fault = self.front.strike_push(id, key);
        self.front.push(now, id, text, fault);
    }
}
