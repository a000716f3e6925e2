//! Signed parameters of the WebSocket API.
//!
//! REST signs what is sent; here the parameters are sorted by name, joined as they are without
//! percent-encoding, and sent as JSON. A value must therefore read the same in the JSON as in what
//! was signed: texts as strings, times as integers.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::Serialize;
use tradewind_venue::{Signer, Stamp};

use crate::rest::recv_window_ms;

/// Parameters, sorted by name.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(super) struct Params(BTreeMap<&'static str, Param>);

/// A value; both forms read the same in JSON and in what is signed.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Param {
    Text(String),
    Integer(u64),
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(value) => write!(f, "{value}"),
        }
    }
}

impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Param {
    fn from(value: u64) -> Self {
        Self::Integer(value)
    }
}

impl Params {
    /// These and one more; the same name again replaces the value.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Param>) -> Self {
        self.0.insert(name, value.into());
        self
    }

    /// These with key, stamp and signature.
    pub(super) fn signed(self, stamp: Stamp, signer: &Signer) -> Self {
        self.with("recvWindow", recv_window_ms(stamp))
            .with("timestamp", stamp.venue_now.as_millis())
            .with_signature(signer)
    }

    fn with_signature(self, signer: &Signer) -> Self {
        let params = self.with("apiKey", signer.api_key());
        let signature = signer.sign(params.payload().as_bytes());
        params.with("signature", signature.as_str())
    }

    /// What is signed.
    fn payload(&self) -> String {
        let mut payload = String::new();
        for (name, value) in &self.0 {
            let separator = if payload.is_empty() { "" } else { "&" };
            write!(payload, "{separator}{name}={value}")
                .expect("a string takes whatever is written to it");
        }
        payload
    }
}

#[cfg(test)]
mod tests;
