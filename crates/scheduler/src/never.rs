//! The kind of no that waiting does not turn into a yes.

use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::id::CallId;
use tradewind_model::tariff::{Limit, Weight};

use crate::shut::ScopeKey;
use crate::ticket::{Priority, Ticket};

/// Why a call is refused at the door: waiting would not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Never {
    /// It draws more than its class may ever have of a window.
    #[error(
        "bucket {} never holds {weight} for {}; raise the limit or lower the call's cost",
        limit_name(limit), class.name()
    )]
    Exceeds {
        /// The limit that is too small.
        limit: Limit,
        /// What the call would draw.
        weight: Weight,
        /// The call's class, which leaves a reserve to more urgent ones.
        class: Priority,
    },
    /// Too many of its class wait already.
    #[error(
        "queue {} is full at {capacity}; raise its capacity or submit less",
        class.name()
    )]
    QueueFull {
        /// The class that is full.
        class: Priority,
        /// How many may wait.
        capacity: usize,
    },
    /// A call of this id waits or is on the wire.
    #[error("{call} waits or is on the wire already; give each attempt an id of its own")]
    Duplicate {
        /// The id.
        call: CallId,
    },
}

/// Why a call was given up before a byte of it left: what its caller is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shed {
    /// It was refused at the door.
    #[error(transparent)]
    Refused(#[from] Never),
    /// It waited until it was worthless.
    #[error("{} call waited {} ms for leave, and then it was too late", class.name(), waited.as_millis())]
    TooLate {
        /// Its class.
        class: Priority,
        /// How long it had waited.
        waited: Duration,
    },
    /// What it needs is shut for longer than it may wait.
    #[error("{scope} is shut {}; ask again after that", until_text(*until))]
    Shut {
        /// What is shut.
        scope: ScopeKey,
        /// Until when; the far end of time when a person has to open it.
        until: Timestamp,
    },
    /// As many wait for answers as may.
    #[error("{most} askers wait for answers already; ask less, or wait for some")]
    Crowded {
        /// How many may wait.
        most: usize,
    },
}

fn until_text(until: Timestamp) -> String {
    if until == Timestamp::MAX {
        "until somebody clears it".to_owned()
    } else {
        format!("until {until}")
    }
}

impl Shed {
    /// Of a call that has expired.
    #[must_use]
    pub fn expired(now: Timestamp, ticket: &Ticket) -> Self {
        Self::TooLate { class: ticket.priority, waited: now.since(ticket.submitted_at) }
    }
}

/// `request-weight-1m`: the kind and the window's length.
pub(crate) fn limit_name(limit: &Limit) -> String {
    let secs = limit.interval.as_secs();
    let length = match secs {
        0 => format!("{}ms", limit.interval.as_millis()),
        _ if secs.is_multiple_of(86_400) => format!("{}d", secs / 86_400),
        _ if secs.is_multiple_of(3_600) => format!("{}h", secs / 3_600),
        _ if secs.is_multiple_of(60) => format!("{}m", secs / 60),
        _ => format!("{secs}s"),
    };
    format!("{}-{length}", limit.kind.name())
}
