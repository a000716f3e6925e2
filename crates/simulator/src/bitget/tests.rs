//! The venue by its doors: what a client sends and what comes back.

mod entry;
mod faults;
mod feeds;
mod market;
mod queries;
mod rest;
mod sockets;
mod streams;

use std::net::{IpAddr, Ipv4Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::*;
use crate::limits::LimitKind;

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PLACE: &str = "POST /api/v2/spot/trade/place-order";

/// A client of its own writing, and the venue it talks to.
struct World {
    bitget: Bitget,
    now: Timestamp,
    key: ApiKey,
}

struct Reply {
    status: u16,
    headers: http::HeaderMap,
    body: Value,
}

impl Reply {
    fn left(&self) -> Option<&str> {
        self.headers.get("x-mbx-used-remain-limit").map(|value| value.to_str().unwrap())
    }

    fn error(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap())
    }

    /// The data of a success.
    fn data(&self) -> &Value {
        assert_eq!((self.status, &self.body["code"]), (200, &json!("00000")), "{}", self.body);
        assert_eq!(self.body["msg"], "success");
        assert!(self.body["requestTime"].is_u64());
        &self.body["data"]
    }
}

/// A market in which nobody moves, and reports that leave with the answers.
fn world(change: impl FnOnce(&mut BitgetConfig)) -> World {
    let mut config = BitgetConfig::default();
    for symbol in &mut config.exchange.symbols {
        symbol.market = symbol.market.still();
    }
    config.front.report_delay_min = Duration::ZERO;
    config.front.report_delay_max = Duration::ZERO;
    change(&mut config);
    // The start of a day of UTC, so that windows end where a reader expects it.
    let now = Timestamp::from_secs(1_790_035_200);
    let key = config.front.keys[0].clone();
    World { bitget: Bitget::new(&config, 7, now), now, key }
}

fn quiet() -> World {
    world(|_| {})
}

/// A market that moves.
fn lively() -> World {
    world(|config| config.exchange.symbols = BitgetConfig::default().exchange.symbols)
}

fn hmac(payload: &str) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, fake::API_SECRET.as_bytes());
    STANDARD.encode(ring::hmac::sign(&key, payload.as_bytes()))
}

impl World {
    fn wait(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
        self.bitget.advance(self.now);
    }

    /// Time passes as a driver lets it: the venue is woken whenever it has something to do.
    fn pass(&mut self, millis: u64) {
        let until = self.now + Duration::from_millis(millis);
        while let Some(at) = self.bitget.wakeup().filter(|at| *at <= until) {
            self.bitget.advance(at);
        }
        self.now = until;
        self.bitget.advance(until);
    }

    /// A request without a key.
    fn get(&mut self, target: &str) -> Reply {
        let request = Request::builder().uri(format!("/api/v2/{target}")).body(Bytes::new());
        self.submit(&request.unwrap())
    }

    fn submit(&mut self, request: &Request<Bytes>) -> Reply {
        let response = self.bitget.rest(self.now, PEER, request);
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        Reply { status: response.status().as_u16(), headers: response.headers().clone(), body }
    }

    /// A signed request as bytes, by the client's clock, which is so many milliseconds off.
    fn request(&self, route: &str, body: &str, off: i64) -> Request<Bytes> {
        let (verb, target) = route.split_once(' ').unwrap();
        let stamp = self.now.as_millis().checked_add_signed(off).unwrap().to_string();
        let sign = hmac(&format!("{stamp}{verb}{target}{body}"));
        Request::builder()
            .method(verb)
            .uri(target)
            .header("ACCESS-KEY", &self.key.api_key)
            .header("ACCESS-SIGN", sign)
            .header("ACCESS-TIMESTAMP", stamp)
            .header("ACCESS-PASSPHRASE", &self.key.passphrase)
            .header("Content-Type", "application/json")
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap()
    }

    /// A signed question; what follows the path is its query.
    fn ask(&mut self, target: &str) -> Reply {
        let request = self.request(&format!("GET /api/v2/spot/{target}"), "", 0);
        self.submit(&request)
    }

