//! Placing: from a wish to the venue's first word.

use tradewind_model::Decimal;
use tradewind_model::call::{Call, NewOrder, WhenNotCanceled};
use tradewind_model::id::{Asset, ClientOrderId, StrategyId, Symbol};
use tradewind_model::instrument::{FilterContext, Instrument, InstrumentStatus};
use tradewind_model::market::Quote;
use tradewind_model::money::{Notional, Quantity};
use tradewind_model::notice::{Notice, VenueStatus};
use tradewind_model::order::{Denied, Link, OrderRequest, OrderState, Side};
use tradewind_model::outcome::{Fate, Refusal, RefusalKind};
use tradewind_model::time::Timestamp;
use tradewind_model::trading::CLOSING_TAG;
use tradewind_scheduler::{OverReason, Priority};

use super::Watch;
use crate::engine::Engine;
use crate::engine::calls::{Owner, PendingCall};
use crate::engine::outcome::describe;
use crate::incident::Incident;
use crate::journal::Entry;
use crate::ledger::Waiting;
use crate::order::{Order, Trades};

impl Engine {
    pub(in crate::engine) fn submit(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        id: ClientOrderId,
        request: OrderRequest,
    ) {
        if self.enter(now, strategy, id, &request, Link::Alone) {
            self.place(now, id);
        }
    }

    /// An order that a strategy asks for. What the engine's own orders are known by is not for it.
    pub(in crate::engine) fn submit_wish(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        id: ClientOrderId,
        request: OrderRequest,
    ) {
        if request.tag != CLOSING_TAG {
            self.submit(now, strategy, id, request);
        } else if self.enter(now, strategy, id, &OrderRequest { tag: 0, ..request }, Link::Alone) {
            self.deny(now, id, kept_tag());
        }
    }

    /// Takes an order into the books, before anything is sent. False when its name was used.
    pub(super) fn enter(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        id: ClientOrderId,
        request: &OrderRequest,
        link: Link,
    ) -> bool {
        if self.ledger.order(id).is_some() {
            self.tell(Incident::DuplicateId { client_order_id: id });
            return false;
        }
        let instrument = self.instruments.get(&request.instrument);
        self.ledger.insert(Order {
            id,
            strategy,
            instrument: request.instrument.clone(),
            symbol: instrument.map_or_else(|| Symbol::new(""), |one| one.symbol.clone()),
            side: request.side,
            kind: request.kind,
            tag: request.tag,
            link,
            attempt: 1,
            state: OrderState::Pending,
            venue_order_id: None,
            qty: request.kind.qty().unwrap_or_default(),
            cum_qty: Quantity::ZERO,
            cum_quote: Notional::ZERO,
            trades: Trades::default(),
            reason: None,
            is_cancel_wanted: false,
            refusal: None,
            is_ruled_out: false,
            created_at: now,
            sent_at: None,
            updated_at: now,
        });
        self.watches.insert(id, Watch::default());
        true
    }

    /// Checks an order, and queues it once its intent is durable.
    pub(in crate::engine) fn place(&mut self, now: Timestamp, id: ClientOrderId) {
        self.clamp(id);
        match self.check(now, id) {
            Ok(()) => self.intend(now, id),
            Err(denied) => self.deny_entry(now, id, &denied),
        }
    }

    /// Ends an order that never left, and the other half of its pair with it.
    pub(in crate::engine) fn deny_entry(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        denied: &Denied,
    ) {
        for id in self.placed_together(id) {
            self.deny(now, id, denied.clone());
        }
    }

    /// Queues an order, worth nothing after `deadline`.
    pub(in crate::engine) fn queue_order(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        deadline: Timestamp,
    ) {
        if self.is_swap_moot(id) {
            self.swap_by_steps(now, id);
            return;
        }
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let together = self.pair_call(order).or_else(|| self.swap_call(order));
        let call = together.unwrap_or_else(|| {
            Call::PlaceOrder(NewOrder {
                client_order_id: id,
                symbol: order.symbol.clone(),
                side: order.side,
                kind: order.kind,
            })
        });
        let owner = Owner::Place(id);
        // Closing a position lowers risk.
        let priority = if order.tag == CLOSING_TAG { Priority::Critical } else { Priority::Trade };
        let pending = PendingCall::new(now, call, owner, priority, deadline);
        let call = self.enqueue(now, pending);
        self.track(call);
    }

