//! REST: routes, who may ask, in which order that is looked at, and how often.

use super::*;

const ASSETS: &str = "GET /api/v2/spot/account/assets";

/// The same request with one header replaced, or without it.
fn with(mut request: Request<Bytes>, name: &'static str, value: Option<&str>) -> Request<Bytes> {
    request.headers_mut().remove(name);
    if let Some(value) = value {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

#[test]
fn every_answer_is_an_envelope_with_strings_in_it() {
    let mut world = quiet();
    let reply = world.get("public/time");
    assert_eq!(field_names(&reply.body), ["code", "msg", "requestTime", "data"]);
    assert_eq!(reply.body["requestTime"], world.now.as_millis());
    assert_eq!(reply.data(), &json!({"serverTime": world.now.as_millis().to_string()}));
    let lost = world.get("spot/market/ticker?symbol=BTCUSDT");
    assert_eq!(lost.error(), (404, "40404"));
    assert_eq!(lost.body["data"], Value::Null);
    let old = Request::builder().uri("/api/spot/v1/public/time").body(Bytes::new()).unwrap();
    assert_eq!(world.submit(&old).error(), (400, "30032"));
    let request = Request::builder().method("DELETE").uri("/api/v2/public/time");
    assert_eq!(world.submit(&request.body(Bytes::new()).unwrap()).status, 404);
}

#[test]
fn each_missing_or_wrong_proof_has_its_own_answer() {
    let mut world = quiet();
    let request = || quiet().request(ASSETS, "", 0);
    assert_eq!(world.submit(&request()).status, 200);
    for (name, value, code) in [
        ("access-key", None, "40006"),
        ("access-key", Some("bg_unknown"), "40037"),
        ("access-sign", None, "40002"),
        ("access-sign", Some("AAAA"), "40009"),
        ("access-timestamp", None, "40005"),
        ("access-timestamp", Some("soon"), "40005"),
        ("access-passphrase", None, "40011"),
        ("access-passphrase", Some("wrong"), "40012"),
    ] {
        let reply = world.submit(&with(request(), name, value));
        assert_eq!(reply.error(), (400, code), "{name}: {value:?}");
    }
    assert!(world.bitget.revoke(fake::API_KEY));
    assert_eq!(world.submit(&request()).error(), (400, "40037"), "taken back");
}

#[test]
fn a_clock_may_be_half_a_minute_off_either_way() {
    let mut world = quiet();
    for (off, is_taken) in [(-30_000, true), (-30_001, false), (30_000, true), (30_001, false)] {
        let request = world.request(ASSETS, "", off);
        let reply = world.submit(&request);
        let expected = if is_taken { (200, "00000") } else { (400, "40008") };
        assert_eq!(reply.error(), expected, "{off} ms");
    }
}

#[test]
fn the_key_is_looked_up_before_the_signature_and_so_is_the_kind_of_its_account() {
    let mut world = quiet();
    let unsigned = with(world.request(ASSETS, "", 0), "access-sign", Some("AAAA"));
    let unknown = with(unsigned.clone(), "access-key", Some("bg_unknown"));
    assert_eq!(world.submit(&unknown).error(), (400, "40037"));
    world.bitget.unify(AccountId(0));
    assert_eq!(world.submit(&unsigned).error(), (400, "40085"));
    assert_eq!(world.ask("account/assets").error(), (400, "40085"));
    assert_eq!(world.get("public/time").status, 200, "what is for everybody goes on");
}

#[test]
fn a_query_may_be_signed_as_it_is_sent_or_decoded_but_not_in_another_order() {
    let mut world = quiet();
    let sent = "/api/v2/spot/trade/orderInfo?clientOid=a%23b";
    let plain = "/api/v2/spot/trade/orderInfo?clientOid=a#b";
    let stamp = world.now.as_millis().to_string();
    for (signed, expected) in [(sent, 200), (plain, 200), ("/api/v2/spot/trade/orderInfo", 400)] {
        let sign = hmac(&format!("{stamp}GET{signed}"));
        let request =
            with(world.request(&format!("GET {sent}"), "", 0), "access-sign", Some(&sign));
        assert_eq!(world.submit(&request).status, expected, "{signed}");
    }
}

#[test]
fn a_demo_key_opens_the_demo_and_nothing_else() {
    let mut live = quiet();
    let demo = with(live.request(ASSETS, "", 0), "paptrading", Some("1"));
    assert_eq!(live.submit(&demo).error(), (400, "40099"));
    let mut world = world(|config| config.front.keys[0].environment = Environment::Demo);
    assert_eq!(world.submit(&demo).status, 200);
    assert_eq!(world.ask("account/assets").error(), (400, "40099"));
    let public = Request::builder().uri("/api/v2/public/time").header("paptrading", "1");
    assert_eq!(world.submit(&public.body(Bytes::new()).unwrap()).error(), (404, "40404"));
}

#[test]
fn what_is_sent_has_to_say_that_it_is_json() {
    let mut world = quiet();
    let order = resting("a").to_string();
    for (kind, expected) in [
        (None, 400),
        (Some("application/x-www-form-urlencoded"), 400),
        (Some("application/json; charset=utf-8"), 200),
    ] {
        let request = with(world.request(PLACE, &order, 0), "content-type", kind);
        let reply = world.submit(&request);
        assert_eq!(reply.status, expected, "{kind:?}");
        assert!(expected == 200 || reply.body["code"] == "40007", "{kind:?}");
    }
}

#[test]
fn a_key_may_be_kept_to_reading_and_to_addresses() {
    let mut reader = world(|config| config.front.keys[0].can_trade = false);
    assert_eq!(reader.place(&resting("a")).error(), (400, "40014"));
    let info = reader.ask("account/info");
    assert_eq!(info.data()["authorities"], json!(["stor"]));
    let elsewhere = IpAddr::V4(Ipv4Addr::BROADCAST);
    let mut bound = world(|config| config.front.keys[0].addresses = vec![elsewhere]);
    assert_eq!(bound.ask("account/assets").error(), (400, "40018"));
    assert_eq!(quiet().ask("account/info").data()["ips"], "");
}

#[test]
fn each_path_has_its_own_second_and_tells_what_is_left_of_it() {
    let mut world = quiet();
    assert_eq!(world.get("public/time").left(), Some("19"));
    assert_eq!(world.get("spot/market/fills?symbol=BTCUSDT").left(), Some("9"));
    assert_eq!(world.ask("account/info").left(), Some("0"));
    let refused = world.ask("account/info");
    assert_eq!((refused.error(), refused.left()), ((429, "429"), Some("0")));
    assert_eq!(refused.body["msg"], "Too Many Requests");
    assert!(refused.headers.get("retry-after").is_none(), "it does not say when to come back");
    assert_eq!(world.ask("account/assets").left(), Some("9"), "another path");
    world.wait(1_000);
    assert_eq!(world.ask("account/info").status, 200);
}

#[test]
fn the_eleventh_order_of_a_second_is_refused_and_one_account_is_counted_by_all_its_keys() {
    let mut world = world(|config| {
        let second = ApiKey { api_key: "bg_second".to_owned(), ..fake::key(AccountId(0)) };
        config.front.keys.push(second);
    });
    for n in 0..10 {
        world.rest_order(&format!("a{n}"));
    }
    world.key.api_key = "bg_second".to_owned();
    assert_eq!(world.place(&resting("a10")).error(), (429, "429"));
    let ledger = world.bitget.ledger();
    assert_eq!((ledger.rate_limited, ledger.accounts[0].orders_accepted), (1, 10));
    let peak = ledger.peaks.iter().find(|peak| peak.kind == LimitKind::Calls(PLACE)).unwrap();
    assert_eq!((peak.limit, peak.used), (10, 11));
    world.wait(1_000);
    world.rest_order("a10");
}

#[test]
fn a_stranger_with_a_key_of_the_account_uses_up_its_second() {
    let mut world = quiet();
    assert!(world.bitget.burn_calls(world.now, AccountId(0), PLACE, 10));
    assert_eq!(world.place(&resting("a")).error(), (429, "429"));
    assert!(!world.bitget.burn_calls(world.now, AccountId(0), "GET /nowhere", 1));
}

#[test]
fn who_passes_the_minute_of_an_address_is_refused_everywhere_for_five() {
    let mut world = world(|config| config.front.limits.requests_per_minute = 30);
    world.bitget.burn_requests(world.now, PEER, 29);
    assert_eq!(world.get("public/time").status, 200);
    assert_eq!(world.get("public/time").status, 429);
    world.wait(299_000);
    assert_eq!(world.ask("account/assets").status, 429);
    world.wait(1_000);
    assert_eq!(world.ask("account/assets").status, 200);
    let ledger = world.bitget.ledger();
    assert_eq!((ledger.rate_limited, ledger.banned, ledger.bans), (1, 1, 1));
    assert_eq!(ledger.after_first_429().len(), 2);
}

#[test]
fn the_edge_answers_a_page_without_a_code_or_a_count() {
    let mut world = quiet();
    for n in 0..100 {
        assert_eq!(world.get("nowhere").status, 404, "{n}");
    }
    let page = world.get("public/time");
    assert_eq!((page.status, &page.body, page.left()), (403, &Value::Null, None));
    assert_eq!(page.headers["content-type"], "text/html");
    world.wait(300_000);
    assert_eq!(world.get("public/time").status, 200);
    world.bitget.shut_out(world.now, PEER, Duration::from_secs(1));
    assert_eq!(world.get("public/time").status, 403);
}

#[test]
fn a_ban_by_hand_lasts_as_long_as_one_that_was_earned() {
    let mut world = quiet();
    let until = world.bitget.ban(world.now, PEER);
    assert_eq!(world.bitget.banned_until(world.now, PEER), Some(until));
    assert_eq!(world.get("public/time").status, 429);
    world.wait(300_000);
    assert_eq!(world.get("public/time").status, 200);
}
