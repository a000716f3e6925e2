//! One attempt to get an answer from a venue, as it stands in a log.
//!
//! One event an attempt, a line of JSON each, written when it is known what became of it. From
//! these lines alone, without our metrics and without our help, somebody has to be able to say
//! which bucket is hot, whether retries come in step, whether failures of authentication repeat,
//! and what changed with the last deploy. So every field is there in every event; what is not known
//! is `null`, never left out, and never a guess.
//!
//! The hard part is what must not be in it: no key, no signature, no name of an account. Messages
//! pass through [`RedactedMessage`], accounts are hashes.

mod bucket;
mod redact;

pub use bucket::{BucketName, InvalidBucketName};
pub use redact::RedactedMessage;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{EgressId, StrategyId, VenueId};
use crate::outcome::Fate;
use crate::tariff::Weight;
use crate::time::Timestamp;

/// One attempt. The fields carry the names they have in the log, in the order they have there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptEvent {
    /// When its first byte was about to be written, by our clock: RFC 3339 in UTC, milliseconds.
    #[serde(with = "stamp")]
    pub ts: Timestamp,
    /// Which process: unique among all that run at a time, the same for all of its life.
    pub bot_instance_id: String,
    /// The exchange and product, as configuration names it.
    pub exchange: VenueId,
    /// What was asked, without its parameters: the name of the call's kind (`place_order`), so
    /// that it says the same thing at every exchange; `open_stream` is the handshake of a socket.
    pub endpoint: Cow<'static, str>,
    /// How: `GET`, `POST`, `PUT`, `DELETE`, or `WS` for a handshake or a message on a socket.
    pub method: Cow<'static, str>,
    /// The status of the answer, 100 to 599; `null` when none came.
    pub status: Option<u16>,
    /// The venue's own code; `null` when it gave none. An answer of status 403 without a code is
    /// from the venue's edge and not from its API.
    pub error_code: Option<i64>,
    /// The venue's words, or the transport's, redacted; `null` when nothing went wrong.
    pub error_message: Option<RedactedMessage>,
    /// The venue's name of this request, for its support; `null` when it gave none.
    pub request_id: Option<String>,
    /// The how-many-th attempt at the same call it is, from 1.
    pub attempt: u32,
    /// From the first byte written to the head of the answer complete, in milliseconds; `null`
    /// when no answer came.
    pub latency_ms: Option<u64>,
    /// The limit with the least room left of those it drew on; `null` when it drew on none.
    pub rate_limit_bucket: Option<BucketName>,
    /// What it drew from that limit, in the limit's unit.
    pub weight: Weight,
    /// How much of that limit was used after it, as the venue told; `null` when it did not tell.
    pub used_weight: Option<Weight>,
    /// How many attempts of this process were on the wire to this exchange, this one included.
    pub concurrency_inflight: u32,
    /// Why it is not the first attempt.
    pub retry_reason: RetryReason,
    /// How long it was held back on purpose after the attempt before it, in milliseconds; 0 for a
    /// first attempt.
    pub delay_ms: u64,
    /// What makes sending it twice one effect: an order's client order id. `null` for reads.
    pub idempotency_key: Option<String>,
    /// The class it waited in, as the scheduler names it: `critical`, `trade`, `query`,
    /// `background`.
    pub priority: Cow<'static, str>,
    /// How long it waited for leave to be sent, deliberate delay excluded, in milliseconds.
    pub queue_ms: u64,
    /// What became of it.
    pub fate: FateName,
    /// How the scope it belongs to stood when it was sent.
    pub scope_state: ScopeState,
    /// The address it left by.
    pub egress: EgressId,
    /// Whose login it used, hashed; `null` for calls that carry no key.
    pub account: Option<AccountHash>,
    /// The strategy it was for; `null` for the framework's own needs.
    pub strategy: Option<StrategyId>,
    /// The version of the program; another one in the next life of an instance is a deploy.
    pub version: String,
    /// When this process started, by its own clock: RFC 3339 in UTC, milliseconds.
    #[serde(with = "stamp")]
    pub started_at: Timestamp,
}

/// Why a call was attempted again.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum RetryReason {
    /// It is the first attempt.
    #[default]
    #[serde(rename = "none")]
    None,
    /// A limit had turned the attempt before it away.
    #[serde(rename = "429")]
    RateLimit,
    /// No answer had come in time.
    #[serde(rename = "timeout")]
    Timeout,
    /// The venue had failed.
    #[serde(rename = "5xx")]
    Server,
    /// No connection had stood, or it had broken.
    #[serde(rename = "network")]
    Network,
    /// The request's time had been outside the venue's window; the clock was synced since.
    #[serde(rename = "clock")]
    Clock,
}

/// A [`Fate`] without what it brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FateName {
    /// The venue did it.
    Done,
    /// The venue looked at it and said no.
    Refused,
    /// The venue provably did not act on it.
    NotTaken,
    /// It may or may not have been done.
    Unknown,
}

impl From<&Fate> for FateName {
    fn from(fate: &Fate) -> Self {
        match fate {
            Fate::Done(_) => Self::Done,
            Fate::Refused(_) => Self::Refused,
            Fate::NotTaken(_) => Self::NotTaken,
            Fate::Unknown(_) => Self::Unknown,
        }
    }
}

/// How a scope (an address, an account, an account's order count) stood when an attempt left.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ScopeState {
    /// Nothing stood against it.
    #[default]
    Open,
    /// It was the one light call that finds out whether a shut scope is open again.
    Probe,
    /// The scope had just been reopened and traffic was being let in bit by bit.
    Ramp,
    /// The scope was shut. Only what cannot be taken back may say so: an attempt whose bytes were
    /// leaving when the news came.
    Shut,
}

/// A login, without saying which: the first eight bytes of a digest of its key, so that it is the
/// same in every process and tells nobody the key. Sixteen hexadecimal digits in the log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountHash([u8; 8]);

impl AccountHash {
    /// The hash that begins with these bytes of a digest. Use a cryptographic one (SHA-256) over
    /// the key's public part.
    #[must_use]
    pub const fn new(digest: [u8; 8]) -> Self {
        Self(digest)
    }
}

/// A text that is not sixteen hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an account's hash is sixteen hexadecimal digits")]
pub struct InvalidAccountHash;

impl TryFrom<String> for AccountHash {
    type Error = InvalidAccountHash;

    fn try_from(text: String) -> Result<Self, InvalidAccountHash> {
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidAccountHash);
        }
        let hash = u64::from_str_radix(&text, 16).map_err(|_| InvalidAccountHash)?;
        Ok(Self(hash.to_be_bytes()))
    }
}

impl From<AccountHash> for String {
    fn from(hash: AccountHash) -> Self {
        hash.to_string()
    }
}

impl fmt::Display for AccountHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for AccountHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A point in time as its date: who greps a log does not count nanoseconds.
mod stamp {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::time::Timestamp;

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        Cow::<'de, str>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
