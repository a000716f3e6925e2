//! Questions: rows and their traps, pages, and what the venue no longer or not yet knows.

use super::*;

const HOUR: u64 = 3_600_000;

fn market(side: &str, size: &str) -> Value {
    json!({"symbol": "BTCUSDT", "side": side, "orderType": "market", "size": size})
}

fn ids(rows: &Value, name: &str) -> Vec<String> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row[name].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_order_that_nobody_knows_is_an_empty_list_and_no_error() {
    let mut world = quiet();
    for query in ["orderId=1234567890123456789", "clientOid=never"] {
        let reply = world.ask(&format!("trade/orderInfo?{query}"));
        assert_eq!(reply.data(), &json!([]), "{query}");
    }
    assert_eq!(world.ask("trade/orderInfo").error(), (400, "400172"));
}

#[test]
fn the_price_of_an_open_order_stands_where_the_average_of_others_does() {
    let mut world = quiet();
    let id = world.rest_order("a");
    let told = world.info(&id);
    assert_eq!((&told["price"], &told["priceAvg"]), (&json!("65000"), &json!("0")));
    assert_eq!((&told["feeDetail"], &told["userId"]), (&json!(""), &json!("900001")));
    let open = world.ask("trade/unfilled-orders").data()[0].clone();
    assert_eq!((&open["priceAvg"], &open["basePrice"]), (&json!("65000"), &json!("0")));
    assert_eq!(open.get("price"), None);
    assert_eq!((&open["orderId"], &open["clientOid"]), (&json!(id), &json!("a")));
    assert_eq!(open["cTime"], world.now.as_millis().to_string());
}

#[test]
fn what_was_paid_is_json_in_a_string_an_object_and_a_list() {
    let mut world = quiet();
    let stream = world.private();
    let reply = world.place(&market("buy", "1000"));
    let id = reply.data()["orderId"].as_str().unwrap().to_owned();
    let order = world.info(&id);
    let text = order["feeDetail"].as_str().unwrap();
    let fees: Value = serde_json::from_str(text).unwrap();
    assert!(fees["newFees"]["t"].as_f64().unwrap() < 0.0, "{text}");
    assert_eq!(fees["BTC"]["feeCoinCode"], "BTC");
    let fill = world.ask("trade/fills").data()[0].clone();
    assert_eq!(fill["feeDetail"]["feeCoin"], "BTC");
    assert!(fill["feeDetail"]["totalFee"].as_str().unwrap().starts_with('-'));
    assert_eq!((&fill["orderId"], &fill["tradeScope"]), (&json!(id), &json!("taker")));
    world.wait(1);
    let pushes = world.read(stream);
    let row = pushes.iter().find(|push| push["data"][0]["status"] == "filled").unwrap();
    assert!(row["data"][0]["feeDetail"][0]["fee"].as_str().unwrap().starts_with('-'));
}

#[test]
fn pages_go_from_the_newest_back_over_all_symbols_and_miss_nothing() {
    let mut world = quiet();
    let mut placed = Vec::new();
    for n in 0..25 {
        world.wait(200);
        let mut order = resting(&format!("a{n}"));
        if n % 2 == 0 {
            order["symbol"] = json!("ETHUSDT");
            order["price"] = json!("3100");
        }
        placed.push(world.place(&order).data()["orderId"].as_str().unwrap().to_owned());
    }
    placed.reverse();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    // One more than there are.
    for _ in 0..4 {
        world.wait(1_000);
        let page = world.ask(&format!("trade/unfilled-orders?{cursor}limit=10"));
        let page = ids(page.data(), "orderId");
        let Some(last) = page.last() else { break };
        cursor = format!("idLessThan={last}&");
        seen.extend(page);
    }
    assert_eq!(seen, placed);
    let of_one = world.ask("trade/unfilled-orders?symbol=BTCUSDT");
    assert_eq!(of_one.data().as_array().unwrap().len(), 12);
    for symbol in ["BTCUSDT", "ETHUSDT"] {
        world.post("cancel-symbol-order", &json!({"symbol": symbol})).data();
    }
    assert_eq!(world.ask("trade/unfilled-orders").data(), &json!([]));
    let over = world.ask("trade/history-orders?limit=500");
    assert_eq!(ids(over.data(), "orderId"), placed);
}

