use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::json;
use tradewind_model::call::Call;
use tradewind_model::instrument::{PercentPrice, Range};
use tradewind_model::money::{Notional, Quantity};
use tradewind_model::outcome::Fate;
use tradewind_model::tariff::{Alignment, LimitKind, LimitScope};

use super::*;
use crate::samples::{CATALOG, decode, done, fate};

fn catalog() -> Call {
    Call::Catalog { symbols: Vec::new() }
}

fn instruments(body: &str) -> Vec<Instrument> {
    let Reply::Catalog { instruments, .. } = done(&catalog(), body) else { panic!("no catalog") };
    instruments
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn range(min: &str, max: &str, step: &str) -> Range {
    Range { min: dec(min), max: dec(max), step: dec(step) }
}

fn notional(text: &str) -> Notional {
    text.parse().unwrap()
}

#[test]
fn a_broken_row_costs_its_own_symbol_and_no_other() {
    let instruments = instruments(CATALOG);
    let ids: Vec<_> = instruments.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["FOO-USDT", "ZOO-USDT"]);

    let foo = &instruments[0];
    assert_eq!(foo.symbol, Symbol::from("FOOUSDT"));
    assert_eq!((&foo.base, &foo.quote), (&"FOO".into(), &"USDT".into()));
    assert_eq!(foo.status, InstrumentStatus::Trading);
    assert_eq!((foo.base_precision, foo.quote_precision), (8, 8));
    assert!(foo.takes_market_orders && foo.takes_quote_quantity && foo.takes_post_only);
    assert_eq!(foo.offers, [Offer::StopLossLimit, Offer::Oco, Offer::Replace, Offer::Amend]);
    assert_eq!(
        foo.filters,
        [
            Filter::Price(range("0.01", "1000", "0.01")),
            Filter::LotSize(range("0.1", "9000", "0.1")),
            Filter::Unknown("MOON_PHASE".to_owned()),
            Filter::Notional {
                min: notional("5"),
                min_applies_to_market: true,
                max: notional("9000000"),
                max_applies_to_market: false,
            },
            Filter::ExchangeMaxNumOrders(1_000),
        ]
    );

    let zoo = &instruments[1];
    assert_eq!(zoo.status, InstrumentStatus::Halted);
    assert_eq!((zoo.base_precision, zoo.quote_precision), (6, 7));
    assert!(!zoo.takes_market_orders && !zoo.takes_quote_quantity && !zoo.takes_post_only);
    assert_eq!(zoo.offers, []);
}

#[test]
fn the_limits_are_those_that_the_venue_names() {
    let Reply::Catalog { limits, .. } = done(&catalog(), CATALOG) else { panic!() };
    let told: Vec<_> = limits
        .iter()
        .map(|it| (it.kind, it.scope, it.interval, it.alignment, it.capacity))
        .collect();
    let calendar = Alignment::Calendar;
    let secs = Duration::from_secs;
    assert_eq!(
        told,
        [
            (LimitKind::RequestWeight, LimitScope::Egress, secs(60), calendar, 1_234),
            (LimitKind::RawRequests, LimitScope::Egress, secs(300), calendar, 4_321),
            (LimitKind::Orders, LimitScope::Account, secs(10), calendar, 77),
            (LimitKind::Orders, LimitScope::Account, secs(86_400), calendar, 8_888),
        ]
    );
}

/// A catalog of one symbol with one rule.
fn with_filter(filter: &serde_json::Value) -> String {
    json!({"symbols": [{
        "symbol": "FOOBAR", "status": "TRADING", "baseAsset": "FOO", "baseAssetPrecision": 8,
        "quoteAsset": "BAR", "quoteAssetPrecision": 8, "orderTypes": [], "filters": [filter],
    }]})
    .to_string()
}

