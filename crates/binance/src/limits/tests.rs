use super::*;
use crate::samples::*;
use http::HeaderValue;
use tradewind_model::call::Call;
use tradewind_model::outcome::{Fate, Reply};
use tradewind_venue::Venue;

/// Weight before and after success, raw requests, orders, connections, messages.
fn price(call: &Call) -> [Weight; 6] {
    let tariff = tariff();
    let cost = tariff.cost(call).unwrap();
    let weight = cost.charges.iter().find(|charge| charge.kind == LimitKind::RequestWeight);
    [
        cost.weight(LimitKind::RequestWeight),
        weight.map_or(0, |charge| charge.weight_on_success),
        cost.weight(LimitKind::RawRequests),
        cost.weight(LimitKind::Orders),
        cost.weight(LimitKind::Connections),
        cost.weight(LimitKind::Messages),
    ]
}

#[test]
fn every_call_has_the_documented_price() {
    let prices: Vec<_> = calls().iter().map(price).collect();
    let order = [1, 0, 1, 1, 0, 0];
    let pair = [1, 0, 1, 2, 0, 0];
    let cancel = [1, 0, 1, 0, 0, 0];
    let read = |weight| [weight, weight, 1, 0, 0, 0];
    assert_eq!(
        prices,
        [
            read(1),
            read(1),
            read(20),
            read(20),
            read(20),
            read(5),
            read(2),
            read(2),
            read(2),
            order,
            order,
            order,
            order,
            order,
            order,
            order,
            order,
            order,
            order,
            read(4),
            pair,
            pair,
            cancel,
            cancel,
            cancel,
            read(4),
            read(6),
            read(80),
            read(4),
            read(6),
            read(20),
            read(20),
            read(5),
            read(20),
            read(40),
            [0, 0, 0, 0, 1, 0],
            [0, 0, 0, 0, 1, 0],
            [2, 2, 0, 0, 1, 0],
            [0, 0, 0, 0, 0, 1],
            [0, 0, 0, 0, 0, 1],
            [2, 2, 0, 0, 0, 0],
        ]
    );
}

#[test]
fn a_deeper_book_is_dearer() {
    for (levels, weight) in [
        (1, 5),
        (100, 5),
        (101, 25),
        (500, 25),
        (501, 50),
        (1_000, 50),
        (1_001, 250),
        (5_000, 250),
        (u32::MAX, 250),
    ] {
        let call = Call::Depth { symbol: symbol(), levels };
        assert_eq!(price(&call)[0], weight, "{levels}");
    }
}

#[test]
fn headers_tell_what_is_used_and_of_which_window() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-mbx-used-weight", "999"),
        ("x-mbx-used-weight-1m", "37"),
        ("x-mbx-used-weight-2h", "4000"),
        ("x-mbx-order-count-10s", "3"),
        ("x-mbx-order-count-1d", "-1"),
        ("x-mbx-order-count-3w", "5"),
        ("x-mbx-order-count-", "5"),
        ("x-mbx-order-count-0s", "5"),
        ("x-mbx-order-count-99999999999999999999d", "5"),
        ("x-mbx-uuid", "7c0ffee0-1234-4bcd-8def-0123456789ab"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("server", HeaderValue::from_bytes(b"\xff").unwrap());
    let meter = meter(&headers);
    let reading = |kind, secs, used| Reading { kind, interval: Duration::from_secs(secs), used };
    assert_eq!(
        meter.readings.as_slice(),
        [
            reading(LimitKind::RequestWeight, 60, 37),
            reading(LimitKind::RequestWeight, 7_200, 4_000),
            reading(LimitKind::Orders, 10, 3),
        ]
    );
    assert_eq!(meter.request_id.as_deref(), Some("7c0ffee0-1234-4bcd-8def-0123456789ab"));
}

#[test]
fn more_readings_than_there_are_limits_are_dropped() {
    let mut headers = HeaderMap::new();
    for number in 1..100 {
        let name = http::HeaderName::try_from(format!("x-mbx-used-weight-{number}m")).unwrap();
        headers.insert(name, HeaderValue::from_static("1"));
    }
    assert!(meter(&headers).readings.is_full());
}

#[test]
fn order_counts_come_with_the_answer_and_beat_the_headers() {
    let mut response = response(200, ORDER_COUNTS);
    let headers = response.headers_mut();
    headers.insert("x-mbx-order-count-10s", HeaderValue::from_static("1"));
    headers.insert("x-mbx-used-weight-1m", HeaderValue::from_static("41"));
    let outcome = crate::BinanceSpot::default().decode(&Call::OrderCounts, &response, RECEIVED_AT);
    let used: Vec<_> = outcome.meter.readings.iter().map(|it| it.used).collect();
    assert_eq!(used, [41, 3, 4_096]);
    assert_eq!(fate(outcome), Fate::Done(Reply::OrderCounts));
}

#[test]
fn limits_hold_from_the_first_request_on() {
    let told: Vec<_> = tariff()
        .limits
        .iter()
        .map(|limit| (limit.kind, limit.interval.as_secs(), limit.capacity))
        .collect();
    assert_eq!(
        told,
        [
            (LimitKind::RequestWeight, 60, 6_000),
            (LimitKind::RawRequests, 300, 300_000),
            (LimitKind::Orders, 10, 100),
            (LimitKind::Orders, 86_400, 200_000),
            (LimitKind::Connections, 300, 300),
            (LimitKind::Messages, 1, 5),
        ]
    );
}