    /// A signed request to do something.
    fn post(&mut self, path: &str, body: &Value) -> Reply {
        let route = format!("POST /api/v2/spot/trade/{path}");
        let request = self.request(&route, &body.to_string(), 0);
        self.submit(&request)
    }

    fn place(&mut self, body: &Value) -> Reply {
        self.post("place-order", body)
    }

    /// A buy that rests, within the band of prices. Returns its id.
    fn rest_order(&mut self, client_id: &str) -> String {
        let reply = self.place(&resting(client_id));
        reply.data()["orderId"].as_str().unwrap().to_owned()
    }

    /// The order of this id, as the venue tells it.
    fn info(&mut self, order_id: &str) -> Value {
        self.ask(&format!("trade/orderInfo?orderId={order_id}")).data()[0].clone()
    }

    fn open(&mut self, service: Service) -> SessionId {
        let path = match service {
            Service::PRIVATE => "/v2/ws/private",
            Service::PUBLIC => "/v2/ws/public",
        };
        self.bitget.open(self.now, PEER, service, path).unwrap()
    }

    fn say(&mut self, id: SessionId, text: &str) {
        self.bitget.receive(self.now, id, Frame::Text(text.to_owned()));
    }

    fn tell(&mut self, id: SessionId, message: &Value) {
        self.say(id, &message.to_string());
    }

    /// Everything that waits for a session, as JSON; other frames fail the test.
    fn read(&mut self, id: SessionId) -> Vec<Value> {
        let frames = self.frames(id).into_iter().map(|frame| {
            let Frame::Text(text) = frame else { panic!("expected text, not {frame:?}") };
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        });
        frames.collect()
    }

    fn frames(&mut self, wanted: SessionId) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some((id, frame)) = self.bitget.poll_frame() {
            if id == wanted {
                frames.push(frame);
            }
        }
        frames
    }

    fn login(&self, stamp: &str) -> Value {
        json!({"op": "login", "args": [{
            "apiKey": self.key.api_key,
            "passphrase": self.key.passphrase,
            "timestamp": stamp,
            "sign": hmac(&format!("{stamp}GET/user/verify")),
        }]})
    }

    /// A private connection that has logged in and hears of everything.
    fn private(&mut self) -> SessionId {
        let id = self.open(Service::PRIVATE);
        let login = self.login(&self.now.as_secs().to_string());
        self.tell(id, &login);
        self.tell(id, &json!({"op": "subscribe", "args": [of("orders"), of("fill"), balances()]}));
        let said = self.read(id);
        assert_eq!(said[0], json!({"event": "login", "code": 0}));
        id
    }

    /// A public connection that hears of one channel of Bitcoin; returns what it began with.
    fn follow(&mut self, channel: &str) -> (SessionId, Value) {
        let id = self.open(Service::PUBLIC);
        self.tell(id, &json!({"op": "subscribe", "args": [on(channel)]}));
        let mut said = self.read(id);
        assert_eq!(said.len(), 2, "{said:?}");
        assert_eq!(said[0], json!({"event": "subscribe", "arg": on(channel)}));
        (id, said.remove(1))
    }
}

/// An account's channel, of all symbols.
fn of(channel: &str) -> Value {
    json!({"instType": "SPOT", "channel": channel, "instId": "default"})
}

fn balances() -> Value {
    json!({"instType": "SPOT", "channel": "account", "coin": "default"})
}

/// A market's channel, of Bitcoin.
fn on(channel: &str) -> Value {
    json!({"instType": "SPOT", "channel": channel, "instId": "BTCUSDT"})
}

/// A buy that rests, within the band of prices.
fn resting(client_id: &str) -> Value {
    limit(client_id, "buy", "gtc", "65000", "0.01")
}

fn limit(client_id: &str, side: &str, force: &str, price: &str, size: &str) -> Value {
    json!({
        "symbol": "BTCUSDT",
        "side": side,
        "orderType": "limit",
        "force": force,
        "price": price,
        "size": size,
        "clientOid": client_id,
    })
}

fn field_names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}
