use http::HeaderValue;
use tradewind_model::call::Call;

use super::*;
use crate::samples::{calls, unsupported};

fn limit(kind: LimitKind) -> Limit {
    let limits = tariff().limits;
    let mut found = limits.iter().filter(|limit| limit.kind == kind);
    let limit = *found.next().unwrap();
    assert!(found.next().is_none(), "{kind:?} is there once");
    limit
}

#[test]
fn every_path_has_a_second_of_its_own() {
    for (kind, scope, capacity) in [
        (CallKind::ServerTime, LimitScope::Egress, 10),
        (CallKind::Catalog, LimitScope::Egress, 20),
        (CallKind::Depth, LimitScope::Egress, 20),
        (CallKind::Bars, LimitScope::Egress, 20),
        (CallKind::Ticker, LimitScope::Egress, 20),
        (CallKind::PlaceOrder, LimitScope::Account, 10),
        (CallKind::CancelOrder, LimitScope::Account, 10),
        (CallKind::CancelOpenOrders, LimitScope::Account, 5),
        (CallKind::QueryOrder, LimitScope::Account, 20),
        (CallKind::OpenOrders, LimitScope::Account, 20),
        (CallKind::OrderHistory, LimitScope::Account, 20),
        (CallKind::FillHistory, LimitScope::Account, 10),
        (CallKind::Account, LimitScope::Account, 10),
    ] {
        let limit = limit(LimitKind::Calls(kind));
        assert_eq!((limit.scope, limit.capacity), (scope, capacity), "{kind:?}");
        assert_eq!((limit.interval, limit.alignment), (SECOND, Alignment::Rolling));
    }
    let address = limit(LimitKind::RawRequests);
    assert_eq!((address.interval, address.capacity), (MINUTE, 6_000));
    let hour = limit(LimitKind::Calls(CallKind::Subscribe));
    assert_eq!((hour.scope, hour.interval, hour.capacity), (LimitScope::Socket, HOUR, 240));
}

#[test]
fn every_call_that_is_offered_has_a_price_and_no_other_has() {
    let tariff = tariff();
    for call in calls() {
        let cost = tariff.cost(&call).unwrap_or_else(|| panic!("{call:?} has no price"));
        for charge in &cost.charges {
            let is_there = tariff.limits.iter().any(|limit| limit.kind == charge.kind);
            assert!(is_there, "{call:?} is charged to {:?}, which limits nothing", charge.kind);
        }
    }
    for call in unsupported() {
        assert_eq!(tariff.cost(&call), None, "{call:?}");
    }
}

#[test]
fn calls_that_go_to_one_path_are_charged_to_one_limit() {
    let tariff = tariff();
    let charged = |call: &Call| tariff.cost(call).unwrap().charges[0].kind;
    assert_eq!(charged(&Call::Ping), charged(&Call::ServerTime));
    let rate = Call::Rate { base: "A".into(), quote: "B".into() };
    assert_eq!(charged(&rate), charged(&Call::Ticker { symbol: "AB".into() }));
    let subscriptions = [Call::SubscribeAccount, Call::Unsubscribe { feeds: Vec::new() }];
    let hour = LimitKind::Calls(CallKind::Subscribe);
    for call in subscriptions {
        assert_eq!(tariff.cost(&call).unwrap().weight(hour), 1, "{call:?}");
    }
    let ping = Call::PingStream { kind: tradewind_model::stream::StreamKind::Market };
    let cost = tariff.cost(&ping).unwrap();
    assert_eq!((cost.weight(LimitKind::Messages), cost.weight(hour)), (1, 0));
}

#[test]
fn what_is_left_is_turned_into_what_is_used() {
    let read = |kind, left: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(REMAINING, HeaderValue::from_str(left).unwrap());
        let meter = meter(kind, &headers);
        meter.readings.first().map(|it| (it.kind, it.interval, it.used))
    };
    let placed = LimitKind::Calls(CallKind::PlaceOrder);
    assert_eq!(read(CallKind::PlaceOrder, "9"), Some((placed, SECOND, 1)));
    assert_eq!(read(CallKind::PlaceOrder, "0"), Some((placed, SECOND, 10)));
    let time = LimitKind::Calls(CallKind::ServerTime);
    assert_eq!(read(CallKind::Ping, "4"), Some((time, SECOND, 6)));
    for (kind, left) in [
        (CallKind::PlaceOrder, "59"),
        (CallKind::PlaceOrder, "-1"),
        (CallKind::PlaceOrder, "many"),
        (CallKind::OpenStream, "3"),
    ] {
        assert_eq!(read(kind, left), None, "{left}");
    }
    assert!(meter(CallKind::Account, &HeaderMap::new()).readings.is_empty());
}

#[test]
fn a_message_of_as_many_feeds_as_there_may_be_is_short_enough() {
    let FeedsAsked::ByMessage(most) = manners().feeds else { panic!() };
    let arg = r#"{"instType":"SPOT","channel":"candle12Hutc","instId":"ABCDEFGHIJKLMNOPUSDT"},"#;
    assert!(most * arg.len() + r#"{"op":"unsubscribe","args":[]}"#.len() <= 4_096);
    assert!(manners().ping_every.unwrap() < Duration::from_secs(30));
}
