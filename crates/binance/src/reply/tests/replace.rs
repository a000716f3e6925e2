//! Cancel and place in one request: every answer there is, leg by leg.

use http::HeaderValue;
use http::header::RETRY_AFTER;
use tradewind_model::call::Replacement;
use tradewind_model::outcome::{LegId, NotTaken, Outcome};
use tradewind_venue::Venue;

use super::*;
use crate::samples::{NOT_CANCELED, NOT_PLACED, partly, replace, results};

/// A leg's fate in a word.
fn word(fate: Option<&Fate>) -> &'static str {
    match fate.unwrap() {
        Fate::Done(_) => "done",
        Fate::Refused(_) => "refused",
        Fate::NotTaken(NotTaken::NotAttempted(_)) => "not attempted",
        Fate::NotTaken(_) => "not taken",
        Fate::Unknown(_) => "unknown",
    }
}

fn words(outcome: &Outcome) -> [&'static str; 2] {
    assert_eq!(outcome.legs.len(), 2);
    [Replacement::CANCEL, Replacement::PLACE].map(|leg: LegId| word(outcome.fate(leg)))
}

#[test]
fn every_result_of_either_half_is_that_halfs_fate() {
    let (gone, placed) = (samples::CANCELED, samples::PLACED);
    let (kept, refused) = (NOT_CANCELED, NOT_PLACED);
    let limited =
        r#"{"code":-1015,"msg":"Too many new orders; current limit is 1 orders per 10 SECOND."}"#;
    let timeout = r#"{"code":-1007,"msg":"Timeout waiting for response from backend server."}"#;
    let ok = ["done", "done"];
    for (status, code, cancel, canceled, place, answer, fates) in [
        (200, 0, "SUCCESS", gone, "SUCCESS", placed, ok),
        (400, -2022, "FAILURE", kept, "NOT_ATTEMPTED", "null", ["refused", "not attempted"]),
        (409, -2021, "SUCCESS", gone, "FAILURE", refused, ["done", "refused"]),
        (409, -2021, "FAILURE", kept, "SUCCESS", placed, ["refused", "done"]),
        (400, -2022, "FAILURE", kept, "FAILURE", refused, ["refused", "refused"]),
        (429, -2021, "SUCCESS", gone, "FAILURE", limited, ["done", "not taken"]),
        (409, -2021, "SUCCESS", gone, "FAILURE", limited, ["done", "not taken"]),
        (429, -2022, "FAILURE", kept, "NOT_ATTEMPTED", "null", ["refused", "not attempted"]),
        (400, -2022, "FAILURE", kept, "FAILURE", limited, ["refused", "not taken"]),
        // What a result does not prove is open for its half alone.
        (409, -2021, "SUCCESS", gone, "FAILURE", timeout, ["done", "unknown"]),
        (409, -2021, "SUCCESS", gone, "FAILURE", "null", ["done", "unknown"]),
        (409, -2021, "SUCCESS", "{}", "FAILURE", refused, ["unknown", "refused"]),
        (409, -2021, "MAYBE", gone, "SUCCESS", placed, ["unknown", "done"]),
        (
            200,
            0,
            "SUCCESS",
            gone,
            "SUCCESS",
            r#"{"symbol":"FOOUSDT","orderId":1}"#,
            ["done", "unknown"],
        ),
        (200, 0, "SUCCESS", gone, "FAILURE", refused, ["done", "refused"]),
        // Neither counts when the server itself is in doubt, or the address is shut.
        (503, -2021, "SUCCESS", gone, "FAILURE", refused, ["unknown", "unknown"]),
        (408, -2021, "SUCCESS", gone, "FAILURE", refused, ["unknown", "unknown"]),
        (418, -2021, "SUCCESS", gone, "FAILURE", refused, ["not taken", "not taken"]),
    ] {
        let both = results(cancel, canceled, place, answer);
        let body = if code == 0 { both } else { partly(code, &both) };
        let outcome = samples::decode(&replace(), status, &body);
        assert_eq!(words(&outcome), fates, "{status} {cancel} {place} {answer}");
    }
}

