//! What the strategy wished for, and when: the one half of a wait that the venue cannot know.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tradewind::prelude::{ClientOrderId, Denied, Timestamp};

/// A book of wishes that the strategy writes and the report reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    book: Arc<Mutex<Book>>,
}

/// What is written in it.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// When each order was wished for.
    pub(crate) orders: BTreeMap<ClientOrderId, Timestamp>,
    /// When each cancel was wished for.
    pub(crate) cancels: BTreeMap<ClientOrderId, Timestamp>,
    /// Orders that never left, by what the strategy was told.
    pub(crate) denied: BTreeMap<&'static str, u64>,
}

impl Wishes {
    pub(crate) fn order(&self, id: ClientOrderId, now: Timestamp) {
        self.book().orders.insert(id, now);
    }

    pub(crate) fn cancel(&self, id: ClientOrderId, now: Timestamp) {
        self.book().cancels.entry(id).or_insert(now);
    }

    pub(crate) fn denied(&self, denied: &Denied) {
        *self.book().denied.entry(name(denied)).or_default() += 1;
    }

    /// The book, as it stands.
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn name(denied: &Denied) -> &'static str {
    match denied {
        Denied::UnknownInstrument(_) => "unknown_instrument",
        Denied::Filter(_) => "filter",
        Denied::InsufficientBalance { .. } => "insufficient_balance",
        Denied::NotOpen(_) => "not_open",
        Denied::DuplicateId(_) => "duplicate_id",
        Denied::Full(_) => "full",
        Denied::Deadline { .. } => "deadline",
        Denied::NotTaken(_) => "not_taken",
        Denied::NeverFits(_) => "never_fits",
        Denied::RefusedAlike { .. } => "refused_alike",
        Denied::NotPlaced => "not_placed",
        Denied::Recalled => "recalled",
        Denied::NotLower { .. } => "not_lower",
        Denied::Unresolved(_) => "unresolved",
        Denied::Unrecorded(_) => "unrecorded",
        Denied::Forbidden { .. } => "forbidden",
        Denied::ReduceOnly { .. } => "reduce_only",
        Denied::Limit { .. } => "limit",
        Denied::CutOff(_) => "cut_off",
        Denied::Closed(_) => "closed",
        Denied::Unsupported(_) => "unsupported",
    }
}
