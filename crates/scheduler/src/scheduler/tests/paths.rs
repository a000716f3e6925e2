//! Limits on calls of one kind, of a venue that counts each path by itself.

use tradewind_model::call::{CallKind, EndpointGroup};
use tradewind_model::id::CallId;
use tradewind_model::tariff::{Charge, Cost, LimitKind};

use super::desk::{Desk, plain};
use super::weather::limit;
use crate::ticket::Priority;

const PLACE: LimitKind = LimitKind::Calls(CallKind::PlaceOrder);
const CANCEL: LimitKind = LimitKind::Calls(CallKind::CancelOrder);

fn desk() -> Desk {
    let limits = [limit(PLACE, 1, 4), limit(CANCEL, 1, 4), limit(LimitKind::RawRequests, 60, 900)];
    Desk::new(plain(), &limits)
}

fn call(desk: &mut Desk, kind: LimitKind, class: Priority) -> CallId {
    let cost = Cost::from(Charge::fixed(kind, 1)).and(Charge::fixed(LimitKind::RawRequests, 1));
    desk.submit(class, EndpointGroup::Orders, cost)
}

fn places(desk: &mut Desk, count: usize) -> Vec<CallId> {
    (0..count).map(|_| call(desk, PLACE, Priority::Trade)).collect()
}

#[test]
fn a_path_that_is_used_up_holds_up_no_other() {
    let mut desk = desk();
    places(&mut desk, 9);
    assert_eq!(desk.leaving().len(), 3, "one of four is kept for what is critical");
    let cancels: Vec<_> = (0..4).map(|_| call(&mut desk, CANCEL, Priority::Critical)).collect();
    assert_eq!(desk.leaving(), cancels);
}

#[test]
fn a_second_is_counted_from_the_answer_on() {
    let mut desk = desk();
    let calls = places(&mut desk, 4);
    assert_eq!(desk.at(10_100).leaving().len(), 3);
    for call in &calls[..3] {
        desk.at(10_300).answer(*call, &[]);
    }
    assert_eq!(desk.at(11_200).leaving(), [], "the first may have landed at 10.3 s");
    assert_eq!(desk.at(11_330).leaving(), calls[3..]);
}

#[test]
fn what_others_have_used_of_a_path_is_left_to_them() {
    let mut desk = desk();
    let calls = places(&mut desk, 2);
    assert_eq!(desk.at(10_100).leaving(), calls[..2]);
    // Ours are one that was answered and one that may have landed; the venue counts four.
    desk.at(10_200).answer(calls[0], &[(PLACE, 1, 4)]);
    desk.at(10_250).answer(calls[1], &[(PLACE, 1, 4)]);
    assert_eq!(desk.used(PLACE), 4, "each of theirs is counted once");
    let more = places(&mut desk, 1);
    assert_eq!(desk.at(11_150).leaving(), []);
    assert_eq!(desk.at(11_240).leaving(), more);
    // No more than ours says nothing.
    desk.at(11_300).answer(more[0], &[(PLACE, 1, 1)]);
    assert_eq!(desk.used(PLACE), 1);
}
