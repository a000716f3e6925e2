//! What meets what, at which price, and what is left of it.

use super::*;

/// Bob's asks: 1 at 100,000, 2 at 100,010 and 1 at 100,010 after it. Returns their ids.
fn asks(exchange: &mut Exchange) -> Vec<u64> {
    [("100000", "1"), ("100010", "2"), ("100010", "1")]
        .into_iter()
        .map(|(price, qty)| {
            exchange.place(NOW, BOB, limit(Side::Sell, price, qty)).unwrap().order.order_id
        })
        .collect()
}

#[test]
fn a_taker_trades_best_price_first_and_oldest_first_at_the_resting_price() {
    let mut exchange = desert();
    let ids = asks(&mut exchange);
    let placed = exchange.place(NOW, ANN, limit(Side::Buy, "100020", "3.5")).unwrap();
    let fills: Vec<_> = placed.fills.iter().map(|fill| (fill.price, fill.qty)).collect();
    assert_eq!(
        fills,
        [(dec("100000"), dec("1")), (dec("100010"), dec("2")), (dec("100010"), dec("0.5"))]
    );
    assert_eq!(placed.order.status, OrderStatus::Filled);
    assert_eq!(placed.order.cum_quote_qty, dec("350025"));
    let status = |id| exchange.order(BOB, "BTCUSDT", &OrderRef::id(id)).unwrap().status;
    assert_eq!(status(ids[0]), OrderStatus::Filled);
    assert_eq!(status(ids[1]), OrderStatus::Filled);
    assert_eq!(status(ids[2]), OrderStatus::PartiallyFilled);
    assert_eq!(exchange.depth("BTCUSDT", 5).unwrap().asks, [(dec("100010"), dec("0.5"))]);
    assert_eq!(exchange.last_price("BTCUSDT"), Some(dec("100010")));
}

#[test]
fn the_rest_of_a_limit_order_waits_in_the_book() {
    let mut exchange = desert();
    asks(&mut exchange);
    let placed = exchange.place(NOW, ANN, limit(Side::Buy, "100000", "3")).unwrap();
    assert_eq!(placed.order.status, OrderStatus::PartiallyFilled);
    let depth = exchange.depth("BTCUSDT", 5).unwrap();
    assert_eq!(depth.bids, [(dec("100000"), dec("2"))]);
    assert_eq!(depth.asks, [(dec("100010"), dec("3"))]);
}

#[test]
fn what_ioc_and_market_orders_cannot_fill_expires_with_its_reason() {
    for (order, reason, executed) in [
        (limit_tif(Side::Buy, "100000", "3", TimeInForce::Ioc), ExpiryReason::UnfilledIoc, "1"),
        (limit_tif(Side::Buy, "90000", "3", TimeInForce::Ioc), ExpiryReason::UnfilledIoc, "0"),
        (limit_tif(Side::Buy, "100000", "3", TimeInForce::Fok), ExpiryReason::UnfilledFok, "0"),
        (market(Side::Buy, "5"), ExpiryReason::InsufficientLiquidity, "4"),
        (market(Side::Sell, "5"), ExpiryReason::InsufficientLiquidity, "0"),
        (market_quote(Side::Buy, "500000"), ExpiryReason::InsufficientLiquidity, "4"),
    ] {
        let mut exchange = desert();
        asks(&mut exchange);
        exchange.drain_events();
        let placed = exchange.place(NOW, ANN, order.clone()).unwrap();
        assert_eq!(placed.order.status, OrderStatus::Expired, "{order:?}");
        assert_eq!(placed.order.expiry_reason, Some(reason), "{order:?}");
        assert_eq!(placed.order.executed_qty, dec(executed), "{order:?}");
        assert_eq!(exchange.open_orders(ANN, None), [], "{order:?}");
        assert_eq!(balance(&exchange, ANN, "USDT").1, Decimal::ZERO, "{order:?}");
        let events = exchange.drain_events();
        let last = reports(&events, ANN).pop().unwrap();
        let first = events.iter().find_map(report_of).unwrap();
        assert!(first.exec_type == ExecType::New && first.is_on_book, "{order:?}");
        assert_eq!(last, (ExecType::Expired, OrderStatus::Expired), "{order:?}");
    }
}

