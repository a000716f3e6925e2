//! Books that come from the stream itself: whole at first, then what changes.
//!
//! A book that has a gap, or another checksum than the venue's, is asked for anew: its feed is let
//! go and followed again, which brings the whole of it. That costs two of the few messages that a
//! socket may be sent in an hour, so it is done at once the first time and then more and more
//! seldom, until a change has gone well. Each socket numbers its changes in its own way, so the
//! books of one that is to take another's place are kept apart until it does.

use tradewind_model::call::{Call, StreamFeed};
use tradewind_model::id::Symbol;
use tradewind_model::manners::BookSource;
use tradewind_model::market::BookDelta;
use tradewind_model::stream::Feed;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Backoff, Priority};

use crate::book::BookState;
use crate::engine::Engine;
use crate::engine::calls::{Owner, PendingCall};
use crate::engine::streams::Place;

impl Engine {
    /// A book, or a change of one. True when it says something new.
    pub(in crate::engine) fn book_told(
        &mut self,
        now: Timestamp,
        place: Place,
        generation: u32,
        symbol: &Symbol,
        delta: &BookDelta,
    ) -> bool {
        if !self.symbols.contains_key(symbol) {
            return false;
        }
        let books = match place {
            Place::Current => &mut self.market.books,
            Place::Successor => &mut self.market.successors_books,
        };
        let book = books.entry(symbol.clone()).or_default();
        if book.is_repeated(delta) {
            return false;
        }
        let state = book.told(delta);
        match (state, place) {
            (BookState::Synced, Place::Current) => self.tell_book(symbol),
            (BookState::Synced, Place::Successor) => {}
            (BookState::NeedsSnapshot, _) => self.renew_book(now, generation, symbol),
        }
        if state == BookState::Synced && !delta.is_whole {
            self.market.behind.remove(symbol);
        }
        true
    }

    /// Lets a book's feed go, to ask for it anew.
    fn renew_book(&mut self, now: Timestamp, generation: u32, symbol: &Symbol) {
        let owner = Owner::Renew(generation, symbol.clone());
        let feed = book_of(symbol);
        let is_on_its_way =
            self.calls.is_waited_for(&owner) || self.is_asked_for(generation, &feed);
        if is_on_its_way {
            return;
        }
        self.counters.books_renewed += 1;
        let tries = self.market.behind.entry(symbol.clone()).or_default();
        let failures = std::mem::replace(tries, tries.saturating_add(1));
        let call = Call::Unsubscribe { feeds: vec![feed] };
        if failures == 0 {
            self.request(now, call, owner, Priority::Query);
        } else {
            let at = Backoff::STREAM.again_at(now, failures - 1, None, &mut self.jitter);
            let pending = PendingCall::new(now, call, owner, Priority::Query, at);
            self.requeue(now, pending, at);
        }
    }

    /// Whether a feed has been asked for on a socket and not been granted yet.
    fn is_asked_for(&self, generation: u32, feed: &StreamFeed) -> bool {
        let follows = self.calls.of(|owner| *owner == Owner::Follow(generation));
        follows.into_iter().any(|call| {
            let pending = self.calls.get(call).map(|pending| &pending.call);
            matches!(pending, Some(Call::Subscribe { feeds }) if feeds.contains(feed))
        })
    }

    /// A book's feed has been let go: it is asked for, and begins with the whole of it.
    pub(in crate::engine) fn book_let_go(
        &mut self,
        now: Timestamp,
        generation: u32,
        symbol: Symbol,
    ) {
        if self.market_stream.is_current(generation) {
            self.follow(now, generation, vec![book_of(&symbol)]);
        }
    }

    /// The socket that has told these books carries the stream from now on. Those that it has not
    /// told are none: its numbers say nothing of how old what was known is.
    pub(super) fn take_successors_books(&mut self) {
        if self.config.manners.books == BookSource::Snapshot {
            return;
        }
        self.market.books = std::mem::take(&mut self.market.successors_books);
        let synced = self.market.books.iter().filter(|(_, book)| book.is_synced());
        let synced: Vec<Symbol> = synced.map(|(symbol, _)| symbol.clone()).collect();
        for symbol in synced {
            self.tell_book(&symbol);
        }
    }
}

fn book_of(symbol: &Symbol) -> StreamFeed {
    StreamFeed { symbol: symbol.clone(), feed: Feed::Book(0) }
}
