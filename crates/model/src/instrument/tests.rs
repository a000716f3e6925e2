use super::*;
use crate::money::Notional;
use crate::order::{MarketQuantity, Oco, OcoStop, OcoTake, TimeInForce};

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn range(min: &str, max: &str, step: &str) -> Range {
    Range { min: dec(min), max: dec(max), step: dec(step) }
}

fn notional(text: &str) -> Notional {
    text.parse().unwrap()
}

fn instrument(filters: Vec<Filter>) -> Instrument {
    Instrument {
        id: InstrumentId::from("FOO-USDT"),
        symbol: Symbol::from("FOOUSDT"),
        base: Asset::from("FOO"),
        quote: Asset::from("USDT"),
        status: InstrumentStatus::Trading,
        base_precision: 8,
        quote_precision: 8,
        takes_market_orders: true,
        takes_quote_quantity: true,
        takes_post_only: true,
        offers: vec![Offer::StopLoss, Offer::TakeProfitLimit],
        filters,
    }
}

fn limit(price: &str, qty: &str) -> OrderKind {
    OrderKind::Limit {
        price: price.parse().unwrap(),
        qty: qty.parse().unwrap(),
        time_in_force: TimeInForce::GoodTillCanceled,
    }
}

fn market(qty: &str) -> OrderKind {
    OrderKind::Market(MarketQuantity::Base(qty.parse().unwrap()))
}

fn quote_market(value: &str) -> OrderKind {
    OrderKind::Market(MarketQuantity::Quote(notional(value)))
}

/// Every rule: an order that passes, one that does not, and the nearest value named.
#[test]
fn each_filter_lets_the_legal_pass_and_names_the_nearest_legal_value() {
    let reference =
        FilterContext { reference_price: Some("100".parse().unwrap()), ..FilterContext::default() };
    let crowded = FilterContext {
        open_orders: 2,
        open_orders_all_symbols: 5,
        position: Some("8".parse().unwrap()),
        ..reference
    };
    let by_side = Filter::PercentPriceBySide {
        bid: PercentPrice { up: dec("1.2"), down: dec("0.2") },
        ask: PercentPrice { up: dec("5"), down: dec("0.8") },
    };
    let value = Filter::Notional {
        min: notional("5"),
        min_applies_to_market: true,
        max: notional("1000"),
        max_applies_to_market: false,
    };
    let usdt = Asset::from("USDT");
    use Side::{Buy, Sell};
    let rows: Vec<(Filter, Side, FilterContext, OrderKind, OrderKind, &str)> = vec![
        (
            Filter::Price(range("1", "500", "0.5")),
            Buy,
            reference,
            limit("1", "1"),
            limit("0.5", "1"),
            "1",
        ),
        (
            Filter::Price(range("1", "500", "0.5")),
            Buy,
            reference,
            limit("500", "1"),
            limit("501", "1"),
            "500",
        ),
        (
            Filter::Price(range("0", "0", "0.5")),
            Sell,
            reference,
            limit("99999.5", "1"),
            limit("99.7", "1"),
            "99.5",
        ),
        (
            Filter::LotSize(range("0.1", "9", "0.1")),
            Buy,
            reference,
            limit("1", "0.3"),
            limit("1", "0.39"),
            "0.3",
        ),
        (
            Filter::LotSize(range("0.1", "9", "0.1")),
            Buy,
            reference,
            market("9"),
            market("9.1"),
            "9",
        ),
        (
            Filter::MarketLotSize(range("0", "3", "0")),
            Buy,
            reference,
            limit("1", "4"),
            market("4"),
            "3",
        ),
        (
            Filter::PercentPrice(PercentPrice { up: dec("1.1"), down: dec("0.9") }),
            Buy,
            reference,
            limit("110", "1"),
            limit("111", "1"),
            "110",
        ),
        (by_side.clone(), Buy, reference, limit("20", "1"), limit("121", "1"), "120"),
        (by_side, Sell, reference, limit("121", "1"), limit("79", "1"), "80"),
        (
            Filter::MinNotional { min: notional("10"), applies_to_market: true },
            Buy,
            reference,
            market("0.1"),
            market("0.09"),
            "10",
        ),
        (value.clone(), Buy, reference, limit("5", "1"), limit("4.9", "1"), "5"),
        (value.clone(), Buy, reference, market("11"), limit("100", "11"), "1000"),
        (value, Buy, reference, quote_market("5"), quote_market("4"), "5"),
        (
            Filter::MaxPosition("10".parse().unwrap()),
            Buy,
            crowded,
            limit("1", "2"),
            limit("1", "2.5"),
            "2",
        ),
        (
            Filter::MaxAsset { asset: usdt, is_base: false, limit: dec("50") },
            Buy,
            reference,
            limit("10", "5"),
            limit("10", "6"),
            "50",
        ),
    ];
    for (filter, side, context, legal, illegal, nearest) in rows {
        let name = filter.name().to_owned();
        let instrument = instrument(vec![filter]);
        assert_eq!(instrument.check(side, &legal, &context), Ok(()), "{name} {legal:?}");
        let breach = instrument.check(side, &illegal, &context).unwrap_err();
        assert_eq!(breach.filter, name);
        assert_eq!(breach.nearest, Some(dec(nearest)), "{breach}");
    }
    for filter in [Filter::MaxNumOrders(2), Filter::ExchangeMaxNumOrders(5)] {
        let instrument = instrument(vec![filter]);
        assert_eq!(instrument.check(Buy, &limit("1", "1"), &reference), Ok(()));
        assert!(instrument.check(Buy, &limit("1", "1"), &crowded).is_err());
    }
}

