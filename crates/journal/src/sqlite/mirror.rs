//! What the tables come to, kept in memory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rusqlite::Connection;
use tradewind_engine::journal::{Applied, OrderRecord, Record, Recovered, TurnoverKey};
use tradewind_model::id::{AccountId, ClientOrderId, Minted, Symbol, VenueId};

use super::fault::Fault;
use super::read;

/// Orders that are over and still at hand, so that late news of them costs no look into the
/// database; as many as an engine remembers.
pub(crate) const CLOSED_MAX: usize = 10_000;

/// The tables' contents, but for orders that are over for long.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    pub(super) known: Recovered,
    /// The names of `known.closed`, the oldest first; some may be open again.
    closed: VecDeque<ClientOrderId>,
    /// The highest name of each slot: what is higher was never recorded.
    highest: BTreeMap<u16, Minted>,
    pub(super) changed: Changed,
}

/// Rows that are written once at the end of a transaction, however often they change in it.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) turnovers: BTreeSet<TurnoverKey>,
    pub(super) last_trades: BTreeSet<(VenueId, AccountId, Symbol)>,
    pub(super) slots: BTreeSet<u16>,
}

/// Where an order's row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere at hand.
    Unknown,
    /// Among those that are not over.
    Live,
    /// Among those that are.
    Closed,
}

impl Mirror {
    pub(super) fn new(known: Recovered) -> Self {
        let ended = |order: &OrderRecord| order.over.as_ref().map(|over| over.at);
        let mut closed: Vec<_> = known.closed.iter().map(|(id, one)| (ended(one), *id)).collect();
        closed.sort_unstable();
        let closed = closed.into_iter().map(|(_, id)| id).collect();
        let marks = known
            .slots
            .iter()
            .map(|(&slot, mark)| (slot, Minted { slot, started: mark.started, count: mark.below }));
        Self { closed, highest: marks.collect(), changed: Changed::default(), known }
    }

    pub(super) fn place(&self, id: ClientOrderId) -> Place {
        if self.known.orders.contains_key(&id) {
            Place::Live
        } else if self.known.closed.contains_key(&id) {
            Place::Closed
        } else {
            Place::Unknown
        }
    }

    /// Whether there may be an order of this name that is over and not at hand. New names are
    /// higher than all before, so that they are not looked for.
    fn may_be_filed(&self, id: ClientOrderId) -> bool {
        let is_new = id.minted().is_some_and(|minted| {
            self.highest.get(&minted.slot).is_none_or(|highest| minted > *highest)
        });
        !is_new && self.place(id) == Place::Unknown
    }

    /// Takes an order back in that is over and only in the database, if this is one.
    pub(super) fn recall(
        &mut self,
        connection: &Connection,
        id: ClientOrderId,
    ) -> Result<(), Fault> {
        if self.may_be_filed(id)
            && let Some(order) = read::closed_order(connection, id)?
        {
            self.known.closed.insert(id, order);
            self.closed.push_back(id);
        }
        Ok(())
    }

    /// Takes in a record that is in no table yet.
    pub(super) fn take_in(
        &mut self,
        connection: &Connection,
        record: &Record,
    ) -> Result<(), Fault> {
        if let Some(id) = record.entry.client_order_id() {
            self.recall(connection, id)?;
        }
        self.apply(record);
        Ok(())
    }

    /// Takes in a record, and notes what of it is written at the end of the transaction.
    pub(super) fn apply(&mut self, record: &Record) -> Applied {
        let Some(id) = record.entry.client_order_id() else { return self.known.apply(record) };
        let minted = id.minted();
        let mark = |known: &Recovered| minted.and_then(|it| known.slots.get(&it.slot).copied());
        let (mark_before, place_before) = (mark(&self.known), self.place(id));
        let applied = self.known.apply(record);
        if let Some(minted) = minted
            && mark(&self.known) != mark_before
        {
            self.changed.slots.insert(minted.slot);
        }
        if let (Some(minted), Applied::NewOrder) = (minted, applied) {
            let highest = self.highest.entry(minted.slot).or_insert(minted);
            *highest = minted.max(*highest);
        }
        if place_before == Place::Live && self.place(id) == Place::Closed {
            self.closed.push_back(id);
        }
        applied
    }

    /// Forgets the oldest of the orders that are over, when there are many.
    pub(super) fn forget_oldest(&mut self) {
        let is_full = |mirror: &Self| {
            // Names of orders that were removed, or closed twice, take room as well.
            mirror.known.closed.len() > CLOSED_MAX || mirror.closed.len() > 2 * CLOSED_MAX
        };
        while is_full(self)
            && let Some(oldest) = self.closed.pop_front()
        {
            self.known.closed.remove(&oldest);
        }
    }

    /// Forgets an order that was removed.
    pub(super) fn remove(&mut self, id: ClientOrderId) {
        self.known.closed.remove(&id);
    }
}
