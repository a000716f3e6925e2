//! Connections, by one way out and no other: the same for requests and for sockets.

use std::error::Error;
use std::future::Future;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::egress::{Egress, Proxy, ProxyKind};

/// How long a connection may take to stand: with a proxy's leave, and TLS.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// Causes of an error that are told: no chain is as long.
const CAUSES_MAX: usize = 8;

/// A connection that stands, with TLS where the URL says so.
pub(crate) type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Why there is no connection. Nothing was sent to anybody but a proxy.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct DialError(String);

/// Why there is no way out.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The address is not this machine's.
    #[error(
        "local address {address} cannot be left by ({error}); name one that this machine has, as \
         `ip address` lists them"
    )]
    Address {
        /// The address.
        address: IpAddr,
        /// Why not.
        error: std::io::Error,
    },
}

/// Whatever opens connections. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Dialer {
    inner: HttpsConnector<Way>,
    egress: Arc<Egress>,
}

impl Dialer {
    /// By this way out.
    pub(crate) fn new(egress: Egress, tls: Arc<rustls::ClientConfig>) -> Result<Self, EgressError> {
        let mut tcp = HttpConnector::new();
        // What follows is TLS more often than not.
        tcp.enforce_http(false);
        // Latency over throughput.
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_PATIENCE));
        let way = match &egress {
            Egress::Direct => Way::Tcp(tcp),
            Egress::Address(address) => {
                check(*address)?;
                tcp.set_local_address(Some(*address));
                Way::Tcp(tcp)
            }
            Egress::Proxy(proxy) => Way::proxy(proxy, tcp),
        };
        let egress = Arc::new(egress);
        Ok(Self { inner: HttpsConnector::from((way, tls)), egress })
    }

    /// Connects to the host of a URL.
    pub(crate) async fn dial(mut self, uri: Uri) -> Result<Connection, DialError> {
        let host = uri.authority().map(|authority| authority.as_str().to_owned());
        let host = host.unwrap_or_default();
        let failed = |problem: &str| {
            let egress = &self.egress;
            DialError(match &**egress {
                Egress::Direct => format!("cannot connect to {host}: {problem}"),
                Egress::Address(_) => format!("cannot connect to {host} {egress}: {problem}"),
                Egress::Proxy(_) => format!(
                    "cannot connect to {host} {egress}: {problem}; see to the proxy, our login \
                     there and what it lets through"
                ),
            })
        };
        let uri = with_port(uri).ok_or_else(|| failed("it names no host"))?;
        match tokio::time::timeout(CONNECT_PATIENCE, self.inner.call(uri)).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(failed(&causes(error.as_ref()))),
            Err(_) => Err(failed("no connection in time")),
        }
    }
}

impl Service<Uri> for Dialer {
    type Response = Connection;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Connection, DialError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().dial(uri))
    }
}

/// What lies below TLS.
#[derive(Clone)]
enum Way {
    Tcp(HttpConnector),
    Http(Tunnel<HttpConnector>),
    Socks(SocksV5<HttpConnector>),
    /// A proxy whose address is none, which reading it rules out.
    Nowhere,
}

impl Way {
    fn proxy(proxy: &Proxy, tcp: HttpConnector) -> Self {
        let Ok(uri) = proxy.uri() else { return Self::Nowhere };
        match proxy.kind() {
            ProxyKind::Http => {
                let tunnel = Tunnel::new(uri, tcp);
                Self::Http(match proxy.basic() {
                    Some(login) => tunnel.with_auth(login),
                    None => tunnel,
                })
            }
            ProxyKind::Socks5 => {
                let socks = SocksV5::new(uri, tcp);
                Self::Socks(match proxy.pair() {
                    Some((user, password)) => socks.with_auth(user, password),
                    None => socks,
                })
            }
        }
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

impl Service<Uri> for Way {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // None of them ever keeps one waiting.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        match self {
            Self::Tcp(tcp) => {
                let connecting = tcp.call(uri);
                Box::pin(async move { connecting.await.map_err(Into::into) })
            }
            Self::Http(tunnel) => {
                let connecting = tunnel.call(uri);
                Box::pin(async move { connecting.await.map_err(Into::into) })
            }
            Self::Socks(socks) => {
                let connecting = socks.call(uri);
                // Its error tells no cause apart from itself.
                Box::pin(async move { connecting.await.map_err(|error| error.to_string().into()) })
            }
            Self::Nowhere => Box::pin(async { Err("its address is none".into()) }),
        }
    }
}

/// Whether a socket of this machine can have the address. Nothing is sent.
fn check(address: IpAddr) -> Result<(), EgressError> {
    let bound = UdpSocket::bind(SocketAddr::new(address, 0));
    bound.map(drop).map_err(|error| EgressError::Address { address, error })
}

/// The same, with the port that its scheme implies: what opens tunnels takes none for that of TLS.
fn with_port(uri: Uri) -> Option<Uri> {
    let is_tls = uri.scheme() == Some(&Scheme::HTTPS);
    let host = uri.host()?;
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let authority = format!("{host}:{port}");
    let scheme = uri.scheme()?.clone();
    Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build().ok()
}

/// An error with what is behind it.
pub(crate) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    for _ in 0..CAUSES_MAX {
        let Some(cause) = source else { break };
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
