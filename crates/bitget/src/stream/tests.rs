use serde_json::{Value, json};
use tradewind_model::call::StreamFeed;
use tradewind_model::id::{Symbol, TradeId};
use tradewind_model::market::{BookChecksum, BookDelta, Interval};
use tradewind_model::order::Side;
use tradewind_model::outcome::{NotTaken, RefusalKind};
use tradewind_model::report::{ExecutionReport, Fill, ReportedStatus};
use tradewind_model::stream::{AccountPart, Feed};

use super::*;
use crate::samples::{self, FRAMES, RECEIVED_AT, signer, stamp, symbol, venue};

fn dec<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn decoded(kind: StreamKind, text: &str) -> StreamEvent {
    decode_frame(kind, text, RECEIVED_AT).unwrap_or_else(|error| panic!("{error}"))
}

fn market(text: &str) -> StreamEvent {
    decoded(StreamKind::Market, text)
}

fn account(text: &str) -> StreamEvent {
    decoded(StreamKind::Account, text)
}

fn report(text: &str) -> ExecutionReport {
    let event = account(text);
    let StreamEvent::Report(report) = event else { panic!("{event:?}") };
    report
}

/// A message with fields of its only row replaced.
fn changed(text: &str, fields: &Value) -> String {
    let mut frame: Value = serde_json::from_str(text).unwrap();
    for (name, value) in fields.as_object().unwrap() {
        frame["data"][0][name] = value.clone();
    }
    frame.to_string()
}

fn frame(call: &Call) -> String {
    encode_frame(venue(), call, stamp(1_700_000_000_000, 1), Some(&signer())).unwrap()
}

fn ack(event: StreamEvent) -> (Option<CallKind>, AckedPart, Fate) {
    let StreamEvent::Acked { kind, part, fate } = event else { panic!("{event:?}") };
    (kind, part, *fate)
}

fn feed(feed: Feed) -> AckedPart {
    AckedPart::Feed(StreamFeed { symbol: symbol(), feed })
}

