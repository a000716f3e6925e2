//! Requests over HTTP/1.1.
//!
//! One request a connection at a time, so that closing the connection after a timeout really ends
//! the request. No redirects, no retries: what is signed goes out once, as it is.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderValue};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tradewind_scheduler::Permit;

use crate::dial::{Dialer, causes};
use crate::transport::SendError;

/// The longest body that is read. The longest that Binance sends, every instrument with its
/// permissions, is about 20 MB.
const BODY_MAX: usize = 64 * 1024 * 1024;
/// Idle connections are closed before the venue does it in the middle of a request.
const IDLE_MAX: Duration = Duration::from_secs(20);
/// What we are called.
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("tradewind/", env!("CARGO_PKG_VERSION")));

/// A pool of connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client<Dialer, Full<Bytes>>,
}

impl HttpClient {
    pub(crate) fn new(dialer: Dialer) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .build(dialer);
        Self { client }
    }

    pub(crate) async fn send(
        &self,
        _permit: Permit,
        request: http::Request<Bytes>,
        patience: Duration,
    ) -> Result<http::Response<Bytes>, SendError> {
        // Dropping the exchange at the timeout closes its connection.
        tokio::time::timeout(patience, self.exchange(request))
            .await
            .unwrap_or(Err(SendError::Timeout))
    }

    async fn exchange(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, SendError> {
        let mut request = request.map(Full::new);
        let headers = request.headers_mut();
        headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
        headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        let response = self.client.request(request).await.map_err(|error| not_answered(&error))?;
        let (head, mut coming) = response.into_parts();
        let mut body = BytesMut::new();
        while let Some(frame) = coming.frame().await {
            let frame = frame.map_err(|error| {
                SendError::Broken(format!("the body was cut off: {}", causes(&error)))
            })?;
            // What is not data are trailers, which no venue sends.
            let Ok(chunk) = frame.into_data() else { continue };
            if body.len() + chunk.len() > BODY_MAX {
                return Err(SendError::Broken(format!("a body of more than {BODY_MAX} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(http::Response::from_parts(head, body.freeze()))
    }
}

/// What an error proves. None of them names the URL, which holds a signature.
fn not_answered(error: &Error) -> SendError {
    let source = std::error::Error::source(error);
    let why = source.map_or_else(|| error.to_string(), causes);
    if error.is_connect() { SendError::NotSent(why) } else { SendError::Broken(why) }
}

#[cfg(test)]
pub(crate) mod tests;
