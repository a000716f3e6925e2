//! What all retries of a class share.
//!
//! Each retry costs, and only success gives back. While a venue is well, single failures are
//! retried freely; when most calls fail, the bucket runs dry and each call is tried once, so our
//! retries cannot be what keeps the venue down. Capacity and costs are those that the AWS SDKs
//! have settled on (AWS SDKs and tools reference, retry behavior, read 2026-11).

use crate::retry::class::FailureClass;
use crate::ticket::Priority;

/// What each class begins with, and never has more of.
const CAPACITY: u32 = 500;
/// What a retry costs after no answer.
const TRANSIENT: u32 = 14;
/// What a retry costs after an answer that said when to come back.
const THROTTLED: u32 = 5;
/// What a success at the first try gives back.
const FIRST_TRY: u32 = 1;

/// Tokens for retries, a pile for each class of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryBucket {
    tokens: [u32; 4],
}

impl Default for RetryBucket {
    fn default() -> Self {
        Self { tokens: [CAPACITY; 4] }
    }
}

impl RetryBucket {
    /// What is left to a class, of 500.
    #[must_use]
    pub const fn left(&self, priority: Priority) -> u32 {
        self.tokens[priority.index()]
    }

    /// Pays for a retry. False when there is not enough, and nothing is paid.
    pub(super) fn take(&mut self, priority: Priority, class: FailureClass) -> bool {
        let tokens = &mut self.tokens[priority.index()];
        match tokens.checked_sub(cost(class)) {
            Some(left) => {
                *tokens = left;
                true
            }
            None => false,
        }
    }

    /// Gives back what the retry had cost that went well, or a little for a first try.
    pub(super) fn refund(&mut self, priority: Priority, after: Option<FailureClass>) {
        let tokens = &mut self.tokens[priority.index()];
        *tokens = (*tokens + after.map_or(FIRST_TRY, cost)).min(CAPACITY);
    }
}

const fn cost(class: FailureClass) -> u32 {
    match class {
        FailureClass::RateLimit | FailureClass::Clock => THROTTLED,
        FailureClass::Auth
        | FailureClass::Transient
        | FailureClass::Validation
        | FailureClass::InDoubt => TRANSIENT,
    }
}