#[test]
fn an_answer_without_results_is_judged_as_a_whole() {
    for (status, body, fate) in [
        (400, r#"{"code":-1013,"msg":"Filter failure: PRICE_FILTER"}"#, "refused"),
        (
            400,
            r#"{"code":-2010,"msg":"Order cancel-replace is not supported for this symbol."}"#,
            "refused",
        ),
        (
            429,
            r#"{"code":-1015,"msg":"Too many new orders; current limit is 1 orders per 10 SECOND."}"#,
            "not taken",
        ),
        (
            503,
            r#"{"code":-1008,"msg":"Server is currently overloaded with other requests."}"#,
            "not taken",
        ),
        // That both failed, or one, without saying how: nothing is known of either.
        (400, r#"{"code":-2022,"msg":"Order cancel-replace failed."}"#, "unknown"),
        (409, r#"{"code":-2021,"msg":"Order cancel-replace partially failed."}"#, "unknown"),
        (409, r#"{"code":-2021,"msg":"x","data":{"cancelResult":"SUCCESS"}}"#, "unknown"),
        (409, "", "unknown"),
        (200, "{}", "unknown"),
        (200, "", "unknown"),
        (502, "<html>", "unknown"),
        (
            504,
            r#"{"code":-1007,"msg":"Timeout waiting for response from backend server."}"#,
            "unknown",
        ),
    ] {
        let outcome = samples::decode(&replace(), status, body);
        assert_eq!(words(&outcome), [fate, fate], "{status} {body}");
    }
}

#[test]
fn each_half_must_be_about_the_order_that_was_named() {
    let both = results("SUCCESS", samples::CANCELED, "SUCCESS", samples::PLACED);
    for (from, to, fates) in [
        ("4711", "4710", ["unknown", "done"]),
        ("\"clientOrderId\":\"tw1-abc\"", "\"clientOrderId\":\"someone\"", ["done", "unknown"]),
        ("FOOUSDT", "BARUSDT", ["unknown", "unknown"]),
    ] {
        let outcome = samples::decode(&replace(), 200, &both.replace(from, to));
        assert_eq!(words(&outcome), fates, "{to}");
    }
}

#[test]
fn an_order_of_a_list_is_gone_with_its_list() {
    let both = results("SUCCESS", samples::LIST_CANCELED, "SUCCESS", samples::PLACED);
    let Call::ReplaceOrder(replacement) = replace() else { panic!() };
    let order = OrderRef::Client(dec("tw1-take"));
    let call = Call::ReplaceOrder(Box::new(Replacement { cancel: order, ..*replacement }));
    let outcome = samples::decode(&call, 200, &both);
    let Some(Fate::Done(Reply::Order(gone))) = outcome.fate(Replacement::CANCEL) else { panic!() };
    assert_eq!(gone.venue_order_id.as_str(), "4822");
}

#[test]
fn the_half_that_a_limit_stopped_says_when_to_come_back() {
    let limited =
        r#"{"code":-1015,"msg":"Too many new orders; current limit is 1 orders per 10 SECOND."}"#;
    let body = partly(-2021, &results("SUCCESS", samples::CANCELED, "FAILURE", limited));
    let mut response = samples::response(429, &body);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("7"));
    let outcome = crate::BinanceSpot::default().decode(&replace(), &response, RECEIVED_AT);
    let Some(Fate::NotTaken(NotTaken::Throttled(throttle))) = outcome.fate(Replacement::PLACE)
    else {
        panic!()
    };
    assert_eq!(throttle.retry_after, Some(std::time::Duration::from_secs(7)));
    assert_eq!(throttle.kind, Some(tradewind_model::tariff::LimitKind::Orders));
    assert!(!throttle.is_ban);
    assert_eq!(word(outcome.fate(Replacement::CANCEL)), "done");
}

#[test]
fn an_answer_to_a_replacement_cut_anywhere_proves_nothing_that_is_not_there() {
    let whole = results("SUCCESS", samples::CANCELED, "SUCCESS", samples::PLACED);
    for end in 0..whole.len() {
        let outcome = samples::decode(&replace(), 200, &whole[..end]);
        assert_eq!(words(&outcome), ["unknown", "unknown"], "{}", &whole[..end]);
    }
}
