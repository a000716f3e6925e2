//! Filters and the other reasons to refuse, as tables.

use super::*;
use filters::{LotSize, MinNotional, Notional, PercentPrice, PriceFilter};

/// What placing an order says on a symbol with only these filters; the last price is 67,000.
fn verdict(filters: Filters, order: NewOrder) -> Result<(), Reject> {
    let mut config = desert_config();
    config.symbols[0].filters = filters;
    let mut exchange = Exchange::new(&config, 1, NOW);
    exchange.place(NOW, ANN, order).map(|_| ())
}

const fn failed(name: FilterName) -> Result<(), Reject> {
    Err(Reject::Filter(name))
}

#[test]
fn prices_are_in_range_and_whole_ticks_counted_from_zero() {
    let rule = |min: &str, max: &str, tick: &str| Filters {
        price: Some(PriceFilter { min_price: dec(min), max_price: dec(max), tick_size: dec(tick) }),
        ..Filters::default()
    };
    let no = failed(FilterName::PriceFilter);
    for (min, max, tick, price, expected) in [
        ("100.05", "200", "0.1", "100.1", Ok(())),
        ("100.05", "200", "0.1", "100.15", no),
        ("100", "200", "0.1", "99.9", no),
        ("100", "200", "0.1", "200.1", no),
        ("100", "200", "0.1", "200", Ok(())),
        ("0", "0", "0", "0.123456789", Ok(())),
        ("0", "0", "0.00", "500000000", Ok(())),
        ("0", "0", "0.3", "0.9", Ok(())),
    ] {
        let order = limit(Side::Buy, price, "0.001");
        assert_eq!(verdict(rule(min, max, tick), order), expected, "{min} {max} {tick} {price}");
    }
}

#[test]
fn quantities_are_in_range_and_whole_steps() {
    let lot = |min: &str, max: &str, step: &str| LotSize {
        min_qty: dec(min),
        max_qty: dec(max),
        step_size: dec(step),
    };
    let everyone = Filters { lot_size: Some(lot("0.01", "5", "0.01")), ..Filters::default() };
    let no = failed(FilterName::LotSize);
    for (qty, expected) in
        [("0.01", Ok(())), ("0.009", no), ("0.015", no), ("5", Ok(())), ("5.01", no)]
    {
        for order in [limit(Side::Buy, "100", qty), market(Side::Buy, qty)] {
            assert_eq!(verdict(everyone.clone(), order.clone()), expected, "{order:?}");
        }
    }
    let takers = Filters { market_lot_size: Some(lot("0", "2", "0")), ..Filters::default() };
    assert_eq!(verdict(takers.clone(), market(Side::Buy, "1.2345678")), Ok(()));
    let too_much = verdict(takers.clone(), market(Side::Buy, "2.1"));
    assert_eq!(too_much, failed(FilterName::MarketLotSize));
    assert_eq!(verdict(takers, limit(Side::Buy, "100", "2.1")), Ok(()));
    let mut iceberg = limit(Side::Buy, "100", "1");
    iceberg.iceberg_qty = Some(dec("0.005"));
    assert_eq!(verdict(everyone, iceberg), no);
}

#[test]
fn prices_stay_near_the_average_of_each_side() {
    let both = Filters {
        percent_price: Some(PercentPrice {
            multiplier_up: dec("1.5"),
            multiplier_down: dec("0.5"),
            avg_price_mins: 0,
        }),
        ..Filters::default()
    };
    let no = failed(FilterName::PercentPrice);
    for (price, expected) in
        [("33500", Ok(())), ("33499.99", no), ("100500", Ok(())), ("100500.01", no)]
    {
        assert_eq!(verdict(both.clone(), limit(Side::Sell, price, "1")), expected, "{price}");
    }
    let mut config = desert_config();
    let rule = config.symbols[0].filters.percent_price_by_side.as_mut().unwrap();
    rule.bid_multiplier_down = dec("0.9");
    rule.ask_multiplier_up = dec("1.1");
    let by_side = Filters {
        percent_price_by_side: config.symbols[0].filters.percent_price_by_side,
        ..Filters::default()
    };
    let no = failed(FilterName::PercentPriceBySide);
    assert_eq!(verdict(by_side.clone(), limit(Side::Buy, "55000", "1")), no);
    assert_eq!(verdict(by_side.clone(), limit(Side::Sell, "55000", "1")), Ok(()));
    assert_eq!(verdict(by_side.clone(), limit(Side::Sell, "79000", "1")), no);
    assert_eq!(verdict(by_side, limit(Side::Buy, "79000", "1")), Ok(()));
}

#[test]
fn notionals_are_in_range_and_market_orders_are_judged_at_the_reference_price() {
    let old = |apply_to_market| Filters {
        min_notional: Some(MinNotional {
            min_notional: dec("100"),
            apply_to_market,
            avg_price_mins: 0,
        }),
        ..Filters::default()
    };
    let no = failed(FilterName::MinNotional);
    assert_eq!(verdict(old(true), limit(Side::Buy, "50000", "0.001")), no);
    assert_eq!(verdict(old(true), limit(Side::Buy, "50000", "0.002")), Ok(()));
    assert_eq!(verdict(old(true), market(Side::Buy, "0.001")), no);
    assert_eq!(verdict(old(false), market(Side::Buy, "0.001")), Ok(()));

    let new = |apply_min_to_market, apply_max_to_market| Filters {
        notional: Some(Notional {
            min_notional: dec("10"),
            apply_min_to_market,
            max_notional: dec("67000"),
            apply_max_to_market,
            avg_price_mins: 0,
        }),
        ..Filters::default()
    };
    let no = failed(FilterName::Notional);
    for (order, min, max, expected) in [
        (limit(Side::Buy, "9.99", "1"), false, false, no),
        (limit(Side::Buy, "10", "1"), true, true, Ok(())),
        (limit(Side::Buy, "67000.01", "1"), false, false, no),
        (market(Side::Buy, "0.0001"), true, false, no),
        (market(Side::Buy, "0.0001"), false, false, Ok(())),
        (market(Side::Buy, "1"), false, true, Ok(())),
        (market(Side::Buy, "1.1"), false, true, no),
        (market(Side::Buy, "1.1"), true, false, Ok(())),
        (market_quote(Side::Buy, "9"), true, true, no),
    ] {
        assert_eq!(verdict(new(min, max), order.clone()), expected, "{order:?} {min} {max}");
    }
}

