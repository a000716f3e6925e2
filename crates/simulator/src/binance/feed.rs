//! Market events on their way to the streams: at once, or gathered until the next tick.
//!
//! The hard part is the depth stream. Each event carries the first (`U`) and last (`u`) update id
//! of what it gathers, and the next event's `U` is this one's `u` plus one, so that a client can
//! lay the events over a snapshot and notice a gap (web-socket-streams.md, how to manage a local
//! order book, corrected 2025-11-12). Batches are gathered whether somebody listens or not:
//! whoever subscribes in the middle of one gets all of it, as the snapshot procedure expects.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};
use tradewind_model::Timestamp;

use super::body::{self, Level, Levels, OrNone, TimeUnit, fixed};
use super::desk::DayTicker;
use super::session::Kind;
use super::topic::{Speed, Topic};
use super::{Binance, SessionId};
use crate::exchange::{BookTicker, DepthChange, ExchangeEvent, Interval, Kline, Side, TradeView};

const FAST: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);
const TWO_SECONDS: Duration = Duration::from_secs(2);

/// What is gathered and when it was last told.
#[derive(Debug)]
pub(crate) struct Feeds {
    fast: BTreeMap<Arc<str>, Batch>,
    slow: BTreeMap<Arc<str>, Batch>,
    /// Symbols that traded since the last second's tick.
    traded: BTreeSet<Arc<str>>,
    /// The bar each kline stream has shown last.
    shown: BTreeMap<String, Kline>,
    ticked_at: Timestamp,
}

/// Changes of one book since the last tick.
#[derive(Debug)]
struct Batch {
    first_id: u64,
    last_id: u64,
    bids: BTreeMap<Decimal, Decimal>,
    asks: BTreeMap<Decimal, Decimal>,
}

impl Batch {
    fn gather(batches: &mut BTreeMap<Arc<str>, Self>, change: &DepthChange) {
        let batch = batches.entry(Arc::clone(&change.symbol)).or_insert_with(|| Self {
            first_id: change.update_id,
            last_id: change.update_id,
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
        });
        batch.last_id = change.update_id;
        let side = match change.side {
            Side::Buy => &mut batch.bids,
            Side::Sell => &mut batch.asks,
        };
        side.insert(change.price, change.qty);
    }

    fn event<'a>(&self, unit: TimeUnit, now: Timestamp, symbol: &'a str) -> DepthUpdate<'a> {
        DepthUpdate {
            event: "depthUpdate",
            sent: unit.stamp(now),
            symbol,
            first_id: self.first_id,
            last_id: self.last_id,
            bids: body::levels(self.bids.iter().rev()),
            asks: body::levels(self.asks.iter()),
        }
    }
}

/// What changed in a book since the event before.
#[derive(Debug, Serialize)]
struct DepthUpdate<'a> {
    #[serde(rename = "e")]
    event: &'static str,
    #[serde(rename = "E")]
    sent: u64,
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "U")]
    first_id: u64,
    #[serde(rename = "u")]
    last_id: u64,
    #[serde(rename = "b")]
    bids: Vec<Level>,
    #[serde(rename = "a")]
    asks: Vec<Level>,
}

/// An event of a connection that carries many streams.
#[derive(Debug, Serialize)]
struct Combined<'a, E> {
    stream: &'a str,
    data: &'a E,
}

impl Feeds {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            fast: BTreeMap::new(),
            slow: BTreeMap::new(),
            traded: BTreeSet::new(),
            shown: BTreeMap::new(),
            ticked_at: now,
        }
    }

    /// Whether anything waits for a tick.
    fn is_gathering(&self) -> bool {
        !(self.fast.is_empty() && self.slow.is_empty() && self.traded.is_empty())
    }

    /// The next tick of the fastest streams.
    pub(crate) fn wakeup(&self) -> Timestamp {
        self.ticked_at.window_start(FAST) + FAST
    }
}

impl Binance {
    /// Whether the next tick has anything to tell: what was gathered, or a bar that goes on.
    pub(super) fn are_feeds_due(&self) -> bool {
        let is_bar = |name: &String| name.contains("@kline_");
        !self.front.listeners.is_empty()
            && (self.feeds.is_gathering() || self.front.listeners.keys().any(is_bar))
    }

