//! What it costs to let one call leave while many wait.
//!
//! The limits are Binance's of spot, with the defaults of the scheduler: reserves, pacing, slots,
//! cold start. Half of what waits cannot leave, and neither can half of the lanes that it stands
//! in: new orders of accounts whose count is full, reads that the minute at hand has no weight for,
//! calls of addresses that are shut. The other half could leave at once, and is shared by eight
//! strategies over four accounts.
//!
//! Each turn submits a call and polls once, which must admit one; four are on the wire at any time,
//! and the oldest of them is answered, with the venue's counters in the answer. So every turn finds
//! what the last one found, and each answer has those asked again who wait for what it may have
//! changed.

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Duration;

use arrayvec::ArrayVec;
use criterion::measurement::{Measurement, WallTime};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::{AccountId, CallId, EgressId};
use tradewind_model::outcome::{Meter, Reading};
use tradewind_model::tariff::{Alignment, Charge, Cost, Limit, LimitKind, LimitScope, Weight};
use tradewind_scheduler::{
    Next, Origin, Permit, Priority, QueueCapacity, Scheduler, SchedulerConfig, ScopeKey,
    Settlement, ShutReason, Ticket,
};

/// A little more than ten seconds into a minute.
const START: Timestamp = Timestamp::from_millis(1_800_057_610_050);
/// How long a turn takes by the scheduler's clock: so little that no window ends meanwhile.
const TURN: Duration = Duration::from_nanos(100);
/// How many kinds of calls wait that could leave, and as many that could not.
const LANES: u64 = 32;
const ON_WIRE: usize = 4;
/// What the venue has counted of the minute's weight: more than reads may have of it by then.
const USED_WEIGHT: Weight = 3_000;

const fn limit(kind: LimitKind, scope: LimitScope, secs: u64, capacity: u32) -> Limit {
    let interval = Duration::from_secs(secs);
    Limit { kind, scope, interval, alignment: Alignment::Calendar, capacity }
}

const LIMITS: [Limit; 4] = [
    limit(LimitKind::RequestWeight, LimitScope::Egress, 60, 6_000),
    // Binance's is 61,000. Nothing is told of this counter, so millions of turns must fit.
    limit(LimitKind::RawRequests, LimitScope::Egress, 300, 4_000_000_000),
    limit(LimitKind::Orders, LimitScope::Account, 10, 100),
    limit(LimitKind::Orders, LimitScope::Account, 86_400, 200_000),
];

fn order() -> Cost {
    let weight = Charge { kind: LimitKind::RequestWeight, weight: 1, weight_on_success: 0 };
    Cost::from(weight)
        .and(Charge::fixed(LimitKind::Orders, 1))
        .and(Charge::fixed(LimitKind::RawRequests, 1))
}

fn read(weight: Weight) -> Cost {
    Cost::from(Charge::fixed(LimitKind::RequestWeight, weight))
        .and(Charge::fixed(LimitKind::RawRequests, 1))
}

fn ticket(
    (priority, group, cost): (Priority, EndpointGroup, Cost),
    (egress, account): (&str, &str),
    owner: u64,
) -> Ticket {
    Ticket {
        call: CallId(0),
        cost,
        priority,
        group,
        origin: Origin {
            egress: EgressId::new(egress).expect("a name"),
            account: Some(AccountId::new(account).expect("a name")),
            socket: None,
        },
        deadline: START,
        submitted_at: START,
        owner: u32::try_from(owner).expect("a few"),
        probe: None,
    }
}

fn new_order(egress: &str, account: &str, owner: u64) -> Ticket {
    ticket((Priority::Trade, EndpointGroup::Orders, order()), (egress, account), owner)
}

/// The `lane`th kind of call that cannot leave.
fn blocked(lane: u64) -> Ticket {
    match lane % 4 {
        0 => new_order("eth0", &format!("full{}", lane / 16), lane / 4 % 8),
        1 => new_order(&format!("shut{}", lane / 16), "main", lane / 4 % 8),
        _ => {
            let weight = 20 + Weight::try_from(lane).expect("a few");
            let class = if lane % 8 < 4 { Priority::Query } else { Priority::Background };
            ticket((class, EndpointGroup::Private, read(weight)), ("eth0", "main"), 0)
        }
    }
}

/// The `lane`th kind of call that could leave.
fn free(lane: u64) -> Ticket {
    new_order("eth0", &format!("free{}", lane / 8), lane % 8)
}

