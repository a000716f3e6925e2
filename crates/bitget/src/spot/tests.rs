//! Whatever a venue, or something that stands in for it, may send: never a panic.

use proptest::prelude::*;
use tradewind_model::outcome::Fate;

use super::*;
use crate::samples;

const STATUSES: [u16; 12] = [100, 101, 200, 204, 302, 400, 403, 404, 429, 500, 502, 503];

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

fn mutated(samples: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let tokens = [
        "null",
        "-1",
        "1e999",
        "1e-28",
        "\"",
        "{}",
        "[[[[",
        "\"\"",
        "é",
        "99999999999999999999999999999999",
    ];
    let token = proptest::sample::select(tokens.map(|it| it.as_bytes().to_vec()).to_vec());
    let mutation = prop_oneof![
        any::<usize>().prop_map(Mutation::Cut),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (any::<usize>(), token).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Mutation::Swap(a, b)),
    ];
    let mutations = proptest::collection::vec(mutation, 0..4);
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

/// Every answer there is a sample of.
fn bodies() -> Vec<String> {
    let lists = [samples::ORDER, samples::UNFILLED].map(|row| format!("[{row}]"));
    let data = [
        samples::NAMES,
        &lists[0],
        &lists[1],
        samples::FILLS,
        samples::ASSETS,
        samples::SYMBOLS,
        samples::DEPTH,
        samples::TICKERS,
        samples::BARS,
        samples::TIME,
        "[]",
        "null",
    ];
    let mut bodies = data.map(samples::success).to_vec();
    bodies.push(samples::failure("43012", "Insufficient balance"));
    bodies.push(samples::failure("45001", "Unknown error"));
    bodies
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic_and_only_a_success_is_done(
        call in proptest::sample::select([samples::calls(), samples::unsupported()].concat()),
        status in prop_oneof![proptest::sample::select(STATUSES.to_vec()), 100_u16..1_000],
        left in "[-0-9]{0,25}",
        body in prop_oneof![3 => mutated(bodies()), 1 => arbitrary()],
    ) {
        let given = body.len();
        let mut response = http::Response::new(Bytes::from(body));
        *response.status_mut() = status.try_into().unwrap();
        if let Ok(left) = left.parse() {
            response.headers_mut().insert("x-mbx-used-remain-limit", left);
        }
        let outcome = BitgetSpot::default().decode(&call, &response, samples::RECEIVED_AT);
        prop_assert_eq!(outcome.legs.len(), 1);
        let is_done = matches!(outcome.legs[0].1, Fate::Done(_));
        let nothing_to_cancel = matches!(call, Call::CancelOpenOrders { .. });
        prop_assert!(!is_done || status < 300 || nothing_to_cancel);
        // What is kept of an answer is no more than a few times its bytes.
        let size = format!("{outcome:?}").len();
        prop_assert!(size <= 4_096 + 64 * given, "{size} of {given}");
    }

    #[test]
    fn no_message_makes_it_panic(
        kind in prop_oneof![Just(StreamKind::Market), Just(StreamKind::Account)],
        frame in prop_oneof![
            3 => mutated(samples::FRAMES.map(str::to_owned).to_vec()),
            1 => arbitrary()
        ],
    ) {
        let text = String::from_utf8_lossy(&frame);
        let decoded = BitgetSpot::default().decode_frame(kind, &text, samples::RECEIVED_AT);
        if let Err(error) = decoded {
            prop_assert!(error.excerpt.chars().count() <= 120);
        }
    }
}

#[test]
fn a_body_nested_without_end_is_unreadable() {
    let deep = "[".repeat(100_000);
    let venue = BitgetSpot::default();
    for call in samples::calls() {
        for body in [deep.clone(), format!("{{\"code\":\"00000\",\"data\":{deep}")] {
            let fate = samples::fate(&call, 200, &body);
            assert!(matches!(fate, Fate::Unknown(_)), "{call:?}");
        }
    }
    for kind in [StreamKind::Market, StreamKind::Account] {
        for text in [deep.clone(), format!("{{\"data\":{deep}"), format!("{{\"event\":{deep}")] {
            assert!(venue.decode_frame(kind, &text, samples::RECEIVED_AT).is_err());
        }
    }
}

#[test]
fn the_venue_has_the_name_it_was_given() {
    let name = VenueId::new("bitget-demo").unwrap();
    assert_eq!(BitgetSpot::demo(name).id(), name);
    assert_eq!(BitgetSpot::default().id().as_str(), "bitget");
}
