//! Another order in one's stead, and a lower quantity where it stands.

use super::waiting::{contingent, find, market_of_bob, trade_at};
use super::*;

fn replacement(cancel: &str, order: NewOrder, mode: ReplaceMode) -> Replacement {
    Replacement {
        cancel: OrderRef::client(cancel),
        cancel_client_id: Some("the-cancel".to_owned()),
        restriction: CancelRestriction::Any,
        order,
        mode,
    }
}

/// Ann's bid of one at 60,000.
fn with_old() -> Exchange {
    let mut exchange = market_of_bob(&desert_config());
    exchange.place(NOW, ANN, limit(Side::Buy, "60000", "1").with_id("old")).unwrap();
    exchange.drain_events();
    exchange
}

#[test]
fn every_pair_of_results_comes_about() {
    use ReplaceMode::{AllowFailure, StopOnFailure};
    let good = || limit(Side::Buy, "61000", "1").with_id("new");
    // Passes the filters, and is refused by the matching engine.
    let bad = || maker(Side::Buy, "69000", "1").with_id("new");
    for (cancel, order, mode, canceled, placed) in [
        ("old", good(), StopOnFailure, true, Some(true)),
        ("old", good(), AllowFailure, true, Some(true)),
        ("none", good(), StopOnFailure, false, None),
        ("none", good(), AllowFailure, false, Some(true)),
        ("old", bad(), StopOnFailure, true, Some(false)),
        ("old", bad(), AllowFailure, true, Some(false)),
        ("none", bad(), AllowFailure, false, Some(false)),
    ] {
        let mut exchange = with_old();
        let replaced = exchange.replace(NOW, ANN, replacement(cancel, order, mode)).unwrap();
        assert_eq!(replaced.canceled.is_ok(), canceled);
        assert_eq!(replaced.placed.as_ref().map(Result::is_ok), placed);
        let open = |id| {
            let order = exchange.order(ANN, "BTCUSDT", &OrderRef::client(id));
            order.is_ok_and(|order| order.status.is_open())
        };
        assert_eq!(open("old"), !canceled, "{mode:?}");
        assert_eq!(open("new"), placed == Some(true), "{mode:?}");
        let held = match (open("old"), open("new")) {
            (true, true) => "121000",
            (true, false) => "60000",
            (false, true) => "61000",
            (false, false) => "0",
        };
        assert_eq!(balance(&exchange, ANN, "USDT").1, dec(held));
    }
}

#[test]
fn what_a_filter_refuses_is_known_before_anything_is_canceled() {
    let mut config = desert_config();
    config.symbols[0].filters.max_num_orders = Some(1);
    let mut exchange = Exchange::new(&config, 1, NOW);
    exchange.place(NOW, ANN, limit(Side::Buy, "60000", "1").with_id("old")).unwrap();
    exchange.drain_events();
    for (order, name) in [
        (limit(Side::Buy, "61000", "1"), FilterName::MaxNumOrders),
        (limit(Side::Buy, "61000.001", "1"), FilterName::PriceFilter),
    ] {
        let stop = replacement("old", order, ReplaceMode::StopOnFailure);
        assert_eq!(exchange.replace(NOW, ANN, stop), Err(Reject::Filter(name)));
    }
    assert_eq!(exchange.drain_events(), []);
    assert!(find(&exchange, ANN, "old").status.is_open());
}

#[test]
fn a_closed_market_cancels_and_does_not_place() {
    let mut exchange = with_old();
    exchange.set_status(NOW, "BTCUSDT", SymbolStatus::Halt);
    let order = limit(Side::Buy, "61000", "1");
    let replaced =
        exchange.replace(NOW, ANN, replacement("old", order, ReplaceMode::StopOnFailure)).unwrap();
    assert!(replaced.canceled.is_ok());
    assert_eq!(replaced.placed, Some(Err(Reject::MarketClosed)));
}

#[test]
fn the_order_that_was_not_taken_after_the_cancel_is_reported_as_rejected() {
    let mut exchange = with_old();
    let order = maker(Side::Buy, "69000", "1").with_id("new");
    exchange.replace(NOW, ANN, replacement("old", order, ReplaceMode::StopOnFailure)).unwrap();
    let events = exchange.drain_events();
    assert_eq!(
        reports(&events, ANN),
        [(ExecType::Canceled, OrderStatus::Canceled), (ExecType::Rejected, OrderStatus::Rejected)]
    );
    let rejected = events.iter().filter_map(report_of).next_back().unwrap();
    assert_eq!(rejected.reject, Some(Reject::WouldMatch));
    assert_eq!(rejected.client_order_id(), "new");
    let asked = exchange.order(ANN, "BTCUSDT", &OrderRef::client("new"));
    assert_eq!(asked, Err(QueryReject::UnknownOrder));
}

