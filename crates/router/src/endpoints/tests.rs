//! Base URLs.

use super::*;
use crate::cases::{at, four, routes_of};
use tradewind_scheduler::{ScopeKey, ShutReason};

fn endpoints() -> Endpoints {
    Endpoints::new(&routes_of(&four()), Duration::from_secs(300))
}

#[test]
fn three_faults_within_ten_seconds_move_a_route_and_no_other() {
    let [main, again, ..] = four();
    let mut endpoints = endpoints();
    assert_eq!(endpoints.fault(at(0), main, None), None);
    assert_eq!(endpoints.fault(at(5), main, None), None);
    let (way, faults) = endpoints.fault(at(10), main, None).unwrap();
    assert_eq!((way.route(), way.to().as_str(), faults), (main, "https://two.example", 3));
    assert_eq!(endpoints.of(&again).unwrap().as_str(), "https://one.example");
}

#[test]
fn faults_far_apart_move_nothing() {
    let [main, ..] = four();
    let mut endpoints = endpoints();
    for minute in 0..10 {
        assert_eq!(endpoints.fault(at(minute * 60), main, None), None);
    }
}

#[test]
fn a_route_moves_once_a_window_and_goes_back_when_it_was_quiet_for_one() {
    let [main, ..] = four();
    let mut endpoints = endpoints();
    let moves = (0..100).filter(|second| endpoints.fault(at(*second), main, None).is_some());
    assert_eq!(moves.count(), 1);
    assert_eq!(endpoints.due(&main), Some(at(399)));
    assert_eq!(endpoints.back(at(398), main, None), None);
    assert_eq!(endpoints.back(at(399), main, None).unwrap().to().as_str(), "https://one.example");
    assert_eq!(endpoints.due(&main), None);
}

#[test]
fn what_is_shut_is_not_tried_at_another_address_of_the_same_venue() {
    let [main, ..] = four();
    let mut endpoints = endpoints();
    let scope = ScopeKey::Account(main.account);
    let shut = Cause::Shut { scope, why: ShutReason::Banned, until: None };
    for second in 0..10 {
        assert_eq!(endpoints.fault(at(second), main, Some(&shut)), None);
    }
}
