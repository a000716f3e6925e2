//! The venue's clock: read again and again, and what waits for it while it is not known.
//!
//! Requests are stamped at the moment they leave, with the venue's time by a clock that never goes
//! back. Twice that fails. The venue may refuse a time that we were sure of; and our own clock may
//! stand still, because the machine slept. Either way nothing is known any more: the clock is read
//! before all else, what is signed waits for it, and nothing is traded meanwhile. A time that is
//! refused again right after it was read cannot be mended by reading it once more.

use std::collections::BTreeSet;
use std::time::Duration;

use tradewind_model::call::Call;
use tradewind_model::id::{CallId, ClientOrderId};
use tradewind_model::order::{Denied, OrderState};
use tradewind_model::outcome::Refusal;
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Priority, ScopeKey, Shed, ShutReason};

use super::calls::{Owner, PendingCall};
use super::dispatch::Unsent;
use super::streams::Loss;
use super::{Engine, Timer};
use crate::clock_sync::Agreement;
use crate::incident::Incident;

/// How often the venue's clock is read.
const CLOCK_EVERY: Duration = Duration::from_secs(60);
/// How soon it is read again after a reading that contradicts the others.
const CLOCK_AGAIN: Duration = Duration::from_secs(1);
/// How often the offset is moved towards what is known of it.
const CLOCK_STEP: Duration = Duration::from_millis(100);
/// How soon after a fresh reading a refused time means that reading it does not help.
const FRESH: Duration = Duration::from_secs(60);
/// How late the venue may accept a signed call that places nothing: its own default (rest-api.md,
/// timing security, read 2026-11).
const LATE_READ_MAX: Duration = Duration::from_secs(5);
/// Calls that wait for the clock at the most; there are as many places for each class in the
/// scheduler's queue, which they come from and go to.
const HELD_MAX: usize = 4_096;

/// What there is to remember about the clock beside its readings.
#[derive(Debug, Default)]
pub(super) struct Clockwork {
    /// When the offset was last moved.
    advanced_at: Timestamp,
    /// What was asked before this is an answer about a clock that is gone.
    forgotten_at: Timestamp,
    /// When it was known again after that.
    known_since: Timestamp,
    /// When the venue last refused a time that was signed by what was known.
    refused_at: Option<Timestamp>,
    /// Calls that may not leave yet: they wait until it is known, or for the beginning.
    pub(super) held: BTreeSet<CallId>,
}

impl Engine {
    /// The clock is read before long, whatever happens.
    pub(super) fn read_clock_later(&mut self, now: Timestamp) {
        let next = now + self.staggered(CLOCK_EVERY);
        self.timers.set(Timer::Clock, next);
    }

    pub(super) fn read_clock(&mut self, now: Timestamp) {
        self.read_clock_later(now);
        if !self.is_clock_asked() {
            // While it is not known, cancels wait for it like all that is signed.
            let is_urgent = !self.clock.is_known();
            let priority = if is_urgent { Priority::Critical } else { Priority::Query };
            self.request(now, Call::ServerTime, Owner::Clock, priority);
        }
    }

    /// Whether an answer is awaited that will tell of the clock there is now.
    pub(super) fn is_clock_asked(&self) -> bool {
        let asked = self.calls.of(|owner| *owner == Owner::Clock);
        let mut asked = asked
            .into_iter()
            .filter_map(|call| self.calls.get(call)?.sent_at.or(Some(Timestamp::MAX)));
        self.calls.is_waited_for(&Owner::Clock)
            && asked.any(|sent_at| sent_at >= self.clockwork.forgotten_at)
    }

    pub(super) fn clock_read(&mut self, now: Timestamp, sent: Timestamp, venue: Timestamp) {
        if sent < self.clockwork.forgotten_at {
            self.read_clock(now);
            return;
        }
        if !self.clock.is_known() {
            self.clockwork.known_since = now;
        }
        match self.clock.sample(sent, now, venue) {
            Agreement::Agrees | Agreement::Overrules => {}
            Agreement::Contradicts { by } => {
                self.tell(Incident::ClockContradicted { by });
                self.timers.set(Timer::Clock, now + CLOCK_AGAIN);
            }
        }
        self.set_scheduler_clock(now);
        self.release_held(now);
        if !self.startup.has_catalog() {
            self.seek_catalog(now);
        }
    }

    pub(super) fn advance_clock(&mut self, now: Timestamp) {
        if now.since(self.clockwork.advanced_at) >= CLOCK_STEP {
            self.clock.advance(now);
            self.set_scheduler_clock(now);
        }
    }

    fn set_scheduler_clock(&mut self, now: Timestamp) {
        self.clockwork.advanced_at = now;
        self.scheduler.set_clock(self.clock.offset_nanos(), self.clock.error_bound(now));
    }

