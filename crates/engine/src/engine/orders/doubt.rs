//! Doubt: an order whose answer was lost is asked about, never sent again.
//!
//! Anything positive ends a doubt at any time: a report, an answer that finds the order. Its
//! absence proves nothing for long; when it does is the matter of `verdict`.

use std::collections::BTreeSet;
use std::time::Duration;

use tradewind_model::call::{Call, OrderRef};
use tradewind_model::id::{ClientOrderId, Symbol};
use tradewind_model::order::OrderState;
use tradewind_model::outcome::{Fate, RefusalKind};
use tradewind_model::report::ExecutionReport;
use tradewind_model::time::Timestamp;
use tradewind_model::trading::TradingLimits;
use tradewind_scheduler::{Backoff, Priority};

use crate::engine::calls::{Owner, PendingCall, Tries};
use crate::engine::{Engine, Timer};
use crate::incident::Incident;
use crate::journal::Entry;
use crate::order::Order;

/// How long a doubt may last before somebody is woken.
const ALERT_AFTER: Duration = Duration::from_secs(30);
/// How long it may last before the account takes no new risk: exposure that nobody knows of is not
/// to grow.
const CLOSED_AFTER: Duration = Duration::from_secs(120);
/// No request is taken that is stamped further ahead of the venue's clock than this, so that a
/// clock which is not known yet makes nothing last longer (rest-api.md, timing security, read
/// 2026-11).
const AHEAD_MAX: Duration = Duration::from_secs(1);
/// "No such order" counts again after this much.
const MISSES_APART: Duration = Duration::from_secs(1);

/// What is known of an order in doubt, beside that it is.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Doubt {
    since: Timestamp,
    /// Nothing of it can have happened before this, by our clock.
    pub(super) sent_at: Timestamp,
    /// What the venue does not know from then on it never will: it would refuse the request for its
    /// age, is done with what it had taken, and answers from what came of that.
    pub(super) conclusive_from: Timestamp,
    /// How often in a row it was not found since then.
    pub(super) misses: u32,
    missed_at: Timestamp,
    /// The venue has said that it has an order of this name.
    pub(super) exists: bool,
    /// Every trade since it was sent has been looked at.
    pub(super) is_scanned: bool,
    /// How far it was looked for in the venue's lists.
    pub(super) sought: Sought,
    /// There was nothing to cancel.
    pub(super) is_cancel_refused: bool,
    /// The verdict is being written down.
    pub(super) is_deciding: bool,
    is_alerted: bool,
}

/// How far an order was looked for in lists that name orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sought {
    /// Not at all.
    No,
    /// Among those that are open, where it was not.
    AmongOpen,
    /// Among those that are over, too: it is nowhere.
    Everywhere,
}

impl Doubt {
    const fn new(now: Timestamp, sent_at: Timestamp, conclusive_from: Timestamp) -> Self {
        Self {
            since: now,
            sent_at,
            conclusive_from,
            misses: 0,
            missed_at: Timestamp::EPOCH,
            exists: false,
            is_scanned: false,
            sought: Sought::No,
            is_cancel_refused: false,
            is_deciding: false,
            is_alerted: false,
        }
    }

    /// Takes in that a question that left at `asked_at` found nothing.
    fn missed(&mut self, asked_at: Timestamp) {
        let is_conclusive = asked_at >= self.conclusive_from;
        if is_conclusive && (self.misses == 0 || asked_at >= self.missed_at + MISSES_APART) {
            self.misses = self.misses.saturating_add(1);
            self.missed_at = asked_at;
        }
    }

    /// When asking again may tell something new, at the latest.
    fn next_ask(&self, now: Timestamp) -> Timestamp {
        if now < self.conclusive_from {
            self.conclusive_from
        } else if self.misses == 1 {
            self.missed_at + MISSES_APART
        } else {
            Timestamp::MAX
        }
    }
}

impl Engine {
    /// The answer to what was placed was lost. An order that was to be canceled by the same
    /// request is asked about as well.
    pub(in crate::engine) fn in_doubt(&mut self, now: Timestamp, id: ClientOrderId, reason: &str) {
        for id in self.placed_together(id) {
            self.in_doubt_alone(now, id, reason.to_owned());
        }
        if let Some(first) = self.swapped_for(id) {
            self.ask(now, first);
        }
    }

