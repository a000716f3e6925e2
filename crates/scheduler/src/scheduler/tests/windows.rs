//! Limits whose windows lie on the calendar.

use std::time::Duration;

use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::tariff::{Limit, LimitKind};

use super::desk::{Desk, EPS, MIDNIGHT, plain, weighing};
use super::weather::{limit, millis};
use crate::config::{Reserve, Reserves, SchedulerConfig};
use crate::ticket::Priority;

const WEIGHT: LimitKind = LimitKind::RequestWeight;
const ORDERS: LimitKind = LimitKind::Orders;

fn minute_of(capacity: u32) -> [Limit; 1] {
    [limit(WEIGHT, 60, capacity)]
}

#[test]
fn a_full_window_opens_when_it_is_certainly_over() {
    let mut desk = Desk::new(plain(), &minute_of(10));
    let first = desk.read(10);
    assert_eq!(desk.leaving(), [first]);
    desk.at(10_050).answer(first, &[]);
    let second = desk.read(1);
    assert_eq!(desk.leaving(), []);
    let opens_at = MIDNIGHT + Duration::from_secs(60) + EPS + Duration::from_micros(100);
    assert_eq!(desk.scheduler.wakeup(), Some(opens_at));
    desk.now = opens_at - Duration::from_nanos(1);
    assert_eq!(desk.leaving(), []);
    desk.now = opens_at;
    assert_eq!(desk.leaving(), [second]);
}

#[test]
fn a_call_without_an_answer_counts_in_the_next_window_too() {
    let mut desk = Desk::new(plain(), &minute_of(10));
    let slow = desk.read(6);
    desk.leaving();
    desk.at(61_000);
    let next = desk.read(6);
    assert_eq!(desk.leaving(), []);
    assert_eq!(desk.used(WEIGHT), 6);
    desk.at(62_000).answer(slow, &[]);
    assert_eq!(desk.leaving(), [], "it may have landed in either window");
    desk.at(121_000);
    assert_eq!(desk.leaving(), [next]);
}

#[test]
fn a_call_at_the_edge_is_checked_against_both_windows() {
    let reserves =
        Reserves { critical: Reserve { permille: 100, ..Reserve::NONE }, ..plain().reserves };
    let config = SchedulerConfig { reserves, ..plain() };
    let mut desk = Desk::new(config, &minute_of(100));
    // In its last second, the first window keeps nothing back; the second one does.
    desk.at(59_990);
    let first = desk.read(50);
    let second = desk.read(50);
    assert_eq!(desk.leaving(), [first]);
    desk.at(60_010).answer(first, &[]);
    assert_eq!(desk.leaving(), []);
    desk.at(120_010);
    assert_eq!(desk.leaving(), [second]);
}

#[test]
fn a_success_that_costs_nothing_is_given_back() {
    let mut desk = Desk::new(plain(), &minute_of(2));
    let (good, bad) = (desk.order(), desk.order());
    assert_eq!(desk.leaving(), [good, bad]);
    assert_eq!(desk.used(WEIGHT), 2);
    desk.settle(good, true, &[]);
    desk.settle(bad, false, &[]);
    assert_eq!(desk.used(WEIGHT), 1);
}

#[test]
fn the_higher_of_our_count_and_the_venues_holds() {
    let mut desk = Desk::new(plain(), &minute_of(100));
    let first = desk.read(10);
    desk.leaving();
    desk.at(10_100).answer(first, &[(WEIGHT, 60, 70)]);
    assert_eq!(desk.used(WEIGHT), 70, "somebody else used 60");
    let second = desk.read(10);
    desk.leaving();
    assert_eq!(desk.used(WEIGHT), 80);
    desk.at(10_200).answer(second, &[(WEIGHT, 60, 5)]);
    assert_eq!(desk.used(WEIGHT), 70, "a reading never lowers it");
    let view = desk.view(WEIGHT);
    assert_eq!((view.reading, view.peak), (Some(70), 80));
    assert_eq!(view.name(), "request-weight-1m");
}

#[test]
fn a_reading_that_is_too_low_does_not_replace_our_own_count() {
    let mut desk = Desk::new(plain(), &minute_of(100));
    for _ in 0..3 {
        let call = desk.read(10);
        desk.leaving();
        desk.answer(call, &[(WEIGHT, 60, 1)]);
    }
    assert_eq!(desk.used(WEIGHT), 30);
}

