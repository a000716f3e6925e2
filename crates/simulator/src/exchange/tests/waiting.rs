//! Orders that wait for the last price: acceptance, trigger, and what becomes of them then.

use super::*;
use filters::{LotSize, Notional, PercentPrice};

/// A deserted market whose last trade was at 67,000, with Bob's bids at 66,000 and 65,000 and his
/// asks at 68,000 and 69,000, one each.
pub(super) fn market_of_bob(config: &ExchangeConfig) -> Exchange {
    let mut exchange = Exchange::new(config, 1, NOW);
    for (side, price) in
        [(Side::Buy, "66000"), (Side::Buy, "65000"), (Side::Sell, "68000"), (Side::Sell, "69000")]
    {
        exchange.place(NOW, BOB, limit(side, price, "1")).unwrap();
    }
    exchange.drain_events();
    exchange
}

pub(super) fn contingent(
    side: Side,
    trigger: Trigger,
    stop: &str,
    limit: Option<&str>,
    qty: &str,
) -> NewOrder {
    let limit = limit.map(|price| (dec(price), TimeInForce::Gtc));
    let terms = Contingent { trigger, stop_price: dec(stop), qty: dec(qty), limit };
    NewOrder::of("BTCUSDT", side, OrderKind::Contingent(terms))
}

pub(super) fn stop_loss(side: Side, stop: &str, qty: &str) -> NewOrder {
    contingent(side, Trigger::StopLoss, stop, None, qty)
}

pub(super) fn find(exchange: &Exchange, account: AccountId, id: &str) -> OrderView {
    exchange.order(account, "BTCUSDT", &OrderRef::client(id)).unwrap()
}

/// Bob trades with himself, which he may, at a price between his bids and asks.
pub(super) fn trade_at(exchange: &mut Exchange, price: &str) {
    for side in [Side::Sell, Side::Buy] {
        let order = limit(side, price, "0.001").with_stp(StpMode::None);
        exchange.place(NOW, BOB, order).unwrap();
    }
    let tape = exchange.recent_trades("BTCUSDT", 20);
    assert!(tape.iter().any(|trade| trade.price == dec(price)), "{tape:?}");
}

#[test]
fn a_waiting_order_is_open_but_not_in_the_book_and_does_not_work() {
    let mut exchange = market_of_bob(&desert_config());
    let before = exchange.depth("BTCUSDT", 10);
    let order = contingent(Side::Sell, Trigger::StopLoss, "66500", Some("66400"), "2");
    let placed = exchange.place(NOW, ANN, order.with_id("stop")).unwrap();
    assert_eq!((placed.order.status, placed.order.is_working()), (OrderStatus::New, false));
    assert_eq!(placed.order.price, dec("66400"));
    assert_eq!(exchange.depth("BTCUSDT", 10), before, "nobody sees it");
    assert_eq!(exchange.open_orders(ANN, None), [placed.order]);
    assert_eq!(balance(&exchange, ANN, "BTC"), (dec("18"), dec("2")));
    let events = exchange.drain_events();
    let told: Vec<_> = events.iter().filter_map(report_of).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].exec_type == ExecType::New && !told[0].is_on_book);

    let canceled = exchange
        .cancel(NOW, ANN, "BTCUSDT", &OrderRef::client("stop"), None, CancelRestriction::Any)
        .unwrap();
    assert_eq!(canceled.orders()[0].order.working_time, None, "it never worked");
    assert_eq!(balance(&exchange, ANN, "BTC"), (dec("20"), Decimal::ZERO));
}

#[test]
fn each_kind_waits_on_its_side_of_the_market_and_is_refused_on_the_other() {
    use Trigger::{StopLoss, TakeProfit};
    for (side, trigger, waits, refused) in [
        (Side::Sell, StopLoss, "66999.99", "67000"),
        (Side::Buy, StopLoss, "67000.01", "67000"),
        (Side::Sell, TakeProfit, "67000.01", "66999.99"),
        (Side::Buy, TakeProfit, "66999.99", "67000.01"),
    ] {
        for limit in [None, Some("60000")] {
            let mut exchange = market_of_bob(&desert_config());
            let order = |stop| contingent(side, trigger, stop, limit, "0.5");
            let reject = exchange.place(NOW, ANN, order(refused)).unwrap_err();
            assert_eq!(reject, Reject::WouldTrigger, "{side} {trigger:?}");
            assert_eq!(exchange.drain_events(), []);
            exchange.place(NOW, ANN, order(waits).with_id("waits")).unwrap();
            trade_at(&mut exchange, waits);
            let set_off = find(&exchange, ANN, "waits");
            assert!(set_off.is_working(), "{side} {trigger:?} {limit:?}");
        }
    }
}

