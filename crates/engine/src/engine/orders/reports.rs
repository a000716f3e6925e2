//! Reports: the venue's word about our orders, from wherever it comes.

use std::time::Duration;

use tradewind_model::call::Call;
use tradewind_model::id::{ClientOrderId, Symbol};
use tradewind_model::notice::Notice;
use tradewind_model::order::{OrderState, OrderUpdate};
use tradewind_model::report::{ExecutionReport, Fill, HistoricFill, ReportedStatus};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Backoff, Priority};

use crate::engine::calls::{Owner, Tries};
use crate::engine::rates::fee_elsewhere;
use crate::engine::{Engine, Timer};
use crate::journal::Entry;
use crate::order::Order;

/// How long a stream may take to tell of a trade that an answer has told of already.
const FILL_GRACE: Duration = Duration::from_secs(1);
/// Trades fetched at once; more than one order of ours ever has.
const FILLS_MAX: u32 = 1_000;

impl Engine {
    /// The venue has taken an order.
    pub(in crate::engine) fn placed(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        report: &ExecutionReport,
    ) {
        self.take_in(now, id, report);
    }

    /// A statement of the venue's, from the stream.
    /// True when it said something that was not known.
    pub(in crate::engine) fn reported(&mut self, now: Timestamp, report: &ExecutionReport) -> bool {
        let found = self.ledger.find(&report.symbol, report.client_order_id, report.venue_order_id);
        let Some(id) = found else {
            self.counters.foreign_reports += 1;
            return true;
        };
        let standing =
            |order: &Order| (order.state, order.cum_qty, order.trades.len(), order.venue_order_id);
        let before = self.ledger.order(id).map(standing);
        self.take_in(now, id, report);
        if let ReportedStatus::Unknown(_) = report.status {
            // A word that we do not know: what it means for the order is asked.
            self.counters.unknown_words += 1;
            self.ask(now, id);
        }
        before != self.ledger.order(id).map(standing)
    }

    /// A statement of the venue's about one of our orders, from wherever it came.
    pub(in crate::engine) fn take_in(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        report: &ExecutionReport,
    ) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        let (was_accepted, was_in_doubt) =
            (order.was_accepted(), order.state == OrderState::InDoubt);
        let (was_ruled_out, was_over) = (order.is_ruled_out, order.state.is_terminal());
        let was_named = order.venue_order_id.is_some();
        let change = order.apply(report);
        let (is_accepted, symbol) = (order.was_accepted(), order.symbol.clone());
        if !change.fills.is_empty() {
            self.note_traded(now);
        }
        self.memory.told_of(id);
        if is_accepted && !was_accepted {
            self.hold_resend(id);
            self.counters.orders_accepted += 1;
            self.note_order_accepted(id);
            self.record_accepted(now, id, report, was_in_doubt);
            if was_ruled_out {
                self.turned_up(id);
            }
        }
        if change.is_lowered {
            let qty = self.ledger.order(id).map(|order| order.qty).unwrap_or_default();
            self.record(now, Entry::Amended { client_order_id: id, qty });
        }
        if !was_named {
            self.ledger.name(id, report.venue_order_id);
        }
        if is_accepted {
            self.ledger.acknowledge(id);
            self.watch_resting(now);
        }
        let is_live = |order: &Order| order.state.may_be_live();
        if was_over && self.ledger.order(id).is_some_and(is_live) && self.ledger.unfile(id) {
            // It was refused, and rests after all: it can be canceled like any other.
            let watch = self.watches.entry(id).or_default();
            watch.is_recorded = self.journaling.is_kept();
        }
        self.book(now, id, &symbol, &change.fills);
        if change.has_moved || !change.fills.is_empty() {
            self.tell_strategy(now, id, change.fills, change.has_moved);
        }
        if is_accepted {
            self.end_doubt(id);
            self.other_half_exists(id);
        }
        if is_accepted && !was_accepted {
            self.first_is_gone(now, id);
        }
        self.pursue_cancel(now, id);
    }

    pub(in crate::engine) fn book(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        symbol: &Symbol,
        fills: &[Fill],
    ) {
        for fill in fills {
            self.record_trade(now, id, fill);
        }
        let begun = self.config.identity.started_at.offset_by(self.clock.offset_nanos());
        let instrument = self.symbols.get(symbol).and_then(|id| self.instruments.get(id));
        if let Some(instrument) = instrument {
            for fill in fills {
                self.ledger.book(id, fill, instrument, fill.at < begun);
                self.counters.fills += 1;
            }
            let elsewhere = fills.iter().filter_map(|fill| fee_elsewhere(fill, instrument));
            let mut elsewhere: Vec<_> = elsewhere.collect();
            if !fills.is_empty() {
                elsewhere.push((instrument.base.clone(), instrument.quote.clone()));
            }
            for (asset, quote) in elsewhere {
                self.want_rate(now, asset, quote);
            }
        }
    }

    /// Tells a strategy of new trades and of a new state. Each trade is told once; the end is told
    /// once, after every trade: an order of which trades are still missing is not over for it.
    pub(in crate::engine) fn tell_strategy(
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
        let open_qty = order.qty.saturating_sub(order.cum_qty);
        let partly = |update: &mut OrderUpdate| {
            (update.state, update.leaves_qty) = (OrderState::PartiallyFilled, open_qty);
        };
        if is_over && is_missing_fills {
            partly(&mut last);
        }
        let mut fills = fills.into_iter().peekable();
        let has_fills = fills.peek().is_some();
        while let Some(fill) = fills.next() {
            let mut update = last.clone();
            if fills.peek().is_some() {
                partly(&mut update);
            }
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
    pub(in crate::engine) fn fetch_fills(&mut self, now: Timestamp, id: ClientOrderId) {
        let Some(order) = self.ledger.order(id) else {
            return;
        };
        if !order.has_unbooked_fills() || self.calls.is_waited_for(&Owner::Fetch(id)) {
            return;
        }
        let tries = self.watches.get(&id).map(|watch| watch.fetch_tries).unwrap_or_default();
        let (symbol, venue) = (order.symbol.clone(), order.venue_order_id);
        let call = Call::FillHistory { symbol, order: venue, since: None, limit: FILLS_MAX };
        self.request_again(now, call, Owner::Fetch(id), Priority::Query, tries);
    }

    pub(in crate::engine) fn fetched(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        fills: &[HistoricFill],
    ) {
        let Some(order) = self.ledger.order_mut(id) else {
            return;
        };
        let symbol = order.symbol.clone();
        let own = fills.iter().filter(|one| Some(one.venue_order_id) == order.venue_order_id);
        let own: Vec<Fill> = own.map(|one| one.fill.clone()).collect();
        let new: Vec<Fill> = own.into_iter().filter(|fill| order.book(fill)).collect();
        let is_complete = !order.has_unbooked_fills();
        self.book(now, id, &symbol, &new);
        let Some(watch) = self.watches.get_mut(&id) else {
            return;
        };
        if new.is_empty() && !is_complete {
            // The venue's history lags behind its answers: it is asked more and more seldom.
            let failures = watch.fetch_tries.failures;
            watch.fetch_tries = Tries { failures: failures.saturating_add(1), ..Tries::default() };
            let at = Backoff::READ.again_at(now, failures, None, &mut self.jitter);
            self.timers.set(Timer::Fetch(id), at + FILL_GRACE);
            return;
        }
        watch.fetch_tries = Tries::default();
        self.tell_strategy(now, id, new, false);
    }
}
