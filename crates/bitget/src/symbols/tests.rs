use tradewind_model::call::Call;
use tradewind_model::instrument::FilterContext;
use tradewind_model::order::{MarketQuantity, OrderKind, Side};
use tradewind_model::outcome::{Fate, Unknown};

use super::*;
use crate::samples::{self, SYMBOLS, done};

fn catalog(symbols: &[&str]) -> Vec<Instrument> {
    let symbols = symbols.iter().map(|symbol| Symbol::from(*symbol)).collect();
    let Reply::Catalog { instruments, limits } = done(&Call::Catalog { symbols }, SYMBOLS) else {
        panic!()
    };
    assert_eq!(limits, [], "the venue tells none");
    instruments
}

fn dec<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

#[test]
fn a_broken_row_costs_its_own_symbol_and_no_other() {
    let instruments = catalog(&[]);
    let ids: Vec<_> = instruments.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["FOO-BTC", "FOO-USDT", "ZOO-USDC"]);
    let foo = &instruments[1];
    assert_eq!((foo.symbol.as_str(), foo.status), ("FOOUSDT", InstrumentStatus::Trading));
    assert_eq!((foo.base_precision, foo.quote_precision), (3, 5));
    assert_eq!((foo.tick(), foo.step()), (dec("0.01"), dec("0.001")));
    assert_eq!(foo.offers, [], "neither triggers, pairs, replacements nor amendments");
    assert_eq!(
        foo.filters[3..],
        [
            Filter::MinNotional { min: dec("1"), applies_to_market: true },
            Filter::PercentPriceBySide {
                bid: PercentPrice { up: dec("1.05"), down: dec("0") },
                ask: PercentPrice { up: ANY, down: dec("0.9") },
            },
            Filter::MaxNumOrders(200),
        ]
    );
    let states: Vec<_> = instruments.iter().map(|it| it.status).collect();
    assert_eq!(states[0], InstrumentStatus::Halted, "gray is for others");
    assert_eq!(states[2], InstrumentStatus::Halted);
}

#[test]
fn only_those_that_were_asked_for_are_given() {
    let ids: Vec<_> = catalog(&["ZOOUSDC", "NOPE"]).into_iter().map(|it| it.id).collect();
    assert_eq!(ids, [InstrumentId::from("ZOO-USDC")]);
}

#[test]
fn a_least_value_in_dollars_is_none_in_another_coin() {
    let instruments = catalog(&["FOOBTC"]);
    let unknown = Filter::Unknown("minTradeUSDT".to_owned());
    assert!(instruments[0].filters.contains(&unknown), "{:?}", instruments[0].filters);
}

#[test]
fn orders_are_held_to_the_rules_before_they_are_sent() {
    let foo = &catalog(&["FOOUSDT"])[0];
    let context = FilterContext { reference_price: Some(dec("10")), ..FilterContext::default() };
    let check = |side, kind| foo.check(side, &kind, &context).map_err(|breach| breach.filter);
    let limit = |price, qty| OrderKind::Limit {
        price: dec(price),
        qty: dec(qty),
        time_in_force: tradewind_model::order::TimeInForce::GoodTillCanceled,
    };
    assert_eq!(check(Side::Buy, limit("10.01", "1.001")), Ok(()));
    for (side, kind, filter) in [
        (Side::Buy, limit("10.001", "1"), "PRICE_FILTER"),
        (Side::Buy, limit("10", "0.0001"), "PRECISION"),
        (Side::Buy, limit("10", "0.099"), "MIN_NOTIONAL"),
        (Side::Buy, limit("10.51", "1"), "PERCENT_PRICE_BY_SIDE"),
        (Side::Sell, limit("8.99", "1"), "PERCENT_PRICE_BY_SIDE"),
        (Side::Buy, OrderKind::Market(MarketQuantity::Base(dec("1"))), "MARKET_BY_GIVEN"),
        (Side::Sell, OrderKind::Market(MarketQuantity::Quote(dec("9"))), "MARKET_BY_GIVEN"),
        (Side::Buy, OrderKind::Market(MarketQuantity::Quote(dec("9.000001"))), "MARKET_BY_GIVEN"),
    ] {
        assert_eq!(check(side, kind), Err(filter.to_owned()), "{kind:?}");
    }
    for (side, kind) in [
        (Side::Sell, limit("10.51", "1")),
        (Side::Buy, limit("8.99", "1")),
        (Side::Buy, OrderKind::Market(MarketQuantity::Quote(dec("9.00001")))),
        (Side::Sell, OrderKind::Market(MarketQuantity::Base(dec("1")))),
    ] {
        assert_eq!(check(side, kind), Ok(()), "{kind:?}");
    }
}

#[test]
fn a_list_of_another_format_is_no_empty_list() {
    let call = Call::Catalog { symbols: Vec::new() };
    for data in [r#"[{"symbol":"A"}]"#, r#"{"list":[]}"#, "7"] {
        let fate = samples::fate(&call, 200, &samples::success(data));
        assert!(matches!(fate, Fate::Unknown(Unknown::Unreadable(_))), "{data}: {fate:?}");
    }
    assert_eq!(done(&call, "[]"), Reply::Catalog { instruments: Vec::new(), limits: Vec::new() });
}
