//! Orders in doubt that a venue cannot be asked about any more, looked for in its lists.
//!
//! The open ones are read first, and then those that are over: an order that goes from the one list
//! to the other meanwhile is in the second.

use tradewind_model::call::{Call, HistoryStart};
use tradewind_model::id::{ClientOrderId, Symbol};
use tradewind_model::report::ExecutionReport;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Priority;

use super::doubt::{Doubt, Sought};
use super::verdict::MISSES_MIN;
use crate::engine::Engine;
use crate::engine::calls::{Owner, PendingCall};
use crate::engine::scanning::{CLOCK_DOUBT, PAGE};

impl Engine {
    /// Begins to read a symbol's orders, unless that is under way.
    pub(super) fn list_orders(&mut self, now: Timestamp, symbol: Symbol) {
        let owner = Owner::Listing(symbol.clone());
        if self.calls.of(|other| *other == owner).is_empty() {
            let call = Call::OpenOrders { symbol: Some(symbol) };
            self.request(now, call, owner, Priority::Query);
        }
    }

    /// One of the lists has been read.
    pub(in crate::engine) fn listed(
        &mut self,
        now: Timestamp,
        symbol: &Symbol,
        read: &PendingCall,
        orders: &[ExecutionReport],
    ) {
        for report in orders {
            let known = self.ledger.find(symbol, report.client_order_id, report.venue_order_id);
            if let Some(id) = known {
                self.take_in(now, id, report);
            }
        }
        let is_first = matches!(read.call, Call::OpenOrders { .. });
        let (from, to) = match is_first {
            true => (Sought::No, Sought::AmongOpen),
            false => (Sought::AmongOpen, Sought::Everywhere),
        };
        let mut since = None;
        for id in self.missed(symbol) {
            let Some(doubt) = self.doubt_mut(id).filter(|doubt| doubt.sought >= from) else {
                continue;
            };
            doubt.sought = to;
            since = Some(since.unwrap_or(Timestamp::MAX).min(doubt.sent_at));
            if !is_first {
                self.consider_verdict(now, id);
            }
        }
        if let Some(since) = since.filter(|_| is_first) {
            let since = Some(HistoryStart::Time(self.clock.venue_time(since - CLOCK_DOUBT)));
            let call = Call::OrderHistory { symbol: symbol.clone(), since, limit: PAGE };
            self.request(now, call, Owner::Listing(symbol.clone()), Priority::Query);
        }
    }

    /// Orders on a symbol that were missed as often as it takes.
    fn missed(&mut self, symbol: &Symbol) -> Vec<ClientOrderId> {
        let on_it = self.ledger.open().filter(|order| order.symbol == *symbol);
        let on_it: Vec<_> = on_it.map(|order| order.id).collect();
        let is_missed = |doubt: &Doubt| doubt.misses >= MISSES_MIN;
        on_it
            .into_iter()
            .filter(|id| self.doubt_mut(*id).is_some_and(|one| is_missed(one)))
            .collect()
    }
}
