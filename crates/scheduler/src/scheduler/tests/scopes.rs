//! What is shut, what is cold, and limits without a calendar.

use std::time::Duration;

use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::tariff::{Alignment, Charge, Limit, LimitKind};

use super::desk::{Desk, EPS, MIDNIGHT, plain, weighing};
use super::weather::{limit, millis};
use crate::config::SchedulerConfig;
use crate::shut::ScopeKey;
use crate::ticket::Priority;

const WEIGHT: LimitKind = LimitKind::RequestWeight;
const MESSAGES: LimitKind = LimitKind::Messages;

fn message(desk: &mut Desk, priority: Priority) -> CallId {
    desk.submit(priority, EndpointGroup::Streams, Charge::fixed(MESSAGES, 1))
}

#[test]
fn nothing_leaves_a_shut_address() {
    let mut desk = Desk::new(plain(), &[limit(WEIGHT, 60, 100)]);
    let scope = ScopeKey::Egress(desk.origin.egress);
    let until = MIDNIGHT + millis(45_000);
    desk.scheduler.shut(desk.now, scope, until);
    let cancel = desk.cancel();
    let order = desk.order();
    let handshake = message(&mut desk, Priority::Query);
    assert_eq!(desk.leaving(), []);
    assert_eq!(desk.scheduler.wakeup(), Some(until));
    assert_eq!(desk.scheduler.shut_until(desk.now, &scope), Some(until));
    desk.origin.egress = "eth1".parse().unwrap();
    let elsewhere = desk.read(1);
    assert_eq!(desk.leaving(), [elsewhere]);
    // An earlier end does not open it.
    desk.scheduler.shut(desk.now, scope, until - millis(1_000));
    desk.at(44_999);
    assert_eq!(desk.leaving(), []);
    desk.at(45_000);
    assert_eq!(desk.leaving(), [cancel, order, handshake]);
    assert_eq!(desk.scheduler.shut_until(desk.now, &scope), None);
}

#[test]
fn cancels_and_reads_pass_where_new_orders_are_shut() {
    let mut desk = Desk::new(plain(), &[limit(LimitKind::Orders, 10, 10)]);
    let scope = ScopeKey::NewOrders(desk.origin.account.unwrap());
    desk.scheduler.shut(desk.now, scope, MIDNIGHT + millis(20_000));
    let order = desk.order();
    let (cancel, read) = (desk.cancel(), desk.read(1));
    let urgent =
        desk.submit(Priority::Critical, EndpointGroup::Orders, Charge::fixed(LimitKind::Orders, 1));
    assert_eq!(desk.leaving(), [cancel, read]);
    desk.at(20_000);
    assert_eq!(desk.leaving(), [urgent, order]);
}

#[test]
fn a_shut_scope_keeps_no_room_reserved() {
    let mut desk = Desk::new(plain(), &[limit(LimitKind::Orders, 10, 1)]);
    let first = desk.order();
    desk.leaving();
    let _second = desk.order();
    assert_eq!(desk.leaving(), []);
    let scope = ScopeKey::Egress(desk.origin.egress);
    desk.scheduler.shut(desk.now, scope, MIDNIGHT + millis(90_000));
    desk.scheduler.forget_unsent(first);
    assert_eq!(desk.leaving(), []);
    desk.at(45_000);
    // The same account by another address: the shut one has waited long, but may not go.
    desk.origin.egress = "eth1".parse().unwrap();
    let third = desk.order();
    assert_eq!(desk.leaving(), [third]);
}

#[test]
fn a_cold_address_sends_one_at_a_time_until_it_is_told_the_count() {
    let config = SchedulerConfig { cold_start: true, ..plain() };
    let mut desk = Desk::new(config, &[limit(WEIGHT, 60, 100)]);
    let calls: Vec<_> = (0..4).map(|_| desk.read(1)).collect();
    assert_eq!(desk.leaving(), calls[..1]);
    // An answer that says nothing frees the slot, but tells nothing.
    desk.answer(calls[0], &[]);
    assert_eq!(desk.leaving(), calls[1..2]);
    desk.scheduler.abandon(desk.now, calls[1]);
    assert_eq!(desk.leaving(), calls[2..3]);
    desk.origin.egress = "eth1".parse().unwrap();
    let elsewhere = desk.read(1);
    assert_eq!(desk.leaving(), [elsewhere]);
    desk.answer(calls[2], &[(WEIGHT, 60, 60)]);
    assert_eq!(desk.leaving(), calls[3..]);
    desk.origin.egress = "eth0".parse().unwrap();
    let heavy = desk.read(40);
    assert_eq!(desk.leaving(), [], "the earlier life had used 57");
    desk.at(61_000);
    desk.scheduler.forget_unsent(calls[3]);
    assert_eq!(desk.leaving(), [heavy]);
}

