//! Stops, pairs, replacements and amendments by both doors: bodies, refusals, reports, prices.

use rust_decimal::Decimal;

use super::*;

/// A sell that waits below the market.
const STOP: &str = "symbol=BTCUSDT&side=SELL&type=STOP_LOSS_LIMIT&timeInForce=GTC&quantity=0.1\
                    &price=59000&stopPrice=60000";
const PAIR: &str = "symbol=BTCUSDT&side=SELL&quantity=0.1&aboveType=LIMIT_MAKER&abovePrice=80000\
                    &belowType=STOP_LOSS_LIMIT&belowTimeInForce=GTC&belowPrice=59000\
                    &belowStopPrice=60000";

const REPLACE: &str = "/api/v3/order/cancelReplace";
const AMEND: &str = "/api/v3/order/amend/keepPriority";
const OCO: &str = "/api/v3/orderList/oco";
const LIST: &str = "/api/v3/orderList";

impl World {
    /// A socket that hears of the account from now on: reports that were late are not its.
    fn subscribed(&mut self) -> SessionId {
        self.wait(10);
        let id = self.open(Service::WsApi, "/ws-api/v3");
        let params = self.ws_signed(json!({}));
        self.ask(id, "userDataStream.subscribe.signature", params);
        id
    }

    /// A price of BTCUSDT in an answer, two decimals of it.
    fn price(&mut self, path: &str, field: &str) -> Decimal {
        let answer = self.send("GET", &format!("/api/v3/{path}?symbol=BTCUSDT"));
        let price: Decimal = answer.body[field].as_str().unwrap().parse().unwrap();
        price.round_dp(2)
    }

    /// The account's events of one kind, the most recent ones.
    fn events(&mut self, id: SessionId, kind: &str) -> Vec<Value> {
        self.wait(10);
        let frames = self.read(id);
        let events =
            frames.into_iter().filter_map(|mut frame| frame.get_mut("event").map(Value::take));
        events.filter(|event| event["e"] == kind).collect()
    }
}

#[test]
fn a_stop_that_waits_says_so_in_every_answer() {
    let mut world = quiet();
    let stream = world.subscribed();
    let placed = world.place(&format!("{STOP}&newClientOrderId=s1&newOrderRespType=RESULT"));
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
            "stopPrice",
            "workingTime",
            "selfTradePreventionMode"
        ]
    );
    assert_eq!((&placed.body["status"], &placed.body["workingTime"]), (&json!("NEW"), &json!(-1)));
    let asked = world.signed("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=s1").body;
    assert_eq!(asked["isWorking"], false);
    assert_eq!(asked["workingTime"], -1);
    assert_eq!(asked["stopPrice"], "60000.00000000");
    assert_eq!(asked["type"], "STOP_LOSS_LIMIT");
    let report = world.events(stream, "executionReport").remove(0);
    assert_eq!(
        (&report["x"], &report["X"], &report["w"]),
        (&json!("NEW"), &json!("NEW"), &json!(false))
    );
    assert_eq!((&report["P"], &report["o"]), (&json!("60000.00000000"), &json!("STOP_LOSS_LIMIT")));
    assert_eq!((report.get("W"), &report["g"]), (None, &json!(-1)));
    let canceled = world.signed("DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=s1");
    assert_eq!(canceled.body["stopPrice"], "60000.00000000");
    assert_eq!(canceled.body["status"], "CANCELED");
    let acked = world.place(STOP);
    assert_eq!(acked.body.as_object().unwrap().len(), 5, "a receipt unless asked for more");
}

#[test]
fn a_stop_that_is_set_off_is_reported_as_working() {
    let mut world = quiet();
    // Above the last price, and within reach of the next taker.
    let ask = world.price("ticker/bookTicker", "askPrice");
    let last = world.price("ticker/price", "price");
    let stop = last.max(ask) + Decimal::new(1, 2);
    let placed = world.place(&format!(
        "symbol=BTCUSDT&side=BUY&type=STOP_LOSS&quantity=0.001&stopPrice={stop}\
         &newClientOrderId=s1"
    ));
    assert_eq!(placed.status, 200, "{}", placed.body);
    let stream = world.subscribed();
    let swept = world.place("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1");
    assert_eq!(swept.body["status"], "FILLED", "{}", swept.body);
    let reports = world.events(stream, "executionReport");
    let of_stop: Vec<_> = reports.iter().filter(|report| report["c"] == "s1").collect();
    assert_eq!((&of_stop[0]["x"], &of_stop[0]["w"]), (&json!("NEW"), &json!(true)));
    assert!(of_stop[0]["W"].is_u64());
    assert_eq!(of_stop.last().unwrap()["X"], "FILLED");
    let asked = world.signed("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=s1").body;
    assert_eq!((&asked["isWorking"], &asked["status"]), (&json!(true), &json!("FILLED")));
    assert_eq!(asked["type"], "STOP_LOSS");
}