#[test]
fn a_fok_order_that_fits_fills_whole() {
    let mut exchange = desert();
    asks(&mut exchange);
    let order = limit_tif(Side::Buy, "100010", "4", TimeInForce::Fok);
    let placed = exchange.place(NOW, ANN, order).unwrap();
    assert_eq!(placed.order.status, OrderStatus::Filled);
    assert_eq!(placed.fills.len(), 3);
}

#[test]
fn a_market_order_by_quote_spends_as_much_as_lots_allow() {
    let mut exchange = desert();
    asks(&mut exchange);
    let placed = exchange.place(NOW, ANN, market_quote(Side::Buy, "150000.55")).unwrap();
    // 50,000.55 left at 100,010 are 0.49995550.. BTC, in lots of 0.00001.
    assert_eq!(placed.order.orig_qty, dec("1.49995"));
    assert_eq!(placed.order.status, OrderStatus::Filled);
    assert_eq!(placed.order.orig_quote_order_qty, dec("150000.55"));
    assert!(placed.order.cum_quote_qty <= dec("150000.55"));
    assert!(placed.order.cum_quote_qty + dec("0.00001") * dec("100010") > dec("150000.55"));
}

#[test]
fn a_market_order_by_quote_is_refused_below_the_smallest_lot() {
    let mut exchange = desert();
    let order = market_quote(Side::Buy, "1000");
    assert_eq!(exchange.place(NOW, ANN, order).unwrap_err(), Reject::NoLiquidity);

    let mut config = desert_config();
    config.symbols[0].filters.lot_size.as_mut().unwrap().min_qty = dec("0.1");
    let mut exchange = Exchange::new(&config, 1, NOW);
    asks(&mut exchange);
    let order = market_quote(Side::Buy, "1000");
    let refused = exchange.place(NOW, ANN, order).unwrap_err();
    assert_eq!(refused, Reject::Filter(FilterName::LotSize));
}

#[test]
fn a_maker_only_order_that_would_take_is_refused_and_changes_nothing() {
    let mut exchange = desert();
    asks(&mut exchange);
    exchange.drain_events();
    let refused = exchange.place(NOW, ANN, maker(Side::Buy, "100000", "1")).unwrap_err();
    assert_eq!(refused, Reject::WouldMatch);
    assert_eq!(exchange.drain_events(), []);
    assert_eq!(exchange.ledger(ANN).unwrap().orders(), []);
    let rests = exchange.place(NOW, ANN, maker(Side::Buy, "99999.99", "1")).unwrap();
    assert_eq!(rests.order.status, OrderStatus::New);
    // Its own orders count too.
    let own = maker(Side::Sell, "99999.99", "1");
    assert_eq!(exchange.place(NOW, ANN, own).unwrap_err(), Reject::WouldMatch);
}

#[test]
fn where_it_is_not_refused_a_maker_that_would_take_is_accepted_and_ended() {
    let mut config = desert_config();
    config.symbols[0].crossing_maker = CrossingMaker::Ended;
    let mut exchange = Exchange::new(&config, 1, NOW);
    asks(&mut exchange);
    exchange.drain_events();
    let before = balance(&exchange, ANN, "USDT");
    let placed = exchange.place(NOW, ANN, maker(Side::Buy, "100000", "1")).unwrap();
    assert_eq!((placed.order.status, placed.fills.len()), (OrderStatus::Expired, 0));
    assert_eq!(placed.order.expiry_reason, Some(ExpiryReason::WouldMatch));
    let told = reports(&exchange.drain_events(), ANN);
    let expected = [(ExecType::New, OrderStatus::New), (ExecType::Expired, OrderStatus::Expired)];
    assert_eq!(told, expected);
    assert_eq!(balance(&exchange, ANN, "USDT"), before, "it holds nothing");
    assert_eq!(exchange.ledger(ANN).unwrap().orders().len(), 1);
    let rests = exchange.place(NOW, ANN, maker(Side::Buy, "99999.99", "1")).unwrap();
    assert_eq!(rests.order.status, OrderStatus::New);
}

