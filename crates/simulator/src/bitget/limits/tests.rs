//! Windows and penalties, by calling them with times.

use std::net::Ipv4Addr;

use super::*;

const IP: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::BROADCAST);
const PATH: &str = "GET /a";
const UID: Who = Who::Account(AccountId(0));

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(1_790_035_200_000 + millis)
}

fn limits(windows: Windows) -> Limits {
    Limits::new(LimitsConfig { windows, requests_per_minute: 20, ..LimitsConfig::default() })
}

#[test]
fn a_path_has_its_second_and_tells_what_is_left_of_it() {
    let mut limits = limits(Windows::Fixed);
    for left in (0..10).rev() {
        assert_eq!(limits.call(at(900), UID, PATH, 10), Ok(left));
    }
    assert_eq!(limits.call(at(999), UID, PATH, 10), Err(Denied::TooMany));
    assert_eq!(limits.call(at(999), UID, "GET /b", 10), Ok(9), "another path");
    assert_eq!(limits.call(at(999), Who::Account(AccountId(1)), PATH, 10), Ok(9), "another one");
    assert_eq!(limits.call(at(1_000), UID, PATH, 10), Ok(9), "the next second of the calendar");
    assert_eq!(limits.refusals().0, 1);
}

#[test]
fn a_sliding_second_is_the_last_one_at_any_moment() {
    let mut limits = limits(Windows::Sliding);
    for _ in 0..10 {
        limits.call(at(900), UID, PATH, 10).unwrap();
    }
    assert_eq!(limits.call(at(1_899), UID, PATH, 10), Err(Denied::TooMany));
    assert_eq!(limits.call(at(1_900), UID, PATH, 10), Ok(8), "the refused one counts on");
}

#[test]
fn who_passes_the_minute_of_an_address_is_refused_for_five() {
    let mut limits = limits(Windows::Fixed);
    for _ in 0..20 {
        limits.request(at(0), IP).unwrap();
    }
    assert_eq!(limits.request(at(1), IP), Err(Denied::TooMany));
    assert_eq!(limits.request(at(61_000), IP), Err(Denied::TooMany), "the minute is over");
    assert_eq!(limits.request(at(61_000), OTHER), Ok(()));
    assert_eq!(limits.request(at(300_000), IP), Err(Denied::TooMany));
    assert_eq!(limits.shut_until(at(300_000), IP), Some(at(300_001)));
    assert_eq!(limits.request(at(300_001), IP), Ok(()));
    assert_eq!(limits.refusals(), (1, 2, 0, 1));
    let minute = limits.peaks()[0];
    assert_eq!((minute.kind, minute.limit, minute.used), (LimitKind::RawRequests, 20, 21));
}

#[test]
fn a_stranger_on_the_address_uses_up_its_minute() {
    let mut limits = limits(Windows::Fixed);
    limits.burn(at(0), IP, 20);
    assert_eq!(limits.request(at(1), IP), Err(Denied::TooMany));
}

#[test]
fn handshakes_are_counted_and_so_is_what_stands() {
    let mut limits = limits(Windows::Fixed);
    assert_eq!(limits.connect(at(0), IP, 99), Ok(()));
    assert_eq!(limits.connect(at(0), IP, 100), Err(Denied::TooMany));
    for _ in 2..300 {
        limits.connect(at(1), IP, 0).unwrap();
    }
    assert_eq!(limits.connect(at(299_999), IP, 0), Err(Denied::TooMany));
    assert_eq!(limits.connect(at(300_000), IP, 0), Ok(()));
}

#[test]
fn who_keeps_flooding_sockets_finds_them_shut() {
    let mut limits = limits(Windows::Fixed);
    for n in 0..3 {
        assert_eq!(limits.connect(at(n), IP, 0), Ok(()));
        limits.stream_violation(at(n), IP);
    }
    assert_eq!(limits.connect(at(119_999), IP, 0), Err(Denied::TooMany));
    assert_eq!(limits.connect(at(120_002), IP, 0), Ok(()));
}

#[test]
fn the_edge_shuts_out_who_sends_what_no_client_sends() {
    let mut limits = limits(Windows::Fixed);
    for _ in 0..100 {
        assert_eq!(limits.connect(at(5), IP, 0), Ok(()));
        limits.offense(at(5), IP);
    }
    assert_eq!(limits.request(at(6), IP), Err(Denied::Edge));
    assert_eq!(limits.connect(at(6), IP, 0), Err(Denied::Edge));
    assert_eq!(limits.request(at(300_005), IP), Ok(()));
    limits.shut_out(at(300_006), IP, SECOND);
    assert_eq!(limits.request(at(300_007), IP), Err(Denied::Edge));
}
