//! Ids, cancels and histories.

use super::*;

fn cancel(
    exchange: &mut Exchange,
    order: &OrderRef,
    restriction: CancelRestriction,
) -> Result<Canceled, CancelReject> {
    exchange.cancel(NOW, ANN, "BTCUSDT", order, None, restriction)
}

fn far(id: &str) -> NewOrder {
    limit(Side::Buy, "50000", "0.1").with_id(id)
}

#[test]
fn a_client_id_is_unique_among_open_orders_and_free_afterwards() {
    let mut exchange = desert();
    let first = exchange.place(NOW, ANN, far("grid-1")).unwrap().order;
    assert_eq!(exchange.place(NOW, ANN, far("grid-1")), Err(Reject::DuplicateOrder));
    // Another account's ids are its own.
    exchange.place(NOW, BOB, far("grid-1")).unwrap();
    cancel(&mut exchange, &OrderRef::client("grid-1"), CancelRestriction::Any).unwrap();
    let second = exchange.place(NOW, ANN, far("grid-1")).unwrap().order;
    assert!(second.order_id > first.order_id);
    let found = exchange.order(ANN, "BTCUSDT", &OrderRef::client("grid-1")).unwrap();
    assert_eq!(found.order_id, second.order_id);
    let reused = exchange.ledger(ANN).unwrap().reused_client_ids();
    assert_eq!(reused, [("BTCUSDT".into(), "grid-1".to_owned(), 2)]);
}

#[test]
fn generated_ids_are_22_letters_and_digits_and_never_the_same() {
    let mut exchange = desert();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let placed = exchange.place(NOW, ANN, limit(Side::Buy, "50000", "0.001")).unwrap();
        let id = placed.order.client_order_id;
        assert_eq!(id.len(), 22);
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        assert!(seen.insert(id));
    }
}

#[test]
fn a_cancel_has_an_id_of_its_own_and_the_report_carries_both() {
    let mut exchange = desert();
    let order = exchange.place(NOW, ANN, far("mine")).unwrap().order;
    exchange.drain_events();
    let by = OrderRef::id(order.order_id);
    let given = Some("the-cancel".to_owned());
    let canceled =
        exchange.cancel(NOW, ANN, "BTCUSDT", &by, given, CancelRestriction::Any).unwrap();
    let Canceled::Order(canceled) = canceled else { panic!("{canceled:?}") };
    assert_eq!(canceled.client_order_id, "the-cancel");
    assert_eq!(canceled.order.client_order_id, "mine");
    let events = exchange.drain_events();
    let report = events.iter().find_map(report_of).unwrap();
    assert_eq!(report.exec_type, ExecType::Canceled);
    assert_eq!(report.client_order_id(), "the-cancel");
    assert_eq!(report.orig_client_order_id(), "mine");
    assert_eq!(exchange.order(ANN, "BTCUSDT", &by).unwrap().status, OrderStatus::Canceled);
}

#[test]
fn a_cancel_finds_its_order_or_says_why_not() {
    let mut exchange = desert();
    let a = exchange.place(NOW, ANN, far("a")).unwrap().order.order_id;
    let b = exchange.place(NOW, ANN, far("b")).unwrap().order.order_id;
    let both = |id, client: &str| OrderRef { order_id: Some(id), ..OrderRef::client(client) };
    for (order, restriction, expected) in [
        (OrderRef::id(7), CancelRestriction::Any, CancelReject::UnknownOrder),
        (OrderRef::client("c"), CancelRestriction::Any, CancelReject::UnknownOrder),
        (OrderRef::default(), CancelRestriction::Any, CancelReject::UnknownOrder),
        (both(a, "b"), CancelRestriction::Any, CancelReject::IdMismatch),
        (OrderRef::id(a), CancelRestriction::OnlyPartiallyFilled, CancelReject::Restricted),
    ] {
        let refused = cancel(&mut exchange, &order, restriction).unwrap_err();
        assert_eq!(refused, expected, "{order:?}");
    }
    assert_eq!(exchange.open_orders(ANN, None).len(), 2);
    cancel(&mut exchange, &both(a, "a"), CancelRestriction::OnlyNew).unwrap();
    let again = cancel(&mut exchange, &OrderRef::id(a), CancelRestriction::Any);
    assert_eq!(again, Err(CancelReject::UnknownOrder));
    exchange.place(NOW, BOB, limit(Side::Sell, "50000", "0.05")).unwrap();
    let partly = cancel(&mut exchange, &OrderRef::id(b), CancelRestriction::OnlyNew);
    assert_eq!(partly, Err(CancelReject::Restricted));
    cancel(&mut exchange, &OrderRef::id(b), CancelRestriction::OnlyPartiallyFilled).unwrap();
    let none = exchange.cancel_all(NOW, ANN, "BTCUSDT");
    assert_eq!(none, Err(CancelReject::UnknownOrder));
}

#[test]
fn orders_are_only_their_owners() {
    let mut exchange = desert();
    let id = exchange.place(NOW, ANN, far("a")).unwrap().order.order_id;
    let by = OrderRef::id(id);
    assert_eq!(exchange.order(BOB, "BTCUSDT", &by), Err(QueryReject::UnknownOrder));
    let refused = exchange.cancel(NOW, BOB, "BTCUSDT", &by, None, CancelRestriction::Any);
    assert_eq!(refused, Err(CancelReject::UnknownOrder));
    let mixed = OrderRef { order_id: Some(id), ..OrderRef::client("b") };
    assert_eq!(exchange.order(ANN, "BTCUSDT", &mixed), Err(QueryReject::IdMismatch));
}

#[test]
fn histories_are_oldest_first_and_start_where_asked() {
    let mut exchange = desert();
    let at = |n: u64| NOW + Duration::from_secs(n);
    exchange.place(NOW, BOB, limit(Side::Sell, "60000", "10")).unwrap();
    let ids: Vec<u64> = (0..6)
        .map(|n| exchange.place(at(n), ANN, market(Side::Buy, "0.1")).unwrap().order.order_id)
        .collect();
    let all = OrderFilter { from_id: None, start: None, end: None, limit: 3 };
    let fills = FillFilter { order_id: None, from_id: None, start: None, end: None, limit: 3 };
    for (filter, expected) in [
        (all, &ids[3..]),
        (OrderFilter { from_id: Some(ids[1]), ..all }, &ids[1..4]),
        (OrderFilter { start: Some(at(2)), ..all }, &ids[2..5]),
        (OrderFilter { end: Some(at(2)), ..all }, &ids[..3]),
        (OrderFilter { start: Some(at(1)), end: Some(at(2)), ..all }, &ids[1..3]),
    ] {
        let found = exchange.all_orders(ANN, "BTCUSDT", &filter);
        assert_eq!(found.iter().map(|order| order.order_id).collect::<Vec<_>>(), expected);
        let trades = exchange.my_trades(
            ANN,
            "BTCUSDT",
            &FillFilter { start: filter.start, end: filter.end, ..fills },
        );
        if filter.from_id.is_none() {
            assert_eq!(trades.iter().map(|fill| fill.order_id).collect::<Vec<_>>(), expected);
        }
    }
    let newest = exchange.my_trades(ANN, "BTCUSDT", &fills);
    let from = FillFilter { from_id: Some(newest[1].trade_id), ..fills };
    assert_eq!(exchange.my_trades(ANN, "BTCUSDT", &from), newest[1..]);
    let of_one = FillFilter { order_id: Some(ids[0]), ..fills };
    assert_eq!(exchange.my_trades(ANN, "BTCUSDT", &of_one).len(), 1);
}
