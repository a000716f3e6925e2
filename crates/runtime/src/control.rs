//! Commands from outside, over HTTP on the loopback address.
//!
//! Whoever has the token can ask how a run stands and say how much trading is allowed:
//!
//! ```text
//! GET  /v1/status    what is open, in doubt, held and forbidden
//! POST /v1/trading   {"scope": "everything", "state": "halted", "reason": "..."}
//! ```
//!
//! Each with `Authorization: Bearer TOKEN`. A command is answered once it is durable; what it
//! forbids is forbidden by then for a while already. Nobody but this machine reaches the address,
//! requests are small and have little time, and there are few of them at a time, so that nothing
//! which happens here is felt by what trades.

mod client;
mod status;
mod token;

pub use client::{CommandError, Reached, command, status};
pub use token::{InvalidToken, Token};

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tradewind_engine::journal::Trading;
use tradewind_model::trading::{TradingScope, TradingState};

use crate::desk::TradingError;
use crate::subject::Subject;

/// Bytes of a request's body; a command has some hundred.
const BODY_MAX: usize = 4_096;
/// Characters of a reason that are kept.
const REASON_MAX: usize = 300;
/// Connections at a time; others wait to be accepted.
const CONNECTIONS_MAX: usize = 16;
/// How long a connection may last: a command waits ten seconds for the disk.
const CONNECTION_MAX: Duration = Duration::from_secs(20);
/// How long the head of a request may take.
const HEAD_WITHIN: Duration = Duration::from_secs(5);

/// A command, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Of what: `everything`, `account:VENUE:NAME`, `strategy:NAME`.
    pub scope: String,
    /// How much: `running`, `reduce-only`, `halted`, `flatten`.
    pub state: String,
    /// Who says so, and why.
    #[serde(default)]
    pub reason: String,
}

/// The endpoint of a run, until it is stopped or dropped.
#[derive(Debug)]
pub struct Control {
    task: JoinHandle<()>,
    address: SocketAddr,
}

/// What the endpoint has to know.
#[derive(Debug)]
struct Served {
    subject: Subject,
    token: Token,
    /// While there is one of these files, nothing resumes.
    halt_files: Vec<PathBuf>,
}

impl Control {
    /// Takes a port of the loopback address: with 0, one that is free.
    ///
    /// # Errors
    /// When there is none.
    pub async fn bind(port: u16) -> io::Result<TcpListener> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
    }

    /// Serves a run on it; must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the port is gone.
    pub fn start(
        listener: TcpListener,
        subject: impl Into<Subject>,
        token: Token,
        halt_files: Vec<PathBuf>,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let served = Arc::new(Served { subject: subject.into(), token, halt_files });
        Ok(Self { task: tokio::spawn(listen(served, listener)), address })
    }

    /// Where it is.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, and lets go of the run.
    pub async fn stop(mut self) {
        self.task.abort();
        // That it was ended is all that it can say.
        (&mut self.task).await.ok();
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(served: Arc<Served>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            Some(_ended) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(Arc::clone(&served), stream));
                } else {
                    // No descriptors are left, mostly: it passes.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

async fn serve(served: Arc<Served>, stream: TcpStream) {
    let service = service_fn(|request| answer(Arc::clone(&served), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // Whoever speaks no HTTP, or too slowly, has no answer.
    let _ended = tokio::time::timeout(CONNECTION_MAX, connection).await;
}

async fn answer(
    served: Arc<Served>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let given = request.headers().get(header::AUTHORIZATION).map(header::HeaderValue::as_bytes);
    let given = given.and_then(|value| value.strip_prefix(b"Bearer "));
    if !given.is_some_and(|given| served.token.is(given)) {
        return Ok(said(StatusCode::UNAUTHORIZED, "the token is missing or not this run's"));
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    Ok(match (method, path.as_str()) {
        (Method::GET, "/v1/status") => {
            let status = status::of(&served.subject);
            body(StatusCode::OK, status.to_string())
        }
        (Method::POST, "/v1/trading") => command_given(&served, request).await,
        (_, "/v1/status" | "/v1/trading") => {
            said(StatusCode::METHOD_NOT_ALLOWED, "use GET for the status and POST for a command")
        }
        _ => said(StatusCode::NOT_FOUND, "there is /v1/status and /v1/trading"),
    })
}

async fn command_given(served: &Served, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let Ok(read) = Limited::new(request.into_body(), BODY_MAX).collect().await else {
        return said(StatusCode::PAYLOAD_TOO_LARGE, "a command is shorter than that");
    };
    let trading = match trading(&read.to_bytes()) {
        Ok(trading) => trading,
        Err(problem) => return said(StatusCode::BAD_REQUEST, &problem),
    };
    let mut files = served.halt_files.iter();
    // What cannot be looked for may be there.
    let file = files.find(|file| file.try_exists().unwrap_or(true));
    if let Some(file) = file.filter(|_| trading.state == TradingState::Running) {
        let problem = format!("{} is there; remove it, then resume", file.display());
        return said(StatusCode::CONFLICT, &problem);
    }
    match served.subject.set_trading(trading.clone()).await {
        Ok(()) => {
            let (scope, state) = (trading.scope.spelled(), trading.state.name());
            body(StatusCode::OK, json!({ "scope": scope, "state": state }).to_string())
        }
        Err(error) => {
            let status = match error.error() {
                TradingError::Refused(_) | TradingError::Late => StatusCode::CONFLICT,
                TradingError::Ended => StatusCode::GONE,
            };
            said(status, &error.to_string())
        }
    }
}

fn trading(text: &[u8]) -> Result<Trading, String> {
    let order: Order = serde_json::from_slice(text)
        .map_err(|error| format!("this is no command ({error}); give scope, state and reason"))?;
    let scope: TradingScope = order.scope.parse().map_err(|error| format!("{error}"))?;
    let state: TradingState = order.state.parse().map_err(|error| format!("{error}"))?;
    let reason = order.reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let reason = if reason.is_empty() { "by the endpoint".to_owned() } else { reason };
    Ok(Trading { scope, state, reason: reason.chars().take(REASON_MAX).collect() })
}

fn said(status: StatusCode, problem: &str) -> Response<Full<Bytes>> {
    body(status, json!({ "error": problem }).to_string())
}

fn body(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
