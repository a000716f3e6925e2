//! Calls on their way to the scheduler and out.

use std::time::Duration;

use tradewind_model::call::{Call, CallKind};
use tradewind_model::id::CallId;
use tradewind_model::order::Denied;
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Never, Origin, Permit, Priority, Shed, Ticket};

use super::calls::{Owner, PendingCall, Tries};
use super::{Engine, Timer};
use crate::action::{Action, Timing};

/// How long a call other than an order may wait for leave.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Why a call ends without a byte of it having left.
#[derive(Clone, Debug)]
pub(super) enum Unsent {
    /// It was given up.
    Shed(Shed),
    /// The venue has nothing like it.
    Unsupported(CallKind),
}

impl Engine {
    /// Queues a call.
    pub(super) fn request(
        &mut self,
        now: Timestamp,
        call: Call,
        owner: Owner,
        priority: Priority,
    ) -> CallId {
        self.request_again(now, call, owner, priority, Tries::default())
    }

    /// Queues a call for something that was tried before.
    pub(super) fn request_again(
        &mut self,
        now: Timestamp,
        call: Call,
        owner: Owner,
        priority: Priority,
        tries: Tries,
    ) -> CallId {
        let deadline = now + PATIENCE;
        let pending = PendingCall::new(now, call, owner, priority, deadline).after(tries);
        self.enqueue(now, pending)
    }

