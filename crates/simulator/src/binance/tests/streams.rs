//! Market streams: control messages, payloads, and the local order book they must allow.

use std::collections::BTreeMap as Map;

use rust_decimal::Decimal;

use super::*;

fn lively() -> World {
    world(|config| config.exchange.symbols = BinanceConfig::default().exchange.symbols)
}

fn control(world: &mut World, id: SessionId, message: &str) -> Value {
    world.binance.receive(world.now, id, Frame::Text(message.into()));
    world.read(id).pop().unwrap()
}

#[test]
fn the_control_protocol_answers_as_documented() {
    let mut world = quiet();
    let id = world.open(Service::Streams, "/ws");
    let cases = [
        (
            r#"{"method":"SUBSCRIBE","params":["btcusdt@trade","nopeusdt@trade"],"id":1}"#,
            json!({"result": null, "id": 1}),
        ),
        (
            r#"{"method":"LIST_SUBSCRIPTIONS","id":"two"}"#,
            json!({"result": ["btcusdt@trade", "nopeusdt@trade"], "id": "two"}),
        ),
        (
            r#"{"method":"UNSUBSCRIBE","params":["btcusdt@trade"],"id":null}"#,
            json!({"result": null, "id": null}),
        ),
        (
            r#"{"method":"GET_PROPERTY","params":["combined"],"id":4}"#,
            json!({"result": false, "id": 4}),
        ),
        (
            r#"{"method":"SET_PROPERTY","params":["combined",true],"id":5}"#,
            json!({"result": null, "id": 5}),
        ),
        (
            r#"{"method":"GET_PROPERTY","params":["combined"],"id":6}"#,
            json!({"result": true, "id": 6}),
        ),
        (
            r#"{"method":"GET_PROPERTY","params":["color"],"id":7}"#,
            json!({"code": 0, "msg": "Unknown property", "id": 7}),
        ),
        (
            r#"{"method":"SET_PROPERTY","params":["combined",1],"id":8}"#,
            json!({"code": 1, "msg": "Invalid value type: expected Boolean", "id": 8}),
        ),
    ];
    for (message, answer) in cases {
        assert_eq!(control(&mut world, id, message), answer, "{message}");
        world.wait(250);
    }
    for (message, code) in [
        (r#"{"method":"SHOUT","id":1}"#, 2),
        (r#"{"id":1}"#, 2),
        (r#"{"method":"SUBSCRIBE","id":1}"#, 2),
        (r#"{"method":"SUBSCRIBE","params":[1],"id":1}"#, 2),
        (r#"{"method":"SUBSCRIBE","params":[],"id":1.5}"#, 2),
        ("{", 3),
    ] {
        assert_eq!(control(&mut world, id, message)["code"], code, "{message}");
        world.wait(250);
    }
}

#[test]
fn the_sixth_message_within_a_second_closes_the_stream() {
    let mut world = quiet();
    let id = world.open(Service::Streams, "/ws");
    let list = r#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#;
    for _ in 0..4 {
        control(&mut world, id, list);
    }
    world.binance.receive(world.now, id, Frame::Pong("".into()));
    world.wait(999);
    world.binance.receive(world.now, id, Frame::Text(list.into()));
    let closed = Frame::Close { code: 1008, reason: "Too many requests".into() };
    assert_eq!(world.frames(id), [closed]);
    assert_eq!(world.binance.ledger().policy_closes, 1);

    let id = world.open(Service::Streams, "/ws");
    for _ in 0..20 {
        control(&mut world, id, list);
        world.wait(200);
    }
}

#[test]
fn too_many_streams_are_refused() {
    let mut world = world(|config| config.front.streams_per_connection = 2);
    let id = world.open(Service::Streams, "/ws/btcusdt@trade");
    let two = r#"{"method":"SUBSCRIBE","params":["ethusdt@trade","dogeusdt@trade"],"id":1}"#;
    let answer = control(&mut world, id, two);
    assert_eq!(answer["error"], json!({"code": 4, "msg": "Too many subscriptions"}));
}

#[test]
fn streams_in_the_path_are_wrapped_only_where_combined() {
    let mut world = quiet();
    let raw = world.open(Service::Streams, "/ws/btcusdt@trade/btcusdt@bookTicker");
    let combined = world.open(Service::Streams, "/stream?streams=btcusdt%40trade");
    world.place("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001");
    let mut frames = Map::new();
    while let Some((id, frame)) = world.binance.poll_frame() {
        let Frame::Text(text) = frame else { continue };
        let value: Value = serde_json::from_str(&text).unwrap();
        frames.entry(id).or_insert_with(Vec::new).push(value);
    }
    let trade = frames[&raw].iter().find(|frame| frame["e"] == "trade").unwrap();
    assert_eq!(field_names(trade), ["e", "E", "s", "t", "p", "q", "T", "m", "M"]);
    let best = frames[&raw].iter().find(|frame| frame.get("e").is_none()).unwrap();
    assert_eq!(field_names(best), ["u", "s", "b", "B", "a", "A"]);
    assert_eq!(frames[&combined], [json!({"stream": "btcusdt@trade", "data": trade})]);
}

#[test]
fn bars_show_every_two_seconds_and_close_once() {
    let mut world = lively();
    let id = world.open(Service::Streams, "/ws/btcusdt@kline_1m");
    let mut bars = Vec::new();
    for _ in 0..1_210 {
        world.wait(100);
        bars.extend(
            world
                .frames(id)
                .into_iter()
                .filter_map(|frame| match frame {
                    Frame::Text(text) => Some(serde_json::from_str::<Value>(&text).unwrap()),
                    Frame::Ping(payload) => {
                        world.binance.receive(world.now, id, Frame::Pong(payload));
                        None
                    }
                    Frame::Pong(_) | Frame::Close { .. } => panic!("{frame:?}"),
                })
                .collect::<Vec<_>>(),
        );
    }
    let closed: Vec<_> = bars.iter().filter(|bar| bar["k"]["x"] == true).collect();
    assert_eq!(closed.len(), 2);
    assert!((40..=70).contains(&bars.len()), "{} bars in two minutes", bars.len());
    assert_eq!(
        field_names(&bars[0]["k"]),
        ["t", "T", "s", "i", "f", "L", "o", "c", "h", "l", "v", "n", "x", "q", "V", "Q", "B"]
    );
}

/// A client's book, kept by the documented procedure.
#[derive(Default)]
struct LocalBook {
    last_id: u64,
    bids: Map<Decimal, Decimal>,
    asks: Map<Decimal, Decimal>,
}

impl LocalBook {
    fn lay(side: &mut Map<Decimal, Decimal>, levels: &Value) {
        for level in levels.as_array().unwrap() {
            let number = |index: usize| level[index].as_str().unwrap().parse::<Decimal>().unwrap();
            if number(1).is_zero() {
                side.remove(&number(0));
            } else {
                side.insert(number(0), number(1));
            }
        }
    }

    fn from_snapshot(snapshot: &Value) -> Self {
        let mut book =
            Self { last_id: snapshot["lastUpdateId"].as_u64().unwrap(), ..Self::default() };
        Self::lay(&mut book.bids, &snapshot["bids"]);
        Self::lay(&mut book.asks, &snapshot["asks"]);
        book
    }

    fn apply(&mut self, event: &Value) {
        let (first, last) = (event["U"].as_u64().unwrap(), event["u"].as_u64().unwrap());
        if last <= self.last_id {
            return;
        }
        assert!(first <= self.last_id + 1, "a gap between {} and {first}", self.last_id);
        Self::lay(&mut self.bids, &event["b"]);
        Self::lay(&mut self.asks, &event["a"]);
        self.last_id = last;
    }
}

#[test]
fn a_local_book_by_the_documented_procedure_never_gaps_and_matches() {
    for stream in ["/ws/btcusdt@depth@100ms", "/ws/btcusdt@depth"] {
        let mut world = lively();
        world.wait(730);
        let id = world.open(Service::Streams, stream);
        world.wait(1_310);
        let mut buffered = world.read(id);
        assert!(!buffered.is_empty());
        let snapshot = world.send("GET", "/api/v3/depth?symbol=BTCUSDT&limit=5000").body;
        let mut book = LocalBook::from_snapshot(&snapshot);
        assert!(book.last_id >= buffered[0]["U"].as_u64().unwrap());
        let mut previous = None;
        for _ in 0..60 {
            for event in buffered.drain(..) {
                let (first, last) = (event["U"].as_u64().unwrap(), event["u"].as_u64().unwrap());
                assert!(previous.is_none_or(|previous| first == previous + 1));
                previous = Some(last);
                book.apply(&event);
            }
            world.wait(170);
            buffered = world.read(id);
        }
        // On the boundary of a second both speeds have told everything.
        world.wait(1_000 - world.now.as_millis() % 1_000);
        for event in buffered.drain(..).chain(world.read(id)) {
            book.apply(&event);
        }
        let truth = world.send("GET", "/api/v3/depth?symbol=BTCUSDT&limit=5000").body;
        let truth = LocalBook::from_snapshot(&truth);
        assert_eq!(book.last_id, truth.last_id, "{stream}");
        assert_eq!((book.bids, book.asks), (truth.bids, truth.asks), "{stream}");
    }
}

#[test]
fn partial_depth_and_tickers_have_their_fields() {
    let mut world = lively();
    let names = "btcusdt@depth5@100ms/btcusdt@ticker/btcusdt@miniTicker/!miniTicker@arr";
    let id = world.open(Service::Streams, &format!("/stream?streams={names}"));
    let mut seen = Map::new();
    for _ in 0..30 {
        world.wait(100);
        for frame in world.read(id) {
            seen.insert(frame["stream"].as_str().unwrap().to_owned(), frame["data"].clone());
        }
    }
    assert_eq!(seen.len(), 4);
    let depth = &seen["btcusdt@depth5@100ms"];
    assert_eq!(field_names(depth), ["lastUpdateId", "bids", "asks"]);
    assert_eq!(depth["bids"].as_array().unwrap().len(), 5);
    assert_eq!(
        field_names(&seen["btcusdt@miniTicker"]),
        ["e", "E", "s", "c", "o", "h", "l", "v", "q"]
    );
    assert_eq!(field_names(&seen["btcusdt@ticker"]).len(), 23);
    assert!(seen["!miniTicker@arr"].is_array());
}

#[test]
fn nobody_listening_costs_no_wakeups() {
    let world = quiet();
    assert_eq!(world.binance.wakeup(), None);
}

#[test]
fn the_same_seed_is_the_same_run() {
    let run = || {
        let mut world = lively();
        let id = world.open(Service::Streams, "/ws/btcusdt@trade/btcusdt@depth@100ms");
        for n in 0..20 {
            world.rest_order(&format!("a{n}"));
            world.wait(137);
        }
        world.frames(id)
    };
    assert_eq!(run(), run());
}
