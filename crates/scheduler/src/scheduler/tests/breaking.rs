//! Breakers: what opens them, what passes, and the way back.

use std::time::Duration;

use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::outcome::{Fate, Refusal, RefusalKind, Reply, Unknown};

use super::desk::{Desk, plain, weighing};
use crate::breaker::{BreakerKey, BreakerState, Outage};
use crate::scheduler::Next;
use crate::ticket::{Priority, Probe};

fn timeout() -> Fate {
    Fate::Unknown(Unknown::Timeout)
}

fn done() -> Fate {
    Fate::Done(Reply::Ack)
}

fn refused() -> Fate {
    let kind = RefusalKind::Business;
    Fate::Refused(Refusal { kind, code: -2010, message: String::new() })
}

fn end(desk: &mut Desk, call: CallId, fate: &Fate) {
    desk.scheduler.note_fate(desk.now, call, fate);
    desk.settle(call, matches!(fate, Fate::Done(_)), &[]);
}

fn try_order(desk: &mut Desk, fate: &Fate) {
    let order = desk.order();
    assert_eq!(desk.leaving(), [order]);
    end(desk, order, fate);
}

fn orders_of(desk: &Desk) -> BreakerKey {
    BreakerKey { account: desk.origin.account, group: EndpointGroup::Orders }
}

fn broken() -> Desk {
    let mut desk = Desk::new(plain(), &[]);
    for _ in 0..5 {
        try_order(&mut desk, &timeout());
    }
    desk
}

/// Waits until a probe of the orders' breaker is asked for, and submits it.
fn probe(desk: &mut Desk) -> CallId {
    let target = Probe::Breaker(orders_of(desk));
    let next = desk.scheduler.poll(desk.now).or_else(|| {
        desk.now = desk.scheduler.wakeup().unwrap();
        desk.scheduler.poll(desk.now)
    });
    assert_eq!(next, Some(Next::Probe(target)));
    desk.probe = Some(target);
    let call = desk.submit(Priority::Query, EndpointGroup::Private, weighing(1));
    desk.probe = None;
    assert_eq!(desk.leaving(), [call]);
    call
}

fn state(desk: &Desk) -> BreakerState {
    let snapshot = desk.scheduler.snapshot(desk.now);
    let orders = orders_of(desk);
    let found = snapshot.breakers.iter().find(|(key, _)| *key == orders);
    found.map_or(BreakerState::Closed, |(_, state)| *state)
}

#[test]
fn five_in_a_row_open_it_and_reads_are_not_touched() {
    let mut desk = broken();
    let BreakerState::Open { outage: Outage::Timeout, since, until } = state(&desk) else {
        panic!("{:?}", state(&desk));
    };
    assert_eq!(since, desk.now);
    assert!(until.since(since) >= Duration::from_secs(1));
    let _order = desk.order();
    let read = desk.submit(Priority::Query, EndpointGroup::Private, weighing(1));
    assert_eq!(desk.leaving(), [read]);
}

#[test]
fn half_of_ten_open_it_and_refusals_never_do() {
    let mut desk = Desk::new(plain(), &[]);
    for _ in 0..50 {
        try_order(&mut desk, &refused());
    }
    assert_eq!(state(&desk), BreakerState::Closed);
    // Beyond ten seconds, nothing of that counts.
    desk.at(30_000);
    for i in 0..9 {
        assert_eq!(state(&desk), BreakerState::Closed, "{i}");
        try_order(&mut desk, &if i % 2 == 0 { timeout() } else { done() });
    }
    try_order(&mut desk, &timeout());
    assert!(matches!(state(&desk), BreakerState::Open { .. }));
}

#[test]
fn it_closes_by_three_reads_and_then_three_orders_one_at_a_time() {
    let mut desk = broken();
    let orders: Vec<_> = (0..5).map(|_| desk.order()).collect();
    for _ in 0..3 {
        let read = probe(&mut desk);
        assert!(matches!(state(&desk), BreakerState::Probing { .. }));
        end(&mut desk, read, &done());
    }
    for order in &orders[..3] {
        assert!(matches!(state(&desk), BreakerState::Trial { .. }));
        assert_eq!(desk.leaving(), [*order]);
        end(&mut desk, *order, &done());
    }
    assert_eq!(state(&desk), BreakerState::Closed);
    assert_eq!(desk.leaving(), orders[3..]);
}

#[test]
fn each_failure_on_the_way_back_doubles_the_wait_up_to_a_minute() {
    let mut desk = broken();
    for secs in [1, 2, 4, 8, 16, 32, 60, 60] {
        let BreakerState::Open { until, .. } = state(&desk) else { panic!("{:?}", state(&desk)) };
        let wait = until.since(desk.now);
        let least = Duration::from_secs(secs);
        assert!(wait >= least && wait <= least * 5 / 4, "{wait:?}, not {secs} s");
        let read = probe(&mut desk);
        end(&mut desk, read, &timeout());
    }
    // One order that fails in the trial does the same.
    for _ in 0..3 {
        let read = probe(&mut desk);
        end(&mut desk, read, &done());
    }
    try_order(&mut desk, &timeout());
    assert!(matches!(state(&desk), BreakerState::Open { .. }));
}

#[test]
fn cancels_pass_an_open_breaker_once_a_second() {
    let mut desk = broken();
    desk.now = desk.now + Duration::from_millis(10);
    let cancels: Vec<_> = (0..3).map(|_| desk.cancel()).collect();
    assert_eq!(desk.leaving(), cancels[..1]);
    let first_at = desk.now;
    end(&mut desk, cancels[0], &timeout());
    desk.now = first_at + Duration::from_millis(999);
    assert_eq!(desk.leaving(), []);
    desk.now = first_at + Duration::from_millis(1_000);
    assert_eq!(desk.leaving(), cancels[1..2]);
}

#[test]
fn a_trial_that_ends_unknown_to_the_breaker_stands_in_nobodys_way() {
    let mut desk = broken();
    for _ in 0..3 {
        let read = probe(&mut desk);
        end(&mut desk, read, &done());
    }
    let (first, second) = (desk.order(), desk.order());
    assert_eq!(desk.leaving(), [first]);
    desk.scheduler.forget_unsent(first);
    assert_eq!(desk.leaving(), [second]);
}
