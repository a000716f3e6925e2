//! WebSocket connections: a handshake that can be refused, then frames both ways.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::{CONNECTIONS_MAX, GOODBYE_MAX, QUEUE_MAX, Venue, until_stopped};
use crate::front::{Canned, Delivery, Frame, SessionId};
use crate::limits::Service;

/// Bytes of one incoming message.
const MESSAGE_MAX: usize = 64 * 1_024;
/// How long a handshake, or a client that does not read, may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Accepts connections until the server stops, and then lets them say goodbye.
pub(super) async fn listen(
    venue: Arc<Venue>,
    service: Service,
    listener: TcpListener,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let stop = stopped.clone();
    loop {
        // Biased: a stop must win over clients that keep connecting.
        tokio::select! {
            biased;
            () = until_stopped(&mut stopped) => break,
            Some(_ended) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => {
                if let Ok((stream, peer)) = accepted {
                    let venue = Arc::clone(&venue);
                    connections.spawn(serve(venue, service, stream, peer.ip(), stop.clone()));
                }
            }
        }
    }
    let all = async { while connections.join_next().await.is_some() {} };
    // Whoever is not done by then is dropped with the set.
    let _late = timeout(GOODBYE_MAX, all).await;
}

#[expect(clippy::result_large_err, reason = "the signature is the handshake callback's")]
pub(super) async fn serve(
    venue: Arc<Venue>,
    service: Service,
    stream: TcpStream,
    peer: IpAddr,
    stopped: watch::Receiver<bool>,
) {
    // Small frames should leave at once; a socket that refuses is slower, not broken.
    let _unset = stream.set_nodelay(true);
    let (queue, frames) = mpsc::channel(QUEUE_MAX);
    let mut opened = None;
    let judge = |request: &Request, response: Response| {
        judge(&venue, service, peer, queue, request).map(|id| {
            opened = Some(id);
            response
        })
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_MAX))
        .max_frame_size(Some(MESSAGE_MAX));
    let accepted =
        timeout(PATIENCE, accept_hdr_async_with_config(stream, judge, Some(config))).await;
    let Some(id) = opened else { return };
    if let Ok(Ok(socket)) = accepted {
        converse(&venue, id, socket, frames, stopped).await;
    }
    venue.closed(id);
}

/// Opens a session or refuses the handshake; a handshake that the script wants to go unanswered
/// is refused, since the library that makes it always answers. The queue is known to the driver
/// before the client hears of the session, so that no frame is lost in between.
#[expect(clippy::result_large_err, reason = "the signature is the handshake callback's")]
fn judge(
    venue: &Venue,
    service: Service,
    peer: IpAddr,
    queue: mpsc::Sender<Frame>,
    request: &Request,
) -> Result<SessionId, ErrorResponse> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let mut any = venue.lock();
    let opened = match any.connect(venue.now(), peer, service, target) {
        Delivery::Answer { answer, .. } => answer,
        Delivery::Held(_) => any.open(venue.now(), peer, service, target),
        Delivery::Silence | Delivery::Reset => {
            Err(Canned::page(503, "503 Service Unavailable").response())
        }
    };
    match opened {
        Ok(id) => {
            venue.queues().insert(id, queue);
            drop(any);
            venue.moved.notify_one();
            Ok(id)
        }
        Err(response) => {
            drop(any);
            venue.moved.notify_one();
            Err(response.map(|body| Some(String::from_utf8_lossy(&body).into_owned())))
        }
    }
}

async fn converse(
    venue: &Venue,
    id: SessionId,
    mut socket: WebSocketStream<TcpStream>,
    mut frames: mpsc::Receiver<Frame>,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        // Biased: a stop first, then what the venue says, so that a client that floods cannot
        // keep its own answers from leaving.
        tokio::select! {
            biased;
            () = until_stopped(&mut stopped) => {
                say_goodbye(&mut socket, 1001, "Server is shutting down").await;
                return;
            }
            frame = frames.recv() => {
                let Some(frame) = frame else { return };
                if !write(&mut socket, frame).await {
                    return;
                }
            }
            message = socket.next() => match message {
                Some(Ok(message)) => {
                    if !read(venue, id, message) {
                        return;
                    }
                }
                Some(Err(Error::Capacity(_))) => {
                    say_goodbye(&mut socket, 1009, "Message too big").await;
                    return;
                }
                Some(Err(_)) | None => return,
            }
        }
    }
}

/// Hands a message to the venue. Returns whether the connection goes on.
fn read(venue: &Venue, id: SessionId, message: Message) -> bool {
    let frame = match message {
        Message::Text(text) => Frame::Text(text.as_str().to_owned()),
        Message::Ping(payload) => Frame::Ping(payload),
        Message::Pong(payload) => Frame::Pong(payload),
        // The venue speaks JSON alone.
        Message::Binary(_) | Message::Close(_) => return false,
        Message::Frame(_) => return true,
    };
    venue.receive(id, frame);
    true
}

/// Writes a frame. Returns whether the connection goes on.
async fn write(socket: &mut WebSocketStream<TcpStream>, frame: Frame) -> bool {
    let message = match frame {
        Frame::Text(text) => Message::text(text),
        Frame::Ping(payload) => Message::Ping(payload),
        // The socket has answered the ping by itself while reading it.
        Frame::Pong(_) => return true,
        // A connection that breaks says nothing more.
        Frame::Close { code: 1006, .. } => return false,
        Frame::Close { code, reason } => {
            say_goodbye(socket, code, &reason).await;
            return false;
        }
    };
    matches!(timeout(PATIENCE, socket.send(message)).await, Ok(Ok(())))
}

/// Closes with a code and waits for the client's own close, but not for long.
async fn say_goodbye(socket: &mut WebSocketStream<TcpStream>, code: u16, reason: &str) {
    let frame = CloseFrame { code: code.into(), reason: reason.to_owned().into() };
    let goodbye = async {
        if socket.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_unread)) = socket.next().await {}
        }
    };
    // A client that does not answer a close is dropped.
    let _late = timeout(GOODBYE_MAX / 2, goodbye).await;
}
