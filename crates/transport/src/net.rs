//! The real network.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tradewind_model::call::EndpointGroup;
use tradewind_scheduler::Permit;

use crate::dial::{Dialer, EgressError};
use crate::egress::Egress;
use crate::http::HttpClient;
use crate::transport::{OpenError, SendError, Socket, Transport};
use crate::{tls, websocket};

/// HTTP/1.1 and WebSockets over TCP, with TLS where the URL says so.
pub struct Net {
    orders: HttpClient,
    reads: HttpClient,
    dialer: Dialer,
}

impl Net {
    /// A way to the venues, by this way out and no other. Proxies that the environment names are
    /// not used: the address a venue sees is part of what is budgeted.
    ///
    /// # Errors
    /// When an address is not this machine's. Whether a proxy is there shows when it is used.
    pub fn by(egress: &Egress) -> Result<Self, EgressError> {
        let dialer = Dialer::new(egress.clone(), tls::config())?;
        let (orders, reads) = (HttpClient::new(dialer.clone()), HttpClient::new(dialer.clone()));
        Ok(Self { orders, reads, dialer })
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
        let socket = websocket::open(permit, request, self.dialer.clone(), patience).await?;
        Ok(Box::new(socket))
    }
}
