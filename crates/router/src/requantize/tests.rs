//! Orders made to fit another venue.

use proptest::prelude::*;
use tradewind_model::id::InstrumentId;
use tradewind_model::instrument::{Offer, Range};
use tradewind_model::money::Notional;

use super::*;
use crate::cases::{decimal, instrument, post_only, price, qty};

fn rich() -> BTreeMap<Asset, Decimal> {
    let much = decimal("1000000000");
    BTreeMap::from([(Asset::new("BTC"), much), (Asset::new("USDT"), much)])
}

fn fitted(request: &OrderRequest, to: &Instrument) -> Result<OrderRequest, Denied> {
    let reference_price = Some(price("100"));
    requantize(request, to, &FilterContext { reference_price, ..FilterContext::default() }, &rich())
}

fn of_kind(side: Side, kind: OrderKind) -> OrderRequest {
    OrderRequest { kind, ..post_only(side, "1", "1") }
}

#[test]
fn a_buy_goes_down_to_the_tick_a_sell_up_and_a_quantity_down() {
    let to = instrument("0.5", "0.1", "5");
    let buy = fitted(&post_only(Side::Buy, "100.74", "0.59"), &to);
    assert_eq!(buy, Ok(post_only(Side::Buy, "100.5", "0.5")));
    let sell = fitted(&post_only(Side::Sell, "100.74", "0.59"), &to);
    assert_eq!(sell, Ok(post_only(Side::Sell, "101", "0.5")));
}

#[test]
fn a_trigger_is_set_off_later_rather_than_sooner() {
    let mut to = instrument("0.5", "0.1", "5");
    to.offers = vec![Offer::StopLoss, Offer::TakeProfit];
    let much = qty("1");
    for (side, kind, expected) in [
        (Side::Sell, OrderKind::stop_loss(price("90.3"), much), "90"),
        (Side::Buy, OrderKind::stop_loss(price("110.3"), much), "110.5"),
        (Side::Sell, OrderKind::take_profit(price("110.3"), much), "110.5"),
        (Side::Buy, OrderKind::take_profit(price("90.3"), much), "90"),
    ] {
        let fitted = fitted(&of_kind(side, kind), &to).unwrap();
        assert_eq!(fitted.kind.trigger().unwrap().price(), price(expected), "{side:?} {kind:?}");
    }
}

#[test]
fn a_market_order_obeys_both_steps() {
    let mut to = instrument("0.5", "0.1", "5");
    let (min, max, step) = (decimal("0.3"), decimal("100"), decimal("0.3"));
    to.filters.push(Filter::MarketLotSize(Range { min, max, step }));
    let market = |much| OrderKind::Market(MarketQuantity::Base(qty(much)));
    let order = fitted(&of_kind(Side::Sell, market("1.99")), &to).unwrap();
    assert_eq!(order.kind, market("1.8"));
}

#[test]
fn what_does_not_fit_is_refused_by_the_rules_name() {
    let to = instrument("0.5", "0.1", "50");
    let named = |request: &OrderRequest| fitted(request, &to).unwrap_err().to_string();
    let small = named(&post_only(Side::Buy, "100", "0.4"));
    assert!(small.starts_with("MIN_NOTIONAL: price times quantity is at least 50"), "{small}");
    let nothing = named(&post_only(Side::Buy, "100", "0.09"));
    assert!(nothing.starts_with("LOT_SIZE: quantity is a multiple of 0.1"), "{nothing}");
    let low = named(&post_only(Side::Buy, "0.4", "1000"));
    assert!(low.starts_with("PRICE_FILTER"), "{low}");
    let nothing = OrderKind::Market(MarketQuantity::Quote(Notional::ZERO));
    let nothing = named(&of_kind(Side::Buy, nothing));
    assert!(nothing.starts_with("PRECISION"), "{nothing}");
}

#[test]
fn what_is_not_offered_or_not_trading_or_another_instrument_is_refused() {
    let mut to = instrument("0.5", "0.1", "5");
    let order = post_only(Side::Buy, "100", "1");
    let other = OrderRequest { instrument: InstrumentId::new("ETH-USDT"), ..order.clone() };
    assert!(matches!(fitted(&other, &to), Err(Denied::UnknownInstrument(_))));
    to.takes_post_only = false;
    assert!(matches!(fitted(&order, &to), Err(Denied::Unsupported(_))));
    to.status = InstrumentStatus::Halted;
    assert!(matches!(fitted(&order, &to), Err(Denied::Closed(_))));
}

#[test]
fn the_balance_there_has_to_cover_it() {
    let to = instrument("0.5", "0.1", "5");
    let context = FilterContext { reference_price: Some(price("100")), ..Default::default() };
    let market = of_kind(Side::Buy, OrderKind::Market(MarketQuantity::Base(qty("1"))));
    for (request, asset) in [
        (post_only(Side::Buy, "100", "1"), "USDT"),
        (post_only(Side::Sell, "100", "1"), "BTC"),
        (market, "USDT"),
    ] {
        let mut free = rich();
        assert!(requantize(&request, &to, &context, &free).is_ok());
        free.insert(Asset::new(asset), decimal("0.9"));
        let short = requantize(&request, &to, &context, &free);
        assert!(matches!(short, Err(Denied::InsufficientBalance { .. })), "{short:?}");
    }
}

proptest! {
    #[test]
    fn nothing_is_ever_made_worse_than_it_was_asked_for(
        is_buy in any::<bool>(),
        at in 1_i64..10_000_000,
        much in 1_i64..10_000_000,
        tick in prop::sample::select(vec!["0.01", "0.05", "0.5", "3", "0.007"]),
        step in prop::sample::select(vec!["0.001", "0.1", "7", "0.03"]),
    ) {
        let side = if is_buy { Side::Buy } else { Side::Sell };
        let asked = OrderKind::PostOnly {
            price: Price::new(Decimal::new(at, 4)).unwrap(),
            qty: Quantity::new(Decimal::new(much, 4)).unwrap(),
        };
        let to = instrument(tick, step, "0");
        if let Ok(order) = fitted(&of_kind(side, asked), &to) {
            let (price, qty) = (order.kind.price().unwrap(), order.kind.qty().unwrap());
            prop_assert!(qty <= asked.qty().unwrap() && !qty.is_zero());
            match side {
                Side::Buy => prop_assert!(price <= asked.price().unwrap()),
                Side::Sell => prop_assert!(price >= asked.price().unwrap()),
            }
            prop_assert!((price.get() % decimal(tick)).is_zero());
            prop_assert!((qty.get() % decimal(step)).is_zero());
        }
    }
}
