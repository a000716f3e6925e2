//! Windows, bans and order credit, by calling them with times.

use std::net::Ipv4Addr;

use super::*;

const IP: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ACCOUNT: u64 = 1;

fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(1_700_000_040 + secs) // the start of a minute
}

fn limits(config: LimitsConfig) -> Limits {
    Limits::new(config)
}

fn small() -> LimitsConfig {
    LimitsConfig { weight_per_minute: 100, tolerated_after_first_429: 2, ..LimitsConfig::default() }
}

#[test]
fn a_window_empties_on_the_calendar_minute() {
    let mut limits = limits(small());
    limits.admit(at(59), IP, 100).unwrap();
    let denied = limits.admit(at(59), IP, 1).unwrap_err();
    assert_eq!(
        denied,
        Denied::Over { kind: LimitKind::Weight, limit: 100, until: at(60) },
        "the limit resets at the minute, one second later",
    );
    limits.admit(at(60), IP, 100).unwrap();
    assert_eq!(limits.weight_used(at(60), IP), 100);
}

#[test]
fn refused_weight_is_counted_and_peaks_stay() {
    let mut limits = limits(small());
    limits.admit(at(0), IP, 90).unwrap();
    limits.admit(at(0), IP, 20).unwrap_err();
    assert_eq!(limits.weight_used(at(1), IP), 110);
    assert_eq!(limits.weight_used(at(61), IP), 0);
    assert_eq!(limits.peaks(), vec![Peak { kind: LimitKind::Weight, limit: 100, used: 110 }],);
}

#[test]
fn ignoring_429_ends_in_a_ban_that_outlasts_the_window() {
    let mut limits = limits(small());
    limits.admit(at(0), IP, 100).unwrap();
    for _ in 0..3 {
        assert!(matches!(limits.admit(at(1), IP, 1), Err(Denied::Over { .. })));
    }
    let until = at(1 + 120);
    assert_eq!(limits.admit(at(1), IP, 1), Err(Denied::Banned { until }));
    assert_eq!(limits.admit(at(90), IP, 1), Err(Denied::Banned { until }));
    assert_eq!(limits.banned_until(at(90), IP), Some(until));
    limits.admit(at(121), IP, 1).unwrap();
    assert_eq!(limits.refusals(), (3, 2, 1));
}

#[test]
fn the_second_offense_is_punished_harder_and_a_clean_day_is_remembered() {
    let mut limits = limits(small());
    let first = limits.ban(at(0), IP);
    assert_eq!(first, at(120));
    let second = limits.ban(at(200), IP);
    assert_eq!(second, at(200 + 300));
    let day = 86_400;
    let third = limits.ban(at(500 + 2 * day), IP);
    assert_eq!(third, at(500 + 2 * day + 120), "two clean days are two steps down");
}

#[test]
fn traffic_during_a_ban_starts_it_over_a_step_longer() {
    let config = LimitsConfig { ban_restarts_after: Some(3), ..small() };
    let mut limits = limits(config);
    limits.ban(at(0), IP);
    for _ in 0..2 {
        assert_eq!(limits.raw_request(at(60), IP), Err(Denied::Banned { until: at(120) }));
    }
    let longer = at(60 + 300);
    assert_eq!(limits.raw_request(at(60), IP), Err(Denied::Banned { until: longer }));
    for _ in 0..3 {
        assert!(limits.raw_request(at(100), IP).is_err());
    }
    assert_eq!(limits.banned_until(at(100), IP), Some(at(100 + 900)), "and longer each time");
}

#[test]
fn unfilled_orders_are_counted_and_a_first_fill_gives_credit_later() {
    let config = LimitsConfig { orders_per_ten_seconds: 2, ..LimitsConfig::default() };
    let mut limits = limits(config);
    for _ in 0..2 {
        limits.order_headroom(at(0), IP, ACCOUNT).unwrap();
        limits.order_placed(at(0), ACCOUNT);
    }
    let denied = limits.order_headroom(at(0), IP, ACCOUNT).unwrap_err();
    assert_eq!(denied, Denied::Over { kind: LimitKind::OrdersTenSeconds, limit: 2, until: at(10) });
    limits.first_fill(at(0), ACCOUNT, false);
    assert_eq!(limits.orders_used(at(0), ACCOUNT), (2, 2), "not yet");
    assert_eq!(limits.orders_used(at(1), ACCOUNT), (1, 1));
    limits.order_headroom(at(1), IP, ACCOUNT).unwrap();
}

