//! Bad days by a script: what was done, what was told, and what the ledger says of both.

use super::*;

const ORDER: &str = "POST /api/v3/order";
const WS: &str = "/ws-api/v3";

/// A signed order that rests, as bytes.
fn order(world: &World, client_id: &str) -> Request<bytes::Bytes> {
    let payload = format!(
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=60000\
         &newClientOrderId={client_id}&timestamp={}",
        world.now.as_millis()
    );
    let target = format!("/api/v3/order?{payload}&signature={}", hmac(&payload));
    let request = Request::builder().method("POST").uri(target);
    request.header("X-MBX-APIKEY", fake::API_KEY).body(bytes::Bytes::new()).unwrap()
}

fn placed(world: &World) -> usize {
    world.binance.ledger().accounts[0].orders_accepted
}

fn struck(fault: Fault) -> (World, Delivery<http::Response<bytes::Bytes>>) {
    let mut world = quiet();
    world.binance.add_fault(Rule::once(Pattern::what(ORDER), fault));
    let request = order(&world, "a1");
    let delivery = world.binance.ask(world.now, PEER, &request);
    (world, delivery)
}

fn status(delivery: &Delivery<http::Response<bytes::Bytes>>) -> u16 {
    let Delivery::Answer { answer, .. } = delivery else { panic!("no answer: {delivery:?}") };
    answer.status().as_u16()
}

/// Whether nothing comes back; otherwise the connection has to have been reset.
fn is_silent<T: std::fmt::Debug>(delivery: &Delivery<T>) -> bool {
    assert!(matches!(delivery, Delivery::Silence | Delivery::Reset), "{delivery:?}");
    matches!(delivery, Delivery::Silence)
}

#[test]
fn what_is_lost_on_the_way_in_never_happened() {
    for fault in [Fault::RequestLost, Fault::RequestReset] {
        let (world, delivery) = struck(fault.clone());
        assert_eq!(is_silent(&delivery), fault == Fault::RequestLost);
        assert_eq!((placed(&world), world.binance.arrivals().count()), (0, 0));
    }
}

#[test]
fn what_is_lost_on_the_way_out_was_done() {
    for fault in [Fault::AnswerLost, Fault::AnswerReset] {
        let (world, delivery) = struck(fault.clone());
        assert_eq!(is_silent(&delivery), fault == Fault::AnswerLost);
        assert_eq!((placed(&world), world.binance.requests(ORDER)), (1, 1));
    }
}

#[test]
fn an_answer_of_something_else_may_hide_either_truth() {
    for (is_done, canned) in [
        (false, Canned::timed_out()),
        (true, Canned::timed_out()),
        (true, Canned::page(502, "502 Bad Gateway")),
        (false, Canned::overloaded()),
        (true, Canned::empty()),
    ] {
        let told = canned.status;
        let fault = if is_done { Fault::Misreported(canned) } else { Fault::Answered(canned) };
        let (world, delivery) = struck(fault);
        assert_eq!(status(&delivery), told);
        assert_eq!(placed(&world), usize::from(is_done));
    }
    let (_, delivery) = struck(Fault::Answered(Canned::rate_limited(35)));
    let Delivery::Answer { answer, .. } = delivery else { panic!("no answer") };
    assert_eq!(answer.headers()["retry-after"], "35");
    assert!(answer.headers().contains_key("x-mbx-used-weight-1m"));
    let (_, delivery) = struck(Fault::Answered(Canned::forbidden()));
    let Delivery::Answer { answer, .. } = delivery else { panic!("no answer") };
    assert_eq!(answer.headers()["content-type"], "text/html");
    assert!(!answer.headers().contains_key("x-mbx-used-weight-1m"), "the edge counts nothing");
}

