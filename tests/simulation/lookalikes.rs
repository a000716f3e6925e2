//! Answers to an order that look alike and mean different things.
//!
//! Each answer comes with each truth that the venue's documentation leaves open: the order was
//! placed, or it was not. Whatever the answer, an order that is there is never told as refused or
//! never sent, what may be there is counted as if it were, and no second order stands for the
//! wish.

use std::time::Duration;

use tradewind_model::call::CallKind;
use tradewind_model::order::{Denied, OrderState};
use tradewind_simulator::front::{Canned, Fault};

use super::journal::{Desk, MILLI, SECOND, states};
use super::probe::{of_order, told};
use super::venue_kind::{VenueKind, at_each_venue};

at_each_venue! {
    an_order_that_was_placed_behind_any_answer_is_found_and_never_told_as_gone,
    an_order_that_was_not_placed_behind_an_answer_that_leaves_it_open_is_counted_until_ruled_out,
    an_answer_that_proves_that_nothing_was_placed_is_believed,
    the_page_of_the_edge_leaves_the_order_open_and_everything_silent_until_it_is_known,
}

/// What may be true behind an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truths {
    /// That it was placed, and that it was not: nobody knows.
    Both,
    /// That it was placed.
    Placed,
    /// That it was refused for what it is: it stays so.
    Refused,
    /// That it was not taken for now: it may be sent once more under its name.
    NotTaken,
}

use Truths::{Both, NotTaken, Placed, Refused};

fn json(status: u16, body: &'static str) -> Canned {
    let mut canned = Canned::error(status, 0, "");
    canned.body = body.into();
    canned
}

