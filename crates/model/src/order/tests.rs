use super::*;
use crate::money::Price;

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

#[test]
fn a_trigger_is_met_from_the_side_on_which_the_market_comes() {
    for (trigger, side, below, at, above) in [
        (Trigger::StopLoss as fn(Price) -> Trigger, Side::Sell, true, true, false),
        (Trigger::StopLoss, Side::Buy, false, true, true),
        (Trigger::TakeProfit, Side::Sell, false, true, true),
        (Trigger::TakeProfit, Side::Buy, true, true, false),
    ] {
        let trigger = trigger(price("100"));
        let met = ["99.99", "100", "100.01"].map(|last| trigger.is_met(side, price(last)));
        assert_eq!(met, [below, at, above], "{trigger:?} {side}");
    }
}

#[test]
fn the_halves_of_a_pair_are_orders_of_its_quantity_on_either_side_of_the_market() {
    let pair = Oco {
        qty: "2".parse().unwrap(),
        take: OcoTake::PostOnly { price: price("110") },
        stop: OcoStop { at: price("90"), limit: Some(LimitTerms::resting(price("89"))) },
    };
    let qty = pair.qty;
    assert_eq!(pair.take_kind(), OrderKind::PostOnly { price: price("110"), qty });
    assert_eq!(pair.stop_kind(), OrderKind::stop_loss_limit(price("90"), price("89"), qty));
    let take = OcoTake::Triggered { at: price("110"), limit: None };
    assert_eq!(Oco { take, ..pair }.take_kind(), OrderKind::take_profit(price("110"), qty));
    for side in [Side::Buy, Side::Sell] {
        let (take, stop) = (Oco { take, ..pair }.take_kind(), pair.stop_kind());
        let is_above = |kind: OrderKind| kind.trigger().unwrap().is_above(side);
        assert_ne!(is_above(take), is_above(stop), "{side}");
    }
}
