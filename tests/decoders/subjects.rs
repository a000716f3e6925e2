//! Everything here that reads what somebody else has written, as functions over bytes.
//!
//! None may panic, whatever the bytes, and none may give back much more than it was given. The
//! fuzz targets in `fuzz/` call these, and a test plays the corpus through them.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::{Method, Request, Response};
use tradewind_binance::BinanceSpot;
use tradewind_bitget::BitgetSpot;
use tradewind_model::call::Call;
use tradewind_model::stream::StreamKind;
use tradewind_model::time::Timestamp;
use tradewind_runtime::Config;
use tradewind_runtime::state::{CatalogShelf, ShutBook, Starts};
use tradewind_simulator::binance::{Binance, BinanceConfig, fake};
use tradewind_simulator::bitget::{self, Bitget, BitgetConfig};
use tradewind_simulator::front::{Frame, SessionId};
use tradewind_simulator::limits::Service;
use tradewind_simulator::venue::AnyVenue;
use tradewind_strategy::Params;
use tradewind_triage::Triage;
use tradewind_venue::{Signer, Venue};

/// What takes some bytes and looks that all is well.
type Subject = fn(&[u8]);

/// A subject by the name of its target and of the folder of its corpus.
pub(crate) const ALL: [(&str, Subject); 9] = [
    ("replies", replies),
    ("frames", frames),
    ("bitget_replies", bitget_replies),
    ("bitget_frames", bitget_frames),
    ("venue_requests", venue_requests),
    ("venue_frames", venue_frames),
    ("attempt_logs", attempt_logs),
    ("configs", configs),
    ("states", states),
];

/// What was read may be this much larger than what it was read from, byte for byte as text.
const GROWTH_MAX: usize = 256;
/// And so much larger whatever it was read from.
const OVERHEAD_MAX: usize = 64 * 1_024;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_500);
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn assert_bounded(read: &impl std::fmt::Debug, from: &[u8]) {
    let size = format!("{read:?}").len();
    let max = OVERHEAD_MAX + GROWTH_MAX * from.len();
    assert!(size <= max, "{size} characters were read from {} bytes", from.len());
}

/// The first line of some bytes, and the rest.
fn line(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    (&data[..end], data.get(end + 1..).unwrap_or_default())
}

/// A call as JSON, a status and the body of an answer: a line each but for the body.
pub(crate) fn replies(data: &[u8]) {
    reply(&BinanceSpot::default(), data);
}

/// The same at Bitget.
pub(crate) fn bitget_replies(data: &[u8]) {
    reply(&BitgetSpot::default(), data);
}

fn reply(venue: &dyn Venue, data: &[u8]) {
    let (call, rest) = line(data);
    let (status, body) = line(rest);
    let Some(call) = call_of(call) else { return };
    let status = std::str::from_utf8(status).ok().and_then(|text| text.trim().parse().ok());
    let mut response = Response::new(Bytes::copy_from_slice(body));
    if let Some(status) = status.and_then(|status: u16| status.try_into().ok()) {
        *response.status_mut() = status;
    }
    let outcome = venue.decode(&call, &response, NOW);
    assert!(!outcome.legs.is_empty(), "a call that nothing has become of");
    assert_bounded(&outcome, data);
}

/// A call as the corpus spells it.
pub(crate) fn call_of(line: &[u8]) -> Option<Call> {
    serde_json::from_slice(line).ok()
}

/// A message of the account's socket, and the same of the market's.
pub(crate) fn frames(data: &[u8]) {
    frame(&BinanceSpot::default(), data);
}

/// The same at Bitget.
pub(crate) fn bitget_frames(data: &[u8]) {
    frame(&BitgetSpot::default(), data);
}

fn frame(venue: &dyn Venue, data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for kind in [StreamKind::Account, StreamKind::Market] {
        let event = venue.decode_frame(kind, text, NOW);
        assert_bounded(&event, data);
    }
}

/// A request to the simulated venues: method, path and query on a line of their own, then the body.
pub(crate) fn venue_requests(data: &[u8]) {
    let (head, body) = line(data);
    let Ok(head) = std::str::from_utf8(head) else { return };
    let (method, path) = head.split_once(' ').unwrap_or(("GET", head));
    request_to_binance(method, path, body);
    request_to_bitget(method, path, body);
}