/// Ann's own ask of 2 at 100,000 in front of Bob's 3 there, met by her buy of 4.
fn self_trade(stp: StpMode) -> (Exchange, Placement, OrderView) {
    let mut exchange = desert();
    let own = exchange.place(NOW, ANN, limit(Side::Sell, "100000", "2")).unwrap().order.order_id;
    exchange.place(NOW, BOB, limit(Side::Sell, "100000", "3")).unwrap();
    exchange.drain_events();
    let taker = limit(Side::Buy, "100000", "4").with_stp(stp);
    let placed = exchange.place(NOW, ANN, taker).unwrap();
    let own = exchange.order(ANN, "BTCUSDT", &OrderRef::id(own)).unwrap();
    (exchange, placed, own)
}

#[test]
fn the_takers_mode_decides_what_a_self_trade_does() {
    use OrderStatus::{ExpiredInMatch, Filled, New, PartiallyFilled};
    for (stp, taker, executed, taker_prevented, own, own_prevented) in [
        (StpMode::None, Filled, "4", "0", Filled, "0"),
        (StpMode::ExpireMaker, PartiallyFilled, "3", "0", ExpiredInMatch, "2"),
        (StpMode::ExpireTaker, ExpiredInMatch, "0", "4", New, "0"),
        (StpMode::ExpireBoth, ExpiredInMatch, "0", "4", ExpiredInMatch, "2"),
        (StpMode::Decrement, Filled, "2", "2", ExpiredInMatch, "2"),
    ] {
        let (exchange, placed, maker) = self_trade(stp);
        assert_eq!(placed.order.status, taker, "{stp}");
        assert_eq!(placed.order.executed_qty, dec(executed), "{stp}");
        assert_eq!(placed.order.prevented_qty, dec(taker_prevented), "{stp}");
        assert_eq!(maker.status, own, "{stp}");
        assert_eq!(maker.prevented_qty, dec(own_prevented), "{stp}");
        assert_eq!(placed.prevented.len(), usize::from(stp != StpMode::None), "{stp}");
        assert_eq!(exchange.prevented_matches(ANN, "BTCUSDT"), placed.prevented, "{stp}");
        let held = if own == New { dec("2") } else { Decimal::ZERO };
        assert_eq!(balance(&exchange, ANN, "BTC").1, held, "{stp}");
        let waits = if taker == PartiallyFilled { dec("100000") } else { Decimal::ZERO };
        assert_eq!(balance(&exchange, ANN, "USDT").1, waits, "{stp}");
    }
}

#[test]
fn a_prevented_match_is_reported_to_each_order_that_lost() {
    let (mut exchange, placed, own) = self_trade(StpMode::ExpireBoth);
    let events = exchange.drain_events();
    let prevented: Vec<_> = events
        .iter()
        .filter_map(report_of)
        .filter(|report| report.exec_type == ExecType::TradePrevention)
        .map(|report| (report.order.order_id, report.last_prevented_qty(), report.is_on_book))
        .collect();
    assert_eq!(
        prevented,
        [(own.order_id, Some(dec("2")), false), (placed.order.order_id, Some(dec("4")), false)]
    );
}

#[test]
fn a_market_order_that_meets_only_its_own_maker_expires() {
    let mut exchange = desert();
    exchange.place(NOW, ANN, limit(Side::Sell, "100000", "2")).unwrap();
    let placed = exchange.place(NOW, ANN, market(Side::Buy, "1")).unwrap();
    assert_eq!(placed.order.status, OrderStatus::Expired);
    assert_eq!(placed.order.executed_qty, Decimal::ZERO);
    assert_eq!(exchange.open_orders(ANN, None), []);
}

