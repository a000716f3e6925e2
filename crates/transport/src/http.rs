//! Requests over HTTP/1.1.
//!
//! One request a connection at a time, so that closing the connection after a timeout really ends
//! the request. No redirects, no retries, no proxies: what is signed goes out once, as it is.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tradewind_scheduler::Permit;

use crate::transport::SendError;

/// The longest body that is read. The longest that Binance sends, every instrument with its
/// permissions, is about 20 MB.
const BODY_MAX: usize = 64 * 1024 * 1024;
/// How long a connection may take to stand.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// Idle connections are closed before the venue does it in the middle of a request.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// A pool of connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: reqwest::Client,
}

impl HttpClient {
    pub(crate) fn new(tls: &Arc<rustls::ClientConfig>) -> Result<Self, SendError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(rustls::ClientConfig::clone(tls))
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_PATIENCE)
            .pool_idle_timeout(IDLE_MAX)
            .tcp_nodelay(true)
            .user_agent(concat!("tradewind/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| SendError::NotSent(chain(&error)))?;
        Ok(Self { client })
    }

    pub(crate) async fn send(
        &self,
        _permit: Permit,
        request: http::Request<Bytes>,
        patience: Duration,
    ) -> Result<http::Response<Bytes>, SendError> {
        let request = reqwest::Request::try_from(request)
            .map_err(|error| SendError::NotSent(chain(&error)))?;
        // Dropping the exchange at the timeout closes its connection.
        tokio::time::timeout(patience, self.exchange(request))
            .await
            .unwrap_or(Err(SendError::Timeout))
    }

    async fn exchange(
        &self,
        request: reqwest::Request,
    ) -> Result<http::Response<Bytes>, SendError> {
        let mut response = self.client.execute(request).await.map_err(|error| {
            if error.is_connect() || error.is_builder() {
                SendError::NotSent(chain(&error))
            } else if error.is_timeout() {
                SendError::Timeout
            } else {
                SendError::Broken(chain(&error))
            }
        })?;
        let mut whole = http::Response::new(Bytes::new());
        *whole.status_mut() = response.status();
        std::mem::swap(whole.headers_mut(), response.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| SendError::Broken(chain(&error)))?
        {
            if body.len() + chunk.len() > BODY_MAX {
                return Err(SendError::Broken(format!("a body of more than {BODY_MAX} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        *whole.body_mut() = body.freeze();
        Ok(whole)
    }
}

/// An error with what is behind it, without the URL: that holds a signature.
fn chain(error: &reqwest::Error) -> String {
    let mut text = match error {
        error if error.is_connect() => "cannot connect".to_owned(),
        error if error.is_body() || error.is_decode() => "the body was cut off".to_owned(),
        error if error.is_builder() => "the request cannot be built".to_owned(),
        _ => "the exchange failed".to_owned(),
    };
    let mut source = error.source();
    // Bounded, though no chain of errors goes round.
    for _ in 0..8 {
        let Some(cause) = source else { break };
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