    /// Takes one market event.
    pub(super) fn feed(&mut self, now: Timestamp, event: ExchangeEvent) {
        if !self.feeds.is_gathering() {
            // Nobody looked while there was nothing to tell: those ticks are over.
            self.feeds.ticked_at = self.feeds.ticked_at.max(now.window_start(FAST));
        }
        match event {
            ExchangeEvent::Depth(change) => {
                Batch::gather(&mut self.feeds.fast, &change);
                Batch::gather(&mut self.feeds.slow, &change);
            }
            ExchangeEvent::Trade(trade) => {
                self.feeds.traded.insert(Arc::clone(&trade.symbol));
                let name = stream_name(&trade.symbol, "trade");
                self.broadcast(now, &name, |unit| trade_event(unit, now, &trade));
            }
            ExchangeEvent::BookTicker(best) => {
                let name = stream_name(&best.symbol, "bookTicker");
                self.broadcast(now, &name, |_| book_ticker_event(&best));
            }
            ExchangeEvent::Kline { symbol, interval, kline } => {
                let name = stream_name(&symbol, &format!("kline_{}", interval.as_str()));
                self.broadcast(now, &name, |unit| {
                    kline_event(unit, now, &symbol, interval, &kline)
                });
            }
            ExchangeEvent::Execution(_) | ExchangeEvent::Balance(_) | ExchangeEvent::List(_) => {}
        }
    }

    /// Tells what was gathered, if a tick has passed.
    pub(super) fn tick_feeds(&mut self, now: Timestamp) {
        let passed = |before: Timestamp, interval: Duration| {
            now.window_index(interval) > before.window_index(interval)
        };
        let before = self.feeds.ticked_at;
        if !passed(before, FAST) {
            return;
        }
        self.feeds.ticked_at = now;
        let fast = std::mem::take(&mut self.feeds.fast);
        self.tell_depth(now, Speed::Fast, &fast);
        if !passed(before, SECOND) {
            return;
        }
        let slow = std::mem::take(&mut self.feeds.slow);
        self.tell_depth(now, Speed::Slow, &slow);
        let traded = std::mem::take(&mut self.feeds.traded);
        self.tell_tickers(now, &traded);
        self.tell_klines(now, passed(before, TWO_SECONDS));
    }

    fn tell_depth(&mut self, now: Timestamp, speed: Speed, batches: &BTreeMap<Arc<str>, Batch>) {
        let suffixes: &[&str] = match speed {
            Speed::Fast => &["@100ms"],
            Speed::Slow => &["", "@1000ms"],
        };
        for (symbol, batch) in batches {
            for suffix in suffixes {
                let name = stream_name(symbol, &format!("depth{suffix}"));
                self.broadcast(now, &name, |unit| batch.event(unit, now, symbol));
                for limit in [5, 10, 20] {
                    let name = stream_name(symbol, &format!("depth{limit}{suffix}"));
                    if !self.front.listeners.contains_key(&name) {
                        continue;
                    }
                    let Some(depth) = self.desk.exchange.depth(symbol, limit) else {
                        continue;
                    };
                    self.broadcast(now, &name, |_| Levels::of(&depth));
                }
            }
        }
    }

    fn tell_tickers(&mut self, now: Timestamp, traded: &BTreeSet<Arc<str>>) {
        let all = "!miniTicker@arr";
        let wants_all = self.front.listeners.contains_key(all);
        let mut changed = Vec::new();
        for symbol in traded {
            let full = stream_name(symbol, "ticker");
            let mini = stream_name(symbol, "miniTicker");
            let is_wanted = |name: &String| self.front.listeners.contains_key(name);
            if !(wants_all || is_wanted(&full) || is_wanted(&mini)) {
                continue;
            }
            let ticker = DayTicker::of(&self.desk.exchange, symbol, now);
            self.broadcast(now, &full, |unit| ticker_event(unit, now, &ticker));
            self.broadcast(now, &mini, |unit| mini_ticker_event(unit, now, &ticker));
            changed.push(ticker);
        }
        if !changed.is_empty() {
            self.broadcast(now, all, |unit| {
                let event = |ticker| mini_ticker_event(unit, now, ticker);
                changed.iter().map(event).collect::<Vec<_>>()
            });
        }
    }

    /// Shows the bars in progress that have changed: those of a second every second, the others
    /// every two.
    fn tell_klines(&mut self, now: Timestamp, on_two_seconds: bool) {
        let names: Vec<String> =
            self.front.listeners.keys().filter(|name| name.contains("@kline_")).cloned().collect();
        for name in names {
            let Some(Topic::Kline(symbol, interval)) = Topic::parse(&name) else {
                continue;
            };
            if interval != Interval::S1 && !on_two_seconds {
                continue;
            }
            let Some(kline) = self.desk.exchange.current_kline(&symbol, interval) else {
                continue;
            };
            if self.feeds.shown.get(&name) == Some(&kline) {
                continue;
            }
            self.broadcast(now, &name, |unit| kline_event(unit, now, &symbol, interval, &kline));
            self.feeds.shown.insert(name, kline);
        }
        let listeners = &self.front.listeners;
        self.feeds.shown.retain(|name, _| listeners.contains_key(name));
    }

