//! A call that waits for leave: how urgent it is, what it costs, and whose counters it draws on.

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::{AccountId, CallId, EgressId};
use tradewind_model::tariff::Cost;

use crate::breaker::BreakerKey;
use crate::shut::ScopeKey;

/// How urgent a call is. Classes are strict: while a call of one could leave, none of a later one
/// does. The order of the variants is the order of the classes, so the most urgent is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Lowers risk: the kill switch, a cancel, the resolution of an order in doubt.
    Critical,
    /// New orders.
    Trade,
    /// What the core needs to know: resync, balances.
    Query,
    /// What would be good to know: refreshes, catalogs.
    Background,
}

impl Priority {
    /// All classes, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::Trade, Self::Query, Self::Background];

    /// Whether calls of this class are paced over the window, so that a burst of refreshes does
    /// not burn a minute's budget in its first seconds.
    #[must_use]
    pub const fn is_paced(self) -> bool {
        match self {
            Self::Critical | Self::Trade => false,
            Self::Query | Self::Background => true,
        }
    }

    /// The name in messages and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Trade => "trade",
            Self::Query => "query",
            Self::Background => "background",
        }
    }

    /// The place in an array with an entry a class.
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Critical => 0,
            Self::Trade => 1,
            Self::Query => 2,
            Self::Background => 3,
        }
    }
}

/// Where a call leaves from, and so whose counters it draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The address it leaves by.
    pub egress: EgressId,
    /// The account it is made for; none for public calls. Limits of accounts do not touch those.
    pub account: Option<AccountId>,
    /// The socket it is written to, where that has limits of its own; numbers are never reused.
    pub socket: Option<u32>,
}

/// A call that waits for leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Which call.
    pub call: CallId,
    /// What it draws from each kind of limit.
    pub cost: Cost,
    /// How urgent it is.
    pub priority: Priority,
    /// Whose slots on the wire it takes.
    pub group: EndpointGroup,
    /// Whose counters it draws on.
    pub origin: Origin,
    /// Worthless from here on: it expires instead of leaving.
    pub deadline: Timestamp,
    /// When its caller asked for it.
    pub submitted_at: Timestamp,
    /// Who asked, as a number: owners share what a class may have evenly. 0 when nobody in
    /// particular did.
    pub owner: u32,
    /// What it is to probe, for the one call that may leave before others: see
    /// [`Next::Probe`](crate::Next::Probe).
    pub probe: Option<Probe>,
}

/// What a probe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Probe {
    /// A shut scope.
    Scope(ScopeKey),
    /// An open breaker.
    Breaker(BreakerKey),
}

impl Ticket {
    /// The breaker that watches it.
    pub(crate) const fn breaker(&self) -> BreakerKey {
        BreakerKey { account: self.origin.account, group: self.group }
    }
}
