//! Answers that the venue did not think of: those of its edge, its gateways and its bad days.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

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
    /// An answer of the API itself: a status, and a body of JSON.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        let body = Bytes::from(body.to_string());
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
}
