//! A venue that does what it is told: enough of Bitget's wire to trade one symbol.

use std::collections::BTreeMap;

use http::{Request, Response};
use serde_json::{Value, json};

use bytes::Bytes;

/// The names of all orders and trades begin like this; they have nineteen digits.
const NUMBERS: u64 = 1_300_000_000_000_000_000;

/// What the venue has, and how it behaves.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// Rows of orders that are open, by number.
    pub(super) open: BTreeMap<u64, Value>,
    /// Rows of orders that are over, by number.
    pub(super) over: BTreeMap<u64, Value>,
    /// Rows of trades, by number.
    pub(super) fills: BTreeMap<u64, Value>,
    /// The code of every login that is refused.
    pub(super) refuses_login: Option<u32>,
    /// Kinds of messages that are not answered: `ping`, `login`, a channel.
    pub(super) is_deaf_to: Vec<&'static str>,
    /// The checksum of every book, where it is not left out.
    pub(super) checksum: Option<i32>,
    pub(super) orders_placed: u64,
    /// The account has been moved to where this interface does not reach.
    pub(super) is_unified: bool,
    /// Every page of a list is the first.
    pub(super) repeats_pages: bool,
}

pub(super) fn number(index: u64) -> u64 {
    NUMBERS + index
}

impl Script {
    /// An order as it is listed.
    pub(super) fn order(index: u64, client: &str, status: &str) -> Value {
        json!({
            "userId": "9", "symbol": "FOOUSDT", "orderId": number(index).to_string(),
            "clientOid": client, "price": "10", "priceAvg": "10", "size": "200",
            "orderType": "limit", "force": "gtc", "side": "buy", "status": status,
            "baseVolume": "0", "quoteVolume": "0", "feeDetail": "", "cancelReason": "",
            "cTime": "1800000000000", "uTime": "1800000000000",
        })
    }

    /// A trade of one unit as it is listed.
    pub(super) fn fill(index: u64, order: u64) -> Value {
        json!({
            "userId": "9", "symbol": "FOOUSDT", "orderId": number(order).to_string(),
            "tradeId": number(index).to_string(), "orderType": "limit", "side": "buy",
            "priceAvg": "10", "size": "1", "amount": "10", "tradeScope": "maker",
            "feeDetail": {"deduction": "no", "feeCoin": "FOO", "totalFee": "-0.001"},
            "cTime": "1800000000000", "uTime": "1800000000000",
        })
    }

    /// The answer to a request.
    pub(super) fn answer(&mut self, now: u64, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path().trim_start_matches("/api/v2/").to_owned();
        let query: BTreeMap<&str, &str> = request
            .uri()
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        if self.is_unified && request.headers().contains_key("access-key") {
            let body = json!({"code": "40085", "msg": "not here", "data": null}).to_string();
            let response = Response::builder().status(400).body(Bytes::from(body));
            return response.expect("a response");
        }
        let data = match path.as_str() {
            "public/time" => json!({"serverTime": now.to_string()}),
            "spot/public/symbols" => json!([{
                "symbol": "FOOUSDT", "baseCoin": "FOO", "quoteCoin": "USDT",
                "pricePrecision": "2", "quantityPrecision": "3", "quotePrecision": "5",
                "status": "online", "minTradeUSDT": "1", "buyLimitPriceRatio": "0.05",
                "sellLimitPriceRatio": "0.05", "orderQuantity": "200",
            }]),
            "spot/account/assets" => json!([
                {"coin": "USDT", "available": "100000", "frozen": "0", "locked": "0", "uTime": "1"},
                {"coin": "FOO", "available": "1000", "frozen": "0", "locked": "0", "uTime": "1"},
            ]),
            "spot/trade/unfilled-orders" if self.repeats_pages => {
                page(&self.open, &BTreeMap::new(), |_| true)
            }
            "spot/trade/unfilled-orders" => page(&self.open, &query, |_| true),
            "spot/trade/history-orders" => page(&self.over, &query, |_| true),
            "spot/trade/fills" => page(&self.fills, &query, |row| {
                query.get("orderId").is_none_or(|order| row["orderId"] == **order)
            }),
            "spot/trade/orderInfo" => {
                let all = self.open.values().chain(self.over.values());
                let is_meant = |row: &&Value| {
                    query.get("orderId").is_some_and(|id| row["orderId"] == **id)
                        || query.get("clientOid").is_some_and(|id| row["clientOid"] == **id)
                };
                json!(all.filter(is_meant).collect::<Vec<_>>())
            }
            "spot/trade/place-order" => {
                self.orders_placed += 1;
                let (index, client) = (self.orders_placed, text("clientOid"));
                let mut row = Self::order(index, &client, "live");
                (row["price"], row["size"]) = (body["price"].clone(), body["size"].clone());
                self.open.insert(number(index), row);
                json!({"orderId": number(index).to_string(), "clientOid": client})
            }
            "spot/trade/cancel-order" => {
                json!({"orderId": text("orderId"), "clientOid": text("clientOid")})
            }
            "spot/trade/cancel-symbol-order" => json!({"symbol": text("symbol")}),
            "spot/market/tickers" => json!([{
                "symbol": "FOOUSDT", "bidPr": "10", "bidSz": "1", "askPr": "10.1", "askSz": "1",
                "ts": now.to_string(),
            }]),
            _ => {
                let body = json!({"code": "40404", "msg": "Request URL NOT FOUND"});
                let body = Bytes::from(body.to_string());
                return Response::builder().status(404).body(body).expect("a response");
            }
        };
        let body = json!({"code": "00000", "msg": "success", "requestTime": now, "data": data});
        Response::new(Bytes::from(body.to_string()))
    }

