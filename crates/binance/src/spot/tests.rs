//! Whatever a venue, or something that stands in for it, may send: never a panic.

use bytes::Bytes;
use http::Response;
use proptest::prelude::*;
use tradewind_model::call::Call;
use tradewind_model::outcome::{Fate, Outcome};
use tradewind_model::stream::StreamKind;
use tradewind_venue::Venue;

use super::*;
use crate::samples;

const BODIES: [&str; 12] = [
    samples::ORDER,
    samples::PLACED,
    samples::CANCELED,
    samples::ACCOUNT,
    samples::FILLS,
    samples::DEPTH,
    samples::BARS,
    samples::TICKER,
    samples::ORDER_COUNTS,
    samples::CATALOG,
    r#"{"serverTime":1800000000123}"#,
    r#"{"code":-2011,"msg":"Unknown order sent.","data":{"retryAfter":1}}"#,
];

const STATUSES: [u16; 14] = [100, 101, 200, 204, 302, 400, 401, 403, 404, 408, 418, 429, 500, 503];

/// One change that a line, a proxy or a release might make.
#[derive(Clone, Debug)]
enum Mutation {
    Cut(usize),
    Replace(usize, u8),
    Insert(usize, Vec<u8>),
    Swap(usize, usize),
}

impl Mutation {
    fn apply(&self, body: &mut Vec<u8>) {
        let len = body.len();
        match self {
            Self::Cut(at) => body.truncate(at % (len + 1)),
            Self::Replace(at, byte) if len > 0 => body[at % len] = *byte,
            Self::Insert(at, bytes) => {
                let at = at % (len + 1);
                body.splice(at..at, bytes.iter().copied());
            }
            Self::Swap(a, b) if len > 0 => body.swap(a % len, b % len),
            Self::Replace(..) | Self::Swap(..) => {}
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let token = prop_oneof![
        Just(b"null".to_vec()),
        Just(b"-1".to_vec()),
        Just(b"1e999".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"{}".to_vec()),
        Just(b"[[[[".to_vec()),
        Just(b"99999999999999999999999999999999".to_vec()),
        Just("é".as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..8),
    ];
    prop_oneof![
        any::<usize>().prop_map(Mutation::Cut),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (any::<usize>(), token).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Mutation::Swap(a, b)),
    ]
}

fn mutated(samples: Vec<&'static str>) -> impl Strategy<Value = Vec<u8>> {
    let mutations = proptest::collection::vec(mutation(), 0..4);
    (proptest::sample::select(samples), mutations).prop_map(|(sample, mutations)| {
        let mut body = sample.as_bytes().to_vec();
        for mutation in mutations {
            mutation.apply(&mut body);
        }
        body
    })
}

fn arbitrary() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..200)
}

fn decode(call: &Call, status: u16, headers: &[(&'static str, Vec<u8>)], body: Vec<u8>) -> Outcome {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        if let Ok(value) = http::HeaderValue::from_bytes(value) {
            response = response.header(*name, value);
        }
    }
    let response = response.body(Bytes::from(body)).unwrap();
    BinanceSpot::default().decode(call, &response, samples::RECEIVED_AT)
}

fn frames() -> Vec<&'static str> {
    let mut frames = samples::MARKET_FRAMES.to_vec();
    frames.extend(samples::ACCOUNT_FRAMES);
    frames
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic_and_each_has_one_fate(
        call in proptest::sample::select(samples::calls()),
        status in prop_oneof![proptest::sample::select(STATUSES.to_vec()), 100_u16..1_000],
        retry_after in proptest::collection::vec(any::<u8>(), 0..12),
        used in "[-0-9]{0,25}",
        body in prop_oneof![3 => mutated(BODIES.to_vec()), 1 => arbitrary()],
    ) {
        let headers = [
            ("retry-after", retry_after),
            ("x-mbx-used-weight-1m", used.clone().into_bytes()),
            ("x-mbx-order-count-10s", used.into_bytes()),
        ];
        let outcome = decode(&call, status, &headers, body);
        prop_assert_eq!(outcome.legs.len(), 1);
        // Only a success, or nothing to cancel, is ever done.
        if let Fate::Done(_) = outcome.legs[0].1 {
            let is_cancel_all = matches!(call, Call::CancelOpenOrders { .. });
            prop_assert!(status < 300 || (is_cancel_all && status < 500));
        }
    }

    #[test]
    fn no_message_makes_it_panic(
        kind in prop_oneof![Just(StreamKind::Market), Just(StreamKind::Account)],
        frame in prop_oneof![3 => mutated(frames()), 1 => arbitrary()],
    ) {
        let text = String::from_utf8_lossy(&frame);
        let decoded = BinanceSpot::default().decode_frame(kind, &text, samples::RECEIVED_AT);
        if let Err(error) = decoded {
            prop_assert!(error.excerpt.chars().count() <= 120);
        }
    }
}

#[test]
fn a_body_nested_without_end_is_unreadable() {
    let deep = "[".repeat(100_000);
    for call in samples::calls() {
        let outcome = decode(&call, 200, &[], deep.clone().into_bytes());
        assert!(matches!(outcome.legs[0].1, Fate::Unknown(_)), "{call:?}");
    }
    let venue = BinanceSpot::default();
    for kind in [StreamKind::Market, StreamKind::Account] {
        for text in [deep.clone(), format!("{{\"data\":{deep}"), format!("{{\"e\":{deep}")] {
            assert!(venue.decode_frame(kind, &text, samples::RECEIVED_AT).is_err());
        }
    }
}

#[test]
fn the_venue_has_the_name_it_was_given() {
    let name = VenueId::new("binance-testnet").unwrap();
    assert_eq!(BinanceSpot::new(name).id(), name);
    assert_eq!(BinanceSpot::default().id().as_str(), "binance");
}
