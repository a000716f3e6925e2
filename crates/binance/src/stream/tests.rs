use serde_json::{Value, json};
use tradewind_model::id::{Symbol, TradeId};
use tradewind_model::market::Interval;
use tradewind_model::order::Side;
use tradewind_model::outcome::{NotTaken, RefusalKind, Reply, Unknown};
use tradewind_model::report::{ExecutionReport, Fill, ReportedListStatus, ReportedStatus};
use tradewind_model::tariff::LimitKind;

use super::*;
use crate::samples::{
    self, ACCOUNT_FRAMES, MARKET_FRAMES, RECEIVED_AT, feeds, hmac, stamp, symbol, venue,
};

fn dec<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn market(text: &str) -> StreamEvent {
    decode_frame(StreamKind::Market, text, RECEIVED_AT).unwrap()
}

fn account(text: &str) -> StreamEvent {
    decode_frame(StreamKind::Account, text, RECEIVED_AT).unwrap()
}

fn problem(kind: StreamKind, text: &str) -> String {
    let error = decode_frame(kind, text, RECEIVED_AT).unwrap_err();
    assert!(error.excerpt.chars().count() <= 120);
    error.problem
}

/// A reply's call and fate.
fn reply(event: StreamEvent) -> (u64, Fate) {
    let StreamEvent::Replied { call, outcome } = event else { panic!("{event:?}") };
    (call.0, samples::fate(*outcome))
}

fn report(text: &str) -> ExecutionReport {
    let answer = account(text);
    let StreamEvent::Report(report) = answer else { panic!("{answer:?}") };
    report
}

#[test]
fn feeds_are_subscribed_to_by_the_names_of_their_streams_each_once() {
    for (call, method) in [
        (Call::Subscribe { feeds: feeds() }, "SUBSCRIBE"),
        (Call::Unsubscribe { feeds: feeds() }, "UNSUBSCRIBE"),
    ] {
        let text = encode_frame(venue(), CallId(12), &call, stamp(1, 1), None).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            json!({"id": 12, "method": method, "params": [
                "foousdt@bookTicker", "foousdt@trade", "foousdt@depth@100ms", "foousdt@kline_5m",
            ]})
        );
    }
}

#[test]
fn the_account_is_subscribed_to_with_a_signature() {
    let signer = hmac();
    let stamp = stamp(1_747_385_641_636, 5_000);
    let encode = |signer| encode_frame(venue(), CallId(9), &Call::SubscribeAccount, stamp, signer);
    let frame: Value = serde_json::from_str(&encode(Some(&signer)).unwrap()).unwrap();
    let key = samples::API_KEY;
    let payload = format!("apiKey={key}&recvWindow=5000&timestamp=1747385641636");
    assert_eq!(
        frame,
        json!({"id": 9, "method": "userDataStream.subscribe.signature", "params": {
            "apiKey": key, "recvWindow": 5_000, "timestamp": 1_747_385_641_636_u64,
            "signature": signer.sign(payload.as_bytes()),
        }})
    );
    assert!(matches!(encode(None), Err(EncodeError::NeedsKey(_))));
}

#[test]
fn what_is_no_control_message_is_not_sent_as_one() {
    for call in samples::calls() {
        let is_message = matches!(
            call,
            Call::Subscribe { .. } | Call::Unsubscribe { .. } | Call::SubscribeAccount
        );
        let frame = encode_frame(venue(), CallId(1), &call, stamp(1, 1), Some(&hmac()));
        match frame {
            Ok(_) => assert!(is_message, "{call:?}"),
            Err(error) => assert!(
                !is_message && matches!(error, EncodeError::Unsupported { .. }),
                "{call:?} {error}"
            ),
        }
    }
}

#[test]
fn market_events_are_read_wrapped_or_bare() {
    for frame in &MARKET_FRAMES[..4] {
        let wrapped: Value = serde_json::from_str(frame).unwrap();
        let bare = wrapped["data"].to_string();
        assert_eq!(market(frame), market(&bare));
    }
}

#[test]
fn a_quote_is_dated_when_it_came() {
    let StreamEvent::Quote(of, quote) = market(MARKET_FRAMES[0]) else { panic!() };
    assert_eq!(of, symbol());
    assert_eq!((quote.bid, quote.bid_qty), (dec("10.4"), dec("3")));
    assert_eq!((quote.ask, quote.ask_qty), (dec("10.5"), dec("4")));
    assert_eq!(quote.at, RECEIVED_AT);
}

#[test]
fn a_trade_names_who_took() {
    let StreamEvent::Trade(of, trade) = market(MARKET_FRAMES[1]) else { panic!() };
    assert_eq!(of, symbol());
    assert_eq!((trade.id, trade.price, trade.qty), (95, dec("11"), dec("1")));
    assert_eq!(trade.taker, Side::Sell, "the buyer rested");
    assert_eq!(trade.at, Timestamp::from_millis(1_800_000_000_360));
}

