//! The dispatcher: asks what may leave, in order, and keeps nothing itself.

use std::collections::VecDeque;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::id::CallId;
use tradewind_model::outcome::{Fate, Meter};
use tradewind_model::tariff::{Limit, LimitKind, Weight};

use crate::admission::{Admission, End, earlier};
use crate::breaker::{BreakerKey, Outage};
use crate::config::SchedulerConfig;
use crate::never::Never;
use crate::permit::Permit;
use crate::queue::lane::LaneId;
use crate::queue::{Full, Queue, Taken};
use crate::shut::{ScopeKey, ScopeState, ShutReason, ShutRecord};
use crate::snapshot::{Snapshot, Throttled};
use crate::ticket::{Origin, Priority, Probe, Ticket};

/// The background is guaranteed one part in twenty: one for each so many that queries draw.
const TRICKLE_SHARE: u64 = 19;
/// The most that can be owed: room for the heaviest calls there are.
const TRICKLE_MAX: u64 = TRICKLE_SHARE * 1_000;

/// How many refusals are remembered for people to look at.
const THROTTLES_KEPT: usize = 16;

/// What there is to do about a waiting call.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// It may leave. It is charged, and on the wire from here on.
    Admit(Permit),
    /// Its deadline has passed; it leaves the queue and costs nothing.
    Expire(Ticket),
    /// The time of a shut scope or of an open breaker is over, and one call of little weight has
    /// to go well before others follow: submit one with [`Ticket::probe`] set to this. A read that
    /// is signed where an account is concerned, the venue's clock otherwise; never an order.
    Probe(Probe),
}

/// What an answer told of the call it answers.
#[derive(Clone, Copy, Debug)]
pub struct Settlement<'a> {
    /// Whether the venue did what was asked; some charge less then.
    pub succeeded: bool,
    /// What the venue said of its counters.
    pub meter: &'a Meter,
}

/// Decides when each call to one venue may leave.
#[derive(Debug)]
pub struct Scheduler {
    queue: Queue,
    admission: Admission,
    /// The latest time seen: a clock that goes back must not reopen a window.
    latest: Timestamp,
    /// Set when there was nothing to do, until something happens.
    idle: Option<Idle>,
    caution: Duration,
    /// What queries drew while the background waited, less what that was given for it.
    trickle: u64,
    throttles: VecDeque<Throttled>,
}

/// There is nothing to do.
#[derive(Clone, Copy, Debug)]
struct Idle {
    /// Until this time; with none, until something happens.
    until: Option<Timestamp>,
}

impl Scheduler {
    /// A scheduler without limits: see [`set_limits`](Self::set_limits).
    #[must_use]
    pub fn new(config: SchedulerConfig) -> Self {
        Self {
            queue: Queue::new(config.queue),
            admission: Admission::new(&config),
            latest: Timestamp::EPOCH,
            idle: None,
            caution: config.caution,
            trickle: 0,
            throttles: VecDeque::new(),
        }
    }

    /// Puts these limits in force, in place of all earlier ones. Each address, account and socket
    /// gets a counter of its own, at its first call. What was counted of a limit that stays (same
    /// kind, scope, interval and alignment) is kept, whatever its new capacity. A limit that is new
    /// knows nothing of the calls that are on the wire already, until the venue tells its count.
    ///
    /// A call that already waits, and does not fit a smaller limit any more, expires.
    pub fn set_limits(&mut self, now: Timestamp, limits: &[Limit]) {
        self.happens(now);
        self.admission.set_limits(limits);
    }

    /// Sets what is known of the venue's clock: it shows `local + offset_ns`, to within `eps`
    /// either way. Before the first call, it is taken to show our own time to within 1 s. Errors
    /// above 30 s are taken as 30 s: with less certainty, measure before sending anything else.
    pub fn set_clock(&mut self, offset_ns: i64, eps: Duration) {
        self.idle = None;
        self.admission.set_clock(offset_ns, eps);
    }

