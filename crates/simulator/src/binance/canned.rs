//! Answers of this venue's bad days, in its words.

use serde_json::{Value, json};

use crate::front::Canned;

impl Canned {
    /// An error of the API: status, code and text.
    #[must_use]
    pub fn error(status: u16, code: i32, text: &str) -> Self {
        Self::json(status, &json!({"code": code, "msg": text}))
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

    /// As the error of an answer on a WebSocket.
    pub(crate) fn frame_error(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| json!({"code": -1000, "msg": String::from_utf8_lossy(&self.body)}))
    }
}
