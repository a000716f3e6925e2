//! Amending: a lower quantity for an order that keeps its place in the queue.
//!
//! What is asked for is absolute, so that asking twice changes nothing more, and the answer is
//! whatever the venue says of the order afterwards. A refusal may mean that an earlier try was
//! done: the order is asked about, and the strategy is told only when its quantity is not lower.

use tradewind_model::call::{Amendment, Call, OrderRef};
use tradewind_model::id::{CallId, ClientOrderId, StrategyId};
use tradewind_model::instrument::{FilterContext, Offer};
use tradewind_model::market::Quote;
use tradewind_model::money::Quantity;
use tradewind_model::order::Denied;
use tradewind_model::report::ExecutionReport;
use tradewind_model::setback::Setback;
use tradewind_model::time::Timestamp;
use tradewind_model::trading::CLOSING_TAG;
use tradewind_scheduler::Priority;

use crate::engine::Engine;
use crate::engine::calls::{Owner, PendingCall};
use crate::order::Order;

/// A lower quantity that is wanted.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Amending {
    qty: Quantity,
    call: Option<CallId>,
    /// Why it did not come about, unless it did: the order is asked about.
    failure: Option<Denied>,
}

impl Engine {
    /// Lowers the quantity of an order.
    pub(in crate::engine) fn amend(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        id: ClientOrderId,
        qty: Quantity,
    ) {
        // What closes its position is not for a strategy to change.
        let is_its = |order: &Order| order.strategy == strategy && order.tag != CLOSING_TAG;
        if !self.ledger.order(id).is_some_and(is_its) {
            return;
        }
        if let Err(why) = self.check_amendment(id, qty) {
            self.tell_setback(id, Setback::NotAmended { client_order_id: id, wanted: qty, why });
            return;
        }
        if let Some(watch) = self.watches.get_mut(&id) {
            watch.amending = Some(Amending { qty, call: None, failure: None });
        }
        self.intend_amendment(now, id, qty);
    }

    fn check_amendment(&self, id: ClientOrderId, qty: Quantity) -> Result<(), Denied> {
        let order = self.ledger.order(id).filter(|order| order.is_resting());
        let (Some(order), Some(watch)) = (order, self.watches.get(&id)) else {
            return Err(Denied::NotOpen(id));
        };
        if order.is_cancel_wanted || !watch.is_let_alone() || watch.successor.is_some() {
            return Err(Denied::Closed(format!("{id} is being canceled or changed already")));
        }
        let (whole, traded) = (order.qty, order.cum_qty);
        if qty >= whole || qty <= traded {
            return Err(Denied::NotLower { wanted: qty, qty: whole, traded });
        }
        let instrument = self
            .instruments
            .get(&order.instrument)
            .ok_or_else(|| Denied::UnknownInstrument(order.instrument.clone()))?;
        if !instrument.offers(Offer::Amend) {
            return Err(Denied::Unsupported(format!("{} amends no orders", instrument.symbol)));
        }
        if let Some(fault) = self.journaling.fault() {
            return Err(Denied::Unrecorded(fault.message.clone()));
        }
        let reference_price = self.quotes.get(&order.symbol).map(Quote::mid);
        let context = FilterContext { reference_price, ..FilterContext::default() };
        Ok(instrument.check(order.side, &order.kind.with_qty(qty), &context)?)
    }

    /// What is to be lowered is written down.
    pub(in crate::engine) fn send_amendment(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        deadline: Timestamp,
    ) {
        let qty = self.watches.get(&id).and_then(|watch| watch.amending.as_ref());
        let (Some(qty), Some(order)) = (qty.map(|amending| amending.qty), self.ledger.order(id))
        else {
            return;
        };
        let call = Call::AmendOrder(Amendment {
            symbol: order.symbol.clone(),
            order: order.venue_order_id.map_or(OrderRef::Client(id), OrderRef::Venue),
            client_order_id: id,
            qty,
        });
        let pending = PendingCall::new(now, call, Owner::Amend(id), Priority::Trade, deadline);
        let call = self.enqueue(now, pending);
        self.track_amendment(id, call);
    }

    /// Notes which call now stands for a lower quantity.
    pub(in crate::engine) fn track_amendment(&mut self, id: ClientOrderId, call: CallId) {
        if self.calls.get(call).is_some()
            && let Some(amending) =
                self.watches.get_mut(&id).and_then(|watch| watch.amending.as_mut())
        {
            amending.call = Some(call);
        }
    }

    /// The venue has answered with the order as it stands.
    pub(in crate::engine) fn amended(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        report: &ExecutionReport,
    ) {
        if let Some(watch) = self.watches.get_mut(&id) {
            watch.amending = None;
        }
        self.take_in(now, id, report);
    }

    /// A lower quantity has not come about, as far as can be told: the order is asked about.
    pub(in crate::engine) fn not_amended(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        why: Denied,
    ) {
        let Some(amending) = self.watches.get_mut(&id).and_then(|watch| watch.amending.as_mut())
        else {
            return;
        };
        amending.failure = Some(why);
        amending.call = None;
        self.ask(now, id);
    }

    /// A lower quantity could not be asked for: the order is as it was.
    pub(in crate::engine) fn amendment_unsent(&mut self, id: ClientOrderId, why: Denied) {
        let amending = self.watches.get_mut(&id).and_then(|watch| watch.amending.take());
        if let Some(Amending { qty: wanted, .. }) = amending {
            self.tell_setback(id, Setback::NotAmended { client_order_id: id, wanted, why });
        }
    }

    /// The venue has told of an order whose amendment seems to have failed.
    pub(super) fn settle_amendment(&mut self, id: ClientOrderId) {
        let Some(watch) = self.watches.get_mut(&id) else {
            return;
        };
        if watch.amending.as_ref().is_none_or(|amending| amending.failure.is_none()) {
            return;
        }
        let qty = self.ledger.order(id).map(|order| order.qty);
        if let Some(Amending { qty: wanted, failure: Some(why), .. }) = watch.amending.take()
            && qty.is_some_and(|qty| qty > wanted)
        {
            self.tell_setback(id, Setback::NotAmended { client_order_id: id, wanted, why });
        }
    }
}