#[test]
fn a_reading_that_may_tell_of_either_window_tells_of_none() {
    let mut desk = Desk::new(plain(), &minute_of(100));
    desk.at(59_900);
    let call = desk.read(5);
    desk.leaving();
    desk.at(60_100).answer(call, &[(WEIGHT, 60, 90)]);
    assert_eq!(desk.used(WEIGHT), 5);
    assert_eq!(desk.view(WEIGHT).reading, None);
}

#[test]
fn what_came_back_unread_stays_on_top_until_a_later_call_is_read() {
    let mut desk = Desk::new(plain(), &minute_of(100));
    let (read, mute) = (desk.read(10), desk.read(20));
    desk.leaving();
    desk.at(10_100).answer(mute, &[]);
    // The reading may have been taken before the mute call landed.
    desk.at(10_200).answer(read, &[(WEIGHT, 60, 50)]);
    assert_eq!(desk.used(WEIGHT), 70);
    let later = desk.read(1);
    desk.leaving();
    desk.at(10_300).answer(later, &[(WEIGHT, 60, 71)]);
    assert_eq!(desk.used(WEIGHT), 71);
}

#[test]
fn a_counter_that_falls_is_followed_down() {
    let mut desk = Desk::new(plain(), &[limit(ORDERS, 10, 3)]);
    let calls = [desk.order(), desk.order(), desk.order()];
    assert_eq!(desk.leaving(), calls);
    for call in calls {
        desk.at(10_100).answer(call, &[(ORDERS, 10, 3)]);
    }
    // All three were filled since, and a count that was asked for says so.
    let count = desk.read(0);
    assert_eq!(desk.leaving(), [count], "a call that draws nothing passes a full limit");
    let fourth = desk.order();
    assert_eq!(desk.leaving(), []);
    desk.at(10_200).answer(count, &[(ORDERS, 10, 0)]);
    assert_eq!(desk.leaving(), [fourth]);
    assert_eq!(desk.used(ORDERS), 1);
}

#[test]
fn of_answers_that_overlapped_the_greater_bound_holds() {
    let mut desk = Desk::new(plain(), &[limit(ORDERS, 10, 100)]);
    let (first, second) = (desk.order(), desk.order());
    desk.leaving();
    // Which of the two is newer cannot be known: 40 filled orders, or 40 foreign ones.
    desk.at(10_100).answer(first, &[(ORDERS, 10, 50)]);
    desk.at(10_100).answer(second, &[(ORDERS, 10, 10)]);
    assert_eq!(desk.used(ORDERS), 51);
    let third = desk.order();
    desk.leaving();
    desk.at(10_200).answer(third, &[(ORDERS, 10, 11)]);
    assert_eq!(desk.used(ORDERS), 11, "a call sent after both settles it");
}

#[test]
fn a_call_whose_connection_closed_may_land_for_five_seconds_more() {
    let mut desk = Desk::new(plain(), &minute_of(10));
    desk.at(53_000);
    let (early, late) = (desk.read(4), desk.read(4));
    desk.leaving();
    desk.at(54_900);
    desk.scheduler.abandon(desk.now, early);
    desk.at(55_100);
    desk.scheduler.abandon(desk.now, late);
    assert_eq!(desk.used(WEIGHT), 8);
    desk.at(60_100);
    assert_eq!(desk.used(WEIGHT), 4, "only the later can have landed in this minute");
    let flights: usize =
        (desk.scheduler.snapshot(desk.now).in_flight.iter()).map(|(_, count)| count).sum();
    assert_eq!(flights, 0);
}

#[test]
fn a_reading_covers_an_abandoned_call_only_when_it_cannot_land_any_more() {
    let mut desk = Desk::new(plain(), &minute_of(100));
    let lost = desk.read(20);
    desk.leaving();
    desk.at(11_000);
    desk.scheduler.abandon(desk.now, lost);
    let soon = desk.read(1);
    desk.leaving();
    desk.at(11_100).answer(soon, &[(WEIGHT, 60, 41)]);
    assert_eq!(desk.used(WEIGHT), 61);
    desk.at(16_100);
    let late = desk.read(1);
    desk.leaving();
    desk.at(16_200).answer(late, &[(WEIGHT, 60, 42)]);
    assert_eq!(desk.used(WEIGHT), 42);
}

