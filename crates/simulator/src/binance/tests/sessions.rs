//! The WebSocket API: answers, log-on, account reports, heartbeats and bans.

use super::*;

const WS: &str = "/ws-api/v3";

fn resting_order(world: &World, client_id: &str) -> Value {
    world.ws_signed(json!({
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.00100000",
        "price": "60000.00",
        "newClientOrderId": client_id,
    }))
}

fn log_on(world: &mut World, id: SessionId) -> Value {
    let mut params = json!({"apiKey": fake::ED25519_API_KEY, "timestamp": world.now.as_millis()});
    params["signature"] = json!(ed25519(&ws_text(&params)));
    world.ask(id, "session.logon", params).0
}

fn subscribe(world: &mut World, id: SessionId) -> Value {
    let params = world.ws_signed(json!({}));
    world.ask(id, "userDataStream.subscribe.signature", params).0
}

#[test]
fn an_answer_carries_status_result_and_limits() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    let (answer, _) = world.ask(id, "v3/time", json!({}));
    assert_eq!(
        answer,
        json!({
            "id": "r1",
            "status": 200,
            "result": {"serverTime": world.now.as_millis()},
            "rateLimits": [{
                "rateLimitType": "REQUEST_WEIGHT",
                "interval": "MINUTE",
                "intervalNum": 1,
                "limit": 6000,
                "count": 3,
            }],
        }),
        "two for the handshake and one for the request",
    );
    let (silent, _) = world.ask(id, "ping", json!({"returnRateLimits": false}));
    assert_eq!(field_names(&silent), ["id", "status", "result"]);
    let quiet_id = world.open(Service::WsApi, "/ws-api/v3?returnRateLimits=false");
    let (silent, _) = world.ask(quiet_id, "ping", json!({}));
    assert_eq!(silent.get("rateLimits"), None);
}

#[test]
fn what_cannot_be_read_is_answered_with_an_error() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    world.binance.receive(world.now, id, Frame::Text("{".into()));
    let answer = world.read(id).remove(0);
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&Value::Null, &json!(-1135)));
    let (unknown, _) = world.ask(id, "order.teleport", json!({}));
    assert_eq!((&unknown["status"], &unknown["error"]["code"]), (&json!(400), &json!(-1020)));
    let (no_key, _) = world.ask(id, "account.status", json!({"timestamp": 1}));
    assert_eq!(no_key["error"]["code"], -1102);
    let mut forged = world.ws_signed(json!({}));
    forged["signature"] = json!("00");
    let (forged, _) = world.ask(id, "account.status", forged);
    assert_eq!(forged["error"]["msg"], "Signature for this request is not valid.");
}

#[test]
fn both_doors_share_one_weight_and_one_dispatcher() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    let (by_socket, _) = world.ask(id, "depth", json!({"symbol": "BTCUSDT", "limit": 5}));
    assert_eq!(by_socket["rateLimits"][0]["count"], 7);
    let by_rest = world.send("GET", "/api/v3/depth?symbol=BTCUSDT&limit=5");
    assert_eq!(by_rest.header("x-mbx-used-weight-1m"), Some("12"));
    assert_eq!(by_rest.body, by_socket["result"]);
    let (info, _) = world.ask(id, "exchangeInfo", json!({"symbols": ["BTCUSDT"]}));
    let kinds: Vec<_> = info["result"]["rateLimits"].as_array().unwrap().iter().collect();
    assert_eq!(kinds.last().unwrap()["rateLimitType"], "CONNECTIONS");
}

#[test]
fn a_placement_reports_order_limits_and_the_account_hears_of_it() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    assert_eq!(subscribe(&mut world, id)["result"], json!({"subscriptionId": 0}));
    let params = resting_order(&world, "a1");
    let (answer, mut events) = world.ask(id, "order.place", params);
    assert_eq!(answer["status"], 200, "{answer}");
    let kinds: Vec<_> = answer["rateLimits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["interval"].as_str().unwrap(), entry["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(kinds, [("SECOND", 1), ("DAY", 1), ("MINUTE", 4)]);
    world.wait(1);
    events.extend(world.read(id));
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(field_names(&events[0]), ["subscriptionId", "event"]);
    let report = &events[0]["event"];
    assert_eq!(
        field_names(report),
        [
            "e", "E", "s", "c", "S", "o", "f", "q", "p", "P", "F", "g", "C", "x", "X", "r", "i",
            "l", "z", "L", "n", "N", "T", "t", "I", "w", "m", "M", "O", "Z", "Y", "Q", "W", "V"
        ]
    );
    assert_eq!(
        (&report["x"], &report["c"], &report["C"]),
        (&json!("NEW"), &json!("a1"), &json!(""))
    );
    assert_eq!((&report["n"], &report["N"], &report["t"]), (&json!("0"), &Value::Null, &json!(-1)));
    let position = &events[1]["event"];
    assert_eq!(field_names(position), ["e", "E", "u", "B"]);
    assert_eq!(position["B"][0], json!({"a": "USDT", "f": "99940.00000000", "l": "60.00000000"}));
}

