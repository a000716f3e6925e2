//! Pairs of orders of which one cancels the other.

use super::waiting::{contingent, find, market_of_bob, stop_loss, trade_at};
use super::*;

/// A profit at 70,000 in the book and a stop at 66,500, or whatever limit it has then.
fn pair(stop_limit: Option<&str>) -> NewOco {
    let stop = contingent(Side::Sell, Trigger::StopLoss, "66500", stop_limit, "2");
    NewOco {
        symbol: "BTCUSDT".to_owned(),
        side: Side::Sell,
        client_list_id: Some("pair".to_owned()),
        above: (
            OrderKind::LimitMaker { price: dec("70000"), qty: dec("2") },
            Some("profit".to_owned()),
        ),
        below: (stop.kind, Some("stop".to_owned())),
        stp: None,
    }
}

fn buy_pair() -> NewOco {
    let stop = stop_loss(Side::Buy, "70000", "2");
    NewOco {
        side: Side::Buy,
        above: (stop.kind, Some("stop".to_owned())),
        below: (
            OrderKind::LimitMaker { price: dec("64000"), qty: dec("2") },
            Some("profit".to_owned()),
        ),
        ..pair(None)
    }
}

fn list_news(events: &[ExchangeEvent]) -> Vec<(ListNews, bool)> {
    events
        .iter()
        .filter_map(|event| {
            if let ExchangeEvent::List(change) = event {
                Some((change.news, change.list.is_done))
            } else {
                None
            }
        })
        .collect()
}

fn by_id(id: &str) -> OrderListRef {
    OrderListRef { list_id: None, client_list_id: Some(id.to_owned()) }
}

#[test]
fn a_pair_locks_its_quantity_once_and_is_two_open_orders() {
    let mut exchange = market_of_bob(&desert_config());
    let placed = exchange.place_oco(NOW, ANN, &pair(Some("66400"))).unwrap();
    assert_eq!(balance(&exchange, ANN, "BTC"), (dec("18"), dec("2")));
    let open = exchange.open_orders(ANN, None);
    let working: Vec<_> = open.iter().map(|it| (&*it.client_order_id, it.is_working())).collect();
    assert_eq!(working, [("stop", false), ("profit", true)]);
    assert!(open.iter().all(|order| order.list_id == Some(placed.list.list_id)));
    assert_eq!(exchange.open_order_lists(ANN), std::slice::from_ref(&placed.list));
    assert_eq!(exchange.order_list(ANN, &by_id("pair")).unwrap(), placed.list);
    assert_eq!(exchange.order_list(BOB, &by_id("pair")), Err(QueryReject::UnknownOrder));
    let events = exchange.drain_events();
    assert_eq!(reports(&events, ANN), [(ExecType::New, OrderStatus::New); 2]);
    assert_eq!(list_news(&events), [(ListNews::Started, false)]);

    let mut exchange = market_of_bob(&desert_config());
    exchange.place_oco(NOW, ANN, &buy_pair()).unwrap();
    assert_eq!(balance(&exchange, ANN, "USDT").1, dec("140000"), "of the dearer one");
}

#[test]
fn the_first_trade_of_one_ends_the_other_before_it_is_booked() {
    let mut exchange = market_of_bob(&desert_config());
    exchange.place_oco(NOW, ANN, &pair(None)).unwrap();
    exchange.drain_events();
    exchange.place(NOW, BOB, limit(Side::Buy, "70000", "2.5").with_stp(StpMode::None)).unwrap();
    let (profit, stop) = (find(&exchange, ANN, "profit"), find(&exchange, ANN, "stop"));
    assert_eq!((profit.status, profit.executed_qty), (OrderStatus::PartiallyFilled, dec("0.5")));
    assert_eq!(stop.status, OrderStatus::Expired);
    assert_eq!(stop.expiry_reason, Some(ExpiryReason::OcoTrigger));
    assert_eq!(balance(&exchange, ANN, "BTC"), (dec("18"), dec("1.5")));
    let events = exchange.drain_events();
    assert_eq!(
        reports(&events, ANN),
        [
            (ExecType::Expired, OrderStatus::Expired),
            (ExecType::Trade, OrderStatus::PartiallyFilled),
        ]
    );
    assert_eq!(list_news(&events), [], "one of them lives");
    exchange.place(NOW, BOB, limit(Side::Buy, "70000", "1.5")).unwrap();
    assert_eq!(list_news(&exchange.drain_events()), [(ListNews::Done, true)]);
    assert_eq!(exchange.open_order_lists(ANN), []);
    assert!(exchange.order_list(ANN, &by_id("pair")).unwrap().is_done);
    // The market falls, and nothing of the pair is left to be set off.
    trade_at(&mut exchange, "66000");
    assert_eq!(find(&exchange, ANN, "stop").executed_qty, Decimal::ZERO);
    assert_eq!(balance(&exchange, ANN, "BTC"), (dec("18"), Decimal::ZERO));
}

