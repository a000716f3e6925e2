//! Real sockets: one venue, its three ports.

use http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::*;
use crate::binance::{BinanceConfig, Canned, Fault, Pattern, Rule, fake};
use crate::bitget::{self, BitgetConfig};

type Socket = WebSocketStream<TcpStream>;

async fn start() -> Embedded {
    Embedded::start(&BinanceConfig::default(), 1).await.unwrap()
}

fn host(url: &str) -> &str {
    url.split_once("//").unwrap().1.split('/').next().unwrap()
}

async fn connect(url: &str) -> Result<Socket, Error> {
    let stream = TcpStream::connect(host(url)).await.unwrap();
    client_async(url, stream).await.map(|(socket, _)| socket)
}

/// The next text frame, within a deadline that only a hang would meet.
async fn next(socket: &mut Socket) -> Value {
    loop {
        let message = timeout(socket.next()).await;
        if let Some(Ok(Message::Text(text))) = message {
            return serde_json::from_str(text.as_str()).unwrap();
        }
        assert!(matches!(message, Some(Ok(Message::Ping(_)))), "{message:?}");
    }
}

async fn timeout<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("the venue answers")
}

async fn raw_http(url: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(host(url)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

use futures_util::{SinkExt as _, StreamExt as _};

#[tokio::test]
async fn a_rest_request_over_a_socket_is_answered() {
    let venue = start().await;
    let request = "GET /api/v3/time HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = raw_http(&venue.rest_url(), request).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-type: application/json;charset=UTF-8\r\n"), "{answer}");
    assert!(answer.contains("x-mbx-used-weight-1m: 1\r\n"), "{answer}");
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert!(body["serverTime"].as_u64().unwrap() > 1_700_000_000_000);
    assert_eq!(venue.ledger().requests["GET /api/v3/time"], 1);
    venue.stop().await;
}

#[tokio::test]
async fn a_signature_over_raw_unicode_is_refused() {
    let venue = start().await;
    let payload = format!("symbol=币USDT&timestamp={}", clock::wall().as_millis());
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, fake::API_SECRET.as_bytes());
    let signature = const_hex::encode(ring::hmac::sign(&key, payload.as_bytes()));
    let request = format!(
        "GET /api/v3/openOrders?{payload}&signature={signature} HTTP/1.1\r\nHost: x\r\n\
         X-MBX-APIKEY: {}\r\nConnection: close\r\n\r\n",
        fake::API_KEY
    );
    let answer = raw_http(&venue.rest_url(), &request).await;
    assert!(answer.contains(r#"{"code":-1022,"msg":"Signature for this request is not valid."}"#));
    venue.stop().await;
}

#[tokio::test]
async fn a_session_places_an_order_and_hears_of_it() {
    let venue = start().await;
    let mut socket = connect(&venue.ws_api_url()).await.unwrap();
    let sign = |pairs: &[(&str, &str)]| {
        let mut params = json!({});
        let mut text = Vec::new();
        for (name, value) in pairs {
            params[*name] = json!(value);
            text.push(format!("{name}={value}"));
        }
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, fake::API_SECRET.as_bytes());
        let tag = ring::hmac::sign(&key, text.join("&").as_bytes());
        params["signature"] = json!(const_hex::encode(tag));
        params
    };
    let stamp = clock::wall().as_millis().to_string();
    let subscribe = sign(&[("apiKey", fake::API_KEY), ("timestamp", &stamp)]);
    let method = "userDataStream.subscribe.signature";
    let request = json!({"id": 1, "method": method, "params": subscribe});
    socket.send(Message::text(request.to_string())).await.unwrap();
    assert_eq!(next(&mut socket).await["result"], json!({"subscriptionId": 0}));
    let order = sign(&[
        ("apiKey", fake::API_KEY),
        ("newClientOrderId", "over-a-socket"),
        ("quantity", "0.001"),
        ("side", "BUY"),
        ("symbol", "BTCUSDT"),
        ("timestamp", &stamp),
        ("type", "MARKET"),
    ]);
    let request = json!({"id": 2, "method": "order.place", "params": order});
    socket.send(Message::text(request.to_string())).await.unwrap();
    let mut answered = false;
    let mut filled = false;
    while !(answered && filled) {
        let frame = next(&mut socket).await;
        answered |= frame["id"] == 2 && frame["status"] == 200;
        filled |= frame["event"]["x"] == "TRADE" && frame["event"]["c"] == "over-a-socket";
    }
    assert_eq!(venue.ledger().accounts[0].fills.len(), 1);
    venue.stop().await;
}

