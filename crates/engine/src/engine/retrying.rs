//! What is tried again, when, and what is never given up.
//!
//! Every wait before another try is decided here. Most calls have as many tries as the table of
//! failures gives them, paid from a bucket that all of their class share, and none that cannot end
//! before the deadline.
//!
//! A few things are pursued until they are done, whatever the table says, because to stop is worse
//! than to go on:
//!
//! - *an order in doubt is asked about*: money may be at risk, and nobody else will find out;
//! - *a cancel that somebody wants*: it lowers risk, and an order that nobody cancels rests;
//! - *trades that are missing*: a position that is wrong stays wrong;
//! - *a stream*: without it nothing is known, and nothing is traded;
//! - *what the engine itself has to know* (clock, instruments, account, books): as above.
//!
//! None of them can become a storm. There is one of each at a time, for each order or stream; it
//! begins with the tries that the table gives and the bucket pays for, and goes on at random
//! within a bound that grows to seconds where an order is at stake and to half a minute elsewhere;
//! and it takes its turn in the scheduler's queue, budgets and breakers like everything else. A
//! shut scope's probe is no retry at all: the scheduler asks for each.

use tradewind_model::call::Call;
use tradewind_model::id::ClientOrderId;
use tradewind_model::outcome::{Fate, RefusalKind};
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Backoff, FailedTry, FailureClass, NextTry, OverReason, ScopeKey, Shed};

use super::attempts::retry_reason;
use super::calls::{Owner, PendingCall, Tries};
use super::streams::Loss;
use super::{Engine, Timer};
use crate::incident::Incident;

/// Questions about an order in doubt that come quickly, some seconds in all: by then most answers
/// that are late have come, and the others may be long in coming.
const QUICK_ASKS: u32 = 8;
/// Questions after which an order that rested must not be unknown any more.
const LONG_ASKS: u32 = 12;
/// Tries of a cancel that come quickly; then an operator is told.
const QUICK_CANCELS: u32 = 5;

/// Why something that has a limit is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// It may have been done.
    Reconcile,
    /// It is given up.
    Given(OverReason),
}

impl Engine {
    /// When a call is tried again that has failed, if the table, the bucket and its deadline allow.
    pub(super) fn next_try(
        &mut self,
        now: Timestamp,
        pending: &PendingCall,
        fate: &Fate,
    ) -> Result<(Timestamp, Tries), Over> {
        let effect = pending.call.kind().effect();
        let failed = FailedTry {
            effect,
            fate,
            failures: pending.tries.failures,
            priority: pending.priority,
            deadline: pending.deadline,
            try_takes: self.round_trip(),
            not_before: self.shut_until(now, &pending.call).map(|(_, until)| until),
            backoff: backoff(&pending.owner),
        };
        match self.retries.next(now, &failed, &mut self.jitter) {
            NextTry::At(at) => {
                let paid = FailureClass::of(effect, fate);
                let mut tries = pending.tries.failed(now, at, Some(fate));
                tries.paid = paid;
                Ok((at, tries))
            }
            NextTry::Reconcile => Err(Over::Reconcile),
            NextTry::Over(reason) => Err(Over::Given(reason)),
        }
    }

    /// When something is tried again that goes on until it is done; `fate` is none when its call
    /// never left.
    fn again(
        &mut self,
        now: Timestamp,
        pending: &PendingCall,
        fate: Option<&Fate>,
    ) -> (Timestamp, Tries) {
        if let Some(fate) = fate
            && let Ok(next) = self.next_try(now, pending, fate)
        {
            return next;
        }
        let failures = pending.tries.failures;
        let not_before = self.opens_at(now, &pending.call);
        let backoff = patient_backoff(&pending.owner, failures);
        let at = backoff.again_at(now, failures, not_before, &mut self.jitter);
        (at, pending.tries.failed(now, at, fate))
    }

    /// When something is asked again whose answer was no failure and did not help.
    pub(super) fn patiently(
        &mut self,
        now: Timestamp,
        pending: &PendingCall,
    ) -> (Timestamp, Tries) {
        self.again(now, pending, None)
    }

