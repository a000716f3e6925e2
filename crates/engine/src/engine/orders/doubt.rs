//! Doubt: an order whose answer was lost is asked about, never sent again.

use tradewind_model::call::{Call, OrderRef};
use tradewind_model::id::ClientOrderId;
use tradewind_model::order::OrderState;
use tradewind_model::report::ExecutionReport;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Backoff, Priority};

use crate::action::Incident;
use crate::engine::calls::{Owner, Tries};
use crate::engine::{Engine, Timer};

impl Engine {
    /// The answer to an order was lost.
    pub(in crate::engine) fn in_doubt(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        reason: String,
    ) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        if order.state != OrderState::InFlight {
            return;
        }
        order.state = OrderState::InDoubt;
        order.updated_at = now;
        self.counters.orders_in_doubt += 1;
        self.timers.set(Timer::Ask(id), now + Backoff::RESOLVE.delay(0, &mut self.jitter));
        self.tell_strategy(now, id, Vec::new(), true);
        self.tell(Incident::InDoubt { client_order_id: id, reason });
    }

    /// Asks the venue about an order.
    pub(in crate::engine) fn ask(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let (symbol, order) = (order.symbol.clone(), OrderRef::Client(id));
        let Some(watch) = self.watches.get(&id).filter(|watch| watch.ask.is_none()) else {
            return;
        };
        let (call, tries) = (Call::QueryOrder { symbol, order }, watch.ask_tries);
        let call = self.request_again(now, call, Owner::Ask(id), Priority::Critical, tries);
        self.track(call);
    }

    /// The venue has told of an order that it was asked about. That it knows none of this name
    /// proves nothing, since reads lag behind the matching engine: then it is asked again.
    pub(in crate::engine) fn asked(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        report: &ExecutionReport,
    ) {
        let Some(watch) = self.watches.get_mut(&id) else {
            return;
        };
        (watch.ask, watch.ask_tries) = (None, Tries::default());
        self.startup.unsure.remove(&id);
        self.take_in(now, id, report);
    }

    /// Asks about every order that may be live: something may have happened unheard.
    pub(in crate::engine) fn ask_about_everything(&mut self, now: Timestamp) {
        let live = self.ledger.open().filter(|order| order.state.may_be_live());
        let live: Vec<_> = live.map(|order| order.id).collect();
        for id in live {
            self.startup.unsure.insert(id);
            self.ask(now, id);
        }
    }
}
