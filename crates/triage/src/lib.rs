//! What went wrong, from the log of attempts alone.
//!
//! Somebody's bot has stopped trading, and what they have is a file with a line of JSON for each
//! attempt ([`AttemptEvent`](tradewind_model::attempt::AttemptEvent)). [`run`] reads it and
//! answers: which bucket is hot, whether retries come in step, whether failures of authentication
//! repeat, when traffic changed, and which first move is safe. Nothing here needs a running bot, a
//! clock or a metric, and the same file always gives the same answer.
//!
//! The hard part is to be quiet on a healthy log. A scheduler that does its work holds a bucket at
//! 98 % all day, so a full bucket alone is no trouble; a deploy alone is none either, nor is one
//! refused signature that was never repeated. Each question has a file of its own, which says what
//! counts as trouble and why its thresholds are where they are.

mod attempt;
mod auth;
mod ban;
mod block;
mod bucket;
mod change;
mod door;
mod handshake;
mod line;
mod names;
mod permille;
mod platform;
mod report;
mod retry;
mod run;
mod triage;
mod verdict;

pub use auth::{AuthCause, AuthFailures};
pub use ban::Bans;
pub use block::Block;
pub use bucket::{BucketUse, EndpointShare};
pub use change::{Change, ChangeKind, Traffic};
pub use handshake::{Handshakes, Storm};
pub use permille::Permille;
pub use platform::Degraded;
pub use report::{Lines, Report};
pub use retry::Synchrony;
pub use run::{Error, run};
pub use triage::Triage;
pub use verdict::{Finding, FindingKind};