#[test]
fn a_bad_stop_is_told_what_is_wrong() {
    let base = "symbol=BTCUSDT&side=SELL&quantity=0.1";
    let limit = format!("{base}&type=STOP_LOSS_LIMIT&timeInForce=GTC");
    let mut world = quiet();
    for (params, code, text) in [
        (
            format!("{base}&type=STOP_LOSS&stopPrice=90000"),
            -2010,
            "Order would trigger immediately.",
        ),
        (
            format!("{base}&type=TAKE_PROFIT&stopPrice=60000"),
            -2010,
            "Order would trigger immediately.",
        ),
        (
            format!("{base}&type=STOP_LOSS"),
            -1102,
            "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!",
        ),
        (
            format!("{base}&type=STOP_LOSS&trailingDelta=100"),
            -2010,
            "Trailing stop orders are not supported for this symbol.",
        ),
        (
            format!("{base}&type=STOP_LOSS&stopPrice=60000&price=1"),
            -1106,
            "Parameter 'price' sent when not required.",
        ),
        (
            format!("{base}&type=STOP_LOSS&stopPrice=60000&timeInForce=GTC"),
            -1106,
            "Parameter 'timeInForce' sent when not required.",
        ),
        (
            format!("{limit}&stopPrice=60000"),
            -1102,
            "Mandatory parameter 'price' was not sent, was empty/null, or malformed.",
        ),
        (format!("{limit}&price=59000&stopPrice=0"), -1013, "Invalid stop price."),
        (format!("{limit}&price=59000&stopPrice=60000.001"), -1013, "Filter failure: PRICE_FILTER"),
        (
            format!("{limit}&price=59000&stopPrice=60000.000000001"),
            -1111,
            "Parameter 'stopPrice' has too much precision.",
        ),
        (
            "symbol=BTCUSDT&side=SELL&type=STOP_LOSS&quoteOrderQty=10&stopPrice=60000".to_owned(),
            -1106,
            "Parameter 'quoteOrderQty' sent when not required.",
        ),
    ] {
        assert_eq!(world.place(&params).error(), (400, code, text), "{params}");
    }
    for n in 0..5 {
        assert_eq!(world.place(&format!("{STOP}&newClientOrderId=s{n}")).status, 200);
    }
    let full = world.place(STOP);
    assert_eq!(full.error(), (400, -1013, "Filter failure: MAX_NUM_ALGO_ORDERS"));
}