#[test]
fn the_trigger_of_one_ends_the_other() {
    let mut exchange = market_of_bob(&desert_config());
    exchange.place_oco(NOW, ANN, &pair(Some("66600"))).unwrap();
    exchange.drain_events();
    trade_at(&mut exchange, "66500");
    let (profit, stop) = (find(&exchange, ANN, "profit"), find(&exchange, ANN, "stop"));
    assert_eq!(profit.expiry_reason, Some(ExpiryReason::OcoTrigger));
    assert_eq!((stop.status, stop.is_working()), (OrderStatus::New, true));
    assert_eq!(balance(&exchange, ANN, "BTC"), (dec("18"), dec("2")));
    let asks = exchange.depth("BTCUSDT", 5).unwrap().asks;
    assert!(asks.iter().all(|(price, _)| *price != dec("70000")), "{asks:?}");
    let list = exchange.order_list(ANN, &by_id("pair")).unwrap();
    assert!(!list.is_done);
    let any = CancelRestriction::Any;
    let canceled =
        exchange.cancel(NOW, ANN, "BTCUSDT", &OrderRef::client("stop"), None, any).unwrap();
    assert!(matches!(canceled, Canceled::Order(_)), "the other one is over already");
    assert_eq!(balance(&exchange, ANN, "BTC"), (dec("20"), Decimal::ZERO));
    assert_eq!(list_news(&exchange.drain_events()), [(ListNews::Done, true)]);
}

#[test]
fn the_dearer_half_of_a_buy_gives_back_what_the_cheaper_does_not_need() {
    let mut exchange = market_of_bob(&desert_config());
    exchange.place_oco(NOW, ANN, &buy_pair()).unwrap();
    exchange.place(NOW, BOB, limit(Side::Sell, "64000", "2.5").with_stp(StpMode::None)).unwrap();
    let profit = find(&exchange, ANN, "profit");
    assert_eq!(profit.executed_qty, dec("0.5"), "two of Bob's own bids were better");
    assert_eq!(balance(&exchange, ANN, "USDT").1, dec("96000"));
}

#[test]
fn a_pair_of_which_one_cannot_be_paid_ends_as_a_whole() {
    let mut config = desert_config();
    config.accounts[0] = AccountConfig::with_balances(&[("USDT", dec("136000"))]);
    let mut exchange = market_of_bob(&config);
    let mut pair = buy_pair();
    pair.above.0 = stop_loss(Side::Buy, "67900", "2").kind;
    exchange.place_oco(NOW, ANN, &pair).unwrap();
    exchange.drain_events();
    // At 67,900 the book asks 68,000 and 69,000.
    trade_at(&mut exchange, "67900");
    let reasons = ["stop", "profit"].map(|id| find(&exchange, ANN, id).expiry_reason);
    assert_eq!(reasons, [Some(ExpiryReason::Rejected), Some(ExpiryReason::OcoTrigger)]);
    assert_eq!(balance(&exchange, ANN, "USDT"), (dec("136000"), Decimal::ZERO));
    assert_eq!(list_news(&exchange.drain_events()), [(ListNews::Done, true)]);
}

