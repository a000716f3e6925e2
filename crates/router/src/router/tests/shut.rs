//! A door that shuts, and what goes on.

use std::time::Duration;

use tradewind_engine::Route;
use tradewind_model::call::EndpointGroup;
use tradewind_model::money::Quantity;
use tradewind_model::order::{Denied, OrderState, Side};
use tradewind_model::outcome::RefusalKind;
use tradewind_scheduler::{Outage, ScopeKey};

use super::desk::Desk;
use crate::cases::{decimal, holding, instrument, post_only, qty, route};
use crate::decision::{DecisionKind, Reason};
use crate::event::Event;
use crate::health::News;
use crate::policy::{OnOpen, Policy};

fn two() -> [Route; 2] {
    [route("binance", "main", "eth0"), route("bitget", "main", "eth0")]
}

fn egress(route: Route) -> ScopeKey {
    ScopeKey::Egress(route.egress)
}

fn resting(desk: &mut Desk, route: Route) -> tradewind_model::id::ClientOrderId {
    let id = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    desk.become_(route, id, OrderState::InFlight);
    desk.become_(route, id, OrderState::Open);
    id
}

#[test]
fn an_intent_in_doubt_stays_while_new_ones_go_elsewhere() {
    let [binance, bitget] = two();
    let mut desk = Desk::new(&two(), Policy::default());
    let doubted = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    desk.become_(binance, doubted, OrderState::InFlight);
    desk.become_(binance, doubted, OrderState::InDoubt);
    desk.shut(binance, egress(binance));
    let new = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    assert_eq!((desk.place_of(doubted), desk.place_of(new)), (vec![binance], vec![bitget]));
    let exposure = desk.router.exposure(&holding("grid"));
    assert_eq!((exposure.least, exposure.most), (decimal("0"), decimal("2")));
    // Its late trade is counted once, and so is a repeat of it.
    for traded in [qty("1"), Quantity::ZERO] {
        desk.become_with(binance, doubted, OrderState::Filled, None, None, traded);
    }
    assert_eq!(desk.router.exposure(&holding("grid")).held, decimal("1"));
    assert_eq!(desk.place_of(new), [bitget]);
}

#[test]
fn a_wish_that_was_in_doubt_stays_even_when_it_is_ruled_out_or_refused() {
    let [binance, _] = two();
    for (state, denied, refusal) in [
        (OrderState::Denied, Some(Denied::NotPlaced), None),
        (OrderState::Rejected, None, Some(RefusalKind::Validation)),
        (OrderState::Denied, Some(Denied::NotTaken("late news".to_owned())), None),
    ] {
        let mut desk = Desk::new(&two(), Policy::default());
        let id = desk.submit("grid", post_only(Side::Buy, "100", "1"));
        desk.become_(binance, id, OrderState::InFlight);
        desk.become_(binance, id, OrderState::InDoubt);
        desk.shut(binance, egress(binance));
        desk.become_with(binance, id, state, denied, refusal, Quantity::ZERO);
        assert_eq!(desk.place_of(id), []);
        assert_eq!(desk.told.last(), Some(&(id, state)));
    }
}

#[test]
fn what_has_not_left_is_called_back_and_goes_on_at_the_same_moment() {
    let [binance, bitget] = two();
    let mut desk = Desk::new(&two(), Policy::default());
    let waiting = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    let sent = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    desk.become_(binance, sent, OrderState::InFlight);
    desk.shut(binance, egress(binance));
    assert_eq!((desk.place_of(waiting), desk.place_of(sent)), (vec![bitget], vec![binance]));
    let placed: Vec<_> = desk.placed.iter().filter(|(.., id)| *id == waiting).collect();
    assert_eq!((placed.len(), placed[0].0, placed[1].0), (2, desk.now, desk.now));
    assert!(desk.told.iter().all(|(id, _)| *id != waiting), "it goes on, and nothing is said");
}

#[test]
fn a_definite_refusal_moves_at_once_and_once_per_route() {
    let [binance, bitget] = two();
    let mut desk = Desk::new(&two(), Policy::default());
    let id = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    let refused = Some(RefusalKind::Validation);
    desk.become_(binance, id, OrderState::InFlight);
    desk.become_with(binance, id, OrderState::Rejected, None, refused, Quantity::ZERO);
    assert_eq!(desk.place_of(id), [bitget]);
    assert_eq!(desk.kinds().last(), Some(&DecisionKind::Moved(id)));
    assert_eq!(desk.standing("grid").active, binance, "one refusal moves one wish");
    desk.become_(bitget, id, OrderState::InFlight);
    desk.become_with(bitget, id, OrderState::Rejected, None, refused, Quantity::ZERO);
    assert_eq!(desk.place_of(id), []);
    assert_eq!(desk.told.last(), Some(&(id, OrderState::Rejected)));
}