/// What the answers to new orders tell, of an account with so many open ones.
fn meter(orders: Weight) -> Meter {
    let reading = |kind, secs, used| Reading { kind, interval: Duration::from_secs(secs), used };
    let readings = ArrayVec::from_iter([
        reading(LimitKind::RequestWeight, 60, USED_WEIGHT),
        reading(LimitKind::Orders, 10, orders),
        reading(LimitKind::Orders, 86_400, orders),
    ]);
    Meter { readings, ..Meter::default() }
}

/// A scheduler with much to do.
struct Crowd {
    scheduler: Scheduler,
    now: Timestamp,
    calls: u64,
    on_wire: VecDeque<CallId>,
}

impl Crowd {
    /// Of so many calls that wait, half could leave.
    fn new(queued: u64) -> Self {
        let capacity = 1_000_000;
        let mut scheduler = Scheduler::new(SchedulerConfig {
            queue: QueueCapacity {
                critical: capacity,
                trade: capacity,
                query: capacity,
                background: capacity,
            },
            ..SchedulerConfig::default()
        });
        scheduler.set_limits(START, &LIMITS);
        scheduler.set_clock(0, Duration::from_millis(2));
        let mut crowd = Self { scheduler, now: START, calls: 0, on_wire: VecDeque::new() };
        for account in ["full0", "full1"] {
            crowd.submit(0, new_order("eth0", account, 0));
            let call = crowd.admit().call();
            crowd.answer(call, &meter(100));
            let egress = EgressId::new(&account.replace("full", "shut")).expect("a name");
            crowd.scheduler.shut_because(START, ScopeKey::Egress(egress), ShutReason::Auth, None);
        }
        for call in 0..queued / 2 {
            crowd.submit(call % LANES, blocked(call % LANES));
        }
        assert_eq!(crowd.scheduler.poll(crowd.now), None, "half of all is blocked");
        for call in 0..queued / 2 + ON_WIRE as u64 {
            crowd.submit(call % LANES, free(call % LANES));
        }
        for _ in 0..ON_WIRE {
            let call = crowd.admit().call();
            crowd.on_wire.push_back(call);
        }
        crowd
    }

    /// Submits one call; its kind is told by its number.
    fn submit(&mut self, kind: u64, ticket: Ticket) {
        self.calls += 1;
        // Deadlines in no order.
        let deadline = self.now + Duration::from_secs(3_600 + self.calls * 7_919 % 997);
        let call = CallId(self.calls * LANES + kind);
        let ticket = Ticket { call, deadline, submitted_at: self.now, ..ticket };
        self.scheduler.submit(self.now, black_box(ticket)).expect("there is room");
    }

    fn admit(&mut self) -> Permit {
        match black_box(self.scheduler.poll(self.now)) {
            Some(Next::Admit(permit)) => permit,
            other => panic!("{other:?}"),
        }
    }

    fn answer(&mut self, call: CallId, meter: &Meter) {
        self.scheduler.settle(self.now, call, Settlement { succeeded: true, meter });
    }

    fn waiting(&self) -> usize {
        self.scheduler.snapshot(self.now).queued.iter().map(|(_, calls)| calls).sum()
    }
}

/// What of a turn is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// From the call's submission to a permit.
    ToPermit,
    /// The answer to an earlier call as well.
    Whole,
}

fn turns(criterion: &mut Criterion) {
    let free: Vec<Ticket> = (0..LANES).map(free).collect();
    let answer = meter(5);
    for (name, part) in [("submit to permit", Part::ToPermit), ("whole turn", Part::Whole)] {
        let mut group = criterion.benchmark_group(name);
        for queued in [100, 1_000, 10_000, 100_000] {
            let mut crowd = Crowd::new(queued);
            let before = crowd.waiting();
            let mut next = 0;
            let mut turn = || {
                crowd.now = crowd.now + TURN;
                let ticket = free[usize::try_from(next).expect("a few")].clone();
                let started = WallTime.start();
                crowd.submit(next, ticket);
                let left = crowd.admit().call();
                let to_permit = WallTime.end(started);
                // Of the kind that has left, another will come.
                next = left.0 % LANES;
                crowd.on_wire.push_back(left);
                let oldest = crowd.on_wire.pop_front().expect("some are on the wire");
                crowd.answer(oldest, &answer);
                match part {
                    Part::ToPermit => to_permit,
                    Part::Whole => WallTime.end(started),
                }
            };
            group.bench_function(BenchmarkId::from_parameter(queued), |bencher| {
                bencher.iter_custom(|turns| (0..turns).map(|_| turn()).sum());
            });
            assert_eq!(crowd.waiting(), before, "as many wait as before");
        }
        group.finish();
    }
}

criterion_group!(benches, turns);
criterion_main!(benches);