#[test]
fn what_was_never_written_costs_nothing() {
    let mut desk = Desk::new(plain(), &minute_of(10));
    let unsent = desk.read(10);
    desk.leaving();
    let waiting = desk.read(10);
    assert_eq!(desk.leaving(), []);
    desk.scheduler.forget_unsent(unsent);
    assert_eq!(desk.leaving(), [waiting]);
    assert_eq!(desk.used(WEIGHT), 10);
    desk.scheduler.forget_unsent(CallId(999));
    assert_eq!(desk.used(WEIGHT), 10);
}

#[test]
fn a_call_is_charged_to_all_its_limits_or_to_none() {
    let limits = [limit(WEIGHT, 60, 100), limit(ORDERS, 10, 1)];
    let mut desk = Desk::new(plain(), &limits);
    let (first, _second) = (desk.order(), desk.order());
    assert_eq!(desk.leaving(), [first]);
    assert_eq!(desk.used(WEIGHT), 1);
    assert_eq!(desk.used(ORDERS), 1);
    // The weight has room at once, the orders in the next ten seconds.
    let opens_at = MIDNIGHT + Duration::from_secs(20) + EPS + Duration::from_micros(100);
    assert_eq!(desk.scheduler.wakeup(), Some(opens_at));
}

#[test]
fn where_two_limits_are_in_the_way_the_later_one_counts() {
    let limits = [limit(WEIGHT, 60, 1), limit(ORDERS, 10, 1)];
    let mut desk = Desk::new(plain(), &limits);
    let (first, second) = (desk.order(), desk.order());
    assert_eq!(desk.leaving(), [first]);
    desk.settle(first, false, &[]);
    assert_eq!(desk.leaving(), []);
    let opens_at = MIDNIGHT + Duration::from_secs(60) + EPS + Duration::from_micros(100);
    assert_eq!(desk.scheduler.wakeup(), Some(opens_at));
    desk.now = opens_at;
    assert_eq!(desk.leaving(), [second]);
}

#[test]
fn a_new_capacity_keeps_what_was_counted() {
    let mut desk = Desk::new(plain(), &minute_of(100));
    let call = desk.read(50);
    desk.leaving();
    desk.scheduler.set_limits(desk.now, &minute_of(60));
    assert_eq!(desk.used(WEIGHT), 50);
    let waiting = desk.read(11);
    assert_eq!(desk.leaving(), []);
    desk.scheduler.set_limits(desk.now, &minute_of(61));
    assert_eq!(desk.leaving(), [waiting]);
    desk.answer(call, &[]);
    assert_eq!(desk.used(WEIGHT), 61);
}

#[test]
fn a_limit_is_counted_for_each_owner() {
    let limits = [limit(WEIGHT, 60, 10), limit(ORDERS, 10, 2)];
    let mut desk = Desk::new(plain(), &limits);
    let here = [desk.read(9), desk.order()];
    desk.origin.egress = "eth1".parse().unwrap();
    let there = [desk.read(9), desk.order()];
    // Each address has its own weight, but the account's orders are counted together.
    let _third = desk.order();
    let mut left = desk.leaving();
    left.sort_unstable();
    assert_eq!(left, [here[0], here[1], there[0], there[1]]);
    let snapshot = desk.scheduler.snapshot(desk.now);
    let used: Vec<_> =
        snapshot.buckets.iter().map(|view| (view.owner.to_string(), view.used)).collect();
    let of = |owner: &str, used| (owner.to_owned(), used);
    assert_eq!(used, [of("eth0", 10), of("eth1", 10), of("main", 2)]);
}

