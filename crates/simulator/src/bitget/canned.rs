//! Answers of this venue's bad days, in its words.

use serde_json::json;

use crate::front::Canned;

/// An error of the API: status, code and text.
#[must_use]
pub fn error(status: u16, code: &str, text: &str) -> Canned {
    Canned::json(status, &json!({"code": code, "msg": text, "requestTime": 0, "data": null}))
}

/// The API gave up waiting for its own back end: done or not, it does not know.
#[must_use]
pub fn timed_out() -> Canned {
    error(400, "40010", "Request timed out")
}

/// Something went wrong behind the API: done or not, it does not know.
#[must_use]
pub fn service_error() -> Canned {
    error(400, "40725", "service return an error")
}

/// Nobody knows what went wrong, or what was done.
#[must_use]
pub fn unknown_error() -> Canned {
    error(400, "45001", "Unknown error")
}

/// Turned away for having asked too often. It does not say until when.
#[must_use]
pub fn too_many_requests() -> Canned {
    error(429, "429", "Too Many Requests")
}