#[test]
fn no_page_has_more_than_a_hundred_rows_whatever_was_asked_for() {
    let mut world = world(|config| config.front.limits.windows = Windows::Fixed);
    for n in 0..12 {
        world.wait(1_000);
        let orders: Vec<Value> = (0..10).map(|m| resting(&format!("a{n}-{m}"))).collect();
        world.post("batch-orders", &json!({"symbol": "BTCUSDT", "orderList": orders})).data();
    }
    let page = world.ask("trade/unfilled-orders?limit=500");
    assert_eq!(page.data().as_array().unwrap().len(), 100);
    let last = page.data()[99]["orderId"].as_str().unwrap().to_owned();
    let rest = world.ask(&format!("trade/unfilled-orders?limit=500&idLessThan={last}"));
    assert_eq!(rest.data().as_array().unwrap().len(), 20, "also those of the same moment");
}

#[test]
fn fills_are_paged_by_their_own_ids_and_bounded_by_times() {
    let mut world = quiet();
    for _ in 0..9 {
        world.wait(1_000);
        assert_eq!(world.place(&market("buy", "200")).status, 200);
    }
    let all = world.ask("trade/fills");
    let all = ids(all.data(), "tradeId");
    assert_eq!(all.len(), 9);
    assert!(all.is_sorted_by(|one, other| one > other), "{all:?}");
    let page = world.ask(&format!("trade/fills?idLessThan={}&limit=4", all[3]));
    assert_eq!(ids(page.data(), "tradeId"), all[4..8]);
    let since = world.now.as_millis() - 2_000;
    let recent = world.ask(&format!("trade/fills?startTime={since}"));
    assert_eq!(ids(recent.data(), "tradeId"), all[..3]);
    let before = world.ask(&format!("trade/fills?endTime={since}&limit=2"));
    assert_eq!(ids(before.data(), "tradeId"), all[2..4]);
    let order = world.ask("trade/fills").data()[5]["orderId"].as_str().unwrap().to_owned();
    let of_order = world.ask(&format!("trade/fills?orderId={order}"));
    assert_eq!(ids(of_order.data(), "tradeId"), [all[5].clone()]);
    world.wait(1_000);
    let wide = format!("trade/fills?startTime=1&endTime={since}");
    assert_eq!(world.ask(&wide).error(), (400, "00001"));
    assert_eq!(world.ask("trade/fills?orderId=1234567890123456789").data(), &json!([]));
}

#[test]
fn a_clients_name_is_forgotten_after_two_hours_and_the_venues_is_not() {
    let mut world = quiet();
    let id = world.rest_order("a");
    world.wait(2 * HOUR);
    assert_eq!(world.ask("trade/orderInfo?clientOid=a").data()[0]["orderId"], json!(id));
    world.wait(1_000);
    assert_eq!(world.ask("trade/orderInfo?clientOid=a").data(), &json!([]));
    assert_eq!(world.info(&id)["clientOid"], "a");
}

#[test]
fn questions_may_not_know_yet_what_the_account_was_told() {
    let mut world = world(|config| {
        config.front.order_read_lag_max = Duration::from_secs(4);
        config.front.history_read_lag_max = Duration::from_secs(4);
    });
    let id = world.rest_order("a");
    let known = |world: &mut World, query: &str| {
        !world.ask(&format!("trade/{query}")).data().as_array().unwrap().is_empty()
    };
    let by_id = format!("orderInfo?orderId={id}");
    assert!(!known(&mut world, &by_id) && !known(&mut world, "unfilled-orders"));
    world.wait(4_000);
    assert!(known(&mut world, &by_id) && known(&mut world, "unfilled-orders"));
}

#[test]
fn balances_are_told_with_what_orders_hold() {
    let mut world = quiet();
    world.rest_order("a");
    let all = world.ask("account/assets");
    assert_eq!(ids(all.data(), "coin"), ["BTC", "ETH", "USDT"]);
    let usdt = world.ask("account/assets?coin=USDT").data()[0].clone();
    assert_eq!((&usdt["available"], &usdt["frozen"]), (&json!("99350"), &json!("650")));
    assert_eq!(
        field_names(&usdt),
        ["coin", "available", "frozen", "locked", "limitAvailable", "uTime"]
    );
    let request =
        world.request("GET /api/v2/common/trade-rate?businessType=spot&symbol=BTCUSDT", "", 0);
    let rate = world.submit(&request);
    assert_eq!(rate.data(), &json!({"makerFeeRate": "0.001", "takerFeeRate": "0.001"}));
}
