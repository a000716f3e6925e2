//! Waiting orders, amendments, and lists of orders.

use super::*;
use tradewind_model::report::ReportedListStatus;

fn orders(call: &Call, body: &str) -> Vec<ExecutionReport> {
    let answer = done(call, body);
    let Reply::Orders(reports) = answer else { panic!("{answer:?}") };
    reports
}

#[test]
fn an_order_that_waits_for_its_trigger_is_told_from_one_that_rests() {
    let waits = order(&query(), samples::WAITING);
    assert_eq!((&waits.status, waits.is_waiting), (&ReportedStatus::Open, true));
    assert_eq!((waits.price, waits.trigger_price), (Some(dec("9.4")), Some(dec("9.5"))));
    assert_eq!(waits.list, Some(dec("501")));

    let set_off = samples::WAITING
        .replace("\"isWorking\":false", "\"isWorking\":true")
        .replace("\"workingTime\":-1", "\"workingTime\":1800000000100");
    let rests = order(&query(), &set_off);
    assert_eq!((&rests.status, rests.is_waiting), (&ReportedStatus::Open, false));
    assert_eq!(rests.trigger_price, Some(dec("9.5")), "it is still known by it");

    let [_, stop_limit, ..] = samples::triggered_orders();
    let placed = order(&stop_limit, samples::WAITING_PLACED);
    assert!(placed.is_waiting);
    assert_eq!(placed.list, None);
    let pending = samples::WAITING.replace("\"NEW\"", "\"PENDING_NEW\"");
    assert!(order(&query(), &pending).is_waiting);
    for over in ["CANCELED", "EXPIRED", "FILLED"] {
        let ended = samples::WAITING.replace("\"NEW\"", &format!("\"{over}\""));
        assert!(!order(&query(), &ended).is_waiting, "{over}");
    }
}

#[test]
fn an_amendment_answers_with_the_order_as_it_stands() {
    let amended = order(&samples::amend(), samples::AMENDED);
    assert_eq!(amended.client_order_id, Some(samples::client_order_id()));
    assert_eq!(amended.venue_order_id, samples::venue_order_id());
    assert_eq!((amended.qty, amended.cum_qty), (dec("1.5"), dec("0.5")));
    assert_eq!(amended.cum_quote, Some(dec("5.25")));
    assert_eq!(amended.status, ReportedStatus::PartiallyFilled);
    assert!(!amended.is_waiting);
    let stop = samples::AMENDED
        .replace("PARTIALLY_FILLED", "NEW")
        .replace("\"workingTime\":1800000000001", "\"stopPrice\":\"9.50000000\"");
    assert!(order(&samples::amend(), &stop).is_waiting);
    for (from, to) in [("tw1-abc", "someone"), ("FOOUSDT", "BARUSDT"), ("1.50000000", "-1")] {
        assert!(is_unreadable(&samples::amend(), &samples::AMENDED.replace(from, to)), "{to}");
    }
}

#[test]
fn an_amendment_that_was_refused_says_why() {
    for (code, message, kind) in [
        (-2038, "Unknown order sent.", RefusalKind::UnknownOrder),
        (-2038, "Order amend (quantity increase) is not supported.", RefusalKind::Business),
        (-2038, "The requested action would change no state; rejecting.", RefusalKind::Business),
        (-2038, "Filter failure: MAX_NUM_ORDER_AMENDS", RefusalKind::Business),
        (-1013, "Filter failure: LOT_SIZE", RefusalKind::Validation),
    ] {
        let body = format!("{{\"code\":{code},\"msg\":\"{message}\"}}");
        let fate = samples::fate(samples::decode(&samples::amend(), 400, &body));
        let Fate::Refused(refusal) = fate else { panic!("{fate:?}") };
        assert_eq!((refusal.kind, refusal.code), (kind, code), "{message}");
    }
}

/// The profit's and the stop's fate.
fn halves(status: u16, body: &str) -> [Fate; 2] {
    let outcome = samples::decode(&samples::oco(), status, body);
    let legs: Vec<_> = outcome.legs.iter().map(|(leg, _)| leg.0).collect();
    assert_eq!(legs, [0, 1]);
    let mut fates = outcome.legs.into_iter().map(|(_, fate)| fate);
    [fates.next().unwrap(), fates.next().unwrap()]
}

