//! Answers that the venue did not think of: those of its edge, its gateways and its bad days.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// A ready-made answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canned {
    /// Its status, 100 to 599; what is outside of that is sent as 500.
    pub status: u16,
    /// Its headers, besides the content type that the body has.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Its body.
    pub body: Bytes,
    /// Whether the venue's counters are in its headers, as in all that comes from the API itself.
    pub has_meters: bool,
}

/// What stands between clients and the venue answers with a page like this.
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>REASON</title></head>\
                    <body><h1>REASON</h1><hr></body></html>\n";

impl Canned {
    /// An error of the API: status, code and text.
    #[must_use]
    pub fn error(status: u16, code: i32, text: &str) -> Self {
        let body = Bytes::from(json!({"code": code, "msg": text}).to_string());
        Self { status, headers: Vec::new(), body, has_meters: true }
    }

    /// A page of something in front of the API: a status, in words, and no JSON.
    #[must_use]
    pub fn page(status: u16, reason: &str) -> Self {
        let body = Bytes::from(PAGE.replace("REASON", reason));
        Self { status, headers: Vec::new(), body, has_meters: false }
    }

    /// Refused by the venue's edge, which has seen enough of this address.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::page(403, "403 Forbidden")
    }

    /// A success without a body.
    #[must_use]
    pub const fn empty() -> Self {
        Self { status: 200, headers: Vec::new(), body: Bytes::new(), has_meters: true }
    }

    /// The API gave up waiting for its own back end: done or not, it does not know.
    #[must_use]
    pub fn timed_out() -> Self {
        let text = "Timeout waiting for response from backend server. Send status unknown; \
                    execution status unknown.";
        Self::error(503, -1007, text)
    }

    /// Turned away for having no room.
    #[must_use]
    pub fn overloaded() -> Self {
        let text = "Server is currently overloaded with other requests. Please try again in a few \
                    minutes.";
        Self::error(503, -1008, text)
    }

    /// Turned away for using too much weight, to come back after so many seconds.
    #[must_use]
    pub fn rate_limited(seconds: u64) -> Self {
        let text = "Too much request weight used; current limit is 6000 request weight per 1 \
                    MINUTE. Please use WebSocket Streams for live updates to avoid polling the \
                    API.";
        Self::error(429, -1003, text).with_retry_after(seconds)
    }

    /// The same answer with a `Retry-After` of so many seconds.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.headers.push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        self
    }

    /// As an answer of REST, without the meters.
    #[must_use]
    pub fn response(&self) -> Response<Bytes> {
        let mut response = Response::new(self.body.clone());
        *response.status_mut() = StatusCode::from_u16(self.status)
            .ok()
            .filter(|status| status.as_u16() < 600)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = if self.body.starts_with(b"<") {
            "text/html"
        } else {
            "application/json;charset=UTF-8"
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.extend(self.headers.iter().cloned());
        response
    }

    /// As the error of an answer on a WebSocket.
    pub(crate) fn frame_error(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| json!({"code": -1000, "msg": String::from_utf8_lossy(&self.body)}))
    }
}
