//! What may be traded over all routes together.

use std::collections::BTreeMap;

use tradewind_engine::Route;
use tradewind_model::id::ClientOrderId;
use tradewind_model::money::Notional;
use tradewind_model::order::{Denied, OrderState, Side};
use tradewind_model::trading::{TradingLimits, TradingScope};
use tradewind_scheduler::ScopeKey;

use super::super::Limits;
use super::desk::Desk;
use crate::cases::{holding, post_only, qty, route};
use crate::policy::Policy;

fn two() -> [Route; 2] {
    [route("binance", "main", "eth0"), route("bitget", "main", "eth0")]
}

/// A grid that may hold what is worth 200, beside a maker; both together may hold 300.
fn limited() -> Desk {
    let worth = |value: &str| TradingLimits {
        max_position_notional: Some(value.parse::<Notional>().unwrap()),
        ..TradingLimits::default()
    };
    let strategies = BTreeMap::from([(holding("grid").strategy, worth("200"))]);
    Desk::limited(&two(), Policy::default(), Limits { all: worth("300"), strategies })
}

fn denied(desk: &Desk, id: ClientOrderId) -> Option<(String, TradingScope)> {
    let (_, why) = desk.denied.iter().find(|(of, _)| *of == id)?;
    let Denied::Limit { limit, scope, .. } = why else { panic!("{id} was denied for {why:?}") };
    Some((limit.clone(), *scope))
}

fn bought(desk: &mut Desk, at: Route, strategy: &str) {
    let id = desk.submit(strategy, post_only(Side::Buy, "100", "1"));
    assert_eq!(desk.place_of(id), [at]);
    for state in [OrderState::InFlight, OrderState::Open] {
        desk.become_(at, id, state);
    }
    desk.become_with(at, id, OrderState::Filled, None, None, qty("1"));
}

#[test]
fn what_is_held_at_one_venue_is_part_of_what_may_be_held_at_another() {
    let [binance, bitget] = two();
    let mut desk = limited();
    bought(&mut desk, binance, "grid");
    desk.shut(binance, ScopeKey::Egress(binance.egress));
    bought(&mut desk, bitget, "grid");
    let third = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    let own = TradingScope::Strategy(holding("grid").strategy);
    assert_eq!(denied(&desk, third), Some(("max_position_notional".to_owned(), own)));
    // To an engine at the second venue this would be a position beyond all limits.
    let sold = desk.submit("grid", post_only(Side::Sell, "100", "2"));
    assert_eq!(desk.place_of(sold), [bitget], "it leads back to nothing");
    let past = desk.submit("grid", post_only(Side::Sell, "100", "2.5"));
    assert_eq!(denied(&desk, past).map(|(_, scope)| scope), Some(own), "and this past it");
}

#[test]
fn all_strategies_together_have_a_limit_of_their_own() {
    let [binance, _] = two();
    let mut desk = limited();
    for _ in 0..2 {
        bought(&mut desk, binance, "grid");
    }
    let within = desk.submit("maker", post_only(Side::Buy, "100", "1"));
    assert_eq!(desk.place_of(within), [binance]);
    let beyond = desk.submit("maker", post_only(Side::Buy, "100", "0.001"));
    let all = TradingScope::Everything;
    assert_eq!(denied(&desk, beyond), Some(("max_position_notional".to_owned(), all)));
}

#[test]
fn orders_that_rest_at_any_venue_count_as_open() {
    let [binance, bitget] = two();
    let two_open = TradingLimits { max_open_orders: Some(2), ..TradingLimits::default() };
    let limits = Limits { all: two_open, ..Limits::default() };
    let mut desk = Desk::limited(&two(), Policy::default(), limits);
    let rests = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    for state in [OrderState::InFlight, OrderState::Open] {
        desk.become_(binance, rests, state);
    }
    desk.shut(binance, ScopeKey::Egress(binance.egress));
    let second = desk.submit("maker", post_only(Side::Buy, "100", "1"));
    assert_eq!(desk.place_of(second), [bitget]);
    let third = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    let all = TradingScope::Everything;
    assert_eq!(denied(&desk, third), Some(("max_open_orders".to_owned(), all)));
    desk.become_(bitget, second, OrderState::InFlight);
    desk.become_(bitget, second, OrderState::Canceled);
    let fourth = desk.submit("grid", post_only(Side::Buy, "100", "1"));
    assert_eq!(desk.place_of(fourth), [bitget]);
}