#[test]
fn what_is_said_of_the_wish_itself_does_not_move_it() {
    let [binance, _] = two();
    let mut desk = Desk::new(&two(), Policy::default());
    let id = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    desk.become_(binance, id, OrderState::InFlight);
    let would_trade = Some(RefusalKind::Business);
    desk.become_with(binance, id, OrderState::Rejected, None, would_trade, Quantity::ZERO);
    assert_eq!((desk.place_of(id), desk.told.last()), (vec![], Some(&(id, OrderState::Rejected))));
    let id = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    let late = Some(Denied::Deadline { waited_ms: 5_000 });
    desk.become_with(binance, id, OrderState::Denied, late, None, Quantity::ZERO);
    assert_eq!((desk.place_of(id), desk.told.last()), (vec![], Some(&(id, OrderState::Denied))));
}

#[test]
fn an_outage_that_flaps_moves_once_and_comes_home_after_a_quiet_window() {
    let [binance, bitget] = two();
    let mut desk = Desk::new(&two(), Policy::default());
    desk.submit("grid", post_only(Side::Buy, "100", "1"));
    for _ in 0..30 {
        desk.shut(binance, egress(binance));
        desk.pass(Duration::from_secs(20));
        desk.open(binance, egress(binance));
        desk.reconcile();
        desk.pass(Duration::from_secs(20));
    }
    assert_eq!(desk.moves()[&holding("grid")].len(), 1);
    assert_eq!(desk.standing("grid").active, bitget);
    // Twenty seconds of the quiet window have passed.
    desk.pass(Duration::from_secs(279));
    assert_eq!(desk.standing("grid").active, bitget);
    desk.pass(Duration::from_secs(1));
    assert_eq!(desk.standing("grid").active, binance);
    let last = desk.decisions.last().unwrap();
    assert_eq!(last.kind, DecisionKind::FailedBack(holding("grid")));
    assert_eq!((last.from, last.to), (Some(bitget), Some(binance)));
}

#[test]
fn the_same_account_by_another_address_is_no_way_round_a_ban() {
    let main = route("binance", "main", "eth0");
    let again = route("binance", "main", "eth1");
    let mut desk = Desk::new(&[main, again], Policy::default());
    desk.shut(main, egress(main));
    let id = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    assert_eq!((desk.place_of(id), desk.denied.len()), (vec![], 1));
    // An account of its own, and nothing of it behind the shut address.
    let sub = route("binance", "sub", "eth1");
    let mut desk = Desk::new(&[main, again, sub], Policy::default());
    desk.shut(main, egress(main));
    let id = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    assert_eq!(desk.place_of(id), [sub]);
    // The same, but it lives behind the shut address too.
    let behind = route("binance", "sub", "eth0");
    let mut desk = Desk::new(&[main, again, sub, behind], Policy::default());
    desk.shut(main, egress(main));
    let id = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    assert_eq!(desk.place_of(id), []);
}

#[test]
fn a_venue_that_is_down_is_left_for_another_venue_and_not_for_another_account() {
    let main = route("binance", "main", "eth0");
    let sub = route("binance", "sub", "eth1");
    let bitget = route("bitget", "main", "eth0");
    for (outage, to) in [(Outage::Server, bitget), (Outage::Transport, sub)] {
        let mut desk = Desk::new(&[main, sub, bitget], Policy::default());
        desk.submit("grid", post_only(Side::Buy, "100", "1"));
        desk.news(main, News::BreakerOpen { group: EndpointGroup::Orders, outage });
        let id = desk.submit("grid", post_only(Side::Buy, "100", "1"));
        assert_eq!(desk.place_of(id), [to], "{outage:?}");
    }
}

#[test]
fn an_order_is_made_to_fit_the_other_venue_or_refused_by_the_rules_name() {
    let [binance, bitget] = two();
    let mut desk = Desk::new(&two(), Policy::default());
    let instruments = vec![instrument("0.5", "0.1", "50")];
    desk.handle(Event::Catalog { venue: bitget.venue, instruments });
    desk.shut(binance, egress(binance));
    let fits = desk.submit("grid", post_only(Side::Buy, "100.74", "0.56"));
    let fitted = &desk.orders[&(bitget, fits)].request;
    assert_eq!(*fitted, post_only(Side::Buy, "100.5", "0.5"));
    let small = desk.submit("grid", post_only(Side::Buy, "100.74", "0.46"));
    assert_eq!(desk.place_of(small), []);
    let denied = desk.denied.last().unwrap();
    assert!(denied.1.to_string().starts_with("MIN_NOTIONAL"), "{denied:?}");
}

