//! Sockets: logging in, being heard, and how connections end.

use super::*;

/// The code of a frame that refuses.
fn code(frame: &Value) -> i64 {
    assert_eq!(frame["event"], "error", "{frame}");
    frame["code"].as_i64().unwrap()
}

fn is_closed(frames: &[Frame], wanted: u16) -> bool {
    matches!(frames.last(), Some(Frame::Close { code, .. }) if *code == wanted)
}

/// The status that a public handshake is refused with, if it is.
fn refused(world: &mut World, path: &str) -> Option<u16> {
    let opened = world.bitget.open(world.now, PEER, Service::PUBLIC, path);
    opened.err().map(|refusal| refusal.status().as_u16())
}

#[test]
fn a_login_is_stamped_in_seconds_or_milliseconds_and_lasts_half_a_minute() {
    let mut world = quiet();
    let id = world.open(Service::PRIVATE);
    let now = world.now;
    for (stamp, expected) in [
        (now.as_secs().to_string(), 0),
        (now.as_millis().to_string(), 0),
        ((now.as_secs() - 30).to_string(), 0),
        ((now.as_secs() - 31).to_string(), 30_014),
        ((now.as_secs() + 31).to_string(), 30_014),
        ("soon".to_owned(), 30_013),
    ] {
        let login = world.login(&stamp);
        world.tell(id, &login);
        let said = world.read(id).remove(0);
        assert_eq!(said["code"], expected, "{stamp}: {said}");
        assert_eq!(said["event"], if expected == 0 { "login" } else { "error" });
    }
}

#[test]
fn each_wrong_login_has_its_own_code_and_the_connection_stands() {
    let mut world = quiet();
    let id = world.open(Service::PRIVATE);
    let stamp = world.now.as_secs().to_string();
    for (name, expected) in
        [("apiKey", 30_011), ("passphrase", 30_012), ("timestamp", 30_013), ("sign", 30_015)]
    {
        let mut login = world.login(&stamp);
        login["args"][0][name] = json!("AAAA");
        world.tell(id, &login);
        assert_eq!(code(&world.read(id)[0]), expected, "{name}");
    }
    let login = world.login(&stamp);
    world.tell(id, &login);
    assert_eq!(world.read(id), [json!({"event": "login", "code": 0})]);
    let public = world.open(Service::PUBLIC);
    world.tell(public, &login);
    assert_eq!(code(&world.read(public)[0]), 30_003, "there is nobody to be on it");
}

#[test]
fn an_accounts_channels_need_a_login_and_each_argument_is_answered_by_its_echo() {
    let mut world = quiet();
    let id = world.open(Service::PRIVATE);
    let subscribe = json!({"op": "subscribe", "args": [of("orders"), balances()]});
    world.tell(id, &subscribe);
    let said = world.read(id);
    assert_eq!((said.len(), code(&said[0]), code(&said[1])), (2, 30_004, 30_004));
    assert_eq!((&said[0]["arg"], &said[0]["op"]), (&of("orders"), &json!("subscribe")));
    let login = world.login(&world.now.as_secs().to_string());
    world.tell(id, &login);
    world.tell(id, &subscribe);
    let said = world.read(id);
    assert_eq!(said[1], json!({"event": "subscribe", "arg": of("orders")}));
    assert_eq!(said[2], json!({"event": "subscribe", "arg": balances()}));
    let first = &said[3];
    assert_eq!((&first["action"], &first["arg"]), (&json!("snapshot"), &balances()));
    assert_eq!(first["data"].as_array().unwrap().len(), 3, "balances begin, orders do not");
    assert_eq!(said.len(), 4);
}

#[test]
fn what_is_not_there_is_refused_and_the_rest_of_the_message_is_not() {
    let mut world = quiet();
    let id = world.open(Service::PUBLIC);
    let args = json!([on("nope"), on("ticker"), on("candle9m"), on("orders")]);
    world.tell(id, &json!({"op": "subscribe", "args": args}));
    let said = world.read(id);
    assert_eq!(code(&said[0]), 30_001);
    assert_eq!(said[1]["event"], "subscribe");
    assert_eq!(said[2]["data"][0]["instId"], "BTCUSDT");
    assert_eq!((code(&said[3]), code(&said[4])), (30_016, 30_001));
    for (text, expected) in [
        ("hello", 30_002),
        ("[]", 30_002),
        ("{}", 30_016),
        ("{\"op\":\"subscribe\",\"args\":[]}", 30_016),
        ("{\"op\":\"trade\",\"args\":[{}]}", 30_003),
    ] {
        world.say(id, text);
        assert_eq!(code(&world.read(id)[0]), expected, "{text}");
    }
    world.wait(1_000);
    world.say(id, &format!("{{\"op\":\"subscribe\",\"args\":[\"{}\"]}}", "x".repeat(4_096)));
    assert_eq!(code(&world.read(id)[0]), 30_002, "longer than a message may be");
}

