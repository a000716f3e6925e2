//! A scheduler on a desk: every call of a test is one line.

use std::time::Duration;

use arrayvec::ArrayVec;
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::outcome::{Meter, Reading};
use tradewind_model::tariff::{Charge, Cost, Limit, LimitKind, Weight};

use super::weather::origin;
use crate::config::{Concurrency, Reserve, Reserves, SchedulerConfig};
use crate::never::Never;
use crate::scheduler::{Next, Scheduler, Settlement};
use crate::snapshot::BucketView;
use crate::ticket::{Origin, Priority, Probe, Ticket};

/// The start of a minute, of five minutes and of a day.
pub(super) const MIDNIGHT: Timestamp = Timestamp::from_secs(1_800_057_600);

pub(super) const EPS: Duration = Duration::from_millis(2);

/// Without whatever the test is not about: no pacing, no cold start, no reserves, many slots.
pub(super) fn plain() -> SchedulerConfig {
    SchedulerConfig {
        concurrency: Concurrency { orders: 1_000, private: 1_000, public: 1_000, streams: 1_000 },
        reserves: Reserves { critical: Reserve::NONE, trade: Reserve::NONE, query: Reserve::NONE },
        pacing: false,
        cold_start: false,
        ramp: Duration::ZERO,
        ..SchedulerConfig::default()
    }
}

pub(super) struct Desk {
    pub(super) scheduler: Scheduler,
    pub(super) now: Timestamp,
    pub(super) origin: Origin,
    pub(super) deadline: Timestamp,
    pub(super) owner: u32,
    pub(super) probe: Option<Probe>,
    calls: u64,
}

impl Desk {
    /// A little more than ten seconds past midnight, by a clock that is right to within 2 ms.
    pub(super) fn new(config: SchedulerConfig, limits: &[Limit]) -> Self {
        let mut scheduler = Scheduler::new(config);
        scheduler.set_limits(MIDNIGHT, limits);
        scheduler.set_clock(0, EPS);
        Self {
            scheduler,
            now: MIDNIGHT + Duration::from_millis(10_050),
            origin: origin("eth0"),
            deadline: MIDNIGHT + Duration::from_secs(100_000),
            owner: 0,
            probe: None,
            calls: 0,
        }
    }

    /// Moves to so many milliseconds after midnight.
    pub(super) fn at(&mut self, millis: u64) -> &mut Self {
        self.now = MIDNIGHT + Duration::from_millis(millis);
        self
    }

    pub(super) fn try_submit(
        &mut self,
        priority: Priority,
        group: EndpointGroup,
        cost: impl Into<Cost>,
    ) -> Result<CallId, Never> {
        self.calls += 1;
        let call = CallId(self.calls);
        let ticket = Ticket {
            call,
            cost: cost.into(),
            priority,
            group,
            origin: self.origin,
            deadline: self.deadline,
            submitted_at: self.now,
            owner: self.owner,
            probe: self.probe,
        };
        self.scheduler.submit(self.now, ticket).map(|()| call)
    }

    pub(super) fn submit(
        &mut self,
        priority: Priority,
        group: EndpointGroup,
        cost: impl Into<Cost>,
    ) -> CallId {
        self.try_submit(priority, group, cost).unwrap()
    }

    /// A read of this weight.
    pub(super) fn read(&mut self, weight: Weight) -> CallId {
        self.submit(Priority::Query, EndpointGroup::Public, weighing(weight))
    }

    /// A cancel, of weight 1.
    pub(super) fn cancel(&mut self) -> CallId {
        self.submit(Priority::Critical, EndpointGroup::Orders, weighing(1))
    }

    /// A new order: weight 1 unless it succeeds, and one order.
    pub(super) fn order(&mut self) -> CallId {
        let weight = Charge { kind: LimitKind::RequestWeight, weight: 1, weight_on_success: 0 };
        let cost = Cost::from(weight).and(Charge::fixed(LimitKind::Orders, 1));
        self.submit(Priority::Trade, EndpointGroup::Orders, cost)
    }

    /// What leaves now.
    pub(super) fn leaving(&mut self) -> Vec<CallId> {
        let mut calls = Vec::new();
        while let Some(next) = self.scheduler.poll(self.now) {
            match next {
                Next::Admit(permit) => calls.push(permit.call()),
                Next::Expire(ticket) => panic!("{} expired", ticket.call),
                Next::Probe(probe) => panic!("{probe:?} wants a probe"),
            }
        }
        let wakeup = self.scheduler.wakeup();
        assert!(wakeup.is_none_or(|at| at > self.now), "asked at once again");
        calls
    }

    /// What there is to do, given that nothing may leave.
    pub(super) fn leaving_or_probe(&mut self) -> Option<Next> {
        let next = self.scheduler.poll(self.now);
        assert!(!matches!(next, Some(Next::Admit(_) | Next::Expire(_))), "{next:?}");
        next
    }

    /// A success, with what the venue says of its counters.
    pub(super) fn answer(&mut self, call: CallId, readings: &[(LimitKind, u64, Weight)]) {
        self.settle(call, true, readings);
    }

    pub(super) fn settle(
        &mut self,
        call: CallId,
        succeeded: bool,
        readings: &[(LimitKind, u64, Weight)],
    ) {
        let reading = |&(kind, secs, used): &(LimitKind, u64, Weight)| Reading {
            kind,
            interval: Duration::from_secs(secs),
            used,
        };
        let meter = Meter {
            readings: readings.iter().map(reading).collect::<ArrayVec<_, 8>>(),
            ..Meter::default()
        };
        let settlement = Settlement { succeeded, meter: &meter };
        self.scheduler.settle(self.now, call, settlement);
    }

    /// The first counter of a kind.
    pub(super) fn view(&self, kind: LimitKind) -> BucketView {
        let snapshot = self.scheduler.snapshot(self.now);
        let is_of = |view: &&BucketView| view.limit.kind == kind;
        snapshot.buckets.iter().find(is_of).unwrap().clone()
    }

    pub(super) fn used(&self, kind: LimitKind) -> Weight {
        self.view(kind).used
    }
}

pub(super) fn weighing(weight: Weight) -> Cost {
    Charge::fixed(LimitKind::RequestWeight, weight).into()
}
