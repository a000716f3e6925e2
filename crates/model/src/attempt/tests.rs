use std::time::Duration;

use super::*;
use crate::tariff::{Alignment, Limit, LimitKind, LimitScope};

fn event() -> AttemptEvent {
    AttemptEvent {
        ts: Timestamp::from_millis(1_790_000_000_120),
        bot_instance_id: "bot-3".to_owned(),
        exchange: VenueId::new("binance").unwrap(),
        endpoint: "place_order".into(),
        method: "POST".into(),
        status: Some(429),
        error_code: Some(-1015),
        error_message: Some(RedactedMessage::new("too many")),
        request_id: None,
        attempt: 2,
        latency_ms: Some(18),
        rate_limit_bucket: "orders/10s/100".parse().ok(),
        weight: 1,
        used_weight: Some(101),
        concurrency_inflight: 3,
        retry_reason: RetryReason::RateLimit,
        delay_ms: 4_200,
        idempotency_key: Some("tw-1".to_owned()),
        priority: "trade".into(),
        queue_ms: 0,
        fate: FateName::NotTaken,
        scope_state: ScopeState::Open,
        egress: EgressId::new("eth0").unwrap(),
        account: Some(AccountHash::new([0, 1, 2, 3, 4, 5, 6, 255])),
        strategy: StrategyId::new("grid").ok(),
        version: "1.4.0".to_owned(),
        started_at: Timestamp::from_secs(1_789_990_000),
    }
}

#[test]
fn every_field_stands_in_every_line_under_its_name() {
    let line = serde_json::to_string(&event()).unwrap();
    assert_eq!(
        line,
        r#"{"ts":"2026-09-21T14:13:20.120Z","bot_instance_id":"bot-3","exchange":"binance","endpoint":"place_order","method":"POST","status":429,"error_code":-1015,"error_message":"too many","request_id":null,"attempt":2,"latency_ms":18,"rate_limit_bucket":"orders/10s/100","weight":1,"used_weight":101,"concurrency_inflight":3,"retry_reason":"429","delay_ms":4200,"idempotency_key":"tw-1","priority":"trade","queue_ms":0,"fate":"not_taken","scope_state":"open","egress":"eth0","account":"00010203040506ff","strategy":"grid","version":"1.4.0","started_at":"2026-09-21T11:26:40.000Z"}"#
    );
}

#[test]
fn an_event_is_read_back_as_it_was() {
    let line = serde_json::to_string(&event()).unwrap();
    assert_eq!(serde_json::from_str::<AttemptEvent>(&line).unwrap(), event());
}

#[test]
fn retry_reasons_have_the_names_an_operator_knows() {
    for (reason, name) in [
        (RetryReason::None, "none"),
        (RetryReason::RateLimit, "429"),
        (RetryReason::Timeout, "timeout"),
        (RetryReason::Server, "5xx"),
        (RetryReason::Network, "network"),
        (RetryReason::Clock, "clock"),
    ] {
        assert_eq!(serde_json::to_string(&reason).unwrap(), format!("{name:?}"));
    }
}

#[test]
fn a_bucket_is_named_by_its_kind_interval_and_capacity() {
    for (kind, secs, capacity, name) in [
        (LimitKind::RequestWeight, 60, 6_000, "request-weight/1m/6000"),
        (LimitKind::RawRequests, 300, 300_000, "raw-requests/5m/300000"),
        (LimitKind::Orders, 10, 100, "orders/10s/100"),
        (LimitKind::Orders, 86_400, 200_000, "orders/1d/200000"),
        (LimitKind::Connections, 5_400, 7, "connections/90m/7"),
    ] {
        let limit = Limit {
            kind,
            scope: LimitScope::Egress,
            interval: Duration::from_secs(secs),
            alignment: Alignment::Calendar,
            capacity,
        };
        let bucket = BucketName::from(&limit);
        assert_eq!(bucket.to_string(), name);
        assert_eq!(name.parse(), Ok(bucket));
    }
    for text in
        ["", "orders", "orders/10s", "orders/0s/1", "orders/10x/1", "tea/1m/1", "orders/1m/1/1"]
    {
        assert_eq!(text.parse::<BucketName>(), Err(InvalidBucketName), "{text}");
    }
}

#[test]
fn a_message_loses_what_looks_like_a_key_or_a_signature() {
    let hex = "8f1b0c77".repeat(8);
    let base64 = format!("{}==", "aZ3+/x9K".repeat(11));
    let letters = "QwErTyUiOpAs".repeat(4);
    for (message, kept) in [
        (format!("bad signature {hex}"), "bad signature [redacted]".to_owned()),
        (
            format!("at ?symbol=LTCBTC&signature={base64}"),
            "at ?symbol=LTCBTC&signature=[redacted]==".to_owned(),
        ),
        (format!("key {letters} unknown"), "key [redacted] unknown".to_owned()),
        ("apiKey=short&x=1".to_owned(), "apiKey=[redacted]&x=1".to_owned()),
        (
            r#"{"apiKey": "abc", "side": "BUY"}"#.to_owned(),
            r#"{"apiKey": "[redacted]", "side": "BUY"}"#.to_owned(),
        ),
        ("X-TW-APIKEY: abc".to_owned(), "X-TW-APIKEY: [redacted]".to_owned()),
        ("passphrase: tea".to_owned(), "passphrase: [redacted]".to_owned()),
    ] {
        assert_eq!(RedactedMessage::new(&message).as_str(), kept, "{message}");
    }
}

#[test]
fn a_message_keeps_what_an_operator_needs() {
    for message in [
        "Way too much request weight used; IP banned until 1790000120000. Use streams.",
        "Filter failure: PERCENT_PRICE_BY_SIDE",
        "Signature for this request is not valid.",
        "Timestamp for this request was 1000ms ahead of the server's time.",
        "MAX_NUM_ALGO_ORDERS is 5; symbol BTCUSDT",
    ] {
        assert_eq!(RedactedMessage::new(message).as_str(), message);
    }
}

#[test]
fn a_message_is_one_short_line_and_redacting_it_again_changes_nothing() {
    let long = "a\nb ".repeat(100);
    let message = RedactedMessage::new(&long);
    assert!(message.as_str().len() <= 200);
    assert!(message.as_str().ends_with("..."));
    assert!(!message.as_str().contains('\n'));
    assert_eq!(RedactedMessage::new(message.as_str()), message);
    let wide = RedactedMessage::new(&"金".repeat(100));
    assert!(wide.as_str().len() <= 200);
}

#[test]
fn a_cut_never_leaves_the_beginning_of_a_key() {
    let key = "k7".repeat(32);
    for before in 150..210 {
        let message = RedactedMessage::new(&format!("{} {key}", "x ".repeat(before / 2)));
        assert!(!message.as_str().contains("k7"), "{message}");
    }
}
