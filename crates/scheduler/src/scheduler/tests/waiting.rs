//! Who goes first, who may pass whom, and what is no longer worth sending.

use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::outcome::{Fate, Unknown};
use tradewind_model::tariff::{Charge, LimitKind, Weight};

use super::desk::{Desk, MIDNIGHT, plain, weighing};
use super::weather::{limit, millis};
use crate::config::{Concurrency, QueueCapacity, SchedulerConfig};
use crate::never::Never;
use crate::queue::Gatekeeper;
use crate::queue::lane::{Lane, LaneId};
use crate::queue::parking::{Cause, Parked};
use crate::scheduler::Next;
use crate::shut::ScopeKey;
use crate::ticket::Priority;

const WEIGHT: LimitKind = LimitKind::RequestWeight;

#[test]
fn a_cancel_never_waits_behind_queries() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 100)]);
    let background = desk.submit(Priority::Background, EndpointGroup::Public, weighing(1));
    let query = desk.read(1);
    let order = desk.order();
    let cancel = desk.cancel();
    assert_eq!(desk.leaving(), [cancel, order, query, background]);
}

#[test]
fn the_earliest_deadline_goes_first_and_equals_in_order_of_arrival() {
    let mut desk = Desk::new(plain(), &[]);
    let mut due = |millis, weight| {
        desk.deadline = MIDNIGHT + Duration::from_millis(millis);
        desk.read(weight)
    };
    let calls = [due(90_000, 1), due(80_000, 2), due(70_000, 1), due(70_000, 2), due(70_000, 1)];
    let [last, fourth, first, second, third] = calls;
    assert_eq!(desk.leaving(), [first, second, third, fourth, last]);
}

#[test]
fn a_head_that_cannot_leave_blocks_nobody_else() {
    let limits = [limit(WEIGHT, 60, 10), limit(LimitKind::Orders, 10, 1)];
    let mut desk = Desk::new(plain(), &limits);
    let (order, _blocked) = (desk.order(), desk.order());
    let (read, cancel) = (desk.read(1), desk.cancel());
    assert_eq!(desk.leaving(), [cancel, order, read]);
}

#[test]
fn a_call_past_its_deadline_expires_and_costs_nothing() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 10)]);
    let first = desk.read(10);
    assert_eq!(desk.leaving(), [first]);
    desk.deadline = MIDNIGHT + millis(15_000);
    let stale = desk.read(1);
    assert_eq!(desk.leaving(), []);
    assert_eq!(desk.scheduler.wakeup(), Some(desk.deadline));
    desk.at(15_000);
    match desk.scheduler.poll(desk.now) {
        Some(Next::Expire(ticket)) => assert_eq!(ticket.call, stale),
        other => panic!("{other:?}"),
    }
    assert_eq!(desk.leaving(), []);
    assert_eq!(desk.used(WEIGHT), 10);
    assert_eq!(desk.scheduler.wakeup(), None);
}

#[test]
fn a_call_taken_back_never_leaves() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 10)]);
    let (one, two) = (desk.order(), desk.order());
    assert_eq!(desk.scheduler.remove(one).map(|ticket| ticket.call), Some(one));
    assert_eq!(desk.scheduler.remove(one), None);
    assert_eq!(desk.leaving(), [two]);
    assert_eq!(desk.scheduler.remove(two), None, "it is on the wire");
}

#[test]
fn a_class_holds_so_many_and_an_id_is_held_once() {
    let config = SchedulerConfig {
        queue: QueueCapacity { query: 2, ..QueueCapacity::default() },
        ..plain()
    };
    let mut desk = Desk::new(config, &[]);
    let first = desk.read(1);
    desk.read(2);
    let refused = desk.try_submit(Priority::Query, EndpointGroup::Public, weighing(1));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "queue query is full at 2; raise its capacity or submit less"
    );
    desk.cancel();
    let ticket = desk.scheduler.remove(first).unwrap();
    desk.scheduler.submit(desk.now, ticket.clone()).unwrap();
    let twice = desk.scheduler.submit(desk.now, ticket.clone());
    assert_eq!(twice, Err(Never::Duplicate { call: first }));
    desk.leaving();
    let on_the_wire = desk.scheduler.submit(desk.now, ticket);
    assert_eq!(on_the_wire, Err(Never::Duplicate { call: first }));
}

#[test]
fn a_heavy_call_is_passed_for_one_window_and_then_gets_its_turn() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 100)]);
    // Every second there is another light call, more urgent than the heavy one.
    let mut light: Vec<_> = (0..10).map(|_| desk.read(10)).collect();
    assert_eq!(desk.leaving(), light);
    let heavy = desk.read(60);
    assert_eq!(desk.leaving(), []);
    desk.deadline = desk.deadline - Duration::from_secs(1);
    let mut left = Vec::new();
    for second in 11..=121 {
        desk.at(second * 1_000);
        for call in light.drain(..) {
            desk.answer(call, &[]);
        }
        desk.read(10);
        light = desk.leaving();
        left.extend(light.iter().map(|call| (second, *call)));
    }
    // They take the whole of the next window, but of the one after it only what is left.
    assert_eq!(left.len(), 10 + 1 + 4);
    assert!(left[..10].iter().all(|(second, _)| (61..70).contains(second)));
    assert_eq!(left[10], (121, heavy));
}

