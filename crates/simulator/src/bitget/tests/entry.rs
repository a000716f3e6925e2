//! Placing, canceling and replacing: what is taken, what is refused, and how little is said.

use super::*;

/// What became of an order of this id: where it is, what traded, why it ended.
fn state(world: &mut World, id: &str) -> (String, String, String) {
    let order = world.info(id);
    let text = |name: &str| order[name].as_str().unwrap().to_owned();
    (text("status"), text("baseVolume"), text("cancelReason"))
}

fn owned(status: &str, volume: &str, reason: &str) -> (String, String, String) {
    (status.to_owned(), volume.to_owned(), reason.to_owned())
}

#[test]
fn an_order_that_was_taken_has_two_names_and_nothing_else_is_said() {
    let mut world = quiet();
    let reply = world.place(&resting("a1"));
    assert_eq!(field_names(reply.data()), ["orderId", "clientOid"]);
    assert_eq!(reply.data()["clientOid"], "a1");
    let id = reply.data()["orderId"].as_str().unwrap().to_owned();
    assert_eq!(id.len(), 19);
    assert_eq!(state(&mut world, &id), owned("live", "0", ""));
    let mut unnamed = resting("");
    unnamed.as_object_mut().unwrap().remove("clientOid");
    let reply = world.place(&unnamed);
    assert_eq!(reply.data()["clientOid"].as_str().unwrap().len(), 22, "the venue names it");
}

#[test]
fn what_may_only_make_and_would_take_is_accepted_and_gone() {
    let mut world = quiet();
    let reply = world.place(&limit("a", "buy", "post_only", "68000", "0.01"));
    let id = reply.data()["orderId"].as_str().unwrap().to_owned();
    assert_eq!(state(&mut world, &id), owned("cancelled", "0", "normal_cancel"));
    let rests = world.place(&limit("b", "buy", "post_only", "65000", "0.01"));
    let id = rests.data()["orderId"].as_str().unwrap().to_owned();
    assert_eq!(state(&mut world, &id), owned("live", "0", ""));
}

#[test]
fn what_cannot_fill_whole_or_at_once_is_accepted_and_gone() {
    let mut world = quiet();
    let id = |reply: &Reply| reply.data()["orderId"].as_str().unwrap().to_owned();
    let killed = world.place(&limit("a", "buy", "fok", "66000", "0.5"));
    let killed = id(&killed);
    assert_eq!(state(&mut world, &killed), owned("cancelled", "0", "normal_cancel"));
    let best = world.bitget.exchange().book_ticker("BTCUSDT").unwrap();
    let (price, qty) = (best.ask_price, best.ask_qty);
    let more = (qty * Decimal::TWO).normalize().to_string();
    let order = limit("b", "buy", "ioc", &price.normalize().to_string(), &more);
    let partly = id(&world.place(&order));
    let traded = qty.normalize().to_string();
    assert_eq!(state(&mut world, &partly), owned("cancelled", &traded, "normal_cancel"));
}

#[test]
fn a_market_buy_is_sized_in_what_it_pays_and_a_market_sell_in_what_it_gives() {
    let mut world = quiet();
    let market = |side: &str, size: &str| json!({"symbol": "BTCUSDT", "side": side, "orderType": "market", "size": size});
    let bought = world.place(&market("buy", "1000.5"));
    let order = world.info(bought.data()["orderId"].as_str().unwrap());
    assert_eq!(
        (order["status"].as_str(), order["size"].as_str()),
        (Some("filled"), Some("1000.5"))
    );
    let paid: Decimal = order["quoteVolume"].as_str().unwrap().parse().unwrap();
    assert!(paid > Decimal::from(990) && paid <= Decimal::new(10_005, 1), "{paid}");
    let sold = world.place(&market("sell", "0.01"));
    let order = world.info(sold.data()["orderId"].as_str().unwrap());
    assert_eq!(
        (order["size"].as_str(), order["baseVolume"].as_str()),
        (Some("0.01"), Some("0.01"))
    );
    assert_eq!(world.place(&market("sell", "0.00001")).error(), (400, "40808"));
    assert_eq!(world.place(&market("buy", "0.5")).error(), (400, "45110"));
}

