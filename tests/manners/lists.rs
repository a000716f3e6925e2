//! Lists that come newest first and a hundred rows at a time.

use serde_json::json;
use tradewind_engine::Incident;
use tradewind_model::id::TradeId;
use tradewind_model::order::OrderState;
use tradewind_model::stream::StreamKind;

use super::desk::{Desk, instrument, symbol};
use super::script::{Script, number};

fn pages<'a>(desk: &'a Desk, path: &str) -> Vec<&'a str> {
    let of_path = desk.asked.iter().filter(|asked| asked.starts_with(path));
    of_path.map(String::as_str).collect()
}

#[test]
fn all_open_orders_are_read_however_many_pages_they_are() {
    let mut script = Script::default();
    for index in 1_000..1_250 {
        script.open.insert(number(index), Script::order(index, "somebody", "live"));
    }
    let mut desk = Desk::with(script, &[instrument()]);
    desk.start(&[]);
    let foreign = desk.incidents.iter().find_map(|incident| {
        if let Incident::ForeignOrders { count } = incident { Some(*count) } else { None }
    });
    assert_eq!(foreign, Some(250));
    let read = pages(&desk, "spot/trade/unfilled-orders");
    let than = |index| format!("idLessThan={}", number(index));
    assert_eq!(read.len(), 3, "{read:?}");
    assert!(!read[0].contains("idLessThan"));
    assert!(read[1].contains(&than(1_150)) && read[2].contains(&than(1_050)), "{read:?}");
    assert!(read.iter().all(|page| page.contains(symbol().as_str())));
}

#[test]
fn every_trade_of_an_order_is_read_and_told_once_and_oldest_first() {
    let mut desk = Desk::new();
    desk.start(&[]);
    let id = desk.buy("200");
    desk.pass(100);
    for index in 10..210 {
        desk.script.fills.insert(number(index), Script::fill(index, 1));
    }
    // The stream tells that it is over, and keeps the trades to itself.
    let row = json!({
        "instId": "FOOUSDT", "orderId": number(1).to_string(), "clientOid": id.as_str(),
        "price": "10", "size": "2000", "newSize": "200", "orderType": "limit", "force": "gtc",
        "side": "buy", "accBaseVolume": "200", "status": "filled",
        "cTime": "1800000000000", "uTime": "1800000000001",
    });
    let arg = json!({"instType": "SPOT", "channel": "orders", "instId": "default"});
    let push = json!({"action": "snapshot", "arg": arg, "data": [row]}).to_string();
    desk.say(StreamKind::Account, &push);
    desk.pass(5_000);
    let updates = desk.updates();
    let trades: Vec<u64> = updates
        .iter()
        .filter_map(|update| update.fill.as_ref().map(|fill| fill.trade_id.0))
        .collect();
    assert_eq!(trades, (10..210).map(number).collect::<Vec<_>>());
    assert_eq!(updates.last().map(|update| update.state), Some(OrderState::Filled));
    // Two full pages, and the one that shows that there is no more.
    assert_eq!(pages(&desk, "spot/trade/fills").len(), 3);
}

#[test]
fn trades_between_two_lives_are_read_back_to_the_last_that_was_known() {
    let mut script = Script::default();
    for index in 10..260 {
        script.fills.insert(number(index), Script::fill(index, 900));
    }
    script.over.insert(number(900), Script::order(900, "somebody", "filled"));
    let mut desk = Desk::after(script, TradeId(number(50)));
    desk.start(&[]);
    let read = pages(&desk, "spot/trade/fills");
    assert_eq!(read.len(), 3, "{read:?}");
    assert!(read[2].contains(&format!("idLessThan={}", number(60))), "{read:?}");
    // Whose they are is asked once, by the venue's number.
    let asked = pages(&desk, "spot/trade/orderInfo");
    assert_eq!(asked, [format!("spot/trade/orderInfo?orderId={}", number(900))]);
    assert!(pages(&desk, "spot/trade/history-orders").is_empty());
}

#[test]
fn a_venue_that_repeats_a_page_is_not_asked_for_ever_and_somebody_is_told() {
    let mut script = Script { repeats_pages: true, ..Script::default() };
    for index in 1_000..1_250 {
        script.open.insert(number(index), Script::order(index, "somebody", "live"));
    }
    let mut desk = Desk::with(script, &[instrument()]);
    desk.start(&[]);
    assert_eq!(pages(&desk, "spot/trade/unfilled-orders").len(), 2);
    let told = desk.incidents.iter();
    let told = told.filter(|incident| matches!(incident, Incident::ListRepeats { .. }));
    assert_eq!(told.count(), 1, "{:?}", desk.incidents);
}
