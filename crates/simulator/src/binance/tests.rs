//! The venue by its doors: what a client sends and what comes back.

mod faults;
mod order_entry;
mod rest;
mod sessions;
mod streams;

use std::net::{IpAddr, Ipv4Addr};

use http::Request;
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};

use super::*;
use crate::limits::Service;

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A client of its own writing, and the venue it talks to.
struct World {
    binance: Binance,
    now: Timestamp,
    next_id: u64,
}

struct Reply {
    status: u16,
    headers: http::HeaderMap,
    body: Value,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn error(&self) -> (u16, i64, &str) {
        (self.status, self.body["code"].as_i64().unwrap(), self.body["msg"].as_str().unwrap())
    }
}

fn world(change: impl FnOnce(&mut BinanceConfig)) -> World {
    let mut config = BinanceConfig::default();
    for symbol in &mut config.exchange.symbols {
        symbol.market = symbol.market.still();
    }
    config.front.report_delay_max = Duration::ZERO;
    change(&mut config);
    // The start of a day of UTC, so that windows end where a reader expects it.
    let now = Timestamp::from_secs(1_790_035_200);
    World { binance: Binance::new(&config, 7, now), now, next_id: 0 }
}

fn quiet() -> World {
    world(|_| {})
}

fn hmac(payload: &str) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, fake::API_SECRET.as_bytes());
    const_hex::encode(ring::hmac::sign(&key, payload.as_bytes()))
}

fn ed25519(payload: &str) -> String {
    use base64::Engine as _;
    let pair = Ed25519KeyPair::from_seed_unchecked(&fake::ED25519_SEED).unwrap();
    base64::engine::general_purpose::STANDARD.encode(pair.sign(payload.as_bytes()))
}

impl World {
    fn wait(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
        self.binance.advance(self.now);
    }

    /// An unsigned request with an API key.
    fn send(&mut self, verb: &str, target: &str) -> Reply {
        let request = Request::builder()
            .method(verb)
            .uri(target)
            .header("X-MBX-APIKEY", fake::API_KEY)
            .body(bytes::Bytes::new())
            .unwrap();
        self.submit(&request)
    }

    fn submit(&mut self, request: &Request<bytes::Bytes>) -> Reply {
        let response = self.binance.rest(self.now, PEER, request);
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        Reply { status: response.status().as_u16(), headers: response.headers().clone(), body }
    }

    /// A signed request, its parameters in the query.
    fn signed(&mut self, verb: &str, path: &str, params: &str) -> Reply {
        let stamp = self.now.as_millis();
        let joint = if params.is_empty() { "" } else { "&" };
        let payload = format!("{params}{joint}timestamp={stamp}");
        let signature = hmac(&payload);
        self.send(verb, &format!("{path}?{payload}&signature={signature}"))
    }

    fn place(&mut self, params: &str) -> Reply {
        self.signed("POST", "/api/v3/order", params)
    }

    /// A buy that rests: far below the market, but inside every filter.
    fn rest_order(&mut self, client_id: &str) -> Reply {
        self.place(&format!(
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=60000\
             &newClientOrderId={client_id}"
        ))
    }

    fn open(&mut self, service: Service, target: &str) -> SessionId {
        self.binance.open(self.now, PEER, service, target).unwrap()
    }

    fn tell(&mut self, id: SessionId, message: &Value) {
        self.binance.receive(self.now, id, Frame::Text(message.to_string()));
    }

    /// Everything that waits for a session, as JSON; other frames fail the test.
    fn read(&mut self, id: SessionId) -> Vec<Value> {
        self.frames(id)
            .into_iter()
            .map(|frame| {
                let Frame::Text(text) = frame else { panic!("expected text, not {frame:?}") };
                serde_json::from_str(&text).unwrap()
            })
            .collect()
    }

    fn frames(&mut self, wanted: SessionId) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some((id, frame)) = self.binance.poll_frame() {
            if id == wanted {
                frames.push(frame);
            }
        }
        frames
    }

    /// A request on the WebSocket API; returns its answer and the events that came with it.
    fn ask(&mut self, id: SessionId, method: &str, params: Value) -> (Value, Vec<Value>) {
        self.next_id += 1;
        let request_id = format!("r{}", self.next_id);
        self.tell(id, &json!({"id": request_id, "method": method, "params": params}));
        let frames = self.read(id);
        let (answers, events): (Vec<_>, Vec<_>) =
            frames.into_iter().partition(|frame| frame["id"] == json!(request_id));
        (answers.into_iter().next().unwrap(), events)
    }

    /// The parameters of a request signed by the HMAC key.
    fn ws_signed(&self, mut params: Value) -> Value {
        params["apiKey"] = json!(fake::API_KEY);
        params["timestamp"] = json!(self.now.as_millis());
        params["signature"] = json!(hmac(&ws_text(&params)));
        params
    }
}

/// What a WebSocket API request signs, written a second time.
fn ws_text(params: &Value) -> String {
    let mut names: Vec<_> = params.as_object().unwrap().iter().collect();
    names.sort_by_key(|(name, _)| name.as_str());
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs: Vec<_> =
        names.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
    pairs.join("&")
}

fn field_names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}