#[test]
fn a_reservation_holds_nobody_back_who_draws_on_something_else_or_is_more_urgent() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 100)]);
    // Sent late in every minute, so that it counts in the next one as well.
    let hog = desk.read(50);
    desk.leaving();
    let heavy = desk.read(60);
    assert_eq!(desk.leaving(), []);
    desk.at(75_000);
    let lighter = desk.read(1);
    assert_eq!(desk.leaving(), [], "the heavy call has waited for a window");
    let (cancel, free) = (desk.cancel(), desk.read(0));
    desk.origin.egress = "eth1".parse().unwrap();
    let elsewhere = desk.read(1);
    let mut left = desk.leaving();
    left.sort_unstable();
    assert_eq!(left, [cancel, free, elsewhere]);
    desk.scheduler.forget_unsent(hog);
    assert_eq!(desk.leaving(), [heavy, lighter]);
}

/// A desk at which a heavy call of this group has waited for a window, and a light read waits for
/// that; with five orders on the wire.
fn kept_for(group: EndpointGroup) -> (Desk, Vec<CallId>, CallId) {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 100)]);
    let orders: Vec<_> = (0..5).map(|_| desk.order()).collect();
    let hog = desk.read(50);
    assert_eq!(desk.leaving(), [&orders[..], &[hog]].concat());
    desk.submit(Priority::Query, group, weighing(60));
    desk.leaving();
    desk.at(75_000);
    let light = desk.read(1);
    assert_eq!(desk.leaving(), []);
    (desk, orders, light)
}

#[test]
fn no_room_is_kept_for_who_is_shut_out() {
    let (mut desk, _, light) = kept_for(EndpointGroup::Private);
    let scope = ScopeKey::Group(desk.origin.egress, EndpointGroup::Private);
    desk.scheduler.shut(desk.now, scope, desk.now + Duration::from_secs(60));
    assert_eq!(desk.leaving(), [light]);
}

#[test]
fn no_room_is_kept_for_who_is_held_by_a_breaker() {
    let (mut desk, orders, light) = kept_for(EndpointGroup::Orders);
    for order in orders {
        desk.scheduler.note_fate(desk.now, order, &Fate::Unknown(Unknown::Timeout));
    }
    assert_eq!(desk.leaving(), [light]);
}

#[test]
fn two_heavy_calls_do_not_wait_for_each_other() {
    let limits = [limit(WEIGHT, 60, 100)];
    let mut desk = Desk::new(plain(), &limits);
    let hog = desk.read(50);
    desk.leaving();
    let (one, two) = (desk.read(60), desk.read(70));
    desk.leaving();
    desk.at(75_000);
    desk.leaving();
    desk.scheduler.forget_unsent(hog);
    assert_eq!(desk.leaving(), [one]);
    desk.answer(one, &[]);
    desk.at(121_000);
    assert_eq!(desk.leaving(), [two]);
}

#[test]
fn reads_never_take_the_slots_of_orders() {
    let config = SchedulerConfig { concurrency: Concurrency::default(), ..plain() };
    let mut desk = Desk::new(config, &[limit(WEIGHT, 60, 1_000)]);
    for _ in 0..20 {
        desk.read(1);
        desk.submit(Priority::Query, EndpointGroup::Private, weighing(1));
    }
    let reads = desk.leaving();
    assert_eq!(reads.len(), 4 + 2);
    let orders: Vec<_> = (0..9).map(|_| desk.order()).collect();
    assert_eq!(desk.leaving(), orders[..7]);
    let cancels = [desk.cancel(), desk.cancel()];
    assert_eq!(desk.leaving(), cancels[..1], "the last slot is for cancels");
    assert_eq!(desk.scheduler.wakeup(), Some(desk.deadline), "answers only");
    desk.answer(orders[0], &[]);
    assert_eq!(desk.leaving(), cancels[1..]);
    desk.answer(orders[1], &[]);
    desk.answer(orders[2], &[]);
    assert_eq!(desk.leaving(), orders[7..8]);
}

#[test]
fn before_it_has_been_asked_the_scheduler_wants_to_be_asked_at_once() {
    let mut desk = Desk::new(plain(), &[]);
    assert_eq!(desk.scheduler.wakeup(), Some(Timestamp::EPOCH));
    assert_eq!(desk.leaving(), []);
    assert_eq!(desk.scheduler.wakeup(), None);
    desk.read(1);
    assert_eq!(desk.scheduler.wakeup(), Some(Timestamp::EPOCH));
}

#[test]
fn ten_thousand_alike_cost_as_much_to_ask_about_as_one() {
    let mut desk = Desk::new(
        SchedulerConfig {
            queue: QueueCapacity { query: 10_000, ..QueueCapacity::default() },
            ..plain()
        },
        &[limit(WEIGHT, 60, 1)],
    );
    for _ in 0..10_000 {
        desk.submit(Priority::Query, EndpointGroup::Public, Charge::fixed(WEIGHT, 1));
    }
    assert_eq!(desk.leaving().len(), 1);
    let mut counter = Counter(0);
    let found = desk.scheduler.queue.find(Priority::Query, &mut counter);
    assert_eq!((found, counter.0), (None, 0), "all of them wait for the window");
}

/// Counts who asks.
struct Counter(usize);

impl Gatekeeper for Counter {
    fn may_leave(&mut self, _: LaneId, _: &mut Lane) -> Result<(), Option<Parked>> {
        self.0 += 1;
        Err(None)
    }

    fn has_room(&mut self, _: Priority, _: Cause, _: Weight) -> Result<(), Option<Timestamp>> {
        self.0 += 1;
        Err(None)
    }
}