#[test]
fn each_bad_order_has_its_own_answer_and_leaves_nothing_behind() {
    let mut world = quiet();
    let change = |name: &str, value: Value| {
        let mut order = resting("a");
        order[name] = value;
        order
    };
    for (order, code) in [
        (change("symbol", json!("XXXUSDT")), "40034"),
        (change("side", json!("hold")), "40034"),
        (change("force", json!("later")), "40034"),
        (change("orderType", json!("stop")), "40034"),
        (change("price", json!("65000.01")), "40808"),
        (change("size", json!("0.00001")), "40808"),
        (change("size", json!("0.01000")), "40808"),
        (change("size", json!("-1")), "40020"),
        (change("size", json!("1e3")), "40020"),
        (change("size", json!("0")), "43011"),
        (change("size", json!("")), "40019"),
        (change("size", Value::Null), "400172"),
        (change("size", json!("5")), "43012"),
        (change("price", json!("90")), "45110"),
        (change("price", json!("80000")), "43009"),
        (change("clientOid", json!("x".repeat(51))), "40304"),
        (change("clientOid", json!("币")), "40020"),
        (change("triggerPrice", json!("60000")), "40020"),
        (change("stpMode", json!("maybe")), "40034"),
    ] {
        // Each by itself: one path has ten requests in a second.
        world.wait(1_000);
        let reply = world.place(&order);
        assert_eq!(reply.error(), (400, code), "{order}: {}", reply.body);
        assert_eq!(reply.body["data"], Value::Null);
    }
    world.wait(1_000);
    let sell = limit("a", "sell", "gtc", "60000", "0.01");
    assert_eq!(world.place(&sell).error(), (400, "43008"));
    let ledger = &world.bitget.ledger().accounts[0];
    assert_eq!((ledger.orders_accepted, ledger.orders_rejected), (0, 20));
    assert_eq!(world.post("place-order", &json!([])).error(), (400, "400172"));
    world.bitget.set_status(world.now, "BTCUSDT", SymbolStatus::Halt);
    assert_eq!(world.place(&resting("a")).error(), (400, "41114"));
}

#[test]
fn a_name_is_taken_while_its_order_is_open_and_free_again_after_it() {
    let mut world = quiet();
    let id = world.rest_order("a");
    let again = world.place(&resting("a"));
    assert_eq!(again.error(), (400, "43118"));
    assert_eq!(again.body["msg"], "clientOrderId duplicate");
    let mut elsewhere = resting("a");
    elsewhere["symbol"] = json!("ETHUSDT");
    elsewhere["price"] = json!("3100");
    assert_eq!(world.place(&elsewhere).error(), (400, "43118"), "on whatever symbol");
    world.post("cancel-order", &json!({"symbol": "BTCUSDT", "orderId": id})).data();
    let second = world.rest_order("a");
    assert_ne!(id, second);
    assert_eq!(world.bitget.ledger().accounts[0].duplicate_client_ids.len(), 1);
}

#[test]
fn a_cancel_answers_with_names_whichever_of_them_it_was_asked_by() {
    let mut world = quiet();
    let id = world.rest_order("a");
    let by_name = world.post("cancel-order", &json!({"symbol": "BTCUSDT", "clientOid": "a"}));
    assert_eq!(by_name.data(), &json!({"orderId": id, "clientOid": "a"}));
    assert_eq!(state(&mut world, &id), owned("cancelled", "0", "normal_cancel"));
    let gone = world.post("cancel-order", &json!({"symbol": "BTCUSDT", "orderId": id}));
    assert_eq!(gone.error(), (400, "43001"));
    let again = world.post("cancel-order", &json!({"symbol": "BTCUSDT", "orderId": id}));
    assert_eq!(again.error(), (400, "45129"), "the same order within a second");
    world.wait(1_000);
    let again = world.post("cancel-order", &json!({"symbol": "BTCUSDT", "orderId": id}));
    assert_eq!(again.error(), (400, "43001"));
    for body in [
        json!({"symbol": "BTCUSDT", "clientOid": "never"}),
        json!({"symbol": "BTCUSDT", "orderId": "1234567890123456789"}),
    ] {
        assert_eq!(world.post("cancel-order", &body).error(), (400, "43001"), "{body}");
    }
    let nobody = json!({"symbol": "BTCUSDT"});
    assert_eq!(world.post("cancel-order", &nobody).error(), (400, "400172"));
}

#[test]
fn all_orders_of_a_symbol_are_canceled_at_once_and_that_there_are_none_is_no_error() {
    let mut world = quiet();
    let ids = [world.rest_order("a"), world.rest_order("b")];
    for _ in 0..2 {
        let reply = world.post("cancel-symbol-order", &json!({"symbol": "BTCUSDT"}));
        assert_eq!(reply.data(), &json!({"symbol": "BTCUSDT"}));
    }
    for id in &ids {
        assert_eq!(state(&mut world, id).0, "cancelled");
    }
    assert!(world.bitget.exchange().open_orders(AccountId(0), None).is_empty());
}

