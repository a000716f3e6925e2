//! The query of a request: percent-encoded, then signed, then sent as it stands.
//!
//! Since 2026-01-15 Binance signs over the encoded form; a query that is signed first and encoded
//! afterwards is refused with -1022 (CHANGELOG.md, read 2026-11). There is one string here from
//! the first parameter to the signature, so the two forms cannot part.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tradewind_model::id::Symbol;
use tradewind_venue::{Signer, Stamp};

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// As [`RESERVED`], but the `@` of a stream's name stays: a query may hold it, and the venue's
/// own examples do.
const RESERVED_IN_STREAM: &AsciiSet = &RESERVED.remove(b'@');

/// Longest `recvWindow` the venue takes (rest-api.md, timing security, read 2026-11).
const RECV_WINDOW_MAX: Duration = Duration::from_secs(60);

/// Parameters in the order in which they are sent.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Query(String);

impl Query {
    /// A query that begins with a symbol.
    pub(super) fn of(symbol: &Symbol) -> Self {
        Self::default().with("symbol", symbol)
    }

    /// The streams that a socket is to carry from the start.
    pub(super) fn streams(names: &[String]) -> Self {
        let encoded: Vec<String> = names
            .iter()
            .map(|name| utf8_percent_encode(name, RESERVED_IN_STREAM).to_string())
            .collect();
        Self(format!("streams={}", encoded.join("/")))
    }

    /// This query and one parameter more.
    pub(super) fn with(mut self, name: &str, value: impl Display) -> Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        let value = value.to_string();
        write!(self.0, "{name}={}", utf8_percent_encode(&value, RESERVED))
            .expect("a string takes whatever is written to it");
        self
    }

    /// This query and one parameter more, if there is one.
    pub(super) fn with_some(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// This query, stamped and signed.
    pub(super) fn signed(self, stamp: Stamp, signer: &Signer) -> Self {
        self.with("recvWindow", recv_window_ms(stamp))
            .with("timestamp", stamp.venue_now.as_millis())
            .with_signature(signer)
    }

    fn with_signature(self, signer: &Signer) -> Self {
        let signature = signer.sign(self.0.as_bytes());
        self.with("signature", signature)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The stamp's window in whole milliseconds, as far as the venue takes it.
pub(crate) fn recv_window_ms(stamp: Stamp) -> u64 {
    let window = stamp.recv_window.min(RECV_WINDOW_MAX);
    window.as_secs() * 1_000 + u64::from(window.subsec_millis())
}

#[cfg(test)]
mod tests;
