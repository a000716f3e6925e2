//! What an account hears of itself: reports of orders, fills and balances.

use std::collections::BTreeMap;

use super::*;
use crate::exchange::{CancelRestriction, NewOrder, OrderRef, Side};

/// The rows of one channel, in the order in which they came.
fn rows(pushes: &[Value], channel: &str) -> Vec<Value> {
    let of_channel = pushes.iter().filter(|push| push["arg"]["channel"] == channel);
    of_channel.flat_map(|push| push["data"].as_array().unwrap().clone()).collect()
}

fn statuses(pushes: &[Value]) -> Vec<String> {
    let rows = rows(pushes, "orders");
    rows.iter().map(|row| row["status"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_order_is_told_as_live_before_whatever_else_becomes_of_it() {
    let mut world = quiet();
    let id = world.private();
    for (order, expected) in [
        (limit("a", "buy", "post_only", "68000", "0.01"), vec!["live", "cancelled"]),
        (limit("b", "buy", "fok", "66000", "0.5"), vec!["live", "cancelled"]),
        (limit("c", "buy", "ioc", "68000", "0.01"), vec!["live", "filled"]),
        (limit("d", "buy", "gtc", "65000", "0.01"), vec!["live"]),
    ] {
        assert_eq!(world.place(&order).status, 200);
        world.wait(1);
        let pushes = world.read(id);
        assert_eq!(statuses(&pushes), expected, "{order}");
    }
    world.post("cancel-order", &json!({"symbol": "BTCUSDT", "clientOid": "d"})).data();
    world.wait(1);
    assert_eq!(statuses(&world.read(id)), ["cancelled"]);
}

#[test]
fn the_size_of_a_buy_is_told_in_quote_and_its_base_beside_it() {
    let mut world = quiet();
    let id = world.private();
    world.rest_order("a");
    let sell = limit("b", "sell", "gtc", "69000", "0.02");
    assert_eq!(world.place(&sell).status, 200);
    world.wait(1);
    let rows = rows(&world.read(id), "orders");
    assert_eq!((&rows[0]["size"], &rows[0]["newSize"]), (&json!("650"), &json!("0.01")));
    assert_eq!((&rows[1]["size"], &rows[1]["newSize"]), (&json!("0.02"), &json!("0.02")));
    assert_eq!((&rows[0]["price"], &rows[0]["force"]), (&json!("65000"), &json!("gtc")));
    assert_eq!((&rows[0]["instId"], &rows[0]["side"]), (&json!("BTCUSDT"), &json!("buy")));
    assert_eq!(rows[0].get("tradeId"), None, "what a fill did is told with the fill");
}

#[test]
fn a_fill_is_told_with_its_order_by_itself_and_in_the_balances() {
    let mut world = quiet();
    let id = world.private();
    let buy = json!({"symbol": "BTCUSDT", "side": "buy", "orderType": "market", "size": "1000"});
    assert_eq!(world.place(&buy).status, 200);
    world.wait(1);
    let pushes = world.read(id);
    let orders = rows(&pushes, "orders");
    let fills = rows(&pushes, "fill");
    let filled = orders.last().unwrap();
    assert_eq!(filled["status"], "filled");
    assert_eq!((&filled["tradeScope"], &fills[0]["tradeScope"]), (&json!("T"), &json!("taker")));
    assert_eq!(filled["tradeId"], fills.last().unwrap()["tradeId"]);
    assert!(filled["fillFee"].as_str().unwrap().starts_with('-'));
    assert!(!fills[0]["feeDetail"][0]["totalFee"].as_str().unwrap().starts_with('-'));
    assert_eq!(fills[0].get("clientOid"), None);
    let balances = rows(&pushes, "account");
    let told = world.ask("account/assets?coin=BTC").data()[0].clone();
    let btc = balances.iter().find(|row| row["coin"] == "BTC").unwrap();
    assert_eq!(btc["available"], told["available"]);
}

#[test]
fn what_an_order_holds_is_told_only_where_the_venue_is_said_to() {
    for (pushes, expected) in [(BalancePushes::OnFills, 0), (BalancePushes::OnChanges, 1)] {
        let mut world = world(|config| config.front.balance_pushes = pushes);
        let id = world.private();
        world.rest_order("a");
        world.wait(1);
        assert_eq!(rows(&world.read(id), "account").len(), expected, "{pushes:?}");
    }
}

#[test]
fn reports_leave_some_of_the_time_before_the_answer_and_else_a_while_after_it() {
    let mut world = world(|config| {
        config.front.report_delay_min = Duration::from_millis(5);
        config.front.report_delay_max = Duration::from_millis(50);
    });
    let id = world.private();
    let mut ahead = 0;
    let mut delays = BTreeSet::new();
    for n in 0..200 {
        world.wait(1_000);
        world.say(id, "ping");
        world.read(id);
        let order = limit(&format!("a{n}"), "buy", "gtc", "65000", "0.001");
        assert_eq!(world.place(&order).status, 200);
        if !statuses(&world.read(id)).is_empty() {
            ahead += 1;
            continue;
        }
        let due = world.bitget.outbox.wakeup().unwrap();
        let late = due.since(world.now);
        assert!(late >= Duration::from_millis(5) && late <= Duration::from_millis(50), "{late:?}");
        delays.insert(late);
        world.wait(50);
        assert_eq!(statuses(&world.read(id)), ["live"]);
    }
    assert!((30..=70).contains(&ahead), "{ahead} of 200");
    assert!(delays.len() > 100, "not always the same");
}

#[test]
fn what_a_person_does_is_told_like_anything_else_and_what_nobody_heard_is_not_told_again() {
    let mut world = quiet();
    let id = world.private();
    let order = world.bitget.by_hand(world.now, |exchange, now| {
        let order = NewOrder::limit("ETHUSDT", Side::Buy, Decimal::from(3_100), Decimal::ONE);
        exchange.place(now, AccountId(0), order).unwrap().order.order_id
    });
    world.wait(1);
    let told = world.read(id);
    assert_eq!(statuses(&told), ["live"]);
    assert_eq!(rows(&told, "orders")[0]["instId"], "ETHUSDT");
    world.bitget.closed(world.now, id);
    world.bitget.by_hand(world.now, |exchange, now| {
        let (order, any) = (OrderRef::id(order), CancelRestriction::Any);
        exchange.cancel(now, AccountId(0), "ETHUSDT", &order, None, any).unwrap();
    });
    let next = world.private();
    world.wait(100);
    assert_eq!(statuses(&world.read(next)), Vec::<String>::new());
}

/// What a stream and a query say of each order must be one thing once nothing is on its way.
#[test]
fn what_the_stream_told_adds_up_to_what_the_venue_answers() {
    for seed in 1..=8 {
        let mut world = lively();
        world.bitget = Bitget::new(&BitgetConfig::default(), seed, world.now);
        let id = world.private();
        let mut dice = front::Dice::new(seed);
        for n in 0..150 {
            world.wait(150);
            world.say(id, "ping");
            let last = world.bitget.exchange().last_price("BTCUSDT").unwrap();
            let away = Decimal::new(i64::try_from(dice.up_to(400)).unwrap() - 200, 1);
            let price = (last + away).round_dp(1).to_string();
            let side = ["buy", "sell"][usize::try_from(dice.up_to(1)).unwrap()];
            let force = ["gtc", "ioc", "fok", "post_only"][usize::try_from(dice.up_to(3)).unwrap()];
            world.place(&limit(&format!("a{n}"), side, force, &price, "0.02"));
            if dice.up_to(2) == 0 {
                let of = dice.up_to(n);
                let body = json!({"symbol": "BTCUSDT", "clientOid": format!("a{of}")});
                world.post("cancel-order", &body);
            }
        }
        world.wait(1_000);
        world.post("cancel-symbol-order", &json!({"symbol": "BTCUSDT"})).data();
        world.wait(1_000);
        let pushes = world.read(id);
        let mut told = BTreeMap::new();
        for row in rows(&pushes, "orders") {
            let before = told.insert(row["orderId"].as_str().unwrap().to_owned(), row.clone());
            let is_over = before.is_some_and(|row| row["status"] == "cancelled");
            assert!(!is_over, "seed {seed}: {row} after its end");
        }
        assert!(told.len() > 100, "{}", told.len());
        let mut traded = Decimal::ZERO;
        for (order, row) in &told {
            world.wait(100);
            let asked = world.info(order);
            for (stream, query) in
                [("status", "status"), ("accBaseVolume", "baseVolume"), ("priceAvg", "priceAvg")]
            {
                assert_eq!(row[stream], asked[query], "seed {seed}: {row} and {asked}");
            }
            traded += row["accBaseVolume"].as_str().unwrap().parse::<Decimal>().unwrap();
        }
        let fills = rows(&pushes, "fill");
        let size = |row: &Value| row["size"].as_str().unwrap().parse::<Decimal>().unwrap();
        assert_eq!(fills.iter().map(size).sum::<Decimal>(), traded, "seed {seed}");
        assert_eq!(fills.len(), world.bitget.ledger().accounts[0].fills.len(), "seed {seed}");
    }
}

#[test]
fn an_account_hears_of_one_symbol_alone_if_it_asked_so() {
    let mut world = quiet();
    let id = world.open(Service::PRIVATE);
    let login = world.login(&world.now.as_secs().to_string());
    world.tell(id, &login);
    let eth = json!({"instType": "SPOT", "channel": "orders", "instId": "ETHUSDT"});
    world.tell(id, &json!({"op": "subscribe", "args": [eth]}));
    world.read(id);
    world.rest_order("a");
    world.wait(1);
    assert_eq!(world.read(id), Vec::<Value>::new());
}