#[test]
fn the_money_of_the_old_order_pays_for_the_new_one() {
    let mut config = desert_config();
    config.accounts[0] = AccountConfig::with_balances(&[("USDT", dec("61000"))]);
    let mut exchange = Exchange::new(&config, 1, NOW);
    exchange.place(NOW, ANN, limit(Side::Buy, "60000", "1").with_id("old")).unwrap();
    let order = limit(Side::Buy, "61000", "1").with_id("old");
    let replaced =
        exchange.replace(NOW, ANN, replacement("old", order, ReplaceMode::StopOnFailure)).unwrap();
    assert!(matches!(replaced.placed, Some(Ok(_))), "under the same name, too");
    assert_eq!(balance(&exchange, ANN, "USDT"), (Decimal::ZERO, dec("61000")));
}

fn amend(
    exchange: &mut Exchange,
    id: &str,
    new_id: Option<&str>,
    qty: &str,
) -> Result<Amended, AmendReject> {
    let new_id = new_id.map(str::to_owned);
    exchange.amend(NOW, ANN, "BTCUSDT", &OrderRef::client(id), new_id, dec(qty))
}

#[test]
fn an_amended_order_keeps_its_place_and_gives_back_what_it_does_not_need() {
    let mut exchange = market_of_bob(&desert_config());
    exchange.place(NOW, ANN, limit(Side::Sell, "67500", "3").with_id("mine")).unwrap();
    exchange.place(NOW, BOB, limit(Side::Sell, "67500", "1").with_id("behind")).unwrap();
    exchange.drain_events();
    let amended = amend(&mut exchange, "mine", Some("mine"), "2").unwrap();
    assert_eq!((amended.order.orig_qty, amended.order.amends), (dec("2"), 1));
    assert_eq!(amended.previous_client_id, "mine");
    assert_eq!(balance(&exchange, ANN, "BTC"), (dec("18"), dec("2")));
    assert_eq!(exchange.depth("BTCUSDT", 1).unwrap().asks, [(dec("67500"), dec("3"))]);
    let events = exchange.drain_events();
    assert_eq!(reports(&events, ANN), [(ExecType::Replaced, OrderStatus::New)]);
    let report = events.iter().find_map(report_of).unwrap();
    assert_eq!((report.client_order_id(), report.orig_client_order_id()), ("mine", "mine"));
    assert_eq!(report.execution_id, amended.execution_id);
    exchange.place(NOW, BOB, limit(Side::Buy, "67500", "2").with_stp(StpMode::None)).unwrap();
    assert_eq!(find(&exchange, ANN, "mine").status, OrderStatus::Filled, "it was there first");
}

#[test]
fn an_amended_order_gets_another_name_unless_it_is_told_its_own() {
    let mut exchange = with_old();
    let amended = amend(&mut exchange, "old", None, "0.5").unwrap();
    let generated = amended.order.client_order_id.clone();
    assert_ne!(generated, "old");
    assert_eq!(find(&exchange, ANN, &generated).order_id, amended.order.order_id);
    let gone = exchange.order(ANN, "BTCUSDT", &OrderRef::client("old"));
    assert_eq!(gone, Err(QueryReject::UnknownOrder));
    let events = exchange.drain_events();
    let report = events.iter().find_map(report_of).unwrap();
    assert_eq!(report.orig_client_order_id(), "old");
    assert_eq!(report.client_order_id(), generated);
    amend(&mut exchange, &generated, Some("third"), "0.4").unwrap();
    assert_eq!(find(&exchange, ANN, "third").orig_qty, dec("0.4"));
}

