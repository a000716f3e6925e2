//! Feeds: who follows what, and what each is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tradewind_model::call::{Call, StreamFeed};
use tradewind_model::id::{InstrumentId, StrategyId, Symbol};
use tradewind_model::market::{Bar, Book, BookDelta, Interval, Quote, Trade};
use tradewind_model::notice::Notice;
use tradewind_model::stream::{Feed, StreamKind};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Backoff, Priority};

use super::Engine;
use super::calls::{Owner, PendingCall};
use crate::book::{BookState, LocalBook};

/// Bars fetched at once.
const HISTORY_MAX: u32 = 999;
/// Levels of the snapshot a book is begun from. Binance asks 50 of 6,000 a minute for it
/// (rest-api.md, order book, read 2026-11).
const BOOK_LEVELS: u32 = 1_000;
/// How long a snapshot that came too early is waited for at the least.
const BOOK_LAG_MIN: Duration = Duration::from_millis(100);
/// Strategies get so many levels a side at the most.
const DEPTH_MAX: u32 = 1_000;

/// Feeds and books.
#[derive(Debug, Default)]
pub(super) struct Market {
    /// Who follows what. A book's depth is the follower's own, so it is no part of the key.
    followers: BTreeMap<StreamFeed, BTreeMap<StrategyId, u32>>,
    books: BTreeMap<Symbol, LocalBook>,
    /// Snapshots in a row that were older than the first change.
    behind: BTreeMap<Symbol, u32>,
    histories_missing: BTreeSet<(StrategyId, InstrumentId, Interval)>,
    /// What the last handshake asked for.
    in_handshake: Vec<StreamFeed>,
}

impl Market {
    pub(super) fn has_feeds(&self) -> bool {
        !self.followers.is_empty()
    }

    pub(super) fn awaits_history(&self) -> bool {
        !self.histories_missing.is_empty()
    }

    /// Nothing waits for this history any more.
    pub(super) fn history_done(
        &mut self,
        strategy: StrategyId,
        instrument: &InstrumentId,
        interval: Interval,
    ) {
        self.histories_missing.remove(&(strategy, instrument.clone(), interval));
    }

    /// What a handshake made now is to ask for.
    pub(super) fn feeds_for_handshake(&mut self) -> Vec<StreamFeed> {
        self.in_handshake = self.followers.keys().cloned().collect();
        self.in_handshake.clone()
    }

    /// What has been asked for since the handshake was made.
    fn feeds_since_handshake(&self) -> Vec<StreamFeed> {
        let feeds = self.followers.keys();
        feeds.filter(|feed| !self.in_handshake.contains(feed)).cloned().collect()
    }

    /// A strategy follows nothing any more, and waits for no history.
    pub(super) fn forget(&mut self, strategy: StrategyId) {
        self.histories_missing.retain(|(of, ..)| *of != strategy);
        for followers in self.followers.values_mut() {
            followers.remove(&strategy);
        }
    }

    pub(super) fn reset_books(&mut self) {
        self.books.values_mut().for_each(LocalBook::reset);
    }

    fn following(&self, symbol: &Symbol, feed: Feed) -> Vec<(StrategyId, u32)> {
        let key = StreamFeed { symbol: symbol.clone(), feed };
        let followers = self.followers.get(&key);
        followers.into_iter().flatten().map(|(strategy, depth)| (*strategy, *depth)).collect()
    }
}

/// A feed as the wire knows it, and the depth that only a follower cares for.
fn wire_feed(feed: Feed) -> (Feed, u32) {
    match feed {
        Feed::Book(depth) => (Feed::Book(0), depth.clamp(1, DEPTH_MAX)),
        Feed::Quote | Feed::Trade | Feed::Bar(_) => (feed, 0),
    }
}

impl Engine {
    pub(super) fn subscribe(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        instrument: &InstrumentId,
        feed: Feed,
    ) {
        let is_own = self
            .members
            .get(&strategy)
            .is_some_and(|member| member.instruments.contains(instrument));
        let Some(listed) = self.instruments.get(instrument).filter(|_| is_own) else {
            return;
        };
        let (wire, depth) = wire_feed(feed);
        let wanted = StreamFeed { symbol: listed.symbol.clone(), feed: wire };
        let followers = self.market.followers.entry(wanted.clone()).or_default();
        let is_new = followers.is_empty();
        followers.insert(strategy, depth);
        if is_new && self.market_stream.is_live() {
            let owner = Owner::Follow(self.market_stream.generation());
            self.request(now, Call::Subscribe { feeds: vec![wanted] }, owner, Priority::Query);
        } else if is_new && self.members.values().all(|member| member.has_started) {
            // Where a handshake is under way already, the feed is asked for when it is over.
            self.open_market_stream(now);
        }
    }

    pub(super) fn open_market_stream(&mut self, now: Timestamp) {
        if self.market.has_feeds() {
            self.open_stream(now, StreamKind::Market);
        }
    }

