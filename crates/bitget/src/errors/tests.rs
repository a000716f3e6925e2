use http::HeaderValue;
use tradewind_model::outcome::{Fate, NotTaken, RefusalKind, Throttle, Unknown};
use tradewind_model::tariff::LimitKind;

use super::*;
use crate::BitgetSpot;
use crate::samples::{self, cancel, failure, fate, limit_order, query};
use tradewind_venue::Venue;

fn kind_of(fate: &Fate) -> Option<RefusalKind> {
    match fate {
        Fate::Refused(refusal) => Some(refusal.kind),
        Fate::Done(_) | Fate::NotTaken(_) | Fate::Unknown(_) => None,
    }
}

fn throttle(fate: Fate) -> Throttle {
    let Fate::NotTaken(NotTaken::Throttled(throttle)) = fate else { panic!("{fate:?}") };
    throttle
}

#[test]
fn codes_say_what_there_is_to_do_next() {
    for (code, kind) in [
        ("43012", RefusalKind::Business),
        ("45110", RefusalKind::Business),
        ("43008", RefusalKind::Business),
        ("40034", RefusalKind::Validation),
        ("400172", RefusalKind::Validation),
        ("43118", RefusalKind::DuplicateOrder),
        ("40786", RefusalKind::DuplicateOrder),
        ("25212", RefusalKind::DuplicateOrder),
        ("43001", RefusalKind::UnknownOrder),
        ("40006", RefusalKind::Auth),
        ("40009", RefusalKind::Auth),
        ("40012", RefusalKind::Auth),
        ("40014", RefusalKind::Auth),
        ("40018", RefusalKind::Auth),
        ("40008", RefusalKind::Clock),
        ("40078", RefusalKind::Clock),
    ] {
        let fate = fate(&limit_order(), 400, &failure(code, "no"));
        assert_eq!(kind_of(&fate), Some(kind), "{code}");
        let Fate::Refused(refusal) = fate else { panic!() };
        assert_eq!(refusal.code.to_string(), code);
    }
}

#[test]
fn what_leaves_an_order_open_is_never_a_refusal() {
    for code in ["40010", "40725", "45001", "40015", "50031", "80002", "25000", "12345", "", "x"] {
        for status in [200, 400, 500, 503] {
            let fate = fate(&limit_order(), status, &failure(code, "?"));
            let Fate::Unknown(Unknown::Venue { code: told, .. }) = fate else {
                panic!("{code} {status}: {fate:?}")
            };
            assert_eq!(
                told.map(|code| code.to_string()),
                code.parse::<i64>().ok().map(|_| code.to_owned())
            );
        }
    }
    // A service that has failed does not know that there was no balance either.
    assert!(matches!(fate(&limit_order(), 502, &failure("43012", "")), Fate::Unknown(_)));
    // A success with the status of a failure is neither.
    let fate = fate(&limit_order(), 400, &samples::success(samples::NAMES));
    assert!(matches!(fate, Fate::Unknown(_)), "{fate:?}");
}

#[test]
fn too_many_decimals_are_a_refusal_and_the_same_code_without_them_is_not() {
    let scale = "Parameter verification exception size checkBDScale error value=0.12 checkScale=1";
    let refused = fate(&limit_order(), 400, &failure("40808", scale));
    assert_eq!(kind_of(&refused), Some(RefusalKind::Validation));
    let open = fate(&limit_order(), 400, &failure("40808", "Parameter verification exception"));
    assert!(matches!(open, Fate::Unknown(_)), "{open:?}");
}

#[test]
fn a_limit_names_the_path_that_it_is_of() {
    let body = failure("429", "Too Many Requests");
    for (call, of) in [
        (limit_order(), CallKind::PlaceOrder),
        (cancel(), CallKind::CancelOrder),
        (query(), CallKind::QueryOrder),
        (tradewind_model::call::Call::Ping, CallKind::ServerTime),
    ] {
        let told = throttle(fate(&call, 429, &body));
        assert_eq!(told.kind, Some(LimitKind::Calls(of)));
        assert_eq!(told.retry_after, Some(PATH_AWAY));
        assert!(!told.is_ban);
    }
    for code in ["45129", "40918", "22035", "70228", "25004"] {
        let told = throttle(fate(&cancel(), 400, &failure(code, "slow down")));
        assert_eq!(told.kind, Some(LimitKind::Calls(CallKind::CancelOrder)), "{code}");
    }
}

