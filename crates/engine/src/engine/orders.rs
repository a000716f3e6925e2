//! Orders, from a strategy's wish to their end.
//!
//! The rule that everything here serves: an order whose bytes may have left ends only by the
//! venue's word. A lost answer makes it `InDoubt`, and it is asked about until the venue answers.

use std::time::Duration;

use tradewind_model::call::{Call, NewOrder, OrderRef};
use tradewind_model::id::{CallId, ClientOrderId, StrategyId, Symbol};
use tradewind_model::instrument::{FilterContext, InstrumentStatus};
use tradewind_model::market::Quote;
use tradewind_model::money::{Notional, Quantity};
use tradewind_model::notice::{Notice, VenueStatus};
use tradewind_model::order::{Denied, MarketQuantity, OrderKind, OrderRequest, OrderState};
use tradewind_model::outcome::{Refusal, RefusalKind};
use tradewind_model::report::{ExecutionReport, Fill, HistoricFill};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Backoff, Priority};

use super::calls::{Owner, PendingCall};
use super::{Engine, Timer};
use crate::action::Incident;
use crate::order::Order;

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
/// How long a stream may take to tell of a trade that an answer has told of already.
const FILL_GRACE: Duration = Duration::from_secs(1);
/// Trades fetched at once; more than one order of ours ever has.
const FILLS_MAX: u32 = 1_000;
/// Tries of a cancel after which an operator is told.
const CANCEL_ALARM: u32 = 5;

/// What goes on about an order that is not over.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    place: Option<CallId>,
    cancel: Option<CallId>,
    cancel_failures: u32,
    ask: Option<CallId>,
    asks: u32,
    /// What is to be placed once it is gone.
    replacement: Option<(ClientOrderId, OrderRequest)>,
}

