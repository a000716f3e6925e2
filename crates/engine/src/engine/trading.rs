//! How much trading is allowed, and what follows from that for orders that are there.
//!
//! A state that forbids more holds from the moment at which it is asked for: nothing that it
//! forbids leaves any more, while it is written down. One that allows more, and the orders by which
//! positions are closed, wait until it is durable, so that no life of the process does more than
//! the next one would know of. Should the storage fail, what was forbidden stays forbidden and is
//! written down once it can be.
//!
//! It is looked at three times: when an order is asked for, when the state changes, for all that
//! wait, and at the last door, when the scheduler has given leave and nothing stands between the
//! order and the wire. The last is the one that counts: whatever path an order takes (queued, held
//! back for the clock, waiting to be tried again), it comes through there.

mod flattening;
mod limits;
mod reducing;

use std::collections::{BTreeMap, BTreeSet};

use tradewind_model::id::{ClientOrderId, ClientOrderIds, StrategyId};
use tradewind_model::order::{Denied, OrderState};
use tradewind_model::time::Timestamp;
use tradewind_model::trading::{CLOSING_TAG, TradingScope, TradingState};

use super::Engine;
use crate::action::Action;
use crate::incident::Incident;
use crate::journal::{Entry, StorageFault, Trading};
use crate::ledger::Waiting;
use crate::operator::TradingRefused;
use crate::order::Order;
use crate::snapshot::TradingView;

/// What is forbidden, and by whom.
#[derive(Debug, Default)]
pub(super) struct TradingDesk {
    held: BTreeMap<TradingScope, Held>,
    /// The latest command about each scope: what an earlier one allows comes too late.
    asked: BTreeMap<TradingScope, u64>,
    last: u64,
    /// Strategies that have failed.
    cut_off: BTreeSet<StrategyId>,
    /// Names of the orders that close positions.
    names: BTreeMap<StrategyId, ClientOrderIds>,
    /// No name that begins at this moment or earlier is free.
    names_after: Timestamp,
    closing_tries: u32,
    /// Whether it was told what flattening has come to.
    has_told_flat: bool,
    /// What of the limits on doubts is exceeded, as it was told.
    too_unresolved: bool,
}

/// A state, and since when.
#[derive(Clone, Debug)]
struct Held {
    trading: Trading,
    since: Timestamp,
    is_durable: bool,
}

/// A command about trading that is being written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    /// Its place among all of them.
    number: u64,
    /// What whoever asked calls it; none when nobody waits for an answer.
    command: Option<u64>,
    trading: Trading,
}

impl Decision {
    /// What it is about.
    pub(super) const fn scope(&self) -> TradingScope {
        self.trading.scope
    }
}

impl Engine {
    /// Takes up what an earlier life was told, and what was found at the start. It holds before
    /// the first call.
    pub(super) fn take_up_trading(&mut self, now: Timestamp) {
        let journal = self.config.beginning.journal.as_ref();
        let recovered = journal.map(|journal| journal.trading.clone()).unwrap_or_default();
        let slots = journal.map(|journal| journal.slots.clone()).unwrap_or_default();
        let own = self.config.strategies.iter().filter_map(|setup| slots.get(&setup.slot));
        // As the strategies' own names are taken: later than any that was given out.
        let begun = own.map(|mark| mark.next_start(now)).max().unwrap_or(now);
        self.trading.names_after = begun.max(self.config.identity.started_at).max(now);
        for (scope, (since, trading)) in recovered {
            if self.is_about_us(scope) {
                self.trading.held.insert(scope, Held { trading, since, is_durable: true });
            }
        }
        for trading in std::mem::take(&mut self.config.beginning.trading) {
            self.set_trading(now, None, trading);
        }
        for held in self.trading.held.values() {
            let incident = trading_set(&held.trading);
            self.actions.push_back(Action::Tell(incident));
        }
    }

    /// Whether a scope has anything to do with what this process trades. One strategy may be out of
    /// the configuration today and in it tomorrow.
    fn is_about_us(&self, scope: TradingScope) -> bool {
        let route = self.config.route;
        match scope {
            TradingScope::Everything | TradingScope::Strategy(_) => true,
            TradingScope::Account(venue, account) => {
                (venue, account) == (route.venue, route.account)
            }
        }
    }