#[test]
fn a_request_may_wait_in_front_and_an_answer_behind() {
    let late = Duration::from_secs(3);
    let (world, delivery) = struck(Fault::RequestHeld(late));
    assert!(matches!(delivery, Delivery::Held(time) if time == late));
    assert_eq!(placed(&world), 0);
    let (world, delivery) = struck(Fault::AnswerHeld(late));
    assert!(matches!(delivery, Delivery::Answer { after, .. } if after == late));
    assert_eq!(placed(&world), 1);
    let (world, delivery) = struck(Fault::AnswerCut(10));
    let Delivery::Answer { answer, .. } = delivery else { panic!("no answer") };
    assert_eq!((answer.body().len(), placed(&world)), (10, 1));
}

#[test]
fn what_waits_for_longer_than_the_venue_works_on_anything_is_never_done() {
    let (world, delivery) = struck(Fault::RequestHeld(Duration::from_millis(10_001)));
    let Delivery::Answer { answer, after } = delivery else { panic!("no answer") };
    assert_eq!((answer.status().as_u16(), after), (503, Duration::from_secs(10)));
    assert_eq!(placed(&world), 0);
}

#[test]
fn a_handshake_can_be_refused_swallowed_or_held() {
    let mut world = quiet();
    let rules = [Fault::Answered(Canned::forbidden()), Fault::RequestLost, Fault::AnswerReset];
    for fault in rules {
        world.binance.add_fault(Rule::once(Pattern::what("handshake"), fault));
    }
    let mut connect = || world.binance.connect(world.now, PEER, Service::WsApi, WS);
    let Delivery::Answer { answer: Err(refusal), .. } = connect() else { panic!("not refused") };
    assert_eq!(refusal.status(), 403);
    assert!(is_silent(&connect()));
    assert!(!is_silent(&connect()));
    assert!(matches!(connect(), Delivery::Answer { answer: Ok(_), .. }));
    let ledger = world.binance.ledger();
    assert_eq!((ledger.connections_refused, ledger.connections_open), (1, 1));
    assert_eq!(ledger.connections_accepted, 2, "one that nobody ever spoke on");
}

#[test]
fn requests_on_a_socket_know_the_same_faults() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    let faults = [
        Fault::RequestLost,
        Fault::AnswerLost,
        Fault::Answered(Canned::rate_limited(35)),
        Fault::AnswerHeld(Duration::from_secs(2)),
        Fault::RequestHeld(Duration::from_secs(2)),
        Fault::AnswerRepeated(1),
        Fault::AnswerReset,
    ];
    for fault in faults {
        world.binance.add_fault(Rule::once(Pattern::what("time"), fault));
    }
    let ask = |world: &mut World| world.tell(id, &json!({"id": 1, "method": "time"}));
    for _ in 0..2 {
        ask(&mut world);
        assert_eq!(world.read(id), Vec::<Value>::new());
    }
    assert_eq!(world.binance.requests("time"), 1, "one of the two arrived");
    ask(&mut world);
    assert_eq!(world.read(id)[0]["error"]["code"], -1003);
    for arrived in [3, 3] {
        ask(&mut world);
        assert_eq!(world.binance.requests("time"), arrived);
        assert_eq!(world.read(id), Vec::<Value>::new());
        world.wait(1_999);
        assert_eq!(world.read(id), Vec::<Value>::new());
        assert_eq!(world.binance.wakeup(), Some(world.now + Duration::from_millis(1)));
        world.wait(1);
        assert_eq!(world.read(id)[0]["status"], 200);
    }
    ask(&mut world);
    assert_eq!(world.read(id).len(), 2);
    ask(&mut world);
    let frames = world.frames(id);
    assert!(matches!(frames[..], [Frame::Close { code: 1006, .. }]), "{frames:?}");
}

#[test]
fn what_the_venue_sends_by_itself_can_be_lost_repeated_or_overtaken() {
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    let params = world.ws_signed(json!({}));
    world.ask(id, "userDataStream.subscribe.signature", params);
    let of = || Pattern::what("push executionReport");
    let rules = [
        Rule::once(of(), Fault::AnswerLost),
        Rule::once(of(), Fault::AnswerRepeated(1)),
        Rule::once(of(), Fault::AnswerHeld(Duration::from_secs(1))),
    ];
    for rule in rules {
        world.binance.add_fault(rule);
    }
    for name in ["a1", "a2", "a3", "a4"] {
        assert_eq!(world.rest_order(name).status, 200);
    }
    // Half of the reports leave a nanosecond after the answer.
    world.wait(1);
    world.wait(1_000);
    let reports = world.read(id).into_iter().filter_map(|frame| {
        let event = &frame["event"];
        (event["e"] == "executionReport").then(|| event["c"].as_str().unwrap().to_owned())
    });
    assert_eq!(reports.collect::<Vec<_>>(), ["a2", "a2", "a4", "a3"]);
}

