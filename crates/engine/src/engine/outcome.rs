//! What became of calls, brought to those who wait for them.

use tradewind_model::call::Call;
use tradewind_model::id::CallId;
use tradewind_model::order::Denied;
use tradewind_model::outcome::{Fate, NotTaken, Outcome, Refusal, RefusalKind, Reply, Unknown};
use tradewind_model::stream::StreamKind;
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
        let mut fates: Vec<_> = legs.into_iter().map(|(_, fate)| fate).collect();
        let fate = gravest(&fates);
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
        self.counters.unreadable_rows += u64::from(meter.unreadable_rows);
        self.report_attempt(now, &pending, &fate, &meter);
        self.note_order_count(pending.sent_at.unwrap_or(now), &meter);
        self.heed(now, &pending.call, &fate);
        self.note_silence(now, pending.sent_at.unwrap_or(now), &fate);
        if let (Some(second), Some(first)) = (fates.pop(), fates.pop())
            && (first != second || matches!(first, Fate::Done(_)))
        {
            self.legs_ended(now, &pending, (first, second));
            return;
        }
        match fate {
            Fate::Done(reply) => {
                self.retries.succeeded(pending.priority, pending.tries.paid);
                let whole = self.whole_list(now, pending, reply, meter.unreadable_rows);
                if let Some((pending, reply)) = whole {
                    self.done(now, pending, reply);
                }
            }
            Fate::Refused(refusal) => self.refused(now, pending, refusal),
            Fate::NotTaken(_) | Fate::Unknown(_) => self.failed(now, pending, fate),
        }
    }

    /// The parts of a call have ended each in its own way, or both well.
    fn legs_ended(&mut self, now: Timestamp, pending: &PendingCall, fates: (Fate, Fate)) {
        match (&pending.owner, &pending.call) {
            (Owner::Place(id), Call::ReplaceOrder(_)) => self.swapped(now, pending, *id, fates),
            (Owner::Place(_), Call::PlaceOco(_)) => self.pair_answered(now, pending, fates),
            _ => {
                let fate = Fate::Unknown(Unknown::Unreadable("an answer in two parts".into()));
                self.failed(now, pending.clone(), fate);
            }
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
            (Owner::Place(id), Reply::Order(report))
                if matches!(pending.call, Call::PlaceOrder(_)) =>
            {
                self.placed(now, id, &report);
            }
            (Owner::Amend(id), Reply::Order(report)) => self.amended(now, id, &report),
            (Owner::Clear(symbol), Reply::Orders(orders)) => self.cleared(now, &symbol, &orders),
            (Owner::Clear(symbol), Reply::Ack) => self.clearing(now, &symbol),
            (Owner::Cancel(id), Reply::Order(report)) => self.canceled(now, id, &report),
            (Owner::Cancel(id), Reply::Ack) => self.canceling(now, id),
            (Owner::Ask(id), Reply::Order(report)) => self.asked(now, sent_at, id, &report),
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
            (Owner::Resync(number, scope), Reply::Orders(orders)) => {
                self.resting_read(now, number, &scope, &orders);
            }
            (Owner::Vanished(number, symbol), Reply::Orders(orders)) => {
                self.vanished_read(now, number, &symbol, &orders);
            }
            (Owner::Crosscheck(scope), Reply::Orders(orders)) => {
                self.crosschecked(now, sent_at, scope.as_ref(), &orders);
            }
            (Owner::Pulse(symbol), Reply::Ticker(quote)) => {
                self.pulse_read(now, sent_at, &symbol, &quote);
            }
            (Owner::Scan(symbol), Reply::Fills(fills)) => {
                self.trades_read(now, &symbol, pending, &fills);
            }
            (Owner::Newest(_), Reply::Orders(orders)) => self.newest_read(&orders),
            (Owner::Listing(symbol), Reply::Orders(orders)) => {
                self.listed(now, &symbol, &pending, &orders);
            }
            (Owner::Identify(symbol), Reply::Orders(orders)) => {
                self.orders_read(now, &symbol, pending, &orders);
            }
            (Owner::Identify(symbol), Reply::Order(order)) => {
                self.orders_read(now, &symbol, pending, &[order]);
            }
            (Owner::Rate(pair), Reply::Ticker(quote)) => self.rate_read(&pair, &quote),
            (Owner::Depth(symbol), Reply::Depth(book)) => self.depth_read(now, &symbol, &book),
            (Owner::Open(kind, generation), Reply::Ack) => {
                self.stream_opened(now, kind, generation);
            }
            (Owner::Authenticate(generation), Reply::Ack) => self.join(now, generation),
            (Owner::Ping(kind, generation), Reply::Ack) => self.ponged(now, kind, generation),
            (Owner::Renew(generation, symbol), Reply::Ack) => {
                self.book_let_go(now, generation, symbol);
            }
            (Owner::Join(generation), Reply::Ack) => {
                self.stream_joined(now, StreamKind::Account, generation);
            }
            (Owner::Follow(generation), Reply::Ack) => self.followed(now, generation),
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
            Owner::Amend(id) => {
                self.not_amended(now, id, Denied::NotTaken(describe(&fate)));
            }
            Owner::Cancel(id) => {
                let is_unknown = refusal.kind == RefusalKind::UnknownOrder;
                // Mostly because the order has just filled: the venue is asked.
                self.failed(now, pending, fate);
                if is_unknown {
                    self.nothing_to_cancel(now, id);
                }
                self.ask(now, id);
            }
            Owner::Identify(ref symbol) if refusal.kind == RefusalKind::UnknownOrder => {
                let symbol = symbol.clone();
                self.orders_read(now, &symbol, pending, &[]);
            }
            Owner::Ask(_)
            | Owner::Clear(_)
            | Owner::Read
            | Owner::Fetch(_)
            | Owner::Probe
            | Owner::Open(..)
            | Owner::Join(_)
            | Owner::Follow(_)
            | Owner::Authenticate(_)
            | Owner::Ping(..)
            | Owner::Renew(..)
            | Owner::Clock
            | Owner::Catalog
            | Owner::Account
            | Owner::OrderCounts
            | Owner::OpenOrders(_)
            | Owner::Resync(..)
            | Owner::Vanished(..)
            | Owner::Crosscheck(_)
            | Owner::Pulse(_)
            | Owner::Scan(_)
            | Owner::Identify(_)
            | Owner::Listing(_)
            | Owner::Newest(_)
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
                        self.in_doubt(now, id, &describe(&fate));
                    }
                    Err(Over::Given(over)) => self.not_taken(now, id, &fate, over),
                }
            }
            Owner::Amend(id) => {
                let id = *id;
                match self.next_try(now, &pending, &fate) {
                    Ok((at, tries)) => {
                        let call = self.requeue(now, pending.after(tries), at);
                        self.track_amendment(id, call);
                    }
                    Err(_) => self.not_amended(now, id, Denied::NotTaken(describe(&fate))),
                }
            }
            Owner::Clear(symbol) => {
                let symbol = symbol.clone();
                match self.next_try(now, &pending, &fate) {
                    Ok((at, tries)) => {
                        self.requeue(now, pending.after(tries), at);
                    }
                    Err(_) => self.not_cleared(now, &symbol, describe(&fate)),
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
            | Owner::Authenticate(_)
            | Owner::Ping(..)
            | Owner::Renew(..)
            | Owner::Clock
            | Owner::Catalog
            | Owner::Account
            | Owner::OrderCounts
            | Owner::OpenOrders(_)
            | Owner::Resync(..)
            | Owner::Vanished(..)
            | Owner::Crosscheck(_)
            | Owner::Pulse(_)
            | Owner::Scan(_)
            | Owner::Identify(_)
            | Owner::Listing(_)
            | Owner::Newest(_)
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

/// The fate that stands for a call whose parts may have ended differently: whatever is to be heeded
/// first, and a success only when that is all there was.
fn gravest(fates: &[Fate]) -> Fate {
    let gravity = |fate: &&Fate| match fate {
        Fate::NotTaken(NotTaken::Throttled(_)) => 5,
        Fate::Unknown(_) => 4,
        Fate::Refused(refusal)
            if matches!(refusal.kind, RefusalKind::Auth | RefusalKind::Clock) =>
        {
            3
        }
        Fate::NotTaken(NotTaken::NotSent(_) | NotTaken::Overloaded(_)) => 2,
        Fate::Refused(_) => 1,
        Fate::Done(_) | Fate::NotTaken(NotTaken::NotAttempted(_)) => 0,
    };
    // Of equal ones the first: a reply, before what the venue did not go on to.
    fates
        .iter()
        .rev()
        .max_by_key(gravity)
        .cloned()
        .unwrap_or_else(|| Fate::Unknown(Unknown::Unreadable("an outcome without legs".to_owned())))
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
