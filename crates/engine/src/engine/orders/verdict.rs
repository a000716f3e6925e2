//! The verdict that the venue never had an order.
//!
//! It takes all of these, because each alone has been seen to be wrong: the request would be
//! refused for its age by now, and the venue is done with whatever it takes at the most to work on
//! one; two answers in a row, a second apart at least, know no such order; no trade is left that
//! could be the order's, since the account's stream has stood from before the send, or every trade
//! since then was read and its order's name with it; and when the order is not wanted any more, the
//! matching engine itself had nothing to cancel. Past the time for which a venue knows orders by our
//! names its answer proves nothing, and they have to be in none of its lists, which go back further.
//!
//! Then the verdict is durable before anybody hears of it, and nothing is sent again but what
//! `resending` is allowed to. Should the order turn up all the same, it is taken in, what is left of
//! it is canceled, and somebody is woken.

use tradewind_model::call::{Call, OrderRef};
use tradewind_model::id::ClientOrderId;
use tradewind_model::notice::Notice;
use tradewind_model::order::{Denied, OrderState};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Priority;

use super::doubt::Sought;
use crate::engine::Engine;
use crate::engine::calls::Owner;
use crate::incident::Incident;

/// Answers in a row that know no such order.
pub(super) const MISSES_MIN: u32 = 2;

impl Engine {
    /// Looks whether an order in doubt can be ruled out, and does what is missing for it.
    pub(in crate::engine) fn consider_verdict(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let doubt = self.watches.get(&id).and_then(|watch| watch.doubt.as_ref());
        let Some(doubt) = doubt.filter(|_| order.state == OrderState::InDoubt) else {
            return;
        };
        if doubt.misses < MISSES_MIN || doubt.exists || doubt.is_deciding {
            return;
        }
        let age = now.since(order.created_at);
        if age >= self.config.lookup.horizon && doubt.sought != Sought::Everywhere {
            if age < self.config.lookup.listed {
                let symbol = order.symbol.clone();
                self.list_orders(now, symbol);
            }
            return;
        }
        if order.link.half().is_some_and(|(_, other)| self.may_be_there(other)) {
            return;
        }
        if order.is_cancel_wanted && !doubt.is_cancel_refused {
            self.cancel_doubted(now, id);
            return;
        }
        let sent_at = doubt.sent_at;
        if !doubt.is_scanned && !self.account_stream.has_stood_since(sent_at) {
            let symbol = order.symbol.clone();
            self.scan_since(now, &symbol, sent_at);
            return;
        }
        let reason = format!("not found {} times, and no trade of it", doubt.misses);
        if let Some(doubt) = self.doubt_mut(id) {
            doubt.is_deciding = true;
        }
        self.rule_out(now, id, reason);
    }

    /// Whether the other half of a pair is there, or was not missed as often as it takes.
    fn may_be_there(&self, other: ClientOrderId) -> bool {
        let order = self.ledger.order(other);
        let doubt = self.watches.get(&other).and_then(|watch| watch.doubt.as_ref());
        match (order.map(|order| order.state), doubt) {
            (Some(OrderState::InDoubt), Some(doubt)) => doubt.misses < MISSES_MIN || doubt.exists,
            (Some(OrderState::Denied | OrderState::Rejected) | None, _) => false,
            (Some(_), _) => true,
        }
    }

    /// Asks the matching engine to cancel an order of which nobody knows whether it is there.
    fn cancel_doubted(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let (symbol, order) = (order.symbol.clone(), OrderRef::Client(id));
        let Some(watch) = self.watches.get(&id).filter(|watch| watch.cancel.is_none()) else {
            return;
        };
        let (call, tries) = (Call::CancelOrder { symbol, order }, watch.cancel_tries);
        let call = self.request_again(now, call, Owner::Cancel(id), Priority::Critical, tries);
        self.track(call);
    }

    /// The matching engine had no such order to cancel.
    pub(in crate::engine) fn nothing_to_cancel(&mut self, now: Timestamp, id: ClientOrderId) {
        if let Some(doubt) = self.doubt_mut(id)
            && now >= doubt.conclusive_from
        {
            doubt.is_cancel_refused = true;
            self.consider_verdict(now, id);
        }
    }

    /// The verdict is durable: the order is over.
    pub(in crate::engine) fn ruled_out(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        if order.state != OrderState::InDoubt {
            // It has turned up meanwhile, which is written down behind the verdict.
            return;
        }
        if self.resend(now, id) {
            return;
        }
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        let denied = Denied::NotPlaced;
        order.state = OrderState::Denied;
        order.is_ruled_out = true;
        order.reason = Some(denied.to_string());
        order.updated_at = now;
        let (strategy, update) = (order.strategy, order.update(None, Some(denied)));
        self.counters.orders_not_placed += 1;
        self.tell(Incident::NotPlaced { client_order_id: id });
        self.notify(strategy, Notice::Order(Box::new(update)));
        self.end(now, id);
    }

    /// The verdict could not be written down: the order stays in doubt, and is asked about.
    pub(in crate::engine) fn not_ruled_out(&mut self, id: ClientOrderId) {
        if let Some(doubt) = self.doubt_mut(id) {
            doubt.is_deciding = false;
            doubt.misses = 0;
        }
    }

    /// An order that was ruled out has turned up: what is left of it is not wanted any more.
    pub(in crate::engine) fn turned_up(&mut self, id: ClientOrderId) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        order.is_ruled_out = false;
        order.is_cancel_wanted = true;
        self.counters.orders_turned_up += 1;
        self.tell(Incident::TurnedUp { client_order_id: id });
    }
}