#[test]
fn a_batch_is_a_success_however_many_of_its_orders_failed() {
    let mut world = quiet();
    let orders = json!([resting("a"), resting("a"), limit("c", "buy", "gtc", "65000", "9")]);
    let reply = world.post("batch-orders", &json!({"symbol": "BTCUSDT", "orderList": orders}));
    let data = reply.data();
    assert_eq!(data["successList"].as_array().unwrap().len(), 1);
    let failed = data["failureList"].as_array().unwrap();
    assert_eq!(field_names(&failed[0]), ["orderId", "clientOid", "errorMsg", "errorCode"]);
    let codes: Vec<_> = failed.iter().map(|one| one["errorCode"].as_str().unwrap()).collect();
    assert_eq!(codes, ["43118", "43012"]);
    let mut elsewhere = resting("d");
    elsewhere["symbol"] = json!("ETHUSDT");
    elsewhere["price"] = json!("3100");
    let mixed = json!({"batchMode": "multiple", "orderList": [resting("e"), elsewhere]});
    let reply = world.post("batch-orders", &mixed);
    assert_eq!(reply.data()["successList"].as_array().unwrap().len(), 2, "{}", reply.body);
    let items = json!([{"clientOid": "a"}, {"clientOid": "nobody"}]);
    let body = json!({"symbol": "BTCUSDT", "orderList": items});
    let canceled = world.post("batch-cancel-order", &body);
    assert_eq!(canceled.data()["successList"][0]["clientOid"], "a");
    assert_eq!(canceled.data()["failureList"][0]["errorCode"], "43001");
    assert_eq!(world.bitget.ledger().accounts[0].orders_rejected, 2);
    let long: Vec<Value> = (0..51).map(|n| resting(&format!("n{n}"))).collect();
    let body = json!({"symbol": "BTCUSDT", "orderList": long});
    assert_eq!(world.post("batch-orders", &body).error(), (400, "40306"));
}

#[test]
fn an_order_gives_way_to_another_of_the_size_that_was_asked_for() {
    let mut world = quiet();
    let old = world.rest_order("a");
    let body = json!({"symbol": "BTCUSDT", "orderId": old, "price": "64000", "size": "0.02",
                      "newClientOid": "b"});
    let reply = world.post("cancel-replace-order", &body);
    assert_eq!(field_names(reply.data()), ["orderId", "clientOid", "success", "msg"]);
    assert_eq!(
        (&reply.data()["success"], &reply.data()["clientOid"]),
        (&json!("success"), &json!("b"))
    );
    let new = reply.data()["orderId"].as_str().unwrap().to_owned();
    assert_eq!(state(&mut world, &old).0, "cancelled");
    let order = world.info(&new);
    assert_eq!((&order["price"], &order["size"]), (&json!("64000"), &json!("0.02")));
    world.wait(1_000);
    assert_eq!(world.post("cancel-replace-order", &body).error(), (400, "43001"), "it is gone");
}

#[test]
fn the_second_of_a_replacement_may_fail_when_the_first_is_gone() {
    let mut world = quiet();
    let (old, other) = (world.rest_order("a"), world.rest_order("b"));
    let body = json!({"symbol": "BTCUSDT", "orderId": old, "price": "64000", "size": "0.02",
                      "newClientOid": "b"});
    let reply = world.post("cancel-replace-order", &body);
    assert_eq!(reply.data()["success"], "failure");
    assert_eq!(reply.data()["msg"], "clientOrderId duplicate");
    assert_eq!(state(&mut world, &old).0, "cancelled");
    assert_eq!(state(&mut world, &other).0, "live");
    assert_eq!(world.bitget.ledger().accounts[0].orders_rejected, 1);
    let items = json!({"orderList": [
        {"symbol": "BTCUSDT", "clientOid": "b", "price": "64000", "size": "0.01"},
        {"symbol": "BTCUSDT", "clientOid": "b", "price": "64000", "size": "0.01"},
    ]});
    let reply = world.post("batch-cancel-replace-order", &items);
    let told: Vec<_> = reply.data().as_array().unwrap().iter().map(|one| &one["success"]).collect();
    assert_eq!(told, ["success", "failure"]);
}

#[test]
fn a_request_that_waited_past_its_own_window_is_not_done() {
    let mut world = quiet();
    let mut order = resting("a");
    order["requestTime"] = json!((world.now.as_millis() - 1_001).to_string());
    order["receiveWindow"] = json!("1000");
    assert_eq!(world.place(&order).error(), (400, "40078"));
    order["receiveWindow"] = json!("60000");
    assert_eq!(world.place(&order).error(), (400, "40079"));
    order["receiveWindow"] = json!("2000");
    assert_eq!(world.place(&order).status, 200);
}

#[test]
fn an_order_that_meets_its_own_account_ends_as_its_mode_says() {
    let mut world = world(|config| {
        for symbol in &mut config.exchange.symbols {
            symbol.market = symbol.market.deserted();
        }
    });
    let maker = world.rest_order("maker");
    let mut taker = limit("taker", "sell", "gtc", "65000", "0.01");
    taker["stpMode"] = json!("cancel_taker");
    let reply = world.place(&taker);
    let taker = reply.data()["orderId"].as_str().unwrap().to_owned();
    assert_eq!(state(&mut world, &taker), owned("cancelled", "0", "stp_cancel"));
    assert_eq!(state(&mut world, &maker).0, "live");
}
