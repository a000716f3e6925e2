//! Orders that are placed once more elsewhere, and what becomes of both.

use tradewind_engine::Route;
use tradewind_model::id::ClientOrderId;
use tradewind_model::money::Quantity;
use tradewind_model::order::{OrderState, Side};
use tradewind_scheduler::ScopeKey;

use super::desk::Desk;
use crate::cases::{decimal, holding, post_only, qty, route};
use crate::decision::{DecisionKind, Reason};
use crate::policy::{OnOpen, OnShut, Policy};

fn two() -> [Route; 2] {
    [route("binance", "main", "eth0"), route("bitget", "main", "eth0")]
}

/// An order that rests at the first route, which then shuts; the order, and its mirror.
fn mirrored(cap: &str, on_open: OnOpen) -> (Desk, ClientOrderId, Option<ClientOrderId>) {
    let [binance, bitget] = two();
    let on_shut = OnShut::Mirror { cap: qty(cap) };
    let mut desk = Desk::new(&two(), Policy { on_shut, on_open, ..Policy::default() });
    let id = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    desk.become_(binance, id, OrderState::InFlight);
    desk.become_(binance, id, OrderState::Open);
    desk.shut(binance, ScopeKey::Egress(binance.egress));
    let mirror = desk.router.mirrors().of(&id).map(|pair| pair.mirror.1);
    if let Some(mirror) = mirror {
        desk.become_(bitget, mirror, OrderState::InFlight);
        desk.become_(bitget, mirror, OrderState::Open);
    }
    (desk, id, mirror)
}

fn reopen(desk: &mut Desk) {
    let [binance, _] = two();
    desk.open(binance, ScopeKey::Egress(binance.egress));
    desk.reconcile();
}

#[test]
fn a_mirror_is_an_order_of_its_own_and_both_count() {
    let (desk, id, mirror) = mirrored("2", OnOpen::CancelFirst);
    let [binance, bitget] = two();
    let mirror = mirror.unwrap();
    assert_ne!(id, mirror);
    assert_eq!((desk.place_of(id), desk.place_of(mirror)), (vec![binance], vec![bitget]));
    assert_eq!(desk.router.exposure(&holding("grid")).most, decimal("2"));
}

#[test]
fn nothing_is_mirrored_past_the_cap() {
    let (desk, id, mirror) = mirrored("1.5", OnOpen::CancelFirst);
    assert_eq!(mirror, None);
    let last = desk.decisions.last().unwrap();
    assert_eq!(last.kind, DecisionKind::NotMirrored(id));
    assert!(matches!(last.reason, Reason::Exposure(_)), "{last:?}");
}

#[test]
fn a_mirror_that_has_not_traded_gives_way_to_the_order_that_is_kept() {
    let (mut desk, id, mirror) = mirrored("2", OnOpen::Keep);
    let [binance, bitget] = two();
    let mirror = mirror.unwrap();
    reopen(&mut desk);
    assert!(desk.orders[&(bitget, mirror)].is_unwanted);
    assert!(!desk.orders[&(binance, id)].is_unwanted);
    desk.become_(bitget, mirror, OrderState::Canceled);
    assert_eq!(desk.router.mirrors().iter().count(), 0);
}

#[test]
fn an_order_whose_mirror_has_traded_is_canceled_once_it_can_be_reached() {
    for on_open in [OnOpen::Keep, OnOpen::CancelFirst] {
        let (mut desk, id, mirror) = mirrored("2", on_open);
        let [binance, bitget] = two();
        let filled = OrderState::Filled;
        desk.become_with(bitget, mirror.unwrap(), filled, None, None, qty("1"));
        assert!(!desk.orders[&(binance, id)].is_unwanted, "it cannot be reached");
        reopen(&mut desk);
        assert!(desk.orders[&(binance, id)].is_unwanted);
        desk.become_(binance, id, OrderState::Canceled);
        assert_eq!(desk.router.mirrors().iter().count(), 0);
        assert_eq!(desk.router.exposure(&holding("grid")).most, decimal("1"));
    }
}

#[test]
fn a_mirror_is_canceled_when_the_order_itself_has_traded_after_all() {
    let (mut desk, id, mirror) = mirrored("2", OnOpen::CancelFirst);
    let [binance, bitget] = two();
    let part = qty("0.4");
    desk.become_with(binance, id, OrderState::PartiallyFilled, None, None, part);
    assert!(desk.orders[&(bitget, mirror.unwrap())].is_unwanted);
}

#[test]
fn a_mirror_that_keeps_trading_after_its_cancel_takes_the_order_with_it() {
    let (mut desk, id, mirror) = mirrored("2", OnOpen::Keep);
    let [binance, bitget] = two();
    reopen(&mut desk);
    // The trade met the cancel.
    desk.become_with(bitget, mirror.unwrap(), OrderState::Filled, None, None, qty("1"));
    assert!(desk.orders[&(binance, id)].is_unwanted);
}

#[test]
fn who_cancels_an_order_cancels_its_mirror() {
    let (mut desk, id, mirror) = mirrored("2", OnOpen::CancelFirst);
    let [_, bitget] = two();
    desk.handle(crate::Event::Cancel { id });
    assert!(desk.orders[&(bitget, mirror.unwrap())].is_unwanted);
}

#[test]
fn a_refused_mirror_is_not_placed_again_while_the_door_stays_shut() {
    let (mut desk, id, mirror) = mirrored("2", OnOpen::CancelFirst);
    let [_, bitget] = two();
    let none = Quantity::ZERO;
    desk.become_with(bitget, mirror.unwrap(), OrderState::Rejected, None, None, none);
    desk.pass(std::time::Duration::from_secs(60));
    let mirrors = desk
        .kinds()
        .into_iter()
        .filter(|kind| matches!(kind, DecisionKind::Mirrored { original, .. } if *original == id));
    assert_eq!(mirrors.count(), 1);
}
