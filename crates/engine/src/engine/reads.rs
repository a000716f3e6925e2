//! Questions from outside: shared, cached, bounded, and answered by their deadline.
//!
//! The same question asked by many is one call. It stands in the scheduler's queue by the earliest
//! deadline and the greatest urgency of those who wait for it; when that deadline passes, whoever
//! set it is told, and the call stands by the next one. Once it is on the wire, whoever asks the
//! same waits for its answer, which may so be older than the question by a round trip. What the
//! engine reads for itself answers whoever asks the same, too.
//!
//! Nobody waits for ever: every question has an answer by its deadline, and what never left says
//! why. Memory is bounded by the number of those who may wait at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use tradewind_model::call::{Call, CallKind, Effect};
use tradewind_model::id::CallId;
use tradewind_model::outcome::{Fate, Reply, Unknown};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Asked, Never, Priority, Shed, Singleflight, Staleness};

use super::calls::{Owner, PendingCall};
use super::dispatch::Unsent;
use super::{Engine, Timer};
use crate::action::Action;
use crate::inquiry::{Answer, ReadFailed, Terms};

/// Who may wait for answers at once.
const ASKERS_MAX: usize = 65_536;
/// Answers that are kept; a venue's whole catalog is a megabyte.
const ANSWERS_MAX: usize = 16;

/// Somebody who asks: by when they have to know, and their number.
type Asker = (Timestamp, u64);

/// What is asked, and by whom.
#[derive(Debug)]
pub(super) struct Reads {
    shared: Singleflight<Arc<Call>, Asker, Arc<Reply>>,
    /// The call of each question that waits or is on the wire.
    calls: BTreeMap<Arc<Call>, CallId>,
    /// Everybody who waits, the first deadline first: what they asked, when, and how urgently.
    askers: BTreeMap<Asker, (Arc<Call>, Timestamp, Priority)>,
}

impl Default for Reads {
    fn default() -> Self {
        Self {
            shared: Singleflight::new(ASKERS_MAX, ANSWERS_MAX),
            calls: BTreeMap::new(),
            askers: BTreeMap::new(),
        }
    }
}

/// How stale an answer of this kind may be for somebody who does not say.
const fn staleness(kind: CallKind) -> Staleness {
    match kind {
        CallKind::Catalog => Staleness::Instruments,
        CallKind::Ping
        | CallKind::ServerTime
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
        | CallKind::QueryOrderList
        | CallKind::OpenOrders
        | CallKind::OpenOrderLists
        | CallKind::OrderHistory
        | CallKind::FillHistory
        | CallKind::Account
        | CallKind::OrderCounts
        | CallKind::OpenStream
        | CallKind::Subscribe
        | CallKind::Unsubscribe
        | CallKind::SubscribeAccount
        | CallKind::Authenticate
        | CallKind::PingStream => Staleness::Live,
    }
}

/// Whether an answer is worth keeping: there is something in it that does not grow stale at once.
const fn is_kept(kind: CallKind) -> bool {
    matches!(kind, CallKind::Catalog | CallKind::Account)
}

impl Engine {
    /// Somebody asks.
    pub(super) fn inquire(&mut self, now: Timestamp, inquiry: u64, call: Call, terms: Terms) {
        self.counters.reads.asked += 1;
        let kind = call.kind();
        let failed = if kind.effect() != Effect::Read {
            Some(ReadFailed::NotARead(kind))
        } else if self.has_failed {
            Some(ReadFailed::Ended)
        } else if self.tariff.cost(&call).is_none() {
            Some(self.unsupported(kind))
        } else {
            None
        };
        if let Some(failed) = failed {
            self.counters.reads.failed += 1;
            self.answer(inquiry, Err(failed));
            return;
        }
        let (call, asker) = (Arc::new(call), (terms.deadline, inquiry));
        let stale = terms.staleness.unwrap_or_else(|| staleness(kind));
        let asked = self.reads.shared.ask(now, &call, stale, asker);
        match asked {
            Asked::Fresh(reply, _) => {
                self.counters.reads.cached += 1;
                self.counters.reads.answered += 1;
                self.answer(inquiry, Ok(reply));
            }
            Asked::Full => {
                let failed = ReadFailed::Shed(Shed::Crowded { most: ASKERS_MAX });
                self.end_read(inquiry, Err(failed));
            }
            Asked::Waits | Asked::Fetch => {
                let priority = terms.urgency.into();
                self.reads.askers.insert(asker, (Arc::clone(&call), now, priority));
                self.set_reads_timer();
                match self.vain(now, &call, terms.deadline, priority) {
                    Some(shed) => self.leave_read(asker, Err(ReadFailed::Shed(shed))),
                    None => self.share_read(now, &call, terms.deadline, priority),
                }
            }
        }
    }