fn stop(at: &str) -> OrderKind {
    OrderKind::stop_loss(at.parse().unwrap(), "1".parse().unwrap())
}

fn stop_limit(at: &str, price: &str) -> OrderKind {
    let [at, price] = [at, price].map(|text| text.parse().unwrap());
    OrderKind::stop_loss_limit(at, price, "1".parse().unwrap())
}

#[test]
fn a_trigger_is_held_to_the_rules_of_prices() {
    let context =
        FilterContext { reference_price: Some("100".parse().unwrap()), ..FilterContext::default() };
    let by_side = Filter::PercentPriceBySide {
        bid: PercentPrice { up: dec("2"), down: dec("0.5") },
        ask: PercentPrice { up: dec("2"), down: dec("0.8") },
    };
    for (filter, legal, illegal, nearest) in [
        (Filter::Price(range("1", "500", "0.5")), stop("90.5"), stop("90.7"), "90.5"),
        (Filter::Price(range("1", "500", "0.5")), stop_limit("90", "89"), stop("501"), "500"),
        (
            Filter::PercentPrice(PercentPrice { up: dec("2"), down: dec("0.8") }),
            stop_limit("81", "80"),
            stop_limit("80", "79"),
            "80",
        ),
        (by_side, stop("80"), stop("79"), "80"),
        // What becomes a market order is valued at the reference price, what has a limit at that.
        (
            Filter::MinNotional { min: notional("95"), applies_to_market: true },
            stop("90"),
            stop_limit("90", "90"),
            "95",
        ),
        (Filter::MarketLotSize(range("0", "0.5", "0")), stop_limit("90", "89"), stop("90"), "0.5"),
    ] {
        let instrument = instrument(vec![filter]);
        assert_eq!(instrument.check(Side::Sell, &legal, &context), Ok(()), "{legal:?}");
        let breach = instrument.check(Side::Sell, &illegal, &context).unwrap_err();
        assert_eq!(breach.nearest, Some(dec(nearest)), "{breach}");
    }
    let precise = instrument(Vec::new()).check(Side::Sell, &stop("90.123456789"), &context);
    assert_eq!(precise.unwrap_err().rule, "trigger price has at most 8 decimals");
}

#[test]
fn orders_with_a_trigger_are_counted_apart_and_among_all() {
    let context = FilterContext {
        open_orders: 3,
        open_orders_all_symbols: 3,
        open_triggered: 1,
        open_triggered_all_symbols: 2,
        ..FilterContext::default()
    };
    for (filter, kind, passes) in [
        (Filter::MaxNumAlgoOrders(2), stop("90"), true),
        (Filter::MaxNumAlgoOrders(1), stop("90"), false),
        (Filter::MaxNumAlgoOrders(1), limit("90", "1"), true),
        (Filter::ExchangeMaxNumAlgoOrders(3), stop("90"), true),
        (Filter::ExchangeMaxNumAlgoOrders(2), stop("90"), false),
        (Filter::ExchangeMaxNumAlgoOrders(2), limit("90", "1"), true),
        (Filter::MaxNumOrders(3), stop("90"), false),
    ] {
        let checked = instrument(vec![filter.clone()]).check(Side::Sell, &kind, &context);
        assert_eq!(checked.is_ok(), passes, "{filter:?} {kind:?}");
    }
}