#[test]
fn what_rests_behind_a_shut_door_counts_and_is_canceled_first_when_it_opens() {
    let [binance, _] = two();
    let most = Some(qty("2"));
    let mut desk = Desk::new(&two(), Policy { most, ..Policy::default() });
    let first = resting(&mut desk, binance);
    desk.shut(binance, egress(binance));
    desk.submit("grid", post_only(Side::Buy, "100", "1"));
    let third = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    assert_eq!(desk.place_of(third), []);
    assert!(matches!(desk.denied.last().unwrap().1, Denied::Limit { .. }));
    desk.open(binance, egress(binance));
    assert_eq!(desk.kinds().last(), Some(&DecisionKind::Reopening));
    assert!(!desk.router.health().is_usable(desk.now, &binance), "first it is asked about");
    assert!(!desk.orders[&(binance, first)].is_unwanted);
    desk.reconcile();
    assert!(desk.orders[&(binance, first)].is_unwanted);
    assert_eq!(desk.kinds().last(), Some(&DecisionKind::CanceledFirst(first)));
    assert!(desk.router.health().is_usable(desk.now, &binance));
}

#[test]
fn what_rests_there_is_kept_where_that_is_the_policy() {
    let [binance, _] = two();
    let mut desk = Desk::new(&two(), Policy { on_open: OnOpen::Keep, ..Policy::default() });
    let first = resting(&mut desk, binance);
    desk.shut(binance, egress(binance));
    desk.open(binance, egress(binance));
    desk.reconcile();
    assert!(!desk.orders[&(binance, first)].is_unwanted);
}

#[test]
fn a_gap_is_borne_with_and_a_long_one_is_not() {
    let [binance, bitget] = two();
    let mut desk = Desk::new(&two(), Policy::default());
    desk.submit("grid", post_only(Side::Buy, "100", "1"));
    desk.news(binance, News::Stale { reason: "a gap".to_owned() });
    desk.pass(Duration::from_secs(4));
    assert_eq!(desk.standing("grid").active, binance);
    desk.pass(Duration::from_secs(1));
    assert_eq!(desk.standing("grid").active, bitget);
    let away = DecisionKind::FailedOver(holding("grid"));
    let away = desk.decisions.iter().find(|decision| decision.kind == away).unwrap();
    assert_eq!(away.reason, Reason::Stale("a gap".to_owned()));
}

#[test]
fn an_order_that_turns_up_where_it_was_ruled_out_is_counted_and_canceled() {
    let [binance, bitget] = two();
    let mut desk = Desk::new(&two(), Policy::default());
    let id = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    let closed = Some(Denied::Closed("shut".to_owned()));
    desk.become_with(binance, id, OrderState::Denied, closed, None, Quantity::ZERO);
    assert_eq!(desk.place_of(id), [bitget]);
    desk.become_(binance, id, OrderState::Open);
    assert_eq!(desk.kinds().last(), Some(&DecisionKind::TurnedUp(id)));
    assert!(desk.orders[&(binance, id)].is_unwanted);
    assert_eq!(desk.router.exposure(&holding("grid")).most, decimal("2"));
}

#[test]
fn with_nowhere_to_go_it_says_so_once_and_goes_on_when_there_is_somewhere() {
    let [binance, bitget] = two();
    let mut desk = Desk::new(&two(), Policy::default());
    desk.submit("grid", post_only(Side::Buy, "100", "1"));
    desk.shut(bitget, egress(bitget));
    desk.shut(binance, egress(binance));
    desk.pass(Duration::from_secs(60));
    let stranded = DecisionKind::Stranded(holding("grid"));
    assert_eq!(desk.kinds().iter().filter(|kind| **kind == stranded).count(), 1);
    desk.open(bitget, egress(bitget));
    desk.reconcile();
    assert_eq!(desk.standing("grid").active, bitget);
}

#[test]
fn bad_connections_lead_to_another_endpoint_and_shut_doors_do_not() {
    let [binance, _] = two();
    let mut desk = Desk::new(&two(), Policy::default());
    for _ in 0..3 {
        desk.news(binance, News::TransportFault);
    }
    assert_eq!(desk.router.endpoint(&binance).unwrap().as_str(), "https://two.example");
    let mut desk = Desk::new(&two(), Policy::default());
    desk.shut(binance, egress(binance));
    for _ in 0..10 {
        desk.news(binance, News::TransportFault);
    }
    assert_eq!(desk.router.endpoint(&binance).unwrap().as_str(), "https://one.example");
}
