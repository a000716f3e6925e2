//! Feeds: who follows what, and what each is told.
//!
//! While a stream is rotated two sockets tell the same: a trade, a bar and a change of a book are
//! told once, whoever tells them first, and of quotes the socket's that carries the stream.

mod pulse;
mod renewing;
mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tradewind_model::call::{Call, StreamFeed};
use tradewind_model::id::{InstrumentId, StrategyId, Symbol};
use tradewind_model::manners::FeedsAsked;
use tradewind_model::market::{Bar, Book, BookDelta, Interval, Quote, Trade};
use tradewind_model::money::Price;
use tradewind_model::notice::Notice;
use tradewind_model::stream::{Feed, StreamKind};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Backoff, Priority};

use super::Engine;
use super::calls::{Owner, PendingCall};
use super::streams::Place;
use crate::book::{BookState, LocalBook};
use pulse::Pulse;
use seen::SeenTrades;

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
    /// Trades that were told.
    seen: BTreeMap<Symbol, SeenTrades>,
    /// The last bar of each length that was told.
    bars: BTreeMap<(Symbol, Interval), Bar>,
    /// What a socket that is to take over has quoted last.
    successors_quotes: BTreeMap<Symbol, Quote>,
    /// The books that such a socket has told, where books come from the stream.
    successors_books: BTreeMap<Symbol, LocalBook>,
    /// How often the stream says something new.
    pub(super) pulse: Pulse,
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

    /// A handshake is made that asks for nothing.
    pub(super) fn handshake_asks_nothing(&mut self) {
        self.in_handshake.clear();
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

    /// The stream was interrupted: what comes next need not follow what came last.
    pub(super) fn begin_anew(&mut self) {
        self.books.values_mut().for_each(LocalBook::reset);
        self.seen.clear();
        self.forget_successor();
    }

    /// The socket that was to take over does not.
    pub(super) fn forget_successor(&mut self) {
        self.successors_quotes.clear();
        self.successors_books.clear();
    }

    /// A symbol whose best prices are followed, so that they can be compared with the venue's.
    pub(super) fn comparable(&self, quotes: &BTreeMap<Symbol, Quote>) -> Option<Symbol> {
        let mut telling = self.followers.keys().filter(|feed| Engine::tells_best(feed.feed));
        telling
            .find_map(|feed| self.best(&feed.symbol, quotes).is_some().then(|| feed.symbol.clone()))
    }

    /// The best prices of a symbol as they were last told.
    pub(super) fn best(
        &self,
        symbol: &Symbol,
        quotes: &BTreeMap<Symbol, Quote>,
    ) -> Option<(Price, Price)> {
        let quoted = quotes.get(symbol).map(|quote| (quote.bid, quote.ask));
        quoted.or_else(|| {
            let top = self.books.get(symbol).filter(|book| book.is_synced())?.top(1);
            Some((top.bids.first()?.0, top.asks.first()?.0))
        })
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
        let standing: Vec<_> = self.market_stream.standing().collect();
        if is_new && !standing.is_empty() {
            for generation in standing {
                self.follow(now, generation, vec![wanted.clone()]);
            }
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

    /// A socket stands. Feeds asked for after its handshake had been made are added; true when
    /// there are any.
    pub(super) fn follow_the_rest(&mut self, now: Timestamp, generation: u32) -> bool {
        let feeds = self.market.feeds_since_handshake();
        let is_asked = !feeds.is_empty();
        if is_asked {
            self.follow(now, generation, feeds);
        }
        is_asked
    }

    /// Asks for feeds on a socket that stands. What waits already for the same socket is asked for
    /// in the same message: a socket takes few of them. Some of those are kept for this, whatever
    /// books let go again and again have used up: who follows no market trades none.
    fn follow(&mut self, now: Timestamp, generation: u32, mut feeds: Vec<StreamFeed>) {
        let owner = Owner::Follow(generation);
        for call in self.calls.of(|of| *of == owner) {
            let waiting = self.calls.get(call).map(|pending| pending.call.clone());
            if let Some(Call::Subscribe { feeds: earlier }) = waiting
                && self.withdraw(call)
            {
                feeds.splice(0..0, earlier);
            }
        }
        let most = match self.config.manners.feeds {
            FeedsAsked::InHandshake => feeds.len(),
            FeedsAsked::ByMessage(most) => most,
        };
        for some in feeds.chunks(most.max(1)) {
            let call = Call::Subscribe { feeds: some.to_vec() };
            self.request(now, call, owner.clone(), Priority::Critical);
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

    /// A quote. True when it says something new.
    pub(super) fn quoted(&mut self, place: Place, symbol: &Symbol, quote: Quote) -> bool {
        if place == Place::Successor {
            self.market.successors_quotes.insert(symbol.clone(), quote);
            return true;
        }
        let is_new = self.quotes.get(symbol).is_none_or(|known| !is_same(known, &quote));
        if is_new {
            self.tell_followers(symbol, Feed::Quote, |id| Notice::Quote(id, quote.clone()));
            self.quotes.insert(symbol.clone(), quote);
        }
        is_new
    }

    /// The socket that has told these carries the stream from now on.
    pub(super) fn take_successors_news(&mut self) {
        self.take_successors_books();
        for (symbol, quote) in std::mem::take(&mut self.market.successors_quotes) {
            self.quoted(Place::Current, &symbol, quote);
        }
    }

    /// A trade. True when it was not told yet.
    pub(super) fn traded(&mut self, symbol: &Symbol, trade: &Trade) -> bool {
        if !self.symbols.contains_key(symbol) {
            return false;
        }
        let is_new = self.market.seen.entry(symbol.clone()).or_default().note(trade.id);
        if is_new {
            self.tell_followers(symbol, Feed::Trade, |id| Notice::Trade(id, trade.clone()));
        }
        is_new
    }

    /// A bar. True when it is further than the last that was told.
    pub(super) fn barred(&mut self, symbol: &Symbol, bar: &Bar) -> bool {
        if !self.symbols.contains_key(symbol) {
            return false;
        }
        let key = (symbol.clone(), bar.interval);
        let known = self.market.bars.get(&key);
        let is_new = known.is_none_or(|known| is_further(bar, known));
        if is_new {
            self.close_bar_before(symbol, bar);
            self.tell_followers(symbol, Feed::Bar(bar.interval), |id| Notice::Bar(id, bar.clone()));
            self.market.bars.insert(key, bar.clone());
        }
        is_new
    }

    /// The next bar has begun at a venue that does not say when one is over: the one before it is
    /// over as it was told last.
    fn close_bar_before(&mut self, symbol: &Symbol, bar: &Bar) {
        let known = self.market.bars.get(&(symbol.clone(), bar.interval));
        let is_open = |known: &&Bar| !known.is_closed && known.open_at < bar.open_at;
        if let Some(last) = known.filter(|_| !self.config.manners.closes_bars).filter(is_open) {
            let closed = Bar { is_closed: true, ..last.clone() };
            let feed = Feed::Bar(bar.interval);
            self.tell_followers(symbol, feed, |id| Notice::Bar(id, closed.clone()));
        }
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

    /// A change of a book. True when it was not told yet.
    pub(super) fn book_changed(
        &mut self,
        now: Timestamp,
        place: Place,
        symbol: &Symbol,
        delta: BookDelta,
    ) -> bool {
        if !self.symbols.contains_key(symbol) {
            return false;
        }
        let book = self.market.books.entry(symbol.clone()).or_default();
        // Of what goes further than the socket has come that carries the stream, that one tells.
        if place == Place::Successor && !book.is_continued_by(&delta) || book.has_seen(&delta) {
            return false;
        }
        match book.change(delta) {
            BookState::Synced => self.tell_book(symbol),
            BookState::NeedsSnapshot => self.fetch_book(now, symbol, Duration::ZERO),
        }
        true
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

    pub(super) fn tell_book(&mut self, symbol: &Symbol) {
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

/// Whether two quotes say the same: when they came makes no difference.
fn is_same(one: &Quote, other: &Quote) -> bool {
    let said = |quote: &Quote| (quote.bid, quote.bid_qty, quote.ask, quote.ask_qty);
    said(one) == said(other)
}

/// Whether a bar is further than another of its length: later, or the same with more in it.
fn is_further(bar: &Bar, known: &Bar) -> bool {
    if bar.open_at != known.open_at {
        return bar.open_at > known.open_at;
    }
    !known.is_closed && bar != known && bar.volume >= known.volume
}