    /// Something that goes on until it is done has failed once more.
    pub(super) fn pursue(
        &mut self,
        now: Timestamp,
        pending: PendingCall,
        fate: Option<&Fate>,
        reason: String,
    ) {
        match pending.owner.clone() {
            Owner::Ask(id) => self.ask_again(now, id, &pending, fate),
            Owner::Cancel(id) => {
                let next = self.again(now, &pending, fate);
                let is_unknown = matches!(
                    fate,
                    Some(Fate::Refused(refusal)) if refusal.kind == RefusalKind::UnknownOrder
                );
                self.space_cancels(id, pending.sent_at);
                self.cancel_again(now, id, next, is_unknown, reason);
            }
            Owner::Fetch(id) => {
                let (at, tries) = self.again(now, &pending, fate);
                if let Some(watch) = self.watches.get_mut(&id) {
                    watch.fetch_tries = tries;
                    self.timers.set(Timer::Fetch(id), at);
                }
            }
            Owner::Open(kind, generation) => {
                self.stream_lost(now, kind, generation, Loss::of(fate, reason));
            }
            Owner::Authenticate(generation) | Owner::Join(generation) => {
                let is_refused = matches!(fate, Some(Fate::Refused(_)));
                match fate {
                    Some(fate) if is_refused && !self.startup.is_over() => {
                        self.give_up(&pending.call, fate);
                    }
                    _ => {
                        let loss = Loss::of(fate, reason);
                        self.stream_lost(now, StreamKind::Account, generation, loss);
                    }
                }
            }
            // Its feed was not let go, and the book's next change asks for that again.
            Owner::Renew(..) if fate.is_none() => {}
            Owner::Follow(generation) | Owner::Renew(generation, _) => {
                self.stream_lost(now, StreamKind::Market, generation, Loss::of(fate, reason));
            }
            Owner::Ping(kind, generation) => self.ping_failed(now, kind, generation, fate),
            Owner::Clock
            | Owner::Catalog
            | Owner::Account
            | Owner::OrderCounts
            | Owner::OpenOrders(_)
            | Owner::Resync(..)
            | Owner::Vanished(..)
            | Owner::Scan(_)
            | Owner::Identify(_)
            | Owner::Listing(_)
            | Owner::Newest(_)
            | Owner::History { .. }
            | Owner::Depth(_)
            | Owner::Rate(_) => self.need_again(now, pending, fate, reason),
            // The scheduler asks for another probe when it is time; the others have a limit, and
            // do not come here.
            Owner::Probe | Owner::Place(_) | Owner::Amend(_) | Owner::Clear(_) | Owner::Read => {}
            // The next look is due soon anyway.
            Owner::Crosscheck(_) | Owner::Pulse(_) => {}
        }
    }

    /// Something that the engine has to know has not been told.
    fn need_again(
        &mut self,
        now: Timestamp,
        pending: PendingCall,
        fate: Option<&Fate>,
        reason: String,
    ) {
        if let Some(fate @ Fate::Refused(_)) = fate {
            if !self.startup.is_over() {
                self.give_up(&pending.call, fate);
                return;
            }
            // It will be refused again, and nothing may wait for it for ever.
            if let Owner::History { strategy, instrument, interval, .. } = &pending.owner {
                let what = format!("history of {instrument}");
                self.market.history_done(*strategy, instrument, *interval);
                self.tell(Incident::ReadFailed { what, reason });
                return;
            }
            if let Owner::Rate(pair) = &pending.owner {
                self.rate_refused(now, pair);
                return;
            }
            // It is read again when it is due.
            if pending.owner == Owner::Catalog {
                let what = "Catalog".to_owned();
                self.tell(Incident::ReadFailed { what, reason });
                return;
            }
        }
        if pending.owner == Owner::Clock && self.is_clock_asked() {
            return;
        }
        let kind = pending.call.kind();
        if pending.tries.failures > 0 {
            let (what, reason) = (format!("{kind:?}"), reason.clone());
            self.tell(Incident::ReadFailed { what, reason });
        }
        self.startup.last_failure = Some((kind, reason));
        let (at, tries) = self.again(now, &pending, fate);
        self.requeue(now, pending.after(tries), at);
    }

    /// An order in doubt is asked about again, unless what was wrong is known by now.
    fn ask_again(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        pending: &PendingCall,
        fate: Option<&Fate>,
    ) {
        let (at, tries) = self.again(now, pending, fate);
        let Some(watch) = self.watches.get_mut(&id) else {
            return;
        };
        (watch.ask, watch.ask_tries) = (None, tries);
        if tries.failures == LONG_ASKS && watch.doubt.is_none() {
            self.tell(Incident::NotFound { client_order_id: id });
        }
        let latest = self.not_asked(now, id, pending, fate);
        // It may be over by now.
        if self.watches.contains_key(&id) {
            self.timers.set(Timer::Ask(id), at.min(latest.max(now)));
        }
    }