#[test]
fn a_cancel_report_names_the_cancel_and_the_order() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    let params = resting_order(&world, "a1");
    world.ask(id, "order.place", params);
    subscribe(&mut world, id);
    let params = world.ws_signed(
        json!({"symbol": "BTCUSDT", "origClientOrderId": "a1", "newClientOrderId": "c1"}),
    );
    let (answer, mut events) = world.ask(id, "order.cancel", params);
    assert_eq!(answer["result"]["clientOrderId"], "c1");
    world.wait(1);
    events.extend(world.read(id));
    let reports: Vec<_> =
        events.iter().filter(|event| event["event"]["e"] == "executionReport").collect();
    let report = &reports.last().unwrap()["event"];
    assert_eq!(
        (&report["x"], &report["c"], &report["C"], &report["w"]),
        (&json!("CANCELED"), &json!("c1"), &json!("a1"), &json!(false))
    );
    assert_eq!(report.get("W"), None);
}

#[test]
fn reports_leave_before_or_after_the_answer_by_seed() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    subscribe(&mut world, id);
    let mut before = 0;
    for n in 0..32 {
        let params = resting_order(&world, &format!("a{n}"));
        world.tell(id, &json!({"id": n, "method": "order.place", "params": params}));
        let frames = world.read(id);
        before += usize::from(frames[0].get("event").is_some());
        world.wait(1);
        world.read(id);
    }
    assert!((4..=28).contains(&before), "{before} of 32 reports came first");
}

#[test]
fn reports_of_an_account_keep_their_order_under_delay() {
    let mut world = world(|config| config.front.report_delay_max = Duration::from_millis(50));
    let id = world.open(Service::WsApi, WS);
    subscribe(&mut world, id);
    let mut executions = Vec::new();
    for n in 0..40 {
        let params = resting_order(&world, &format!("a{n}"));
        world.tell(id, &json!({"id": n, "method": "order.place", "params": params}));
        world.wait(3);
    }
    world.wait(1_000);
    for frame in world.read(id) {
        executions.extend(frame["event"]["I"].as_u64());
    }
    assert_eq!(executions.len(), 40);
    assert!(executions.is_sorted());
}

#[test]
fn a_logged_on_session_signs_no_more() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    let status = log_on(&mut world, id);
    let since = world.now.as_millis();
    assert_eq!(
        status["result"],
        json!({
            "apiKey": fake::ED25519_API_KEY,
            "authorizedSince": since,
            "connectedSince": since,
            "returnRateLimits": true,
            "serverTime": since,
            "userDataStream": false,
        })
    );
    let (account, _) = world.ask(id, "account.status", json!({"timestamp": since}));
    assert_eq!(account["status"], 200);
    let (stampless, _) = world.ask(id, "account.status", json!({}));
    assert_eq!(stampless["error"]["code"], -1102, "the timestamp is still required");
    let (subscribed, _) = world.ask(id, "userDataStream.subscribe", json!({}));
    assert_eq!(subscribed["result"], json!({"subscriptionId": 0}));
    let (twice, _) = world.ask(id, "userDataStream.subscribe", json!({}));
    assert_eq!(twice["error"]["code"], -2035);
    let (list, _) = world.ask(id, "session.subscriptions", json!({}));
    assert_eq!(list["result"], json!([{"subscriptionId": 0}]));
    let (out, events) = world.ask(id, "session.logout", json!({}));
    assert_eq!(out["result"]["apiKey"], Value::Null);
    assert_eq!(events[0]["event"]["e"], "eventStreamTerminated");
    let (refused, _) = world.ask(id, "account.status", json!({"timestamp": since}));
    assert_eq!(refused["status"], 400);
}

#[test]
fn only_ed25519_keys_log_on() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    let params = world.ws_signed(json!({}));
    let (answer, _) = world.ask(id, "session.logon", params);
    assert_eq!(answer["error"]["code"], -4056);
    let (answer, _) = world.ask(id, "userDataStream.subscribe", json!({}));
    assert_eq!((&answer["status"], &answer["error"]["code"]), (&json!(401), &json!(-1002)));
}

#[test]
fn a_subscription_ends_by_its_number_and_numbers_are_not_reused() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    subscribe(&mut world, id);
    let (wrong, _) = world.ask(id, "userDataStream.unsubscribe", json!({"subscriptionId": 9}));
    assert_eq!(wrong["error"]["code"], -2036);
    let (right, events) = world.ask(id, "userDataStream.unsubscribe", json!({"subscriptionId": 0}));
    assert_eq!((&right["result"], &events[0]["subscriptionId"]), (&json!({}), &json!(0)));
    assert_eq!(subscribe(&mut world, id)["result"]["subscriptionId"], 1);
}

