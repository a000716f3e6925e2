//! A venue that was reset: it has forgotten what earlier lives know.
//!
//! Test networks begin anew every month or so: orders, trades and their numbers are gone. Whoever
//! went on would wait for ever for orders that nobody has, and take new trades for old ones, whose
//! numbers they repeat. So it is recognized, said once, and nothing is traded. It takes two things
//! together, each of which has other causes alone: not one order or trade that an earlier life
//! knew is known to the venue, at a time when its reads cannot lag behind any more; and its
//! numbers have gone back, so that there is nothing where ours were or above.

use std::collections::BTreeSet;

use tradewind_model::call::{Call, HistoryStart};
use tradewind_model::id::{ClientOrderId, Symbol};
use tradewind_model::report::ExecutionReport;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Priority;

use super::Engine;
use super::calls::Owner;
use crate::action::Failure;
use crate::incident::Incident;

/// What the venue should remember of earlier lives, and whether it does.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// What it does not know before this it may only not tell yet.
    pub(super) conclusive_from: Timestamp,
    /// Orders that rested when they were last heard of.
    rested: BTreeSet<ClientOrderId>,
    /// Those of them that it says it does not know.
    unknown: BTreeSet<ClientOrderId>,
    /// Symbols that were traded.
    traded: BTreeSet<Symbol>,
    /// Those of them whose last trade it does not list, nor any later one.
    forgotten: BTreeSet<Symbol>,
    /// It has told of something that an earlier life knew, or of something later.
    is_sound: bool,
    /// It is being asked whether its numbers have gone back.
    is_asked: bool,
}

impl Memory {
    /// An earlier life knew that an order rests.
    pub(super) fn rested(&mut self, id: ClientOrderId) {
        self.rested.insert(id);
    }

    /// An earlier life knew of trades.
    pub(super) fn traded(&mut self, symbol: &Symbol) {
        self.traded.insert(symbol.clone());
    }

    /// The venue has told of an order.
    pub(super) fn told_of(&mut self, id: ClientOrderId) {
        self.is_sound |= self.rested.contains(&id);
    }

    /// The venue has listed a trade that was known, or a later one.
    pub(super) const fn told_of_trade(&mut self) {
        self.is_sound = true;
    }
}

impl Engine {
    /// The venue does not know an order.
    pub(super) fn order_unknown(&mut self, now: Timestamp, id: ClientOrderId) {
        if now >= self.memory.conclusive_from && self.memory.rested.contains(&id) {
            self.memory.unknown.insert(id);
            self.consider_reset(now);
        }
    }

    /// The venue lists neither a symbol's last known trade nor any later one.
    pub(super) fn trades_forgotten(&mut self, now: Timestamp, symbol: &Symbol) {
        if self.config.manners.keeps_trades {
            self.memory.forgotten.insert(symbol.clone());
            self.consider_reset(now);
        }
    }

    fn consider_reset(&mut self, now: Timestamp) {
        let memory = &self.memory;
        let is_all_gone = memory.unknown == memory.rested && memory.forgotten == memory.traded;
        if memory.is_sound || memory.is_asked || self.startup.is_over() || !is_all_gone {
            return;
        }
        if !memory.forgotten.is_empty() {
            return self.was_reset();
        }
        // Nothing was ever traded: its list of our orders says how far its numbers go.
        let order = memory.rested.first().and_then(|id| self.ledger.order(*id));
        let Some((symbol, number)) =
            order.and_then(|order| Some((order.symbol.clone(), order.venue_order_id?)))
        else {
            return;
        };
        self.memory.is_asked = true;
        let (owner, since) = (Owner::Newest(symbol.clone()), Some(HistoryStart::Id(number)));
        let call = Call::OrderHistory { symbol, since, limit: 1 };
        self.request(now, call, owner, Priority::Query);
    }

    /// The orders have been read that are no older than one that rested.
    pub(super) fn newest_read(&mut self, orders: &[ExecutionReport]) {
        self.memory.is_asked = false;
        if orders.is_empty() {
            self.was_reset();
        } else {
            self.memory.is_sound = true;
        }
    }

    fn was_reset(&mut self) {
        let (venue, orders) = (self.config.route.venue, self.memory.rested.len());
        self.tell(Incident::VenueReset { venue, orders });
        self.fail(Failure::VenueReset { venue });
    }
}