#[test]
fn a_stop_that_is_set_off_sells_into_the_book_at_once() {
    let mut exchange = market_of_bob(&desert_config());
    let stop = stop_loss(Side::Sell, "66500", "1.5").with_id("stop");
    exchange.place(NOW, ANN, stop).unwrap();
    exchange.drain_events();
    trade_at(&mut exchange, "66500");
    let sold = find(&exchange, ANN, "stop");
    assert_eq!((sold.status, sold.executed_qty), (OrderStatus::Filled, dec("1.5")));
    assert_eq!(sold.cum_quote_qty, dec("98500"), "one at 66,000 and a half at 65,000");
    assert_eq!(balance(&exchange, ANN, "BTC"), (dec("18.5"), Decimal::ZERO));
    let events = exchange.drain_events();
    assert_eq!(
        reports(&events, ANN),
        [
            (ExecType::New, OrderStatus::New),
            (ExecType::Trade, OrderStatus::PartiallyFilled),
            (ExecType::Trade, OrderStatus::Filled),
        ]
    );
    let set_off = events.iter().filter_map(report_of).find(|it| it.account == ANN).unwrap();
    assert!(set_off.is_on_book && set_off.order.is_working());
}

#[test]
fn a_limit_rests_behind_those_that_came_to_the_book_before_it_was_set_off() {
    let mut exchange = market_of_bob(&desert_config());
    let stop = contingent(Side::Sell, Trigger::StopLoss, "66500", Some("67500"), "1");
    exchange.place(NOW, ANN, stop.with_id("stop")).unwrap();
    exchange.place(NOW, BOB, limit(Side::Sell, "67500", "1").with_id("early")).unwrap();
    trade_at(&mut exchange, "66500");
    let resting = find(&exchange, ANN, "stop");
    assert_eq!((resting.status, resting.is_working()), (OrderStatus::New, true));
    let depth = exchange.depth("BTCUSDT", 1).unwrap();
    assert_eq!(depth.asks, [(dec("67500"), dec("2"))]);
    exchange.place(NOW, BOB, limit(Side::Buy, "67500", "1").with_stp(StpMode::None)).unwrap();
    assert_eq!(find(&exchange, BOB, "early").status, OrderStatus::Filled);
    assert_eq!(find(&exchange, ANN, "stop").status, OrderStatus::New);
}

#[test]
fn one_sweep_through_a_stop_price_and_back_sets_it_off() {
    let mut exchange = market_of_bob(&desert_config());
    trade_at(&mut exchange, "67000");
    exchange.place(NOW, ANN, limit(Side::Buy, "67900", "1")).unwrap();
    // The first trade is at 67,900 and the last at 66,000.
    let order = contingent(Side::Sell, Trigger::TakeProfit, "67500", Some("68500"), "1");
    exchange.place(NOW, ANN, order.with_id("profit")).unwrap();
    exchange.place(NOW, BOB, market(Side::Sell, "1.5").with_stp(StpMode::None)).unwrap();
    assert_eq!(exchange.last_price("BTCUSDT"), Some(dec("66000")));
    assert!(find(&exchange, ANN, "profit").is_working());
}

#[test]
fn what_one_order_trades_sets_off_the_next() {
    let mut exchange = market_of_bob(&desert_config());
    for (id, stop) in [("third", "65000"), ("second", "66000"), ("first", "66900")] {
        exchange.place(NOW, ANN, stop_loss(Side::Sell, stop, "0.6").with_id(id)).unwrap();
    }
    trade_at(&mut exchange, "66900");
    for (id, traded) in [("first", "0.6"), ("second", "0.6"), ("third", "0.6")] {
        assert_eq!(find(&exchange, ANN, id).executed_qty, dec(traded), "{id}");
    }
    assert_eq!(exchange.last_price("BTCUSDT"), Some(dec("65000")));
}

