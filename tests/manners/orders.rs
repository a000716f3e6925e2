//! Orders at a venue whose answers say that something was taken, and nothing of what came of it.

use serde_json::json;
use tradewind_model::id::ClientOrderId;
use tradewind_model::notice::{Command, Whose};
use tradewind_model::order::OrderState;
use tradewind_model::stream::StreamKind;

use super::desk::{Desk, instrument};
use super::script::{Script, number};

const ACCOUNT: StreamKind = StreamKind::Account;

/// What the stream says of an order.
fn push(id: ClientOrderId, status: &str, more: &serde_json::Value) -> String {
    let mut row = json!({
        "instId": "FOOUSDT", "orderId": number(1).to_string(), "clientOid": id.as_str(),
        "price": "10", "size": "2000", "newSize": "200", "orderType": "limit", "force": "gtc",
        "side": "buy", "accBaseVolume": "0", "status": status,
        "cTime": "1800000000000", "uTime": "1800000000001",
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        row[name] = value.clone();
    }
    let arg = json!({"instType": "SPOT", "channel": "orders", "instId": "default"});
    json!({"action": "snapshot", "arg": arg, "data": [row]}).to_string()
}

fn states(desk: &Desk) -> Vec<OrderState> {
    desk.updates().iter().map(|update| update.state).collect()
}

fn count(desk: &Desk, path: &str) -> usize {
    desk.asked.iter().filter(|asked| asked.starts_with(path)).count()
}

#[test]
fn an_order_rests_by_its_answer_and_trades_by_the_stream() {
    let mut desk = Desk::new();
    desk.start(&[]);
    let id = desk.buy("200");
    desk.pass(100);
    assert_eq!(states(&desk), [OrderState::Open]);
    let trade = json!({
        "tradeId": number(50).to_string(), "fillPrice": "10", "baseVolume": "200",
        "fillFee": "-0.2", "fillFeeCoin": "FOO", "fillTime": "1800000000001", "tradeScope": "M",
        "accBaseVolume": "200",
    });
    desk.say(ACCOUNT, &push(id, "filled", &trade));
    desk.pass(100);
    assert_eq!(states(&desk), [OrderState::Open, OrderState::Filled]);
    let last = desk.updates().pop().expect("an update");
    assert_eq!(last.fill.expect("a trade").commission, "0.2".parse().expect("a fee"));
}

#[test]
fn the_stream_may_tell_before_the_answer_and_twice() {
    let mut desk = Desk::new();
    desk.start(&[]);
    let id = desk.buy("200");
    desk.pass(5);
    let gone = push(id, "cancelled", &json!({"cancelReason": "normal_cancel"}));
    desk.say(ACCOUNT, &push(id, "live", &json!({})));
    desk.say(ACCOUNT, &gone);
    desk.say(ACCOUNT, &gone);
    desk.pass(500);
    assert_eq!(states(&desk), [OrderState::Open, OrderState::Canceled]);
}

#[test]
fn a_trade_is_told_once_by_whichever_channel_is_first() {
    let mut desk = Desk::new();
    desk.start(&[]);
    let id = desk.buy("200");
    desk.pass(100);
    let arg = json!({"instType": "SPOT", "channel": "fill", "instId": "default"});
    let row = Script::fill(50, 1);
    desk.say(ACCOUNT, &json!({"action": "snapshot", "arg": arg, "data": [row]}).to_string());
    let trade = json!({
        "tradeId": number(50).to_string(), "fillPrice": "10", "baseVolume": "1", "fillFee":
        "-0.001", "fillFeeCoin": "FOO", "fillTime": "1800000000001", "accBaseVolume": "1",
    });
    desk.say(ACCOUNT, &push(id, "partially_filled", &trade));
    desk.pass(100);
    let fills = desk.updates().iter().filter(|update| update.fill.is_some()).count();
    assert_eq!(fills, 1);
    assert_eq!(states(&desk).last(), Some(&OrderState::PartiallyFilled));
}

#[test]
fn a_cancel_that_was_taken_is_asked_about_when_the_stream_keeps_silent() {
    let mut desk = Desk::new();
    desk.start(&[]);
    let id = desk.buy("200");
    desk.pass(100);
    desk.command(Command::Cancel { client_order_id: id });
    desk.pass(500);
    assert_eq!(count(&desk, "spot/trade/cancel-order"), 1);
    assert_eq!(states(&desk), [OrderState::Open], "an answer to a cancel cancels nothing");
    let row = Script::order(1, id.as_str(), "cancelled");
    desk.script.open.clear();
    desk.script.over.insert(number(1), row);
    desk.pass(2_000);
    assert_eq!(states(&desk), [OrderState::Open, OrderState::Canceled]);
    assert!(count(&desk, "spot/trade/orderInfo") >= 1);
    assert_eq!(count(&desk, "spot/trade/cancel-order"), 1, "once was enough");
}

#[test]
fn an_order_that_rests_after_its_cancel_was_taken_is_canceled_again() {
    let mut desk = Desk::new();
    desk.start(&[]);
    let id = desk.buy("200");
    desk.pass(100);
    desk.command(Command::Cancel { client_order_id: id });
    desk.pass(8_000);
    let cancels = count(&desk, "spot/trade/cancel-order");
    assert!((2..=4).contains(&cancels), "{cancels}");
    assert_eq!(states(&desk), [OrderState::Open]);
}

#[test]
fn what_is_canceled_all_at_once_is_canceled_one_by_one_only_where_it_rests_on() {
    let mut desk = Desk::new();
    desk.start(&[]);
    let ids = [desk.buy("200"), desk.buy("200")];
    desk.pass(200);
    desk.command(Command::CancelAll { instrument: instrument(), whose: Whose::Everybodys });
    desk.pass(500);
    assert_eq!(count(&desk, "spot/trade/cancel-symbol-order"), 1);
    assert_eq!(count(&desk, "spot/trade/cancel-order"), 0);
    let row = Script::order(1, ids[0].as_str(), "cancelled");
    desk.script.open.remove(&number(1));
    desk.script.over.insert(number(1), row);
    desk.pass(4_000);
    assert!(states(&desk).contains(&OrderState::Canceled));
    assert!(count(&desk, "spot/trade/cancel-order") >= 1, "the other one rests on");
}