#[test]
fn those_who_are_turned_away_may_be_told_anything_of_when_to_come_back() {
    let told = |hints: Hints| {
        let mut world = world(|config| config.front.hints = hints);
        let id = world.open(Service::WsApi, WS);
        let until = world.binance.ban(world.now, PEER);
        world.frames(id);
        let reply = world.send("GET", "/api/v3/time");
        let text = reply.body["msg"].as_str().unwrap();
        let text = text.split("banned until ").nth(1).map(|rest| rest[..13].parse().unwrap());
        let text = text.map(|millis: u64| millis as i64 - until.as_millis() as i64);
        (reply.status, reply.header("retry-after").map(str::to_owned), text)
    };
    assert_eq!(told(Hints::default()), (418, Some("120".to_owned()), Some(0)));
    let hints = Hints { header: Hint::Absent, ..Hints::default() };
    assert_eq!(told(hints), (418, None, Some(0)));
    let (header, text) = (Hint::OffMillis(-60_000), Hint::OffMillis(30_000));
    let hints = Hints { header, text, ..Hints::default() };
    assert_eq!(told(hints), (418, Some("60".to_owned()), Some(30_000)));
    let hints = Hints { text: Hint::Absent, ..Hints::default() };
    assert_eq!(told(hints), (418, Some("120".to_owned()), None));
    // On a socket it is a moment and not a time to wait.
    let mut world = quiet();
    let id = world.open(Service::WsApi, WS);
    world.binance.burn_weight(world.now, PEER, 6_000);
    let (answer, _) = world.ask(id, "time", json!({}));
    let minute = world.now.window_start(Duration::from_secs(60)) + Duration::from_secs(60);
    assert_eq!(answer["error"]["data"]["retryAfter"], minute.as_millis());
    world.binance.set_hints(Hints { data: Hint::Absent, ..Hints::default() });
    let (answer, _) = world.ask(id, "time", json!({}));
    assert_eq!(answer["error"].get("data"), None);
}

#[test]
fn a_key_that_opens_nothing_is_shut_out_at_the_edge_when_it_goes_on() {
    let mut world = quiet();
    let knock = |world: &mut World| {
        let target = format!("/api/v3/account?timestamp={}&signature=00", world.now.as_millis());
        world.send("GET", &target)
    };
    for _ in 0..100 {
        assert_eq!(knock(&mut world).error().1, -1022);
    }
    let shut = world.send("GET", "/api/v3/ping");
    assert_eq!((shut.status, shut.header("x-mbx-used-weight")), (403, None));
    assert_eq!(shut.header("content-type"), Some("text/html"));
    assert_eq!(shut.header("retry-after"), None);
    let refused = world.binance.open(world.now, PEER, Service::WsApi, WS).unwrap_err();
    assert_eq!(refused.status(), 403);
    world.wait(300_001);
    assert_eq!(world.send("GET", "/api/v3/ping").status, 200);
    assert_eq!(world.binance.ledger().forbidden, 2);
}

#[test]
fn the_ledger_says_what_each_arrival_cost() {
    let mut world = quiet();
    world.send("GET", "/api/v3/depth?symbol=BTCUSDT&limit=500");
    world.rest_order("a1");
    world.rest_order("a1");
    world.open(Service::WsApi, WS);
    world.binance.burn_weight(world.now, PEER, 77);
    world.send("GET", "/api/v3/ping");
    let weights: Vec<_> = world.binance.arrivals().map(|one| one.weight).collect();
    assert_eq!(weights, [25, 0, 1, 2, 1]);
}