#[test]
fn canceling_one_cancels_both_under_one_id() {
    for by in ["stop", "profit"] {
        let mut exchange = market_of_bob(&desert_config());
        exchange.place_oco(NOW, ANN, &pair(None)).unwrap();
        exchange.drain_events();
        let (order, id) = (OrderRef::client(by), Some("gone".to_owned()));
        let any = CancelRestriction::Any;
        let canceled = exchange.cancel(NOW, ANN, "BTCUSDT", &order, id, any).unwrap();
        let Canceled::List { list, orders } = &canceled else { panic!("{canceled:?}") };
        assert!(list.is_done && orders.len() == 2);
        assert!(orders.iter().all(|one| one.client_order_id == "gone"));
        assert_eq!(exchange.open_orders(ANN, None), []);
        assert_eq!(balance(&exchange, ANN, "BTC"), (dec("20"), Decimal::ZERO));
        let events = exchange.drain_events();
        assert_eq!(reports(&events, ANN), [(ExecType::Canceled, OrderStatus::Canceled); 2]);
        assert_eq!(list_news(&events), [(ListNews::Done, true)]);
    }
}

#[test]
fn a_list_is_canceled_by_either_name_and_once() {
    let mut exchange = market_of_bob(&desert_config());
    let id = exchange.place_oco(NOW, ANN, &pair(None)).unwrap().list.list_id;
    let both = |list_id, client: &str| OrderListRef {
        list_id: Some(list_id),
        client_list_id: Some(client.to_owned()),
    };
    let mut cancel = |list: &OrderListRef| {
        exchange
            .cancel_list(NOW, ANN, "BTCUSDT", list, None)
            .map(|canceled| canceled.orders().len())
    };
    assert_eq!(cancel(&by_id("other")), Err(CancelReject::UnknownOrder));
    assert_eq!(cancel(&both(id, "other")), Err(CancelReject::IdMismatch));
    assert_eq!(cancel(&both(id, "pair")), Ok(2));
    assert_eq!(cancel(&by_id("pair")), Err(CancelReject::UnknownOrder));
}

#[test]
fn canceling_all_takes_lists_as_a_whole() {
    let mut exchange = market_of_bob(&desert_config());
    exchange.place(NOW, ANN, limit(Side::Buy, "60000", "1")).unwrap();
    exchange.place_oco(NOW, ANN, &pair(None)).unwrap();
    exchange.place(NOW, ANN, stop_loss(Side::Sell, "60000", "1")).unwrap();
    let canceled = exchange.cancel_all(NOW, ANN, "BTCUSDT").unwrap();
    let sizes: Vec<_> = canceled.iter().map(|one| one.orders().len()).collect();
    assert_eq!(sizes, [1, 2, 1]);
    assert_eq!(balance(&exchange, ANN, "BTC"), (dec("20"), Decimal::ZERO));
    assert_eq!(balance(&exchange, ANN, "USDT"), (dec("1000000"), Decimal::ZERO));
}