#[test]
fn reads_leave_the_reserve_until_a_window_ends() {
    let reserves = Reserves {
        critical: Reserve { permille: 10, at_least: 4, learns: false },
        trade: Reserve { permille: 50, at_least: 0, learns: false },
        query: Reserve::NONE,
    };
    let config = SchedulerConfig { reserves, ..plain() };
    // 1 % but at least 4 for cancels, 5 % for orders.
    let mut desk = Desk::new(config, &minute_of(100));
    desk.at(1_000);
    let first = desk.read(91);
    assert_eq!(desk.leaving(), [first]);
    let read = desk.read(1);
    assert_eq!(desk.leaving(), []);
    let orders: Vec<_> = (0..6).map(|_| desk.order()).collect();
    assert_eq!(desk.leaving(), orders[..5]);
    let cancels: Vec<_> = (0..5).map(|_| desk.cancel()).collect();
    assert_eq!(desk.leaving(), cancels[..4]);
    // An order that succeeded costs nothing; in the last 1.5 s, anybody may have that.
    desk.answer(orders[0], &[]);
    assert_eq!(desk.leaving(), cancels[4..]);
    desk.answer(orders[1], &[]);
    assert_eq!(desk.leaving(), []);
    desk.at(58_499);
    assert_eq!(desk.leaving(), []);
    desk.at(58_503);
    assert_eq!(desk.leaving(), [orders[5]]);
    desk.answer(orders[2], &[]);
    assert_eq!(desk.leaving(), [read]);
}

#[test]
fn reads_are_spread_over_the_window_and_orders_are_not() {
    let config = SchedulerConfig { pacing: true, ..plain() };
    let mut desk = Desk::new(config, &minute_of(400));
    desk.at(100);
    let reads: Vec<_> = (0..40).map(|_| desk.read(10)).collect();
    assert_eq!(desk.leaving(), reads[..10], "a quarter at once");
    let order = desk.order();
    assert_eq!(desk.leaving(), [order]);
    desk.answer(order, &[]);
    desk.at(30_010);
    assert_eq!(desk.leaving(), reads[10..25], "the rest as the minute passes");
    // 260 of 400 are due when 32 seconds have passed, and not earlier.
    let due = desk.scheduler.wakeup().unwrap();
    desk.now = due - Duration::from_micros(200);
    assert_eq!(desk.leaving(), []);
    desk.now = due;
    assert_eq!(desk.leaving(), reads[25..26]);
    let at = due.since(MIDNIGHT);
    assert!(at > millis(32_000) && at < millis(32_010), "{at:?}");
}

#[test]
fn what_never_fits_is_refused_at_the_door() {
    let config = SchedulerConfig { reserves: SchedulerConfig::default().reserves, ..plain() };
    let mut desk = Desk::new(config, &minute_of(6_000));
    let group = EndpointGroup::Public;
    let refused = desk.try_submit(Priority::Query, group, weighing(9_000));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "bucket request-weight-1m never holds 9000 for query; raise the limit or lower the \
         call's cost"
    );
    // What a class must leave to others, it never gets.
    let most = 6_000 - 60 - 300;
    let mut fits = |weight| {
        let cost = weighing(weight);
        desk.try_submit(Priority::Query, group, cost).is_ok()
    };
    assert!(fits(most));
    assert!(!fits(most + 1));
}

#[test]
fn windows_that_passed_are_forgotten() {
    let mut desk = Desk::new(plain(), &minute_of(10));
    for minute in 0..1_000 {
        desk.at(minute * 60_000 + 5_000);
        let call = desk.read(10);
        assert_eq!(desk.leaving(), [call]);
        desk.at(minute * 60_000 + 5_100).answer(call, &[]);
    }
    let debug = format!("{:?}", desk.scheduler.admission.budget);
    assert!(debug.matches("Window {").count() <= 2, "{debug}");
}

#[test]
fn what_cancels_were_seen_to_need_is_kept_to_the_end_of_a_window() {
    let mut desk = Desk::new(
        SchedulerConfig { reserves: SchedulerConfig::default().reserves, ..plain() },
        &minute_of(100),
    );
    desk.at(1_000);
    let burst: Vec<_> = (0..4).map(|_| desk.cancel()).collect();
    assert_eq!(desk.leaving(), burst);
    for call in burst {
        desk.answer(call, &[]);
    }
    desk.at(119_000);
    let reads: Vec<_> = (0..100).map(|_| desk.read(1)).collect();
    assert_eq!(desk.leaving(), reads[..96]);
    assert_eq!(desk.view(WEIGHT).reserved, 4);
    let cancel = desk.cancel();
    assert_eq!(desk.leaving(), [cancel]);
}