/// An answer, what it is called, and what may be true behind it.
type Row = (&'static str, Canned, Truths);

/// Answers that leave it open.
fn open_ended(at: VenueKind) -> Vec<Row> {
    let mut rows = wordless();
    rows.extend(match at {
        VenueKind::Binance => binance_open(),
        VenueKind::Bitget => bitget_open(),
    });
    rows
}

/// Answers that prove that it was not placed.
fn proofs(at: VenueKind) -> Vec<Row> {
    match at {
        VenueKind::Binance => binance_proofs(),
        VenueKind::Bitget => bitget_proofs(),
    }
}

/// What may stand in front of any venue, and what is no answer of any.
fn wordless() -> Vec<Row> {
    vec![
        ("503 without a code", json(503, r#"{"msg":"Service Unavailable."}"#), Both),
        ("503 page", Canned::page(503, "503 Service Temporarily Unavailable"), Both),
        ("500 page", Canned::page(500, "500 Internal Server Error"), Both),
        ("502 page", Canned::page(502, "502 Bad Gateway"), Both),
        ("504 page", Canned::page(504, "504 Gateway Time-out"), Both),
        ("520 page", Canned::page(520, "520 Web server is returning an unknown error"), Both),
        ("408 page", Canned::page(408, "408 Request Timeout"), Both),
        ("404 page", Canned::page(404, "404 Not Found"), Both),
        ("400 page", Canned::page(400, "400 Bad Request"), Both),
        ("302 page", Canned::page(302, "302 Found"), Both),
        ("200 page", Canned::page(200, "Welcome"), Both),
        ("200 empty", Canned::empty(), Both),
        ("204 empty", Canned { status: 204, ..Canned::empty() }, Both),
        ("200 null", json(200, "null"), Both),
        ("200 of no shape", json(200, "{}"), Both),
    ]
}

fn rejected(text: &str) -> Canned {
    Canned::error(400, -2010, text)
}

fn binance_open() -> Vec<Row> {
    let unexpected =
        "An unexpected response was received from the message bus. Execution status unknown.";
    let internal = "Internal error; unable to process your request. Please try again.";
    let unknown = "Unknown error, please check your request or try again later.";
    vec![
        ("503 -1007", Canned::timed_out(), Both),
        ("400 -1007", Canned { status: 400, ..Canned::timed_out() }, Both),
        ("408 -1007", Canned { status: 408, ..Canned::timed_out() }, Both),
        ("503 -1006", Canned::error(503, -1006, unexpected), Both),
        ("400 -1006", Canned::error(400, -1006, unexpected), Both),
        ("503 -1000", Canned::error(503, -1000, unknown), Both),
        ("400 -1000", Canned::error(400, -1000, unknown), Both),
        ("503 -1001", Canned::error(503, -1001, internal), Both),
        ("400 -1001", Canned::error(400, -1001, internal), Both),
        ("503 -1016", Canned::error(503, -1016, "This service is no longer available."), Both),
        ("200 cut", json(200, r#"{"symbol":"BTCUSDT","orderId":28,"orderListId":-1,"cl"#), Both),
        ("200 error", json(200, r#"{"code":-2010,"msg":"Market is closed."}"#), Both),
        ("400 code of next year", Canned::error(400, -9_417, "A rule of next year."), Both),
        ("400 code of another product", Canned::error(400, -4_164, "Notional too small."), Both),
        ("503 -2010", Canned { status: 503, ..rejected("Market is closed.") }, Both),
        ("duplicate", rejected("Duplicate order sent."), Placed),
    ]
}

fn binance_proofs() -> Vec<Row> {
    let clock = "Timestamp for this request is outside of the recvWindow.";
    let orders = "Too many new orders; current limit is 100 orders per 10 SECOND.";
    vec![
        ("429 -1003", Canned::rate_limited(3), NotTaken),
        ("429 -1015", Canned::error(429, -1015, orders).with_retry_after(3), NotTaken),
        ("429 page", Canned::page(429, "429 Too Many Requests").with_retry_after(3), NotTaken),
        ("503 -1008", Canned::overloaded(), NotTaken),
        ("400 -1021", Canned::error(400, -1021, clock), NotTaken),
        ("-1013", Canned::error(400, -1013, "Filter failure: PRICE_FILTER"), Refused),
        ("-1013 words", Canned::error(400, -1013, "Invalid quantity."), Refused),
        ("-1111", Canned::error(400, -1111, "Parameter 'price' has too much precision."), Refused),
        ("-1121", Canned::error(400, -1121, "Invalid symbol."), Refused),
        ("balance", rejected("Account has insufficient balance for requested action."), Refused),
        ("match", rejected("Order would immediately match and take."), Refused),
        ("trigger", rejected("Order would trigger immediately."), Refused),
        ("closed", rejected("Market is closed."), Refused),
        ("phase", rejected("This order type is not possible in this trading phase."), Refused),
        ("new words", rejected("A text of next year."), Refused),
        ("-1022", Canned::error(400, -1022, "Signature for this request is not valid."), Refused),
        ("-2015", Canned::error(401, -2015, "Invalid API-key, IP, or permissions."), Refused),
        ("-2014", Canned::error(401, -2014, "API-key format invalid."), Refused),
        ("account", rejected("This account may not place or cancel orders."), Refused),
    ]
}

/// The codes of which the venue itself says that the order has to be asked for, those that are in
/// no table, and some whose status contradicts them.
fn bitget_open() -> Vec<Row> {
    use tradewind_simulator::bitget::canned::{error, service_error, timed_out, unknown_error};
    let cut = r#"{"code":"00000","msg":"success","requestTime":1,"data":{"orderId":"12"#;
    vec![
        ("40010", timed_out(), Both),
        ("200 40010", Canned { status: 200, ..timed_out() }, Both),
        ("40725", service_error(), Both),
        ("200 40725", Canned { status: 200, ..service_error() }, Both),
        ("45001", unknown_error(), Both),
        ("200 45001", Canned { status: 200, ..unknown_error() }, Both),
        ("40015", error(400, "40015", "System is abnormal, please try again later"), Both),
        ("40200", error(400, "40200", "Server upgrade, please try again later"), Both),
        ("40808", error(400, "40808", "Parameter verification exception"), Both),
        ("50031", error(400, "50031", "System error"), Both),
        ("503 43012", error(503, "43012", "Insufficient balance"), Both),
        ("400 code of next year", error(400, "98417", "A rule of next year."), Both),
        ("400 no code", error(400, "", "What is it?"), Both),
        ("200 cut", json(200, cut), Both),
        ("400 success", error(400, "00000", "success"), Both),
        ("duplicate", VenueKind::Bitget.duplicate(), Placed),
    ]
}

fn bitget_proofs() -> Vec<Row> {
    use tradewind_simulator::bitget::canned::{error, too_many_requests};
    let scale = "Parameter verification exception size checkBDScale error value=1.23 checkScale=1";
    vec![
        ("429", too_many_requests(), NotTaken),
        ("40008", error(400, "40008", "Request timestamp expired"), NotTaken),
        ("40078", error(400, "40078", "The request is outside of its window"), NotTaken),
        ("43012", error(400, "43012", "Insufficient balance"), Refused),
        ("45110", error(400, "45110", "less than the minimum amount 1 USDT"), Refused),
        ("43009", error(400, "43009", "The order price is too high"), Refused),
        ("40808", error(400, "40808", scale), Refused),
        ("40034", error(400, "40034", "Parameter BTCUSD does not exist"), Refused),
        ("400172", error(400, "400172", "Parameter verification failed"), Refused),
        ("41114", error(400, "41114", "The pair is under maintenance"), Refused),
        ("43005", error(400, "43005", "Exceed the maximum number of orders"), Refused),
        ("40009", error(400, "40009", "sign signature error"), Refused),
        ("40012", error(400, "40012", "apikey/password is incorrect"), Refused),
        ("40014", error(400, "40014", "Incorrect permissions"), Refused),
        ("40037", error(400, "40037", "Apikey does not exist"), Refused),
        ("40085", error(400, "40085", "You are in Unified Account mode"), Refused),
    ]
}

fn an_order_that_was_placed_behind_any_answer_is_found_and_never_told_as_gone(at: VenueKind) {
    let answers = open_ended(at);
    assert!(answers.len() >= 30, "{}", answers.len());
    for (name, answer, truths) in answers {
        assert!(matches!(truths, Both | Placed));
        let mut desk = Desk::open(at, MILLI);
        desk.strike(at.names().place, Fault::Misreported(answer));
        // So that the answer is all that is known for a while.
        desk.strike(at.names().report, Fault::AnswerHeld(Duration::from_millis(1_500)));
        let id = desk.rest();
        let updates = desk.news(id, MILLI * 100);
        assert!(updates.iter().all(|one| !one.state.is_terminal()), "{name}: {updates:?}");
        assert_counted(&desk, id, name);
        // A look at what rests may have found it already.
        let mut seen = states(&updates);
        let updates = desk.news(id, SECOND * 20);
        seen.extend(states(&updates));
        seen.retain(|state| *state == OrderState::Open);
        assert_eq!(seen, [OrderState::Open], "{name}: {updates:?}");
        assert_eq!((desk.posts(), desk.orders_at_venue()), (1, 1), "{name}");
        desk.honest(name);
    }
}

fn an_order_that_was_not_placed_behind_an_answer_that_leaves_it_open_is_counted_until_ruled_out(
    at: VenueKind,
) {
    for (name, answer, truths) in open_ended(at) {
        if truths != Both {
            continue;
        }
        let mut desk = Desk::open(at, MILLI);
        desk.strike(at.names().place, Fault::Answered(answer));
        let id = desk.rest();
        let soon = at.proof_takes(SECOND * 2) - SECOND * 2;
        let updates = desk.news(id, soon);
        assert_eq!(states(&updates), [OrderState::InDoubt], "{name}: {updates:?}");
        assert_counted(&desk, id, name);
        let updates = desk.news(id, SECOND * 10);
        assert_eq!(states(&updates), [OrderState::Denied], "{name}: {updates:?}");
        assert_eq!(updates[0].denied, Some(Denied::NotPlaced), "{name}");
        assert_eq!((desk.posts(), desk.orders_at_venue()), (1, 0), "{name}");
        desk.honest(name);
    }
}

fn an_answer_that_proves_that_nothing_was_placed_is_believed(at: VenueKind) {
    for (name, answer, truths) in proofs(at) {
        let mut desk = Desk::open(at, MILLI);
        desk.strike(at.names().place, Fault::Answered(answer));
        let id = desk.rest();
        let updates = desk.news(id, SECOND * 30);
        assert!(!states(&updates).contains(&OrderState::InDoubt), "{name}: {updates:?}");
        let last = updates.last().unwrap_or_else(|| panic!("{name}: nothing was told"));
        match truths {
            Refused => {
                assert_eq!(last.state, OrderState::Rejected, "{name}: {updates:?}");
                assert_eq!((desk.posts(), desk.orders_at_venue()), (1, 0), "{name}");
            }
            // Under its own name, or not at all.
            NotTaken => {
                let is_there = usize::from(last.state == OrderState::Open);
                assert!(is_there == 1 || last.state == OrderState::Denied, "{name}: {updates:?}");
                assert_eq!(desk.orders_at_venue(), is_there, "{name}");
                assert!(desk.posts() <= 2, "{name}");
            }
            Both | Placed => unreachable!("{name}"),
        }
        desk.honest(name);
    }
}

fn the_page_of_the_edge_leaves_the_order_open_and_everything_silent_until_it_is_known(
    at: VenueKind,
) {
    for is_placed in [true, false] {
        let context = format!("403, placed: {is_placed}");
        let mut desk = Desk::open(at, MILLI);
        let page = Canned::forbidden();
        let fault = if is_placed { Fault::Misreported(page) } else { Fault::Answered(page) };
        desk.strike(at.names().place, fault);
        desk.strike(at.names().report, Fault::RequestLost);
        let id = desk.rest();
        let updates = desk.news(id, SECOND);
        assert_eq!(states(&updates), [OrderState::InDoubt], "{context}");
        let before = desk.world.trips().count();
        desk.world.run_for(SECOND * 60);
        assert_eq!(desk.world.trips().count(), before, "{context}: nothing leaves");
        desk.world.run_for(SECOND * 900);
        let updates = of_order(&told(), id);
        let last = updates.last().unwrap_or_else(|| panic!("{context}: nothing was told"));
        let expected = if is_placed { OrderState::Open } else { OrderState::Denied };
        assert_eq!(last.state, expected, "{context}: {updates:?}");
        assert_eq!(desk.sent(CallKind::PlaceOrder).len(), 1, "{context}");
        desk.honest(&context);
    }
}

/// What may be there is counted as if it were.
fn assert_counted(desk: &Desk, id: tradewind_model::id::ClientOrderId, name: &str) {
    let snapshot = desk.world.instance(desk.me).snapshot(desk.world.now()).unwrap();
    let order = snapshot.open_orders.iter().find(|one| one.client_order_id == id);
    let order = order.unwrap_or_else(|| panic!("{name}: it is not counted"));
    assert!(!order.leaves_qty.is_zero(), "{name}");
}
