//! Bytes over TLS: opened, written, read and closed, and nothing decided.
//!
//! Every way out takes a `Permit` by value, so a request that the scheduler has not admitted does
//! not compile. What comes back says exactly as much as can be known: an error before the
//! connection stood proves that nothing left; every later one proves nothing.

pub mod egress;
pub mod http;
pub mod transport;
pub mod websocket;

mod dial;
mod net;
mod tls;

pub use dial::EgressError;
pub use egress::{Egress, InvalidProxy, Proxy, ProxyKind};
pub use net::Net;
pub use transport::{Incoming, OpenError, SendError, Socket, Transport};