#[test]
fn after_a_refusal_half_of_the_limit_is_used_for_a_while() {
    let mut desk = Desk::new(plain(), &minute_of(100));
    let first = desk.read(20);
    assert_eq!(desk.leaving(), [first]);
    desk.answer(first, &[]);
    desk.scheduler.note_throttle(desk.now, &desk.origin, Some(WEIGHT));
    assert_eq!(desk.scheduler.throttles()[0].snapshot.buckets[0].used, 20);
    assert_eq!(desk.view(WEIGHT).capacity, 50);
    let (second, third) = (desk.read(30), desk.read(40));
    assert_eq!(desk.leaving(), [second]);
    desk.answer(second, &[]);
    desk.at(60_010);
    assert_eq!(desk.leaving(), [third]);
    desk.answer(third, &[]);
    desk.at(600_010);
    let heavy = desk.read(90);
    assert_eq!(desk.leaving(), [], "ten minutes are not over");
    desk.at(620_050);
    assert_eq!(desk.leaving(), [heavy]);
}

#[test]
fn each_of_many_processes_keeps_to_its_part_whatever_the_others_do() {
    let config = SchedulerConfig { share: 4, ..plain() };
    let mut desk = Desk::new(config, &minute_of(100));
    let refused = desk.try_submit(Priority::Query, EndpointGroup::Public, weighing(26));
    assert!(refused.is_err(), "more than a part of it");
    let calls: Vec<_> = (0..6).map(|_| desk.read(5)).collect();
    assert_eq!(desk.leaving(), calls[..5]);
    // The others have used their parts, and that is none of our business.
    desk.answer(calls[0], &[(WEIGHT, 60, 95)]);
    assert_eq!(desk.leaving(), []);
    desk.at(60_010);
    assert_eq!(desk.leaving(), calls[5..]);
    desk.answer(calls[5], &[(WEIGHT, 60, 98)]);
    let last = desk.read(5);
    assert_eq!(desk.leaving(), [], "nobody has any room");
    desk.at(120_010);
    assert_eq!(desk.leaving(), [last]);
}

#[test]
fn of_a_window_that_others_have_drawn_on_each_takes_its_part_of_what_was_left() {
    let config = SchedulerConfig { share: 4, ..plain() };
    let mut desk = Desk::new(config, &[limit(WEIGHT, 60, 400)]);
    let first = desk.read(1);
    assert_eq!(desk.leaving(), [first]);
    // Lives before this one, or a stranger, have used 320: there is 80 for four.
    desk.answer(first, &[(WEIGHT, 60, 321)]);
    let small: Vec<_> = (0..4).map(|_| desk.read(5)).collect();
    assert_eq!(desk.leaving(), small[..3], "19 of 79, and the first");
    // The others draw on it as well, which leaves our part what it was.
    for call in &small[..3] {
        desk.answer(*call, &[(WEIGHT, 60, 380)]);
    }
    assert_eq!(desk.leaving(), []);
    let cancel = desk.cancel();
    assert_eq!(desk.leaving(), [cancel], "to lower risk is worth the room of another");
    desk.at(60_010);
    assert_eq!(desk.leaving(), small[3..], "and nobody starves for more than a window");
}

#[test]
fn a_cancel_does_not_wait_for_what_others_may_draw_later_and_a_read_does() {
    let mut desk = Desk::new(plain(), &minute_of(1_000));
    // Somebody else draws eight a second, as the answers to our own reads betray.
    for minute in 0..10 {
        for second in 1..59_u32 {
            desk.at(minute * 60_000 + u64::from(second) * 1_000);
            let read = desk.read(1);
            assert_eq!(desk.leaving(), [read], "minute {minute}, second {second}");
            desk.answer(read, &[(WEIGHT, 60, second * 9)]);
        }
    }
    // A third of the window is left, and so is a third of what they will draw, and little more.
    desk.at(600_000 + 40_000);
    let read = desk.read(1);
    desk.leaving();
    desk.answer(read, &[(WEIGHT, 60, 900)]);
    desk.at(600_000 + 40_010);
    let (_read, cancel) = (desk.read(1), desk.cancel());
    assert_eq!(desk.leaving(), [cancel]);
}