#[test]
fn who_says_ping_is_answered_and_who_does_not_is_dropped_after_two_minutes() {
    let mut world = quiet();
    let (talks, pongs) = (world.open(Service::PRIVATE), world.open(Service::PRIVATE));
    for _ in 0..4 {
        world.wait(30_000);
        world.say(talks, "ping");
        assert_eq!(world.read(talks), [json!("pong")]);
        let ping = Frame::Ping(Bytes::from_static(b"x"));
        world.bitget.receive(world.now, pongs, ping.clone());
        assert_eq!(world.frames(pongs), [Frame::Pong(Bytes::from_static(b"x"))]);
    }
    assert_eq!(world.bitget.next_beat(), Some(world.now + Duration::from_nanos(1)));
    world.wait(1);
    assert!(is_closed(&world.frames(pongs), 1008), "the protocol's own ping is none");
    assert_eq!(world.bitget.ledger().connections_open, 1);
    world.wait(119_999);
    assert_eq!(world.frames(talks), []);
    world.wait(1);
    assert!(is_closed(&world.frames(talks), 1008));
}

#[test]
fn a_connection_ends_after_a_day_however_well_it_behaves() {
    let mut world = quiet();
    let id = world.open(Service::PUBLIC);
    for _ in 0..(24 * 60 - 1) {
        world.wait(60_000);
        world.say(id, "ping");
    }
    assert!(world.read(id).iter().all(|said| said == "pong"));
    world.wait(60_000);
    assert!(is_closed(&world.frames(id), 1001));
}

#[test]
fn the_eleventh_message_of_a_second_closes_and_pings_count() {
    let mut world = quiet();
    let id = world.open(Service::PUBLIC);
    for _ in 0..10 {
        world.say(id, "ping");
    }
    assert_eq!(world.read(id).len(), 10);
    world.wait(999);
    world.say(id, "ping");
    let frames = world.frames(id);
    assert!(matches!(&frames[0], Frame::Text(text) if text.contains("30006")), "{frames:?}");
    assert!(is_closed(&frames, 1008));
    let ledger = world.bitget.ledger();
    assert_eq!((ledger.policy_closes, ledger.arrivals.last().unwrap().status), (1, 1008));
}

#[test]
fn who_floods_again_and_again_finds_the_sockets_shut() {
    let mut world = quiet();
    for _ in 0..3 {
        let id = world.open(Service::PUBLIC);
        for _ in 0..11 {
            world.say(id, "ping");
        }
    }
    assert_eq!(refused(&mut world, "/v2/ws/public"), Some(429));
    world.wait(120_000);
    world.open(Service::PUBLIC);
}

#[test]
fn the_next_subscription_after_240_in_an_hour_closes() {
    let mut world = quiet();
    let id = world.open(Service::PUBLIC);
    for n in 0..240 {
        world.wait(1_000);
        let op = if n % 2 == 0 { "subscribe" } else { "unsubscribe" };
        world.tell(id, &json!({"op": op, "args": [on("trade")]}));
        world.say(id, "ping");
    }
    assert!(world.read(id).iter().all(|said| said["event"] != "error"));
    world.tell(id, &json!({"op": "subscribe", "args": [on("trade")]}));
    let frames = world.frames(id);
    assert!(matches!(&frames[0], Frame::Text(text) if text.contains("30007")), "{frames:?}");
    assert!(is_closed(&frames, 1008));
    assert_eq!(world.bitget.ledger().policy_closes, 1);
}

#[test]
fn a_connection_has_room_for_so_many_channels() {
    let mut world = world(|config| config.front.sockets.channels = 2);
    let id = world.open(Service::PUBLIC);
    let args = json!([on("ticker"), on("trade"), on("books"), on("trade")]);
    world.tell(id, &json!({"op": "subscribe", "args": args}));
    let events: Vec<_> = world
        .read(id)
        .into_iter()
        .filter_map(|said| said["event"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(events, ["subscribe", "subscribe", "error", "subscribe"], "one of them again");
}

#[test]
fn handshakes_are_counted_by_address_and_refused_by_status() {
    let mut world = world(|config| {
        config.front.limits.connections_per_five_minutes = 3;
        config.front.limits.open_connections = 2;
    });
    assert_eq!(refused(&mut world, "/v2/ws/private"), Some(404), "the other one's path");
    let first = world.open(Service::PUBLIC);
    assert_eq!(refused(&mut world, "/v2/ws/public/"), None);
    assert_eq!(refused(&mut world, "/v2/ws/public"), Some(429), "too many stand");
    world.bitget.closed(world.now, first);
    assert_eq!(refused(&mut world, "/v2/ws/public"), Some(429), "too many were tried");
    world.wait(300_000);
    let ledger = world.bitget.ledger();
    assert_eq!((ledger.connections_accepted, ledger.connections_refused), (2, 3));
    world.open(Service::PUBLIC);
    world.bitget.shut_out(world.now, PEER, Duration::from_secs(1));
    assert_eq!(refused(&mut world, "/v2/ws/public"), Some(403));
}

#[test]
fn who_does_not_read_is_closed_rather_than_stored_for() {
    let mut world = world(|config| config.front.session_backlog_max = 5);
    let id = world.open(Service::PUBLIC);
    for _ in 0..6 {
        world.say(id, "ping");
    }
    assert!(is_closed(&world.frames(id), 1008));
}