    /// Queues a call.
    ///
    /// # Errors
    /// When it could never leave, or too many of its class wait already.
    pub fn submit(&mut self, now: Timestamp, ticket: Ticket) -> Result<(), Never> {
        let (call, class) = (ticket.call, ticket.priority);
        if self.queue.contains(call) || self.admission.is_in_flight(call) {
            return Err(Never::Duplicate { call });
        }
        let budget = &self.admission.budget;
        let spot = self.queue.spot(&ticket);
        let limits = Some(budget.edition());
        let is_known_to_fit = spot.lane.is_some_and(|lane| self.queue.lane(lane).fits == limits);
        if !is_known_to_fit
            && let Some((limit, weight)) = budget.never_holds(&ticket.origin, &ticket.cost, class)
        {
            return Err(Never::Exceeds { limit, weight, class });
        }
        let lane = self
            .queue
            .push(ticket, spot)
            .map_err(|Full { capacity }| Never::QueueFull { class, capacity })?;
        self.queue.lane_mut(lane).fits = limits;
        self.happens(now);
        Ok(())
    }

    /// Takes a call back that still waits; none when it does not. It costs nothing.
    pub fn remove(&mut self, call: CallId) -> Option<Ticket> {
        let Taken { ticket, closed } = self.queue.remove(call)?;
        self.idle = None;
        if let Some(lane) = closed {
            self.admission.reservations.end(lane);
        }
        Some(ticket)
    }

    /// What there is to do now; none when nothing is. Ask until none.
    pub fn poll(&mut self, now: Timestamp) -> Option<Next> {
        self.latest = self.latest.max(now);
        let now = self.latest;
        if let Some(Idle { until }) = self.idle
            && until.is_none_or(|until| now < until)
        {
            return None;
        }
        self.idle = None;
        if self.queue.nothing_is_due_before().is_some_and(|deadline| deadline <= now)
            && let Some((deadline, lane)) = self.queue.next_to_expire()
            && deadline <= now
        {
            let (call, _) = self.queue.first(lane)?;
            return self.remove(call).map(Next::Expire);
        }
        if let Some(probe) = self.admission.next_probe(now) {
            return Some(Next::Probe(probe));
        }
        match self.find(now) {
            Ok(lane) => Some(Next::Admit(self.admit(now, lane))),
            Err(idle) => {
                self.idle = Some(idle);
                None
            }
        }
    }

    /// The earliest time at which [`poll`](Self::poll) may have something, unless something else
    /// happens before; none when only an answer or a new call can change anything. Holds from
    /// when `poll` has returned none until the next other call to the scheduler; before that, it
    /// is [`Timestamp::EPOCH`]: at once.
    #[must_use]
    pub fn wakeup(&self) -> Option<Timestamp> {
        match self.idle {
            Some(Idle { until }) => until,
            None => Some(Timestamp::EPOCH),
        }
    }

    /// Tells what became of a call on the wire, before it is settled, abandoned or forgotten: what
    /// breakers go by. Does nothing for a call that is not on the wire.
    pub fn note_fate(&mut self, now: Timestamp, call: CallId, fate: &Fate) {
        let now = self.happens(now);
        self.admission.note_fate(now, call, fate);
    }

    /// The answer to a call is complete. Does nothing for a call that is not on the wire.
    pub fn settle(&mut self, now: Timestamp, call: CallId, settlement: Settlement<'_>) {
        let Settlement { succeeded, meter } = settlement;
        self.end(now, call, End::Answered { succeeded, meter });
    }

    /// A call's connection was closed without an answer. What it costs may still be counted for
    /// 5 s. Does nothing for a call that is not on the wire.
    pub fn abandon(&mut self, now: Timestamp, call: CallId) {
        self.end(now, call, End::Abandoned);
    }

    /// It is proven that not a byte of a call was written: what it was charged is taken back.
    /// Does nothing for a call that is not on the wire.
    pub fn forget_unsent(&mut self, call: CallId) {
        self.end(self.latest, call, End::NeverSent);
    }

