use super::*;
use crate::samples::{RECEIVED_AT, calls, decode, limit_order};
use bytes::Bytes;
use http::Response;
use tradewind_model::call::Call;
use tradewind_model::outcome::{Outcome, Reply};
use tradewind_venue::Venue;

/// A fate in a word.
fn word(fate: &Fate) -> String {
    match fate {
        Fate::Done(_) => "done".to_owned(),
        Fate::Refused(refusal) => format!("{:?}", refusal.kind),
        Fate::NotTaken(NotTaken::Throttled(throttle)) => {
            let what = throttle.kind.map_or("any", LimitKind::name);
            let how = if throttle.is_ban { "banned" } else { "throttled" };
            format!("{how} {what}")
        }
        Fate::NotTaken(NotTaken::Overloaded(_)) => "overloaded".to_owned(),
        Fate::NotTaken(NotTaken::NotAttempted(_)) => "not attempted".to_owned(),
        Fate::NotTaken(NotTaken::NotSent(_)) => "not sent".to_owned(),
        Fate::Unknown(Unknown::Venue { code, .. }) => match code {
            Some(_) => "unknown".to_owned(),
            None => "unknown, wordless".to_owned(),
        },
        Fate::Unknown(Unknown::Unreadable(_)) => "unreadable".to_owned(),
        Fate::Unknown(Unknown::Timeout | Unknown::Broken(_)) => "no answer".to_owned(),
    }
}

fn body(code: i64, msg: &str) -> String {
    serde_json::json!({ "code": code, "msg": msg }).to_string()
}

