//! What must outlive a moment: a life, a recall that is under way, a door that shuts once more.

use tradewind_engine::Route;
use tradewind_model::money::Quantity;
use tradewind_model::order::{OrderState, Side};
use tradewind_model::outcome::RefusalKind;
use tradewind_scheduler::ScopeKey;

use super::desk::{Desk, Truth};
use crate::cases::{at, holding, id, post_only, route};
use crate::decision::{Decision, DecisionKind, Reason};
use crate::event::Event;
use crate::policy::Policy;

fn two() -> [Route; 2] {
    [route("binance", "main", "eth0"), route("bitget", "main", "eth0")]
}

#[test]
fn where_a_wish_was_tried_in_an_earlier_life_it_is_not_tried_again() {
    let [binance, bitget] = two();
    let mut desk = Desk::new(&two(), Policy::default());
    let decision =
        |kind, from, to| Decision { at: at(0), kind, from, to, reason: Reason::Recalled };
    let home = DecisionKind::Assigned(holding("grid"));
    desk.router.remember(&decision(home, None, Some(bitget)));
    let moved = DecisionKind::Moved(id(1));
    desk.router.remember(&decision(moved, Some(binance), Some(bitget)));
    let refused = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    let fresh = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    assert_eq!(refused, id(1));
    for order in [refused, fresh] {
        desk.become_(bitget, order, OrderState::InFlight);
        let no = Some(RefusalKind::Validation);
        desk.become_with(bitget, order, OrderState::Rejected, None, no, Quantity::ZERO);
    }
    assert_eq!(desk.place_of(refused), [], "it has been at both");
    assert_eq!(desk.place_of(fresh), [binance]);
}

#[test]
fn an_order_is_asked_back_once_however_long_the_answer_takes() {
    let [binance, _] = two();
    let mut desk = Desk::new(&two(), Policy::default());
    let order = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    // It is on the wire, and the news of that is still on its way here.
    desk.orders.get_mut(&(binance, order)).unwrap().truth = Truth::Sent;
    desk.shut(binance, ScopeKey::Egress(binance.egress));
    for _ in 0..3 {
        desk.submit("grid", post_only(Side::Buy, "100", "1"));
    }
    assert_eq!(desk.recalls, [(binance, order)]);
    assert_eq!(desk.place_of(order), [binance], "it may live there");
}

#[test]
fn an_answer_about_a_door_that_has_shut_once_more_opens_nothing() {
    let [binance, bitget] = two();
    let egress = ScopeKey::Egress(binance.egress);
    let mut desk = Desk::new(&two(), Policy::default());
    let resting = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    desk.become_(binance, resting, OrderState::InFlight);
    desk.become_(binance, resting, OrderState::Open);
    desk.shut(binance, egress);
    desk.open(binance, egress);
    desk.shut(binance, egress);
    desk.reconcile();
    let is_unwanted = |desk: &Desk| desk.orders[&(binance, resting)].is_unwanted;
    assert!(!desk.kinds().contains(&DecisionKind::Reopened));
    assert!(!is_unwanted(&desk), "nothing is sent to where it is shut");
    desk.open(binance, egress);
    desk.handle(Event::Reconciled { route: bitget });
    assert!(!desk.kinds().contains(&DecisionKind::Reopened), "nobody had asked that one");
    desk.reconcile();
    assert!(desk.kinds().contains(&DecisionKind::Reopened));
    assert!(is_unwanted(&desk));
}