    /// An operator, or a limit, changes how much trading is allowed.
    pub(super) fn set_trading(&mut self, now: Timestamp, command: Option<u64>, trading: Trading) {
        let scope = trading.scope;
        let is_known = match scope {
            TradingScope::Everything | TradingScope::Account(..) => self.is_about_us(scope),
            TradingScope::Strategy(strategy) => {
                self.members.contains_key(&strategy) || self.trading.held.contains_key(&scope)
            }
        };
        if !is_known {
            return self.answer_trading(command, Err(TradingRefused::UnknownScope(scope)));
        }
        let held = self.trading.held.get(&scope);
        let before = held.map_or(TradingState::Running, |held| held.trading.state);
        let is_settled = held.is_none_or(|held| held.is_durable);
        if before == trading.state && is_settled && !self.is_deciding(scope) {
            return self.answer_trading(command, Ok(()));
        }
        self.trading.last += 1;
        let number = self.trading.last;
        self.trading.asked.insert(scope, number);
        if !trading.state.allows_more_than(before) && trading.state != TradingState::Running {
            self.hold_trading(now, trading.clone(), false);
        }
        let decision = Decision { number, command, trading };
        if self.journaling.is_kept() {
            let entry = Entry::Trading(Box::new(decision.trading.clone()));
            self.decide_trading(now, entry, decision);
        } else {
            self.trading_decided(now, decision);
        }
        self.enforce_trading(now);
    }

    /// A command about trading is durable.
    pub(super) fn trading_decided(&mut self, now: Timestamp, decision: Decision) {
        let Decision { number, command, trading } = decision;
        let scope = trading.scope;
        if self.trading.asked.get(&scope) == Some(&number) {
            if trading.state != TradingState::Running {
                self.hold_trading(now, trading, true);
            } else if self.trading.held.remove(&scope).is_some() {
                self.tell(trading_set(&trading));
            }
        }
        self.answer_trading(command, Ok(()));
        self.enforce_trading(now);
    }

    /// A command about trading cannot be written down. What it forbids is forbidden all the same,
    /// for as long as this process lives.
    pub(super) fn trading_undecided(&mut self, decision: Decision, fault: StorageFault) {
        let scope = decision.trading.scope;
        if self.trading.asked.get(&scope) == Some(&decision.number) {
            self.trading.asked.remove(&scope);
        }
        self.answer_trading(decision.command, Err(TradingRefused::Unrecorded(fault)));
    }

    /// The storage works again: what was forbidden meanwhile is written down.
    pub(super) fn write_trading_again(&mut self, now: Timestamp) {
        let unwritten = self.trading.held.values().filter(|held| !held.is_durable);
        let unwritten: Vec<_> = unwritten.map(|held| held.trading.clone()).collect();
        for trading in unwritten {
            self.set_trading(now, None, trading);
        }
    }

    fn hold_trading(&mut self, now: Timestamp, trading: Trading, is_durable: bool) {
        let scope = trading.scope;
        let before = self.trading.held.get(&scope);
        let has_changed = before.is_none_or(|held| held.trading.state != trading.state);
        let since = before.filter(|_| !has_changed).map_or(now, |held| held.since);
        if has_changed {
            self.trading.has_told_flat = false;
            self.trading.closing_tries = 0;
            self.tell(trading_set(&trading));
        }
        self.trading.held.insert(scope, Held { trading, since, is_durable });
    }

    fn answer_trading(&mut self, command: Option<u64>, result: Result<(), TradingRefused>) {
        if let Some(command) = command {
            self.actions.push_back(Action::TradingSet { command, result });
        }
    }

    /// What covers a strategy.
    fn covering(&self, strategy: StrategyId) -> impl Iterator<Item = &Held> {
        let route = self.config.route;
        [
            TradingScope::Everything,
            TradingScope::Account(route.venue, route.account),
            TradingScope::Strategy(strategy),
        ]
        .into_iter()
        .filter_map(|scope| self.trading.held.get(&scope))
    }

    /// The strictest of what covers a strategy; none when all is allowed.
    fn strictest(&self, strategy: StrategyId) -> Option<&Held> {
        self.covering(strategy).max_by_key(|held| held.trading.state.strictness())
    }

