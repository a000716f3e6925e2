//! Placing: from a wish to the venue's first word.

use tradewind_model::call::{Call, NewOrder};
use tradewind_model::id::{ClientOrderId, StrategyId, Symbol};
use tradewind_model::instrument::{FilterContext, InstrumentStatus};
use tradewind_model::market::Quote;
use tradewind_model::money::{Notional, Quantity};
use tradewind_model::notice::{Notice, VenueStatus};
use tradewind_model::order::{
    Denied, Link, MarketQuantity, OrderKind, OrderRequest, OrderState, Side,
};
use tradewind_model::outcome::{Fate, Refusal, RefusalKind};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{OverReason, Priority};

use super::Watch;
use crate::action::Incident;
use crate::engine::Engine;
use crate::engine::calls::{Owner, PendingCall};
use crate::engine::outcome::describe;
use crate::journal::Entry;
use crate::order::Order;

impl Engine {
    pub(in crate::engine) fn submit(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        id: ClientOrderId,
        request: OrderRequest,
    ) {
        if self.enter(now, strategy, id, &request) {
            self.place(now, id);
        }
    }

    /// Takes an order into the books, before anything is sent. False when its name was used.
    fn enter(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        id: ClientOrderId,
        request: &OrderRequest,
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
            link: Link::Alone,
            state: OrderState::Pending,
            venue_order_id: None,
            qty: request.kind.qty().unwrap_or_default(),
            cum_qty: Quantity::ZERO,
            cum_quote: Notional::ZERO,
            fills: std::collections::BTreeMap::new(),
            reason: None,
            is_cancel_wanted: false,
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
        match self.check(now, id) {
            Ok(()) => self.intend(now, id),
            Err(denied) => self.deny(now, id, denied),
        }
    }

    /// Queues an order, worth nothing after `deadline`.
    pub(in crate::engine) fn queue_order(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        deadline: Timestamp,
    ) {
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let call = Call::PlaceOrder(NewOrder {
            client_order_id: id,
            symbol: order.symbol.clone(),
            side: order.side,
            kind: order.kind,
        });
        let owner = Owner::Place(id);
        let pending = PendingCall::new(now, call, owner, Priority::Trade, deadline);
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
        if let VenueStatus::Stale { reason } | VenueStatus::Shut { reason, .. } = &self.told {
            return Err(Denied::Closed(reason.clone()));
        }
        if let Some(doubted) = self.overdue.first() {
            return Err(Denied::Unresolved(*doubted));
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
        instrument.check(order.side, &order.kind, &context)?;
        let (side, kind, instrument) = (order.side, order.kind, instrument.clone());
        // Last but for the balance, because it lets one a minute through.
        self.check_alike(now, id)?;
        self.ledger
            .hold(id, side, &kind, &instrument, reference_price)
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

    /// An order's bytes are about to leave.
    pub(in crate::engine) fn order_sent(&mut self, now: Timestamp, id: ClientOrderId) {
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
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        if order.state != OrderState::InFlight {
            return;
        }
        order.state = OrderState::Pending;
        if order.is_cancel_wanted {
            self.cancel_unsent(now, id);
            return;
        }
        self.requeue(now, pending, at);
    }

    /// An order was provably not taken, and is not sent again.
    pub(in crate::engine) fn not_taken(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        fate: &Fate,
        over: OverReason,
    ) {
        let is_in_flight =
            self.ledger.order(id).is_some_and(|order| order.state == OrderState::InFlight);
        if is_in_flight {
            self.deny(now, id, Denied::NotTaken(format!("{}; {over}", describe(fate))));
        }
    }

    /// The venue has refused an order.
    pub(in crate::engine) fn place_refused(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        refusal: &Refusal,
    ) {
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
            self.in_doubt(now, id, reason);
            self.doubted_exists(id);
            return;
        }
        order.state = OrderState::Rejected;
        order.reason = Some(format!("{} ({})", refusal.message, refusal.code));
        order.updated_at = now;
        self.note_order_refused(now, id, refusal);
        self.tell_strategy(now, id, Vec::new(), true);
    }

    /// Replaces an order by cancel-then-new: the new one is placed when the first is known to be
    /// gone, so that both never rest together.
    pub(in crate::engine) fn replace(
        &mut self,
        now: Timestamp,
        strategy: StrategyId,
        id: ClientOrderId,
        replacement_id: ClientOrderId,
        request: OrderRequest,
    ) {
        if !self.enter(now, strategy, replacement_id, &request) {
            return;
        }
        let is_open = self
            .ledger
            .order(id)
            .is_some_and(|order| order.strategy == strategy && !order.state.is_terminal());
        let watch = self.watches.get_mut(&id).filter(|watch| watch.replacement.is_none());
        match watch.filter(|_| is_open) {
            Some(watch) => {
                watch.replacement = Some((replacement_id, request));
                self.cancel_own(now, id);
            }
            None => self.deny(now, replacement_id, Denied::NotOpen(id)),
        }
    }

    pub(in crate::engine) fn place_replacement(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        request: &OrderRequest,
        state: OrderState,
        filled: Quantity,
    ) {
        let left = request.kind.qty().map(|wanted| wanted.saturating_sub(filled));
        let is_gone = matches!(state, OrderState::Canceled | OrderState::Expired);
        if !is_gone || left.is_none_or(Quantity::is_zero) {
            let reason = format!("the order to be replaced is {state}, {filled} of it traded");
            self.deny(now, id, Denied::Closed(reason));
            return;
        }
        if let (Some(order), Some(left)) = (self.ledger.order_mut(id), left) {
            if order.state != OrderState::Pending {
                return;
            }
            order.qty = left;
            order.kind = match order.kind {
                OrderKind::Limit { price, time_in_force, .. } => {
                    OrderKind::Limit { price, qty: left, time_in_force }
                }
                OrderKind::PostOnly { price, .. } => OrderKind::PostOnly { price, qty: left },
                OrderKind::Market(_) => OrderKind::Market(MarketQuantity::Base(left)),
                OrderKind::Triggered { trigger, limit, .. } => {
                    OrderKind::Triggered { trigger, qty: left, limit }
                }
            };
            self.place(now, id);
        }
    }
}
