//! What a market's channels say by themselves.

use std::collections::BTreeMap;

use super::*;
use crate::bitget::checksum::checksum;

/// A book as a client keeps it: strings as they came, by price.
#[derive(Default)]
struct Kept {
    bids: BTreeMap<Decimal, [String; 2]>,
    asks: BTreeMap<Decimal, [String; 2]>,
}

impl Kept {
    fn lay(&mut self, row: &Value) {
        for (name, side) in [("bids", &mut self.bids), ("asks", &mut self.asks)] {
            for level in row[name].as_array().unwrap() {
                let text = |place: usize| level[place].as_str().unwrap().to_owned();
                let price = text(0).parse().unwrap();
                if text(1) == "0" {
                    side.remove(&price);
                } else {
                    side.insert(price, [text(0), text(1)]);
                }
            }
        }
    }

    fn sum(&self) -> i32 {
        let bids: Vec<_> = self.bids.values().rev().cloned().collect();
        let asks: Vec<_> = self.asks.values().cloned().collect();
        checksum(&bids, &asks)
    }
}

#[test]
fn a_book_begins_whole_and_each_change_leads_to_the_sum_that_it_names() {
    let mut world = lively();
    let (first, begun) = world.follow("books");
    let row = &begun["data"][0];
    assert_eq!((&begun["action"], &row["checksum"]), (&json!("snapshot"), &json!(0)));
    let mut book = Kept::default();
    book.lay(row);
    let mut seq = row["seq"].as_u64().unwrap();
    // Not at a tick, so that a part of the next change is in what the second one begins with.
    world.wait(30_050);
    let (_, begun) = world.follow("books");
    let mut other = Kept::default();
    other.lay(&begun["data"][0]);
    let other_seq = begun["data"][0]["seq"].as_u64().unwrap();
    let before = world.read(first);
    assert!(before.len() < 4, "one change gathers all that nobody fetched");
    world.wait(200);
    let mut pushes = before;
    for _ in 0..100 {
        world.wait(100);
        pushes.extend(world.read(first));
    }
    assert!(pushes.len() > 15, "{}", pushes.len());
    for push in &pushes {
        let row = &push["data"][0];
        assert_eq!((&push["action"], row["pseq"].as_u64()), (&json!("update"), Some(seq)));
        seq = row["seq"].as_u64().unwrap();
        book.lay(row);
        assert_eq!(row["checksum"], book.sum());
        if seq > other_seq {
            other.lay(row);
            assert_eq!(row["checksum"], other.sum(), "also for who came in the middle");
        }
    }
}

#[test]
fn who_comes_back_to_a_book_that_nobody_followed_meanwhile_begins_anew() {
    let mut world = quiet();
    let (id, _) = world.follow("books");
    // Gathered and not told when the last one leaves; and what follows is not even gathered.
    world.rest_order("a");
    world.tell(id, &json!({"op": "unsubscribe", "args": [on("books")]}));
    world.rest_order("b");
    world.read(id);
    world.tell(id, &json!({"op": "subscribe", "args": [on("books")]}));
    let mut book = Kept::default();
    book.lay(&world.read(id)[1]["data"][0]);
    world.pass(200);
    assert_eq!(world.read(id), Vec::<Value>::new(), "the snapshot had it all");
    world.rest_order("c");
    world.pass(200);
    let push = world.read(id).remove(0);
    book.lay(&push["data"][0]);
    assert_eq!(push["data"][0]["checksum"], book.sum());
    assert_eq!(book.bids[&Decimal::from(65_000)], ["65000.0", "0.0300"]);
}

#[test]
fn the_best_levels_are_told_whole_each_time() {
    let mut world = lively();
    for (channel, levels) in [("books1", 1), ("books5", 5), ("books15", 15)] {
        let (id, begun) = world.follow(channel);
        let mut pushes = vec![begun];
        for _ in 0..20 {
            world.wait(200);
            pushes.extend(world.read(id));
        }
        assert!(pushes.len() > 8, "{channel}: {}", pushes.len());
        for push in &pushes {
            assert_eq!(push["action"], "snapshot");
            assert!(push["data"][0]["bids"].as_array().unwrap().len() <= levels);
            assert_eq!(push["data"][0]["checksum"] == 0, levels == 1, "{channel}");
        }
        world.bitget.closed(world.now, id);
    }
}

