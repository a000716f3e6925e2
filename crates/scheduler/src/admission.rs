//! Everything that must hold before a call may leave, and the books of those that have left.
//!
//! In the order of what it costs to be wrong: no scope that covers it is shut, a slot is free, its
//! address is not cold, every limit has room, and nobody has reserved that room.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::{CallId, EgressId};
use tradewind_model::outcome::{Fate, Meter, NotTaken};
use tradewind_model::tariff::Limit;

use crate::breaker::{BreakerKey, Breakers, Outage};
use crate::bucket::ChargeId;
use crate::budget::{BucketId, Budget, Draw};
use crate::clock::VenueClock;
use crate::cold_start::ColdStart;
use crate::concurrency::{Slots, Trip};
use crate::config::SchedulerConfig;
use crate::queue::lane::{Cause, Lane, LaneId, Parked};
use crate::reservation::Reservations;
use crate::shut::{Candidate, ShutScopes, is_new_order};
use crate::ticket::{Priority, Probe, Ticket};

/// The state that decides what may leave.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) shut: ShutScopes,
    pub(crate) breakers: Breakers,
    pub(crate) slots: Slots,
    pub(crate) budget: Budget,
    pub(crate) reservations: Reservations,
    clock: VenueClock,
    cold_start: ColdStart,
    flights: BTreeMap<CallId, Flight>,
    admitted: u64,
    /// What has changed since the lanes were last asked.
    changes: Changes,
}

/// What has changed since lanes were last asked.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Anything may have.
    pub(crate) all: bool,
    pub(crate) gate: bool,
    pub(crate) wire: bool,
    pub(crate) buckets: Vec<BucketId>,
}

/// A call on the wire.
#[derive(Debug)]
struct Flight {
    charge: ChargeId,
    group: EndpointGroup,
    egress: EgressId,
    breaker: BreakerKey,
    sent_at: Timestamp,
    draws: Arc<[Draw]>,
}

/// How a call on the wire ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End<'a> {
    Answered { succeeded: bool, meter: &'a Meter },
    Abandoned,
    NeverSent,
}

impl Admission {
    pub(crate) fn new(config: &SchedulerConfig) -> Self {
        Self {
            shut: ShutScopes::new(config.ramp, config.share, config.seed),
            breakers: Breakers::new(config.seed),
            slots: Slots::new(config.concurrency, config.share),
            budget: Budget::new(config.reserves, config.pacing, config.share),
            reservations: Reservations::new(),
            clock: VenueClock::UNSYNCED,
            cold_start: ColdStart::new(config.cold_start),
            flights: BTreeMap::new(),
            admitted: 0,
            changes: Changes::default(),
        }
    }

    pub(crate) const fn clock(&self) -> VenueClock {
        self.clock
    }

    pub(crate) fn set_clock(&mut self, offset_ns: i64, eps: Duration) {
        self.clock = VenueClock::new(offset_ns, eps);
        self.release();
    }

    /// Anything may have changed, so what lanes were told holds no longer.
    pub(crate) const fn release(&mut self) {
        self.changes.all = true;
    }

    /// A scope was shut, or is on its way to open.
    pub(crate) const fn move_gate(&mut self) {
        self.changes.gate = true;
    }

    /// What has changed since this was last asked.
    pub(crate) const fn changes(&mut self) -> &mut Changes {
        &mut self.changes
    }

    pub(crate) fn set_limits(&mut self, limits: &[Limit]) {
        self.budget.set_limits(limits);
        self.release();
    }

    /// What wants a probe next.
    pub(crate) fn next_probe(&mut self, now: Timestamp) -> Option<Probe> {
        if self.next_due().is_none_or(|due| now < due) {
            return None;
        }
        // A probe that waits may leave now, or a ramp has begun.
        self.move_gate();
        let scope = self.shut.next_probe(now).map(Probe::Scope);
        scope.or_else(|| self.breakers.next_probe(now).map(Probe::Breaker))
    }