    /// The answer to an order was lost.
    pub(super) fn in_doubt_alone(&mut self, now: Timestamp, id: ClientOrderId, reason: String) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        if order.state != OrderState::InFlight {
            return;
        }
        order.state = OrderState::InDoubt;
        order.updated_at = now;
        let sent_at = order.sent_at.unwrap_or(now);
        self.counters.orders_in_doubt += 1;
        self.begin_doubt(now, id, sent_at, sent_at + self.config.recv_window);
        self.timers.set(Timer::Ask(id), now + Backoff::RESOLVE.delay(0, &mut self.jitter));
        self.record(now, Entry::InDoubt { client_order_id: id, reason: reason.clone() });
        self.tell_strategy(now, id, Vec::new(), true);
        self.tell(Incident::InDoubt { client_order_id: id, reason });
    }

    /// An earlier life may have sent an order, and nothing was heard of it. It was dead before this
    /// one began, so that nothing of it was signed later than now.
    pub(in crate::engine) fn doubt_restored(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        (sent_at, recv_window): (Timestamp, Duration),
    ) {
        self.begin_doubt(now, id, sent_at, now + recv_window);
    }

    fn begin_doubt(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        sent_at: Timestamp,
        expires_at: Timestamp,
    ) {
        let lookup = self.config.lookup;
        let patience =
            lookup.processing_max + lookup.lag_max + self.clock.error_bound(now).min(AHEAD_MAX);
        let alert_after = ALERT_AFTER.min(self.closed_after(id));
        if let Some(watch) = self.watches.get_mut(&id) {
            watch.doubt = Some(Doubt::new(now, sent_at, expires_at + patience));
            self.timers.set(Timer::Doubt(id), now + alert_after);
        }
    }

    /// How long the doubt about an order may last before no new risk is taken.
    fn closed_after(&self, id: ClientOrderId) -> Duration {
        let strategy = self.ledger.order(id).map(|order| order.strategy);
        let setups = self.config.strategies.iter();
        let own = setups.filter(|setup| Some(setup.id) == strategy).map(|setup| &setup.limits);
        let limits = own.chain([&self.config.limits]);
        let shortest = limits.filter_map(TradingLimits::max_unresolved_age).min();
        shortest.unwrap_or(CLOSED_AFTER)
    }

    /// The venue has said that it has an order of this name, and nothing else of it.
    pub(in crate::engine) fn doubted_exists(&mut self, id: ClientOrderId) {
        if let Some(doubt) = self.doubt_mut(id) {
            doubt.exists = true;
        }
    }

    pub(in crate::engine) fn doubt_mut(&mut self, id: ClientOrderId) -> Option<&mut Doubt> {
        self.watches.get_mut(&id)?.doubt.as_mut()
    }

    /// The doubt about an order is over, or the order is.
    pub(in crate::engine) fn end_doubt(&mut self, id: ClientOrderId) {
        if let Some(watch) = self.watches.get_mut(&id) {
            watch.doubt = None;
        }
        self.timers.clear(Timer::Ask(id));
        self.timers.clear(Timer::Doubt(id));
        self.startup.unsure.remove(&id);
        self.overdue.remove(&id);
    }

    /// A doubt has lasted for long: somebody is told, then no new risk is taken.
    pub(in crate::engine) fn doubt_overdue(&mut self, now: Timestamp, id: ClientOrderId) {
        let closed_after = self.closed_after(id);
        // It cannot end while nothing is answered, which was told.
        if self.is_silence_told() {
            let is_first = self
                .doubt_mut(id)
                .is_some_and(|doubt| !doubt.is_alerted && now.since(doubt.since) < closed_after);
            if is_first {
                self.timers.set(Timer::Doubt(id), now + ALERT_AFTER);
                return;
            }
        }
        let Some(doubt) = self.doubt_mut(id) else {
            return;
        };
        let (since, was_alerted) = (doubt.since, std::mem::replace(&mut doubt.is_alerted, true));
        if was_alerted || closed_after <= ALERT_AFTER {
            self.overdue.insert(id);
            self.tell(Incident::DoubtCloses { client_order_id: id, lasting: closed_after });
        } else {
            self.timers.set(Timer::Doubt(id), since + closed_after);
            self.tell(Incident::DoubtLasts { client_order_id: id, lasting: ALERT_AFTER });
        }
    }

    /// Asks the venue about an order.
    pub(in crate::engine) fn ask(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        // By our name, as long as the venue surely knows it by that; then by its own.
        let is_remembered = now.since(order.created_at) < self.config.lookup.horizon / 2;
        let by_venue = order.venue_order_id.filter(|_| !is_remembered);
        let reference = by_venue.map_or(OrderRef::Client(id), OrderRef::Venue);
        let (symbol, order) = (order.symbol.clone(), reference);
        let Some(watch) = self.watches.get(&id).filter(|watch| watch.ask.is_none()) else {
            return;
        };
        let (call, tries) = (Call::QueryOrder { symbol, order }, watch.ask_tries);
        let call = self.request_again(now, call, Owner::Ask(id), Priority::Critical, tries);
        self.track(call);
    }

    /// The venue has told of an order that it was asked about.
    pub(in crate::engine) fn asked(
        &mut self,
        now: Timestamp,
        sent_at: Timestamp,
        id: ClientOrderId,
        report: &ExecutionReport,
    ) {
        let Some(watch) = self.watches.get_mut(&id) else {
            return;
        };
        (watch.ask, watch.ask_tries) = (None, Tries::default());
        let standing = |order: &Order| (order.state, order.cum_qty);
        let before = self.ledger.order(id).map(standing);
        self.take_in(now, id, report);
        self.settle_amendment(id);
        let after = self.ledger.order(id).map(standing);
        self.suspect_asked(now, id, before != after);
        // A question that left before the events flowed again may have missed what came between.
        if self.account_stream.is_live() && !self.account_stream.has_stood_since(sent_at) {
            self.ask(now, id);
        } else {
            self.startup.unsure.remove(&id);
        }
    }

    /// The venue has not told of an order that it was asked about. That it knows none of this name
    /// is counted when it can mean something; an answer that is none makes the count begin anew.
    /// Gives when to ask again at the latest.
    pub(in crate::engine) fn not_asked(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        pending: &PendingCall,
        fate: Option<&Fate>,
    ) -> Timestamp {
        let is_miss = matches!(
            fate,
            Some(Fate::Refused(refusal)) if refusal.kind == RefusalKind::UnknownOrder
        );
        let asked_at = pending.sent_at.unwrap_or(now);
        if is_miss {
            self.order_unknown(asked_at, id);
        }
        let Some(doubt) = self.doubt_mut(id) else {
            return Timestamp::MAX;
        };
        if !is_miss {
            doubt.misses = 0;
            return Timestamp::MAX;
        }
        doubt.missed(asked_at);
        let next = doubt.next_ask(now);
        // The other half of a pair may have waited for this one.
        let both: Vec<_> = self.placed_together(id).collect();
        for id in both.into_iter().rev() {
            self.consider_verdict(now, id);
        }
        next
    }

    /// An earlier life has left orders: each is unsure until the venue's list of open orders, which
    /// is read next, has it, or it has been asked about.
    pub(in crate::engine) fn expect_everything(&mut self, now: Timestamp) {
        let live = self.ledger.open().filter(|order| order.state.may_be_live());
        let live: Vec<_> = live.map(|order| (order.id, order.symbol.clone())).collect();
        for (id, symbol) in live {
            self.startup.unsure.insert(id);
            if !self.symbols.contains_key(&symbol) {
                // It is not traded any more, and its symbol not listed.
                self.ask(now, id);
            }
        }
    }

    /// The list of a symbol's open orders has been read: who is not in it is asked about.
    pub(in crate::engine) fn ask_about_unlisted(
        &mut self,
        now: Timestamp,
        symbol: &Symbol,
        listed: &BTreeSet<ClientOrderId>,
    ) {
        let on_it = self.ledger.open().filter(|order| order.symbol == *symbol);
        let on_it: Vec<_> = on_it.map(|order| order.id).collect();
        for id in on_it {
            if listed.contains(&id) {
                self.startup.unsure.remove(&id);
            } else if self.startup.unsure.contains(&id) {
                self.ask(now, id);
            }
        }
    }

    /// Every trade on a symbol has been looked at that was made before `at`.
    pub(in crate::engine) fn doubts_scanned(
        &mut self,
        now: Timestamp,
        symbol: &Symbol,
        at: Timestamp,
    ) {
        let on_it = self.ledger.open().filter(|order| order.symbol == *symbol);
        let on_it: Vec<_> = on_it.map(|order| order.id).collect();
        for id in on_it {
            if let Some(doubt) = self.doubt_mut(id)
                && at >= doubt.conclusive_from
            {
                doubt.is_scanned = true;
                self.consider_verdict(now, id);
            }
        }
    }
}