#[test]
fn credit_never_becomes_a_balance() {
    let mut limits = limits(LimitsConfig::default());
    limits.order_placed(at(0), ACCOUNT);
    limits.first_fill(at(0), ACCOUNT, true);
    assert_eq!(limits.orders_used(at(1), ACCOUNT), (0, 0));
    limits.order_placed(at(2), ACCOUNT);
    assert_eq!(limits.orders_used(at(2), ACCOUNT), (1, 1));
}

#[test]
fn handshakes_are_counted_per_service() {
    let config = LimitsConfig { connections_per_five_minutes: 1, ..LimitsConfig::default() };
    let mut limits = limits(config);
    limits.connect(at(0), IP, Service::WsApi, 2).unwrap();
    limits.connect(at(0), IP, Service::Streams, 0).unwrap();
    assert!(matches!(
        limits.connect(at(0), IP, Service::WsApi, 2),
        Err(Denied::Over { kind: LimitKind::Connections, .. })
    ));
    assert_eq!(limits.weight_used(at(0), IP), 2, "a refused handshake costs no weight");
}

#[test]
fn floods_of_streams_shut_the_streams_and_nothing_else() {
    let mut limits = limits(LimitsConfig::default());
    limits.stream_violation(at(0), IP);
    limits.stream_violation(at(61), IP);
    limits.stream_violation(at(62), IP);
    limits.connect(at(62), IP, Service::Streams, 0).unwrap();
    limits.stream_violation(at(63), IP);
    let denied = limits.connect(at(64), IP, Service::Streams, 0).unwrap_err();
    assert_eq!(denied.until(), at(63 + 120));
    limits.connect(at(64), IP, Service::WsApi, 2).unwrap();
    limits.connect(at(183), IP, Service::Streams, 0).unwrap();
}

#[test]
fn a_stream_handshake_needs_no_weight() {
    let mut limits = limits(small());
    limits.admit(at(0), IP, 101).unwrap_err();
    limits.connect(at(0), IP, Service::Streams, 0).unwrap();
    limits.connect(at(0), IP, Service::WsApi, 2).unwrap_err();
}

#[test]
fn the_ledger_keeps_what_each_window_held_and_tells_an_agent_apart() {
    let mut limits = limits(small());
    limits.admit(at(0), IP, 30).unwrap();
    limits.attribute(true);
    limits.admit(at(1), IP, 20).unwrap();
    limits.attribute(false);
    limits.admit(at(2), IP, 40).unwrap();
    limits.attribute(true);
    limits.admit(at(3), IP, 50).unwrap_err();
    limits.attribute(false);
    // Nothing happens in the second minute.
    limits.admit(at(125), IP, 5).unwrap();
    let windows: Vec<_> =
        limits.windows().map(|one| (one.starts_at, one.used, one.by_others)).collect();
    assert_eq!(windows, [(at(0), 140, 70), (at(120), 5, 0)]);
    let refused: Vec<_> = limits.refused().collect();
    let (kind, is_other) = (LimitKind::Weight, true);
    assert_eq!(refused, [Refused { kind, is_other, http_429: 1, http_418: 0 }]);
}

#[test]
fn only_the_newest_windows_are_kept() {
    let mut limits = limits(LimitsConfig { windows_max: 2, ..small() });
    for minute in 0..5 {
        limits.admit(at(60 * minute), IP, 7).unwrap();
    }
    let starts: Vec<_> = limits.windows().map(|one| one.starts_at).collect();
    assert_eq!(starts, [at(180), at(240)]);
}

#[test]
fn who_looks_like_an_attacker_is_shut_out_at_the_edge_for_a_while() {
    let edge = EdgeConfig {
        offenses: 3,
        within: Duration::from_secs(60),
        lasts: Duration::from_secs(300),
    };
    let mut limits = limits(LimitsConfig { edge: Some(edge), ..LimitsConfig::default() });
    limits.offense(at(0), IP);
    limits.offense(at(61), IP);
    limits.offense(at(62), IP);
    limits.raw_request(at(62), IP).unwrap();
    limits.offense(at(63), IP);
    let until = at(63 + 300);
    assert_eq!(limits.raw_request(at(64), IP), Err(Denied::Edge { until }));
    assert_eq!(
        limits.connect(at(64), IP, Service::WsApi, 2),
        Err(Denied::Edge { until }),
        "handshakes too"
    );
    let anew = at(65 + 300);
    assert_eq!(limits.admit(at(65), IP, 1), Err(Denied::Edge { until: anew }), "knocking goes on");
    limits.raw_request(anew, IP).unwrap();
    assert_eq!(limits.refused_at_edge(), 3);
}
