//! Against a server of a few lines: what counts here is which errors prove that nothing left.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::tariff::Cost;
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Next, Origin, Permit, Priority, Scheduler, SchedulerConfig, Ticket};

use super::*;
use crate::egress::Egress;

/// A permit, from the only place that makes them.
pub(crate) fn permit() -> Permit {
    let mut scheduler = Scheduler::new(SchedulerConfig::default());
    let now = Timestamp::from_secs(1);
    let ticket = Ticket {
        call: CallId(1),
        cost: Cost::default(),
        priority: Priority::Query,
        group: EndpointGroup::Public,
        origin: Origin { egress: "here".parse().unwrap(), account: None, socket: None },
        deadline: now + Duration::from_secs(1),
        submitted_at: now,
        owner: 0,
        probe: None,
    };
    scheduler.submit(now, ticket).unwrap();
    match scheduler.poll(now) {
        Some(Next::Admit(permit)) => permit,
        other => panic!("{other:?}"),
    }
}

fn direct() -> HttpClient {
    HttpClient::new(Dialer::new(Egress::Direct, crate::tls::config()).unwrap())
}

/// Answers one request with these bytes, then closes; gives back what it read.
async fn answer(listener: TcpListener, bytes: &'static [u8]) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut read = vec![0; 4096];
    let length = stream.read(&mut read).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    String::from_utf8_lossy(&read[..length]).into_owned()
}

async fn exchange(
    bytes: &'static [u8],
    path: &str,
) -> (Result<http::Response<Bytes>, SendError>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{path}", listener.local_addr().unwrap());
    let client = direct();
    let request = http::Request::get(url).body(Bytes::new()).unwrap();
    let send = client.send(permit(), request, Duration::from_secs(10));
    tokio::join!(send, answer(listener, bytes))
}

#[tokio::test]
async fn what_is_signed_is_sent_unchanged() {
    let path = "/api/v3/order?symbol=%EF%BC%91&x=a%2Bb%2F%3D~._-&signature=ab%3D";
    let (response, read) =
        exchange(b"HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 2\r\n\r\n{}", path).await;
    assert_eq!(read.lines().next().unwrap(), format!("GET {path} HTTP/1.1"));
    let response = response.unwrap();
    assert_eq!((response.status().as_u16(), response.body().as_ref()), (200, &b"{}"[..]));
    assert_eq!(response.headers()["x-a"], "b");
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x?signature=canary", listener.local_addr().unwrap());
    drop(listener);
    let client = direct();
    let request = http::Request::get(url).body(Bytes::new()).unwrap();
    let error = client.send(permit(), request, Duration::from_secs(10)).await.unwrap_err();
    assert!(matches!(error, SendError::NotSent(_)), "{error}");
    assert!(!error.to_string().contains("canary"), "{error}");
}

#[tokio::test]
async fn a_connection_closed_after_the_request_proves_nothing() {
    for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"par"] {
        let (response, _) = exchange(bytes, "/x").await;
        assert!(matches!(response, Err(SendError::Broken(_))), "{response:?}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let bytes = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let (response, _) = exchange(bytes, "/x").await;
    assert_eq!(response.unwrap().status().as_u16(), 302);
}

#[tokio::test(start_paused = true)]
async fn silence_is_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let client = direct();
    let request = http::Request::get(url).body(Bytes::new()).unwrap();
    let send = client.send(permit(), request, Duration::from_millis(50));
    let accept = async {
        let (stream, _) = listener.accept().await.unwrap();
        std::future::pending::<()>().await;
        drop(stream);
    };
    let error = tokio::select! {
        result = send => result.unwrap_err(),
        () = accept => unreachable!(),
    };
    assert_eq!(error, SendError::Timeout);
}