impl Engine {
    pub(super) fn submit(
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
            state: OrderState::Pending,
            venue_order_id: None,
            qty: request.kind.qty().unwrap_or_default(),
            cum_qty: Quantity::ZERO,
            cum_quote: Notional::ZERO,
            fills: std::collections::BTreeMap::new(),
            reason: None,
            is_cancel_wanted: false,
            created_at: now,
            updated_at: now,
        });
        self.watches.insert(id, Watch::default());
        true
    }

    /// Checks an order and queues it.
    fn place(&mut self, now: Timestamp, id: ClientOrderId) {
        if let Err(denied) = self.check(id) {
            self.deny(now, id, denied);
            return;
        }
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let call = Call::PlaceOrder(NewOrder {
            client_order_id: id,
            symbol: order.symbol.clone(),
            side: order.side,
            kind: order.kind,
        });
        let call = self.enqueue(
            now,
            PendingCall {
                call,
                owner: Owner::Place(id),
                priority: Priority::Trade,
                deadline: now + self.config.order_deadline,
                failures: 0,
                sent_at: None,
            },
        );
        self.track(call);
    }

    /// Everything that can be known to be wrong with an order before it is sent; holds back what
    /// it will lock when there is nothing.
    fn check(&mut self, id: ClientOrderId) -> Result<(), Denied> {
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
        if let VenueStatus::Stale { reason } | VenueStatus::Shut { reason, .. } = &self.told {
            return Err(Denied::Closed(reason.clone()));
        }
        if instrument.status != InstrumentStatus::Trading {
            return Err(Denied::Closed(format!("{} is not trading", instrument.symbol)));
        }
        let offered = match order.kind {
            OrderKind::Limit { .. } => true,
            OrderKind::PostOnly { .. } => instrument.takes_post_only,
            OrderKind::Market(MarketQuantity::Base(_)) => instrument.takes_market_orders,
            OrderKind::Market(MarketQuantity::Quote(_)) => instrument.takes_quote_quantity,
        };
        if !offered {
            let kind = format!("{} takes no such orders: {:?}", instrument.symbol, order.kind);
            return Err(Denied::Unsupported(kind));
        }
        // The order itself is counted already.
        let (here, all) = self.ledger.count_open(&order.symbol);
        let reference_price = self.quotes.get(&order.symbol).map(Quote::mid);
        let position = self.ledger.largest_position(instrument);
        let own = if order.side == tradewind_model::order::Side::Buy {
            order.leaves_qty()
        } else {
            Quantity::ZERO
        };
        let context = FilterContext {
            reference_price,
            open_orders: here.saturating_sub(1),
            open_orders_all_symbols: all.saturating_sub(1),
            position: position.map(|position| position.saturating_sub(own)),
        };
        instrument.check(order.side, &order.kind, &context)?;
        let (side, kind, instrument) = (order.side, order.kind, instrument.clone());
        self.ledger
            .hold(id, side, &kind, &instrument, reference_price)
            .map_err(|(asset, needed, free)| Denied::InsufficientBalance { asset, needed, free })
    }

    /// Ends an order that never left, or provably was not taken.
    pub(super) fn deny(&mut self, now: Timestamp, id: ClientOrderId, denied: Denied) {
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
    pub(super) fn order_sent(&mut self, now: Timestamp, id: ClientOrderId) {
        if let Some(order) = self.ledger.order_mut(id) {
            order.state = OrderState::InFlight;
            order.updated_at = now;
            self.counters.orders_sent += 1;
        }
        if let Some(watch) = self.watches.get_mut(&id) {
            watch.place = None;
        }
    }

    /// The venue has taken an order.
    pub(super) fn placed(&mut self, now: Timestamp, id: ClientOrderId, report: &ExecutionReport) {
        self.take_in(now, id, report);
    }

    /// An order was provably not taken and may be sent again, under the same name.
    pub(super) fn place_again(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        mut pending: PendingCall,
        reason: &str,
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
        let delay = Backoff::READ.delay(pending.failures, &mut self.jitter);
        pending.failures += 1;
        if now + delay >= pending.deadline {
            self.deny(now, id, Denied::Unsupported(reason.to_owned()));
            return;
        }
        self.requeue(now, pending, delay);
    }

    /// The venue has refused an order.
    pub(super) fn place_refused(&mut self, now: Timestamp, id: ClientOrderId, refusal: &Refusal) {
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
            return;
        }
        order.state = OrderState::Rejected;
        order.reason = Some(format!("{} ({})", refusal.message, refusal.code));
        order.updated_at = now;
        self.tell_strategy(now, id, Vec::new(), true);
    }

    /// The answer to an order was lost.
    pub(super) fn in_doubt(&mut self, now: Timestamp, id: ClientOrderId, reason: String) {
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
    pub(super) fn ask(&mut self, now: Timestamp, id: ClientOrderId) {
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
    pub(super) fn asked(
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

    /// A statement of the venue's, from the stream.
    pub(super) fn reported(&mut self, now: Timestamp, report: &ExecutionReport) {
        let found = self.ledger.find(&report.symbol, report.client_order_id, report.venue_order_id);
        match found {
            Some(id) => self.take_in(now, id, report),
            None => self.counters.foreign_reports += 1,
        }
    }

    /// A statement of the venue's about one of our orders, from wherever it came.
    fn take_in(&mut self, now: Timestamp, id: ClientOrderId, report: &ExecutionReport) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        let was_accepted = order.was_accepted();
        let change = order.apply(report);
        let (is_accepted, symbol) = (order.was_accepted(), order.symbol.clone());
        if is_accepted && !was_accepted {
            self.counters.orders_accepted += 1;
        }
        self.ledger.name(id, report.venue_order_id);
        if is_accepted {
            self.ledger.acknowledge(id);
        }
        self.book(id, &symbol, &change.fills);
        if change.has_moved || !change.fills.is_empty() {
            self.tell_strategy(now, id, change.fills, change.has_moved);
        }
        if is_accepted {
            self.timers.clear(Timer::Ask(id));
            self.startup.unsure.remove(&id);
        }
        self.pursue_cancel(now, id);
    }

    fn book(&mut self, id: ClientOrderId, symbol: &Symbol, fills: &[Fill]) {
        let instrument = self.symbols.get(symbol).and_then(|id| self.instruments.get(id));
        if let Some(instrument) = instrument {
            for fill in fills {
                self.ledger.book(id, fill, instrument);
                self.counters.fills += 1;
            }
        }
    }

    /// Tells a strategy of new trades and of a new state. Each trade is told once; the end is told
    /// once, after every trade: an order of which trades are still missing is not over for it.
    fn tell_strategy(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        fills: Vec<Fill>,
        has_moved: bool,
    ) {
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let is_over = order.state.is_terminal();
        let is_missing_fills = order.has_unbooked_fills();
        let (strategy, mut last) = (order.strategy, order.update(None, None));
        let mut partial = last.clone();
        partial.state = OrderState::PartiallyFilled;
        partial.leaves_qty = order.qty.saturating_sub(order.cum_qty);
        if is_over && is_missing_fills {
            last = partial.clone();
        }
        let mut fills = fills.into_iter().peekable();
        let has_fills = fills.peek().is_some();
        while let Some(fill) = fills.next() {
            let is_last = fills.peek().is_none();
            let mut update = if is_last { last.clone() } else { partial.clone() };
            update.fill = Some(fill);
            self.notify(strategy, Notice::Order(Box::new(update)));
        }
        if has_moved && !has_fills && !(is_over && is_missing_fills) {
            self.notify(strategy, Notice::Order(Box::new(last)));
        }
        if is_missing_fills {
            if !self.timers.is_set(Timer::Fetch(id)) {
                self.timers.set(Timer::Fetch(id), now + FILL_GRACE);
            }
        } else {
            self.timers.clear(Timer::Fetch(id));
            if is_over {
                self.end(now, id);
            }
        }
    }

    /// Fetches the trades of an order that were told of but not told.
    pub(super) fn fetch_fills(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        if !order.has_unbooked_fills() || self.calls.is_waited_for(&Owner::Fetch(id)) {
            return;
        }
        let (symbol, venue) = (order.symbol.clone(), order.venue_order_id);
        let call = Call::FillHistory { symbol, order: venue, since: None, limit: FILLS_MAX };
        self.request(now, call, Owner::Fetch(id), Priority::Query);
    }

    pub(super) fn fetched(&mut self, now: Timestamp, id: ClientOrderId, fills: &[HistoricFill]) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        let symbol = order.symbol.clone();
        let own = fills.iter().filter(|one| Some(one.venue_order_id) == order.venue_order_id);
        let own: Vec<Fill> = own.map(|one| one.fill.clone()).collect();
        let new: Vec<Fill> = own.into_iter().filter(|fill| order.book(fill)).collect();
        let is_complete = !order.has_unbooked_fills();
        self.book(id, &symbol, &new);
        if new.is_empty() && !is_complete {
            // The venue's history lags behind its answers.
            self.timers.set(Timer::Fetch(id), now + FILL_GRACE);
            return;
        }
        self.tell_strategy(now, id, new, false);
    }

    pub(super) fn cancel(&mut self, now: Timestamp, strategy: StrategyId, id: ClientOrderId) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        if order.strategy != strategy || order.state.is_terminal() {
            return;
        }
        self.cancel_own(now, id);
    }

    fn cancel_own(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        order.is_cancel_wanted = true;
        if order.state == OrderState::Pending {
            let queued = self.watches.get(&id).and_then(|watch| watch.place);
            if queued.is_none_or(|call| self.withdraw(call)) {
                self.cancel_unsent(now, id);
            }
        } else {
            self.pursue_cancel(now, id);
        }
    }

    /// Ends an order that never left because somebody wanted it gone: no request at all.
    fn cancel_unsent(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        order.state = OrderState::Canceled;
        order.reason = Some("canceled before it was sent".to_owned());
        order.updated_at = now;
        self.tell_strategy(now, id, Vec::new(), true);
    }

    /// Sends a cancel if one is wanted, none is on its way, and the order is known to rest. One
    /// that is on its way itself is waited for: a cancel that overtakes it finds nothing.
    pub(super) fn pursue_cancel(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let is_resting = matches!(order.state, OrderState::Open | OrderState::PartiallyFilled);
        if !order.is_cancel_wanted || !is_resting || self.timers.is_set(Timer::Cancel(id)) {
            return;
        }
        if self.watches.get(&id).is_none_or(|watch| watch.cancel.is_some()) {
            return;
        }
        // By the venue's own name where it is known: the fastest way (rest-api.md, cancel order,
        // read 2026-11).
        let reference = order.venue_order_id.map_or(OrderRef::Client(id), OrderRef::Venue);
        let call = Call::CancelOrder { symbol: order.symbol.clone(), order: reference };
        let call = self.request(now, call, Owner::Cancel(id), Priority::Critical);
        self.track(call);
    }

    pub(super) fn canceled(&mut self, now: Timestamp, id: ClientOrderId, report: &ExecutionReport) {
        if let Some(watch) = self.watches.get_mut(&id) {
            watch.cancel = None;
        }
        self.take_in(now, id, report);
    }

    /// The venue did not cancel: mostly because the order has just filled. It is asked.
    pub(super) fn cancel_refused(&mut self, now: Timestamp, id: ClientOrderId, refusal: &Refusal) {
        self.cancel_failed(now, id, &refusal.message);
        self.ask(now, id);
    }

    pub(super) fn cancel_failed(&mut self, now: Timestamp, id: ClientOrderId, reason: &str) {
        let Some(watch) = self.watches.get_mut(&id) else {
            return;
        };
        watch.cancel = None;
        watch.cancel_failures += 1;
        let attempts = watch.cancel_failures;
        let delay = if attempts < CANCEL_ALARM {
            Backoff::RESOLVE.delay(attempts, &mut self.jitter)
        } else {
            Backoff::READ.delay(attempts, &mut self.jitter)
        };
        self.timers.set(Timer::Cancel(id), now + delay);
        if attempts == CANCEL_ALARM {
            let reason = reason.to_owned();
            self.tell(Incident::CancelFailing { client_order_id: id, attempts, reason });
        }
    }

    /// Replaces an order by cancel-then-new: the new one is placed when the first is known to be
    /// gone, so that both never rest together.
    pub(super) fn replace(
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

    /// Files an order that is over, and places what was to come in its stead.
    fn end(&mut self, now: Timestamp, id: ClientOrderId) {
        self.timers.clear(Timer::Ask(id));
        self.timers.clear(Timer::Fetch(id));
        self.timers.clear(Timer::Cancel(id));
        self.startup.unsure.remove(&id);
        let Some(watch) = self.watches.remove(&id) else {
            return;
        };
        for call in [watch.place, watch.ask, watch.cancel].into_iter().flatten() {
            self.withdraw(call);
        }
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        let (state, filled) = (order.state, order.cum_qty);
        match state {
            OrderState::Filled => self.counters.orders_filled += 1,
            OrderState::Canceled => self.counters.orders_canceled += 1,
            OrderState::Rejected => self.counters.orders_rejected += 1,
            OrderState::Expired => self.counters.orders_expired += 1,
            OrderState::Denied
            | OrderState::Pending
            | OrderState::InFlight
            | OrderState::InDoubt
            | OrderState::Open
            | OrderState::PartiallyFilled => {}
        }
        self.ledger.close(id);
        if let Some((replacement_id, request)) = watch.replacement {
            self.place_replacement(now, replacement_id, &request, state, filled);
        }
    }

    fn place_replacement(
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
            };
            self.place(now, id);
        }
    }

    /// Trading ends: own orders are canceled, those on their way as soon as they are known.
    pub(super) fn cancel_everything(&mut self, now: Timestamp) {
        let open: Vec<_> = self.ledger.open().map(|order| (order.id, order.state)).collect();
        for (id, state) in open {
            // What has not left is not sent any more, whatever the policy for resting orders.
            if self.config.cancels_on_stop || state == OrderState::Pending {
                self.cancel_own(now, id);
            }
        }
        if !self.config.cancels_on_stop {
            let resting = |order: &Order| {
                matches!(order.state, OrderState::Open | OrderState::PartiallyFilled)
            };
            let left: Vec<_> =
                self.ledger.open().filter(|one| resting(one)).map(|one| one.id).collect();
            for id in left {
                self.watches.remove(&id);
            }
        }
    }

    /// Cancels every order of one strategy.
    pub(super) fn cancel_all_of(&mut self, now: Timestamp, strategy: StrategyId) {
        let own = self.ledger.open().filter(|order| order.strategy == strategy);
        let own: Vec<_> = own.map(|order| order.id).collect();
        for id in own {
            self.cancel_own(now, id);
        }
    }

    /// Asks about every order that may be live: something may have happened unheard.
    pub(super) fn ask_about_everything(&mut self, now: Timestamp) {
        let live = self.ledger.open().filter(|order| order.state.may_be_live());
        let live: Vec<_> = live.map(|order| order.id).collect();
        for id in live {
            self.startup.unsure.insert(id);
            self.ask(now, id);
        }
    }

    /// Notes which call now stands for an order's wish.
    pub(super) fn track(&mut self, call: CallId) {
        let Some(owner) = self.calls.get_mut(call).map(|pending| pending.owner.clone()) else {
            return;
        };
        if let Owner::Place(id) | Owner::Cancel(id) | Owner::Ask(id) = owner
            && let Some(watch) = self.watches.get_mut(&id)
        {
            if owner == Owner::Place(id) {
                watch.place = Some(call);
            } else if owner == Owner::Cancel(id) {
                watch.cancel = Some(call);
            } else {
                watch.ask = Some(call);
            }
        }
    }
}