    /// Lets nothing of `scope` leave before `until`: a limit has turned a call away. Of several
    /// times, the latest holds.
    pub fn shut(&mut self, now: Timestamp, scope: ScopeKey, until: Timestamp) {
        self.shut_because(now, scope, ShutReason::Throttled, Some(until));
    }

    /// Lets nothing of `scope` leave, for this reason: until `until`, or where the venue named no
    /// time, for as long as is usual, doubled each time it happens before the scope has opened
    /// again. Of several times, the latest holds; nothing shortens [`ShutReason::Auth`].
    pub fn shut_because(
        &mut self,
        now: Timestamp,
        scope: ScopeKey,
        reason: ShutReason,
        until: Option<Timestamp>,
    ) {
        let now = self.happens(now);
        self.admission.shut.shut(now, scope, reason, until);
        // All are asked again: whoever may not leave any more must not have room kept either.
        self.admission.release();
    }

    /// A person opens a scope that only a person can: its probe is asked for next. False, and
    /// nothing happens, for any other: nobody here can end a ban.
    pub fn clear(&mut self, now: Timestamp, scope: &ScopeKey) -> bool {
        let now = self.happens(now);
        self.admission.shut.clear(now, scope)
    }

    /// What is shut, as a later life of this process has to know it; ordered by scope. To be
    /// stored whenever something is shut or opens: [`shut_version`](Self::shut_version) says when.
    #[must_use]
    pub fn shut_records(&self, now: Timestamp) -> Vec<ShutRecord> {
        self.admission.shut.records(now)
    }

    /// Changes whenever [`shut_records`](Self::shut_records) may have: cheap enough to be asked
    /// after every call.
    #[must_use]
    pub const fn shut_version(&self) -> u64 {
        self.admission.shut.version()
    }

    /// Takes over what an earlier life has stored. What is shut by now stays so.
    pub fn restore_shut(&mut self, now: Timestamp, records: &[ShutRecord]) {
        let now = self.happens(now);
        self.admission.shut.restore(now, records);
        self.admission.release();
    }

    /// The breakers that let no order through now, and what is down: one that tries an order at a
    /// time is not among them.
    #[must_use]
    pub fn outages(&self) -> Vec<(BreakerKey, Outage)> {
        self.admission.breakers.outages()
    }

    /// How `scope` stands.
    #[must_use]
    pub fn scope_state(&self, now: Timestamp, scope: &ScopeKey) -> ScopeState {
        self.admission.shut.state(now, scope)
    }

    /// Until when `scope` is shut: the far end of time when a person must open it, and `now` while
    /// its probe is awaited; none when it is open.
    #[must_use]
    pub fn shut_until(&self, now: Timestamp, scope: &ScopeKey) -> Option<Timestamp> {
        self.admission.shut.until(now, scope)
    }

    /// The venue has turned a call of this origin away for a limit of `kind`, or did not say for
    /// which. That is a sign that our books are wrong, so half of the limit is used for a while
    /// ([`SchedulerConfig::caution`]), and the books as they stood are kept for people to look at.
    /// What is to be left alone, and until when, is told apart, with [`shut`](Self::shut).
    pub fn note_throttle(&mut self, now: Timestamp, origin: &Origin, kind: Option<LimitKind>) {
        let now = self.happens(now);
        if self.throttles.len() == THROTTLES_KEPT {
            self.throttles.pop_front();
        }
        let snapshot = self.snapshot(now);
        self.throttles.push_back(Throttled { at: now, origin: *origin, kind, snapshot });
        self.admission.budget.halve(origin, kind, now + self.caution);
        self.admission.release();
    }

    /// The last few times that the venue has turned a call away, the oldest first.
    #[must_use]
    pub const fn throttles(&self) -> &VecDeque<Throttled> {
        &self.throttles
    }

