//! The classes of failure: what there is to do next, whatever the venue called it.

use serde::{Deserialize, Serialize};
use tradewind_model::call::Effect;
use tradewind_model::outcome::{Fate, NotTaken, RefusalKind};

/// A class of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The key, its rights or its signature. Trying again looks like an attack.
    Auth,
    /// A limit turned it away.
    RateLimit,
    /// It did not get through, or no answer did, and sending it again does no harm.
    Transient,
    /// The venue looked at it and said no.
    Validation,
    /// Its time was wrong; with the clock measured anew it may be right.
    Clock,
    /// It may have been done, and must not be done twice.
    InDoubt,
}

impl FailureClass {
    /// All classes.
    pub const ALL: [Self; 6] = [
        Self::Auth,
        Self::RateLimit,
        Self::Transient,
        Self::Validation,
        Self::Clock,
        Self::InDoubt,
    ];

    /// The class of what became of a call; none when it went well.
    #[must_use]
    pub const fn of(effect: Effect, fate: &Fate) -> Option<Self> {
        match fate {
            Fate::Done(_) => None,
            Fate::Refused(refusal) => Some(match refusal.kind {
                RefusalKind::Auth => Self::Auth,
                RefusalKind::Clock => Self::Clock,
                RefusalKind::Validation
                | RefusalKind::Business
                | RefusalKind::DuplicateOrder
                | RefusalKind::UnknownOrder => Self::Validation,
            }),
            // It failed with the part before it, and would again.
            Fate::NotTaken(NotTaken::NotAttempted(_)) => Some(Self::Validation),
            Fate::NotTaken(NotTaken::Throttled(_)) => Some(Self::RateLimit),
            Fate::NotTaken(NotTaken::NotSent(_) | NotTaken::Overloaded(_)) => Some(Self::Transient),
            Fate::Unknown(_) => match effect {
                Effect::Once => Some(Self::InDoubt),
                Effect::Read | Effect::Idempotent => Some(Self::Transient),
            },
        }
    }

    /// The name in tables and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::RateLimit => "rate_limit",
            Self::Transient => "transient",
            Self::Validation => "validation",
            Self::Clock => "clock",
            Self::InDoubt => "in_doubt",
        }
    }
}