    /// Nothing that is known of the venue's clock counts any more; it is read before all else.
    fn forget_clock(&mut self, now: Timestamp) {
        self.clock.forget();
        self.clockwork.forgotten_at = now;
        self.set_scheduler_clock(now);
        for waiting in self.calls.of(|owner| *owner == Owner::Clock) {
            self.withdraw(waiting);
        }
        self.read_clock(now);
    }

    /// How old a call may be when it arrives. What comes late and places nothing does no harm; what
    /// is refused for its time does.
    pub(super) fn recv_window(&self, call: &Call) -> Duration {
        match call.kind().places_orders() {
            true => self.config.recv_window,
            false => self.config.recv_window.max(LATE_READ_MAX),
        }
    }

    /// The venue has refused the time of a call. True when the account is left alone for it: the
    /// clock had just been read because of an earlier refusal, and the call was signed by that.
    /// Whatever was under way for as long as it may be old at the most has been late: that says
    /// nothing of a clock, and no reading of one mends it.
    pub(super) fn time_refused(
        &mut self,
        now: Timestamp,
        pending: &PendingCall,
        refusal: &Refusal,
    ) -> bool {
        let Clockwork { known_since, refused_at, .. } = self.clockwork;
        let signed_at = pending.sent_at.unwrap_or(now);
        if !self.clock.is_known() || signed_at < known_since {
            // Signed by what is known to be wrong already.
            return false;
        }
        let took = now.since(signed_at);
        if took >= self.recv_window(&pending.call) {
            self.tell(Incident::LateOnTheWay { took });
            return false;
        }
        self.clockwork.refused_at = Some(now);
        let is_fresh = now.since(known_since) <= FRESH;
        if is_fresh && refused_at.is_some_and(|at| at <= known_since) {
            let message = refusal.message.clone();
            self.tell(Incident::ClockRefusedAgain { message });
            let account = ScopeKey::Account(self.config.route.account);
            self.shut(now, account, ShutReason::Auth, None);
            return true;
        }
        self.tell(Incident::ClockRefused);
        self.forget_clock(now);
        false
    }

    /// Sends a call that was refused for its time once more: at `at`, or when the clock is known.
    pub(super) fn hold_for_clock(&mut self, now: Timestamp, pending: PendingCall, at: Timestamp) {
        if let Owner::Place(id) = pending.owner
            && self.is_on_its_way(id)
            && !self.not_on_its_way(now, id)
        {
            return;
        }
        if self.clock.is_known() {
            self.requeue(now, pending, at);
        } else {
            let held = self.hold(now, pending);
            self.track(held);
        }
    }

    /// Keeps a call until it may leave, or until its deadline.
    pub(super) fn hold(&mut self, now: Timestamp, mut pending: PendingCall) -> CallId {
        pending.sent_at = None;
        pending.queued_at = now;
        let (deadline, is_room) = (pending.deadline, self.clockwork.held.len() < HELD_MAX);
        let call = self.calls.insert(pending);
        if is_room {
            self.clockwork.held.insert(call);
            self.timers.set(Timer::Held(call), deadline);
        } else if let Some(pending) = self.calls.remove(call) {
            self.unsent(now, pending, Unsent::Shed(Shed::Crowded { most: HELD_MAX }));
        }
        call
    }

    pub(super) fn held_too_long(&mut self, now: Timestamp, call: CallId) {
        self.clockwork.held.remove(&call);
        self.expired(now, call);
    }

    /// Queues what was held, as far as it may leave now.
    pub(super) fn release_held(&mut self, now: Timestamp) {
        for call in std::mem::take(&mut self.clockwork.held) {
            self.timers.clear(Timer::Held(call));
            if let Some(mut pending) = self.calls.remove(call) {
                pending.tries.delay += now.since(pending.queued_at);
                let call = self.enqueue(now, pending);
                self.track(call);
            }
        }
    }

    /// The wall's clock has moved against ours by so many nanoseconds: mostly because the machine
    /// slept, while ours stood still. Sockets may be dead without knowing it, and orders that wait
    /// are older than they look.
    pub(super) fn clock_jumped(&mut self, now: Timestamp, nanos: i64) {
        self.tell(Incident::ClockJumped { nanos });
        self.clockwork.refused_at = None;
        self.forget_clock(now);
        self.deny_overslept(now, Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)));
        for kind in [StreamKind::Account, StreamKind::Market] {
            self.lose_sockets(now, kind, &Loss::broken("the machine may have slept"));
        }
    }

    /// Orders that have not left are worth nothing once their time has passed, whether we saw it
    /// pass or not.
    fn deny_overslept(&mut self, now: Timestamp, slept: Duration) {
        let waited = |created: Timestamp| now.since(created) + slept;
        let late = self.ledger.open().filter(|order| {
            order.state == OrderState::Pending
                && waited(order.created_at) >= self.config.order_deadline
        });
        let late: Vec<(ClientOrderId, Duration)> =
            late.map(|order| (order.id, waited(order.created_at))).collect();
        for (id, waited) in late {
            let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
            self.deny(now, id, Denied::Deadline { waited_ms });
        }
    }
}