    /// What a message on a socket is answered with, in turn.
    pub(super) fn hear(&self, text: &str) -> Vec<String> {
        if text == "ping" {
            let is_deaf = self.is_deaf_to.contains(&"ping");
            return if is_deaf { Vec::new() } else { vec!["pong".to_owned()] };
        }
        let message: Value = serde_json::from_str(text).expect("JSON");
        let op = message["op"].as_str().expect("an op");
        if op == "login" {
            return match (self.refuses_login, self.is_deaf_to.contains(&"login")) {
                (_, true) => Vec::new(),
                (Some(code), _) => {
                    vec![json!({"event": "error", "code": code, "msg": "no"}).to_string()]
                }
                (None, _) => {
                    vec![json!({"event": "login", "code": 0, "connId": "a"}).to_string()]
                }
            };
        }
        let args = message["args"].as_array().expect("args");
        let heard = args.iter().filter(|arg| {
            let channel = arg["channel"].as_str().expect("a channel");
            !self.is_deaf_to.contains(&channel)
        });
        heard.flat_map(|arg| self.ack(op, arg)).collect()
    }

    fn ack(&self, op: &str, arg: &Value) -> Vec<String> {
        let mut told = vec![json!({"event": op, "arg": arg}).to_string()];
        if op == "subscribe" && arg["channel"] == "books" {
            told.push(self.book(100));
        }
        told
    }

    /// The whole book, numbered so.
    pub(super) fn book(&self, seq: u64) -> String {
        self.books("snapshot", seq, 0)
    }

    /// A change of the book that follows another.
    pub(super) fn change(&self, seq: u64, before: u64) -> String {
        self.books("update", seq, before)
    }

    fn books(&self, action: &str, seq: u64, before: u64) -> String {
        json!({
            "action": action,
            "arg": {"instType": "SPOT", "channel": "books", "instId": "FOOUSDT"},
            "data": [{
                "asks": [["10.10", "1"]], "bids": [["10.00", "1"]], "seq": seq, "pseq": before,
                "checksum": self.checksum.unwrap_or_default(), "ts": "1800000000000",
            }],
        })
        .to_string()
    }
}

/// A page of rows, newest first.
fn page(
    rows: &BTreeMap<u64, Value>,
    query: &BTreeMap<&str, &str>,
    is_meant: impl Fn(&Value) -> bool,
) -> Value {
    let than = query.get("idLessThan").and_then(|id| id.parse().ok()).unwrap_or(u64::MAX);
    let limit: usize = query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(100);
    assert!(limit <= 100, "more rows than there ever are");
    let rows = rows.range(..than).rev().map(|(_, row)| row).filter(|row| is_meant(row));
    json!(rows.take(limit).collect::<Vec<_>>())
}
