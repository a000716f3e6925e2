//! What to do about a call, once it is known what became of it.
//!
//! One total table over what sending it twice does and what can be known of it. There is one cell
//! that matters more than all others: a new order whose fate is unknown is asked about, never sent
//! again. What may be sent again is still held back three times over: by a number of tries for
//! each class of failure, by a bucket that all calls of a class share, so that retries never
//! become the storm, and by the call's deadline.

mod bucket;
mod class;
mod policy;

pub use bucket::RetryBucket;
pub use class::FailureClass;
pub use policy::{Loosened, RetryPolicy};

use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::call::Effect;
use tradewind_model::outcome::Fate;

use crate::backoff::{Backoff, Jitter};
use crate::ticket::Priority;

/// What to do next about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is over, well or badly.
    Settle,
    /// Send it again, later.
    Retry,
    /// Ask the venue what became of it.
    Reconcile,
}

/// Judges a call by what sending it twice does and by what became of it.
#[must_use]
pub const fn judge(effect: Effect, fate: &Fate) -> Verdict {
    match (effect, fate) {
        (Effect::Read | Effect::Idempotent | Effect::Once, Fate::Done(_) | Fate::Refused(_)) => {
            Verdict::Settle
        }
        (Effect::Read | Effect::Idempotent | Effect::Once, Fate::NotTaken(_))
        | (Effect::Read | Effect::Idempotent, Fate::Unknown(_)) => Verdict::Retry,
        (Effect::Once, Fate::Unknown(_)) => Verdict::Reconcile,
    }
}

/// A try that failed.
#[derive(Clone, Copy, Debug)]
pub struct FailedTry<'a> {
    /// What sending the call twice does.
    pub effect: Effect,
    /// What became of it.
    pub fate: &'a Fate,
    /// How many tries failed before this one.
    pub failures: u32,
    /// Which class's bucket pays.
    pub priority: Priority,
    /// When the call is worthless: its whole budget of time.
    pub deadline: Timestamp,
    /// What a try takes at the least: a round trip. The timeout of a try ends at the deadline, so
    /// with more time left than this it may succeed, and with less it cannot.
    pub try_takes: Duration,
    /// Not before this, whatever the backoff says: what the venue asked for, or when the scope
    /// that covers the call opens.
    pub not_before: Option<Timestamp>,
    /// How the waits between tries grow.
    pub backoff: Backoff,
}

/// What to do about a try that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextTry {
    /// Send it again at this time.
    At(Timestamp),
    /// Ask the venue what became of it, and never send it again.
    Reconcile,
    /// It is over.
    Over(OverReason),
}

/// Why a call is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum OverReason {
    /// It went well, or the venue would say no again.
    #[error("the answer is final")]
    Final,
    /// All tries that failures of this class have are used up.
    #[error("failures of class {} are not tried again after that many", .0.name())]
    Tries(FailureClass),
    /// Calls of its class fail so much that trying again would add to the storm.
    #[error("too many calls fail for another try")]
    Budget,
    /// Another try could not end before its deadline.
    #[error("no time left for another try")]
    Deadline,
}

/// Decides about retries, and pays for them.
#[derive(Clone, Debug, Default)]
pub struct Retries {
    policy: RetryPolicy,
    bucket: RetryBucket,
}

impl Retries {
    /// With this policy and a full bucket.
    #[must_use]
    pub fn new(policy: RetryPolicy) -> Self {
        Self { policy, bucket: RetryBucket::default() }
    }

    /// What to do about a try that failed. What it allows is paid for already, and given back by
    /// [`succeeded`](Self::succeeded).
    pub fn next(&mut self, now: Timestamp, failed: &FailedTry<'_>, jitter: &mut Jitter) -> NextTry {
        let Some(class) = FailureClass::of(failed.effect, failed.fate) else {
            return NextTry::Over(OverReason::Final);
        };
        let tries = match class {
            FailureClass::InDoubt => return NextTry::Reconcile,
            // The table that an operator sees: a no that is final has no tries.
            FailureClass::Auth
            | FailureClass::Validation
            | FailureClass::RateLimit
            | FailureClass::Transient
            | FailureClass::Clock => self.policy.tries(class),
        };
        if failed.failures >= tries {
            return NextTry::Over(OverReason::Tries(class));
        }
        let wait = failed.backoff.delay(failed.failures, jitter);
        let at = (now + wait).max(failed.not_before.unwrap_or(now));
        if at + failed.try_takes > failed.deadline {
            return NextTry::Over(OverReason::Deadline);
        }
        if !self.bucket.take(failed.priority, class) {
            return NextTry::Over(OverReason::Budget);
        }
        NextTry::At(at)
    }

    /// A call of this class went well, after a failure of `after`, or at its first try.
    pub fn succeeded(&mut self, priority: Priority, after: Option<FailureClass>) {
        self.bucket.refund(priority, after);
    }

    /// What is left in the bucket, for people to look at.
    #[must_use]
    pub const fn bucket(&self) -> &RetryBucket {
        &self.bucket
    }
}

#[cfg(test)]
mod tests;