#[test]
fn every_kind_of_filter_is_read() {
    let percent = |up, down| PercentPrice { up: dec(up), down: dec(down) };
    for (filter, expected) in [
        (
            json!({"filterType": "PERCENT_PRICE", "multiplierUp": "1.3", "multiplierDown": "0.7", "avgPriceMins": 5}),
            Filter::PercentPrice(percent("1.3", "0.7")),
        ),
        (
            json!({"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "1.2", "bidMultiplierDown": "0.2", "askMultiplierUp": "5", "askMultiplierDown": "0.8", "avgPriceMins": 1}),
            Filter::PercentPriceBySide { bid: percent("1.2", "0.2"), ask: percent("5", "0.8") },
        ),
        (
            json!({"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "12.5", "stepSize": "0.00000000"}),
            Filter::MarketLotSize(range("0", "12.5", "0")),
        ),
        (
            json!({"filterType": "MIN_NOTIONAL", "minNotional": "10", "applyToMarket": true, "avgPriceMins": 5}),
            Filter::MinNotional { min: notional("10"), applies_to_market: true },
        ),
        (json!({"filterType": "ICEBERG_PARTS", "limit": 100}), Filter::IcebergParts(100)),
        (json!({"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200}), Filter::MaxNumOrders(200)),
        (
            json!({"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5}),
            Filter::MaxNumAlgoOrders(5),
        ),
        (
            json!({"filterType": "MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": 6}),
            Filter::MaxNumIcebergOrders(6),
        ),
        (
            json!({"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": 10}),
            Filter::MaxNumOrderAmends(10),
        ),
        (
            json!({"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20}),
            Filter::MaxNumOrderLists(20),
        ),
        (
            json!({"filterType": "MAX_POSITION", "maxPosition": "75.5"}),
            Filter::MaxPosition("75.5".parse::<Quantity>().unwrap()),
        ),
        (
            json!({"filterType": "TRAILING_DELTA", "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000, "minTrailingBelowDelta": 11, "maxTrailingBelowDelta": 2001}),
            Filter::TrailingDelta { above: (10, 2_000), below: (11, 2_001) },
        ),
        (
            json!({"filterType": "EXCHANGE_MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 7}),
            Filter::ExchangeMaxNumAlgoOrders(7),
        ),
        (
            json!({"filterType": "EXCHANGE_MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": 8}),
            Filter::ExchangeMaxNumIcebergOrders(8),
        ),
        (
            json!({"filterType": "EXCHANGE_MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 9}),
            Filter::ExchangeMaxNumOrderLists(9),
        ),
        (
            json!({"filterType": "MAX_ASSET", "asset": "FOO", "limit": "42.0"}),
            Filter::MaxAsset { asset: "FOO".into(), is_base: true, limit: dec("42") },
        ),
        // A known rule in a new form is left to the venue.
        (
            json!({"filterType": "MAX_NUM_ORDERS", "maxNumOrders": "many"}),
            Filter::Unknown("MAX_NUM_ORDERS".to_owned()),
        ),
        (
            json!({"filterType": "MAX_POSITION", "maxPosition": "-1"}),
            Filter::Unknown("MAX_POSITION".to_owned()),
        ),
    ] {
        let expected_name = expected.name().to_owned();
        assert_eq!(instruments(&with_filter(&filter))[0].filters, [expected]);
        assert_eq!(filter["filterType"], expected_name);
    }
}

#[test]
fn a_symbol_whose_tick_or_step_cannot_be_read_is_not_traded() {
    for filter in [
        json!({"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "9", "tickSize": "small"}),
        json!({"filterType": "LOT_SIZE", "minQty": "0.01", "maxQty": "9"}),
    ] {
        // It is the only one, so the whole answer is of no use.
        let fate = fate(decode(&catalog(), 200, &with_filter(&filter)));
        assert!(matches!(fate, Fate::Unknown(_)), "{fate:?}");
    }
}

#[test]
fn only_a_trading_symbol_takes_orders() {
    for (word, is_spot, expected) in [
        ("TRADING", true, InstrumentStatus::Trading),
        ("TRADING", false, InstrumentStatus::Halted),
        ("CANCEL_ONLY", true, InstrumentStatus::CancelOnly),
        ("HALT", true, InstrumentStatus::Halted),
        ("END_OF_DAY", true, InstrumentStatus::Halted),
        ("TOMORROW", true, InstrumentStatus::Halted),
    ] {
        assert_eq!(status(word, is_spot), expected, "{word}");
    }
}