    /// Why a question that has to be answered by `deadline` need not be asked.
    fn vain(
        &self,
        now: Timestamp,
        call: &Call,
        deadline: Timestamp,
        class: Priority,
    ) -> Option<Shed> {
        if deadline <= now {
            return Some(Shed::TooLate { class, waited: std::time::Duration::ZERO });
        }
        self.shut_beyond(now, call, deadline)
    }

    /// Waits for the call that is under way, or makes one.
    fn share_read(
        &mut self,
        now: Timestamp,
        call: &Arc<Call>,
        deadline: Timestamp,
        priority: Priority,
    ) {
        let under_way = self.reads.calls.get(call).and_then(|id| self.calls.get(*id));
        let Some(pending) = under_way else {
            if let Err(alike) = self.check_read(now, call) {
                self.end_reads(call, &Err(ReadFailed::RefusedAlike(alike)));
                return;
            }
            let pending =
                PendingCall::new(now, call.as_ref().clone(), Owner::Read, priority, deadline);
            self.enqueue_read(now, call, pending);
            return;
        };
        self.counters.reads.coalesced += 1;
        let is_better = deadline < pending.deadline || priority < pending.priority;
        let (deadline, priority) = (deadline.min(pending.deadline), priority.min(pending.priority));
        let Some(id) = self.reads.calls.get(call).copied().filter(|_| is_better) else {
            return;
        };
        if self.scheduler.remove(id).is_some() {
            if let Some(pending) = self.calls.remove(id) {
                self.enqueue_read(now, call, PendingCall { deadline, priority, ..pending });
            }
        } else {
            // On the wire, or held back: it keeps this for the next time it is queued.
            self.calls.hurry(id, deadline, priority);
        }
    }

    /// Queues the call of a question, and remembers where it is unless it has ended at the door.
    fn enqueue_read(&mut self, now: Timestamp, call: &Arc<Call>, pending: PendingCall) {
        let id = self.enqueue(now, pending);
        if self.calls.get(id).is_some() {
            self.reads.calls.insert(Arc::clone(call), id);
        }
    }

    /// A call stands under a new number.
    pub(super) fn track_read(&mut self, id: CallId) {
        if let Some(pending) = self.calls.get(id)
            && let Some((call, _)) = self.reads.calls.get_key_value(&pending.call)
        {
            let call = Arc::clone(call);
            self.reads.calls.insert(call, id);
        }
    }

    /// Nobody waits for the call of a question, which is gone.
    pub(super) fn forget_read(&mut self, call: &Call) {
        self.reads.calls.remove(call);
    }

    /// The deadline by which a question stands in the queue: that of the first who has to know.
    /// None when nobody does any more.
    pub(super) fn first_deadline(&self, call: &Call) -> Option<Timestamp> {
        self.reads.shared.waiting(call)?.first().map(|(deadline, _)| *deadline)
    }

    fn last_deadline(&self, call: &Call) -> Option<Timestamp> {
        self.reads.shared.waiting(call)?.last().map(|(deadline, _)| *deadline)
    }

