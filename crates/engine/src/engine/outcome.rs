//! What became of calls, brought to those who wait for them.

use tradewind_model::call::Call;
use tradewind_model::id::CallId;
use tradewind_model::outcome::{Fate, NotTaken, Outcome, Refusal, RefusalKind, Reply, Unknown};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{OverReason, Settlement};

use super::Engine;
use super::calls::{Owner, PendingCall};
use super::retrying::Over;
use crate::action::Failure;
use crate::beginning::Catalog;

impl Engine {
    /// A call has come back.
    pub(super) fn replied(&mut self, now: Timestamp, call: CallId, outcome: Outcome) {
        let Outcome { legs, meter } = outcome;
        let succeeded = legs.iter().all(|(_, fate)| matches!(fate, Fate::Done(_)));
        // Every call this engine makes has one leg.
        let fate = legs.into_iter().next().map_or_else(
            || Fate::Unknown(Unknown::Unreadable("an outcome without legs".to_owned())),
            |(_, fate)| fate,
        );
        self.scheduler.note_fate(now, call, &fate);
        match &fate {
            Fate::Unknown(Unknown::Timeout | Unknown::Broken(_)) => {
                self.scheduler.abandon(now, call);
            }
            Fate::NotTaken(NotTaken::NotSent(_)) => self.scheduler.forget_unsent(call),
            Fate::Done(_) | Fate::Refused(_) | Fate::NotTaken(_) | Fate::Unknown(_) => {
                self.scheduler.settle(now, call, Settlement { succeeded, meter: &meter })
            }
        }
        let Some(pending) = self.calls.remove(call) else {
            return;
        };
        self.report_attempt(now, &pending, &fate, &meter);
        self.note_order_count(pending.sent_at.unwrap_or(now), &meter);
        self.heed(now, &pending.call, &fate);
        match fate {
            Fate::Done(reply) => {
                self.retries.succeeded(pending.priority, pending.tries.paid);
                self.done(now, pending, reply);
            }
            Fate::Refused(refusal) => self.refused(now, pending, refusal),
            Fate::NotTaken(_) | Fate::Unknown(_) => self.failed(now, pending, fate),
        }
    }

    fn done(&mut self, now: Timestamp, pending: PendingCall, reply: Reply) {
        let sent_at = pending.sent_at.unwrap_or(now);
        if pending.owner == Owner::Read {
            self.read_done(pending, sent_at, reply);
            return;
        }
        self.overhear(sent_at, &pending.call, &reply);
        match (pending.owner.clone(), reply) {
            (Owner::Place(id), Reply::Order(report)) => self.placed(now, id, &report),
            (Owner::Cancel(id), Reply::Order(report)) => self.canceled(now, id, &report),
            (Owner::Ask(id), Reply::Order(report)) => self.asked(now, id, &report),
            (Owner::Fetch(id), Reply::Fills(fills)) => self.fetched(now, id, &fills),
            (Owner::Clock | Owner::Probe, Reply::Time(venue)) => {
                self.clock_read(now, sent_at, venue);
            }
            (Owner::Catalog, Reply::Catalog { instruments, limits }) => {
                self.catalog_told(now, Catalog { read_at: sent_at, instruments, limits });
            }
            (Owner::Account | Owner::Probe, Reply::Account(account)) => {
                self.account_read(now, sent_at, account);
            }
            (Owner::OrderCounts, Reply::OrderCounts) => self.order_counts_read(now),
            (Owner::OpenOrders(symbol), Reply::Orders(orders)) => {
                self.open_orders_read(now, &symbol, &orders);
            }
            (Owner::History { strategy, instrument, interval, bars }, Reply::Bars(read)) => {
                self.history_read(now, strategy, &instrument, interval, bars, read);
            }
            (Owner::Scan(symbol), Reply::Fills(fills)) => self.trades_read(now, &symbol, &fills),
            (Owner::Identify(symbol), Reply::Orders(orders)) => {
                self.orders_read(now, &symbol, pending, &orders);
            }
            (Owner::Rate(pair), Reply::Ticker(quote)) => self.rate_read(&pair, &quote),
            (Owner::Depth(symbol), Reply::Depth(book)) => self.depth_read(now, &symbol, &book),
            (Owner::Open(kind, generation), Reply::Ack) => {
                self.stream_opened(now, kind, generation);
            }
            (Owner::Join(generation), Reply::Ack) => self.account_joined(now, generation),
            (Owner::Follow(_), Reply::Ack) => {}
            _ => {
                // An answer of another kind than the question: an adapter's mistake. It proves
                // nothing, so it is treated like no answer.
                let fate = Fate::Unknown(Unknown::Unreadable("an answer to another call".into()));
                self.failed(now, pending, fate);
            }
        }
    }