#[test]
fn a_buy_without_a_limit_holds_its_stop_price_and_then_what_it_costs() {
    let mut exchange = market_of_bob(&desert_config());
    let order = stop_loss(Side::Buy, "67500", "1.5").with_id("stop");
    exchange.place(NOW, ANN, order).unwrap();
    assert_eq!(balance(&exchange, ANN, "USDT").1, dec("101250"));
    trade_at(&mut exchange, "67500");
    let bought = find(&exchange, ANN, "stop");
    assert_eq!((bought.status, bought.cum_quote_qty), (OrderStatus::Filled, dec("102500")));
    assert_eq!(balance(&exchange, ANN, "USDT"), (dec("897500"), Decimal::ZERO));
}

#[test]
fn an_order_that_cannot_be_paid_when_it_is_set_off_expires_as_rejected() {
    let mut config = desert_config();
    config.accounts[0] = AccountConfig::with_balances(&[("USDT", dec("67500"))]);
    let mut exchange = market_of_bob(&config);
    exchange.place(NOW, ANN, stop_loss(Side::Buy, "67500", "1").with_id("stop")).unwrap();
    exchange.drain_events();
    trade_at(&mut exchange, "67500");
    let refused = find(&exchange, ANN, "stop");
    assert_eq!(refused.status, OrderStatus::Expired);
    assert_eq!(refused.expiry_reason, Some(ExpiryReason::Rejected));
    assert_eq!(balance(&exchange, ANN, "USDT"), (dec("67500"), Decimal::ZERO));
    let events = exchange.drain_events();
    assert_eq!(reports(&events, ANN), [(ExecType::Expired, OrderStatus::Expired)]);
}

#[test]
fn an_order_that_a_filter_would_not_have_any_more_expires_as_rejected() {
    let mut config = desert_config();
    config.symbols[0].filters = Filters {
        percent_price: Some(PercentPrice {
            multiplier_up: dec("1.1"),
            multiplier_down: dec("0.9"),
            avg_price_mins: 0,
        }),
        ..Filters::default()
    };
    let mut exchange = market_of_bob(&config);
    // Within ten percent of 67,000, and not of 64,000.
    let order = contingent(Side::Sell, Trigger::StopLoss, "65000", Some("73000"), "1");
    exchange.place(NOW, ANN, order.with_id("stop")).unwrap();
    for price in ["66500", "66100"] {
        trade_at(&mut exchange, price);
        assert_eq!(find(&exchange, ANN, "stop").status, OrderStatus::New, "{price}");
    }
    exchange.place(NOW, BOB, limit(Side::Buy, "64000", "1")).unwrap();
    exchange.place(NOW, BOB, market(Side::Sell, "3").with_stp(StpMode::None)).unwrap();
    let refused = find(&exchange, ANN, "stop");
    assert_eq!(refused.expiry_reason, Some(ExpiryReason::Rejected));
    assert_eq!(balance(&exchange, ANN, "BTC"), (dec("20"), Decimal::ZERO));
}

#[test]
fn immediate_orders_that_are_set_off_expire_with_their_own_reason() {
    for (tif, reason) in [
        (TimeInForce::Ioc, ExpiryReason::UnfilledIoc),
        (TimeInForce::Fok, ExpiryReason::UnfilledFok),
    ] {
        let mut exchange = market_of_bob(&desert_config());
        let terms = Contingent {
            trigger: Trigger::StopLoss,
            stop_price: dec("66500"),
            qty: dec("2"),
            limit: Some((dec("66000"), tif)),
        };
        let order = NewOrder::of("BTCUSDT", Side::Sell, OrderKind::Contingent(terms));
        exchange.place(NOW, ANN, order.with_id("stop")).unwrap();
        trade_at(&mut exchange, "66500");
        let over = find(&exchange, ANN, "stop");
        assert_eq!((over.status, over.expiry_reason), (OrderStatus::Expired, Some(reason)));
        let sold = if tif == TimeInForce::Ioc { dec("1") } else { Decimal::ZERO };
        assert_eq!(over.executed_qty, sold);
        assert_eq!(balance(&exchange, ANN, "BTC").1, Decimal::ZERO);
    }
    let mut exchange = market_of_bob(&desert_config());
    exchange.place(NOW, ANN, stop_loss(Side::Sell, "66500", "5").with_id("stop")).unwrap();
    trade_at(&mut exchange, "66500");
    let over = find(&exchange, ANN, "stop");
    assert_eq!(over.expiry_reason, Some(ExpiryReason::InsufficientLiquidity));
}