    /// The answer to a question has come.
    pub(super) fn read_done(&mut self, pending: PendingCall, sent_at: Timestamp, reply: Reply) {
        self.note_read_accepted(&pending.call);
        let (call, reply) = (Arc::new(pending.call), Arc::new(reply));
        if is_kept(call.kind()) {
            self.reads.shared.keep(sent_at, &call, Arc::clone(&reply));
        }
        self.reads.calls.remove(&call);
        self.end_reads(&call, &Ok(reply));
    }

    /// What the engine has read for itself answers whoever asks the same.
    pub(super) fn overhear(&mut self, sent_at: Timestamp, call: &Call, reply: &Reply) {
        let is_kept = is_kept(call.kind());
        if !is_kept && self.reads.shared.waiting(call).is_none() {
            return;
        }
        let (call, reply) = (Arc::new(call.clone()), Arc::new(reply.clone()));
        if is_kept {
            self.reads.shared.keep(sent_at, &call, Arc::clone(&reply));
        }
        // A call of their own that has not left need not; one that has will find nobody.
        if let Some(id) = self.reads.calls.get(&call).copied()
            && self.withdraw(id)
        {
            self.reads.calls.remove(&call);
        }
        self.end_reads(&call, &Ok(reply));
    }

    /// A question was not answered: it is tried again while somebody can still be told in time.
    pub(super) fn read_failed(&mut self, now: Timestamp, mut pending: PendingCall, fate: Fate) {
        if let Fate::Refused(refusal) = &fate {
            self.note_read_refused(now, &pending.call, refusal);
        }
        if let Some(last) = self.last_deadline(&pending.call) {
            pending.deadline = last;
            if let Ok((at, tries)) = self.next_try(now, &pending, &fate) {
                self.requeue(now, pending.after(tries), at);
                return;
            }
        }
        let call = Arc::new(pending.call);
        self.reads.calls.remove(&call);
        if let Some(failed) = ReadFailed::of(fate) {
            self.end_reads(&call, &Err(failed));
        }
    }

    /// The call of a question was given up before it left.
    pub(super) fn read_unsent(&mut self, now: Timestamp, pending: PendingCall, why: Unsent) {
        let call = Arc::new(pending.call.clone());
        self.reads.calls.remove(&call);
        let shed = match why {
            Unsent::Unsupported(kind) => {
                let failed = self.unsupported(kind);
                self.end_reads(&call, &Err(failed));
                return;
            }
            Unsent::Shed(shed) => shed,
        };
        if !matches!(shed, Shed::TooLate { .. }) {
            self.end_reads(&call, &Err(ReadFailed::Shed(shed)));
            return;
        }
        // Too late for some; for the others it is queued again.
        let in_time = now + self.round_trip();
        while let Some(asker) =
            self.reads.shared.waiting(&call).and_then(|all| all.first().copied())
            && asker.0 <= in_time
        {
            self.too_late(now, asker);
        }
        if let Some(deadline) = self.first_deadline(&call) {
            self.enqueue_read(now, &call, PendingCall { deadline, ..pending });
        }
    }

    /// The deadline of some who wait has passed, wherever their call is.
    pub(super) fn reads_due(&mut self, now: Timestamp) {
        while let Some((asker, (call, ..))) = self.reads.askers.first_key_value()
            && asker.0 <= now
        {
            let (asker, call) = (*asker, Arc::clone(call));
            self.too_late(now, asker);
            let is_waited_for = self.reads.shared.waiting(&call).is_some();
            if !is_waited_for
                && let Some(id) = self.reads.calls.get(&call).copied()
                && self.withdraw(id)
            {
                self.reads.calls.remove(&call);
            }
        }
        self.set_reads_timer();
    }