    /// Everything that can be known to be wrong with an order before it is sent; holds back what
    /// it will lock when there is nothing.
    fn check(&mut self, now: Timestamp, id: ClientOrderId) -> Result<(), Denied> {
        let Some(order) = self.ledger.order(id) else {
            return Err(Denied::NotOpen(id));
        };
        let is_the_strategys = self
            .members
            .get(&order.strategy)
            .is_some_and(|member| member.instruments.contains(&order.instrument));
        let instrument = self.instruments.get(&order.instrument).filter(|_| is_the_strategys);
        let instrument =
            instrument.ok_or_else(|| Denied::UnknownInstrument(order.instrument.clone()))?;
        if self.is_stopping {
            return Err(Denied::Closed("trading is ending".to_owned()));
        }
        if let Some(fault) = self.journaling.fault() {
            return Err(Denied::Unrecorded(fault.message.clone()));
        }
        self.check_allowed(order, Waiting::Counts)?;
        if let VenueStatus::Stale { reason } | VenueStatus::Shut { reason, .. } = &self.told {
            return Err(Denied::Closed(reason.clone()));
        }
        // What is in doubt counts at its worst in how much is closed.
        if order.tag != CLOSING_TAG {
            self.check_limits(id)?;
        }
        if instrument.status != InstrumentStatus::Trading {
            return Err(Denied::Closed(format!("{} is not trading", instrument.symbol)));
        }
        if !instrument.takes(&order.kind) {
            let kind = format!("{} takes no such orders: {:?}", instrument.symbol, order.kind);
            return Err(Denied::Unsupported(kind));
        }
        // The order itself is counted already.
        let (here, all) = self.ledger.count_open(&order.symbol);
        let (triggered, all_triggered) = match order.kind.trigger() {
            Some(_) => self.ledger.count_triggered(&order.symbol),
            None => (0, 0),
        };
        let reference_price = self.quotes.get(&order.symbol).map(Quote::mid);
        let position = self.ledger.largest_position(instrument);
        let own = if order.side == Side::Buy { order.leaves_qty() } else { Quantity::ZERO };
        let context = FilterContext {
            reference_price,
            open_orders: here.saturating_sub(1),
            open_orders_all_symbols: all.saturating_sub(1),
            open_triggered: triggered.saturating_sub(1),
            open_triggered_all_symbols: all_triggered.saturating_sub(1),
            position: position.map(|position| position.saturating_sub(own)),
            ..FilterContext::default()
        };
        if order.link.half().is_some() {
            self.check_pair(order, &context)?;
        } else {
            instrument.check(order.side, &order.kind, &context)?;
        }
        let (side, instrument) = (order.side, instrument.clone());
        let kind = self.lock_of_pair(order).unwrap_or(order.kind);
        let freed = self.freed_for(id, &instrument);
        // Last but for the balance, because it lets one a minute through.
        self.check_alike(now, id)?;
        self.ledger
            .hold(id, side, &kind, &instrument, reference_price, freed.as_ref())
            .map_err(|(asset, needed, free)| Denied::InsufficientBalance { asset, needed, free })
    }