#[test]
fn what_is_asked_of_a_price_is_asked_of_a_stop_price() {
    let lot = LotSize { min_qty: dec("0.5"), max_qty: dec("3"), step_size: dec("0.5") };
    let market_lot = LotSize { max_qty: dec("2"), ..lot };
    let filters = Filters {
        price: Some(filters::PriceFilter {
            min_price: dec("60000"),
            max_price: dec("80000"),
            tick_size: dec("10"),
        }),
        lot_size: Some(lot),
        market_lot_size: Some(market_lot),
        notional: Some(Notional {
            min_notional: dec("60000"),
            apply_min_to_market: true,
            max_notional: dec("180000"),
            apply_max_to_market: true,
            avg_price_mins: 0,
        }),
        ..Filters::default()
    };
    let mut config = desert_config();
    config.symbols[0].filters = filters;
    let order = |stop, limit, qty| contingent(Side::Sell, Trigger::StopLoss, stop, limit, qty);
    for (order, failed) in [
        (order("66500", Some("66400"), "2.5"), None),
        (order("66505", Some("66400"), "1"), Some(FilterName::PriceFilter)),
        (order("66500", Some("66405"), "1"), Some(FilterName::PriceFilter)),
        (order("59990", None, "1"), Some(FilterName::PriceFilter)),
        (order("66500", None, "1.2"), Some(FilterName::LotSize)),
        (order("66500", None, "2.5"), Some(FilterName::MarketLotSize)),
        (order("66500", Some("60000"), "3"), None),
        (order("66500", Some("60010"), "3"), Some(FilterName::Notional)),
        // At the last price, as the market order that it becomes.
        (order("66500", None, "0.5"), Some(FilterName::Notional)),
    ] {
        let mut exchange = Exchange::new(&config, 1, NOW);
        let placed = exchange.place(NOW, ANN, order.clone()).map(|_| ());
        assert_eq!(placed, failed.map_or(Ok(()), |name| Err(Reject::Filter(name))), "{order:?}");
    }
}

#[test]
fn waiting_orders_are_counted_apart_and_among_all() {
    let mut config = desert_config();
    config.symbols[0].filters =
        Filters { max_num_orders: Some(4), max_num_algo_orders: Some(2), ..Filters::default() };
    let mut other = config.symbols[0].clone();
    other.symbol = "ALTUSDT".to_owned();
    config.symbols.push(other);
    config.filters.max_num_algo_orders = Some(3);
    let mut exchange = market_of_bob(&config);
    let mut place = |symbol: &str| {
        let mut order = stop_loss(Side::Sell, "60000", "1");
        order.symbol = symbol.to_owned();
        exchange.place(NOW, ANN, order).map(|_| ())
    };
    assert_eq!(place("BTCUSDT"), Ok(()));
    assert_eq!(place("BTCUSDT"), Ok(()));
    assert_eq!(place("BTCUSDT"), Err(Reject::Filter(FilterName::MaxNumAlgoOrders)));
    assert_eq!(place("ALTUSDT"), Ok(()));
    assert_eq!(place("ALTUSDT"), Err(Reject::Filter(FilterName::ExchangeMaxNumAlgoOrders)));
    exchange.place(NOW, ANN, limit(Side::Buy, "60000", "1")).unwrap();
    exchange.place(NOW, ANN, limit(Side::Buy, "60000", "1")).unwrap();
    let full = exchange.place(NOW, ANN, limit(Side::Buy, "60000", "1")).unwrap_err();
    assert_eq!(full, Reject::Filter(FilterName::MaxNumOrders), "those that wait count too");
}

#[test]
fn a_symbol_may_not_offer_orders_that_wait() {
    let mut config = desert_config();
    config.symbols[0].features.contingent = false;
    let mut exchange = Exchange::new(&config, 1, NOW);
    let reject = exchange.place(NOW, ANN, stop_loss(Side::Sell, "60000", "1")).unwrap_err();
    assert_eq!(reject, Reject::NotOffered(Offering::Contingent("STOP_LOSS")));
}