    fn too_late(&mut self, now: Timestamp, asker: Asker) {
        let Some((call, asked_at, class)) = self.reads.askers.get(&asker) else {
            return;
        };
        let under_way = self.reads.calls.get(call).and_then(|id| self.calls.get(*id));
        let has_left =
            under_way.is_some_and(|call| call.sent_at.is_some() || call.tries.failures > 0);
        let failed = if has_left {
            ReadFailed::Unknown(Unknown::Timeout)
        } else {
            let (class, waited) = (*class, now.since(*asked_at));
            ReadFailed::Shed(Shed::TooLate { class, waited })
        };
        self.leave_read(asker, Err(failed));
    }

    /// Something was shut: whoever cannot wait until it opens is told at once.
    pub(super) fn shed_shut(&mut self, now: Timestamp) {
        let calls: Vec<_> =
            self.reads.calls.iter().map(|(call, id)| (Arc::clone(call), *id)).collect();
        for (call, id) in calls {
            let is_on_wire = self.calls.get(id).is_some_and(|pending| pending.sent_at.is_some());
            let Some((scope, until)) = self.shut_until(now, &call).filter(|_| !is_on_wire) else {
                continue;
            };
            while let Some(asker) =
                self.reads.shared.waiting(&call).and_then(|all| all.first().copied())
                && asker.0 < until
            {
                self.leave_read(asker, Err(ReadFailed::Shed(Shed::Shut { scope, until })));
            }
            if self.reads.shared.waiting(&call).is_none() && self.withdraw(id) {
                self.reads.calls.remove(&call);
            }
        }
    }

    /// The engine has ended: nobody is left waiting.
    pub(super) fn end_all_reads(&mut self) {
        while let Some((asker, _)) = self.reads.askers.first_key_value() {
            let asker = *asker;
            self.leave_read(asker, Err(ReadFailed::Ended));
        }
    }

    /// Everybody who waits for this has their answer.
    fn end_reads(&mut self, call: &Arc<Call>, answer: &Answer) {
        for asker in self.reads.shared.ended(call) {
            self.reads.askers.remove(&asker);
            self.end_read(asker.1, answer.clone());
        }
        self.set_reads_timer();
    }

    /// One of those who wait has an answer, and the others do not.
    fn leave_read(&mut self, asker: Asker, answer: Answer) {
        if let Some((call, ..)) = self.reads.askers.remove(&asker) {
            self.reads.shared.leave(&call, &asker);
            self.end_read(asker.1, answer);
        }
    }

    fn end_read(&mut self, inquiry: u64, answer: Answer) {
        let counters = &mut self.counters.reads;
        match &answer {
            Ok(_) => counters.answered += 1,
            Err(ReadFailed::Shed(Shed::Refused(Never::QueueFull { .. }))) => {
                counters.shed_full += 1;
            }
            Err(ReadFailed::Shed(Shed::Refused(_))) => counters.shed_never += 1,
            Err(ReadFailed::Shed(Shed::TooLate { .. })) => counters.shed_late += 1,
            Err(ReadFailed::Shed(Shed::Shut { .. })) => counters.shed_shut += 1,
            Err(ReadFailed::Shed(Shed::Crowded { .. })) => counters.shed_crowded += 1,
            Err(
                ReadFailed::NotARead(_)
                | ReadFailed::Unsupported { .. }
                | ReadFailed::Refused(_)
                | ReadFailed::RefusedAlike(_)
                | ReadFailed::NotTaken(_)
                | ReadFailed::Unknown(_)
                | ReadFailed::Ended,
            ) => counters.failed += 1,
        }
        self.answer(inquiry, answer);
    }

    fn answer(&mut self, inquiry: u64, answer: Answer) {
        self.actions.push_back(Action::Answer { inquiry, answer });
    }

    fn set_reads_timer(&mut self) {
        match self.reads.askers.first_key_value() {
            Some(((deadline, _), _)) => self.timers.set(Timer::Reads, *deadline),
            None => {
                self.timers.clear(Timer::Reads);
            }
        }
    }

    fn unsupported(&self, kind: CallKind) -> ReadFailed {
        ReadFailed::Unsupported { venue: self.config.route.venue, kind }
    }
}
