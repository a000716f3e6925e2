//! REST: routes, refusals, bodies, meters and bans.

use super::*;

#[test]
fn public_answers_carry_the_weight_used() {
    let mut world = quiet();
    let ping = world.send("GET", "/api/v3/ping");
    assert_eq!((ping.status, &ping.body), (200, &json!({})));
    assert_eq!(ping.header("content-type"), Some("application/json;charset=UTF-8"));
    assert_eq!(ping.header("x-mbx-used-weight"), Some("1"));
    let time = world.send("GET", "/api/v3/time");
    assert_eq!(time.body, json!({"serverTime": world.now.as_millis()}));
    assert_eq!(time.header("x-mbx-used-weight-1m"), Some("2"));
    assert_eq!(time.header("x-mbx-uuid").unwrap().len(), 36);
    assert_ne!(ping.header("x-mbx-uuid"), time.header("x-mbx-uuid"));
}

#[test]
fn each_read_costs_its_documented_weight() {
    let costs = [
        ("exchangeInfo", 20),
        ("depth?symbol=BTCUSDT", 5),
        ("depth?symbol=BTCUSDT&limit=500", 25),
        ("depth?symbol=BTCUSDT&limit=1000", 50),
        ("depth?symbol=BTCUSDT&limit=5000", 250),
        ("trades?symbol=BTCUSDT", 25),
        ("klines?symbol=BTCUSDT&interval=1m", 2),
        ("avgPrice?symbol=BTCUSDT", 2),
        ("ticker/price", 4),
        ("ticker/price?symbol=BTCUSDT", 2),
        ("ticker/bookTicker?symbols=[%22BTCUSDT%22]", 4),
        ("ticker/24hr", 80),
        ("ticker/24hr?symbol=BTCUSDT", 2),
    ];
    for (target, weight) in costs {
        let mut world = quiet();
        let reply = world.send("GET", &format!("/api/v3/{target}"));
        assert_eq!(reply.status, 200, "{target}: {}", reply.body);
        assert_eq!(
            reply.header("x-mbx-used-weight"),
            Some(weight.to_string().as_str()),
            "{target}"
        );
    }
    let signed = [
        ("order/test", "POST", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001", 1),
        ("openOrders", "GET", "", 80),
        ("openOrders", "GET", "symbol=BTCUSDT", 6),
        ("allOrders", "GET", "symbol=BTCUSDT", 20),
        ("myTrades", "GET", "symbol=BTCUSDT", 20),
        ("myTrades", "GET", "symbol=BTCUSDT&orderId=1", 5),
        ("account", "GET", "", 20),
        ("rateLimit/order", "GET", "", 40),
        ("account/commission", "GET", "symbol=BTCUSDT", 20),
    ];
    for (path, verb, params, weight) in signed {
        let mut world = quiet();
        let reply = world.signed(verb, &format!("/api/v3/{path}"), params);
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        assert_eq!(reply.header("x-mbx-used-weight"), Some(weight.to_string().as_str()), "{path}");
    }
}

#[test]
fn order_entry_costs_weight_only_when_it_fails() {
    let mut world = quiet();
    let placed = world.rest_order("a1");
    assert_eq!(placed.status, 200, "{}", placed.body);
    assert_eq!(placed.header("x-mbx-used-weight"), Some("0"));
    assert_eq!(placed.header("x-mbx-order-count-10s"), Some("1"));
    assert_eq!(placed.header("x-mbx-order-count-1d"), Some("1"));
    let failed = world.rest_order("a1");
    assert_eq!(failed.error(), (400, -2010, "Duplicate order sent."));
    assert_eq!(failed.header("x-mbx-used-weight"), Some("1"));
    assert_eq!(failed.header("x-mbx-order-count-10s"), None);
    let canceled = world.signed("DELETE", "/api/v3/openOrders", "symbol=BTCUSDT");
    assert_eq!(canceled.status, 200);
    assert_eq!(canceled.header("x-mbx-used-weight"), Some("1"));
    let again = world.signed("DELETE", "/api/v3/openOrders", "symbol=BTCUSDT");
    assert_eq!(again.error(), (400, -2011, "Unknown order sent."));
    assert_eq!(again.header("x-mbx-used-weight"), Some("2"));
}

#[test]
fn an_order_lives_through_placement_query_and_cancel() {
    let mut world = quiet();
    let placed = world.rest_order("a1");
    assert_eq!(
        field_names(&placed.body),
        [
            "symbol",
            "orderId",
            "orderListId",
            "clientOrderId",
            "transactTime",
            "price",
            "origQty",
            "executedQty",
            "origQuoteOrderQty",
            "cummulativeQuoteQty",
            "status",
            "timeInForce",
            "type",
            "side",
            "workingTime",
            "selfTradePreventionMode",
            "fills"
        ]
    );
    assert_eq!(placed.body["price"], "60000.00000000");
    assert_eq!(placed.body["fills"], json!([]));
    let order = world.signed("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=a1");
    assert_eq!(
        field_names(&order.body),
        [
            "symbol",
            "orderId",
            "orderListId",
            "clientOrderId",
            "price",
            "origQty",
            "executedQty",
            "cummulativeQuoteQty",
            "status",
            "timeInForce",
            "type",
            "side",
            "stopPrice",
            "icebergQty",
            "time",
            "updateTime",
            "isWorking",
            "workingTime",
            "origQuoteOrderQty",
            "selfTradePreventionMode"
        ]
    );
    assert_eq!(order.body["status"], "NEW");
    let open = world.signed("GET", "/api/v3/openOrders", "");
    assert_eq!(open.body, json!([order.body]));
    let params = "symbol=BTCUSDT&origClientOrderId=a1&newClientOrderId=c1";
    let canceled = world.signed("DELETE", "/api/v3/order", params);
    assert_eq!(canceled.body["origClientOrderId"], "a1");
    assert_eq!(canceled.body["clientOrderId"], "c1");
    assert_eq!(canceled.body["status"], "CANCELED");
    let again = world.signed("DELETE", "/api/v3/order", params);
    assert_eq!(again.error(), (400, -2011, "Unknown order sent."));
    let missing = world.signed("GET", "/api/v3/order", "symbol=BTCUSDT&orderId=999999999");
    assert_eq!(missing.error(), (400, -2013, "Order does not exist."));
    let ledger = world.binance.ledger();
    assert_eq!(ledger.accounts[0].orders_accepted, 1);
    assert_eq!(ledger.accounts[0].open_orders, []);
}

#[test]
fn a_market_order_tells_its_fills_and_gets_its_order_count_back() {
    let mut world = quiet();
    let bought = world.place("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001");
    assert_eq!(bought.status, 200, "{}", bought.body);
    assert_eq!(bought.body["status"], "FILLED");
    assert_eq!(
        field_names(&bought.body["fills"][0]),
        ["price", "qty", "commission", "commissionAsset", "tradeId"]
    );
    assert_eq!(bought.body["fills"][0]["commissionAsset"], "BTC");
    assert_eq!(bought.header("x-mbx-order-count-10s"), Some("1"));
    world.wait(500);
    let counts = world.signed("GET", "/api/v3/rateLimit/order", "");
    assert_eq!(
        counts.body[0],
        json!({
            "rateLimitType": "ORDERS",
            "interval": "SECOND",
            "intervalNum": 10,
            "limit": 100,
            "count": 0
        })
    );
    let trades = world.signed("GET", "/api/v3/myTrades", "symbol=BTCUSDT");
    assert_eq!(
        field_names(&trades.body[0]),
        [
            "symbol",
            "id",
            "orderId",
            "orderListId",
            "price",
            "qty",
            "quoteQty",
            "commission",
            "commissionAsset",
            "time",
            "isBuyer",
            "isMaker",
            "isBestMatch"
        ]
    );
    let account = world.signed("GET", "/api/v3/account", "omitZeroBalances=true");
    let assets: Vec<_> = account.body["balances"].as_array().unwrap().iter().collect();
    assert!(assets.iter().any(|row| row["asset"] == "BTC" && row["free"] == "2.00099900"));
    assert_eq!(account.body["makerCommission"], 10);
}

#[test]
fn response_types_are_as_documented() {
    let mut world = quiet();
    let ack = ["symbol", "orderId", "orderListId", "clientOrderId", "transactTime"];
    let order = "symbol=BTCUSDT&side=BUY&quantity=0.001&price=60000";
    let maker = world.place(&format!("{order}&type=LIMIT_MAKER"));
    assert_eq!(field_names(&maker.body), ack);
    let limit = format!("{order}&type=LIMIT&timeInForce=GTC");
    let acked = world.place(&format!("{limit}&newOrderRespType=ACK"));
    assert_eq!(field_names(&acked.body), ack);
    let result = world.place(&format!("{limit}&newOrderRespType=RESULT"));
    assert_eq!(result.body.get("fills"), None);
    assert_eq!(result.body["status"], "NEW");
    let bad = world.place(&format!("{limit}&newOrderRespType=ALL"));
    assert_eq!(bad.error().1, -1130);
}

#[test]
fn an_immediate_order_that_finds_nothing_expires_with_its_reason() {
    let mut world = quiet();
    let ioc = world
        .place("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=IOC&quantity=0.001&price=60000");
    assert_eq!(ioc.status, 200);
    assert_eq!(ioc.body["status"], "EXPIRED");
    assert_eq!(ioc.body["expiryReason"], "UNFILLED_IOC_QUANTITY_EXPIRED");
}

#[test]
fn a_bad_order_is_told_what_is_wrong() {
    let base = "symbol=BTCUSDT&side=BUY";
    let limit = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC";
    let cases = [
        ("side=BUY&type=MARKET&quantity=1".to_owned(), -1102),
        ("symbol=NOPEUSDT&side=BUY&type=MARKET&quantity=1".to_owned(), -1121),
        ("symbol=btcusdt&side=BUY&type=MARKET&quantity=1".to_owned(), -1100),
        ("symbol=BTCUSDT&side=HOLD&type=MARKET&quantity=1".to_owned(), -1117),
        (format!("{base}&type=SOMEDAY&quantity=1"), -1116),
        (format!("{base}&type=STOP_LOSS&quantity=1&stopPrice=60000"), -2010),
        (format!("{base}&type=LIMIT&timeInForce=GTX&quantity=1&price=1"), -1115),
        (format!("{base}&type=LIMIT&quantity=1&price=1"), -1102),
        (format!("{base}&type=LIMIT_MAKER&timeInForce=GTC&quantity=1&price=1"), -1114),
        (format!("{base}&type=MARKET&quantity=1&price=1"), -1106),
        (format!("{base}&type=MARKET"), -1102),
        (format!("{limit}&quantity=1e-3&price=60000"), -1100),
        (format!("{limit}&quantity=0.000000001&price=60000"), -1111),
        (format!("{limit}&quantity=0&price=60000"), -1013),
        (format!("{limit}&quantity=0.001&price="), -1105),
        (format!("{limit}&quantity=0.001&price=60000&stopPrice=1"), -1106),
        (format!("{limit}&quantity=0.001&price=60000&newClientOrderId=a.b"), -1100),
        (format!("{limit}&quantity=0.001&price=60000&strategyType=9"), -1134),
        (format!("{limit}&quantity=0.001&price=60000&color=red"), -1104),
        (format!("{limit}&quantity=0.001&price=60000&side=BUY"), -1101),
        (format!("{limit}&quantity=0.001&price=60000.001"), -1013),
        (format!("{limit}&quantity=50&price=60000"), -2010),
        (format!("{base}&type=LIMIT_MAKER&quantity=0.001&price=90000"), -2010),
    ];
    let mut world = quiet();
    for (params, code) in cases {
        let reply = world.place(&params);
        assert_eq!((reply.status, reply.body["code"].as_i64()), (400, Some(code)), "{params}");
    }
    let filter = world.place(&format!("{limit}&quantity=0.001&price=60000.001"));
    assert_eq!(filter.error().2, "Filter failure: PRICE_FILTER");
    assert_eq!(world.binance.ledger().accounts[0].orders_accepted, 0);
}

#[test]
fn an_order_with_an_unread_parameter_is_not_placed() {
    let mut world = quiet();
    let reply = world.place("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001&reduceOnly=true");
    assert_eq!(
        reply.error(),
        (400, -1104, "Not all sent parameters were read; read '6' parameter(s) but was sent '7'.")
    );
    assert_eq!(world.binance.ledger().accounts[0].orders_accepted, 0);
}

#[test]
fn body_and_query_are_signed_with_nothing_between() {
    let mut world = quiet();
    let stamp = world.now.as_millis();
    let query = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC";
    let body = format!("quantity=0.001&price=60000&timestamp={stamp}");
    let signature = hmac(&format!("{query}{body}"));
    let request = Request::builder()
        .method("POST")
        .uri(format!("/api/v3/order?{query}"))
        .header("x-mbx-apikey", fake::API_KEY)
        .body(bytes::Bytes::from(format!("{body}&signature={signature}")))
        .unwrap();
    assert_eq!(world.submit(&request).status, 200);
}

#[test]
fn an_ed25519_signature_is_percent_encoded_in_the_query() {
    let mut world = quiet();
    let payload = format!("timestamp={}", world.now.as_millis());
    let encoded = percent_encoding::utf8_percent_encode(
        &ed25519(&payload),
        percent_encoding::NON_ALPHANUMERIC,
    )
    .to_string();
    let request = Request::builder()
        .uri(format!("/api/v3/account?{payload}&signature={encoded}"))
        .header("x-mbx-apikey", fake::ED25519_API_KEY)
        .body(bytes::Bytes::new())
        .unwrap();
    assert_eq!(world.submit(&request).status, 200);
}

#[test]
fn the_clock_of_a_request_is_judged_by_its_window() {
    let mut world = quiet();
    let ahead = world.now.as_millis() + 1_000;
    let payload = format!("timestamp={ahead}");
    let target = format!("/api/v3/account?{payload}&signature={}", hmac(&payload));
    assert_eq!(
        world.send("GET", &target).error(),
        (400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    );
    world.wait(6_001);
    assert_eq!(
        world.send("GET", &target).error(),
        (400, -1021, "Timestamp for this request is outside of the recvWindow.")
    );
}

#[test]
fn microseconds_are_told_when_asked_for() {
    let mut world = quiet();
    let request = Request::builder()
        .uri("/api/v3/time")
        .header("X-MBX-TIME-UNIT", "MICROSECOND")
        .body(bytes::Bytes::new())
        .unwrap();
    assert_eq!(world.submit(&request).body["serverTime"], world.now.as_micros());
}

#[test]
fn paths_that_are_not_there_say_so() {
    let mut world = quiet();
    assert_eq!(world.send("GET", "/api/v3/nothing").status, 404);
    assert_eq!(world.send("POST", "/api/v3/userDataStream").status, 410);
    let request = Request::builder()
        .uri("/api/v9/x")
        .header("accept", "text/html,application/json")
        .body(bytes::Bytes::new())
        .unwrap();
    let reply = world.submit(&request);
    assert_eq!(reply.status, 404);
    assert_eq!(reply.header("content-type"), Some("text/html; charset=UTF-8"));
}

#[test]
fn over_the_weight_comes_429_and_whoever_goes_on_is_banned() {
    let mut world = world(|config| config.front.limits.weight_per_minute = 50);
    world.wait(30_000);
    for _ in 0..2 {
        assert_eq!(world.send("GET", "/api/v3/trades?symbol=BTCUSDT").status, 200);
    }
    let limited = world.send("GET", "/api/v3/ping");
    assert_eq!(
        limited.error(),
        (
            429,
            -1003,
            "Too much request weight used; current limit is 50 request weight per 1 MINUTE. \
             Please use WebSocket Streams for live updates to avoid polling the API."
        )
    );
    assert_eq!(limited.header("retry-after"), Some("30"));
    for _ in 0..10 {
        assert_eq!(world.send("GET", "/api/v3/ping").status, 429);
    }
    let banned = world.send("GET", "/api/v3/ping");
    let until = world.now.as_millis() + 120_000;
    let text = format!(
        "Way too much request weight used; IP banned until {until}. Please use WebSocket Streams \
         for live updates to avoid bans."
    );
    assert_eq!(banned.error(), (418, -1003, text.as_str()));
    assert_eq!(banned.header("retry-after"), Some("120"));
    world.wait(60_000);
    assert_eq!(world.send("GET", "/api/v3/ping").status, 418, "the minute is over, the ban is not");
    world.wait(60_000);
    assert_eq!(world.send("GET", "/api/v3/ping").status, 200);
    let ledger = world.binance.ledger();
    assert_eq!((ledger.rate_limited, ledger.banned, ledger.bans), (11, 2, 1));
    assert_eq!(ledger.after_first_429().len(), 13);
    assert_eq!(ledger.requests["GET /api/v3/ping"], 14);
}

#[test]
fn too_many_orders_are_refused_by_their_window() {
    let mut world = world(|config| config.front.limits.orders_per_ten_seconds = 2);
    world.wait(6_000);
    assert_eq!(world.rest_order("a1").status, 200);
    assert_eq!(world.rest_order("a2").status, 200);
    let refused = world.rest_order("a3");
    assert_eq!(
        refused.error(),
        (429, -1015, "Too many new orders; current limit is 2 orders per 10 SECOND.")
    );
    assert_eq!(refused.header("retry-after"), Some("4"));
    world.wait(4_000);
    assert_eq!(world.rest_order("a3").status, 200);
}

#[test]
fn the_catalogue_holds_every_documented_field() {
    let mut world = quiet();
    let info = world.send("GET", "/api/v3/exchangeInfo?symbol=BTCUSDT");
    assert_eq!(
        field_names(&info.body),
        ["timezone", "serverTime", "rateLimits", "exchangeFilters", "symbols"]
    );
    assert_eq!(
        field_names(&info.body["symbols"][0]),
        [
            "symbol",
            "status",
            "baseAsset",
            "baseAssetPrecision",
            "quoteAsset",
            "quotePrecision",
            "quoteAssetPrecision",
            "baseCommissionPrecision",
            "quoteCommissionPrecision",
            "orderTypes",
            "icebergAllowed",
            "ocoAllowed",
            "otoAllowed",
            "opoAllowed",
            "quoteOrderQtyMarketAllowed",
            "allowTrailingStop",
            "cancelReplaceAllowed",
            "amendAllowed",
            "pegInstructionsAllowed",
            "isSpotTradingAllowed",
            "isMarginTradingAllowed",
            "filters",
            "permissions",
            "permissionSets",
            "defaultSelfTradePreventionMode",
            "allowedSelfTradePreventionModes"
        ]
    );
    let filters = info.body["symbols"][0]["filters"].as_array().unwrap();
    assert_eq!(
        filters[0],
        json!({
            "filterType": "PRICE_FILTER",
            "minPrice": "0.01000000",
            "maxPrice": "1000000.00000000",
            "tickSize": "0.01000000"
        })
    );
    let bare = world.send("GET", "/api/v3/exchangeInfo?showPermissionSets=false");
    assert_eq!(bare.body["symbols"][0]["permissionSets"], json!([]));
    let bad = world.send("GET", "/api/v3/exchangeInfo?symbols=[%22BTCUSDT%22,%22NOPE%22]");
    assert_eq!(bad.error(), (400, -1121, "Invalid symbol."));
    let both = world.send("GET", "/api/v3/exchangeInfo?symbol=BTCUSDT&permissions=SPOT");
    assert_eq!(both.error().1, -1128);
}

#[test]
fn a_query_may_lag_behind_a_placement() {
    let mut world = world(|config| config.front.order_read_lag_max = Duration::from_millis(500));
    let mut unseen = 0;
    for n in 0..8 {
        assert_eq!(world.rest_order(&format!("a{n}")).status, 200);
        let params = format!("symbol=BTCUSDT&origClientOrderId=a{n}");
        let early = world.signed("GET", "/api/v3/order", &params);
        unseen += usize::from(early.body["code"] == -2013);
        world.wait(500);
        assert_eq!(world.signed("GET", "/api/v3/order", &params).status, 200);
    }
    assert!(unseen > 0);
}

#[test]
fn a_request_that_cannot_be_read_costs_its_weight_too() {
    let mut world = quiet();
    let twice = world.send("GET", "/api/v3/account?timestamp=1&timestamp=2");
    assert_eq!(twice.error(), (400, -1101, "Duplicate values for a parameter detected."));
    assert_eq!(twice.header("x-mbx-used-weight"), Some("20"));
    let order = world.send("POST", "/api/v3/order?side=BUY&side=SELL");
    assert_eq!(order.header("x-mbx-used-weight"), Some("21"));
}

#[test]
fn bars_are_of_utc_alone() {
    let mut world = quiet();
    let klines = "/api/v3/klines?symbol=BTCUSDT&interval=1d";
    let day = world.send("GET", &format!("{klines}&limit=2&timeZone=0"));
    assert_eq!(day.status, 200, "{}", day.body);
    assert_eq!(day.body[0].as_array().unwrap().len(), 12);
    assert_eq!(world.send("GET", &format!("{klines}&timeZone=8")).error().1, -1130);
}