    /// Sends an event to everybody who listens to `name`.
    fn broadcast<E: Serialize>(
        &mut self,
        now: Timestamp,
        name: &str,
        event: impl Fn(TimeUnit) -> E,
    ) {
        let Some(ids) = self.front.listeners.get(name) else {
            return;
        };
        let ids: Vec<SessionId> = ids.iter().copied().collect();
        for id in ids {
            let Some(socket) = self.front.sockets.get(&id) else {
                continue;
            };
            let data = event(socket.own.unit);
            let text = match &socket.own.kind {
                Kind::Streams(streams) if streams.combined => {
                    serde_json::to_string(&Combined { stream: name, data: &data })
                }
                Kind::Streams(_) | Kind::WsApi(_) => serde_json::to_string(&data),
            };
            let fault = self.front.strike_push(id, name);
            self.front.push(now, id, text.expect("its keys are strings"), fault);
        }
    }
}

/// `btcusdt@trade`: symbols in stream names are lowercase.
fn stream_name(symbol: &str, kind: &str) -> String {
    format!("{}@{kind}", symbol.to_lowercase())
}

fn trade_event(unit: TimeUnit, now: Timestamp, trade: &TradeView) -> Value {
    json!({
        "e": "trade",
        "E": unit.stamp(now),
        "s": *trade.symbol,
        "t": trade.id,
        "p": fixed(trade.price),
        "q": fixed(trade.qty),
        "T": unit.stamp(trade.time),
        "m": trade.is_buyer_maker,
        "M": true,
    })
}

/// Without event type and times, as on the wire.
fn book_ticker_event(best: &BookTicker) -> Value {
    json!({
        "u": best.update_id,
        "s": *best.symbol,
        "b": fixed(best.bid_price),
        "B": fixed(best.bid_qty),
        "a": fixed(best.ask_price),
        "A": fixed(best.ask_qty),
    })
}

fn kline_event(
    unit: TimeUnit,
    now: Timestamp,
    symbol: &str,
    interval: Interval,
    kline: &Kline,
) -> Value {
    json!({
        "e": "kline",
        "E": unit.stamp(now),
        "s": symbol,
        "k": {
            "t": unit.stamp(kline.open_time),
            "T": unit.stamp(kline.close_time),
            "s": symbol,
            "i": interval.as_str(),
            "f": OrNone::from(kline.first_trade_id),
            "L": OrNone::from(kline.last_trade_id),
            "o": fixed(kline.open),
            "c": fixed(kline.close),
            "h": fixed(kline.high),
            "l": fixed(kline.low),
            "v": fixed(kline.volume),
            "n": kline.trades,
            "x": kline.is_closed,
            "q": fixed(kline.quote_volume),
            "V": fixed(kline.taker_buy_volume),
            "Q": fixed(kline.taker_buy_quote_volume),
            "B": "0",
        },
    })
}

fn mini_ticker_event(unit: TimeUnit, now: Timestamp, ticker: &DayTicker) -> Value {
    json!({
        "e": "24hrMiniTicker",
        "E": unit.stamp(now),
        "s": ticker.symbol,
        "c": fixed(ticker.last),
        "o": fixed(ticker.open),
        "h": fixed(ticker.high),
        "l": fixed(ticker.low),
        "v": fixed(ticker.volume),
        "q": fixed(ticker.quote_volume),
    })
}

fn ticker_event(unit: TimeUnit, now: Timestamp, ticker: &DayTicker) -> Value {
    json!({
        "e": "24hrTicker",
        "E": unit.stamp(now),
        "s": ticker.symbol,
        "p": fixed(ticker.change()),
        "P": ticker.change_percent(),
        "w": fixed(ticker.average()),
        "x": fixed(ticker.open),
        "c": fixed(ticker.last),
        "Q": fixed(ticker.last_qty),
        "b": fixed(ticker.bid.0),
        "B": fixed(ticker.bid.1),
        "a": fixed(ticker.ask.0),
        "A": fixed(ticker.ask.1),
        "o": fixed(ticker.open),
        "h": fixed(ticker.high),
        "l": fixed(ticker.low),
        "v": fixed(ticker.volume),
        "q": fixed(ticker.quote_volume),
        "O": unit.stamp(ticker.open_time),
        "C": unit.stamp(ticker.close_time),
        "F": OrNone::from(ticker.first_id),
        "L": OrNone::from(ticker.last_id),
        "n": ticker.count,
    })
}