#[test]
fn an_amendment_only_lowers_and_only_so_often() {
    let mut config = desert_config();
    config.symbols[0].filters.max_num_order_amends = Some(2);
    let mut exchange = Exchange::new(&config, 1, NOW);
    exchange.place(NOW, ANN, limit(Side::Buy, "60000", "1").with_id("mine")).unwrap();
    exchange.place(NOW, ANN, limit(Side::Buy, "60000", "1").with_id("other")).unwrap();
    exchange.drain_events();
    let mut lower = |id: &str, new_id: &str, qty: &str| {
        amend(&mut exchange, id, Some(new_id), qty).map(|amended| amended.order.orig_qty)
    };
    for (id, new_id, qty, expected) in [
        ("mine", "mine", "1.1", Err(AmendReject::Increase)),
        ("mine", "mine", "1", Err(AmendReject::NoChange)),
        ("mine", "mine", "0", Err(AmendReject::QtyZero)),
        ("mine", "mine", "0.000001", Err(AmendReject::Filter(FilterName::LotSize))),
        ("mine", "mine", "0.00001", Err(AmendReject::Filter(FilterName::Notional))),
        ("none", "none", "0.5", Err(AmendReject::UnknownOrder)),
        ("mine", "other", "0.5", Err(AmendReject::DuplicateOrder)),
        ("mine", "mine", "0.5", Ok(dec("0.5"))),
        ("mine", "mine", "0.4", Ok(dec("0.4"))),
        ("mine", "mine", "0.3", Err(AmendReject::TooManyAmends)),
    ] {
        assert_eq!(lower(id, new_id, qty), expected, "{id} {new_id} {qty}");
    }
    exchange.set_status(NOW, "BTCUSDT", SymbolStatus::Halt);
    let closed = amend(&mut exchange, "other", None, "0.5");
    assert_eq!(closed, Err(AmendReject::MarketClosed));
}

#[test]
fn an_order_with_nothing_left_to_trade_ends_by_its_amendment() {
    let mut exchange = market_of_bob(&desert_config());
    exchange.place(NOW, ANN, limit(Side::Buy, "68000", "3").with_id("mine")).unwrap();
    exchange.drain_events();
    let amended = amend(&mut exchange, "mine", Some("mine"), "0.5").unwrap();
    assert_eq!(amended.order.status, OrderStatus::Expired);
    assert_eq!((amended.order.orig_qty, amended.order.executed_qty), (dec("1"), dec("1")));
    assert_eq!(exchange.open_orders(ANN, None), []);
    assert_eq!(balance(&exchange, ANN, "USDT").1, Decimal::ZERO);
    let events = exchange.drain_events();
    assert_eq!(
        reports(&events, ANN),
        [
            (ExecType::Replaced, OrderStatus::PartiallyFilled),
            (ExecType::Expired, OrderStatus::Expired),
        ]
    );
    assert!(
        exchange.depth("BTCUSDT", 5).unwrap().bids.iter().all(|(price, _)| *price < dec("68000"))
    );
}

#[test]
fn an_order_that_waits_is_amended_too_and_a_pair_as_a_whole() {
    let mut exchange = market_of_bob(&desert_config());
    let stop = contingent(Side::Buy, Trigger::StopLoss, "67500", None, "2");
    exchange.place(NOW, ANN, stop.with_id("stop")).unwrap();
    amend(&mut exchange, "stop", Some("stop"), "0.5").unwrap();
    assert_eq!(balance(&exchange, ANN, "USDT").1, dec("33750"));
    trade_at(&mut exchange, "67500");
    assert_eq!(find(&exchange, ANN, "stop").executed_qty, dec("0.5"));

    let mut exchange = market_of_bob(&desert_config());
    let above = contingent(Side::Buy, Trigger::StopLoss, "70000", Some("71000"), "2");
    let below = OrderKind::LimitMaker { price: dec("64000"), qty: dec("2") };
    let pair = NewOco {
        symbol: "BTCUSDT".to_owned(),
        side: Side::Buy,
        client_list_id: None,
        above: (above.kind, Some("stop".to_owned())),
        below: (below, Some("profit".to_owned())),
        stp: None,
    };
    exchange.place_oco(NOW, ANN, &pair).unwrap();
    exchange.drain_events();
    let amended = amend(&mut exchange, "profit", Some("lower"), "1").unwrap();
    assert_eq!(balance(&exchange, ANN, "USDT").1, dec("71000"));
    let qtys = ["stop", "lower"].map(|id| find(&exchange, ANN, id).orig_qty);
    assert_eq!(qtys, [dec("1"), dec("1")]);
    let names: Vec<_> = amended.list.unwrap().orders.into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["stop", "lower"]);
    let events = exchange.drain_events();
    assert_eq!(reports(&events, ANN), [(ExecType::Replaced, OrderStatus::New); 2]);
    let news = events.iter().find_map(|event| {
        if let ExchangeEvent::List(change) = event { Some(change.news) } else { None }
    });
    assert_eq!(news, Some(ListNews::Updated));
}
