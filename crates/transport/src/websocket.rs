//! WebSockets.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::Uri;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tradewind_scheduler::Permit;

use crate::dial::{Connection, Dialer};
use crate::transport::{Incoming, OpenError, SendError, Socket};

/// The longest message that is read.
const MESSAGE_MAX: usize = 16 * 1024 * 1024;
/// How long writing one message, or saying goodbye, may take.
const WRITE_PATIENCE: Duration = Duration::from_secs(5);

/// A WebSocket over TCP.
pub(crate) struct WebSocket {
    stream: WebSocketStream<TokioIo<Connection>>,
}

pub(crate) async fn open(
    _permit: Permit,
    request: http::Request<Bytes>,
    dialer: Dialer,
    patience: Duration,
) -> Result<WebSocket, OpenError> {
    tokio::time::timeout(patience, connect(request, dialer))
        .await
        .unwrap_or(Err(OpenError::Failed(SendError::Timeout)))
}

async fn connect(request: http::Request<Bytes>, dialer: Dialer) -> Result<WebSocket, OpenError> {
    let not_sent = |problem: String| OpenError::Failed(SendError::NotSent(problem));
    let uri = request.uri().clone();
    let host = dialed(&uri).ok_or_else(|| not_sent(format!("{uri} is no WebSocket URL")))?;
    let connection = dialer.dial(host).await.map_err(|error| not_sent(error.to_string()))?;
    let mut handshake = uri
        .into_client_request()
        .map_err(|error| not_sent(format!("no WebSocket URL: {error}")))?;
    handshake.headers_mut().extend(request.headers().clone());
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_MAX))
        .max_frame_size(Some(MESSAGE_MAX));
    let stream = TokioIo::new(connection);
    let connected = tokio_tungstenite::client_async_with_config(handshake, stream, Some(config));
    match connected.await {
        Ok((stream, _)) => Ok(WebSocket { stream }),
        Err(Error::Http(response)) => {
            let (head, body) = response.into_parts();
            let body = Bytes::from(body.unwrap_or_default());
            Err(OpenError::Refused(Box::new(http::Response::from_parts(head, body))))
        }
        Err(error) => Err(OpenError::Failed(SendError::Broken(error.to_string()))),
    }
}

/// What is connected to for a WebSocket: the same host, spoken of as HTTP.
fn dialed(uri: &Uri) -> Option<Uri> {
    let scheme = match uri.scheme_str() {
        Some("wss") => "https",
        Some("ws") => "http",
        Some(_) | None => return None,
    };
    let authority = uri.authority()?.clone();
    Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build().ok()
}

#[async_trait]
impl Socket for WebSocket {
    async fn next(&mut self) -> Incoming {
        loop {
            // Reading also writes the pong to a ping that was read before.
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Incoming::Text(text.as_str().to_owned()),
                Some(Ok(Message::Ping(_))) => return Incoming::Ping,
                Some(Ok(Message::Close(frame))) => {
                    let why = frame.map_or_else(
                        || "closed by the venue".to_owned(),
                        |frame| format!("closed by the venue: {} {}", frame.code, frame.reason),
                    );
                    return Incoming::Lost(why);
                }
                Some(Ok(Message::Binary(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => return Incoming::Lost(error.to_string()),
                None => return Incoming::Lost("closed".to_owned()),
            }
        }
    }

    async fn write(&mut self, _permit: Permit, text: String) -> Result<(), SendError> {
        let write = self.stream.send(Message::text(text));
        match tokio::time::timeout(WRITE_PATIENCE, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(SendError::Broken(error.to_string())),
            Err(_) => Err(SendError::Timeout),
        }
    }

    async fn close(&mut self) {
        // A venue that does not answer the goodbye is left all the same.
        tokio::time::timeout(WRITE_PATIENCE, self.stream.close(None)).await.ok();
    }
}
