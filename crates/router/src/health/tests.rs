//! What is known of routes.

use super::*;
use crate::cases::{at, four, route, routes_of};

fn live() -> Health {
    let mut health = Health::new(&routes_of(&four()), Duration::from_secs(5));
    for route in four() {
        health.tell(at(0), route, News::Live);
    }
    health
}

fn shut(route: Route, scope: ScopeKey, until: Option<u64>, reason: ShutReason) -> (Route, News) {
    (route, News::Shut { scope, until: until.map(at), reason })
}

fn usable(health: &Health) -> [bool; 4] {
    four().map(|route| health.is_usable(at(10), &route))
}

#[test]
fn no_route_can_be_used_before_it_is_live() {
    let health = Health::new(&routes_of(&four()), Duration::from_secs(5));
    assert_eq!(usable(&health), [false; 4]);
    assert_eq!(usable(&live()), [true; 4]);
}

#[test]
fn what_is_shut_is_shut_for_all_who_share_it_and_for_no_other_exchange() {
    let [main, _, sub, _] = four();
    for (scope, expected) in [
        // The account lives behind the address by its other route too.
        (ScopeKey::Egress(main.egress), [false, false, true, true]),
        (ScopeKey::Egress(sub.egress), [false, false, false, true]),
        (ScopeKey::Account(main.account), [false, false, true, true]),
        (ScopeKey::NewOrders(sub.account), [true, true, false, true]),
        (ScopeKey::Group(main.egress, EndpointGroup::Orders), [false, false, true, true]),
        (ScopeKey::Group(main.egress, EndpointGroup::Public), [true; 4]),
    ] {
        let mut health = live();
        let (to, news) = shut(main, scope, None, ShutReason::Banned);
        health.tell(at(1), to, news);
        assert_eq!(usable(&health), expected, "{scope}");
    }
}

#[test]
fn nothing_opens_by_the_passing_of_time() {
    let [main, ..] = four();
    let scope = ScopeKey::Egress(main.egress);
    let mut health = live();
    let (to, news) = shut(main, scope, Some(20), ShutReason::Throttled);
    health.tell(at(1), to, news);
    assert!(!health.is_usable(at(10_000), &main));
    let opened = health.tell(at(10_000), main, News::Opened { scope });
    assert_eq!(opened, four()[..2]);
    assert_eq!(health.trouble(at(10_000), &main), Some(Cause::Reconciling));
    assert!(health.reconciled(at(10_001), main));
    assert!(!health.reconciled(at(10_001), main));
    assert_eq!(health.healthy_since(&main), Some(at(10_001)));
}

#[test]
fn of_two_times_the_later_holds_and_of_two_reasons_the_graver() {
    let [main, ..] = four();
    let scope = ScopeKey::Egress(main.egress);
    let told = [(Some(90), ShutReason::Throttled), (Some(30), ShutReason::Banned)];
    let mut health = live();
    for (until, reason) in told {
        let (to, news) = shut(main, scope, until, reason);
        health.tell(at(1), to, news);
    }
    let until = Some(at(90));
    let expected = Cause::Shut { scope, why: ShutReason::Banned, until };
    assert_eq!(health.trouble(at(2), &main), Some(expected));
}

#[test]
fn a_route_that_is_still_shut_by_another_scope_is_not_open() {
    let [main, ..] = four();
    let scopes = [ScopeKey::Egress(main.egress), ScopeKey::Account(main.account)];
    let mut health = live();
    for scope in scopes {
        let (to, news) = shut(main, scope, None, ShutReason::Banned);
        health.tell(at(1), to, news);
    }
    assert_eq!(health.tell(at(2), main, News::Opened { scope: scopes[0] }), []);
    assert!(health.shut_for(&main).is_some());
}

#[test]
fn each_break_begins_the_time_of_health_anew() {
    let [main, ..] = four();
    let group = EndpointGroup::Streams;
    let mut health = live();
    health.tell(at(1), main, News::BreakerOpen { group, outage: Outage::Timeout });
    assert_eq!(health.healthy_since(&main), None);
    // What only concerns streams is no reason to send orders elsewhere.
    assert!(health.is_usable(at(2), &main));
    health.tell(at(3), main, News::BreakerClosed { group });
    assert_eq!(health.healthy_since(&main), Some(at(3)));
}

#[test]
fn news_of_a_route_that_is_not_configured_change_nothing() {
    let [main, ..] = four();
    let stranger = route("binance", "other", "eth0");
    let mut health = live();
    let (to, news) = shut(stranger, ScopeKey::Egress(main.egress), None, ShutReason::Banned);
    assert_eq!(health.tell(at(1), to, news), []);
    assert_eq!(usable(&health), [true; 4]);
    assert!(!health.is_usable(at(1), &stranger));
}

#[test]
fn a_route_that_was_never_live_is_starting_for_a_while_unless_it_is_shut() {
    let [one, _, _, other] = four();
    let mut health = Health::new(&routes_of(&four()), Duration::from_secs(5));
    assert!(health.is_starting(at(0), &one), "nothing was heard yet");
    health.tell(at(1), other, News::Live);
    assert!(!health.is_starting(at(1), &other));
    assert!(health.is_starting(at(30), &one) && !health.is_starting(at(31), &one));
    assert_eq!(health.wakeup(at(2)), Some(at(31)), "somebody has to look then");
    let scope = ScopeKey::Egress(one.egress);
    health.tell(at(2), one, News::Shut { scope, until: None, reason: ShutReason::Banned });
    assert!(!health.is_starting(at(2), &one), "a shut door is known at once");
}