#[test]
fn a_pair_is_refused_for_reasons_of_either_order_and_of_its_own_and_changes_nothing() {
    let mut config = desert_config();
    config.accounts[0] = AccountConfig::with_balances(&[("BTC", dec("2")), ("USDT", dec("9"))]);
    config.symbols[0].filters.max_num_order_lists = Some(1);
    // Bob's own four fit.
    config.symbols[0].filters.max_num_orders = Some(4);
    let profit_at = |price: &str| OrderKind::LimitMaker { price: dec(price), qty: dec("2") };
    let with_profit =
        |price: &str| NewOco { above: (profit_at(price), Some("profit".to_owned())), ..pair(None) };
    let with_stop = |stop: &str| NewOco {
        below: (stop_loss(Side::Sell, stop, "2").kind, Some("stop".to_owned())),
        ..pair(None)
    };
    let with_ids = |above: &str, below: &str| {
        let pair = pair(None);
        NewOco {
            above: (pair.above.0, Some(above.to_owned())),
            below: (pair.below.0, Some(below.to_owned())),
            ..pair
        }
    };
    let big = stop_loss(Side::Sell, "66500", "2.1").kind;
    let too_much = NewOco {
        above: (profit_at("70000").with_qty(dec("2.1")), None),
        below: (big, None),
        ..pair(None)
    };
    for (pair, reject) in [
        (with_profit("66900"), Reject::OcoBadPrices),
        (with_stop("67000"), Reject::OcoBadPrices),
        (with_ids("same", "same"), Reject::DuplicateOrder),
        (with_profit("70000.001"), Reject::Filter(FilterName::PriceFilter)),
        (with_stop("66500.001"), Reject::Filter(FilterName::PriceFilter)),
        (too_much, Reject::InsufficientBalance),
        (NewOco { symbol: "NOPE".to_owned(), ..with_stop("66500") }, Reject::UnknownSymbol),
    ] {
        let mut exchange = market_of_bob(&config);
        assert_eq!(exchange.place_oco(NOW, ANN, &pair).unwrap_err(), reject, "{pair:?}");
        assert_eq!(exchange.drain_events(), []);
        assert_eq!(exchange.ledger(ANN).unwrap().orders(), []);
        exchange.place_oco(NOW, ANN, &with_stop("66500")).unwrap();
    }
    let mut exchange = market_of_bob(&config);
    exchange.place(NOW, ANN, limit(Side::Buy, "60000", "0.0001")).unwrap();
    exchange.place_oco(NOW, ANN, &with_stop("66500")).unwrap();
    let ids = with_ids("a", "b");
    let refused = exchange.place_oco(NOW, ANN, &ids).unwrap_err();
    assert_eq!(refused, Reject::Filter(FilterName::MaxNumOrders), "it is two orders");
    config.symbols[0].filters.max_num_orders = None;
    let mut exchange = market_of_bob(&config);
    exchange.place_oco(NOW, ANN, &with_stop("66500")).unwrap();
    let refused = exchange.place_oco(NOW, ANN, &ids).unwrap_err();
    assert_eq!(refused, Reject::Filter(FilterName::MaxNumOrderLists));
    config.symbols[0].features.oco = false;
    let mut exchange = market_of_bob(&config);
    let refused = exchange.place_oco(NOW, ANN, &ids).unwrap_err();
    assert_eq!(refused, Reject::NotOffered(Offering::Oco));
}

#[test]
fn an_open_name_of_a_list_or_of_an_order_is_not_given_twice() {
    let mut exchange = market_of_bob(&desert_config());
    exchange.place(NOW, ANN, limit(Side::Buy, "60000", "1").with_id("stop")).unwrap();
    let refused = exchange.place_oco(NOW, ANN, &pair(None)).unwrap_err();
    assert_eq!(refused, Reject::DuplicateOrder);
    exchange.cancel_all(NOW, ANN, "BTCUSDT").unwrap();
    exchange.place_oco(NOW, ANN, &pair(None)).unwrap();
    let mut again = pair(None);
    again.above.1 = None;
    again.below.1 = None;
    assert_eq!(exchange.place_oco(NOW, ANN, &again).unwrap_err(), Reject::DuplicateOrder);
    exchange.cancel_list(NOW, ANN, "BTCUSDT", &by_id("pair"), None).unwrap();
    exchange.place_oco(NOW, ANN, &again).unwrap();
}

#[test]
fn self_trade_prevention_touches_a_pair_like_a_trade() {
    for (stp, profit, held) in [
        (StpMode::ExpireMaker, OrderStatus::ExpiredInMatch, "0"),
        (StpMode::Decrement, OrderStatus::New, "1.5"),
        (StpMode::ExpireTaker, OrderStatus::New, "2"),
    ] {
        let mut exchange = market_of_bob(&desert_config());
        exchange.cancel_all(NOW, BOB, "BTCUSDT").unwrap();
        exchange.place_oco(NOW, ANN, &pair(None)).unwrap();
        let own = limit_tif(Side::Buy, "70000", "0.5", TimeInForce::Ioc).with_stp(stp);
        exchange.place(NOW, ANN, own).unwrap();
        assert_eq!(find(&exchange, ANN, "profit").status, profit, "{stp}");
        let is_stop_over = stp != StpMode::ExpireTaker;
        assert_eq!(!find(&exchange, ANN, "stop").status.is_open(), is_stop_over, "{stp}");
        assert_eq!(balance(&exchange, ANN, "BTC").1, dec(held), "{stp}");
    }
}
