//! What is asked after a gap in the account's events, and no more than that.
//!
//! The events flow again before anything is asked, and what they tell is taken in at once: a
//! statement only ever moves an order forward and a trade is booked under its number, so that it
//! makes no difference which of the two comes first. Then, of the symbols on which something of
//! ours may be live: what rests there now, in one question; each order that does not rest there
//! any more; and the trades that are still missing, order by order or from the last one known. An
//! account's history costs nothing, however long it is.
//!
//! What all of it may weigh is told before the first question leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tradewind_model::call::{Call, HistoryStart, OrderRef};
use tradewind_model::id::{ClientOrderId, Symbol, TradeId, VenueOrderId};
use tradewind_model::report::{ExecutionReport, OrderName};
use tradewind_model::tariff::{LimitKind, Weight};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Priority;

use super::calls::Owner;
use super::{Engine, Timer};
use crate::incident::Incident;

/// Orders read at once: the most that a venue gives.
const PAGE: u32 = 1_000;
/// What cannot be read makes everything be asked for at most this often.
const UNREAD_EVERY: Duration = Duration::from_secs(5);
/// Trades that a history has not told are asked for order by order after this much.
const TRADES_LAG: Duration = Duration::from_secs(2);

/// What is still to be heard of a gap.
#[derive(Debug, Default)]
pub(super) struct Resync {
    /// Which one this is: answers to the questions of an earlier one are too old.
    number: u32,
    began_at: Timestamp,
    /// Symbols whose resting orders are being read; none stands for all at once.
    resting_missing: BTreeSet<Option<Symbol>>,
    /// Orders whose trades are missing.
    trades_missing: BTreeSet<ClientOrderId>,
    step: Step,
    /// When the gap began.
    gap_at: Timestamp,
    /// The last trade of each symbol that was known by then.
    trades_before: BTreeMap<Symbol, TradeId>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    /// Nothing is missing.
    #[default]
    Done,
    /// The events do not flow.
    Gap,
    /// What became of the orders.
    Orders,
    /// What they traded.
    Trades,
}

impl Resync {
    pub(super) fn is_running(&self) -> bool {
        matches!(self.step, Step::Orders | Step::Trades)
    }

    /// What was missed is asked for some other way.
    pub(super) fn leave(&mut self) {
        self.step = Step::Done;
    }
}

impl Engine {
    /// From now on something may happen unheard.
    pub(super) fn gap_begins(&mut self, now: Timestamp) {
        self.startup.has_account = false;
        // One that follows before the last was filled goes on with that.
        if std::mem::replace(&mut self.resync.step, Step::Gap) == Step::Done {
            self.resync.gap_at = now;
            self.resync.trades_before = self.ledger.last_trades().clone();
        }
    }

    /// Asks for what may have happened unheard. The events flow again.
    pub(super) fn resync(&mut self, now: Timestamp) {
        let number = self.resync.number + 1;
        let trades_before = std::mem::take(&mut self.resync.trades_before);
        let gap_at = self.resync.gap_at;
        let mut live = BTreeMap::<Symbol, Vec<ClientOrderId>>::new();
        for order in self.ledger.open().filter(|order| order.state.may_be_live()) {
            live.entry(order.symbol.clone()).or_default().push(order.id);
        }
        self.startup.unsure = live.values().flatten().copied().collect();
        self.withdraw_resync();
        self.resync = Resync {
            number,
            began_at: now,
            gap_at,
            trades_before,
            step: Step::Orders,
            ..Resync::default()
        };
        let symbols: Vec<_> = live.keys().cloned().collect();
        let scopes: BTreeSet<_> = if self.is_cheaper_at_once(&symbols) {
            BTreeSet::from([None])
        } else {
            symbols.into_iter().map(Some).collect()
        };
        if !live.is_empty() {
            let orders = live.values().map(Vec::len).sum();
            let weight = self.resync_weight(&live, &scopes);
            self.tell(Incident::Resyncing { orders, weight });
        }
        for scope in &scopes {
            let call = Call::OpenOrders { symbol: scope.clone() };
            self.request(now, call, Owner::Resync(number, scope.clone()), Priority::Query);
        }
        self.resync.resting_missing = scopes;
        self.read_account(now);
        self.go_on_with_resync(now);
    }

    /// Something was told that could not be read: about this order, or nobody knows about what.
    pub(super) fn ask_about_unread(&mut self, now: Timestamp, order: Option<&OrderName>) {
        let known = order
            .map(|name| self.ledger.find(&name.symbol, name.client_order_id, name.venue_order_id));
        match known {
            Some(Some(id)) => self.ask(now, id),
            // It was about an order, and not about one of ours.
            Some(None) => self.counters.foreign_reports += 1,
            None => self.timers.set(Timer::Resync, now.max(self.resync.began_at + UNREAD_EVERY)),
        }
    }