    /// A cancel of an order left, if at all, at this moment: where the venue minds, the next one
    /// leaves some time later.
    fn space_cancels(&mut self, id: ClientOrderId, sent_at: Option<Timestamp>) {
        let every = self.config.manners.cancel_every;
        if let Some((sent_at, every)) = sent_at.zip(every)
            && let Some(watch) = self.watches.get_mut(&id)
        {
            watch.cancel_from = watch.cancel_from.max(sent_at + every);
        }
    }

    /// A cancel is repeated; after a few that came quickly an operator is told, once. One that
    /// finds nothing, again and again, stops there: the order is asked about for as long as it
    /// takes, and canceled again as soon as anything says that it rests.
    fn cancel_again(
        &mut self,
        now: Timestamp,
        id: ClientOrderId,
        (at, tries): (Timestamp, Tries),
        is_unknown: bool,
        reason: String,
    ) {
        let Some(watch) = self.watches.get_mut(&id) else {
            return;
        };
        (watch.cancel, watch.cancel_tries) = (None, tries);
        if !is_unknown || tries.failures < QUICK_CANCELS {
            self.timers.set(Timer::Cancel(id), at.max(now).max(watch.cancel_from));
        }
        if tries.failures == QUICK_CANCELS && !self.is_silence_told() {
            let attempts = tries.failures;
            self.tell(Incident::CancelFailing { client_order_id: id, attempts, reason });
        }
    }

    /// What covers a call and is shut longest, and until when: the far end of time when a person
    /// has to open it.
    pub(super) fn shut_until(&self, now: Timestamp, call: &Call) -> Option<(ScopeKey, Timestamp)> {
        let (kind, route) = (call.kind(), self.config.route);
        let signed = kind.is_signed().then_some(ScopeKey::Account(route.account));
        let places = kind.places_orders().then_some(ScopeKey::NewOrders(route.account));
        [
            Some(ScopeKey::Egress(route.egress)),
            Some(ScopeKey::Group(route.egress, kind.group())),
            signed,
            places,
        ]
        .into_iter()
        .flatten()
        .filter_map(|scope| Some((scope, self.scheduler.shut_until(now, &scope)?)))
        .max_by_key(|(_, until)| *until)
    }

    /// Why a call that may wait until `deadline` need not be made at all.
    pub(super) fn shut_beyond(
        &self,
        now: Timestamp,
        call: &Call,
        deadline: Timestamp,
    ) -> Option<Shed> {
        let (scope, until) = self.shut_until(now, call)?;
        (until > deadline).then_some(Shed::Shut { scope, until })
    }

    /// When what covers a call opens by itself; none when nothing is shut, or for good.
    pub(super) fn opens_at(&self, now: Timestamp, call: &Call) -> Option<Timestamp> {
        self.shut_until(now, call).map(|(_, until)| until).filter(|until| *until < Timestamp::MAX)
    }
}

impl Tries {
    /// One more has failed, and the next is at `at`.
    fn failed(self, now: Timestamp, at: Timestamp, fate: Option<&Fate>) -> Self {
        Self {
            failures: self.failures.saturating_add(1),
            reason: fate.map(retry_reason).unwrap_or_default(),
            delay: at.since(now),
            paid: None,
        }
    }
}

/// How waits grow between tries that the table gives.
const fn backoff(owner: &Owner) -> Backoff {
    match owner {
        Owner::Ask(_) | Owner::Cancel(_) => Backoff::RESOLVE,
        Owner::Open(..)
        | Owner::Authenticate(_)
        | Owner::Ping(..)
        | Owner::Join(_)
        | Owner::Follow(_)
        | Owner::Renew(..) => Backoff::STREAM,
        Owner::Place(_)
        | Owner::Amend(_)
        | Owner::Clear(_)
        | Owner::Fetch(_)
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
        | Owner::Rate(_)
        | Owner::Probe
        | Owner::Read => Backoff::READ,
    }
}

/// How waits grow once the table gives no more, for what goes on until it is done.
const fn patient_backoff(owner: &Owner, failures: u32) -> Backoff {
    match owner {
        Owner::Ask(_) if failures >= QUICK_ASKS => Backoff::READ,
        Owner::Cancel(_) if failures >= QUICK_CANCELS => Backoff::READ,
        Owner::Ask(_)
        | Owner::Cancel(_)
        | Owner::Open(..)
        | Owner::Join(_)
        | Owner::Follow(_)
        | Owner::Authenticate(_)
        | Owner::Ping(..)
        | Owner::Renew(..)
        | Owner::Place(_)
        | Owner::Amend(_)
        | Owner::Clear(_)
        | Owner::Fetch(_)
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
        | Owner::Rate(_)
        | Owner::Probe
        | Owner::Read => backoff(owner),
    }
}
