//! Calls on their way to the scheduler, out, and back.

use std::time::Duration;

use tradewind_model::attempt::RetryReason;
use tradewind_model::call::{Call, CallKind, Effect};
use tradewind_model::id::CallId;
use tradewind_model::order::Denied;
use tradewind_model::outcome::{Fate, NotTaken, Outcome, Refusal, RefusalKind, Reply, Unknown};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{
    Backoff, Never, Origin, Permit, Priority, Settlement, Ticket, Verdict, judge,
};

use super::attempts::retry_reason;
use super::calls::{Owner, PendingCall};
use super::{Engine, Timer};
use crate::action::{Action, Failure, Incident, Timing};

/// Tries of a call that somebody outside waits for.
const INQUIRY_TRIES: u32 = 3;
/// How long a call other than an order may wait for leave.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

impl Engine {
    /// Queues a call.
    pub(super) fn request(
        &mut self,
        now: Timestamp,
        call: Call,
        owner: Owner,
        priority: Priority,
    ) -> CallId {
        let deadline = now + PATIENCE;
        let pending = PendingCall::new(now, call, owner, priority, deadline);
        self.enqueue(now, pending)
    }

    /// Queues a call under a new number. When the scheduler refuses it at the door, its owner
    /// hears of that like of any other end.
    pub(super) fn enqueue(&mut self, now: Timestamp, mut pending: PendingCall) -> CallId {
        pending.queued_at = now;
        let kind = pending.call.kind();
        let priced = self.tariff.cost(&pending.call).cloned();
        let (priority, deadline, probe) = (pending.priority, pending.deadline, pending.probe);
        let owner = self.share_of(&pending.owner);
        let origin = self.origin(&pending.call);
        let call = self.calls.insert(pending);
        let refused = match priced {
            None => {
                Some(Denied::Unsupported(format!("{} offers no {kind:?}", self.config.route.venue)))
            }
            Some(cost) => {
                let group = kind.group();
                let ticket = Ticket {
                    call,
                    cost,
                    priority,
                    group,
                    origin,
                    deadline,
                    submitted_at: now,
                    owner,
                    probe,
                };
                self.scheduler.submit(now, ticket).err().map(|never| match never {
                    Never::QueueFull { .. } => Denied::Full(never.to_string()),
                    Never::Exceeds { .. } | Never::Duplicate { .. } => {
                        Denied::NeverFits(never.to_string())
                    }
                })
            }
        };
        if let Some(denied) = refused
            && let Some(pending) = self.calls.remove(call)
        {
            self.refused_at_the_door(now, pending, denied);
        }
        call
    }

    pub(super) fn origin(&self, call: &Call) -> Origin {
        let kind = call.kind();
        // The two sockets are numbered; a new one goes on under its predecessor's number, so that
        // a limit on messages outlives a reconnect.
        let socket = match kind {
            CallKind::SubscribeAccount => Some(1),
            CallKind::Subscribe | CallKind::Unsubscribe => Some(0),
            CallKind::Ping
            | CallKind::ServerTime
            | CallKind::Catalog
            | CallKind::Depth
            | CallKind::Bars
            | CallKind::Ticker
            | CallKind::PlaceOrder
            | CallKind::ReplaceOrder
            | CallKind::AmendOrder
            | CallKind::PlaceOco
            | CallKind::CancelOrder
            | CallKind::CancelOpenOrders
            | CallKind::CancelOrderList
            | CallKind::QueryOrder
            | CallKind::OpenOrders
            | CallKind::QueryOrderList
            | CallKind::OpenOrderLists
            | CallKind::OrderHistory
            | CallKind::FillHistory
            | CallKind::Account
            | CallKind::OrderCounts
            | CallKind::OpenStream => None,
        };
        let account = kind.is_signed().then_some(self.config.route.account);
        Origin { egress: self.config.route.egress, account, socket }
    }

    fn refused_at_the_door(&mut self, now: Timestamp, pending: PendingCall, denied: Denied) {
        if let Owner::Place(id) = pending.owner {
            self.deny(now, id, denied);
            return;
        }
        let fate = Fate::NotTaken(NotTaken::NotSent(denied.to_string()));
        self.failed(now, pending, fate);
    }