#[tokio::test]
async fn a_market_stream_speaks_by_itself() {
    let venue = start().await;
    let url = format!("{}/stream?streams=btcusdt@depth@100ms", venue.stream_url());
    let mut socket = connect(&url).await.unwrap();
    let first = next(&mut socket).await;
    let second = next(&mut socket).await;
    let id = |frame: &Value, name: &str| frame["data"][name].as_u64().unwrap();
    assert_eq!(id(&second, "U"), id(&first, "u") + 1);
    venue.stop().await;
}

#[tokio::test]
async fn a_banned_address_is_refused_at_the_handshake_and_loses_its_sockets() {
    let venue = start().await;
    let mut socket = connect(&venue.ws_api_url()).await.unwrap();
    venue.with(|binance, now| binance.ban(now, Ipv4Addr::LOCALHOST.into()));
    let message = timeout(socket.next()).await.unwrap().unwrap();
    assert!(matches!(message, Message::Close(_)), "{message:?}");
    let Err(Error::Http(response)) = connect(&venue.ws_api_url()).await else {
        panic!("a banned address got in");
    };
    assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
    assert!(response.headers().contains_key("retry-after"));
    let body = response.body().as_ref().unwrap();
    assert!(String::from_utf8_lossy(body).contains("IP banned until"), "{body:?}");
    venue.stop().await;
}

#[tokio::test]
async fn stopping_says_goodbye_and_closes_the_ports() {
    let venue = start().await;
    let rest = venue.rest_url();
    let mut socket = connect(&venue.ws_api_url()).await.unwrap();
    let goodbye = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| u16::from(frame.code));
            }
        }
        None
    };
    let (code, ()) = tokio::join!(timeout(goodbye), venue.stop());
    assert_eq!(code, Some(1001));
    assert!(TcpStream::connect(host(&rest)).await.is_err());
}

#[tokio::test]
async fn a_fault_of_the_script_is_a_fault_of_the_connection() {
    let venue = start().await;
    let of = || Pattern::what("GET /api/v3/time");
    venue.with(|binance, _| {
        binance.add_fault(Rule::once(of(), Fault::AnswerReset));
        binance.add_fault(Rule::once(of(), Fault::Answered(Canned::forbidden())));
        binance.add_fault(Rule::once(of(), Fault::RequestHeld(Duration::from_millis(5))));
    });
    let request = "GET /api/v3/time HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(raw_http(&venue.rest_url(), request).await, "", "reset after it was done");
    assert_eq!(venue.ledger().requests["GET /api/v3/time"], 1);
    let page = raw_http(&venue.rest_url(), request).await;
    assert!(page.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{page}");
    let held = raw_http(&venue.rest_url(), request).await;
    assert!(held.starts_with("HTTP/1.1 200 OK\r\n"), "{held}");
    venue.stop().await;
}

#[tokio::test]
async fn one_address_serves_all_services_and_what_is_true_of_the_venue() {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let venue = Embedded::serve(&BinanceConfig::embedded(), 1, any).await.unwrap();
    let time = "GET /api/v3/time HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert!(raw_http(&venue.rest_url(), time).await.starts_with("HTTP/1.1 200 OK\r\n"));
    let mut api = connect(&venue.ws_api_url()).await.unwrap();
    api.send(Message::text(json!({"id": 1, "method": "time"}).to_string())).await.unwrap();
    assert_eq!(next(&mut api).await["status"], 200);
    let url = format!("{}/ws/btcusdt@bookTicker", venue.stream_url());
    assert_eq!(next(&mut connect(&url).await.unwrap()).await["s"], "BTCUSDT");
    let before = venue.ledger().total_requests();
    let ledger = "GET /simulator/ledger HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = raw_http(&venue.rest_url(), ledger).await;
    let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body["accounts"][0]["duplicates"], 0);
    assert_eq!(body["accounts"][0]["open_orders"], json!([]));
    assert_eq!(venue.ledger().total_requests(), before, "it is no request of a client's");
    let other = ledger.replace("ledger", "other");
    assert!(raw_http(&venue.rest_url(), &other).await.starts_with("HTTP/1.1 404"));
    venue.stop().await;
}

