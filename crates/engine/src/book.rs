//! An order book kept from a snapshot and the changes since.
//!
//! The changes are numbered without gaps. They are subscribed to first and held back; then a
//! snapshot is read; then every change that the snapshot does not contain yet is applied, and the
//! first of those must reach back to it. A gap afterwards means that a change was lost and the
//! book with it (web-socket-streams.md, "How to manage a local order book correctly", as corrected
//! 2025-11-12, read 2026-11).

mod checksum;

use std::collections::{BTreeMap, VecDeque};

use tradewind_model::market::{Book, BookDelta, Level};
use tradewind_model::money::{Price, Quantity};
use tradewind_model::time::Timestamp;

/// Changes held back while a snapshot is on its way; with ten a second, about a minute.
const HELD_BACK_MAX: usize = 600;

/// A book of one symbol.
#[derive(Clone, Debug, Default)]
pub struct LocalBook {
    bids: BTreeMap<Price, Quantity>,
    asks: BTreeMap<Price, Quantity>,
    last_update_id: u64,
    at: Timestamp,
    is_synced: bool,
    held_back: VecDeque<BookDelta>,
    /// What was told last by a stream that begins with the whole book: whether it was whole, and its
    /// numbers.
    told_last: Option<(bool, u64, u64)>,
}

/// What a book needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookState {
    /// It is whole.
    Synced,
    /// A snapshot is missing, or the last one was too old: ask for one.
    NeedsSnapshot,
}

impl LocalBook {
    /// An empty book, waiting for changes and a snapshot.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a change, which may come from a second stream of the same, goes on where the book
    /// is.
    #[must_use]
    pub fn is_continued_by(&self, delta: &BookDelta) -> bool {
        self.is_synced
            && delta.last_update_id > self.last_update_id
            && delta.first_update_id <= self.last_update_id + 1
    }

    /// Whether a change is in the book already, or waits to be.
    #[must_use]
    pub fn has_seen(&self, delta: &BookDelta) -> bool {
        let held_back = self.held_back.back().map(|held| held.last_update_id);
        let newest = if self.is_synced { Some(self.last_update_id) } else { held_back };
        newest.is_some_and(|newest| delta.last_update_id <= newest)
    }

    /// Takes in a change.
    pub fn change(&mut self, delta: BookDelta) -> BookState {
        if !self.is_synced {
            if self.held_back.len() == HELD_BACK_MAX {
                self.held_back.pop_front();
            }
            self.held_back.push_back(delta);
            return BookState::NeedsSnapshot;
        }
        if delta.last_update_id <= self.last_update_id {
            return BookState::Synced;
        }
        if delta.first_update_id > self.last_update_id + 1 {
            self.reset();
            self.held_back.push_back(delta);
            return BookState::NeedsSnapshot;
        }
        self.apply(&delta);
        BookState::Synced
    }

    /// Takes in a snapshot. It will not do when it is older than the first change that was held
    /// back; then another is needed.
    pub fn snapshot(&mut self, book: &Book) -> BookState {
        if let Some(first) = self.held_back.front()
            && book.last_update_id + 1 < first.first_update_id
        {
            return BookState::NeedsSnapshot;
        }
        self.bids = book.bids.iter().copied().collect();
        self.asks = book.asks.iter().copied().collect();
        self.last_update_id = book.last_update_id;
        self.at = book.at;
        self.is_synced = true;
        let held_back = std::mem::take(&mut self.held_back);
        let mut state = BookState::Synced;
        for delta in held_back {
            state = self.change(delta);
        }
        state
    }

    /// Takes in what a stream tells that begins with the whole book. A book that does not follow
    /// what came before it, or comes out otherwise than at the venue, is thrown away; it begins anew
    /// with the next whole one.
    pub fn told(&mut self, delta: &BookDelta) -> BookState {
        self.told_last = Some(numbers(delta));
        if delta.is_whole {
            self.reset();
            self.is_synced = true;
        } else if !self.is_synced {
            return BookState::NeedsSnapshot;
        } else if delta.last_update_id <= self.last_update_id {
            return BookState::Synced;
        }
        let is_next = delta.is_whole || delta.first_update_id <= self.last_update_id + 1;
        self.apply(delta);
        if is_next && delta.checksum.is_none_or(|told| checksum::is_of(told, self)) {
            return BookState::Synced;
        }
        self.reset();
        BookState::NeedsSnapshot
    }

    /// Whether a stream that begins with the whole book has told this last, and says nothing new by
    /// telling it again.
    #[must_use]
    pub fn is_repeated(&self, delta: &BookDelta) -> bool {
        // A whole one that is asked for anew may have the number of the last.
        self.told_last == Some(numbers(delta)) && (self.is_synced || !delta.is_whole)
    }

    /// Throws everything away: the stream was interrupted.
    pub fn reset(&mut self) {
        *self = Self { told_last: self.told_last, ..Self::default() };
    }

    /// Whether the book is whole.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.is_synced
    }

    /// The levels of each side, the best first.
    fn levels(&self) -> (impl Iterator<Item = Level>, impl Iterator<Item = Level>) {
        (self.bids.iter().rev().map(level), self.asks.iter().map(level))
    }

    /// The best `depth` levels of each side.
    #[must_use]
    pub fn top(&self, depth: usize) -> Book {
        Book {
            bids: self.bids.iter().rev().take(depth).map(level).collect(),
            asks: self.asks.iter().take(depth).map(level).collect(),
            last_update_id: self.last_update_id,
            at: self.at,
        }
    }

    fn apply(&mut self, delta: &BookDelta) {
        for (side, levels) in [(&mut self.bids, &delta.bids), (&mut self.asks, &delta.asks)] {
            for (price, qty) in levels {
                // Taking away a level that is not there is normal: it lay outside the snapshot.
                if qty.is_zero() {
                    side.remove(price);
                } else {
                    // The digits may be others, and a checksum is of digits.
                    side.remove(price);
                    side.insert(*price, *qty);
                }
            }
        }
        self.last_update_id = delta.last_update_id;
        self.at = delta.at;
    }
}

const fn numbers(delta: &BookDelta) -> (bool, u64, u64) {
    (delta.is_whole, delta.first_update_id, delta.last_update_id)
}

fn level((price, qty): (&Price, &Quantity)) -> Level {
    (*price, *qty)
}

#[cfg(test)]
mod tests;