    /// The scheduler lets a call leave.
    pub(super) fn admitted(&mut self, now: Timestamp, permit: Permit) -> Option<Action> {
        let id = permit.call();
        let Some(pending) = self.calls.get_mut(id) else {
            self.scheduler.forget_unsent(id);
            return None;
        };
        pending.sent_at = Some(now);
        let (call, owner) = (pending.call.clone(), pending.owner.clone());
        let timing = Timing {
            venue_now: self.clock.venue_time(now),
            recv_window: self.config.recv_window,
            give_up_at: now + self.config.call_timeout,
        };
        let route = self.config.route;
        let is_current = |kind, generation| self.stream(kind).is_current(generation);
        match owner {
            Owner::Open(kind, generation) if is_current(kind, generation) => {
                Some(Action::Open { route, kind, generation, call, permit, timing })
            }
            Owner::Join(generation) if is_current(StreamKind::Account, generation) => {
                let kind = StreamKind::Account;
                Some(Action::Write { kind, generation, call, permit, timing })
            }
            Owner::Follow(generation) if is_current(StreamKind::Market, generation) => {
                let kind = StreamKind::Market;
                Some(Action::Write { kind, generation, call, permit, timing })
            }
            Owner::Open(..) | Owner::Join(_) | Owner::Follow(_) => {
                // The socket it was meant for is gone.
                self.calls.remove(id);
                self.scheduler.forget_unsent(id);
                None
            }
            Owner::Place(order) => {
                self.order_sent(now, order);
                Some(Action::Send { route, call, permit, timing })
            }
            Owner::Cancel(_)
            | Owner::Ask(_)
            | Owner::Fetch(_)
            | Owner::Probe
            | Owner::Inquiry(_)
            | Owner::Clock
            | Owner::Catalog
            | Owner::Account
            | Owner::OrderCounts
            | Owner::OpenOrders(_)
            | Owner::History { .. }
            | Owner::Depth(_) => Some(Action::Send { route, call, permit, timing }),
        }
    }