    /// Asks at once, if nothing else makes sure that it is asked.
    pub(super) fn resync_now(&mut self, now: Timestamp) {
        if self.account_stream.is_live() && self.startup.is_over() {
            self.gap_begins(now);
            self.resync(now);
        }
    }

    /// What could not be read is asked for, unless a gap has come in between.
    pub(super) fn resync_due(&mut self, now: Timestamp) {
        if self.resync.is_running() {
            // It may have been about what came after the questions.
            self.timers.set(Timer::Resync, now + UNREAD_EVERY);
        } else {
            self.resync_now(now);
        }
    }

    fn withdraw_resync(&mut self) {
        let is_of_one = |owner: &Owner| matches!(owner, Owner::Resync(..) | Owner::Vanished(..));
        for call in self.calls.of(is_of_one) {
            self.withdraw(call);
        }
    }

    /// Whether the resting orders of all symbols cost less than those of each of these.
    pub(super) fn is_cheaper_at_once(&self, symbols: &[Symbol]) -> bool {
        let Some(symbol) = symbols.first() else {
            return false;
        };
        let one = self.weight_of(&Call::OpenOrders { symbol: Some(symbol.clone()) });
        let count = Weight::try_from(symbols.len()).unwrap_or(Weight::MAX);
        self.weight_of(&Call::OpenOrders { symbol: None }) < one.saturating_mul(count)
    }

    /// What a call weighs; where nothing is weighed, how many requests it is.
    fn weight_of(&self, call: &Call) -> Weight {
        let kinds = [LimitKind::RequestWeight, LimitKind::RawRequests];
        let cost = self.tariff.cost(call);
        let weights = kinds.into_iter().filter_map(|kind| Some(cost?.weight(kind)));
        weights.into_iter().find(|weight| *weight > 0).unwrap_or(0)
    }

    /// The most that a resync of these orders may weigh, if what it asks is answered.
    fn resync_weight(
        &self,
        live: &BTreeMap<Symbol, Vec<ClientOrderId>>,
        scopes: &BTreeSet<Option<Symbol>>,
    ) -> Weight {
        let resting = scopes.iter().map(|symbol| Call::OpenOrders { symbol: symbol.clone() });
        let first = resting.chain([Call::Account]);
        let first: Weight = first.map(|call| self.weight_of(&call)).sum();
        let rest: Weight = live
            .iter()
            .map(|(symbol, ids)| {
                let count = Weight::try_from(ids.len()).unwrap_or(Weight::MAX);
                let Some(first) = ids.first() else {
                    return 0;
                };
                let order = OrderRef::Client(*first);
                let query = Call::QueryOrder { symbol: symbol.clone(), order };
                let asked = self.weight_of(&query).saturating_mul(count);
                // A number that names no order costs what any other does.
                let name = VenueOrderId::new("1").ok();
                let fetched = self.weight_of(&fills(symbol, name)).saturating_mul(count);
                let at_once = name.map_or(asked, |name| self.weight_of(&history(symbol, name)));
                asked.min(at_once) + fetched.min(self.weight_of(&fills(symbol, None)))
            })
            .sum();
        first + rest
    }

    /// What rests at the venue after a gap.
    pub(super) fn resting_read(
        &mut self,
        now: Timestamp,
        number: u32,
        scope: &Option<Symbol>,
        told: &[ExecutionReport],
    ) {
        if number != self.resync.number || !self.resync.resting_missing.remove(scope) {
            return;
        }
        let mut foreign = 0;
        for report in told {
            let (client, venue) = (report.client_order_id, report.venue_order_id);
            let known = self.ledger.find(&report.symbol, client, venue);
            match known {
                Some(id) => {
                    self.take_in(now, id, report);
                    self.startup.unsure.remove(&id);
                }
                None => foreign += usize::from(self.adopt_order(now, report).is_none()),
            }
        }
        if foreign > 0 {
            self.tell(Incident::ForeignOrders { count: foreign });
        }
        let mut vanished = BTreeMap::<Symbol, Vec<_>>::new();
        for id in &self.startup.unsure {
            let order = self.ledger.order(*id);
            if let Some(order) =
                order.filter(|order| scope.as_ref().is_none_or(|symbol| order.symbol == *symbol))
            {
                let named = (order.id, order.venue_order_id);
                vanished.entry(order.symbol.clone()).or_default().push(named);
            }
        }
        for (symbol, orders) in vanished {
            self.ask_about_vanished(now, number, &symbol, &orders);
        }
        self.go_on_with_resync(now);
    }