    /// The state at `now`, for people to look at.
    #[must_use]
    pub fn snapshot(&self, now: Timestamp) -> Snapshot {
        let venue_now = self.admission.clock().now(now);
        Snapshot {
            buckets: self.admission.budget.views(&venue_now),
            queued: self.queue.waiting(),
            in_flight: self.admission.slots.in_flight(),
            caps: self.admission.slots.caps(),
            shut: self
                .admission
                .shut
                .states(now)
                .into_iter()
                .filter_map(|(scope, _)| Some((scope, self.shut_until(now, &scope)?)))
                .collect(),
            breakers: self.admission.breakers.states(),
            scopes: self.admission.shut.states(now),
        }
    }

    /// The first lane that may leave, the most urgent class first.
    fn find(&mut self, now: Timestamp) -> Result<LaneId, Idle> {
        // What is owed to the background goes before queries, and only as much as is owed.
        let background = self.queue.is_waiting(Priority::Background) && self.trickle > 0;
        let most = Weight::try_from(self.trickle / TRICKLE_SHARE).unwrap_or(Weight::MAX);
        let order = [
            Some((Priority::Critical, Weight::MAX)),
            Some((Priority::Trade, Weight::MAX)),
            background.then_some((Priority::Background, most)),
            Some((Priority::Query, Weight::MAX)),
            Some((Priority::Background, Weight::MAX)),
        ];
        // Each time round, another lane has given up room that was reserved for it.
        loop {
            self.admission.unpark(now, &mut self.queue);
            for (class, most) in order.into_iter().flatten() {
                if let Some(lane) = self.admission.find(now, &mut self.queue, class, most) {
                    return Ok(lane);
                }
                if self.admission.reservations.has_changed() {
                    break;
                }
            }
            if !self.admission.reservations.has_changed() {
                break;
            }
        }
        let mut until = self.queue.next_to_expire().map(|(deadline, _)| deadline);
        until = earlier(until, self.admission.next_due());
        Err(Idle { until: earlier(until, self.queue.next_to_unpark()) })
    }

    fn admit(&mut self, now: Timestamp, lane: LaneId) -> Permit {
        let (call, deadline) = self.queue.first(lane).expect("a lane that is asked has calls");
        let leaving = self.queue.lane(lane);
        self.admission.admit(now, call, leaving);
        let (class, weight) = (leaving.class, leaving.weight);
        self.note_trickle(class, weight);
        self.queue.serve(lane);
        self.admission.reservations.end(lane);
        Permit::new(call, deadline, now)
    }

    /// For each 19 parts that queries draw while the background waits, it is owed one.
    fn note_trickle(&mut self, class: Priority, weight: Weight) {
        let weight = u64::from(weight);
        self.trickle = match class {
            Priority::Critical | Priority::Trade => self.trickle,
            Priority::Query if self.queue.is_waiting(Priority::Background) => {
                (self.trickle + weight).min(TRICKLE_MAX)
            }
            Priority::Query => 0,
            Priority::Background => self.trickle.saturating_sub(weight * TRICKLE_SHARE),
        };
    }

    fn end(&mut self, now: Timestamp, call: CallId, end: End<'_>) {
        let now = self.happens(now);
        self.admission.end(now, call, end);
    }

    /// Something happens, so there may be something to do again.
    fn happens(&mut self, now: Timestamp) -> Timestamp {
        self.latest = self.latest.max(now);
        self.idle = None;
        self.latest
    }
}

#[cfg(test)]
impl Scheduler {
    /// What is left of each window to others by a call of this class.
    fn forecasts(&self, now: Timestamp, class: Priority) -> Vec<(Limit, u64)> {
        self.admission.budget.forecasts(&self.admission.clock().now(now), class)
    }

    /// Has everybody asked, whatever has moved.
    fn ask_all(&mut self) {
        self.idle = None;
        self.admission.release();
    }
}

#[cfg(test)]
mod tests;