#[test]
fn a_bar_says_whether_it_is_over() {
    let StreamEvent::Bar(of, bar) = market(MARKET_FRAMES[2]) else { panic!() };
    assert_eq!(of, symbol());
    assert_eq!(bar.interval, Interval::Minute5);
    assert_eq!(bar.open_at, Timestamp::from_millis(1_800_000_000_000));
    assert_eq!([bar.open, bar.high, bar.low, bar.close], ["10.2", "10.4", "10.1", "10.3"].map(dec));
    assert_eq!((bar.volume, bar.quote_volume), (dec("4"), dec("41")));
    assert!(!bar.is_closed);
}

#[test]
fn a_change_of_a_book_has_first_and_last_number() {
    let StreamEvent::Book(of, delta) = market(MARKET_FRAMES[3]) else { panic!() };
    assert_eq!(of, symbol());
    assert_eq!((delta.first_update_id, delta.last_update_id), (901, 905));
    assert_eq!(delta.bids, [(dec("10.4"), dec("0"))]);
    assert_eq!(delta.asks, [(dec("10.5"), dec("4")), (dec("10.6"), dec("1"))]);
    assert_eq!(delta.at, Timestamp::from_millis(1_800_000_000_410));
}

#[test]
fn control_messages_are_settled_by_their_id() {
    assert_eq!(reply(market(MARKET_FRAMES[4])), (12, Fate::Done(Reply::Ack)));
    for (text, id, kind) in [
        (MARKET_FRAMES[5], 13, RefusalKind::Validation),
        (r#"{"code":1,"msg":"Invalid value type","id":14}"#, 14, RefusalKind::Validation),
        (
            r#"{"id":"15","error":{"code":4,"msg":"Too many subscriptions"}}"#,
            15,
            RefusalKind::Business,
        ),
    ] {
        let (call, Fate::Refused(refusal)) = reply(market(text)) else { panic!("{text}") };
        assert_eq!((call, refusal.kind), (id, kind));
    }
    for text in [
        r#"{"id":1}"#,
        r#"{"result":null,"id":null}"#,
        r#"{"result":null,"id":"abc"}"#,
        r#"{"result":null,"id":-1}"#,
        r#"{"code":3,"msg":"Invalid JSON: expected value"}"#,
    ] {
        problem(StreamKind::Market, text);
    }
}

#[test]
fn a_venue_that_closes_says_so_and_strange_events_are_passed_over() {
    assert_eq!(market(MARKET_FRAMES[6]), StreamEvent::Closing);
    assert_eq!(market(r#"{"e":"serverShutdown","E":1}"#), StreamEvent::Closing);
    assert_eq!(market(MARKET_FRAMES[7]), StreamEvent::Ignored);
    let partial = r#"{"stream":"foousdt@depth5","data":{"lastUpdateId":1,"bids":[],"asks":[]}}"#;
    assert_eq!(market(partial), StreamEvent::Ignored);
}

#[test]
fn a_trade_of_ours_is_a_report_with_one_fill() {
    let at = Timestamp::from_millis(1_800_000_000_350);
    assert_eq!(
        report(samples::REPORT),
        ExecutionReport {
            symbol: symbol(),
            client_order_id: Some(samples::client_order_id()),
            venue_order_id: "4713".parse().unwrap(),
            side: Side::Sell,
            status: ReportedStatus::PartiallyFilled,
            is_waiting: false,
            list: None,
            price: Some(dec("11")),
            trigger_price: None,
            qty: dec("2"),
            cum_qty: dec("1.5"),
            cum_quote: Some(dec("16.5")),
            fills: vec![Fill {
                trade_id: TradeId(95),
                price: dec("11"),
                qty: dec("1"),
                commission: dec("-0.001"),
                commission_asset: Some("USDT".into()),
                is_maker: true,
                at,
            }],
            reason: None,
            at,
        }
    );
}

/// A report with some fields replaced.
fn changed(fields: &Value) -> String {
    let mut frame: Value = serde_json::from_str(samples::REPORT).unwrap();
    for (name, value) in fields.as_object().unwrap() {
        frame["event"][name] = value.clone();
    }
    frame.to_string()
}

#[test]
fn a_cancel_is_reported_under_the_orders_name() {
    let text =
        changed(&json!({"x": "CANCELED", "X": "CANCELED", "c": "cxl9", "C": "tw1-abc", "t": -1}));
    let report = report(&text);
    assert_eq!(report.client_order_id, Some(samples::client_order_id()));
    assert_eq!(report.status, ReportedStatus::Canceled);
    assert_eq!(report.fills, []);
}

#[test]
fn an_order_that_waits_is_told_from_one_that_rests() {
    let stop = |w: bool, status: &str| {
        let fields = json!({"o": "STOP_LOSS_LIMIT", "P": "9.50000000", "x": "NEW", "X": status,
            "g": 501, "w": w, "t": -1, "z": "0.00000000"});
        report(&changed(&fields))
    };
    let waits = stop(false, "NEW");
    assert_eq!((&waits.status, waits.is_waiting), (&ReportedStatus::Open, true));
    assert_eq!(waits.trigger_price, Some(dec("9.5")));
    assert_eq!(waits.list, Some("501".parse().unwrap()));
    let rests = stop(true, "NEW");
    assert_eq!((&rests.status, rests.is_waiting), (&ReportedStatus::Open, false));
    assert!(stop(false, "PENDING_NEW").is_waiting);
    for over in ["FILLED", "CANCELED", "EXPIRED", "REJECTED"] {
        assert!(!stop(false, over).is_waiting, "{over}");
    }
}

#[test]
fn an_amended_order_goes_by_the_name_it_had() {
    let fields = json!({"x": "REPLACED", "X": "NEW", "c": "other", "C": "tw1-abc", "q": "1.5",
        "t": -1});
    let report = report(&changed(&fields));
    assert_eq!(report.client_order_id, Some(samples::client_order_id()));
    assert_eq!((report.status, report.qty), (ReportedStatus::Open, dec("1.5")));
    assert_eq!(report.fills, []);
}

#[test]
fn a_list_is_told_with_the_names_of_its_orders() {
    let list = |text: &str| {
        let told = account(text);
        let StreamEvent::ListReport(list) = told else { panic!("{told:?}") };
        list
    };
    let told = list(samples::LIST_STATUS);
    assert_eq!(told.list.as_str(), "501");
    assert_eq!(told.client_list_id, Some("tw1-list".parse().unwrap()));
    assert_eq!((&told.status, &told.reason), (&ReportedListStatus::Executing, &None));
    let names: Vec<_> = told.orders.iter().map(|(venue, _)| venue.as_str()).collect();
    assert_eq!(names, ["4821", "4822"]);
    assert_eq!(told.orders[1].1, Some("tw1-take".parse().unwrap()));
    assert_eq!(told.at, Timestamp::from_millis(1_800_000_000_420));

    let rejected = samples::LIST_STATUS
        .replace("\"EXECUTING\"", "\"REJECT\"")
        .replace("NONE", "OCO_BAD_PRICES");
    let told = list(&rejected);
    assert_eq!(told.status, ReportedListStatus::Rejected);
    assert_eq!(told.reason.as_deref(), Some("OCO_BAD_PRICES"));
    let over = list(&samples::LIST_STATUS.replace("\"EXECUTING\"", "\"ALL_DONE\""));
    assert_eq!(over.status, ReportedListStatus::Done);
    let bad = samples::LIST_STATUS.replace("501", "-1");
    assert!(problem(StreamKind::Account, &bad).starts_with("orderListId:"));
}

#[test]
fn an_end_has_its_reason() {
    for (fields, reason) in [
        (
            json!({"x": "EXPIRED", "X": "EXPIRED", "eR": "INSUFFICIENT_LIQUIDITY"}),
            "INSUFFICIENT_LIQUIDITY",
        ),
        (
            json!({"x": "REJECTED", "X": "REJECTED", "r": "INSUFFICIENT_BALANCES"}),
            "INSUFFICIENT_BALANCES",
        ),
        (
            json!({"x": "TRADE_PREVENTION", "X": "EXPIRED_IN_MATCH", "eR": "NONE"}),
            "EXPIRED_IN_MATCH",
        ),
    ] {
        let report = report(&changed(&fields));
        assert_eq!(report.reason.as_deref(), Some(reason));
        assert_eq!(report.fills, []);
    }
}

#[test]
fn a_report_that_cannot_be_right_is_refused_by_the_name_of_its_field() {
    for (fields, field) in [
        (json!({"q": "-1"}), "q:"),
        (json!({"L": "eleven"}), "L:"),
        (json!({"t": -1}), "t:"),
        (json!({"S": "HOLD"}), "side:"),
    ] {
        let problem = problem(StreamKind::Account, &changed(&fields));
        assert!(problem.starts_with(field), "{problem}");
    }
}

#[test]
fn balances_are_absolute_and_a_transfer_says_to_read_them() {
    let StreamEvent::Balances(balances) = account(ACCOUNT_FRAMES[1]) else { panic!() };
    assert_eq!(balances.len(), 1);
    assert_eq!(balances[0].asset, "USDT".into());
    assert_eq!((balances[0].free, balances[0].locked), (dec("911.25000000"), dec("10.00000000")));
    assert_eq!(account(ACCOUNT_FRAMES[2]), StreamEvent::BalanceMoved);
    let lock =
        r#"{"subscriptionId":0,"event":{"e":"externalLockUpdate","E":1,"a":"USDT","d":"1","T":1}}"#;
    assert_eq!(account(lock), StreamEvent::BalanceMoved);
    let tomorrow = r#"{"subscriptionId":0,"event":{"e":"moonPhase","E":1}}"#;
    assert_eq!(account(tomorrow), StreamEvent::Ignored);
}

#[test]
fn an_event_is_read_without_its_wrapper_too() {
    let wrapped: Value = serde_json::from_str(samples::REPORT).unwrap();
    assert_eq!(account(&wrapped["event"].to_string()), account(samples::REPORT));
}

#[test]
fn the_end_of_events_and_of_the_socket_are_told_apart() {
    assert_eq!(account(ACCOUNT_FRAMES[3]), StreamEvent::Terminated);
    assert_eq!(account(ACCOUNT_FRAMES[4]), StreamEvent::Closing);
    assert_eq!(account(ACCOUNT_FRAMES[7]), StreamEvent::Terminated);
}

#[test]
fn an_answer_carries_fate_and_meter() {
    let StreamEvent::Replied { call, outcome } = account(ACCOUNT_FRAMES[5]) else { panic!() };
    assert_eq!(call, CallId(21));
    let reading = outcome.meter.readings[0];
    assert_eq!((reading.kind, reading.used), (LimitKind::RequestWeight, 44));
    assert_eq!(samples::fate(*outcome), Fate::Done(Reply::Ack));
}

#[test]
fn a_ban_over_the_socket_is_absolute() {
    let (call, Fate::NotTaken(NotTaken::Throttled(throttle))) = reply(account(ACCOUNT_FRAMES[6]))
    else {
        panic!()
    };
    assert_eq!(call, 22);
    assert!(throttle.is_ban);
    assert_eq!(throttle.retry_after, None);
    let later = Timestamp::from_millis(1_800_000_130_000);
    assert_eq!(throttle.retry_at, Some(later), "the later of hint and text");
}

#[test]
fn answers_are_judged_like_those_of_requests() {
    let answer = |status: u16, rest: &str| {
        reply(account(&format!("{{\"id\":5,\"status\":{status},{rest}}}"))).1
    };
    let error = |code: i64| format!("\"error\":{{\"code\":{code},\"msg\":\"\"}}");
    let refused = |fate| match fate {
        Fate::Refused(refusal) => Some(refusal.kind),
        Fate::Done(_) | Fate::NotTaken(_) | Fate::Unknown(_) => None,
    };
    assert_eq!(refused(answer(401, &error(-2015))), Some(RefusalKind::Auth));
    assert_eq!(refused(answer(400, &error(-1021))), Some(RefusalKind::Clock));
    assert_eq!(refused(answer(400, &error(-2035))), Some(RefusalKind::Business));
    assert!(matches!(answer(500, &error(-1000)), Fate::Unknown(_)));
    assert!(matches!(answer(503, &error(-1008)), Fate::NotTaken(NotTaken::Overloaded(_))));
    assert!(matches!(answer(429, "\"x\":1"), Fate::NotTaken(NotTaken::Throttled(_))));
    assert!(matches!(answer(403, "\"x\":1"), Fate::Unknown(Unknown::Venue { .. })));
    assert!(matches!(answer(200, "\"x\":1"), Fate::Unknown(Unknown::Unreadable(_))));
}

#[test]
fn a_message_that_says_nothing_is_an_error_without_keys() {
    let key = samples::API_KEY;
    for kind in [StreamKind::Market, StreamKind::Account] {
        for text in ["", "{}", "[]", "null", "{\"data\":3}", "{\"e\":7}", "{\"event\":{}}"] {
            problem(kind, text);
        }
        let text = format!("{{\"apiKey\":\"{key}\",\"e\":[\"{key}\"]}}");
        let error = decode_frame(kind, &text, RECEIVED_AT).unwrap_err();
        assert!(!error.to_string().contains(&key[..8]), "{error}");
        let text =
            format!("{{\"id\":null,\"status\":400,\"error\":{{\"code\":1,\"msg\":\"{key}\"}}}}");
        let error = decode_frame(kind, &text, RECEIVED_AT).unwrap_err();
        assert!(!error.to_string().contains(&key[..8]), "{error}");
    }
}

#[test]
fn a_symbol_beyond_ascii_comes_as_it_is_or_escaped() {
    for name in ["币BTC", "\\u5e01BTC"] {
        let text = MARKET_FRAMES[0].replace("FOOUSDT", name);
        let StreamEvent::Quote(of, _) = market(&text) else { panic!() };
        assert_eq!(of, Symbol::from("币BTC"));
    }
}