    /// The market's socket stands. Feeds asked for after its handshake had been made are added.
    pub(super) fn market_opened(&mut self, now: Timestamp) {
        let feeds = self.market.feeds_since_handshake();
        if !feeds.is_empty() {
            let owner = Owner::Follow(self.market_stream.generation());
            self.request(now, Call::Subscribe { feeds }, owner, Priority::Query);
        }
    }

    pub(super) fn history(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        instrument: InstrumentId,
        interval: Interval,
        bars: u32,
    ) {
        let Some(listed) = self.instruments.get(&instrument) else {
            return;
        };
        let bars = bars.clamp(1, HISTORY_MAX);
        // One more than wanted: the last is still open.
        let call = Call::Bars {
            symbol: listed.symbol.clone(),
            interval,
            from: None,
            until: None,
            limit: bars + 1,
        };
        self.market.histories_missing.insert((strategy, instrument.clone(), interval));
        let owner = Owner::History { strategy, instrument, interval, bars };
        self.request(now, call, owner, Priority::Query);
    }

    pub(super) fn history_read(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        instrument: &InstrumentId,
        interval: Interval,
        bars: u32,
        read: Vec<Bar>,
    ) {
        let venue_now = self.clock.venue_time(now);
        let closed = read.into_iter().filter(|bar| bar.open_at + interval.duration() <= venue_now);
        let closed: Vec<_> = closed.map(|bar| Bar { is_closed: true, ..bar }).collect();
        let first = closed.len().saturating_sub(bars as usize);
        for bar in closed.into_iter().skip(first) {
            self.notify(strategy, Notice::Bar(instrument.clone(), bar));
        }
        self.market.history_done(strategy, instrument, interval);
    }

    pub(super) fn quoted(&mut self, symbol: &Symbol, quote: Quote) {
        self.tell_followers(symbol, Feed::Quote, |id| Notice::Quote(id, quote.clone()));
        self.quotes.insert(symbol.clone(), quote);
    }

    pub(super) fn traded(&mut self, symbol: &Symbol, trade: &Trade) {
        self.tell_followers(symbol, Feed::Trade, |id| Notice::Trade(id, trade.clone()));
    }

    pub(super) fn barred(&mut self, symbol: &Symbol, bar: &Bar) {
        self.tell_followers(symbol, Feed::Bar(bar.interval), |id| Notice::Bar(id, bar.clone()));
    }

    fn tell_followers(
        &mut self,
        symbol: &Symbol,
        feed: Feed,
        notice: impl Fn(InstrumentId) -> Notice,
    ) {
        let Some(id) = self.symbols.get(symbol).cloned() else {
            return;
        };
        for (strategy, _) in self.market.following(symbol, feed) {
            self.notify(strategy, notice(id.clone()));
        }
    }

    pub(super) fn book_changed(&mut self, now: Timestamp, symbol: &Symbol, delta: BookDelta) {
        if !self.symbols.contains_key(symbol) {
            return;
        }
        let book = self.market.books.entry(symbol.clone()).or_default();
        match book.change(delta) {
            BookState::Synced => self.tell_book(symbol),
            BookState::NeedsSnapshot => self.fetch_book(now, symbol, Duration::ZERO),
        }
    }

    fn fetch_book(&mut self, now: Timestamp, symbol: &Symbol, delay: Duration) {
        let owner = Owner::Depth(symbol.clone());
        if self.calls.is_waited_for(&owner) {
            return;
        }
        let call = Call::Depth { symbol: symbol.clone(), levels: BOOK_LEVELS };
        if delay.is_zero() {
            self.request(now, call, owner, Priority::Query);
        } else {
            let pending = PendingCall::new(now, call, owner, Priority::Query, now);
            self.requeue(now, pending, now + delay);
        }
    }

    pub(super) fn depth_read(&mut self, now: Timestamp, symbol: &Symbol, snapshot: &Book) {
        let Some(book) = self.market.books.get_mut(symbol) else {
            return;
        };
        match book.snapshot(snapshot) {
            BookState::Synced => {
                self.market.behind.remove(symbol);
                self.tell_book(symbol);
            }
            BookState::NeedsSnapshot => {
                // Older than the first change: the venue's read lags. It is asked again, soon at
                // first and then more and more seldom.
                let behind = self.market.behind.entry(symbol.clone()).or_default();
                *behind = behind.saturating_add(1);
                let delay = Backoff::READ.delay(*behind, &mut self.jitter) + BOOK_LAG_MIN;
                self.fetch_book(now, symbol, delay);
            }
        }
    }

    fn tell_book(&mut self, symbol: &Symbol) {
        let Some(id) = self.symbols.get(symbol).cloned() else {
            return;
        };
        for (strategy, depth) in self.market.following(symbol, Feed::Book(0)) {
            let top = self.market.books.get(symbol).map(|book| book.top(depth as usize));
            if let Some(top) = top {
                self.notify(strategy, Notice::Book(id.clone(), top));
            }
        }
    }
}