fn request_to_binance(method: &str, path: &str, body: &[u8]) {
    // What is signed is read further than what is not.
    let signer = Signer::hmac_sha256(fake::API_KEY, fake::API_SECRET).expect("a key");
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let signature = signer.sign(&[query.as_bytes(), body].concat());
    let path = match path.contains("timestamp=") {
        true => format!("{path}&signature={signature}"),
        false => path.to_owned(),
    };
    let request = Request::builder()
        .method(method.parse().unwrap_or(Method::GET))
        .uri(path)
        .header(fake::KEY_HEADER, fake::API_KEY)
        .body(Bytes::copy_from_slice(body));
    let Ok(request) = request else { return };
    let mut venue = Binance::new(&BinanceConfig::default(), 1, NOW);
    let response = venue.rest(NOW, PEER, &request);
    assert!(response.status().as_u16() >= 200);
}

/// The status of its answer, if it could be sent.
pub(crate) fn request_to_bitget(method: &str, path: &str, body: &[u8]) -> Option<u16> {
    let stamp = NOW.as_millis().to_string();
    let head = [stamp.as_str(), method, path].concat();
    let sign = base64_hmac(&[head.as_bytes(), body].concat());
    let request = Request::builder()
        .method(method.parse().unwrap_or(Method::GET))
        .uri(path)
        .header(bitget::fake::KEY_HEADER, bitget::fake::API_KEY)
        .header("ACCESS-SIGN", sign)
        .header("ACCESS-TIMESTAMP", stamp)
        .header("ACCESS-PASSPHRASE", bitget::fake::PASSPHRASE)
        .header("Content-Type", "application/json")
        .body(Bytes::copy_from_slice(body));
    let mut venue = Bitget::new(&BitgetConfig::default(), 1, NOW);
    let response = venue.rest(NOW, PEER, &request.ok()?);
    assert!(response.status().as_u16() >= 200);
    Some(response.status().as_u16())
}

/// A payload's HMAC by the key of the simulated Bitget, in base64.
fn base64_hmac(payload: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let signer = Signer::hmac_sha256(bitget::fake::API_KEY, bitget::fake::API_SECRET);
    let hex = signer.expect("a key").sign(payload).to_string();
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    // Three digits of hex are two letters.
    let mut text: String = digits
        .chunks(3)
        .flat_map(|digits| {
            let bits = (0..3).fold(0, |bits, place| bits << 4 | digits.get(place).unwrap_or(&0));
            [bits >> 6, bits & 63].map(|letter| char::from(LETTERS[letter as usize]))
        })
        .collect();
    // 32 bytes are 43 letters and a sign for the one that is missing.
    text.truncate(43);
    text.push('=');
    text
}

/// Messages to the simulated venues' two kinds of sockets, a line each.
pub(crate) fn venue_frames(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for (service, path) in [(Service::WsApi, "/ws-api/v3"), (Service::Streams, "/stream")] {
        let mut venue = AnyVenue::new(&BinanceConfig::default().into(), 1, NOW);
        let Ok(session) = venue.open(NOW, PEER, service, path) else { continue };
        hear(&mut venue, session, text);
    }
    let sockets = [(Service::PRIVATE, "/v2/ws/private"), (Service::PUBLIC, "/v2/ws/public")];
    for (service, path) in sockets {
        let mut venue = AnyVenue::new(&BitgetConfig::default().into(), 1, NOW);
        let Ok(session) = venue.open(NOW, PEER, service, path) else { continue };
        // Who has logged in is listened to further.
        let stamp = NOW.as_secs();
        let login = serde_json::json!({"op": "login", "args": [{
            "apiKey": bitget::fake::API_KEY,
            "passphrase": bitget::fake::PASSPHRASE,
            "timestamp": stamp.to_string(),
            "sign": base64_hmac(format!("{stamp}GET/user/verify").as_bytes()),
        }]});
        venue.receive(NOW, session, Frame::Text(login.to_string()));
        hear(&mut venue, session, text);
    }
}

fn hear(venue: &mut AnyVenue, session: SessionId, text: &str) {
    for text in text.lines().take(16) {
        venue.receive(NOW, session, Frame::Text(text.to_owned()));
    }
    while venue.poll_frame().is_some() {}
}

/// A log of attempts.
pub(crate) fn attempt_logs(data: &[u8]) {
    let report = Triage::read(data).expect("bytes can be read");
    assert_bounded(&report, data);
}

/// A configuration, and the parameters of a strategy.
pub(crate) fn configs(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    assert_bounded(&Config::parse("fuzz.toml", text).map(|_| ()), data);
    assert_bounded(&Params::parse(text).map(|_| ()), data);
}

/// What outlives a process.
pub(crate) fn states(data: &[u8]) {
    assert_bounded(&ShutBook::parse(NOW, data), data);
    assert_bounded(&Starts::parse(data), data);
    assert_bounded(&CatalogShelf::parse(NOW, data), data);
}