#[test]
fn icebergs_have_a_bounded_number_of_parts_and_must_wait() {
    let parts = Filters { iceberg_parts: Some(10), ..Filters::default() };
    let order = |qty: &str, part: &str, tif| {
        let mut order = limit_tif(Side::Buy, "100", qty, tif);
        order.iceberg_qty = Some(dec(part));
        order
    };
    for (qty, part, tif, expected) in [
        ("1", "0.1", TimeInForce::Gtc, Ok(())),
        ("1.01", "0.1", TimeInForce::Gtc, failed(FilterName::IcebergParts)),
        ("1", "1.1", TimeInForce::Gtc, Err(Reject::IcebergExceedsQty)),
        ("1", "0.5", TimeInForce::Ioc, Err(Reject::UnsupportedCombination)),
        ("1", "0", TimeInForce::Ioc, Ok(())),
        (
            "1000",
            "0.0000000000000000000000000001",
            TimeInForce::Gtc,
            failed(FilterName::IcebergParts),
        ),
    ] {
        assert_eq!(verdict(parts.clone(), order(qty, part, tif)), expected, "{qty} {part} {tif}");
    }
}

#[test]
fn open_orders_are_counted_on_the_symbol_and_on_the_exchange() {
    let mut config = desert_config();
    config.symbols[0].filters =
        Filters { max_num_orders: Some(2), max_num_iceberg_orders: Some(1), ..Filters::default() };
    let mut other = config.symbols[0].clone();
    other.symbol = "ALTUSDT".to_owned();
    config.symbols.push(other);
    config.filters.max_num_orders = Some(3);
    let mut exchange = Exchange::new(&config, 1, NOW);
    let mut place = |symbol: &str, iceberg: Option<&str>| {
        let mut order = NewOrder::limit(symbol, Side::Buy, dec("100"), dec("1"));
        order.iceberg_qty = iceberg.map(dec);
        exchange.place(NOW, ANN, order).map(|_| ())
    };
    assert_eq!(place("BTCUSDT", Some("0.5")), Ok(()));
    assert_eq!(place("BTCUSDT", Some("0.5")), failed(FilterName::MaxNumIcebergOrders));
    assert_eq!(place("BTCUSDT", None), Ok(()));
    assert_eq!(place("BTCUSDT", None), failed(FilterName::MaxNumOrders));
    assert_eq!(place("ALTUSDT", None), Ok(()));
    assert_eq!(place("ALTUSDT", None), failed(FilterName::ExchangeMaxNumOrders));
}

#[test]
fn a_position_counts_what_is_held_and_what_is_being_bought() {
    let mut config = desert_config();
    config.symbols[0].filters = Filters { max_position: Some(dec("25")), ..Filters::default() };
    let mut exchange = Exchange::new(&config, 1, NOW);
    exchange.place(NOW, ANN, limit(Side::Sell, "70000", "5")).unwrap();
    exchange.place(NOW, ANN, limit(Side::Buy, "100", "4")).unwrap();
    let refused = exchange.place(NOW, ANN, limit(Side::Buy, "100", "1.1")).unwrap_err();
    assert_eq!(refused, Reject::Filter(FilterName::MaxPosition));
    exchange.place(NOW, ANN, limit(Side::Buy, "100", "1")).unwrap();
}

#[test]
fn what_no_filter_says_is_refused_by_its_own_reason() {
    let mut exchange = desert();
    let mut refused = |order| exchange.place(NOW, ANN, order).unwrap_err();
    let unknown = NewOrder::limit("NOSUCH", Side::Buy, dec("1"), dec("1"));
    assert_eq!(refused(unknown), Reject::UnknownSymbol);
    assert_eq!(refused(limit(Side::Buy, "60000", "0")), Reject::QtyZero);
    assert_eq!(refused(limit(Side::Buy, "0", "1")), Reject::QtyZero);
    assert_eq!(refused(market_quote(Side::Buy, "0")), Reject::QtyZero);
    let huge = "100000000000000000000";
    assert_eq!(refused(limit(Side::Buy, huge, huge)), Reject::TooLarge);
    assert_eq!(refused(market_quote(Side::Sell, huge)), Reject::TooLarge);
    let nobody = AccountId(7);
    let order = limit(Side::Buy, "60000", "1");
    assert_eq!(exchange.place(NOW, nobody, order.clone()), Err(Reject::UnknownAccount));

    exchange.place(NOW, ANN, order.clone().with_id("open")).unwrap();
    exchange.set_status(NOW, "BTCUSDT", SymbolStatus::Halt);
    assert_eq!(exchange.place(NOW, ANN, order), Err(Reject::MarketClosed));
    assert_eq!(exchange.cancel_all(NOW, ANN, "BTCUSDT").unwrap().len(), 1);
}
