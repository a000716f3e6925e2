//! The other end: how a program commands a run.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tradewind_engine::journal::Trading;

use super::{Order, Token};

/// Longer than a run may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes of an answer; thousands of open orders.
const ANSWER_MAX: usize = 4 << 20;

/// Where a run is commanded.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The address, on this machine.
    pub address: SocketAddr,
    /// What it asks for.
    pub token: Token,
}

/// Why a command has no good answer.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Nobody is there.
    #[error("nobody answers at {address} ({error})")]
    NotThere {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// The run has said no.
    #[error("{0}")]
    Refused(String),
    /// No answer, or none that can be read. The command may have been carried out.
    #[error("there was no usable answer ({0}); ask for the status")]
    Lost(String),
}

/// Commands how much trading is allowed, and waits until that is durable.
///
/// # Errors
/// Why it is not known to be.
pub async fn command(to: &Reached, trading: &Trading) -> Result<(), CommandError> {
    let order = Order {
        scope: trading.scope.spelled(),
        state: trading.state.name().to_owned(),
        reason: trading.reason.clone(),
    };
    let body = serde_json::to_vec(&order).map_err(lost)?;
    ask(to, Method::POST, "/v1/trading", Bytes::from(body)).await.map(|_| ())
}

/// How a run stands.
///
/// # Errors
/// Why it is not known.
pub async fn status(of: &Reached) -> Result<Value, CommandError> {
    ask(of, Method::GET, "/v1/status", Bytes::new()).await
}

async fn ask(to: &Reached, method: Method, path: &str, body: Bytes) -> Result<Value, CommandError> {
    let asked = tokio::time::timeout(PATIENCE, exchange(to, method, path, body)).await;
    asked.unwrap_or_else(|_| Err(CommandError::Lost(format!("none in {PATIENCE:?}"))))
}

async fn exchange(
    to: &Reached,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<Value, CommandError> {
    let address = to.address;
    let stream = TcpStream::connect(address).await;
    let stream = stream.map_err(|error| CommandError::NotThere { address, error })?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, address.to_string())
        .header(header::AUTHORIZATION, format!("Bearer {}", to.token.reveal()))
        .body(Full::new(body))
        .map_err(lost)?;
    let response = sender.send_request(request).await.map_err(lost)?;
    let status = response.status();
    let read = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
    let read = read.map_err(|error| CommandError::Lost(error.to_string()))?.to_bytes();
    connection.abort();
    let value: Value = serde_json::from_slice(&read).map_err(lost)?;
    if status == StatusCode::OK {
        return Ok(value);
    }
    let problem = value.get("error").and_then(Value::as_str).unwrap_or("no reason given");
    Err(CommandError::Refused(problem.to_owned()))
}

fn lost(error: impl std::fmt::Display) -> CommandError {
    CommandError::Lost(error.to_string())
}
