//! What the runtime asks of whatever carries its bytes.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tradewind_model::call::EndpointGroup;
use tradewind_scheduler::Permit;

/// Why a request has no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The connection never stood: not a byte of the request left.
    #[error("not sent: {0}")]
    NotSent(String),
    /// No complete response in time. The connection is closed, so nothing lands later than what
    /// is on the wire already.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke, or the response was cut off or too long.
    #[error("broken: {0}")]
    Broken(String),
}

/// Why a socket does not stand.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenError {
    /// The venue answered the handshake with something else than a socket.
    #[error("refused with status {}", .0.status())]
    Refused(Box<http::Response<Bytes>>),
    /// As for a request.
    #[error(transparent)]
    Failed(#[from] SendError),
}

/// Something that came in on a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A message.
    Text(String),
    /// A ping; it has been answered. The one thing that leaves without a permit: a socket dies
    /// without it.
    Ping,
    /// The end, and why.
    Lost(String),
}

/// A way to the venues.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends a request, unchanged, over a connection of its group: orders never wait for a read's
    /// connection.
    ///
    /// # Errors
    /// When there is no complete response within `patience`.
    async fn send(
        &self,
        permit: Permit,
        group: EndpointGroup,
        request: http::Request<Bytes>,
        patience: Duration,
    ) -> Result<http::Response<Bytes>, SendError>;

    /// Opens a WebSocket.
    ///
    /// # Errors
    /// When it does not stand within `patience`.
    async fn open(
        &self,
        permit: Permit,
        request: http::Request<Bytes>,
        patience: Duration,
    ) -> Result<Box<dyn Socket>, OpenError>;
}

/// A WebSocket.
#[async_trait]
pub trait Socket: Send {
    /// What comes in next. After [`Incoming::Lost`] nothing does. May be dropped half way without
    /// losing a message.
    async fn next(&mut self) -> Incoming;

    /// Sends a message.
    ///
    /// # Errors
    /// When the socket is gone; the message may or may not have left.
    async fn write(&mut self, permit: Permit, text: String) -> Result<(), SendError>;

    /// Says goodbye and closes.
    async fn close(&mut self);
}
