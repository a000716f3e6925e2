//! What is told when an order is gone and something that was to be there instead is not.

use tradewind_model::id::ClientOrderId;
use tradewind_model::money::Quantity;
use tradewind_model::notice::Notice;
use tradewind_model::order::OrderState;
use tradewind_model::setback::Setback;
use tradewind_model::time::Timestamp;

use crate::engine::Engine;
use crate::incident::Incident;
use crate::order::Order;

/// An order that was to come in another's stead and will not.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Lost {
    id: ClientOrderId,
    /// Whether the other was canceled for its sake.
    is_cause: bool,
}

/// Whether an order has left the venue before all of it had traded.
const fn is_gone(order: &Order) -> bool {
    matches!(order.state, OrderState::Canceled | OrderState::Expired)
}

impl Engine {
    /// An order is over that had come, or was to come, in another's stead.
    pub(in crate::engine) fn successor_ended(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        first: ClientOrderId,
    ) {
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        // A venue may give a number to an order that it refuses.
        let is_refused = matches!(order.state, OrderState::Denied | OrderState::Rejected);
        let was_never_there = is_refused || order.venue_order_id.is_none();
        let is_ruled_out = order.is_ruled_out;
        let is_unwanted = order.is_cancel_wanted || order.state == OrderState::Canceled;
        let has_left = order.sent_at.is_some();
        if !was_never_there {
            return;
        }
        if let Some(watch) = self.watches.get_mut(&first)
            && watch.successor.as_ref().is_some_and(|successor| successor.id == id)
            && let Some(successor) = watch.successor.take()
        {
            let is_cause = !successor.is_swap;
            if !is_unwanted && (is_cause || has_left) {
                watch.lost = Some(Lost { id, is_cause });
            }
        }
        if is_unwanted {
            return;
        }
        if self.watches.contains_key(&first) {
            if is_ruled_out {
                self.ask(now, first);
            }
        } else {
            self.tell_unreplaced(first, Lost { id, is_cause: true });
        }
    }

    /// An order is over: it may have been the last that there was.
    pub(in crate::engine) fn consider_protection(&mut self, id: ClientOrderId, lost: Option<Lost>) {
        if let Some(lost) = lost {
            self.tell_unreplaced(id, lost);
            return;
        }
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let is_lost = order.kind.is_protection()
            && order.link.half().is_none()
            && is_gone(order)
            && !order.is_cancel_wanted
            && order.venue_order_id.is_some();
        if is_lost {
            let left = order.qty.saturating_sub(order.cum_qty);
            self.tell_unprotected(id, left);
        }
    }

    /// One of a pair is over. When both are, and not all that one of them was to trade has traded,
    /// nothing stops the loss any more.
    pub(in crate::engine) fn half_over(&mut self, id: ClientOrderId, other: ClientOrderId) {
        let (Some(one), Some(two)) = (self.ledger.order(id), self.ledger.order(other)) else {
            return;
        };
        let both = [one, two];
        let was_placed = both.iter().all(|order| order.venue_order_id.is_some());
        let are_over = both.iter().all(|order| is_gone(order) || order.state == OrderState::Filled);
        if !are_over || !was_placed || both.iter().any(|order| order.is_cancel_wanted) {
            return;
        }
        let stop = if one.kind.is_protection() { one } else { two };
        let left = stop.qty.saturating_sub(one.cum_qty + two.cum_qty);
        self.tell_unprotected(stop.id, left);
    }

    fn tell_unreplaced(&mut self, first: ClientOrderId, lost: Lost) {
        let (Some(gone), Some(wanted)) = (self.ledger.order(first), self.ledger.order(lost.id))
        else {
            return;
        };
        let left = gone.qty.saturating_sub(gone.cum_qty);
        let is_for_its_sake = lost.is_cause || !gone.is_cancel_wanted;
        if !is_gone(gone) || left.is_zero() || !is_for_its_sake {
            return;
        }
        let setback = Setback::Unreplaced {
            instrument: gone.instrument.clone(),
            gone: first,
            wanted: lost.id,
            left,
            was_protection: gone.kind.is_protection(),
            reason: wanted.reason.clone().unwrap_or_default(),
        };
        self.tell_setback(first, setback);
    }

    fn tell_unprotected(&mut self, id: ClientOrderId, left: Quantity) {
        let Some(order) = self.ledger.order(id).filter(|_| !left.is_zero()) else {
            return;
        };
        let reason = order.reason.clone().unwrap_or_else(|| format!("it is {}", order.state));
        let instrument = order.instrument.clone();
        self.tell_setback(
            id,
            Setback::Unprotected { instrument, client_order_id: id, left, reason },
        );
    }

    /// Tells the strategy that an order is of, and the operator where a loss is not stopped any
    /// more. Before strategies have begun it is kept for their beginning.
    pub(in crate::engine) fn tell_setback(&mut self, id: ClientOrderId, setback: Setback) {
        let Some(strategy) = self.ledger.order(id).map(|order| order.strategy) else {
            return;
        };
        if setback.loses_protection() {
            self.tell(Incident::ProtectionLost { setback: Box::new(setback.clone()) });
        }
        if self.has_begun_strategies() {
            self.notify(strategy, Notice::Setback(Box::new(setback)));
        } else {
            self.keep_setback(strategy, setback);
        }
    }
}