    /// When [`next_probe`](Self::next_probe) may have something.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        earlier(self.shut.next_due(), self.breakers.next_due())
    }

    /// It is known what became of a call on the wire.
    pub(crate) fn note_fate(&mut self, now: Timestamp, call: CallId, fate: &Fate) {
        let Some(flight) = self.flights.get(&call) else { return };
        let outage = Outage::of(fate);
        let trip = match fate {
            Fate::NotTaken(NotTaken::Throttled(_)) => Trip::Throttled,
            Fate::Done(_) | Fate::Refused(_) | Fate::NotTaken(_) | Fate::Unknown(_) => {
                if outage.is_some() { Trip::Trouble } else { Trip::Answered }
            }
        };
        self.slots.note(now, flight.group, flight.sent_at, trip);
        self.changes.gate |= self.breakers.note(now, call, &flight.breaker, outage);
        self.changes.wire = true;
    }

    pub(crate) fn is_in_flight(&self, call: CallId) -> bool {
        self.flights.contains_key(&call)
    }

    /// Whether the first of a lane may leave now.
    ///
    /// # Errors
    /// With what must change first; with none when it has to be asked again in any case.
    pub(crate) fn check(
        &mut self,
        now: Timestamp,
        class: Priority,
        id: LaneId,
        lane: &mut Lane,
    ) -> Result<(), Option<Parked>> {
        match self.find_obstacle(now, class, id, lane) {
            None => Ok(()),
            // Reservations end without a change, so the lane must be asked again.
            Some(Obstacle::Reserved) => Err(None),
            Some(Obstacle::Until(cause, until)) => Err(Some(Parked { cause, until })),
        }
    }

    fn find_obstacle(
        &mut self,
        now: Timestamp,
        class: Priority,
        id: LaneId,
        lane: &mut Lane,
    ) -> Option<Obstacle> {
        let candidate = Candidate {
            origin: &lane.origin,
            group: lane.group,
            class,
            is_new_order: is_new_order(&lane.cost, lane.group, class),
            probe: lane.probe,
        };
        if let Err(until) = self.shut.check(now, &candidate) {
            // Room must not be kept for what may not leave even with room.
            self.reservations.end(id);
            return Some(Obstacle::Until(Cause::Gate, until));
        }
        let breaker = BreakerKey { account: lane.origin.account, group: lane.group };
        let (breaker, is_probe) = match lane.probe {
            Some(Probe::Breaker(probed)) => (probed, true),
            Some(Probe::Scope(_)) | None => (breaker, false),
        };
        if let Err(until) = self.breakers.check(now, &breaker, class, is_probe) {
            self.reservations.end(id);
            return Some(Obstacle::Until(Cause::Gate, until));
        }
        if !self.slots.has_room(lane.group, class) {
            return Some(Obstacle::Until(Cause::Wire, None));
        }
        let interval = self.budget.cold_start_interval();
        if let Err(until) = self.cold_start.check(now, self.clock, &lane.origin.egress, interval) {
            return Some(Obstacle::Until(Cause::Wire, Some(until)));
        }
        let draws = self.draws(now, lane);
        if let Err(blocked) = self.budget.check(now, self.clock, &draws, class) {
            self.reservations.wait(now, class, id, blocked.bucket, blocked.interval);
            return Some(Obstacle::Until(Cause::Bucket(blocked.bucket), blocked.until));
        }
        self.reservations.hold_back(now, class, id, &draws).then_some(Obstacle::Reserved)
    }

    /// What a lane's calls draw, looked up anew when the budget's buckets have changed.
    fn draws(&mut self, now: Timestamp, lane: &mut Lane) -> Arc<[Draw]> {
        if let Some((layout, draws)) = &lane.draws
            && *layout == self.budget.layout()
        {
            return Arc::clone(draws);
        }
        let draws = self.budget.draws(now, self.clock, &lane.origin, &lane.cost);
        lane.draws = Some((self.budget.layout(), Arc::clone(&draws)));
        draws
    }

    /// Charges a call whose lane was found free to leave.
    pub(crate) fn admit(&mut self, now: Timestamp, ticket: &Ticket, draws: Arc<[Draw]>) {
        self.admitted += 1;
        let charge = ChargeId(self.admitted);
        self.budget.charge(now, self.clock, charge, ticket.priority, &draws);
        self.slots.take(ticket.group);
        let candidate = Candidate {
            origin: &ticket.origin,
            group: ticket.group,
            class: ticket.priority,
            is_new_order: is_new_order(&ticket.cost, ticket.group, ticket.priority),
            probe: ticket.probe,
        };
        self.shut.leave(now, ticket.call, &candidate);
        let (breaker, is_probe) = match ticket.probe {
            Some(Probe::Breaker(probed)) => (probed, true),
            Some(Probe::Scope(_)) | None => (ticket.breaker(), false),
        };
        self.breakers.leave(now, ticket.call, &breaker, ticket.priority, is_probe);
        self.cold_start.leave(now, ticket.origin.egress);
        self.flights.insert(
            ticket.call,
            Flight {
                charge,
                group: ticket.group,
                egress: ticket.origin.egress,
                breaker,
                sent_at: now,
                draws,
            },
        );
    }

    /// Closes the books of a call, once: nothing happens for one that is not on the wire.
    pub(crate) fn end(&mut self, now: Timestamp, call: CallId, end: End<'_>) {
        let Some(flight) = self.flights.remove(&call) else {
            return;
        };
        let Flight { charge, draws, .. } = &flight;
        let has_read = match end {
            End::Answered { succeeded, meter } => {
                self.budget.settle(now, self.clock, *charge, draws, succeeded, meter)
            }
            End::Abandoned => {
                self.budget.abandon(now, self.clock, *charge, draws);
                false
            }
            End::NeverSent => {
                self.budget.forget(*charge, draws);
                false
            }
        };
        self.changes.gate |=
            self.shut.end(now, call, matches!(end, End::Answered { succeeded: true, .. }));
        self.changes.gate |= self.breakers.end(call);
        self.slots.release(flight.group);
        self.cold_start.end(&flight.egress, has_read);
        self.changes.wire = true;
        self.changes.buckets.extend(flight.draws.iter().map(|draw| draw.bucket));
    }
}

/// The earlier of two times, where none is never.
pub(crate) fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Why a lane may not leave.
enum Obstacle {
    /// Until a time, or until this has changed.
    Until(Cause, Option<Timestamp>),
    /// Another lane has reserved the room.
    Reserved,
}
