//! Sending an order once more, by itself, after the verdict that the venue never had it.
//!
//! Off unless a strategy allows it for an order, and then for that order once. It is the same wish
//! under the same name: should the verdict be wrong, the venue refuses the second try for its name,
//! and the first is adopted. What a second try must never do is trade twice, so that only what can
//! do nothing but rest is sent again: a post-only order, or a limit order that is away from the
//! market. One that trades at once could have traded and be gone, and its name be free again.
//!
//! The second try is written down before it leaves, as attempt 2. A later life does not send again:
//! whoever wanted it is gone.

use tradewind_model::id::{ClientOrderId, StrategyId};
use tradewind_model::market::Quote;
use tradewind_model::notice::{Notice, VenueStatus};
use tradewind_model::order::{Link, OrderKind, OrderState, Side, TimeInForce};
use tradewind_model::time::Timestamp;

use crate::engine::{Engine, Timer};
use crate::incident::Incident;
use crate::order::Order;

impl Engine {
    /// A strategy allows an order to be sent once more, should it never arrive.
    pub(in crate::engine) fn allow_resend(&mut self, strategy: StrategyId, id: ClientOrderId) {
        let order = self.ledger.order(id).filter(|order| order.strategy == strategy);
        let Some(order) = order.filter(|order| !order.state.is_terminal()) else {
            return;
        };
        let deadline = order.created_at + self.config.order_deadline;
        if let Some(watch) = self.watches.get_mut(&id) {
            watch.resend_until = Some(deadline);
        }
    }

    /// Sends an order once more that the venue never had, if that is allowed and of use. True when
    /// it is not over.
    pub(in crate::engine) fn resend(&mut self, now: Timestamp, id: ClientOrderId) -> bool {
        let until = self.watches.get(&id).and_then(|watch| watch.resend_until);
        let Some((deadline, order)) = until.zip(self.ledger.order(id)) else {
            return false;
        };
        // The halves of a pair left in one request, which is not made again.
        let is_open = order.link == Link::Alone
            && !self.is_stopping
            && self.journaling.fault().is_none()
            && matches!(self.told, VenueStatus::Live);
        if now >= deadline || order.is_cancel_wanted || !is_open || !self.can_only_rest(order) {
            return false;
        }
        self.end_doubt(id);
        if let Some(watch) = self.watches.get_mut(&id) {
            watch.resend_until = None;
        }
        let Some(order) = self.ledger.order_mut(id) else {
            return false;
        };
        order.state = OrderState::Pending;
        order.attempt += 1;
        order.updated_at = now;
        let (strategy, update) = (order.strategy, order.update(None, None));
        self.counters.orders_resent += 1;
        self.tell(Incident::Resent { client_order_id: id });
        self.notify(strategy, Notice::Order(Box::new(update)));
        self.intend_again(now, id, deadline);
        true
    }

    /// Whether an order, arriving now, can do nothing but rest.
    fn can_only_rest(&self, order: &Order) -> bool {
        let quote = self.quotes.get(&order.symbol);
        let is_away = |price| {
            quote.is_some_and(|Quote { bid, ask, .. }| match order.side {
                Side::Buy => price < *ask,
                Side::Sell => price > *bid,
            })
        };
        match order.kind {
            OrderKind::PostOnly { .. } => true,
            OrderKind::Limit { price, time_in_force, .. } => match time_in_force {
                TimeInForce::GoodTillCanceled => is_away(price),
                TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => false,
            },
            // One that waits for a price may have been set off.
            OrderKind::Market(_) | OrderKind::Triggered { .. } => false,
        }
    }

    /// The venue has an order after all that was about to be sent once more: it stays.
    pub(in crate::engine) fn hold_resend(&mut self, id: ClientOrderId) {
        self.timers.clear(Timer::Unwritten(id));
        if let Some(call) = self.watches.get_mut(&id).and_then(|watch| watch.place.take()) {
            self.withdraw(call);
        }
    }
}
