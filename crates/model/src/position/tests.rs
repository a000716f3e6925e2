use proptest::prelude::*;

use super::*;
use crate::id::TradeId;
use crate::time::Timestamp;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn fill(price: &str, qty: &str, fee: Option<(&str, &str)>) -> Fill {
    Fill {
        trade_id: TradeId(1),
        price: price.parse().unwrap(),
        qty: qty.parse().unwrap(),
        commission: fee.map(|(fee, _)| decimal(fee)).unwrap_or_default(),
        commission_asset: fee.map(|(_, asset)| Asset::new(asset)),
        is_maker: true,
        at: Timestamp::default(),
    }
}

fn booked(trades: &[(Side, Fill)]) -> Position {
    let mut position = Position::default();
    for (side, fill) in trades {
        position.book(*side, fill, &Asset::new("BTC"), &Asset::new("USDT"));
    }
    position
}

#[test]
fn what_is_sold_takes_the_average_cost_along() {
    let position = booked(&[
        (Side::Buy, fill("100", "1", None)),
        (Side::Buy, fill("110", "1", None)),
        (Side::Sell, fill("120", "0.5", None)),
    ]);
    assert_eq!((position.base, position.cost), (decimal("1.5"), decimal("157.5")));
    assert_eq!(position.realized(), decimal("7.5"));
    assert_eq!(position.average_price(), Some(decimal("105")));
    assert_eq!(position.unrealized(decimal("100")), decimal("-7.5"));
}

#[test]
fn a_trade_past_zero_begins_a_new_position_at_its_price() {
    let position =
        booked(&[(Side::Buy, fill("100", "1", None)), (Side::Sell, fill("90", "3", None))]);
    assert_eq!((position.base, position.cost), (decimal("-2"), decimal("-180")));
    assert_eq!(position.realized(), decimal("-10"));
    assert_eq!(position.unrealized(decimal("80")), decimal("20"), "sold short, and it fell");
}

#[test]
fn each_fee_costs_what_it_costs_in_whichever_asset_it_is_paid() {
    let in_base = booked(&[
        (Side::Buy, fill("100", "1", Some(("0.001", "BTC")))),
        (Side::Sell, fill("100", "0.999", None)),
    ]);
    assert_eq!((in_base.base, in_base.cost), (Decimal::ZERO, Decimal::ZERO));
    assert_eq!(in_base.realized(), decimal("-0.1"));
    let in_quote = booked(&[
        (Side::Buy, fill("100", "1", None)),
        (Side::Sell, fill("100", "1", Some(("0.1", "USDT")))),
    ]);
    assert_eq!(in_quote.realized(), decimal("-0.1"));
    let elsewhere = booked(&[
        (Side::Buy, fill("100", "1", Some(("0.0002", "BNB")))),
        (Side::Sell, fill("100", "1", None)),
    ]);
    assert_eq!(elsewhere.realized(), Decimal::ZERO);
    assert_eq!(elsewhere.fees[&Asset::new("BNB")], decimal("0.0002"));
}

prop_compose! {
    fn trade()(
        is_buy in any::<bool>(),
        price in 1_u32..1_000_000,
        qty in 1_u32..1_000_000,
        fee in 0_u32..1_000,
        asset in 0_usize..3,
    ) -> (Side, Fill) {
        let side = if is_buy { Side::Buy } else { Side::Sell };
        let text = |value: u32, scale| Decimal::new(value.into(), scale).to_string();
        let asset = ["BTC", "USDT", "BNB"][asset];
        (side, fill(&text(price, 2), &text(qty, 5), Some((&text(fee, 8), asset))))
    }
}

proptest! {
    /// Whatever the way there, what was made and what would be made besides is what was brought in
    /// and what is left is worth.
    #[test]
    fn realized_and_unrealized_are_all_that_was_made(
        trades in prop::collection::vec(trade(), 1..40),
        price in 1_u32..1_000_000,
    ) {
        let position = booked(&trades);
        let price = Decimal::new(price.into(), 2);
        let all = position.quote + position.base * price;
        prop_assert_eq!((position.realized() + position.unrealized(price)).round_dp(12), all.round_dp(12));
        let is_of_its_sign = position.cost.is_zero()
            || position.cost.is_sign_negative() == position.base.is_sign_negative();
        prop_assert!(is_of_its_sign, "{:?}", position);
    }

    /// What a flat position has come to is all realized, to the last digit.
    #[test]
    fn a_flat_position_has_cost_nothing(trades in prop::collection::vec(trade(), 1..40)) {
        let mut position = booked(&trades);
        let rest = position.base;
        let side = if rest.is_sign_negative() { Side::Buy } else { Side::Sell };
        if !rest.is_zero() {
            let last = fill("50", &rest.abs().to_string(), None);
            position.book(side, &last, &Asset::new("BTC"), &Asset::new("USDT"));
        }
        prop_assert_eq!(position.cost, Decimal::ZERO);
        prop_assert_eq!(position.realized(), position.quote);
    }
}