#[test]
fn a_pair_is_two_orders_whichever_the_venue_names_first() {
    let [Fate::Done(Reply::Order(take)), Fate::Done(Reply::Order(stop))] =
        halves(200, samples::OCO_PLACED)
    else {
        panic!()
    };
    assert_eq!(take.venue_order_id.as_str(), "4822");
    assert_eq!((take.is_waiting, take.price), (false, Some(dec("11"))));
    assert_eq!(stop.venue_order_id.as_str(), "4821");
    assert_eq!((stop.is_waiting, stop.trigger_price), (true, Some(dec("9.5"))));
    assert_eq!([&take.list, &stop.list], [&Some(dec("501")), &Some(dec("501"))]);
}

#[test]
fn a_pair_is_taken_or_refused_as_a_whole() {
    let text = "The relationship of the prices for the orders is not correct.";
    let refused = halves(400, &format!("{{\"code\":-2010,\"msg\":\"{text}\"}}"));
    assert!(refused.iter().all(|fate| matches!(fate, Fate::Refused(_))), "{refused:?}");
    let limited = halves(429, r#"{"code":-1015,"msg":"Too many new orders"}"#);
    assert!(limited.iter().all(|fate| matches!(fate, Fate::NotTaken(_))), "{limited:?}");
    let lost = halves(504, "");
    assert!(lost.iter().all(|fate| matches!(fate, Fate::Unknown(_))), "{lost:?}");
    // What leaves one of ours out, or is about others, proves nothing of either.
    for (from, to) in
        [("tw1-take", "someone"), ("tw1-stop", "someone"), ("tw1-list", "x"), ("FOOUSDT", "BAR")]
    {
        let body = samples::OCO_PLACED.replace(from, to);
        let unread = halves(200, &body);
        assert!(unread.iter().all(|fate| matches!(fate, Fate::Unknown(_))), "{to} {unread:?}");
    }
}

#[test]
fn a_cancel_of_one_order_of_a_list_is_answered_by_the_list() {
    let cancel = |order| Call::CancelOrder { symbol: symbol(), order };
    for (order_ref, id) in
        [(OrderRef::Client(dec("tw1-take")), "4822"), (OrderRef::Venue(dec("4821")), "4821")]
    {
        let report = order(&cancel(order_ref), samples::LIST_CANCELED);
        assert_eq!(report.venue_order_id.as_str(), id);
        assert_eq!(report.status, ReportedStatus::Canceled);
        assert_eq!(report.list, Some(dec("501")));
    }
    assert!(is_unreadable(&cancel(OrderRef::Venue(dec("1"))), samples::LIST_CANCELED));
}

#[test]
fn a_canceled_list_is_a_report_of_each_of_its_orders() {
    let reports = orders(&samples::cancel_list(), samples::LIST_CANCELED);
    let ids: Vec<_> = reports.iter().map(|it| it.venue_order_id.as_str()).collect();
    assert_eq!(ids, ["4821", "4822"]);
    assert_eq!(reports[0].client_order_id, Some(dec("tw1-stop")));
    for (from, to) in [("tw1-list", "x"), ("FOOUSDT", "BARUSDT"), ("orderReports", "elsewhere")] {
        let other = samples::LIST_CANCELED.replace(from, to);
        assert!(is_unreadable(&samples::cancel_list(), &other), "{to}");
    }
}

#[test]
fn a_list_is_asked_about_by_either_name() {
    let Reply::OrderList(list) = done(&samples::query_list(), samples::LIST) else { panic!() };
    assert_eq!((list.list.as_str(), &list.symbol), ("501", &symbol()));
    assert_eq!(list.status, ReportedListStatus::Executing);
    assert_eq!(list.orders.len(), 2);
    assert_eq!(list.orders[0], (dec("4821"), Some(dec("tw1-stop"))));
    assert!(is_unreadable(&samples::query_list(), &samples::LIST.replace("501", "502")));
    let over = samples::LIST.replace("\"EXECUTING\"", "\"ALL_DONE\"");
    let body = format!("[{},{over}]", samples::LIST);
    let Reply::OrderLists(lists) = done(&Call::OpenOrderLists, &body) else { panic!() };
    let statuses: Vec<_> = lists.into_iter().map(|list| list.status).collect();
    assert_eq!(statuses, [ReportedListStatus::Executing, ReportedListStatus::Done]);
    assert_eq!(done(&Call::OpenOrderLists, "[]"), Reply::OrderLists(Vec::new()));
}
