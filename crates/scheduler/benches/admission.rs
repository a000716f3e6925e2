//! What it costs to let one call leave while many wait.
//!
//! All limits are on, and more than half of the lanes in the queue are blocked: by full windows of
//! other accounts and by shut scopes. One turn is a submit, the poll that admits it, and its end.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::{AccountId, CallId, EgressId};
use tradewind_model::tariff::{Alignment, Charge, Cost, Limit, LimitKind, LimitScope};
use tradewind_scheduler::{
    Next, Origin, Priority, QueueCapacity, Scheduler, SchedulerConfig, ScopeKey, Ticket,
};

const NOW: Timestamp = Timestamp::from_millis(1_800_057_610_050);
/// How many addresses are shut, with calls that wait behind them.
const SHUT: u64 = 16;

const fn limit(kind: LimitKind, scope: LimitScope, secs: u64, capacity: u32) -> Limit {
    let interval = Duration::from_secs(secs);
    Limit { kind, scope, interval, alignment: Alignment::Calendar, capacity }
}

const LIMITS: [Limit; 4] = [
    limit(LimitKind::RequestWeight, LimitScope::Egress, 60, 1_000_000_000),
    limit(LimitKind::RawRequests, LimitScope::Egress, 300, 1_000_000_000),
    limit(LimitKind::Orders, LimitScope::Account, 10, 1_000_000_000),
    limit(LimitKind::Orders, LimitScope::Account, 86_400, 2_000_000_000),
];

fn order(call: u64, egress: &str) -> Ticket {
    let weight = Charge { kind: LimitKind::RequestWeight, weight: 1, weight_on_success: 0 };
    let cost = Cost::from(weight)
        .and(Charge::fixed(LimitKind::Orders, 1))
        .and(Charge::fixed(LimitKind::RawRequests, 1));
    Ticket {
        call: CallId(call),
        cost,
        priority: Priority::Trade,
        group: EndpointGroup::Orders,
        origin: Origin {
            egress: EgressId::new(egress).expect("a name"),
            account: Some(AccountId::new("main").expect("a name")),
            socket: None,
        },
        deadline: NOW + Duration::from_secs(3_600 + call % 997),
        submitted_at: NOW,
        owner: u32::try_from(call % 4).unwrap_or(0),
        probe: None,
    }
}

/// A scheduler with so many calls that wait, none of which may leave.
fn crowded(queued: u64) -> Scheduler {
    let capacity = 1_000_000;
    let mut scheduler = Scheduler::new(SchedulerConfig {
        queue: QueueCapacity {
            critical: capacity,
            trade: capacity,
            query: capacity,
            background: capacity,
        },
        cold_start: false,
        ..SchedulerConfig::default()
    });
    scheduler.set_limits(NOW, &LIMITS);
    scheduler.set_clock(0, Duration::from_millis(2));
    for call in 0..queued {
        let egress = format!("shut{}", call % SHUT);
        let ticket = order(call, &egress);
        scheduler.shut(
            NOW,
            ScopeKey::Egress(ticket.origin.egress),
            NOW + Duration::from_secs(3_000),
        );
        scheduler.submit(NOW, ticket).expect("there is room");
    }
    assert!(scheduler.poll(NOW).is_none(), "all that waits is blocked");
    scheduler
}

fn submit_to_permit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("submit to permit");
    for queued in [100, 1_000, 10_000, 100_000] {
        let mut scheduler = crowded(queued);
        let mut call = queued;
        let ready = order(0, "eth0");
        group.bench_function(BenchmarkId::from_parameter(queued), |bencher| {
            bencher.iter(|| {
                call += 1;
                let ticket = Ticket { call: CallId(call), ..ready.clone() };
                scheduler.submit(NOW, black_box(ticket)).expect("there is room");
                match black_box(scheduler.poll(NOW)) {
                    Some(Next::Admit(permit)) => assert_eq!(permit.call(), CallId(call)),
                    other => panic!("{other:?}"),
                }
                // Its end is in the bargain, so that each turn finds what the last one found.
                scheduler.forget_unsent(CallId(call));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, submit_to_permit);
criterion_main!(benches);