#[tokio::test]
async fn what_the_venue_has_received_it_does_though_the_sender_is_gone() {
    let venue = start().await;
    let of = Pattern::what("GET /api/v3/time");
    let held = Fault::RequestHeld(Duration::from_millis(20));
    venue.with(|binance, _| binance.add_fault(Rule::once(of, held)));
    let mut stream = TcpStream::connect(host(&venue.rest_url())).await.unwrap();
    stream.write_all(b"GET /api/v3/time HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    // Its end is behind the request, so that both are there before its time has come.
    drop(stream);
    let done = async {
        while venue.with(|binance, _| binance.requests("GET /api/v3/time")) == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(done).await;
    venue.stop().await;
}

#[tokio::test]
async fn the_other_venue_has_all_of_its_services_behind_one_address() {
    let venue = Embedded::start(&BitgetConfig::embedded(), 1).await.unwrap();
    let time = "GET /api/v2/public/time HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = raw_http(&venue.rest_url(), time).await;
    assert!(answer.contains("x-mbx-used-remain-limit: 19\r\n"), "{answer}");
    let mut public = connect(&venue.stream_url()).await.unwrap();
    let books = json!({"instType": "SPOT", "channel": "books", "instId": "BTCUSDT"});
    let subscribe = json!({"op": "subscribe", "args": [books]});
    public.send(Message::text(subscribe.to_string())).await.unwrap();
    assert_eq!(next(&mut public).await, json!({"event": "subscribe", "arg": books}));
    assert_eq!(next(&mut public).await["action"], "snapshot");
    assert_eq!(next(&mut public).await["action"], "update", "it speaks by itself");
    let nowhere = venue.stream_url().replace("public", "nowhere");
    assert!(connect(&nowhere).await.is_err());
    venue.stop().await;
}

#[tokio::test]
async fn a_login_at_the_other_venue_hears_of_an_order_that_rest_has_placed() {
    let venue = Embedded::start(&BitgetConfig::embedded(), 1).await.unwrap();
    let sign = |payload: &str| {
        use base64::Engine as _;
        let secret = bitget::fake::API_SECRET.as_bytes();
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
        base64::engine::general_purpose::STANDARD.encode(ring::hmac::sign(&key, payload.as_bytes()))
    };
    let mut private = connect(&venue.ws_api_url()).await.unwrap();
    private.send(Message::text("ping")).await.unwrap();
    assert_eq!(timeout(private.next()).await.unwrap().unwrap(), Message::text("pong"));
    let stamp = clock::wall().as_secs().to_string();
    let login = json!({"op": "login", "args": [{
        "apiKey": bitget::fake::API_KEY,
        "passphrase": bitget::fake::PASSPHRASE,
        "timestamp": stamp,
        "sign": sign(&format!("{stamp}GET/user/verify")),
    }]});
    private.send(Message::text(login.to_string())).await.unwrap();
    assert_eq!(next(&mut private).await["code"], 0);
    let orders = json!({"instType": "SPOT", "channel": "orders", "instId": "default"});
    let subscribe = json!({"op": "subscribe", "args": [orders]});
    private.send(Message::text(subscribe.to_string())).await.unwrap();
    assert_eq!(next(&mut private).await["event"], "subscribe");
    let body = json!({"symbol": "BTCUSDT", "side": "buy", "orderType": "market", "size": "100",
                      "clientOid": "over-a-socket"})
    .to_string();
    let stamp = clock::wall().as_millis().to_string();
    let path = "/api/v2/spot/trade/place-order";
    let signature = sign(&format!("{stamp}POST{path}{body}"));
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nACCESS-KEY: {}\r\n\
         ACCESS-PASSPHRASE: {}\r\nACCESS-TIMESTAMP: {stamp}\r\nACCESS-SIGN: {signature}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        bitget::fake::API_KEY,
        bitget::fake::PASSPHRASE,
        body.len()
    );
    let answer = raw_http(&venue.rest_url(), &request).await;
    assert!(answer.contains("\"code\":\"00000\""), "{answer}");
    assert_eq!(next(&mut private).await["data"][0]["status"], "live");
    loop {
        let row = next(&mut private).await["data"][0].clone();
        assert_eq!(row["clientOid"], "over-a-socket");
        if row["status"] == "filled" {
            break;
        }
    }
    assert_eq!(venue.ledger().accounts[0].orders_accepted, 1);
    venue.stop().await;
}