#[test]
fn trades_begin_with_recent_ones_and_come_as_they_happen() {
    let mut world = lively();
    let (id, begun) = world.follow("trade");
    assert_eq!(begun["action"], "snapshot");
    let first = begun["data"].as_array().unwrap();
    assert!(!first.is_empty());
    let newest = first[0]["tradeId"].as_str().unwrap().to_owned();
    world.wait(5_000);
    let pushes = world.read(id);
    assert!(!pushes.is_empty() && pushes.iter().all(|push| push["action"] == "update"));
    let ids: Vec<_> =
        pushes.iter().map(|push| push["data"][0]["tradeId"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|one, other| one < other) && ids[0] > newest.as_str());
}

#[test]
fn bars_begin_with_the_past_and_go_on_with_the_one_in_progress_and_the_one_that_closed() {
    let mut world = lively();
    let (id, begun) = world.follow("candle1m");
    let first = begun["data"].as_array().unwrap();
    assert_eq!(first.len(), 500);
    let start = |row: &Value| row[0].as_str().unwrap().parse::<u64>().unwrap();
    let mut last = start(&first[499]);
    for _ in 0..180 {
        world.wait(500);
        world.say(id, "ping");
        for push in world.read(id).iter().filter(|push| push.is_object()) {
            assert_eq!((&push["action"], &push["arg"]), (&json!("update"), &on("candle1m")));
            for row in push["data"].as_array().unwrap() {
                assert!(start(row) == last || start(row) == last + 60_000, "{row} after {last}");
                last = start(row);
            }
        }
    }
    assert_eq!(last, world.now.as_millis() / 60_000 * 60_000);
}

#[test]
fn a_ticker_says_nothing_while_nothing_moves() {
    let mut world = quiet();
    let (id, begun) = world.follow("ticker");
    assert_eq!(begun["data"][0]["instId"], "BTCUSDT");
    world.wait(10_000);
    assert_eq!(world.read(id), Vec::<Value>::new());
    world.rest_order("a");
    let buy = json!({"symbol": "BTCUSDT", "side": "buy", "orderType": "market", "size": "1000"});
    assert_eq!(world.place(&buy).status, 200);
    world.wait(200);
    assert_eq!(world.read(id).len(), 1);
    world.tell(id, &json!({"op": "unsubscribe", "args": [on("ticker")]}));
    assert_eq!(world.read(id), [json!({"event": "unsubscribe", "arg": on("ticker")})]);
    assert_eq!(world.place(&buy).status, 200);
    world.wait(1_000);
    assert_eq!(world.read(id), Vec::<Value>::new());
    assert!(world.bitget.feeds.wakeup().is_none(), "and nothing is waited for");
}

#[test]
fn the_same_seed_is_the_same_run_and_another_is_another() {
    let run = |seed| {
        let config = BitgetConfig::default();
        let start = Timestamp::from_secs(1_790_035_200);
        let mut bitget = Bitget::new(&config, seed, start);
        let id = bitget.open(start, PEER, Service::PUBLIC, "/v2/ws/public").unwrap();
        let subscribe =
            json!({"op": "subscribe", "args": [on("books"), on("trade"), on("ticker")]});
        bitget.receive(start, id, Frame::Text(subscribe.to_string()));
        let mut frames = Vec::new();
        while let Some(at) = bitget.wakeup().filter(|at| at.since(start) < Duration::from_secs(20))
        {
            bitget.advance(at);
            while let Some((_, frame)) = bitget.poll_frame() {
                frames.push(frame);
            }
        }
        frames
    };
    assert!(run(1).len() > 100);
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