#[test]
fn an_address_that_is_never_told_is_warm_when_the_earlier_life_has_passed() {
    let config = SchedulerConfig { cold_start: true, ..plain() };
    let mut desk = Desk::new(config, &[limit(WEIGHT, 60, 100)]);
    let first = desk.read(1);
    assert_eq!(desk.leaving(), [first]);
    let second = desk.read(1);
    assert_eq!(desk.leaving(), []);
    let warm_at = desk.scheduler.wakeup().unwrap();
    assert_eq!(warm_at, MIDNIGHT + millis(60_000) + EPS + Duration::from_micros(100));
    desk.now = warm_at;
    assert_eq!(desk.leaving(), [second]);
}

#[test]
fn a_slot_is_busy_for_an_interval_after_the_answer() {
    let mut desk = Desk::new(plain(), &[limit(MESSAGES, 1, 5)]);
    let calls: Vec<_> = (0..6).map(|_| message(&mut desk, Priority::Query)).collect();
    assert_eq!(desk.leaving(), calls[..4], "a quarter is for what is critical");
    let critical = message(&mut desk, Priority::Critical);
    assert_eq!(desk.leaving(), [critical]);
    assert_eq!(desk.scheduler.wakeup(), Some(desk.deadline), "answers only");
    desk.at(10_400).answer(calls[0], &[]);
    assert_eq!(desk.leaving(), []);
    // The critical one took a fifth slot, so two must become free.
    desk.at(10_500).answer(calls[1], &[]);
    assert_eq!(desk.leaving(), []);
    let free_at = MIDNIGHT + millis(11_500) + EPS + Duration::from_micros(100);
    assert_eq!(desk.scheduler.wakeup(), Some(free_at));
    desk.now = free_at - Duration::from_nanos(1);
    assert_eq!(desk.leaving(), []);
    desk.now = free_at;
    assert_eq!(desk.leaving(), calls[4..5]);
    assert_eq!(desk.used(MESSAGES), 4);
}

#[test]
fn a_slot_of_a_closed_connection_is_busy_for_five_seconds_more() {
    let mut desk = Desk::new(plain(), &[limit(MESSAGES, 1, 1)]);
    let first = message(&mut desk, Priority::Query);
    let second = message(&mut desk, Priority::Query);
    assert_eq!(desk.leaving(), [first], "a limit of one is not kept for cancels");
    desk.at(11_000);
    desk.scheduler.abandon(desk.now, first);
    desk.at(17_000);
    assert_eq!(desk.leaving(), []);
    desk.at(17_003);
    assert_eq!(desk.leaving(), [second]);
}

#[test]
fn of_two_slots_one_is_for_everybody() {
    let mut desk = Desk::new(plain(), &[limit(MESSAGES, 1, 2)]);
    let calls = [message(&mut desk, Priority::Trade), message(&mut desk, Priority::Trade)];
    assert_eq!(desk.leaving(), calls[..1]);
    let critical = message(&mut desk, Priority::Critical);
    assert_eq!(desk.leaving(), [critical]);
}

#[test]
fn sockets_that_are_gone_leave_nothing_behind() {
    let mut desk = Desk::new(plain(), &[limit(MESSAGES, 1, 5)]);
    for socket in 0..1_000 {
        desk.origin.socket = Some(socket);
        desk.at(u64::from(socket) * 2_000 + 10_000);
        let call = message(&mut desk, Priority::Query);
        assert_eq!(desk.leaving(), [call]);
        desk.answer(call, &[]);
    }
    assert!(desk.scheduler.snapshot(desk.now).buckets.len() <= 65);
}

#[test]
fn a_socket_that_was_forgotten_is_counted_anew() {
    let mut desk = Desk::new(plain(), &[limit(MESSAGES, 1, 5)]);
    desk.origin.socket = Some(7_000);
    let scope = ScopeKey::Egress(desk.origin.egress);
    // Waits for so long that its counter is dropped meanwhile.
    let waiting: Vec<_> = (0..5).map(|_| message(&mut desk, Priority::Query)).collect();
    assert_eq!(desk.leaving(), waiting[..4]);
    for call in &waiting[..4] {
        desk.answer(*call, &[]);
    }
    desk.scheduler.shut(desk.now, scope, MIDNIGHT + millis(500_000));
    desk.origin.egress = "eth1".parse().unwrap();
    for socket in 0..100 {
        desk.origin.socket = Some(socket);
        desk.at(u64::from(socket) * 2_000 + 20_000);
        message(&mut desk, Priority::Query);
        assert_eq!(desk.leaving().len(), 1);
    }
    desk.at(500_000);
    assert_eq!(desk.leaving(), waiting[4..]);
    let taken = |desk: &Desk| {
        let snapshot = desk.scheduler.snapshot(desk.now);
        let of_socket = |view: &&crate::BucketView| view.owner.to_string() == "eth0#7000";
        snapshot.buckets.iter().find(of_socket).map(|view| view.used)
    };
    assert_eq!(taken(&desk), Some(1));
}

#[test]
fn a_limit_without_a_length_is_no_limit() {
    let mut desk = Desk::new(
        plain(),
        &[Limit {
            interval: Duration::ZERO,
            alignment: Alignment::Calendar,
            ..limit(WEIGHT, 1, 1)
        }],
    );
    let call = desk.submit(Priority::Query, EndpointGroup::Public, weighing(2));
    assert_eq!(desk.leaving(), [call]);
}
