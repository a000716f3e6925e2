//! Whether the account's stream keeps something to itself.
//!
//! A stream that answers pings and says nothing looks like an account on which nothing happens.
//! So while orders rest, what rests at the venue is asked for every few seconds and compared. An
//! order that looks different there has a second in which the stream may still tell of it; then it
//! is asked about itself, and if that moves it, the stream is mute: it is replaced, and what it
//! kept to itself is asked for. Reads lag, so a difference alone proves nothing.
//!
//! A check costs as much as a few queries, waits behind everything else, is worthless after
//! seconds, and is not made at all while nothing rests. Where an address has no room to spare, it
//! is the first that goes: then a mute stream is found later.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tradewind_model::call::Call;
use tradewind_model::id::{ClientOrderId, Symbol};
use tradewind_model::money::Quantity;
use tradewind_model::order::OrderState;
use tradewind_model::report::ExecutionReport;
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::Priority;

use super::Loss;
use crate::engine::calls::{Owner, PendingCall};
use crate::engine::{Engine, Timer};
use crate::order::Order;

/// A check is made so often. Each symbol has its turn at least every second time, so that what
/// the stream keeps to itself is known within ten seconds.
const EVERY: Duration = Duration::from_millis(3_500);
/// How long the stream may take to tell of what a check has shown.
const GRACE: Duration = Duration::from_secs(1);
/// Reads may lag so far behind an order that has just changed.
const LAG_MAX: Duration = Duration::from_secs(2);
/// What is missing so soon after the stream began may have happened before.
const YOUNG: Duration = Duration::from_secs(10);

/// What goes on about it.
#[derive(Debug, Default)]
pub(in crate::engine) struct Crosscheck {
    /// The symbol that had its turn last.
    last: Option<Symbol>,
    /// Orders that look different at the venue, with what has traded of them as far as is known.
    suspects: BTreeMap<ClientOrderId, (OrderState, Quantity)>,
    /// Those of them that are being asked about.
    asked: BTreeSet<ClientOrderId>,
}

impl Engine {
    /// Something rests: from now on it is looked at now and then.
    pub(in crate::engine) fn watch_resting(&mut self, now: Timestamp) {
        if !self.timers.is_set(Timer::Crosscheck) {
            self.timers.set(Timer::Crosscheck, now + EVERY);
        }
    }

    /// The next check is due, or the time is up that the stream had after the last.
    pub(in crate::engine) fn crosscheck(&mut self, now: Timestamp) {
        let suspects = std::mem::take(&mut self.crosscheck.suspects);
        if !suspects.is_empty() {
            self.ask_about_suspects(now, suspects);
            self.timers.set(Timer::Crosscheck, now + (EVERY - GRACE));
            return;
        }
        let symbols = self.resting_symbols();
        if symbols.is_empty() {
            self.crosscheck.last = None;
            return;
        }
        self.timers.set(Timer::Crosscheck, now + EVERY);
        if !self.account_stream.is_live() || self.resync.is_running() {
            return;
        }
        for scope in self.next_scopes(&symbols) {
            let owner = Owner::Crosscheck(scope.clone());
            if !self.calls.is_waited_for(&owner) {
                let call = Call::OpenOrders { symbol: scope };
                let (class, deadline) = (Priority::Background, now + EVERY * 2);
                let pending = PendingCall::new(now, call, owner, class, deadline);
                self.enqueue(now, pending);
            }
        }
    }

    /// Symbols on which orders of ours rest, ordered.
    fn resting_symbols(&self) -> Vec<Symbol> {
        let resting = self.ledger.open().filter(|order| is_resting(order));
        let symbols: BTreeSet<_> = resting.map(|order| order.symbol.clone()).collect();
        symbols.into_iter().collect()
    }

    /// What is looked at next: half of the symbols, or all at once where that is cheaper.
    fn next_scopes(&mut self, symbols: &[Symbol]) -> Vec<Option<Symbol>> {
        if self.is_cheaper_at_once(symbols) {
            // As dear as a dozen symbols: every second time.
            let is_turn = self.crosscheck.last.take().is_none();
            self.crosscheck.last = symbols.first().filter(|_| is_turn).cloned();
            return if is_turn { vec![None] } else { Vec::new() };
        }
        let count = symbols.len().div_ceil(2);
        let last = self.crosscheck.last.as_ref();
        let first = symbols.iter().position(|symbol| last.is_none_or(|last| symbol > last));
        let from_there = symbols.iter().cycle().skip(first.unwrap_or(0));
        let next: Vec<_> = from_there.take(count).cloned().collect();
        self.crosscheck.last = next.last().cloned();
        next.into_iter().map(Some).collect()
    }

    /// What rests at the venue, on one symbol or on all.
    pub(in crate::engine) fn crosschecked(
        &mut self,
        now: Timestamp,
        sent_at: Timestamp,
        scope: Option<&Symbol>,
        told: &[ExecutionReport],
    ) {
        if !self.account_stream.is_live() || self.resync.is_running() {
            return;
        }
        let settled_before = self.clock.venue_time(sent_at) - LAG_MAX;
        let is_meant = |order: &&Order| {
            let is_in_scope = scope.is_none_or(|symbol| order.symbol == *symbol);
            is_in_scope && is_resting(order) && order.updated_at <= settled_before
        };
        let is_different = |order: &&Order| {
            let told = told.iter().find(|one| {
                order.symbol == one.symbol && order.venue_order_id == Some(one.venue_order_id)
            });
            told.is_none_or(|told| told.cum_qty > order.cum_qty)
        };
        let suspects = self.ledger.open().filter(is_meant).filter(is_different);
        let suspects = suspects.map(|order| (order.id, (order.state, order.cum_qty)));
        self.crosscheck.suspects = suspects.collect();
        if !self.crosscheck.suspects.is_empty() {
            self.timers.set(Timer::Crosscheck, now + GRACE);
        }
    }

    /// Asks about orders of which the stream has told nothing though it had the time.
    fn ask_about_suspects(
        &mut self,
        now: Timestamp,
        suspects: BTreeMap<ClientOrderId, (OrderState, Quantity)>,
    ) {
        for (id, known) in suspects {
            let order = self.ledger.order(id);
            let is_same = order.is_some_and(|order| (order.state, order.cum_qty) == known);
            // One that is asked about already is asked as often as helps.
            if is_same && !self.timers.is_set(Timer::Ask(id)) {
                self.crosscheck.asked.insert(id);
                self.ask(now, id);
            }
        }
    }

    /// A question about an order is answered; `has_moved` when the answer was news.
    pub(in crate::engine) fn suspect_asked(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        has_moved: bool,
    ) {
        let was_suspect = self.crosscheck.asked.remove(&id);
        let stream = &self.account_stream;
        let is_old = stream.is_live() && now.since(stream.current.live_at) >= YOUNG;
        if was_suspect && has_moved && is_old {
            let generation = stream.current.generation;
            let loss = Loss::broken("mute: an order has moved at the venue without a word of it");
            self.counters.streams_mute += 1;
            self.stream_lost(now, StreamKind::Account, generation, loss);
        }
    }

    /// An order is over: it is no suspect any more.
    pub(in crate::engine) fn suspect_over(&mut self, id: ClientOrderId) {
        self.crosscheck.suspects.remove(&id);
        self.crosscheck.asked.remove(&id);
    }
}

const fn is_resting(order: &Order) -> bool {
    matches!(order.state, OrderState::Open | OrderState::PartiallyFilled)
}