    /// A call's deadline passed before it could leave.
    pub(super) fn expired(&mut self, now: Timestamp, call: CallId) {
        let Some(pending) = self.calls.remove(call) else {
            return;
        };
        if let Owner::Place(id) = pending.owner {
            let created = self.ledger.order(id).map_or(now, |order| order.created_at);
            let waited_ms = u64::try_from(now.since(created).as_millis()).unwrap_or(u64::MAX);
            self.deny(now, id, Denied::Deadline { waited_ms });
            return;
        }
        let reason = "no leave to send in time".to_owned();
        self.failed(now, pending, Fate::NotTaken(NotTaken::NotSent(reason)));
    }

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
        self.heed(now, &pending.call, &fate);
        match fate {
            Fate::Done(reply) => self.done(now, pending, reply),
            Fate::Refused(refusal) => self.refused(now, pending, refusal),
            Fate::NotTaken(_) | Fate::Unknown(_) => self.failed(now, pending, fate),
        }
    }

    fn done(&mut self, now: Timestamp, pending: PendingCall, reply: Reply) {
        let sent_at = pending.sent_at.unwrap_or(now);
        match (pending.owner.clone(), reply) {
            (Owner::Inquiry(inquiry), reply) => self.answer(inquiry, Fate::Done(reply)),
            (Owner::Place(id), Reply::Order(report)) => self.placed(now, id, &report),
            (Owner::Cancel(id), Reply::Order(report)) => self.canceled(now, id, &report),
            (Owner::Ask(id), Reply::Order(report)) => self.asked(now, id, Some(&report)),
            (Owner::Fetch(id), Reply::Fills(fills)) => self.fetched(now, id, &fills),
            (Owner::Clock | Owner::Probe, Reply::Time(venue)) => {
                self.clock_read(now, sent_at, venue);
            }
            (Owner::Catalog, Reply::Catalog { instruments, limits }) => {
                self.catalog_read(now, instruments, &limits);
            }
            (Owner::Account | Owner::Probe, Reply::Account(account)) => {
                self.account_read(now, account)
            }
            (Owner::OrderCounts, Reply::OrderCounts) => self.order_counts_read(now),
            (Owner::OpenOrders(symbol), Reply::Orders(orders)) => {
                self.open_orders_read(now, &symbol, &orders);
            }
            (Owner::History { strategy, instrument, interval, bars }, Reply::Bars(read)) => {
                self.history_read(now, strategy, &instrument, interval, bars, read);
            }
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

    fn refused(&mut self, now: Timestamp, mut pending: PendingCall, refusal: Refusal) {
        if refusal.kind == RefusalKind::Clock {
            self.clock_refused(now);
            // Refused by the first check, so not acted upon: the same request may go once more,
            // with a right time.
            if pending.failures == 0 {
                pending.failures = 1;
                self.hold_for_clock(now, pending);
                return;
            }
        }
        match pending.owner {
            Owner::Place(id) => self.place_refused(now, id, &refusal),
            Owner::Cancel(id) => self.cancel_refused(now, id, &refusal),
            Owner::Ask(id) => self.asked(now, id, None),
            Owner::Inquiry(inquiry) => self.answer(inquiry, Fate::Refused(refusal)),
            Owner::Fetch(_)
            | Owner::Probe
            | Owner::Open(..)
            | Owner::Join(_)
            | Owner::Follow(_)
            | Owner::Clock
            | Owner::Catalog
            | Owner::Account
            | Owner::OrderCounts
            | Owner::OpenOrders(_)
            | Owner::History { .. }
            | Owner::Depth(_) => self.failed(now, pending, Fate::Refused(refusal)),
        }
    }

    /// A call was not done, and its owner has to be content with that or try again.
    fn failed(&mut self, now: Timestamp, pending: PendingCall, fate: Fate) {
        let reason = describe(&fate);
        let effect = pending.call.kind().effect();
        match &pending.owner {
            Owner::Place(id) => {
                let id = *id;
                match judge(effect, &fate) {
                    Verdict::Retry => self.place_again(now, id, pending, &fate),
                    // Answers that settle an order never come this way; should one, the order is
                    // asked about, which is always safe.
                    Verdict::Reconcile | Verdict::Settle => self.in_doubt(now, id, reason),
                }
            }
            Owner::Cancel(id) => self.cancel_failed(now, *id, &reason),
            Owner::Ask(id) => self.asked(now, *id, None),
            // The scheduler asks for another when it is time.
            Owner::Probe => {}
            Owner::Fetch(id) => self.timers.set(Timer::Fetch(*id), now + Duration::from_secs(2)),
            Owner::Open(kind, generation) => self.stream_lost(now, *kind, *generation, reason),
            Owner::Join(generation) => {
                if self.startup.is_over() || !matches!(fate, Fate::Refused(_)) {
                    self.stream_lost(now, StreamKind::Account, *generation, reason);
                } else {
                    self.give_up(&pending.call, &fate);
                }
            }
            Owner::Follow(generation) => {
                self.stream_lost(now, StreamKind::Market, *generation, reason);
            }
            Owner::Inquiry(inquiry) => {
                let is_final = matches!(fate, Fate::Refused(_)) || effect != Effect::Read;
                if is_final || pending.failures + 1 >= INQUIRY_TRIES {
                    self.answer(*inquiry, fate);
                } else {
                    self.try_again(now, pending, &fate);
                }
            }
            Owner::Clock
            | Owner::Catalog
            | Owner::Account
            | Owner::OrderCounts
            | Owner::OpenOrders(_)
            | Owner::History { .. }
            | Owner::Depth(_) => {
                if matches!(fate, Fate::Refused(_)) {
                    if !self.startup.is_over() {
                        self.give_up(&pending.call, &fate);
                        return;
                    }
                    // It will be refused again, and nothing may wait for it for ever.
                    if let Owner::History { strategy, instrument, interval, .. } = &pending.owner {
                        let what = format!("history of {instrument}");
                        self.market.history_done(*strategy, instrument, *interval);
                        self.tell(Incident::ReadFailed { what, reason });
                        return;
                    }
                }
                let what = format!("{:?}", pending.call.kind());
                if pending.failures > 0 {
                    self.tell(Incident::ReadFailed { what, reason: reason.clone() });
                }
                self.startup.last_failure = Some((pending.call.kind(), reason));
                self.try_again(now, pending, &fate);
            }
        }
    }

    fn try_again(&mut self, now: Timestamp, mut pending: PendingCall, fate: &Fate) {
        let delay = Backoff::READ.delay(pending.failures, &mut self.jitter);
        pending.failures += 1;
        self.requeue(now, pending, retry_reason(fate), delay);
    }

    /// Queues a call again under a new number, after a while.
    pub(super) fn requeue(
        &mut self,
        now: Timestamp,
        mut pending: PendingCall,
        reason: RetryReason,
        delay: Duration,
    ) {
        pending.sent_at = None;
        pending.retried = (reason, delay);
        if !matches!(pending.owner, Owner::Place(_)) {
            pending.deadline = now + delay + PATIENCE;
        }
        let id = self.calls.insert(pending);
        self.timers.set(Timer::Retry(id), now + delay);
        self.track(id);
    }

    pub(super) fn retry_due(&mut self, now: Timestamp, call: CallId) {
        if let Some(pending) = self.calls.remove(call) {
            let id = self.enqueue(now, pending);
            self.track(id);
        }
    }

    /// Takes back a call that has not left. False when it has.
    pub(super) fn withdraw(&mut self, call: CallId) -> bool {
        let was_waiting = self.scheduler.remove(call).is_some();
        let was_delayed = self.timers.clear(Timer::Retry(call));
        if was_waiting || was_delayed {
            self.calls.remove(call);
        }
        was_waiting || was_delayed
    }

    fn give_up(&mut self, call: &Call, fate: &Fate) {
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

    /// Whose share of the budget a call is paid from: each strategy has its own.
    fn share_of(&self, owner: &Owner) -> u32 {
        let strategy = self.strategy_of(owner);
        let place = strategy.and_then(|of| self.members.keys().position(|member| *member == of));
        place.and_then(|place| u32::try_from(place + 1).ok()).unwrap_or(0)
    }

    pub(super) fn inquire(&mut self, now: Timestamp, inquiry: u64, call: Call) {
        if call.kind().effect() == Effect::Read {
            self.request(now, call, Owner::Inquiry(inquiry), Priority::Query);
        } else {
            let reason = format!("{:?} is no question", call.kind());
            self.answer(inquiry, Fate::NotTaken(NotTaken::NotSent(reason)));
        }
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
