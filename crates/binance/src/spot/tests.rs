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

const BODIES: [&str; 18] = [
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
    samples::WAITING,
    samples::WAITING_PLACED,
    samples::AMENDED,
    samples::OCO_PLACED,
    samples::LIST_CANCELED,
    samples::LIST,
    r#"{"serverTime":1800000000123}"#,
    r#"{"code":-2011,"msg":"Unknown order sent.","data":{"retryAfter":1}}"#,
];

const STATUSES: [u16; 15] =
    [100, 101, 200, 204, 302, 400, 401, 403, 404, 408, 409, 418, 429, 500, 503];

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

fn mutated(samples: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let mutations = proptest::collection::vec(mutation(), 0..4);
    (proptest::sample::select(samples), mutations).prop_map(|(sample, mutations)| {
        let mut body = sample.into_bytes();
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

/// Every answer there is a sample of, those with a result for each half among them.
fn bodies() -> Vec<String> {
    let mut bodies = BODIES.map(str::to_owned).to_vec();
    let (gone, placed) = (samples::CANCELED, samples::PLACED);
    let both = samples::results("SUCCESS", gone, "SUCCESS", placed);
    let half = samples::results("SUCCESS", gone, "FAILURE", samples::NOT_PLACED);
    let none = samples::results("FAILURE", samples::NOT_CANCELED, "NOT_ATTEMPTED", "null");
    bodies.extend([both, samples::partly(-2021, &half), samples::partly(-2022, &none)]);
    bodies.push(format!("[{gone},{}]", samples::LIST_CANCELED));
    bodies.push(format!("[{}]", samples::LIST));
    bodies
}

fn frames() -> Vec<String> {
    let mut frames = samples::MARKET_FRAMES.map(str::to_owned).to_vec();
    frames.extend(samples::ACCOUNT_FRAMES.map(str::to_owned));
    frames.push(samples::LIST_STATUS.to_owned());
    frames
}

/// What a decoded answer holds, roughly, in bytes.
fn size(outcome: &Outcome) -> usize {
    format!("{outcome:?}").len()
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic_and_each_leg_has_one_fate(
        call in proptest::sample::select(samples::calls()),
        status in prop_oneof![proptest::sample::select(STATUSES.to_vec()), 100_u16..1_000],
        retry_after in proptest::collection::vec(any::<u8>(), 0..12),
        used in "[-0-9]{0,25}",
        body in prop_oneof![3 => mutated(bodies()), 1 => arbitrary()],
    ) {
        let headers = [
            ("retry-after", retry_after),
            ("x-mbx-used-weight-1m", used.clone().into_bytes()),
            ("x-mbx-order-count-10s", used.into_bytes()),
        ];
        let given = body.len();
        let outcome = decode(&call, status, &headers, body);
        let legs: Vec<u8> = outcome.legs.iter().map(|(leg, _)| leg.0).collect();
        prop_assert_eq!(legs, (0..call.kind().legs()).collect::<Vec<_>>());
        // Only a success, nothing to cancel, or one half of a call with two is ever done.
        if outcome.legs.iter().any(|(_, fate)| matches!(fate, Fate::Done(_))) {
            let may_be_done_by_half =
                matches!(call, Call::CancelOpenOrders { .. } | Call::ReplaceOrder(_));
            prop_assert!(status < 300 || (may_be_done_by_half && status < 500));
        }
        // What is kept of an answer is no more than a few times its bytes.
        prop_assert!(size(&outcome) <= 4_096 + 64 * given, "{} of {given}", size(&outcome));
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
        let is_unknown = |(_, fate): &(_, Fate)| matches!(fate, Fate::Unknown(_));
        assert!(outcome.legs.iter().all(is_unknown), "{call:?}");
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