#[test]
fn a_fok_order_counts_on_nothing_of_its_own_and_touches_nothing_when_killed() {
    for stp in [StpMode::ExpireMaker, StpMode::ExpireTaker, StpMode::Decrement] {
        let mut exchange = desert();
        let own = exchange.place(NOW, ANN, limit(Side::Sell, "100000", "2")).unwrap().order;
        exchange.place(NOW, BOB, limit(Side::Sell, "100000", "3")).unwrap();
        let order = limit_tif(Side::Buy, "100000", "4", TimeInForce::Fok).with_stp(stp);
        let placed = exchange.place(NOW, ANN, order).unwrap();
        assert_eq!(placed.order.status, OrderStatus::Expired, "{stp}");
        assert_eq!(exchange.open_orders(ANN, None), [own], "{stp}");
    }
}

#[test]
fn a_mode_the_symbol_does_not_allow_is_refused() {
    let mut exchange = desert();
    let order = limit(Side::Buy, "60000", "1").with_stp(StpMode::Transfer);
    assert_eq!(exchange.place(NOW, ANN, order).unwrap_err(), Reject::StpNotAllowed);
}

#[test]
fn reports_come_before_balances_and_share_their_time() {
    let mut exchange = desert();
    asks(&mut exchange);
    exchange.drain_events();
    let later = NOW + Duration::from_millis(5);
    exchange.place(later, ANN, limit(Side::Buy, "100000", "1.5")).unwrap();
    let events = exchange.drain_events();
    assert_eq!(
        reports(&events, ANN),
        [(ExecType::New, OrderStatus::New), (ExecType::Trade, OrderStatus::PartiallyFilled)]
    );
    assert_eq!(reports(&events, BOB), [(ExecType::Trade, OrderStatus::Filled)]);
    let mut last_execution = 0;
    let mut balances = Vec::new();
    for event in &events {
        match event {
            ExchangeEvent::Execution(report) => {
                assert_eq!(balances, [], "a report after a balance");
                assert_eq!(report.time, later);
                assert!(report.execution_id > last_execution);
                last_execution = report.execution_id;
            }
            ExchangeEvent::Balance(change) => balances.push(change.account),
            ExchangeEvent::List(_)
            | ExchangeEvent::Trade(_)
            | ExchangeEvent::Depth(_)
            | ExchangeEvent::BookTicker(_)
            | ExchangeEvent::Kline { .. } => {}
        }
    }
    assert_eq!(balances, [ANN, BOB]);
}

#[test]
fn depth_changes_rebuild_the_book() {
    let mut exchange = Exchange::new(&ExchangeConfig::default(), 3, NOW);
    let before = exchange.depth("BTCUSDT", 5_000).unwrap();
    let mut id = before.last_update_id;
    let mut sides: [BTreeMap<Decimal, Decimal>; 2] =
        [before.bids.into_iter().collect(), before.asks.into_iter().collect()];
    for step in 1..200_u64 {
        let now = NOW + Duration::from_millis(50 * step);
        if step % 10 == 0 {
            let _ = exchange.place(now, ANN, market(Side::Buy, "0.4"));
        }
        exchange.advance(now);
    }
    for event in exchange.drain_events() {
        let ExchangeEvent::Depth(change) = event else {
            continue;
        };
        if &*change.symbol != "BTCUSDT" {
            continue;
        }
        assert_eq!(change.update_id, id + 1);
        id = change.update_id;
        let levels = &mut sides[usize::from(change.side == Side::Sell)];
        if change.qty.is_zero() {
            levels.remove(&change.price);
        } else {
            levels.insert(change.price, change.qty);
        }
    }
    let after = exchange.depth("BTCUSDT", 5_000).unwrap();
    assert_eq!(id, after.last_update_id);
    let [bids, asks] = sides;
    assert_eq!(after.bids, bids.into_iter().rev().collect::<Vec<_>>());
    assert_eq!(after.asks, asks.into_iter().collect::<Vec<_>>());
    assert!(after.bids[0].0 < after.asks[0].0);
}