    fn refused(&mut self, now: Timestamp, pending: PendingCall, refusal: Refusal) {
        let fate = Fate::Refused(refusal);
        let Fate::Refused(refusal) = &fate else { return };
        if refusal.kind == RefusalKind::Clock {
            let is_final = self.time_refused(now, &pending, refusal);
            // Refused by the first check, so not acted upon: the same request may go once more,
            // with a right time.
            if !is_final && let Ok((at, tries)) = self.next_try(now, &pending, &fate) {
                self.hold_for_clock(now, pending.after(tries), at);
                return;
            }
        }
        match pending.owner {
            Owner::Place(id) => self.place_refused(now, id, refusal),
            Owner::Cancel(id) => {
                let is_unknown = refusal.kind == RefusalKind::UnknownOrder;
                // Mostly because the order has just filled: the venue is asked.
                self.failed(now, pending, fate);
                if is_unknown {
                    self.nothing_to_cancel(now, id);
                }
                self.ask(now, id);
            }
            Owner::Ask(_)
            | Owner::Read
            | Owner::Fetch(_)
            | Owner::Probe
            | Owner::Open(..)
            | Owner::Join(_)
            | Owner::Follow(_)
            | Owner::Clock
            | Owner::Catalog
            | Owner::Account
            | Owner::OrderCounts
            | Owner::OpenOrders(_)
            | Owner::Scan(_)
            | Owner::Identify(_)
            | Owner::History { .. }
            | Owner::Depth(_)
            | Owner::Rate(_) => self.failed(now, pending, fate),
        }
    }

    /// A call was not done, and its owner has to be content with that or try again.
    fn failed(&mut self, now: Timestamp, pending: PendingCall, fate: Fate) {
        match &pending.owner {
            Owner::Place(id) => {
                let id = *id;
                match self.next_try(now, &pending, &fate) {
                    Ok((at, tries)) => self.place_again(now, id, pending.after(tries), at),
                    // Answers that settle an order never come this way; should one, the order is
                    // asked about, which is always safe.
                    Err(Over::Reconcile | Over::Given(OverReason::Final)) => {
                        self.in_doubt(now, id, describe(&fate));
                    }
                    Err(Over::Given(over)) => self.not_taken(now, id, &fate, over),
                }
            }
            Owner::Read => self.read_failed(now, pending, fate),
            Owner::Cancel(_)
            | Owner::Ask(_)
            | Owner::Fetch(_)
            | Owner::Probe
            | Owner::Open(..)
            | Owner::Join(_)
            | Owner::Follow(_)
            | Owner::Clock
            | Owner::Catalog
            | Owner::Account
            | Owner::OrderCounts
            | Owner::OpenOrders(_)
            | Owner::Scan(_)
            | Owner::Identify(_)
            | Owner::History { .. }
            | Owner::Depth(_)
            | Owner::Rate(_) => {
                let reason = describe(&fate);
                self.pursue(now, pending, Some(&fate), reason);
            }
        }
    }

    pub(super) fn give_up(&mut self, call: &Call, fate: &Fate) {
        let venue = self.config.route.venue;
        let failure = match (call, fate) {
            (Call::Catalog { symbols }, Fate::Refused(refusal))
                if refusal.kind == RefusalKind::Validation =>
            {
                let names: Vec<_> = symbols.iter().map(ToString::to_string).collect();
                let (names, message) = (names.join(" or "), refusal.message.clone());
                Failure::UnknownInstrument { venue, names, message }
            }
            (_, Fate::Refused(refusal)) if refusal.kind == RefusalKind::Auth => Failure::Auth {
                venue,
                account: self.config.route.account,
                message: refusal.message.clone(),
            },
            _ => {
                let (what, message) = (format!("{:?}", call.kind()), describe(fate));
                Failure::Unreachable { venue, what, message }
            }
        };
        self.fail(failure);
    }
}

/// A fate that is no success, in words.
pub(super) fn describe(fate: &Fate) -> String {
    match fate {
        Fate::Done(_) => "done".to_owned(),
        Fate::Refused(refusal) => format!("{} (code {})", refusal.message, refusal.code),
        Fate::NotTaken(
            NotTaken::NotSent(reason)
            | NotTaken::Overloaded(reason)
            | NotTaken::NotAttempted(reason),
        ) => reason.clone(),
        Fate::NotTaken(NotTaken::Throttled(throttle)) => throttle.message.clone(),
        Fate::Unknown(Unknown::Timeout) => "no answer in time".to_owned(),
        Fate::Unknown(Unknown::Broken(reason) | Unknown::Unreadable(reason)) => reason.clone(),
        Fate::Unknown(Unknown::Venue { status, message, .. }) => {
            format!("status {status}: {message}")
        }
    }
}