#[test]
fn a_limit_answers_with_an_absolute_time_and_a_ban_closes_the_socket() {
    let mut world = world(|config| {
        config.front.limits.weight_per_minute = 10;
        config.front.limits.tolerated_after_first_429 = 1;
    });
    let id = world.open(Service::WsApi, WS);
    let stream = world.open(Service::Streams, "/ws/btcusdt@trade");
    world.ask(id, "depth", json!({"symbol": "BTCUSDT"}));
    let (limited, _) = world.ask(id, "depth", json!({"symbol": "BTCUSDT"}));
    assert_eq!(limited["status"], 429);
    let now = world.now.as_millis();
    assert_eq!(limited["error"]["data"], json!({"serverTime": now, "retryAfter": now + 60_000}));
    world.ask(id, "ping", json!({}));
    world.tell(id, &json!({"id": 1, "method": "ping"}));
    let frames = world.frames(id);
    let Some(Frame::Text(text)) = frames.first() else { panic!("{frames:?}") };
    let banned: Value = serde_json::from_str(text).unwrap();
    assert_eq!((&banned["status"], &banned["error"]["code"]), (&json!(418), &json!(-1003)));
    assert_eq!(banned["error"]["data"]["retryAfter"], now + 120_000);
    assert!(matches!(frames.last(), Some(Frame::Close { .. })), "{frames:?}");
    let refused = world.binance.open(world.now, PEER, Service::WsApi, WS).unwrap_err();
    assert_eq!(refused.status(), 418);
    assert_eq!(refused.headers()["retry-after"], "120");
    assert_eq!(world.frames(stream), [], "market streams stay");
}

#[test]
fn silent_sockets_are_closed_and_answering_ones_are_not() {
    let mut world = quiet();
    let silent = world.open(Service::WsApi, WS);
    let alive = world.open(Service::Streams, "/ws");
    for _ in 0..5 {
        world.wait(20_000);
        let mut frames = Vec::new();
        while let Some(frame) = world.binance.poll_frame() {
            frames.push(frame);
        }
        for (id, frame) in frames {
            match frame {
                Frame::Ping(payload) if id == alive => {
                    world.binance.receive(world.now, alive, Frame::Pong(payload));
                }
                Frame::Close { reason, .. } => {
                    assert_eq!((id, reason.as_str()), (silent, "Pong timeout"));
                }
                Frame::Ping(_) | Frame::Pong(_) | Frame::Text(_) => {}
            }
        }
    }
    assert_eq!(world.binance.ledger().connections_open, 1);
}

#[test]
fn a_connection_ends_after_a_day() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    world.wait(86_400_000);
    assert!(matches!(world.frames(id).last(), Some(Frame::Close { code: 1001, .. })));
}

#[test]
fn handshakes_are_limited_and_paths_are_judged() {
    let mut world = world(|config| config.front.limits.connections_per_five_minutes = 2);
    world.open(Service::WsApi, WS);
    let lost = world.binance.open(world.now, PEER, Service::WsApi, "/nowhere").unwrap_err();
    assert_eq!(lost.status(), 404);
    let refused = world.binance.open(world.now, PEER, Service::WsApi, WS).unwrap_err();
    assert_eq!(refused.status(), 429);
    let ledger = world.binance.ledger();
    assert_eq!((ledger.connections_accepted, ledger.connections_refused), (1, 2));
}

#[test]
fn a_client_that_does_not_read_is_closed() {
    let mut world = world(|config| config.front.session_backlog_max = 3);
    let id = world.open(Service::WsApi, WS);
    for n in 0..5 {
        world.tell(id, &json!({"id": n, "method": "ping"}));
    }
    assert!(matches!(world.frames(id).last(), Some(Frame::Close { code: 1008, .. })));
}

#[test]
fn a_shutdown_is_announced_without_a_subscription() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    let stream = world.open(Service::Streams, "/stream");
    world.binance.announce_shutdown(world.now, Service::WsApi);
    let event = json!({"e": "serverShutdown", "E": world.now.as_millis()});
    assert_eq!(world.read(id), [json!({"event": event})]);
    world.binance.announce_shutdown(world.now, Service::Streams);
    assert_eq!(world.read(stream), [json!({"stream": "!serverShutdown", "data": event})]);
}

#[test]
fn a_revoked_key_ends_the_session_that_logged_on_with_it() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    log_on(&mut world, id);
    assert!(world.binance.revoke(fake::ED25519_API_KEY));
    world.tell(id, &json!({"id": 7, "method": "ping"}));
    let frame = world.read(id).remove(0);
    assert_eq!((&frame["id"], &frame["status"]), (&Value::Null, &json!(401)));
    assert_eq!(frame["error"]["code"], -2015);
    let (ping, _) = world.ask(id, "ping", json!({}));
    assert_eq!(ping["status"], 200);
    assert!(world.binance.revoke(fake::API_KEY));
    let reply = world.rest_order("a1");
    assert_eq!(reply.error().1, -2015);
}