#[test]
fn a_kind_is_taken_where_it_is_offered() {
    let mut instrument = instrument(Vec::new());
    let [at, price] = ["110", "111"].map(|text| text.parse().unwrap());
    let qty = "1".parse().unwrap();
    for (kind, is_taken) in [
        (OrderKind::stop_loss(at, qty), true),
        (OrderKind::stop_loss_limit(at, price, qty), false),
        (OrderKind::take_profit(at, qty), false),
        (OrderKind::take_profit_limit(at, price, qty), true),
        (limit("1", "1"), true),
        (market("1"), true),
        (quote_market("1"), true),
        (OrderKind::PostOnly { price, qty }, true),
    ] {
        assert_eq!(instrument.takes(&kind), is_taken, "{kind:?}");
    }
    instrument.takes_market_orders = false;
    assert!(!instrument.takes(&market("1")));
    assert!(instrument.offers(Offer::StopLoss) && !instrument.offers(Offer::Oco));
}

#[test]
fn a_pair_is_held_to_the_rules_of_both_its_orders_and_to_its_own() {
    let price = |text: &str| -> Price { text.parse().unwrap() };
    let pair = |take: &str, stop: &str| Oco {
        qty: "1".parse().unwrap(),
        take: OcoTake::PostOnly { price: price(take) },
        stop: OcoStop { at: price(stop), limit: None },
    };
    let (up, down) = (pair("110", "90"), pair("90", "110"));
    let both = Oco { take: OcoTake::Triggered { at: price("110"), limit: None }, ..up };
    let context = FilterContext {
        reference_price: Some(price("100")),
        open_orders: 2,
        open_triggered: 1,
        open_lists: 1,
        ..FilterContext::default()
    };
    use Side::{Buy, Sell};
    for (filters, side, pair, failed) in [
        (Vec::new(), Sell, up, None),
        (Vec::new(), Buy, down, None),
        (Vec::new(), Sell, down, Some("OCO")),
        (Vec::new(), Buy, up, Some("OCO")),
        (vec![Filter::Price(range("0", "100", "0"))], Sell, up, Some("PRICE_FILTER")),
        (vec![Filter::Price(range("95", "0", "0"))], Sell, up, Some("PRICE_FILTER")),
        (vec![Filter::MaxNumOrders(4)], Sell, up, None),
        (vec![Filter::MaxNumOrders(3)], Sell, up, Some("MAX_NUM_ORDERS")),
        (vec![Filter::MaxNumAlgoOrders(2)], Sell, up, None),
        (vec![Filter::MaxNumAlgoOrders(2)], Sell, both, Some("MAX_NUM_ALGO_ORDERS")),
        (vec![Filter::MaxNumOrderLists(2)], Sell, up, None),
        (vec![Filter::MaxNumOrderLists(1)], Sell, up, Some("MAX_NUM_ORDER_LISTS")),
    ] {
        let checked = instrument(filters.clone()).check_pair(side, &pair, &context);
        let breached = checked.err().map(|breach| breach.filter);
        assert_eq!(breached.as_deref(), failed, "{filters:?} {side} {pair:?}");
    }
}

#[test]
fn a_sell_is_not_held_to_the_largest_position() {
    let context = FilterContext { position: Some("10".parse().unwrap()), ..Default::default() };
    let instrument = instrument(vec![Filter::MaxPosition("10".parse().unwrap())]);
    assert_eq!(instrument.check(Side::Sell, &limit("1", "5"), &context), Ok(()));
}

#[test]
fn too_many_decimals_are_seen_before_any_filter() {
    let instrument = instrument(vec![Filter::LotSize(range("1", "9", "1"))]);
    let breach = instrument.check(Side::Buy, &limit("1", "0.123456789"), &FilterContext::default());
    assert_eq!(breach.unwrap_err().nearest, Some(dec("0.12345678")));
}

#[test]
fn quantizing_never_rounds_towards_the_market_or_up() {
    let instrument = instrument(vec![
        Filter::Price(range("0", "0", "0.5")),
        Filter::LotSize(range("0", "0", "0.01")),
    ]);
    let price = |text: &str| -> Price { text.parse().unwrap() };
    assert_eq!(instrument.quantize_price(Side::Buy, price("10.7")), price("10.5"));
    assert_eq!(instrument.quantize_price(Side::Sell, price("10.7")), price("11"));
    assert_eq!(instrument.quantize_qty("0.019".parse().unwrap()), "0.01".parse().unwrap());
}

#[test]
fn a_breach_reads_as_one_line_with_the_way_out() {
    let instrument = instrument(vec![Filter::LotSize(range("0.1", "9", "0.1"))]);
    let breach = instrument.check(Side::Buy, &limit("1", "0.39"), &FilterContext::default());
    assert_eq!(
        breach.unwrap_err().to_string(),
        "LOT_SIZE: quantity is a multiple of 0.1, not 0.39; nearest is 0.3"
    );
}
