//! Proof that a call may leave.
//!
//! A transport takes a permit by value, so a call that was not admitted cannot be sent, and one
//! that was cannot be sent twice: neither compiles.

use tradewind_model::Timestamp;
use tradewind_model::id::CallId;

/// Leave to send one call once. Only the scheduler makes one, and it cannot be copied.
///
/// The call it was given for is charged already. Whoever drops a permit unused owes the scheduler
/// [`forget_unsent`](crate::Scheduler::forget_unsent).
#[must_use = "the call is charged already: send it, or take the charge back"]
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    call: CallId,
    deadline: Timestamp,
    admitted_at: Timestamp,
}

impl Permit {
    pub(crate) const fn new(call: CallId, deadline: Timestamp, admitted_at: Timestamp) -> Self {
        Self { call, deadline, admitted_at }
    }

    /// The call that may leave.
    #[must_use]
    pub const fn call(&self) -> CallId {
        self.call
    }

    /// When the call becomes worthless: what its timeout is measured against.
    #[must_use]
    pub const fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// When the call was admitted. It counts as sent from then on.
    #[must_use]
    pub const fn admitted_at(&self) -> Timestamp {
        self.admitted_at
    }
}