    /// Whether an order may leave now, as far as an operator has a say in it.
    pub(super) fn check_allowed(&self, order: &Order, waiting: Waiting) -> Result<(), Denied> {
        if order.tag == CLOSING_TAG {
            return self.check_closing(order, waiting);
        }
        if self.trading.cut_off.contains(&order.strategy) {
            return Err(Denied::CutOff(order.strategy));
        }
        let Some(held) = self.strictest(order.strategy) else { return Ok(()) };
        match held.trading.state {
            TradingState::Running => Ok(()),
            TradingState::ReduceOnly => self.check_reduces(order, &held.trading, waiting),
            TradingState::Halted | TradingState::Flatten => Err(forbidden(&held.trading)),
        }
    }

    /// The last door: why an order for which there is a permit does not leave.
    pub(super) fn check_door(&self, id: ClientOrderId) -> Result<(), Denied> {
        let Some(order) = self.ledger.order(id) else { return Err(Denied::NotOpen(id)) };
        if let Some(fault) = self.journaling.fault() {
            return Err(Denied::Unrecorded(fault.message.clone()));
        }
        for order in self.placed_together(id).filter_map(|id| self.ledger.order(id)) {
            self.check_allowed(order, Waiting::Ignored)?;
        }
        if order.tag == CLOSING_TAG { Ok(()) } else { self.check_unresolved(order.strategy) }
    }

    /// Does what follows from what is forbidden: what waits is denied, what rests is canceled,
    /// positions are closed. Nothing happens when it is done again.
    pub(super) fn enforce_trading(&mut self, now: Timestamp) {
        self.check_losses(now);
        self.watch_unresolved();
        if self.trading.held.is_empty() && self.trading.cut_off.is_empty() {
            return;
        }
        let waiting = self.ledger.open().filter(|order| order.state == OrderState::Pending);
        let denied = waiting.filter_map(|order| {
            self.check_allowed(order, Waiting::Ignored).err().map(|denied| (order.id, denied))
        });
        let denied: Vec<_> = denied.collect();
        for (id, denied) in denied {
            // Half of a pair may be over already, with the other.
            let is_pending = |order: &Order| order.state == OrderState::Pending;
            if self.ledger.order(id).is_some_and(is_pending) {
                self.deny_entry(now, id, &denied);
            }
        }
        let unwanted = self.ledger.open().filter(|order| {
            !order.is_cancel_wanted && order.tag != CLOSING_TAG && self.is_unwanted(order.strategy)
        });
        let mut unwanted: Vec<_> = unwanted.map(|order| order.id).collect();
        unwanted.extend(self.beyond_reducing());
        for id in unwanted {
            self.cancel_own(now, id);
        }
        self.close_positions(now);
    }

    /// Whether no order of a strategy is to rest.
    fn is_unwanted(&self, strategy: StrategyId) -> bool {
        self.strictest(strategy).is_some_and(|held| match held.trading.state {
            TradingState::Halted | TradingState::Flatten => true,
            TradingState::Running | TradingState::ReduceOnly => false,
        })
    }

    /// A strategy has failed: what it asks for is not done any more.
    pub(super) fn cut_off(&mut self, strategy: StrategyId) -> bool {
        self.members.contains_key(&strategy) && self.trading.cut_off.insert(strategy)
    }

    /// Whether a strategy has failed.
    pub(super) fn is_cut_off(&self, strategy: StrategyId) -> bool {
        self.trading.cut_off.contains(&strategy)
    }

    pub(crate) fn trading_views(&self) -> Vec<TradingView> {
        let view = |held: &Held| TradingView {
            trading: held.trading.clone(),
            since: held.since,
            is_durable: held.is_durable,
        };
        self.trading.held.values().map(view).collect()
    }

    pub(crate) fn cut_off_strategies(&self) -> Vec<StrategyId> {
        self.trading.cut_off.iter().copied().collect()
    }
}

fn trading_set(trading: &Trading) -> Incident {
    let Trading { scope, state, reason } = trading.clone();
    Incident::TradingSet { scope, state, reason }
}

fn forbidden(trading: &Trading) -> Denied {
    let Trading { scope, state, reason } = trading.clone();
    Denied::Forbidden { state, scope, reason }
}
