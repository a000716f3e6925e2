//! The real network.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tradewind_model::call::EndpointGroup;
use tradewind_scheduler::Permit;

use crate::http::HttpClient;
use crate::transport::{OpenError, SendError, Socket, Transport};
use crate::{tls, websocket};

/// HTTP/1.1 and WebSockets over TCP, with TLS where the URL says so.
pub struct Net {
    orders: HttpClient,
    reads: HttpClient,
    tls: Arc<rustls::ClientConfig>,
}

impl Net {
    /// A way to the venues by this machine's own address. Proxies that the environment names are
    /// not used: the address a venue sees is part of what is budgeted.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn new() -> Result<Self, SendError> {
        let tls = tls::config();
        Ok(Self { orders: HttpClient::new(&tls)?, reads: HttpClient::new(&tls)?, tls })
    }
}

#[async_trait]
impl Transport for Net {
    async fn send(
        &self,
        permit: Permit,
        group: EndpointGroup,
        request: http::Request<Bytes>,
        patience: Duration,
    ) -> Result<http::Response<Bytes>, SendError> {
        let client = match group {
            EndpointGroup::Orders => &self.orders,
            EndpointGroup::Private | EndpointGroup::Public | EndpointGroup::Streams => &self.reads,
        };
        client.send(permit, request, patience).await
    }

    async fn open(
        &self,
        permit: Permit,
        request: http::Request<Bytes>,
        patience: Duration,
    ) -> Result<Box<dyn Socket>, OpenError> {
        let tls = Arc::clone(&self.tls);
        let socket = websocket::open(permit, request, tls, patience).await?;
        Ok(Box::new(socket))
    }
}
