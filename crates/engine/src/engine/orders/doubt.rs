//! Doubt: an order whose answer was lost is asked about, never sent again.

use std::time::Duration;

use tradewind_model::call::{Call, OrderRef};
use tradewind_model::id::ClientOrderId;
use tradewind_model::order::OrderState;
use tradewind_model::report::ExecutionReport;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Priority;

use crate::action::Incident;
use crate::engine::calls::Owner;
use crate::engine::{Engine, Timer};

/// When an order in doubt is asked about, counted from the moment before; later ones are jittered
/// up to [`ASK_CAP`].
const ASK_AFTER: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_millis(300),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];
const ASK_CAP: Duration = Duration::from_secs(30);

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
        self.timers.set(Timer::Ask(id), now + ASK_AFTER[0]);
        self.tell_strategy(now, id, Vec::new(), true);
        self.tell(Incident::InDoubt { client_order_id: id, reason });
    }

    /// Asks the venue about an order.
    pub(in crate::engine) fn ask(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let (symbol, order) = (order.symbol.clone(), OrderRef::Client(id));
        let is_asked = self.watches.get(&id).is_none_or(|watch| watch.ask.is_some());
        if !is_asked {
            let call = Call::QueryOrder { symbol, order };
            let call = self.request(now, call, Owner::Ask(id), Priority::Critical);
            self.track(call);
        }
    }

    /// The venue has answered about an order, or has not. "No such order" proves nothing: reads
    /// lag behind the matching engine.
    pub(in crate::engine) fn asked(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        report: Option<&ExecutionReport>,
    ) {
        let Some(watch) = self.watches.get_mut(&id) else {
            return;
        };
        watch.ask = None;
        watch.asks += 1;
        let asks = watch.asks as usize;
        if let Some(report) = report {
            if let Some(watch) = self.watches.get_mut(&id) {
                watch.asks = 0;
            }
            self.startup.unsure.remove(&id);
            self.take_in(now, id, report);
            return;
        }
        let delay = ASK_AFTER.get(asks).copied().unwrap_or_else(|| {
            Duration::from_secs(1) + self.jitter.up_to(ASK_CAP - Duration::from_secs(1))
        });
        self.timers.set(Timer::Ask(id), now + delay);
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