#[test]
fn what_a_symbol_does_not_offer_is_not_in_its_catalogue_and_is_refused() {
    let mut world = world(|config| {
        for symbol in &mut config.exchange.symbols {
            let off = false;
            symbol.features = crate::exchange::Features {
                contingent: off,
                oco: off,
                cancel_replace: off,
                amend: off,
            };
        }
    });
    let info = world.send("GET", "/api/v3/exchangeInfo?symbol=BTCUSDT").body;
    let symbol = &info["symbols"][0];
    assert_eq!(symbol["orderTypes"], json!(["LIMIT", "LIMIT_MAKER", "MARKET"]));
    for flag in ["ocoAllowed", "cancelReplaceAllowed", "amendAllowed"] {
        assert_eq!(symbol[flag], false, "{flag}");
    }
    assert_eq!(world.rest_order("a1").status, 200);
    let stop = world.place(STOP);
    assert_eq!(
        stop.error(),
        (400, -2010, "Stop loss limit orders are not supported for this symbol.")
    );
    let pair = world.signed("POST", OCO, PAIR);
    assert_eq!(pair.error(), (400, -2010, "OCO orders are not supported for this symbol"));
    let replace = replacement("STOP_ON_FAILURE", "a1", "61000");
    let replaced = world.signed("POST", REPLACE, &replace);
    assert_eq!(
        replaced.error(),
        (400, -2010, "Order cancel-replace is not supported for this symbol.")
    );
    let amended = world.signed("PUT", AMEND, "symbol=BTCUSDT&origClientOrderId=a1&newQty=0.0005");
    assert_eq!(amended.error(), (400, -2038, "Order amend is not supported for this symbol."));

    let mut world = quiet();
    let info = world.send("GET", "/api/v3/exchangeInfo?symbol=BTCUSDT").body;
    let symbol = &info["symbols"][0];
    assert_eq!(symbol["orderTypes"].as_array().unwrap().len(), 7);
    for flag in ["ocoAllowed", "cancelReplaceAllowed", "amendAllowed"] {
        assert_eq!(symbol[flag], true, "{flag}");
    }
    let filters = symbol["filters"].as_array().unwrap();
    for filter in [
        json!({"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20}),
        json!({"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": 10}),
    ] {
        assert!(filters.contains(&filter), "{filter}");
    }
}

/// Cancels one order and bids for a thousandth of a coin at another price, only to rest.
fn replacement(mode: &str, cancel: &str, price: &str) -> String {
    format!(
        "symbol=BTCUSDT&side=BUY&type=LIMIT_MAKER&quantity=0.001&price={price}\
         &newClientOrderId=new&newOrderRespType=RESULT&cancelReplaceMode={mode}\
         &cancelOrigClientOrderId={cancel}&cancelNewClientOrderId=the-cancel"
    )
}

#[test]
fn every_result_of_a_replacement_has_its_status_and_its_code() {
    for (mode, cancel, price, status, code, results) in [
        ("STOP_ON_FAILURE", "old", "61000", 200, Value::Null, ["SUCCESS", "SUCCESS"]),
        ("ALLOW_FAILURE", "old", "61000", 200, Value::Null, ["SUCCESS", "SUCCESS"]),
        ("STOP_ON_FAILURE", "none", "61000", 400, json!(-2022), ["FAILURE", "NOT_ATTEMPTED"]),
        ("STOP_ON_FAILURE", "old", "90000", 409, json!(-2021), ["SUCCESS", "FAILURE"]),
        ("ALLOW_FAILURE", "old", "90000", 409, json!(-2021), ["SUCCESS", "FAILURE"]),
        ("ALLOW_FAILURE", "none", "61000", 409, json!(-2021), ["FAILURE", "SUCCESS"]),
        ("ALLOW_FAILURE", "none", "90000", 400, json!(-2022), ["FAILURE", "FAILURE"]),
    ] {
        let mut world = quiet();
        world.rest_order("old");
        let reply = world.signed("POST", REPLACE, &replacement(mode, cancel, price));
        assert_eq!((reply.status, &reply.body["code"]), (status, &code), "{}", reply.body);
        let body = if status == 200 { &reply.body } else { &reply.body["data"] };
        assert_eq!(
            field_names(body),
            ["cancelResult", "newOrderResult", "cancelResponse", "newOrderResponse"]
        );
        assert_eq!([&body["cancelResult"], &body["newOrderResult"]], results, "{mode} {cancel}");
        match results[0] {
            "SUCCESS" => assert_eq!(body["cancelResponse"]["clientOrderId"], "the-cancel"),
            _ => assert_eq!(body["cancelResponse"]["code"], -2011),
        }
        match results[1] {
            "SUCCESS" => assert_eq!(body["newOrderResponse"]["status"], "NEW"),
            "FAILURE" => assert_eq!(body["newOrderResponse"]["code"], -2010),
            _ => assert_eq!(body["newOrderResponse"], Value::Null),
        }
        // Only a success as a whole costs nothing; the order before it was free.
        let weight = if status == 200 { "0" } else { "1" };
        assert_eq!(reply.header("x-mbx-used-weight"), Some(weight), "{mode} {cancel}");
        // One that was not attempted counts as an order all the same, one that failed does not.
        let counts = world.signed("GET", "/api/v3/rateLimit/order", "").body;
        let count = if results[1] == "FAILURE" { 1 } else { 2 };
        assert_eq!(counts[0]["count"], count, "{mode} {cancel} {price}");
    }
}

#[test]
fn over_the_limit_of_orders_a_replacement_does_nothing_or_cancels() {
    let only = "&orderRateLimitExceededMode=CANCEL_ONLY";
    for (mode, cancel, extra, status, code, results) in [
        ("STOP_ON_FAILURE", "old", "", 429, -1015, None),
        ("ALLOW_FAILURE", "old", "", 429, -1015, None),
        ("STOP_ON_FAILURE", "old", only, 429, -2021, Some(["SUCCESS", "FAILURE"])),
        ("STOP_ON_FAILURE", "none", only, 429, -2022, Some(["FAILURE", "NOT_ATTEMPTED"])),
        ("ALLOW_FAILURE", "old", only, 409, -2021, Some(["SUCCESS", "FAILURE"])),
        ("ALLOW_FAILURE", "none", only, 400, -2022, Some(["FAILURE", "FAILURE"])),
    ] {
        let mut world = world(|config| config.front.limits.orders_per_ten_seconds = 1);
        world.rest_order("old");
        let params = format!("{}{extra}", replacement(mode, cancel, "61000"));
        let reply = world.signed("POST", REPLACE, &params);
        assert_eq!((reply.status, &reply.body["code"]), (status, &json!(code)), "{}", reply.body);
        assert_eq!(reply.header("retry-after").is_some(), status == 429);
        let data = &reply.body["data"];
        match results {
            None => assert_eq!(reply.body.get("data"), None),
            Some(results) => {
                assert_eq!([&data["cancelResult"], &data["newOrderResult"]], results);
            }
        }
        if results.is_some_and(|results| results[1] == "FAILURE") {
            assert_eq!(data["newOrderResponse"]["code"], -1015);
        }
        let open = world.signed("GET", "/api/v3/openOrders", "symbol=BTCUSDT").body;
        let is_canceled = results.is_some_and(|results| results[0] == "SUCCESS");
        assert_eq!(open.as_array().unwrap().is_empty(), is_canceled, "{mode} {cancel} {extra}");
    }
}

#[test]
fn a_replacement_that_makes_no_sense_is_refused_before_anything_is_canceled() {
    let mut world = quiet();
    world.rest_order("old");
    let good = replacement("STOP_ON_FAILURE", "old", "61000");
    for (params, code) in [
        (good.replace("STOP_ON_FAILURE", "SOMETIMES"), -1130),
        (good.replace("&cancelReplaceMode=STOP_ON_FAILURE", ""), -1102),
        (good.replace("&cancelOrigClientOrderId=old", ""), -1102),
        (format!("{good}&orderRateLimitExceededMode=PANIC"), -1130),
        (format!("{good}&cancelRestrictions=NONE"), -1145),
        (good.replace("61000", "61000.001"), -1013),
        (format!("{good}&color=red"), -1104),
    ] {
        let reply = world.signed("POST", REPLACE, &params);
        assert_eq!((reply.status, &reply.body["code"]), (400, &json!(code)), "{params}");
        assert_eq!(reply.body.get("data"), None);
    }
    let restricted = format!("{good}&cancelRestrictions=ONLY_PARTIALLY_FILLED");
    let reply = world.signed("POST", REPLACE, &restricted);
    assert_eq!(
        reply.body["data"]["cancelResponse"]["msg"],
        "Order was not canceled due to cancel restrictions."
    );
    assert_eq!(world.binance.ledger().accounts[0].open_orders.len(), 1);
}

#[test]
fn the_stream_tells_of_the_order_that_was_not_taken_after_the_cancel() {
    let mut world = quiet();
    world.rest_order("old");
    let stream = world.subscribed();
    world.signed("POST", REPLACE, &replacement("STOP_ON_FAILURE", "old", "90000"));
    let reports = world.events(stream, "executionReport");
    let told: Vec<_> = reports.iter().map(|it| (&it["x"], &it["r"], &it["c"])).collect();
    assert_eq!(
        told,
        [
            (&json!("CANCELED"), &json!("NONE"), &json!("the-cancel")),
            (&json!("REJECTED"), &json!("WOULD_MATCH_IMMEDIATELY"), &json!("new")),
        ]
    );
}

#[test]
fn a_replacement_over_the_socket_carries_both_results_in_its_error() {
    let mut world = quiet();
    world.rest_order("old");
    let id = world.open(Service::WsApi, "/ws-api/v3");
    let params = world.ws_signed(json!({
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.001",
        "price": "90000", "cancelReplaceMode": "STOP_ON_FAILURE",
        "cancelOrigClientOrderId": "old",
    }));
    let (answer, _) = world.ask(id, "order.cancelReplace", params);
    assert_eq!((&answer["status"], &answer["error"]["code"]), (&json!(409), &json!(-2021)));
    assert_eq!(answer["error"]["data"]["cancelResult"], "SUCCESS");
    assert_eq!(answer["error"]["data"]["newOrderResponse"]["code"], -2010);
}

#[test]
fn an_amended_order_answers_with_its_own_field_names() {
    let mut world = quiet();
    world.rest_order("a1");
    let stream = world.subscribed();
    let params = "symbol=BTCUSDT&origClientOrderId=a1&newClientOrderId=a1&newQty=0.0005";
    let amended = world.signed("PUT", AMEND, params);
    assert_eq!(field_names(&amended.body), ["transactTime", "executionId", "amendedOrder"]);
    assert_eq!(
        field_names(&amended.body["amendedOrder"]),
        [
            "symbol",
            "orderId",
            "orderListId",
            "origClientOrderId",
            "clientOrderId",
            "price",
            "qty",
            "executedQty",
            "preventedQty",
            "quoteOrderQty",
            "cumulativeQuoteQty",
            "status",
            "timeInForce",
            "type",
            "side",
            "workingTime",
            "selfTradePreventionMode"
        ]
    );
    assert_eq!(amended.body["amendedOrder"]["qty"], "0.00050000");
    // Two for the socket, two for the subscription, four for this: it is not given back.
    assert_eq!(amended.header("x-mbx-used-weight"), Some("8"));
    let report = world.events(stream, "executionReport").remove(0);
    assert_eq!((&report["x"], &report["X"]), (&json!("REPLACED"), &json!("NEW")));
    assert_eq!((&report["c"], &report["C"]), (&json!("a1"), &json!("a1")));
    assert_eq!(report["q"], "0.00050000");
    assert_eq!(report["I"], amended.body["executionId"]);
}

#[test]
fn a_bad_amendment_is_told_what_is_wrong() {
    let mut world = quiet();
    world.rest_order("a1");
    for (params, code, text) in [
        (
            "origClientOrderId=a1&newQty=0.002",
            -2038,
            "Order amend (quantity increase) is not supported.",
        ),
        (
            "origClientOrderId=a1&newQty=0.001",
            -2038,
            "The requested action would change no state; rejecting.",
        ),
        ("origClientOrderId=zz&newQty=0.0005", -2038, "Unknown order sent."),
        ("origClientOrderId=a1&newQty=0.000005", -1013, "Filter failure: LOT_SIZE"),
        ("origClientOrderId=a1&newQty=0", -1013, "Invalid quantity."),
        (
            "newQty=0.0005",
            -1102,
            "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
        ),
        (
            "origClientOrderId=a1",
            -1102,
            "Mandatory parameter 'newQty' was not sent, was empty/null, or malformed.",
        ),
    ] {
        let reply = world.signed("PUT", AMEND, &format!("symbol=BTCUSDT&{params}"));
        assert_eq!(reply.error(), (400, code, text), "{params}");
    }
    for n in 0..10_u32 {
        let qty = Decimal::new(90 - i64::from(n), 5);
        let params =
            format!("symbol=BTCUSDT&origClientOrderId=a1&newClientOrderId=a1&newQty={qty}");
        assert_eq!(world.signed("PUT", AMEND, &params).status, 200);
    }
    let params = "symbol=BTCUSDT&origClientOrderId=a1&newClientOrderId=a1&newQty=0.0005";
    let worn_out = world.signed("PUT", AMEND, params);
    assert_eq!(worn_out.error(), (400, -2038, "Filter failure: MAX_NUM_ORDER_AMENDS"));
}

#[test]
fn a_pair_lives_through_placement_query_and_cancel() {
    let mut world = quiet();
    let stream = world.subscribed();
    let ids = "&listClientOrderId=l1&aboveClientOrderId=up&belowClientOrderId=down";
    let placed = world.signed("POST", OCO, &format!("{PAIR}{ids}&newOrderRespType=RESULT"));
    assert_eq!(placed.status, 200, "{}", placed.body);
    assert_eq!(
        field_names(&placed.body),
        [
            "orderListId",
            "contingencyType",
            "listStatusType",
            "listOrderStatus",
            "listClientOrderId",
            "transactionTime",
            "symbol",
            "orders",
            "orderReports"
        ]
    );
    assert_eq!(placed.header("x-mbx-order-count-10s"), Some("2"), "a pair is two orders");
    let list_id = placed.body["orderListId"].clone();
    let reports = placed.body["orderReports"].as_array().unwrap();
    let told: Vec<_> = reports.iter().map(|it| (&it["clientOrderId"], &it["type"])).collect();
    assert_eq!(
        told,
        [(&json!("down"), &json!("STOP_LOSS_LIMIT")), (&json!("up"), &json!("LIMIT_MAKER"))]
    );
    assert!(reports.iter().all(|report| report["orderListId"] == list_id));
    assert_eq!(reports[0]["workingTime"], -1);

    let events = world.events(stream, "listStatus");
    assert_eq!(events.len(), 1);
    assert_eq!(field_names(&events[0]), ["e", "E", "s", "g", "c", "l", "L", "r", "C", "T", "O"]);
    assert_eq!((&events[0]["l"], &events[0]["L"]), (&json!("EXEC_STARTED"), &json!("EXECUTING")));
    assert_eq!(events[0]["O"][1]["c"], "up");

    let asked = world.signed("GET", LIST, "origClientOrderId=l1");
    assert_eq!(asked.body["orderListId"], list_id);
    assert_eq!(asked.body["listOrderStatus"], "EXECUTING");
    assert_eq!(asked.body.get("orderReports"), None);
    let open = world.signed("GET", "/api/v3/openOrderList", "");
    assert_eq!(open.body, json!([asked.body]));
    let order = world.signed("GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=up");
    assert_eq!(order.body["orderListId"], list_id);

    let canceled = world.signed("DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=up");
    assert_eq!(canceled.body["listOrderStatus"], "ALL_DONE");
    assert_eq!(canceled.body["orderReports"].as_array().unwrap().len(), 2);
    let events = world.events(stream, "listStatus");
    assert_eq!((&events[0]["l"], &events[0]["L"]), (&json!("ALL_DONE"), &json!("ALL_DONE")));
    assert_eq!(world.signed("GET", "/api/v3/openOrderList", "").body, json!([]));
}

#[test]
fn a_list_is_canceled_by_its_own_name_once() {
    let mut world = quiet();
    world.signed("POST", OCO, &format!("{PAIR}&listClientOrderId=l1"));
    let params = "symbol=BTCUSDT&listClientOrderId=l1&newClientOrderId=gone";
    let canceled = world.signed("DELETE", LIST, params);
    assert_eq!(canceled.body["listStatusType"], "ALL_DONE");
    assert_eq!(canceled.body["orderReports"][0]["clientOrderId"], "gone");
    assert_eq!(canceled.header("x-mbx-used-weight"), Some("0"));
    let again = world.signed("DELETE", LIST, params);
    assert_eq!(again.error(), (400, -2011, "Unknown order list sent."));
    let missing = world.signed("GET", LIST, "origClientOrderId=l2");
    assert_eq!(missing.error(), (400, -2018, "Order list does not exist."));
    assert_eq!(world.signed("GET", LIST, "").error().1, -1102);
}

#[test]
fn canceling_all_tells_of_orders_and_of_lists() {
    let mut world = quiet();
    world.rest_order("a1");
    world.signed("POST", OCO, PAIR);
    world.place(STOP);
    let canceled = world.signed("DELETE", "/api/v3/openOrders", "symbol=BTCUSDT");
    let rows = canceled.body.as_array().unwrap();
    let lists: Vec<_> = rows.iter().map(|row| row.get("orderReports").is_some()).collect();
    assert_eq!(lists, [false, true, false]);
}

#[test]
fn a_bad_pair_is_told_what_is_wrong() {
    let mut world = quiet();
    let leg = |from: &str, to: &str| PAIR.replace(from, to);
    let buy = "symbol=BTCUSDT&side=BUY&quantity=0.1";
    let stop_above = "aboveType=STOP_LOSS&aboveStopPrice=80000";
    let maker_below = "belowType=LIMIT_MAKER&belowPrice=60000";
    let profit_below = "belowType=TAKE_PROFIT&belowStopPrice=60000";
    for (params, code) in [
        (leg("abovePrice=80000", "abovePrice=60000"), -2010),
        (leg("belowStopPrice=60000", "belowStopPrice=80000"), -2010),
        (leg("aboveType=LIMIT_MAKER", "aboveType=LIMIT"), -1158),
        (leg("aboveType=LIMIT_MAKER", "aboveType=SOMEDAY"), -1116),
        (leg("aboveType=LIMIT_MAKER&", ""), -1102),
        (leg("&belowTimeInForce=GTC", ""), -1102),
        (format!("{PAIR}&aboveTimeInForce=GTC"), -1106),
        (format!("{PAIR}&belowTrailingDelta=10"), -2010),
        (format!("{PAIR}&aboveStrategyType=9"), -1134),
        (format!("{PAIR}&abovePegPriceType=PRIMARY_PEG"), -2010),
        (format!("{PAIR}&aboveIcebergQty=0.01"), -2010),
        (format!("{PAIR}&color=red"), -1104),
        (
            "symbol=BTCUSDT&side=SELL&quantity=0.1&aboveType=LIMIT_MAKER&abovePrice=80000\
             &belowType=LIMIT_MAKER&belowPrice=60000"
                .to_owned(),
            -1168,
        ),
        (format!("symbol=BTCUSDT&side=SELL&quantity=0.1&{stop_above}&{maker_below}"), -1197),
        (
            format!(
                "symbol=BTCUSDT&side=SELL&quantity=0.1&aboveType=TAKE_PROFIT\
                 &aboveStopPrice=80000&{maker_below}"
            ),
            -1166,
        ),
        (
            format!(
                "symbol=BTCUSDT&side=SELL&quantity=0.1&aboveType=LIMIT_MAKER&abovePrice=80000\
                 &{profit_below}"
            ),
            -1199,
        ),
        (format!("{buy}&aboveType=LIMIT_MAKER&abovePrice=80000&{profit_below}"), -1165),
        (format!("{buy}&{stop_above}&belowType=STOP_LOSS&belowStopPrice=60000"), -1196),
        (format!("{buy}&aboveType=TAKE_PROFIT&aboveStopPrice=80000&{maker_below}"), -1198),
    ] {
        let reply = world.signed("POST", OCO, &params);
        assert_eq!((reply.status, &reply.body["code"]), (400, &json!(code)), "{params}");
    }
    let prices = world.signed("POST", OCO, &leg("abovePrice=80000", "abovePrice=60000"));
    assert_eq!(prices.error().2, "The relationship of the prices for the orders is not correct.");
    for pair in
        [format!("{buy}&{stop_above}&{maker_below}"), format!("{buy}&{stop_above}&{profit_below}")]
    {
        let placed = world.signed("POST", OCO, &pair);
        assert_eq!(placed.status, 200, "{}", placed.body);
        assert_eq!(placed.body["orderReports"][0].as_object().unwrap().len(), 5, "a receipt");
    }
}

#[test]
fn what_is_asked_about_lists_costs_its_documented_weight() {
    let mut world = quiet();
    world.signed("POST", OCO, &format!("{PAIR}&listClientOrderId=l1"));
    let one = world.signed("GET", LIST, "origClientOrderId=l1");
    assert_eq!(one.header("x-mbx-used-weight"), Some("4"));
    let open = world.signed("GET", "/api/v3/openOrderList", "");
    assert_eq!(open.header("x-mbx-used-weight"), Some("10"));
    let refused = world.signed("POST", OCO, &PAIR.replace("80000", "1"));
    assert_eq!(refused.header("x-mbx-used-weight"), Some("11"), "only failures cost");
    let id = world.open(Service::WsApi, "/ws-api/v3");
    let params = world.ws_signed(json!({"origClientOrderId": "l1"}));
    let (by_socket, _) = world.ask(id, "orderList.status", params);
    assert_eq!(by_socket["result"], one.body);
}