    /// Queues a call under a new number. When it is refused at the door, its owner hears of that
    /// like of any other end. What may not leave yet is held first.
    pub(super) fn enqueue(&mut self, now: Timestamp, mut pending: PendingCall) -> CallId {
        if self.is_early(&pending) {
            return self.hold(now, pending);
        }
        pending.queued_at = now;
        let kind = pending.call.kind();
        let priced = self.tariff.cost(&pending.call).cloned();
        let (priority, deadline, probe) = (pending.priority, pending.deadline, pending.probe);
        let owner = self.share_of(&pending.owner);
        let origin = self.origin(&pending.call);
        let call = self.calls.insert(pending);
        let refused = match priced {
            None => Some(Unsent::Unsupported(kind)),
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
                let submitted = self.scheduler.submit(now, ticket);
                submitted.err().map(|never| Unsent::Shed(Shed::Refused(never)))
            }
        };
        if let Some(refused) = refused
            && let Some(pending) = self.calls.remove(call)
        {
            self.unsent(now, pending, refused);
        }
        call
    }

    pub(super) fn origin(&self, call: &Call) -> Origin {
        let kind = call.kind();
        // The two sockets are numbered; a new one goes on under its predecessor's number, so that
        // a limit on messages outlives a reconnect.
        let socket = match kind {
            CallKind::SubscribeAccount | CallKind::Authenticate => Some(1),
            CallKind::Subscribe | CallKind::Unsubscribe => Some(0),
            CallKind::PingStream => {
                let is_account = matches!(call, Call::PingStream { kind: StreamKind::Account });
                Some(u32::from(is_account))
            }
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

    /// The scheduler lets a call leave.
    pub(super) fn admitted(&mut self, now: Timestamp, permit: Permit) -> Option<Action> {
        let id = permit.call();
        if self.is_held_back(now, id) {
            return None;
        }
        let Some(pending) = self.calls.get(id) else {
            self.scheduler.forget_unsent(id);
            return None;
        };
        let (call, owner) = (pending.call.clone(), pending.owner.clone());
        if let Owner::Place(order) = owner
            && self.is_swap_moot(order)
        {
            self.scheduler.forget_unsent(id);
            self.calls.remove(id);
            self.swap_by_steps(now, order);
            return None;
        }
        self.calls.leave(now, id);
        // Impatience closes no connection: who asked is told at their deadline, and the answer is
        // still good for whoever asks later. A call that was cut off would be charged for longer,
        // and would look like an outage.
        let timing = Timing {
            venue_now: self.clock.venue_time(now),
            recv_window: self.recv_window(&call),
            give_up_at: now + self.config.call_timeout,
        };
        let route = self.config.route;
        let is_current = |kind, generation| self.stream(kind).is_current(generation);
        match owner {
            Owner::Open(kind, generation) if is_current(kind, generation) => {
                Some(Action::Open { route, kind, generation, call, permit, timing })
            }
            Owner::Authenticate(generation) | Owner::Join(generation)
                if is_current(StreamKind::Account, generation) =>
            {
                let kind = StreamKind::Account;
                Some(Action::Write { kind, generation, call, permit, timing })
            }
            Owner::Follow(generation) | Owner::Renew(generation, _)
                if is_current(StreamKind::Market, generation) =>
            {
                let kind = StreamKind::Market;
                Some(Action::Write { kind, generation, call, permit, timing })
            }
            Owner::Ping(kind, generation) if is_current(kind, generation) => {
                Some(Action::Write { kind, generation, call, permit, timing })
            }
            Owner::Open(..)
            | Owner::Authenticate(_)
            | Owner::Ping(..)
            | Owner::Join(_)
            | Owner::Follow(_)
            | Owner::Renew(..) => {
                // The socket it was meant for is gone.
                self.calls.remove(id);
                self.scheduler.forget_unsent(id);
                None
            }
            Owner::Place(order) => {
                if let Err(denied) = self.check_door(order) {
                    self.calls.remove(id);
                    self.scheduler.forget_unsent(id);
                    self.deny_entry(now, order, &denied);
                    return None;
                }
                self.order_sent(now, order);
                Some(Action::Send { route, call, permit, timing })
            }
            Owner::Cancel(_)
            | Owner::Amend(_)
            | Owner::Clear(_)
            | Owner::Ask(_)
            | Owner::Fetch(_)
            | Owner::Probe
            | Owner::Read
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
            | Owner::Rate(_) => Some(Action::Send { route, call, permit, timing }),
        }
    }

    /// Takes back a call that may leave and should not: one that would be signed by a clock that
    /// is not known any more, or a read whose answer cannot come in time.
    fn is_held_back(&mut self, now: Timestamp, id: CallId) -> bool {
        let Some(pending) = self.calls.get(id) else {
            return false;
        };
        let is_vain = pending.owner == Owner::Read && now + self.round_trip() > pending.deadline;
        if !is_vain && !self.is_early(pending) {
            return false;
        }
        self.scheduler.forget_unsent(id);
        if let Some(pending) = self.calls.remove(id) {
            if is_vain {
                self.expired_call(now, pending);
            } else {
                let held = self.hold(now, pending);
                self.track(held);
            }
        }
        true
    }

    /// Whether a call may not leave yet: nobody's does before this process may begin, and nothing
    /// that is signed before the clock is known that it is signed by.
    fn is_early(&self, pending: &PendingCall) -> bool {
        let is_signed = pending.call.kind().is_signed();
        is_signed && !self.clock.is_known() || self.timers.is_set(Timer::Begin)
    }

    /// What a call takes at the least.
    pub(super) fn round_trip(&self) -> Duration {
        self.clock.least_rtt().unwrap_or_default()
    }

    /// A call's deadline passed before it could leave.
    pub(super) fn expired(&mut self, now: Timestamp, call: CallId) {
        if let Some(pending) = self.calls.remove(call) {
            self.expired_call(now, pending);
        }
    }

    fn expired_call(&mut self, now: Timestamp, pending: PendingCall) {
        let (class, waited) = (pending.priority, now.since(pending.queued_at));
        self.unsent(now, pending, Unsent::Shed(Shed::TooLate { class, waited }));
    }

    /// A call is over, and not a byte of it has left.
    pub(super) fn unsent(&mut self, now: Timestamp, pending: PendingCall, why: Unsent) {
        match &pending.owner {
            Owner::Place(id) => {
                let id = *id;
                let created = self.ledger.order(id).map_or(now, |order| order.created_at);
                let denied = self.denial(now.since(created), why);
                self.deny_entry(now, id, &denied);
            }
            Owner::Amend(id) => {
                let id = *id;
                let denied = self.denial(now.since(pending.queued_at), why);
                self.amendment_unsent(id, denied);
            }
            Owner::Clear(symbol) => {
                let (symbol, reason) = (symbol.clone(), self.unsent_reason(&why));
                self.not_cleared(now, &symbol, reason);
            }
            Owner::Read => self.read_unsent(now, pending, why),
            Owner::Cancel(_)
            | Owner::Ask(_)
            | Owner::Fetch(_)
            | Owner::Probe
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
            | Owner::Open(..)
            | Owner::Authenticate(_)
            | Owner::Ping(..)
            | Owner::Join(_)
            | Owner::Follow(_)
            | Owner::Renew(..) => {
                let reason = self.unsent_reason(&why);
                self.pursue(now, pending, None, reason);
            }
        }
    }

    fn unsent_reason(&self, why: &Unsent) -> String {
        match why {
            Unsent::Shed(shed) => shed.to_string(),
            Unsent::Unsupported(kind) => format!("{} offers no {kind:?}", self.config.route.venue),
        }
    }

    /// What a strategy is told of an order that was given up.
    fn denial(&self, waited: Duration, why: Unsent) -> Denied {
        match why {
            Unsent::Unsupported(_) => Denied::Unsupported(self.unsent_reason(&why)),
            Unsent::Shed(Shed::Refused(never @ Never::QueueFull { .. })) => {
                Denied::Full(never.to_string())
            }
            Unsent::Shed(Shed::Refused(never)) => Denied::NeverFits(never.to_string()),
            Unsent::Shed(shed @ Shed::Crowded { .. }) => Denied::Full(shed.to_string()),
            Unsent::Shed(Shed::TooLate { .. } | Shed::Shut { .. }) => Denied::Deadline {
                waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
            },
        }
    }

    /// Queues a call again under a new number, at `at`.
    pub(super) fn requeue(
        &mut self,
        now: Timestamp,
        mut pending: PendingCall,
        at: Timestamp,
    ) -> CallId {
        pending.sent_at = None;
        pending.answered.clear();
        // What has a limit keeps it; what is pursued until it is done waits as patiently as before.
        let has_limit = matches!(
            pending.owner,
            Owner::Place(_) | Owner::Amend(_) | Owner::Clear(_) | Owner::Read
        );
        if !has_limit {
            pending.deadline = at.max(now) + PATIENCE;
        }
        let id = self.calls.insert(pending);
        self.timers.set(Timer::Retry(id), at);
        self.track(id);
        id
    }

    pub(super) fn retry_due(&mut self, now: Timestamp, call: CallId) {
        let Some(mut pending) = self.calls.remove(call) else {
            return;
        };
        if pending.owner == Owner::Read {
            // Who waits for it may have changed meanwhile.
            match self.first_deadline(&pending.call) {
                Some(deadline) => pending.deadline = deadline,
                None => return self.forget_read(&pending.call),
            }
        }
        let id = self.enqueue(now, pending);
        self.track(id);
    }

    /// Takes back a call that has not left. False when it has.
    pub(super) fn withdraw(&mut self, call: CallId) -> bool {
        let was_waiting = self.scheduler.remove(call).is_some();
        let was_delayed = self.timers.clear(Timer::Retry(call));
        let was_held = self.timers.clear(Timer::Held(call));
        self.clockwork.held.remove(&call);
        let was_here = was_waiting || was_delayed || was_held;
        if was_here {
            self.calls.remove(call);
        }
        was_here
    }

    /// Whose share of the budget a call is paid from: each strategy has its own.
    fn share_of(&self, owner: &Owner) -> u32 {
        let strategy = self.strategy_of(owner);
        let place = strategy.and_then(|of| self.members.keys().position(|member| *member == of));
        place.and_then(|place| u32::try_from(place + 1).ok()).unwrap_or(0)
    }
}