#[test]
fn each_feed_is_asked_for_once_by_its_channel() {
    let arg = |channel: &str| {
        format!(r#"{{"instType":"SPOT","channel":"{channel}","instId":"FOOUSDT"}}"#)
    };
    let args = ["books1", "trade", "books", "candle5m"].map(arg).join(",");
    let feeds = samples::feeds();
    assert_eq!(
        frame(&Call::Subscribe { feeds: feeds.clone() }),
        format!(r#"{{"op":"subscribe","args":[{args}]}}"#)
    );
    assert_eq!(
        frame(&Call::Unsubscribe { feeds }),
        format!(r#"{{"op":"unsubscribe","args":[{args}]}}"#)
    );
    let second = StreamFeed { symbol: symbol(), feed: Feed::Bar(Interval::Second1) };
    let call = Call::Subscribe { feeds: vec![second] };
    let error = encode_frame(venue(), &call, stamp(1, 1), None).unwrap_err();
    assert!(matches!(error, EncodeError::NotOffered { .. }), "{error}");
}

#[test]
fn an_account_says_whose_it_is_and_asks_for_its_three_channels() {
    let login: Value = serde_json::from_str(&frame(&Call::Authenticate)).unwrap();
    assert_eq!(login["op"], "login");
    assert_eq!(login["args"][0]["timestamp"], "1700000000");
    assert_eq!(login["args"][0]["sign"], "UWeHJkPehuPPsUjZz7CqbnJFcadnWpL17elmfGq7OAM=");
    assert_eq!(
        frame(&Call::SubscribeAccount),
        r#"{"op":"subscribe","args":[{"instType":"SPOT","channel":"orders","instId":"default"},{"instType":"SPOT","channel":"fill","instId":"default"},{"instType":"SPOT","channel":"account","coin":"default"}]}"#
    );
    assert_eq!(frame(&Call::PingStream { kind: StreamKind::Account }), "ping");
    let keyless = encode_frame(venue(), &Call::Authenticate, stamp(1, 1), None);
    assert_eq!(keyless, Err(EncodeError::NeedsKey(CallKind::Authenticate)));
}

#[test]
fn what_is_no_control_message_is_not_sent_as_one() {
    for call in samples::calls() {
        let is_message = matches!(
            call,
            Call::Subscribe { .. }
                | Call::Unsubscribe { .. }
                | Call::SubscribeAccount
                | Call::Authenticate
                | Call::PingStream { .. }
        );
        let frame = encode_frame(venue(), &call, stamp(1, 1), Some(&signer()));
        assert_eq!(frame.is_ok(), is_message, "{call:?}");
        assert!(samples::encode(&call).is_err() || !is_message, "{call:?} goes one way alone");
    }
}

#[test]
fn every_part_of_a_subscription_is_answered_by_itself() {
    let answer = |channel: &str| {
        let text = format!(
            r#"{{"event":"subscribe","arg":{{"instType":"SPOT","channel":"{channel}","instId":"FOOUSDT"}}}}"#
        );
        ack(market(&text))
    };
    let done = Fate::Done(Reply::Ack);
    for (channel, of) in [
        ("books1", Feed::Quote),
        ("trade", Feed::Trade),
        ("books", Feed::Book(0)),
        ("candle12Hutc", Feed::Bar(Interval::Hour12)),
    ] {
        let told = (Some(CallKind::Subscribe), feed(of), done.clone());
        assert_eq!(answer(channel), told);
    }
    let own = ack(account(FRAMES[14]));
    let part = AckedPart::Account(AccountPart::Balances);
    assert_eq!(own, (Some(CallKind::SubscribeAccount), part, done.clone()));
    let gone = ack(market(FRAMES[15]));
    assert_eq!(gone, (Some(CallKind::Unsubscribe), feed(Feed::Trade), done));
}

#[test]
fn a_login_goes_well_by_number_and_by_text() {
    for text in [FRAMES[11], FRAMES[12]] {
        let done = Fate::Done(Reply::Ack);
        assert_eq!(ack(account(text)), (Some(CallKind::Authenticate), AckedPart::Whole, done));
    }
    for (text, kind) in [
        (FRAMES[17], RefusalKind::Auth),
        (r#"{"event":"error","code":"30014","msg":"expired"}"#, RefusalKind::Clock),
        (r#"{"event":"login","code":30005,"msg":"Login failed"}"#, RefusalKind::Auth),
    ] {
        let (of, part, fate) = ack(account(text));
        assert_eq!((of, part), (Some(CallKind::Authenticate), AckedPart::Whole), "{text}");
        assert!(matches!(&fate, Fate::Refused(refusal) if refusal.kind == kind), "{fate:?}");
    }
}

#[test]
fn an_error_says_which_part_it_is_about_where_the_venue_does() {
    let (kind, part, fate) = ack(market(FRAMES[16]));
    let nope = StreamFeed { symbol: Symbol::from("NOPE"), feed: Feed::Book(0) };
    assert_eq!((kind, part), (Some(CallKind::Subscribe), AckedPart::Feed(nope)));
    assert!(matches!(fate, Fate::Refused(refusal) if refusal.code == 30_001));
    let login_first =
        r#"{"event":"error","code":30004,"msg":"User not logged in","op":"subscribe"}"#;
    let (kind, part, _) = ack(account(login_first));
    assert_eq!((kind, part), (Some(CallKind::SubscribeAccount), AckedPart::Whole));
    let (kind, part, fate) = ack(market(r#"{"event":"error","code":30006,"msg":"too many"}"#));
    assert_eq!((kind, part), (None, AckedPart::Whole));
    assert!(matches!(fate, Fate::NotTaken(NotTaken::Throttled(_))), "{fate:?}");
}

#[test]
fn a_pong_is_no_json_and_an_answer_all_the_same() {
    for kind in [StreamKind::Market, StreamKind::Account] {
        let told = ack(decoded(kind, "pong"));
        assert_eq!(told.0, Some(CallKind::PingStream));
    }
}

#[test]
fn a_book_begins_whole_and_goes_on_by_numbers() {
    let StreamEvent::Book(of, whole) = market(samples::BOOK) else { panic!() };
    assert_eq!(of, symbol());
    assert!(whole.is_whole);
    assert_eq!(whole.last_update_id, 1_000);
    assert_eq!(whole.checksum, Some(BookChecksum::Crc32Top25((-624_916_755_i32).cast_unsigned())));
    let digits: Vec<_> = whole.bids.iter().map(|(price, _)| price.get().to_string()).collect();
    assert_eq!(digits, ["0.5000", "0.4990"], "digit for digit, for the checksum");
    let StreamEvent::Book(_, change) = market(samples::CHANGE) else { panic!() };
    assert_eq!(
        change,
        BookDelta {
            is_whole: false,
            first_update_id: 1_001,
            last_update_id: 1_010,
            bids: Vec::new(),
            asks: vec![(dec("0.5010"), dec("0"))],
            at: at(1_800_000_000_300),
            checksum: Some(BookChecksum::Crc32Top25((-12_i32).cast_unsigned())),
        }
    );
    let numbers = |fields: &Value| {
        let StreamEvent::Book(_, delta) = market(&changed(samples::CHANGE, fields)) else {
            panic!()
        };
        (delta.first_update_id, delta.last_update_id, delta.checksum.is_some())
    };
    assert_eq!(numbers(&json!({"pseq": null})), (0, 1_010, true), "it may follow anything");
    assert_eq!(numbers(&json!({"pseq": 0})), (1_010, 1_010, true), "it follows nothing");
    assert_eq!(numbers(&json!({"checksum": 0})), (1_001, 1_010, false));
}

#[test]
fn a_quote_is_the_best_of_both_sides() {
    for text in [samples::BEST, samples::TICKER] {
        let StreamEvent::Quote(of, quote) = market(text) else { panic!() };
        assert_eq!(of, symbol());
        assert_eq!((quote.bid, quote.bid_qty), (dec("10.4"), dec("3")));
        assert_eq!((quote.ask, quote.ask_qty), (dec("10.5"), dec("4")));
        assert_eq!(quote.at, at(1_800_000_000_300));
    }
    assert_eq!(market(&changed(samples::BEST, &json!({"bids": []}))), StreamEvent::Ignored);
}

#[test]
fn trades_are_told_in_the_order_in_which_they_were_made() {
    let StreamEvent::Several(told) = market(samples::TRADES) else { panic!() };
    let trades: Vec<_> = told
        .iter()
        .map(|event| {
            let StreamEvent::Trade(_, trade) = event else { panic!("{event:?}") };
            (trade.id, trade.taker)
        })
        .collect();
    let id = 1_300_000_000_000_000_000;
    assert_eq!(trades, [(id + 94, Side::Buy), (id + 95, Side::Sell)]);
    let before = samples::TRADES.replace("update", "snapshot");
    assert_eq!(market(&before), StreamEvent::Ignored, "those are of before");
}

#[test]
fn of_the_bars_that_a_channel_begins_with_the_last_is_told() {
    let StreamEvent::Several(told) = market(samples::CANDLES) else { panic!() };
    assert_eq!(told.len(), 2);
    let first = market(&samples::CANDLES.replace("update", "snapshot"));
    assert_eq!(first, told[1]);
    let StreamEvent::Bar(of, bar) = first else { panic!() };
    assert_eq!((of, bar.interval), (symbol(), Interval::Minute5));
    assert_eq!((bar.volume, bar.quote_volume), (dec("4"), dec("41")));
    assert!(!bar.is_closed);
    assert!(matches!(&told[0], StreamEvent::Bar(_, bar) if bar.is_closed));
}

#[test]
fn an_order_that_rests_is_told_with_its_own_quantity() {
    let told = report(samples::LIVE);
    assert_eq!((&told.status, told.price), (&ReportedStatus::Open, Some(dec("10.5"))));
    assert_eq!((told.qty, told.cum_qty), (dec("2"), dec("0")), "not what it is worth");
    assert_eq!(told.client_order_id, Some(samples::client_order_id()));
    assert_eq!((told.fills.len(), told.at), (0, at(1_800_000_000_101)));
    let sell = json!({"side": "sell", "newSize": null});
    assert_eq!(report(&changed(samples::LIVE, &sell)).qty, dec("21"));
    let market = json!({"orderType": "market", "newSize": "21"});
    assert_eq!(report(&changed(samples::LIVE, &market)).qty, dec("0"));
}

#[test]
fn a_trade_of_ours_is_a_report_with_one_fill() {
    let told = report(samples::TRADED);
    assert_eq!(told.status, ReportedStatus::PartiallyFilled);
    assert_eq!(told.cum_qty, dec("0.5"));
    assert_eq!(
        told.fills,
        [Fill {
            trade_id: TradeId(1_300_000_000_000_000_091),
            price: dec("10.5"),
            qty: dec("0.5"),
            commission: dec("0.0005"),
            commission_asset: Some("FOO".into()),
            is_maker: false,
            at: at(1_800_000_000_200),
        }]
    );
    let maker = report(&changed(samples::TRADED, &json!({"tradeScope": "M"})));
    assert!(maker.fills[0].is_maker);
    // A row may name an earlier trade without telling of it.
    let end = json!({"status": "cancelled", "baseVolume": "", "cancelReason": "normal_cancel"});
    let end = report(&changed(samples::TRADED, &end));
    assert_eq!((end.status, end.fills, end.reason), (ReportedStatus::Canceled, Vec::new(), None));
}

#[test]
fn a_fill_by_itself_is_the_same_trade() {
    let StreamEvent::Fill(told) = account(samples::FILL) else { panic!() };
    assert_eq!(told.venue_order_id, samples::venue_order_id());
    assert_eq!([told.fill], report(samples::TRADED).fills.as_slice());
    let negative = samples::FILL.replace("\"0.0005\"", "\"-0.0005\"");
    let StreamEvent::Fill(told) = account(&negative) else { panic!() };
    assert_eq!(told.fill.commission, dec("0.0005"));
}

#[test]
fn several_rows_are_told_one_after_the_other() {
    let mut frame: Value = serde_json::from_str(samples::LIVE).unwrap();
    let traded: Value = serde_json::from_str(samples::TRADED).unwrap();
    frame["data"].as_array_mut().unwrap().push(traded["data"][0].clone());
    let StreamEvent::Several(told) = account(&frame.to_string()) else { panic!() };
    let expected = [report(samples::LIVE), report(samples::TRADED)].map(StreamEvent::Report);
    assert_eq!(told, expected);
    frame["data"] = json!([]);
    assert_eq!(account(&frame.to_string()), StreamEvent::Ignored);
}

#[test]
fn balances_are_absolute() {
    let StreamEvent::Balances(told) = account(samples::BALANCES) else { panic!() };
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].free, told[0].locked), (dec("900"), dec("100.00002")));
}

#[test]
fn a_report_that_cannot_be_right_names_its_field_and_its_order() {
    for (fields, field) in [
        (json!({"newSize": "-1"}), "newSize:"),
        (json!({"newSize": ""}), "newSize:"),
        (json!({"side": "hold"}), "side:"),
        (json!({"fillPrice": "eleven"}), "fillPrice:"),
        (json!({"uTime": "soon"}), "uTime:"),
    ] {
        let text = changed(samples::TRADED, &fields);
        let error = decode_frame(StreamKind::Account, &text, RECEIVED_AT).unwrap_err();
        assert!(error.problem.starts_with(field), "{}", error.problem);
        let order = error.order.unwrap();
        assert_eq!(order.venue_order_id, samples::venue_order_id());
        assert_eq!(order.symbol, symbol());
    }
}

#[test]
fn what_is_of_no_use_is_passed_over() {
    for text in [
        r#"{"action":"snapshot","arg":{"instType":"SPOT","channel":"orders-algo","instId":"default"},"data":[]}"#,
        r#"{"action":"snapshot","arg":{"instType":"USDT-FUTURES","channel":"orders","instId":"default"},"data":[{}]}"#,
        r#"{"event":"subscribe","arg":{"instType":"SPOT","channel":"auction","instId":"A"}}"#,
        r#"{"event":"moon","arg":{"instType":"SPOT","channel":"orders"}}"#,
    ] {
        assert_eq!(account(text), StreamEvent::Ignored, "{text}");
        assert_eq!(market(text), StreamEvent::Ignored, "{text}");
    }
}

#[test]
fn a_message_that_says_nothing_is_an_error_without_keys() {
    let key = samples::API_KEY;
    for kind in [StreamKind::Market, StreamKind::Account] {
        for text in ["", "{}", "[]", "null", "ping", r#"{"arg":{}}"#, r#"{"event":"subscribe"}"#] {
            assert!(decode_frame(kind, text, RECEIVED_AT).is_err(), "{text}");
        }
        let text = format!("{{\"apiKey\":\"{key}\",\"arg\":[\"{key}\"]}}");
        let error = decode_frame(kind, &text, RECEIVED_AT).unwrap_err();
        assert!(!error.to_string().contains(&key[..8]), "{error}");
    }
}
