//! Who gets how much of what many want.

use std::collections::BTreeMap;

use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::tariff::{Charge, Cost, LimitKind, Weight};

use super::desk::{Desk, plain, weighing};
use super::weather::limit;
use crate::config::{Concurrency, SchedulerConfig};
use crate::never::Shed;
use crate::scheduler::Next;
use crate::ticket::Priority;

const WEIGHT: LimitKind = LimitKind::RequestWeight;

/// What leaves in a window of 100, by whom it was asked for.
fn served(desk: &mut Desk, asked: &BTreeMap<CallId, (u32, Weight)>) -> BTreeMap<u32, Weight> {
    let mut served = BTreeMap::new();
    for call in desk.leaving() {
        let (owner, weight) = asked[&call];
        *served.entry(owner).or_default() += weight;
        desk.answer(call, &[]);
    }
    served
}

fn ask(desk: &mut Desk, class: Priority, owner: u32, weight: Weight, times: u32) -> Asks {
    desk.owner = owner;
    (0..times)
        .map(|_| (desk.submit(class, EndpointGroup::Public, weighing(weight)), (owner, weight)))
        .collect()
}

type Asks = BTreeMap<CallId, (u32, Weight)>;

#[test]
fn owners_share_a_class_by_weight_and_not_by_who_shouts() {
    for class in [Priority::Trade, Priority::Background] {
        let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 120)]);
        let mut asked = ask(&mut desk, class, 1, 1, 200);
        desk.deadline = desk.deadline - std::time::Duration::from_secs(1_000);
        asked.extend(ask(&mut desk, class, 2, 10, 30));
        asked.extend(ask(&mut desk, class, 3, 2, 100));
        let served = served(&mut desk, &asked);
        assert_eq!(served, BTreeMap::from([(1, 40), (2, 40), (3, 40)]), "{class:?}");
    }
}

#[test]
fn one_call_at_a_time_with_an_early_deadline_starves_nobody() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 1, 1)]);
    let many = ask(&mut desk, Priority::Trade, 1, 1, 100);
    desk.deadline = desk.deadline - std::time::Duration::from_secs(1_000);
    let mut of_many = 0;
    for second in 11..51 {
        desk.at(second * 1_000 + 10);
        ask(&mut desk, Priority::Trade, 2, 1, 1);
        let left = desk.leaving();
        assert_eq!(left.len(), 1);
        of_many += u32::from(many.contains_key(&left[0]));
        desk.answer(left[0], &[]);
    }
    assert!((19..=21).contains(&of_many), "{of_many} of 40");
}

#[test]
fn being_idle_earns_nothing() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 100)]);
    ask(&mut desk, Priority::Trade, 2, 1, 1);
    let mut asked = ask(&mut desk, Priority::Trade, 1, 1, 500);
    desk.leaving();
    asked.extend(ask(&mut desk, Priority::Trade, 2, 1, 500));
    desk.at(60_010);
    let served = served(&mut desk, &asked);
    assert!(served.values().all(|weight| (49..=51).contains(weight)), "{served:?}");
}

#[test]
fn the_background_gets_a_twentieth_of_what_queries_leave_nothing_of() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 1_000)]);
    let mut asked = ask(&mut desk, Priority::Background, 1, 5, 500);
    asked.extend(ask(&mut desk, Priority::Query, 2, 2, 1_000));
    let served = served(&mut desk, &asked);
    assert_eq!(served.values().sum::<Weight>(), 1_000);
    assert!((45..=55).contains(&served[&1]), "{served:?}");
}

#[test]
fn what_is_shed_says_why() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 10)]);
    let never = desk.try_submit(Priority::Query, EndpointGroup::Public, weighing(11));
    assert!(matches!(Shed::from(never.unwrap_err()), Shed::Refused(_)));
    desk.deadline = desk.now + std::time::Duration::from_millis(1_500);
    let full = desk.read(10);
    desk.read(10);
    assert_eq!(desk.leaving(), [full]);
    desk.now = desk.deadline;
    let Some(Next::Expire(ticket)) = desk.scheduler.poll(desk.now) else { panic!() };
    let shed = Shed::expired(desk.now, &ticket).to_string();
    assert_eq!(shed, "query call waited 1500 ms for leave, and then it was too late");
}

/// A part of everything that processes have in common, and of nothing that is each one's own.
#[test]
fn one_of_twenty_keeps_to_a_twentieth_of_what_is_shared() {
    let limits = [
        limit(WEIGHT, 60, 6_000),
        limit(LimitKind::RawRequests, 300, 61_000),
        limit(LimitKind::Orders, 10, 100),
        limit(LimitKind::Orders, 86_400, 10),
        limit(LimitKind::Connections, 300, 300),
        limit(LimitKind::Messages, 1, 5),
    ];
    let config = SchedulerConfig {
        share: 20,
        concurrency: Concurrency { orders: 8, private: 2, public: 41, streams: 1 },
        ..plain()
    };
    let mut desk = Desk::new(config, &limits);
    desk.origin.socket = Some(1);
    let all = [WEIGHT, LimitKind::Orders, LimitKind::Connections, LimitKind::Messages];
    let cost = all.into_iter().fold(Cost::default(), |cost, kind| cost.and(Charge::fixed(kind, 1)));
    let call = desk.submit(Priority::Critical, EndpointGroup::Orders, cost);
    assert_eq!(desk.leaving(), [call]);
    let snapshot = desk.scheduler.snapshot(desk.now);
    let parts: Vec<_> = snapshot.buckets.iter().map(|view| (view.limit, view.capacity)).collect();
    let expected = limits.into_iter().zip([300, 3_050, 5, 1, 15, 5]);
    for (limit, part) in expected {
        assert!(parts.contains(&(limit, part)), "{limit:?} is {part} of {parts:?}");
    }
    assert_eq!(snapshot.caps.map(|(_, cap)| cap), [1, 1, 2, 1], "never below one");
    // What a part never holds is refused at the door, and the door says so.
    let never = desk.try_submit(Priority::Query, EndpointGroup::Public, weighing(301));
    assert!(never.unwrap_err().to_string().contains("301"));
}
