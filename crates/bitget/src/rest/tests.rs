use super::*;
use crate::BitgetSpot;
use crate::samples::{
    self, API_KEY, PASSPHRASE, bars, calls, encode, encode_at, endpoint, new_order, stamp,
    unsupported, venue,
};
use tradewind_model::order::{MarketQuantity, OrderKind, Side};
use tradewind_venue::Venue;

/// Method, path and body of a call.
fn line(call: &Call) -> String {
    let request = encode(call).unwrap();
    let url = request.uri().to_string();
    let url = url.strip_prefix("https://venue.test/api/v2/").unwrap_or(&url);
    let body = std::str::from_utf8(request.body()).unwrap();
    format!("{} {url} {body}", request.method()).trim_end().to_owned()
}

#[test]
fn every_call_is_the_request_that_the_venue_documents() {
    let lines: Vec<String> = calls().iter().filter(|call| encode(call).is_ok()).map(line).collect();
    let order = r#"POST spot/trade/place-order {"symbol":"FOOUSDT","side":"#;
    let limit = r#""price":"0.0000123","size":"1000000.5""#;
    let end = r#""clientOid":"tw1-abc","requestTime":"1800000000000","receiveWindow":"2000"}"#;
    let cancel = r#"POST spot/trade/cancel-order {"symbol":"FOOUSDT","#;
    assert_eq!(
        lines,
        [
            "GET public/time",
            "GET public/time",
            "GET spot/public/symbols",
            "GET spot/public/symbols?symbol=FOOUSDT",
            "GET spot/public/symbols",
            "GET spot/market/orderbook?limit=150&symbol=FOOUSDT&type=step0",
            "GET spot/market/candles?granularity=1h&limit=1000&symbol=FOOUSDT",
            "GET spot/market/history-candles?endTime=1001&granularity=1Dutc&limit=200&symbol=FOOUSDT",
            "GET spot/market/tickers?symbol=FOOUSDT",
            "GET spot/market/tickers?symbol=BGBUSDT",
            &format!(r#"{order}"buy","orderType":"limit","force":"gtc",{limit},{end}"#),
            &format!(r#"{order}"buy","orderType":"limit","force":"ioc",{limit},{end}"#),
            &format!(r#"{order}"buy","orderType":"limit","force":"fok",{limit},{end}"#),
            &format!(
                r#"{order}"sell","orderType":"limit","force":"post_only","price":"10","size":"2",{end}"#
            ),
            &format!(r#"{order}"buy","orderType":"market","size":"25.5",{end}"#),
            &format!(r#"{order}"sell","orderType":"market","size":"2",{end}"#),
            &format!(r#"{cancel}"orderId":"1300000000000000001"}}"#),
            &format!(r#"{cancel}"clientOid":"tw1-abc"}}"#),
            r#"POST spot/trade/cancel-symbol-order {"symbol":"FOOUSDT"}"#,
            "GET spot/trade/orderInfo?clientOid=tw1-abc",
            "GET spot/trade/orderInfo?orderId=1300000000000000001",
            "GET spot/trade/unfilled-orders?limit=100&symbol=FOOUSDT",
            "GET spot/trade/unfilled-orders?idLessThan=1300000000000000001&limit=100",
            "GET spot/trade/history-orders?limit=1&symbol=FOOUSDT",
            "GET spot/trade/fills?limit=100&symbol=FOOUSDT",
            "GET spot/trade/fills?idLessThan=77&limit=100&symbol=FOOUSDT",
            "GET spot/trade/fills?limit=50&orderId=1300000000000000001&symbol=FOOUSDT",
            "GET spot/account/assets",
            "GET wss://ws.venue.test/v2/ws/public",
            "GET wss://ws.venue.test/v2/ws/private",
        ]
    );
}

#[test]
fn what_is_signed_is_what_is_sent() {
    for call in calls().iter().filter(|call| call.kind().is_signed()) {
        let Ok(request) = encode(call) else { continue };
        let path = request.uri().path_and_query().unwrap().to_string();
        let body = std::str::from_utf8(request.body()).unwrap();
        let payload = format!("1800000000000{}{path}{body}", request.method());
        let signature = samples::signer().sign_base64(payload.as_bytes());
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("access-sign"), signature, "{call:?}");
        assert_eq!(header("access-key"), API_KEY);
        assert_eq!(header("access-passphrase"), PASSPHRASE);
        assert_eq!(header("locale"), "en-US");
        assert_eq!(request.headers().get(CONTENT_TYPE).is_some(), !body.is_empty());
        // Nobody pays anybody for our orders.
        assert!(!request.headers().contains_key("x-channel-api-code"));
        let shown = format!("{:?}", request.headers());
        assert!(!shown.contains("canary") && !shown.contains("bg_0"), "{shown}");
    }
}

#[test]
fn what_is_public_says_nothing_of_who_asks() {
    let demo = BitgetSpot::demo(venue());
    for call in calls().iter().filter(|call| !call.kind().is_signed()) {
        let encoded = demo.encode(call, &endpoint(), stamp(1, 1), Some(&samples::signer()));
        let Ok(request) = encoded else { continue };
        for name in ["access-key", "access-sign", "access-passphrase", "paptrading"] {
            assert!(!request.headers().contains_key(name), "{name} {call:?}");
        }
    }
}

#[test]
fn demo_trading_is_said_with_what_is_signed_and_changes_no_signature() {
    let signer = samples::signer();
    let sent = |venue: BitgetSpot| {
        venue.encode(&Call::Account, &endpoint(), stamp(7, 1), Some(&signer)).unwrap()
    };
    let (live, demo) = (sent(BitgetSpot::default()), sent(BitgetSpot::demo(venue())));
    assert_eq!(demo.headers()["paptrading"], "1");
    assert!(!live.headers().contains_key("paptrading"));
    assert_eq!(demo.headers()["access-sign"], live.headers()["access-sign"]);
}

#[test]
fn a_market_order_that_does_not_say_what_it_gives_is_not_sent() {
    for (side, quantity) in [
        (Side::Buy, MarketQuantity::Base("1".parse().unwrap())),
        (Side::Sell, MarketQuantity::Quote("1".parse().unwrap())),
    ] {
        let error = encode(&new_order(side, OrderKind::Market(quantity))).unwrap_err();
        assert!(matches!(error, EncodeError::NotOffered { .. }), "{error}");
    }
    let stop = OrderKind::stop_loss("9".parse().unwrap(), "1".parse().unwrap());
    assert!(encode(&new_order(Side::Sell, stop)).is_err());
}

#[test]
fn what_the_venue_does_not_offer_is_said_to_be_so() {
    for call in unsupported() {
        let error = encode(&call).unwrap_err();
        assert_eq!(error, EncodeError::Unsupported { venue: venue(), kind: call.kind() });
    }
    for interval in [Interval::Second1, Interval::Hour2, Interval::Hour8] {
        let error = encode(&bars(interval, None)).unwrap_err().to_string();
        assert!(error.contains(interval.name()) && error.contains("bitget"), "{error}");
    }
    assert!(
        encode(&samples::older(
            samples::older(Call::Account, PageEnd::Order(samples::venue_order_id())),
            PageEnd::Order(samples::venue_order_id())
        ))
        .is_err()
    );
}

#[test]
fn bars_of_long_ago_are_asked_for_where_they_are_kept() {
    let day = 86_400_000;
    let path = |until: u64| {
        let request = encode_at(&bars(Interval::Minute1, Some(until)), 100 * day).unwrap();
        request.uri().path().to_owned()
    };
    assert_eq!(path(99 * day), "/api/v2/spot/market/candles");
    assert_eq!(path(70 * day), "/api/v2/spot/market/history-candles");
}

#[test]
fn a_symbol_beyond_ascii_is_signed_as_it_reads_and_sent_encoded() {
    let symbol = Symbol::from("币USDT");
    let query = Query::of(&symbol).with("limit", 1);
    assert_eq!(query.plain(), "?limit=1&symbol=币USDT");
    assert_eq!(query.encoded(), "?limit=1&symbol=%E5%B8%81USDT");
}

#[test]
fn a_url_that_is_none_is_named() {
    let bad = Endpoint { rest: "venue".to_owned(), ..endpoint() };
    let error = BitgetSpot::default().encode(&Call::Ping, &bad, stamp(1, 1), None).unwrap_err();
    assert!(matches!(error, EncodeError::Url { .. }), "{error}");
}