#[test]
fn a_cancel_that_came_too_soon_after_another_shuts_no_address_though_its_path_has_room_left() {
    let mut response = samples::answer(400, &failure("45129", "once per second"));
    let name = "x-mbx-used-remain-limit";
    response.headers_mut().insert(name, HeaderValue::from_static("8"));
    let outcome = BitgetSpot::default().decode(&cancel(), &response, samples::RECEIVED_AT);
    let told = throttle(outcome.legs[0].1.clone());
    let expected = (Some(LimitKind::Calls(CallKind::CancelOrder)), Some(PATH_AWAY));
    assert_eq!((told.kind, told.retry_after), expected);
}

#[test]
fn where_the_path_has_room_left_it_is_the_address_that_is_shut_out() {
    let mut response = samples::answer(429, &failure("429", "Too Many Requests"));
    let name = "x-mbx-used-remain-limit";
    response.headers_mut().insert(name, HeaderValue::from_static("7"));
    let outcome = BitgetSpot::default().decode(&query(), &response, samples::RECEIVED_AT);
    let told = throttle(outcome.legs[0].1.clone());
    assert_eq!((told.kind, told.retry_after), (Some(LimitKind::RawRequests), Some(ADDRESS_AWAY)));
    assert!(told.is_ban, "nothing else gets through either");
}

#[test]
fn what_speaks_no_json_is_not_the_venue() {
    let edge = fate(&query(), 403, "<html>Access denied</html>");
    assert!(
        matches!(edge, Fate::Unknown(Unknown::Venue { status: 403, code: None, .. })),
        "{edge:?}"
    );
    assert_eq!(throttle(fate(&query(), 429, "<html>")).kind, None);
    for body in ["", "<html>", "[]", "{}", "null"] {
        let fate = fate(&limit_order(), 200, body);
        assert!(matches!(fate, Fate::Unknown(Unknown::Unreadable(_))), "{body}: {fate:?}");
    }
    let geo = fate(&query(), 403, &failure("40103", "not here"));
    assert_eq!(kind_of(&geo), Some(RefusalKind::Auth), "a code of its own decides");
}

#[test]
fn a_unified_account_is_told_the_way_out_in_our_words() {
    for status in [200, 400] {
        let fate = fate(&limit_order(), status, &failure("40085", "统一账户"));
        let Fate::Refused(refusal) = fate else { panic!("{fate:?}") };
        assert_eq!((refusal.kind, refusal.code), (RefusalKind::Auth, 40_085));
        for word in ["unified", "classic", "key"] {
            assert!(refusal.message.contains(word), "{}", refusal.message);
        }
    }
}

#[test]
fn a_message_is_shortened_and_shows_no_key() {
    let key = "k9".repeat(20);
    let fate = fate(&limit_order(), 400, &failure("40009", &format!("{key} {}", "é".repeat(200))));
    let Fate::Refused(refusal) = fate else { panic!("{fate:?}") };
    assert!(!refusal.message.contains("k9") && refusal.message.chars().count() <= 120);
}

#[test]
fn an_error_on_a_socket_is_judged_by_the_same_table() {
    let error = |code: &str| {
        let json = format!("\"{code}\"");
        VenueError::new(serde_json::from_str(&json).unwrap(), &Word::default())
    };
    for (code, kind) in [
        ("30001", RefusalKind::Validation),
        ("30004", RefusalKind::Auth),
        ("30015", RefusalKind::Auth),
        ("30014", RefusalKind::Clock),
    ] {
        assert_eq!(kind_of(&frame_fate(CallKind::Authenticate, &error(code))), Some(kind));
    }
    let told = throttle(frame_fate(CallKind::SubscribeAccount, &error("30006")));
    assert_eq!(told.kind, Some(LimitKind::Calls(CallKind::Subscribe)));
    assert_eq!(told.retry_after, Some(SOCKET_AWAY));
}