/// Statuses with code and text, as a new order is answered, and what that proves.
#[rustfmt::skip]
const CODED: [(u16, i64, &str, &str); 68] = [
    // The venue does not know, or it is left open.
    (400, -1000, "An unknown error occurred while processing the request.", "unknown"),
    (400, -1001, "Internal error; unable to process your request. Please try again.", "unknown"),
    (400, -1006, "An unexpected response was received from the message bus. Execution status unknown.", "unknown"),
    (400, -1007, "Timeout waiting for response from backend server. Send status unknown; execution status unknown.", "unknown"),
    (504, -1007, "Timeout waiting for response from backend server.", "unknown"),
    (408, -1007, "Timeout waiting for response from backend server.", "unknown"),
    (400, -1016, "This service is no longer available.", "unknown"),
    (500, -1000, "", "unknown"),
    (503, -2010, "Account has insufficient balance for requested action.", "unknown"),
    (502, -2013, "Order does not exist.", "unknown"),
    (408, -2010, "Market is closed.", "unknown"),
    (409, -2021, "Order cancel-replace partially failed.", "unknown"),
    (400, -2022, "Order cancel-replace failed.", "unknown"),
    (400, -9999, "A code of tomorrow.", "unknown"),
    (400, 0, "", "unknown"),
    (200, -2010, "A refusal as a success.", "unknown"),
    (302, -1121, "Invalid symbol.", "unknown"),
    (404, -4242, "A code of tomorrow.", "unknown"),
    // Limits and overload.
    (429, -1003, "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.", "throttled request-weight"),
    (429, -1003, "Too many requests queued.", "throttled any"),
    (400, -1003, "Too many requests queued.", "throttled any"),
    (429, -1015, "Too many new orders; current limit is 100 orders per 10 SECOND.", "throttled orders"),
    (400, -1015, "Too many new orders; current limit is 200000 orders per 1 DAY.", "throttled orders"),
    (429, -1034, "Too many connection attempts from IP; current limit is 300 per '5m'.", "throttled connections"),
    (429, -2010, "Anything at all.", "throttled any"),
    (418, -1003, "Way too much request weight used; IP banned until 1800000120000. Please use WebSocket Streams for live updates to avoid bans.", "banned any"),
    (418, -1003, "Worded otherwise.", "banned any"),
    (429, -1003, "Way too much request weight used; IP banned until 1800000120000.", "banned any"),
    (503, -1008, "Server is currently overloaded with other requests. Please try again in a few minutes.", "overloaded"),
    (400, -1008, "Server is currently overloaded with other requests.", "overloaded"),
    // The key and its rights.
    (401, -2015, "Invalid API-key, IP, or permissions for action.", "Auth"),
    (403, -2015, "Invalid API-key, IP, or permissions for action.", "Auth"),
    (401, -2014, "API-key format invalid.", "Auth"),
    (401, -1002, "You are not authorized to execute this request.", "Auth"),
    (400, -1022, "Signature for this request is not valid.", "Auth"),
    (400, -2010, "This action is disabled on this account.", "Auth"),
    (400, -2010, "This account may not place or cancel orders.", "Auth"),
    (400, -2010, "Rest API trading is not enabled.", "Auth"),
    (400, -2010, "This symbol is not permitted for this account.", "Business"),
    (400, -2011, "This symbol is restricted for this account.", "Business"),
    (400, -2011, "This action is disabled on this account.", "Auth"),
    // The clock.
    (400, -1021, "Timestamp for this request is outside of the recvWindow.", "Clock"),
    (400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.", "Clock"),
    // The order.
    (400, -2010, "Duplicate order sent.", "DuplicateOrder"),
    (400, -2010, "Account has insufficient balance for requested action.", "Business"),
    (400, -2010, "Order would immediately match and take.", "Business"),
    (400, -2010, "Market is closed.", "Business"),
    (400, -1010, "Price * QTY is zero or less.", "Business"),
    (400, -2011, "Order was not canceled due to cancel restrictions.", "Business"),
    (400, -2016, "No trading window could be found for the symbol.", "Business"),
    (400, -2035, "User Data Stream subscription already active.", "Business"),
    (400, -2011, "Unknown order sent.", "UnknownOrder"),
    (400, -2011, "Worded otherwise.", "UnknownOrder"),
    (400, -2013, "Order does not exist.", "UnknownOrder"),
    (400, -2026, "Order was canceled or expired with no executed qty over 90 days ago and has been archived.", "UnknownOrder"),
    // The request.
    (400, -1013, "Filter failure: LOT_SIZE", "Validation"),
    (400, -1013, "Invalid quantity.", "Validation"),
    (400, -1100, "Illegal characters found in parameter 'price'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'.", "Validation"),
    (400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.", "Validation"),
    (400, -1106, "Parameter 'timeInForce' sent when not required.", "Validation"),
    (400, -1111, "Parameter 'quantity' has too much precision.", "Validation"),
    (400, -1116, "Invalid orderType.", "Validation"),
    (400, -1121, "Invalid symbol.", "Validation"),
    (400, -1128, "Combination of optional parameters invalid.", "Validation"),
    (400, -1151, "Symbol is present multiple times in the list.", "Validation"),
    (400, -1220, "The symbol's status does not match the requested symbolStatus.", "Validation"),
    (404, -1121, "Invalid symbol.", "Validation"),
    (410, -1020, "This operation is not supported.", "Validation"),
];

#[test]
fn each_code_proves_what_it_proves_and_no_more() {
    for (status, code, msg, expected) in CODED {
        let fate = decode(&limit_order(), status, &body(code, msg)).legs[0].1.clone();
        assert_eq!(word(&fate), expected, "{status} {code} {msg}");
    }
}

/// Answers without a code, as a new order gets them from whatever stands before the venue.
#[test]
fn an_answer_without_a_code_leaves_an_order_open() {
    let html = "<html><head><title>403 Forbidden</title></head><body>CloudFront</body></html>";
    for (status, body, expected) in [
        (403, html, "unknown, wordless"),
        (403, "", "unknown, wordless"),
        (401, "", "unknown, wordless"),
        (400, "", "unknown, wordless"),
        (400, "{\"code\":-2010,\"msg\":\"Account has ins", "unknown, wordless"),
        (400, "{\"msg\":\"no code\"}", "unknown, wordless"),
        (400, "null", "unknown, wordless"),
        (404, html, "unknown, wordless"),
        (408, "", "unknown, wordless"),
        (410, html, "unknown, wordless"),
        (500, html, "unknown, wordless"),
        (502, "Bad Gateway", "unknown, wordless"),
        (503, "Service Unavailable.", "unknown, wordless"),
        (429, html, "throttled any"),
        (418, "", "banned any"),
        (200, "", "unreadable"),
        (200, "{}", "unreadable"),
        (200, "[]", "unreadable"),
        (200, html, "unreadable"),
        (200, "{\"symbol\":\"FOOUSDT\",\"orderId\":4711,\"clientOr", "unreadable"),
        (204, "", "unreadable"),
        (101, "", "unreadable"),
    ] {
        let fate = decode(&limit_order(), status, body).legs[0].1.clone();
        assert_eq!(word(&fate), expected, "{status} {body}");
    }
}

#[test]
fn a_5xx_is_unknown_whatever_was_asked() {
    for call in calls() {
        for body in ["", "<html>", "{\"code\":-1001,\"msg\":\"x\"}"] {
            let fate = decode(&call, 503, body).legs[0].1.clone();
            assert!(matches!(fate, Fate::Unknown(_)), "{call:?} {fate:?}");
        }
    }
}

fn throttle(header: &str, body: &str) -> Throttle {
    let response = Response::builder()
        .status(418)
        .header("retry-after", header)
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap();
    let outcome: Outcome =
        crate::BinanceSpot::default().decode(&Call::Ping, &response, RECEIVED_AT);
    let Fate::NotTaken(NotTaken::Throttled(throttle)) = &outcome.legs[0].1 else {
        panic!("{outcome:?}")
    };
    throttle.clone()
}

#[test]
fn a_ban_says_how_long_it_lasts_in_seconds_and_until_when_in_its_text() {
    let text = body(-1003, "IP banned until 1800000120000 (worded otherwise)");
    let throttle = throttle("120", &text);
    assert_eq!(throttle.retry_after, Some(Duration::from_secs(120)));
    assert_eq!(throttle.retry_at, Some(Timestamp::from_millis(1_800_000_120_000)));
}

#[test]
fn a_hint_that_cannot_be_read_is_no_hint() {
    for (header, expected) in [
        (" 7 ", Some(7)),
        ("1.2", Some(2)),
        ("3.0", Some(3)),
        ("0", Some(0)),
        ("18446744073709551615", Some(u64::MAX)),
        ("-1", None),
        ("", None),
        ("soon", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ] {
        assert_eq!(
            throttle(header, "").retry_after,
            expected.map(Duration::from_secs),
            "{header:?}"
        );
    }
    for msg in [
        "banned until",
        "banned until soon",
        "banned until 180000012",
        "banned until 180000012000000000000000",
        "1800000120000 banned",
    ] {
        assert_eq!(throttle("1", &body(-1003, msg)).retry_at, None, "{msg}");
    }
}

#[test]
fn nothing_to_cancel_is_all_canceled() {
    let call = Call::CancelOpenOrders { symbol: "FOOUSDT".into() };
    let refused = |msg| decode(&call, 400, &body(-2011, msg)).legs[0].1.clone();
    assert_eq!(refused("Unknown order sent."), Fate::Done(Reply::Orders(Vec::new())));
    assert_eq!(word(&refused("Worded otherwise.")), "UnknownOrder");
    assert_eq!(word(&refused("This action is disabled on this account.")), "Auth");
}

#[test]
fn the_venues_words_are_shortened_and_show_no_key() {
    let key = crate::samples::API_KEY;
    let long = body(-9999, &format!("key {key} {}", "x y ".repeat(1_000)));
    let shown = format!("{:?}", decode(&limit_order(), 400, &long));
    assert!(!shown.contains(key) && shown.len() < 400, "{shown}");
}