    /// Asks what became of orders that do not rest any more: about each, or about all that came
    /// since the first of them, whatever weighs less.
    fn ask_about_vanished(
        &mut self,
        now: Timestamp,
        number: u32,
        symbol: &Symbol,
        orders: &[(ClientOrderId, Option<VenueOrderId>)],
    ) {
        let named = orders.iter().filter_map(|(_, venue)| *venue);
        // Numbers as text: the longer is the greater.
        let first = named.min_by_key(|venue| (venue.as_str().len(), *venue));
        let named = orders.iter().filter(|(_, venue)| venue.is_some()).count();
        let named = Weight::try_from(named).unwrap_or(Weight::MAX);
        if let Some(first) = first {
            let at_once = history(symbol, first);
            let order = OrderRef::Venue(first);
            let query = Call::QueryOrder { symbol: symbol.clone(), order };
            if self.weight_of(&at_once) < self.weight_of(&query).saturating_mul(named) {
                let owner = Owner::Vanished(number, symbol.clone());
                self.request(now, at_once, owner, Priority::Query);
                for (id, _) in orders.iter().filter(|(_, venue)| venue.is_none()) {
                    self.ask(now, *id);
                }
                return;
            }
        }
        for (id, _) in orders {
            self.ask(now, *id);
        }
    }

    /// What became of orders that do not rest any more. A history lags: of which it says that
    /// they rest, and of which it says nothing, are asked about.
    pub(super) fn vanished_read(
        &mut self,
        now: Timestamp,
        number: u32,
        symbol: &Symbol,
        told: &[ExecutionReport],
    ) {
        if number != self.resync.number {
            return;
        }
        for report in told {
            let (client, venue) = (report.client_order_id, report.venue_order_id);
            if let Some(id) = self.ledger.find(symbol, client, venue) {
                self.take_in(now, id, report);
                let is_live = |order: &crate::order::Order| order.state.may_be_live();
                if !self.ledger.order(id).is_some_and(is_live) {
                    self.startup.unsure.remove(&id);
                }
            }
        }
        let left: Vec<_> = self.startup.unsure.iter().copied().collect();
        for id in left {
            if self.ledger.order(id).is_some_and(|order| order.symbol == *symbol) {
                self.ask(now, id);
            }
        }
        self.go_on_with_resync(now);
    }

    /// Takes the next step once nothing of the last is missing.
    pub(super) fn go_on_with_resync(&mut self, now: Timestamp) {
        if self.resync.step == Step::Orders
            && self.resync.resting_missing.is_empty()
            && self.startup.unsure.is_empty()
        {
            self.resync.step = Step::Trades;
            self.fetch_missing_trades(now);
        }
        if self.resync.step == Step::Trades {
            let is_missing = |id: &ClientOrderId| {
                self.ledger.order(*id).is_some_and(crate::order::Order::has_unbooked_fills)
            };
            let missing: BTreeSet<_> =
                self.resync.trades_missing.iter().copied().filter(is_missing).collect();
            if missing.is_empty() {
                self.resync.step = Step::Done;
            }
            self.resync.trades_missing = missing;
        }
    }

    /// Reads trades that were told of and not told: of each order, or of the symbol from the last
    /// that was known, whatever weighs less.
    fn fetch_missing_trades(&mut self, now: Timestamp) {
        let mut missing = BTreeMap::<Symbol, Vec<(ClientOrderId, Option<VenueOrderId>)>>::new();
        for id in self.watches.keys() {
            if let Some(order) = self.ledger.order(*id).filter(|order| order.has_unbooked_fills()) {
                let named = (*id, order.venue_order_id);
                missing.entry(order.symbol.clone()).or_default().push(named);
            }
        }
        for (symbol, orders) in missing {
            self.resync.trades_missing.extend(orders.iter().map(|(id, _)| *id));
            let count = Weight::try_from(orders.len()).unwrap_or(Weight::MAX);
            let each = self.weight_of(&fills(&symbol, orders[0].1)).saturating_mul(count);
            let is_at_once = self.weight_of(&fills(&symbol, None)) < each;
            match self.resync.trades_before.get(&symbol).copied() {
                _ if !is_at_once => {}
                Some(last) => self.scan_after(now, &symbol, last),
                None => self.scan_since(now, &symbol, self.resync.gap_at),
            }
            let at = if is_at_once { now + TRADES_LAG } else { now };
            for (id, _) in orders {
                self.timers.set(Timer::Fetch(id), at);
            }
        }
    }
}

fn history(symbol: &Symbol, first: VenueOrderId) -> Call {
    let since = Some(HistoryStart::Id(first));
    Call::OrderHistory { symbol: symbol.clone(), since, limit: PAGE }
}

fn fills(symbol: &Symbol, order: Option<VenueOrderId>) -> Call {
    Call::FillHistory { symbol: symbol.clone(), order, since: None, limit: PAGE }
}
