//! Everything that must hold before a call may leave, and the books of those that have left.
//!
//! In the order of what it costs to be wrong: no scope that covers it is shut, a slot is free, its
//! address is not cold, every limit has room, and nobody has reserved that room.

use std::sync::Arc;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::{CallId, EgressId};
use tradewind_model::outcome::{Fate, Meter, NotTaken};
use tradewind_model::tariff::{Limit, Weight};

use crate::breaker::{BreakerKey, Breakers, Outage};
use crate::bucket::ChargeId;
use crate::budget::{Blocked, Budget, Draw};
use crate::by_call::ByCall;
use crate::clock::VenueClock;
use crate::cold_start::ColdStart;
use crate::concurrency::{Slots, Trip};
use crate::config::SchedulerConfig;
use crate::queue::lane::{Lane, LaneId};
use crate::queue::parking::{Cause, Parked};
use crate::queue::{Changes, Gatekeeper, Queue};
use crate::reservation::Reservations;
use crate::shut::{Candidate, ShutScopes};
use crate::ticket::{Priority, Probe};

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
    flights: ByCall<Flight>,
    admitted: u64,
    /// What has changed since the lanes were last asked.
    changes: Changes,
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
            flights: ByCall::new(),
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

    /// Has those lanes asked again for whom something has changed.
    pub(crate) fn unpark(&mut self, now: Timestamp, queue: &mut Queue) {
        let mut changes = std::mem::take(&mut self.changes);
        changes.reservations |= self.reservations.take_changed();
        queue.unpark(now, &mut changes, &mut Gate { admission: self, now, most: Weight::MAX });
        self.changes = changes;
    }

    /// The first lane of `class` that may leave now; none that weighs more than `most`.
    pub(crate) fn find(
        &mut self,
        now: Timestamp,
        queue: &mut Queue,
        class: Priority,
        most: Weight,
    ) -> Option<LaneId> {
        queue.find(class, &mut Gate { admission: self, now, most })
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
        let Some(flight) = self.flights.get(call) else { return };
        let outage = Outage::of(fate);
        let trip = match fate {
            Fate::NotTaken(NotTaken::Throttled(_)) => Trip::Throttled,
            Fate::Done(_) | Fate::Refused(_) | Fate::NotTaken(_) | Fate::Unknown(_) => {
                if outage.is_some() { Trip::Trouble } else { Trip::Answered }
            }
        };
        self.slots.note(now, flight.group, flight.sent_at, trip);
        // Of those that may not leave any more, no room must be kept either.
        self.changes.all |= self.breakers.note(now, call, &flight.breaker, outage);
        self.changes.wire = true;
    }

    pub(crate) fn is_in_flight(&self, call: CallId) -> bool {
        self.flights.contains(call)
    }

    /// Why the first of a lane may not leave now; none when it may.
    fn find_obstacle(&mut self, now: Timestamp, id: LaneId, lane: &mut Lane) -> Option<Parked> {
        let class = lane.class;
        if let Err(until) = self.check_gate(now, lane) {
            // Room must not be kept for what may not leave even with room.
            self.reservations.end(id);
            return Some(Parked { cause: Cause::Gate, weight: 0, until });
        }
        if !self.slots.has_room(lane.group, class) {
            return Some(Parked { cause: Cause::Slot(lane.group), weight: 0, until: None });
        }
        let interval = self.budget.cold_start_interval();
        if let Err(until) = self.cold_start.check(now, self.clock, &lane.origin.egress, interval) {
            return Some(Parked { cause: Cause::Cold, weight: 0, until: Some(until) });
        }
        let draws = self.draws(now, lane);
        if let Err(blocked) = self.budget.check(&self.clock.now(now), draws, class) {
            let Blocked { bucket, weight, interval, until } = blocked;
            self.reservations.wait(now, class, id, bucket, interval);
            return Some(Parked { cause: Cause::Bucket(bucket), weight, until });
        }
        match self.reservations.check(now, class, id, draws) {
            Ok(()) => None,
            Err(until) => Some(Parked { cause: Cause::Reserved, weight: 0, until }),
        }
    }

    /// Whether nothing is shut and nothing broken that a lane's calls lie in.
    fn check_gate(&self, now: Timestamp, lane: &mut Lane) -> Result<(), Option<Timestamp>> {
        if lane.uncovered != Some(self.shut.version()) {
            let candidate = candidate(lane);
            if self.shut.covers(&candidate) {
                self.shut.check(now, &candidate)?;
            } else {
                lane.uncovered = Some(self.shut.version());
            }
        }
        self.breakers.check(now, &lane.breaker, lane.class, lane.probes_breaker)
    }

    /// What a lane's calls draw, looked up anew when the budget's buckets have changed.
    fn draws<'a>(&mut self, now: Timestamp, lane: &'a mut Lane) -> &'a Arc<[Draw]> {
        let is_stale = |(layout, _): &(u64, _)| *layout != self.budget.layout();
        if lane.draws.as_ref().is_none_or(is_stale) {
            let draws = self.budget.draws(&self.clock.now(now), &lane.origin, &lane.cost);
            // Looking them up may itself have changed the layout.
            lane.draws = Some((self.budget.layout(), draws));
        }
        let (_, draws) = lane.draws.as_ref().expect("looked up above");
        draws
    }

    /// Charges a call whose lane was found free to leave.
    pub(crate) fn admit(&mut self, now: Timestamp, call: CallId, lane: &Lane) {
        let Some((_, draws)) = &lane.draws else {
            debug_assert!(false, "{call} leaves unasked");
            return;
        };
        self.admitted += 1;
        let charge = ChargeId(self.admitted);
        self.budget.charge(&self.clock.now(now), charge, lane.class, draws);
        self.slots.take(lane.group);
        if lane.uncovered != Some(self.shut.version()) {
            self.shut.leave(now, call, &candidate(lane));
        }
        self.breakers.leave(now, call, &lane.breaker, lane.class, lane.probes_breaker);
        self.cold_start.leave(now, lane.origin.egress);
        self.flights.insert(
            call,
            Flight {
                charge,
                group: lane.group,
                egress: lane.origin.egress,
                breaker: lane.breaker,
                sent_at: now,
                draws: Arc::clone(draws),
            },
        );
    }

    /// Closes the books of a call, once: nothing happens for one that is not on the wire.
    pub(crate) fn end(&mut self, now: Timestamp, call: CallId, end: End<'_>) {
        let Some(flight) = self.flights.remove(call) else {
            return;
        };
        let venue_now = self.clock.now(now);
        let Flight { charge, draws, .. } = &flight;
        let has_read = match end {
            End::Answered { succeeded, meter } => {
                self.budget.settle(&venue_now, *charge, draws, succeeded, meter)
            }
            End::Abandoned => {
                self.budget.abandon(&venue_now, *charge, draws);
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
        // Whoever found no room there is asked again; mostly, nobody did.
        for Draw { bucket, .. } in flight.draws.iter() {
            if self.budget.take_loosened(&venue_now, *bucket) {
                self.changes.buckets.push(*bucket);
            }
        }
    }
}

/// Decides for the queue.
struct Gate<'a> {
    admission: &'a mut Admission,
    now: Timestamp,
    /// What weighs more has to be asked again in any case.
    most: Weight,
}

impl Gatekeeper for Gate<'_> {
    fn may_leave(&mut self, id: LaneId, lane: &mut Lane) -> Result<(), Option<Parked>> {
        if lane.weight > self.most {
            return Err(None);
        }
        match self.admission.find_obstacle(self.now, id, lane) {
            None => Ok(()),
            parked => Err(parked),
        }
    }

    fn has_room(
        &mut self,
        class: Priority,
        cause: Cause,
        weight: Weight,
    ) -> Result<(), Option<Timestamp>> {
        let Self { admission, now, .. } = self;
        match cause {
            Cause::Gate | Cause::Cold | Cause::Reserved => Ok(()),
            Cause::Slot(group) if admission.slots.has_room(group, class) => Ok(()),
            Cause::Slot(_) => Err(None),
            Cause::Bucket(bucket) => {
                let now = admission.clock.now(*now);
                admission.budget.check_one(&now, bucket, weight, class)
            }
        }
    }
}

const fn candidate(lane: &Lane) -> Candidate<'_> {
    let Lane { origin, group, class, is_new_order, probe, .. } = lane;
    Candidate { origin, group: *group, class: *class, is_new_order: *is_new_order, probe: *probe }
}

/// The earlier of two times, where none is never.
pub(crate) fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
