//! Against proxies of a few lines, and a venue that tells who has called.

use std::net::Ipv4Addr;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;
use crate::http::HttpClient;
use crate::http::tests::permit;
use crate::transport::SendError;

const HERE: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);
const PATIENCE: Duration = Duration::from_secs(30);

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(HERE).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Reads what there is.
async fn read(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = vec![0; 4096];
    let length = stream.read(&mut read).await.unwrap();
    read.truncate(length);
    read
}

/// A venue that answers one request with who has called, and what was asked.
async fn venue() -> (SocketAddr, JoinHandle<String>) {
    let (listener, address) = listener().await;
    let served = tokio::spawn(async move {
        let (mut stream, peer) = listener.accept().await.unwrap();
        let asked = String::from_utf8(read(&mut stream).await).unwrap();
        let who = peer.ip().to_string();
        let length = who.len();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{who}");
        stream.write_all(answer.as_bytes()).await.unwrap();
        asked
    });
    (address, served)
}

async fn ask(egress: Egress, of: SocketAddr) -> Result<http::Response<Bytes>, SendError> {
    let client = HttpClient::new(Dialer::new(egress, crate::tls::config()).unwrap());
    let url = format!("http://{of}/order?signature=canary");
    let request = http::Request::get(url).body(Bytes::new()).unwrap();
    client.send(permit(), request, PATIENCE).await
}

fn proxy(scheme: &str, at: SocketAddr) -> Egress {
    Egress::Proxy(format!("{scheme}://me:canary@{at}").parse().unwrap())
}

/// Carries bytes both ways until both sides have ended.
async fn carry(mut client: TcpStream, to: SocketAddr) {
    let mut venue = TcpStream::connect(to).await.unwrap();
    tokio::io::copy_bidirectional(&mut client, &mut venue).await.ok();
}

#[tokio::test]
async fn a_request_leaves_from_the_address_that_was_given() {
    let (at, _served) = venue().await;
    let other: IpAddr = Ipv4Addr::new(127, 0, 0, 2).into();
    let response = ask(Egress::Address(other), at).await.unwrap();
    assert_eq!(response.body().as_ref(), b"127.0.0.2");
}

#[test]
fn an_address_that_is_not_ours_is_refused_before_anything_is_sent() {
    let egress = Egress::Address(Ipv4Addr::new(203, 0, 113, 7).into());
    let error = Dialer::new(egress, crate::tls::config()).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("203.0.113.7") && error.contains("`ip address`"), "{error}");
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel_even_to_a_plain_venue() {
    let (to, served) = venue().await;
    let (listener, at) = listener().await;
    let asked = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let asked = String::from_utf8(read(&mut client).await).unwrap();
        client.write_all(b"HTTP/1.1 200 ok\r\n\r\n").await.unwrap();
        tokio::spawn(carry(client, to));
        asked
    });
    assert_eq!(ask(proxy("http", at), to).await.unwrap().status(), 200);
    let asked = asked.await.unwrap();
    assert!(asked.starts_with(&format!("CONNECT {to} HTTP/1.1\r\n")), "{asked}");
    assert!(asked.contains("Proxy-Authorization: Basic bWU6Y2FuYXJ5\r\n"), "{asked}");
    let order = served.await.unwrap();
    assert!(order.starts_with("GET /order?signature=canary HTTP/1.1\r\n"), "{order}");
    assert!(!order.to_lowercase().contains("proxy-"), "{order}");
}

#[tokio::test]
async fn a_proxy_that_speaks_socks_is_told_who_we_are_and_carries() {
    let (to, _served) = venue().await;
    let (listener, at) = listener().await;
    let told = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let offered = read(&mut client).await;
        assert!(offered.starts_with(&[5]) && offered.contains(&2), "{offered:?}");
        client.write_all(&[5, 2]).await.unwrap();
        let login = read(&mut client).await;
        client.write_all(&[1, 0]).await.unwrap();
        let wanted = read(&mut client).await;
        assert_eq!(wanted[..4], [5, 1, 0, 1], "{wanted:?}");
        client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).await.unwrap();
        tokio::spawn(carry(client, to));
        login
    });
    assert_eq!(ask(proxy("socks5", at), to).await.unwrap().status(), 200);
    assert_eq!(told.await.unwrap(), b"\x01\x02me\x06canary");
}

#[tokio::test]
async fn whatever_a_proxy_says_itself_is_no_word_of_the_venues() {
    let (_listener, venue) = listener().await;
    for said in [
        &b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"[..],
        b"HTTP/1.1 418 banned\r\nretry-after: 120\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 429 slowly\r\nretry-after: 10\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>",
        b"220 mail.test ESMTP\r\n",
        b"",
    ] {
        let (listener, at) = listener().await;
        let refused = tokio::spawn(async move {
            let (mut client, _) = listener.accept().await.unwrap();
            read(&mut client).await;
            client.write_all(said).await.unwrap();
        });
        let error = ask(proxy("http", at), venue).await.unwrap_err();
        refused.await.unwrap();
        let SendError::NotSent(why) = &error else { panic!("{error:?}") };
        let named = format!("through the proxy http://{at}: ");
        assert!(why.contains(&named) && why.contains("see to the proxy"), "{why}");
        assert!(!why.contains("canary"), "{why}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let (listener, at) = listener().await;
    drop(listener);
    for scheme in ["http", "socks5"] {
        let error = ask(proxy(scheme, at), at).await.unwrap_err();
        let SendError::NotSent(why) = &error else { panic!("{error:?}") };
        assert!(why.contains(&format!("through the proxy {scheme}://{at}: ")), "{why}");
        assert!(!why.contains("canary"), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_is_silent_leaves_no_doubt_about_the_request() {
    let (listener, at) = listener().await;
    let held = tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        std::future::pending::<()>().await;
        drop(client);
    });
    let error = ask(proxy("http", at), at).await.unwrap_err();
    assert!(matches!(&error, SendError::NotSent(why) if why.contains("in time")), "{error:?}");
    held.abort();
}
