//! Canceling: repeated until the venue has said what became of the order.

use std::time::Duration;

use tradewind_model::call::{Call, OrderRef};
use tradewind_model::id::{ClientOrderId, InstrumentId, StrategyId, Symbol};
use tradewind_model::notice::Whose;
use tradewind_model::order::{Denied, OrderState};
use tradewind_model::report::ExecutionReport;
use tradewind_model::time::Timestamp;
use tradewind_model::trading::CLOSING_TAG;
use tradewind_scheduler::Priority;

use super::pairing::HALF_GRACE;
use crate::engine::calls::{Owner, Tries};
use crate::engine::{Engine, Timer};
use crate::incident::Incident;
use crate::journal::Entry;
use crate::order::Order;

/// How long the stream may take to tell what came of a cancel that was taken.
const CANCEL_GRACE: Duration = Duration::from_secs(1);

impl Engine {
    pub(in crate::engine) fn cancel(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        id: ClientOrderId,
    ) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        // What closes its position is not for a strategy to cancel.
        let is_its = order.strategy == strategy && order.tag != CLOSING_TAG;
        if !is_its || order.state.is_terminal() {
            return;
        }
        self.cancel_own(now, id);
    }

    pub(in crate::engine) fn cancel_own(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order_mut(id).filter(|order| !order.state.is_terminal())
        else {
            return;
        };
        let was_wanted = std::mem::replace(&mut order.is_cancel_wanted, true);
        if order.state == OrderState::Pending {
            let queued = self.watches.get(&id).and_then(|watch| watch.place);
            if queued.is_none_or(|call| self.withdraw(call)) {
                for id in self.placed_together(id) {
                    self.cancel_unsent(now, id);
                }
            }
        } else {
            if !was_wanted {
                self.record(now, Entry::CancelAsked { client_order_id: id });
            }
            self.pursue_cancel(now, id);
        }
    }

    /// Ends an order that has not left, so that it may go by another route, and what was to leave
    /// with it.
    pub(in crate::engine) fn recall(&mut self, now: Timestamp, id: ClientOrderId) {
        let is_pending =
            self.ledger.order(id).is_some_and(|order| order.state == OrderState::Pending);
        let queued = self.watches.get(&id).and_then(|watch| watch.place);
        if is_pending && queued.is_none_or(|call| self.withdraw(call)) {
            self.deny_entry(now, id, &Denied::Recalled);
        }
    }

    /// Ends an order that never left because somebody wanted it gone: no request at all.
    pub(in crate::engine) fn cancel_unsent(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) =
            self.ledger.order_mut(id).filter(|order| order.state == OrderState::Pending)
        else {
            return;
        };
        order.state = OrderState::Canceled;
        order.reason = Some("canceled before it was sent".to_owned());
        order.updated_at = now;
        self.tell_strategy(now, id, Vec::new(), true);
    }

    /// Sends a cancel if one is wanted, none is on its way, and the order is known to rest. One
    /// that is on its way itself is waited for: a cancel that overtakes it finds nothing.
    pub(in crate::engine) fn pursue_cancel(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let is_due = order.is_cancel_wanted && order.is_resting();
        if !is_due || self.timers.is_set(Timer::Cancel(id)) || self.is_clearing(&order.symbol) {
            return;
        }
        if self.is_canceled_along(order) {
            self.timers.set(Timer::Cancel(id), now + HALF_GRACE * 3);
            return;
        }
        let Some(watch) = self.watches.get(&id).filter(|watch| watch.cancel.is_none()) else {
            return;
        };
        if now < watch.cancel_from {
            self.timers.set(Timer::Cancel(id), watch.cancel_from);
            return;
        }
        let tries = watch.cancel_tries;
        // By the venue's own name where it is known: the fastest way (rest-api.md, cancel order,
        // read 2026-11).
        let reference = order.venue_order_id.map_or(OrderRef::Client(id), OrderRef::Venue);
        let call = Call::CancelOrder { symbol: order.symbol.clone(), order: reference };
        let call = self.request_again(now, call, Owner::Cancel(id), Priority::Critical, tries);
        self.track(call);
    }

    pub(in crate::engine) fn canceled(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        report: &ExecutionReport,
    ) {
        if let Some(watch) = self.watches.get_mut(&id) {
            (watch.cancel, watch.cancel_tries) = (None, Tries::default());
        }
        self.take_in(now, id, report);
    }

    /// A venue has taken a cancel and says nothing of what came of it: the stream tells, or else the
    /// order is asked about, and canceled again when it rests after all.
    pub(in crate::engine) fn canceling(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(watch) = self.watches.get_mut(&id) else { return };
        (watch.cancel, watch.cancel_tries) = (None, Tries::default());
        self.timers.set(Timer::Cancel(id), now + CANCEL_GRACE * 3);
        if !self.timers.is_set(Timer::Ask(id)) {
            self.timers.set(Timer::Ask(id), now + CANCEL_GRACE);
        }
    }

    /// A venue has taken the cancel of everybody's orders on a symbol, and says of none what came of
    /// it.
    pub(in crate::engine) fn clearing(&mut self, now: Timestamp, symbol: &Symbol) {
        let of_symbol = self.ledger.open().filter(|order| order.symbol == *symbol);
        let wanted = of_symbol.filter(|order| order.is_cancel_wanted && order.is_resting());
        let wanted: Vec<_> = wanted.map(|order| order.id).collect();
        for id in wanted {
            self.canceling(now, id);
        }
        self.cancel_rest(now, symbol);
    }

    /// Cancels orders on an instrument: a strategy's own, each by its name, or everybody's.
    pub(in crate::engine) fn cancel_all(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        instrument: &InstrumentId,
        whose: Whose,
    ) {
        let is_meant = |order: &&Order| {
            let is_own = order.strategy == strategy || whose == Whose::Everybodys;
            is_own && order.instrument == *instrument && order.tag != CLOSING_TAG
        };
        let meant: Vec<_> = self.ledger.open().filter(is_meant).map(|order| order.id).collect();
        let is_the_strategys = self
            .members
            .get(&strategy)
            .is_some_and(|member| member.instruments.contains(instrument));
        let symbol = self.instruments.get(instrument).map(|one| one.symbol.clone());
        if let Some(symbol) = symbol.filter(|_| is_the_strategys && whose == Whose::Everybodys)
            && !self.is_clearing(&symbol)
        {
            let call = Call::CancelOpenOrders { symbol: symbol.clone() };
            self.request(now, call, Owner::Clear(symbol), Priority::Critical);
        }
        for id in meant {
            self.cancel_own(now, id);
        }
    }

    /// Whether everybody's orders on a symbol are being canceled at once.
    fn is_clearing(&self, symbol: &Symbol) -> bool {
        self.calls.is_waited_for(&Owner::Clear(symbol.clone()))
    }

    /// Everybody's orders on a symbol were canceled. What is left of our own came later.
    pub(in crate::engine) fn cleared(
        &mut self,
        now: Timestamp,
        symbol: &Symbol,
        reports: &[ExecutionReport],
    ) {
        for report in reports {
            let (client, venue) = (report.client_order_id, report.venue_order_id);
            if let Some(id) = self.ledger.find(symbol, client, venue) {
                self.take_in(now, id, report);
            }
        }
        self.cancel_rest(now, symbol);
    }

    /// Everybody's orders on a symbol may still be there. The request is not repeated, since it
    /// would also cancel what was placed since; our own are canceled one by one.
    pub(in crate::engine) fn not_cleared(
        &mut self,
        now: Timestamp,
        symbol: &Symbol,
        reason: String,
    ) {
        self.tell(Incident::NotCleared { symbol: symbol.clone(), reason });
        self.cancel_rest(now, symbol);
    }

    fn cancel_rest(&mut self, now: Timestamp, symbol: &Symbol) {
        let rest = self.ledger.open().filter(|order| order.symbol == *symbol);
        let rest: Vec<_> = rest.map(|order| order.id).collect();
        for id in rest {
            self.pursue_cancel(now, id);
        }
    }

    /// Trading ends: own orders are canceled, those on their way as soon as they are known.
    pub(in crate::engine) fn cancel_everything(&mut self, now: Timestamp) {
        let open: Vec<_> = self.ledger.open().map(|order| (order.id, order.state)).collect();
        for (id, state) in open {
            // What has not left is not sent any more, whatever the policy for resting orders.
            if self.config.cancels_on_stop || state == OrderState::Pending {
                self.cancel_own(now, id);
            }
        }
    }

    /// Orders whose end is waited for once trading ends: all that are not over, but for those that
    /// the policy leaves where they rest.
    pub(in crate::engine) fn awaited(&self) -> Vec<ClientOrderId> {
        let is_left = |order: &Order| {
            let is_resting = matches!(order.state, OrderState::Open | OrderState::PartiallyFilled);
            is_resting && !order.is_cancel_wanted && !self.config.cancels_on_stop
        };
        let is_awaited =
            |id: &ClientOrderId| self.ledger.order(*id).is_none_or(|order| !is_left(order));
        self.watches.keys().copied().filter(is_awaited).collect()
    }

    /// Cancels every order of one strategy.
    pub(in crate::engine) fn cancel_all_of(&mut self, now: Timestamp, strategy: StrategyId) {
        let own = self.ledger.open().filter(|order| order.strategy == strategy);
        let own: Vec<_> = own.map(|order| order.id).collect();
        for id in own {
            self.cancel_own(now, id);
        }
    }
}