    /// Ends an order that never left, or provably was not taken.
    pub(in crate::engine) fn deny(&mut self, now: Timestamp, id: ClientOrderId, denied: Denied) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        if order.state.is_terminal() {
            return;
        }
        order.state = OrderState::Denied;
        order.reason = Some(denied.to_string());
        order.updated_at = now;
        let (strategy, update) = (order.strategy, order.update(None, Some(denied)));
        self.counters.orders_denied += 1;
        self.notify(strategy, Notice::Order(Box::new(update)));
        self.end(now, id);
    }

    /// An order's bytes are about to leave, and with it those of the other half of its pair.
    pub(in crate::engine) fn order_sent(&mut self, now: Timestamp, id: ClientOrderId) {
        for id in self.placed_together(id) {
            self.one_sent(now, id);
        }
    }

    fn one_sent(&mut self, now: Timestamp, id: ClientOrderId) {
        if let Some(order) = self.ledger.order_mut(id) {
            order.state = OrderState::InFlight;
            order.updated_at = now;
            if order.sent_at.is_none() {
                self.counters.orders_sent += 1;
            }
            order.sent_at = Some(now);
            self.record(now, Entry::Sent { client_order_id: id });
        }
        if let Some(watch) = self.watches.get_mut(&id) {
            watch.place = None;
        }
    }

    /// An order was provably not taken and may be sent again, under the same name.
    pub(in crate::engine) fn place_again(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        pending: PendingCall,
        at: Timestamp,
    ) {
        if self.not_on_its_way(now, id) {
            self.requeue(now, pending, at);
        }
    }

    /// Whether an order has left, and nothing was heard of it.
    pub(in crate::engine) fn is_on_its_way(&self, id: ClientOrderId) -> bool {
        self.ledger.order(id).is_some_and(|order| order.state == OrderState::InFlight)
    }

    /// What was on its way has provably not been taken, and waits again. False when it is not to
    /// be sent any more.
    pub(in crate::engine) fn not_on_its_way(&mut self, now: Timestamp, id: ClientOrderId) -> bool {
        let mut is_canceled = false;
        for id in self.placed_together(id) {
            let Some(order) = self.ledger.order_mut(id) else {
                return false;
            };
            if order.state != OrderState::InFlight {
                return false;
            }
            order.state = OrderState::Pending;
            order.updated_at = now;
            is_canceled |= order.is_cancel_wanted;
        }
        if is_canceled {
            for id in self.placed_together(id) {
                self.cancel_unsent(now, id);
            }
        }
        !is_canceled
    }

    /// An order was provably not taken, and is not sent again.
    pub(in crate::engine) fn not_taken(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        fate: &Fate,
        over: OverReason,
    ) {
        let denied = Denied::NotTaken(format!("{}; {over}", describe(fate)));
        for id in self.placed_together(id) {
            self.not_taken_alone(now, id, &denied);
        }
    }

    fn not_taken_alone(&mut self, now: Timestamp, id: ClientOrderId, denied: &Denied) {
        let is_in_flight =
            self.ledger.order(id).is_some_and(|order| order.state == OrderState::InFlight);
        if is_in_flight {
            self.deny(now, id, denied.clone());
        }
    }

    /// One part of a request that places has not ended well.
    pub(super) fn leg_ended(&mut self, now: Timestamp, id: ClientOrderId, fate: Fate) {
        match fate {
            Fate::Refused(refusal) => self.refused_alone(now, id, &refusal),
            Fate::NotTaken(_) => {
                let denied = Denied::NotTaken(describe(&fate));
                self.not_taken_alone(now, id, &denied);
            }
            // Done, and with something else than the order: nothing is known of it.
            Fate::Unknown(_) | Fate::Done(_) => self.in_doubt_alone(now, id, describe(&fate)),
        }
    }

    /// The venue has refused what was to be placed.
    pub(in crate::engine) fn place_refused(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        refusal: &Refusal,
    ) {
        for id in self.placed_together(id) {
            self.refused_alone(now, id, refusal);
        }
    }

    fn refused_alone(&mut self, now: Timestamp, id: ClientOrderId, refusal: &Refusal) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        if order.state != OrderState::InFlight {
            // A report has said otherwise already, and it knows better.
            return;
        }
        if refusal.kind == RefusalKind::DuplicateOrder {
            // An order of this name rests: ours, from a try whose answer was lost.
            let reason = format!("{} ({})", refusal.message, refusal.code);
            self.in_doubt_alone(now, id, reason);
            self.doubted_exists(id);
            return;
        }
        order.state = OrderState::Rejected;
        order.refusal = Some(refusal.kind);
        order.reason = Some(format!("{} ({})", refusal.message, refusal.code));
        order.updated_at = now;
        self.note_order_refused(now, id, refusal);
        self.tell_strategy(now, id, Vec::new(), true);
    }

    /// What another order frees by giving way to this one.
    fn freed_for(&self, id: ClientOrderId, instrument: &Instrument) -> Option<(Asset, Decimal)> {
        let stead = self.watches.get(&id)?.stead.as_ref()?;
        let first = self.ledger.order(id)?.link.instead_of()?;
        let is_instead = stead.when_not_canceled == WhenNotCanceled::Stop;
        is_instead.then(|| self.ledger.locked_by_rest(first, instrument)).flatten()
    }
}

/// Why an order with the mark of the engine's own is none.
pub(super) fn kept_tag() -> Denied {
    Denied::Unsupported(format!("the tag {CLOSING_TAG} is kept for orders that close positions"))
}
