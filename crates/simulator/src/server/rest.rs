//! REST over hyper.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{CONNECTIONS_MAX, Venue, admin, until_stopped};
use crate::front::Delivery;

/// Bytes of a request body; the longest order is far below.
const BODY_MAX: usize = 64 * 1_024;
const HEADERS_WITHIN: Duration = Duration::from_secs(30);

/// Accepts connections until the server stops, and then drops them.
pub(super) async fn listen(
    venue: Arc<Venue>,
    listener: TcpListener,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        // Biased: a stop must win over clients that keep connecting.
        tokio::select! {
            biased;
            () = until_stopped(&mut stopped) => return,
            Some(_ended) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => {
                if let Ok((stream, peer)) = accepted {
                    connections.spawn(serve(Arc::clone(&venue), stream, peer.ip()));
                }
            }
        }
    }
}

pub(super) async fn serve(venue: Arc<Venue>, stream: TcpStream, peer: IpAddr) {
    // Small answers should leave at once; a socket that refuses is slower, not broken.
    let _unset = stream.set_nodelay(true);
    let service = service_fn(|request| answer(Arc::clone(&venue), peer, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .serve_connection(TokioIo::new(stream), service);
    // An error here is a client that left or did not speak HTTP: nothing of the venue's.
    let _ended = connection.await;
}

async fn answer(
    venue: Arc<Venue>,
    peer: IpAddr,
    request: Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_MAX).collect().await else {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(response);
    };
    let request = Request::from_parts(parts, body.to_bytes());
    if let Some(answer) = admin::answer(&venue, &request) {
        return Ok(answer.map(Full::new));
    }
    let delivery = {
        let mut any = venue.lock();
        any.ask(venue.now(), peer, &request)
    };
    venue.moved.notify_one();
    let response = match delivery {
        Delivery::Answer { answer, after } => {
            if !after.is_zero() {
                tokio::time::sleep(after).await;
            }
            answer
        }
        // Until the client gives up and closes.
        Delivery::Silence => std::future::pending().await,
        Delivery::Reset => return Err(io::ErrorKind::ConnectionReset.into()),
        Delivery::Held(time) => {
            // What the venue has received it does, whether or not anybody still waits for it.
            let held = tokio::spawn(hold(Arc::clone(&venue), peer, request, time));
            held.await.map_err(|_| io::ErrorKind::ConnectionReset)?
        }
    };
    venue.moved.notify_one();
    Ok(response.map(Full::new))
}

/// Does a request that has waited in front of the venue.
async fn hold(
    venue: Arc<Venue>,
    peer: IpAddr,
    request: Request<Bytes>,
    time: Duration,
) -> Response<Bytes> {
    tokio::time::sleep(time).await;
    let response = {
        let mut any = venue.lock();
        any.rest(venue.now(), peer, &request)
    };
    venue.moved.notify_one();
    response
}
