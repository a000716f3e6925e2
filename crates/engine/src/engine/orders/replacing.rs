//! Replacing: an order gives way to another.
//!
//! What a strategy wants is a total: what the first order trades until it is gone is taken off the
//! second. The venue's own way to do both in one request places the second in full, whatever the
//! first has traded by then. So that way is taken only for an order that has not begun to trade,
//! and the venue is told to leave the first where it is, and not to go on, should that have
//! changed (`swapping`). Otherwise, and where a venue has no such request, the second follows when
//! the first is known to be gone.
//!
//! One that is wanted whatever becomes of the first is an order of its own: nothing is taken off,
//! and the account has to cover both.

use tradewind_model::call::WhenNotCanceled;
use tradewind_model::id::{ClientOrderId, StrategyId};
use tradewind_model::instrument::FilterContext;
use tradewind_model::market::Quote;
use tradewind_model::money::Quantity;
use tradewind_model::order::{Denied, Link, OrderRequest, OrderState};
use tradewind_model::time::Timestamp;
use tradewind_model::trading::CLOSING_TAG;

use crate::engine::Engine;

/// What is to come in an order's stead. Both orders know it.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Successor {
    pub(super) id: ClientOrderId,
    /// Its quantity as it was asked for.
    wanted: Option<Quantity>,
    pub(super) when_not_canceled: WhenNotCanceled,
    /// Whether it comes by the request that cancels the first as well.
    pub(super) is_swap: bool,
}

impl Engine {
    /// Cancels an order and places another in its stead.
    pub(in crate::engine) fn replace(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        id: ClientOrderId,
        replacement_id: ClientOrderId,
        request: &OrderRequest,
        when_not_canceled: WhenNotCanceled,
    ) {
        if request.tag == CLOSING_TAG {
            return self.submit_wish(now, strategy, replacement_id, request.clone());
        }
        if !self.enter(now, strategy, replacement_id, request, Link::Instead { of: id }) {
            return;
        }
        if let Err(denied) = self.check_replacement(strategy, id, request, when_not_canceled) {
            self.deny(now, replacement_id, denied);
            return;
        }
        let is_total = when_not_canceled == WhenNotCanceled::Stop;
        let successor = Successor {
            id: replacement_id,
            wanted: request.kind.qty(),
            when_not_canceled,
            is_swap: self.can_swap(id, request, when_not_canceled),
        };
        let is_swap = successor.is_swap;
        if let Some(watch) = self.watches.get_mut(&replacement_id) {
            watch.stead = Some(successor.clone());
        }
        if (is_total || is_swap)
            && let Some(watch) = self.watches.get_mut(&id)
        {
            watch.successor = Some(successor);
        }
        if is_swap {
            self.place(now, replacement_id);
            return;
        }
        self.cancel_own(now, id);
        if !is_total {
            self.place(now, replacement_id);
        }
    }

    /// An earlier life has asked for an order in another's stead.
    pub(in crate::engine) fn succeed(
        &mut self,
        first: ClientOrderId,
        id: ClientOrderId,
        wanted: Option<Quantity>,
    ) {
        let when_not_canceled = WhenNotCanceled::Stop;
        let successor = Successor { id, wanted, when_not_canceled, is_swap: true };
        if let Some(watch) = self.watches.get_mut(&id) {
            watch.stead = Some(successor.clone());
        }
        if let Some(watch) = self.watches.get_mut(&first) {
            watch.successor = Some(successor);
        }
    }

    /// Whatever can be known to be wrong before the first order is touched.
    fn check_replacement(
        &self,
        strategy: StrategyId,
        id: ClientOrderId,
        request: &OrderRequest,
        when_not_canceled: WhenNotCanceled,
    ) -> Result<(), Denied> {
        let order = self
            .ledger
            .order(id)
            .filter(|order| order.strategy == strategy && !order.state.is_terminal())
            .filter(|order| order.tag != CLOSING_TAG);
        let (Some(order), Some(watch)) = (order, self.watches.get(&id)) else {
            return Err(Denied::NotOpen(id));
        };
        if order.link.half().is_some() {
            let words = "half of a pair is not replaced by itself; cancel it, and place a pair";
            return Err(Denied::Unsupported(words.to_owned()));
        }
        if let Some(successor) = &watch.successor {
            return Err(Denied::Closed(format!("{id} is to give way to {}", successor.id)));
        }
        if when_not_canceled == WhenNotCanceled::Stop && request.kind.qty().is_none() {
            let words = "what has traded cannot be taken off an order for an amount of quote asset";
            return Err(Denied::Unsupported(words.to_owned()));
        }
        let Some(instrument) = self.instruments.get(&request.instrument) else {
            return Err(Denied::UnknownInstrument(request.instrument.clone()));
        };
        if !instrument.takes(&request.kind) {
            let kind = format!("{} takes no such orders: {:?}", instrument.symbol, request.kind);
            return Err(Denied::Unsupported(kind));
        }
        let reference_price = self.quotes.get(&instrument.symbol).map(Quote::mid);
        let context = FilterContext { reference_price, ..FilterContext::default() };
        Ok(instrument.check(request.side, &request.kind, &context)?)
    }

    /// An order is over that was to give way to another.
    pub(in crate::engine) fn predecessor_ended(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        successor: Successor,
    ) {
        let state = self.ledger.order(successor.id).map(|order| order.state);
        if state != Some(OrderState::Pending) {
            // The request that cancels the one has placed the other, or it will be known.
            return;
        }
        let queued = self.watches.get(&successor.id).and_then(|watch| watch.place);
        if queued.is_none_or(|call| self.withdraw(call)) {
            self.place_successor(now, id, &successor);
        }
    }

    /// Places an order by itself, now that the one before it is over.
    pub(super) fn place_successor(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        successor: &Successor,
    ) {
        let Some(first) = self.ledger.order(id) else {
            return;
        };
        let (state, filled) = (first.state, first.cum_qty);
        let is_total = successor.when_not_canceled == WhenNotCanceled::Stop;
        let left = match successor.wanted {
            Some(wanted) if is_total => Some(wanted.saturating_sub(filled)),
            wanted => wanted,
        };
        let is_gone = matches!(state, OrderState::Canceled | OrderState::Expired);
        if is_total && (!is_gone || left.is_none_or(Quantity::is_zero)) {
            let reason = format!("the order to be replaced is {state}, {filled} of it traded");
            self.deny(now, successor.id, Denied::Closed(reason));
            return;
        }
        self.place_alone(now, successor.id, left);
    }

    /// Places an order by itself that was to come, or has tried to come, together with another's
    /// cancel.
    pub(super) fn place_alone(&mut self, now: Timestamp, id: ClientOrderId, qty: Option<Quantity>) {
        let Some(watch) = self.watches.get_mut(&id) else {
            return;
        };
        watch.leave_swap();
        let was_intended = watch.is_recorded;
        self.ledger.release(id);
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        if order.state != OrderState::Pending {
            return;
        }
        if let Some(qty) = qty {
            (order.qty, order.kind) = (qty, order.kind.with_qty(qty));
        }
        // Nothing of what was written down has been taken, and these may be other terms.
        order.attempt += u32::from(was_intended);
        self.place(now, id);
    }
}
