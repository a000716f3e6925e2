//! Questions from outside: how they are asked, and why one has no answer.

use std::sync::Arc;

use tradewind_model::call::CallKind;
use tradewind_model::id::VenueId;
use tradewind_model::outcome::{Fate, NotTaken, Refusal, Reply, Unknown};
use tradewind_model::time::Timestamp;
use tradewind_scheduler::{Priority, RefusedAlike, Shed, Staleness};

/// How soon somebody wants to know. Nobody outside can be more urgent than the engine itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// It is waited for.
    #[default]
    Query,
    /// It would be good to know: a refresh that gives way to everything else, and still gets its
    /// share.
    Background,
}

impl From<Urgency> for Priority {
    fn from(urgency: Urgency) -> Self {
        match urgency {
            Urgency::Query => Self::Query,
            Urgency::Background => Self::Background,
        }
    }
}

/// On what terms a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How soon.
    pub urgency: Urgency,
    /// By when; there is an answer by then, if only that there is none.
    pub deadline: Timestamp,
    /// How stale the answer may be; by the kind of the question when none is given: an hour for
    /// instruments, not at all for everything else. Who wants only the fees of an account, or what
    /// its key may do, says so here.
    pub staleness: Option<Staleness>,
}

/// What a question came to. Everybody who asked the same has the same answer, not a copy of it.
pub type Answer = Result<Arc<Reply>, ReadFailed>;

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadFailed {
    /// It would change something, so it is no question.
    #[error("{0:?} is no question; leave it to a strategy")]
    NotARead(CallKind),
    /// The venue has nothing like it.
    #[error("{venue} offers no {kind:?}")]
    Unsupported {
        /// The venue.
        venue: VenueId,
        /// What was asked.
        kind: CallKind,
    },
    /// It never left.
    #[error(transparent)]
    Shed(#[from] Shed),
    /// The venue said no.
    #[error("refused: {} (code {})", .0.message, .0.code)]
    Refused(Refusal),
    /// The venue has said no to the same question time and again, and was not asked.
    #[error(transparent)]
    RefusedAlike(#[from] RefusedAlike),
    /// The venue was not reached or had no room, as often as was tried.
    #[error("not taken by the venue: {}", not_taken(.0))]
    NotTaken(NotTaken),
    /// No answer came, or none that can be read.
    #[error("no answer: {}", unknown(.0))]
    Unknown(Unknown),
    /// The engine has ended.
    #[error("the engine has ended; start it again")]
    Ended,
}

impl ReadFailed {
    /// Of what became of its last try; none when that went well.
    pub(crate) fn of(fate: Fate) -> Option<Self> {
        match fate {
            Fate::Done(_) => None,
            Fate::Refused(refusal) => Some(Self::Refused(refusal)),
            Fate::NotTaken(not_taken) => Some(Self::NotTaken(not_taken)),
            Fate::Unknown(unknown) => Some(Self::Unknown(unknown)),
        }
    }
}

fn not_taken(why: &NotTaken) -> &str {
    match why {
        NotTaken::NotSent(reason)
        | NotTaken::Overloaded(reason)
        | NotTaken::NotAttempted(reason) => reason,
        NotTaken::Throttled(throttle) => &throttle.message,
    }
}

fn unknown(why: &Unknown) -> String {
    match why {
        Unknown::Timeout => "none in time".to_owned(),
        Unknown::Broken(reason) | Unknown::Unreadable(reason) => reason.clone(),
        Unknown::Venue { status, message, .. } => format!("status {status}: {message}"),
    }
}
