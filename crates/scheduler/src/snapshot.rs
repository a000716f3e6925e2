//! What an operator sees of the scheduler: how full each limit is, what waits, what is on the wire.

use std::fmt;

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::{AccountId, EgressId};
use tradewind_model::tariff::{Limit, LimitKind, Weight};

use crate::breaker::{BreakerKey, BreakerState};
use crate::never::limit_name;
use crate::shut::{ScopeKey, ScopeState};
use crate::ticket::{Origin, Priority};

/// The state of a scheduler at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Every limit that something was charged to, ordered by limit and owner.
    pub buckets: Vec<BucketView>,
    /// How many calls wait in each class.
    pub queued: [(Priority, usize); 4],
    /// How many calls of each group are on the wire.
    pub in_flight: [(EndpointGroup, usize); 4],
    /// How many of each group may be on the wire now.
    pub caps: [(EndpointGroup, u32); 4],
    /// What is shut, and until when.
    pub shut: Vec<(ScopeKey, Timestamp)>,
    /// How every scope stands that is not open, those on their way there included.
    pub scopes: Vec<(ScopeKey, ScopeState)>,
    /// How every breaker stands that is not closed.
    pub breakers: Vec<(BreakerKey, BreakerState)>,
}

/// The books as they stood when the venue turned a call away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// When its answer came.
    pub at: Timestamp,
    /// Where the call had left from.
    pub origin: Origin,
    /// For which kind of limit, where the venue said.
    pub kind: Option<LimitKind>,
    /// The books, before anything was done about it.
    pub snapshot: Snapshot,
}

/// Whose counter a bucket is a copy of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BucketOwner {
    /// An address.
    Egress(EgressId),
    /// An account.
    Account(AccountId),
    /// A socket.
    Socket(EgressId, u32),
}

impl fmt::Display for BucketOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Egress(egress) => write!(f, "{egress}"),
            Self::Account(account) => write!(f, "{account}"),
            Self::Socket(egress, socket) => write!(f, "{egress}#{socket}"),
        }
    }
}

/// How full one limit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketView {
    /// The limit; its capacity is what a window holds.
    pub limit: Limit,
    /// Whose.
    pub owner: BucketOwner,
    /// How much of it is used at the most: its capacity, or half of that while the venue's last
    /// refusal is fresh.
    pub capacity: Weight,
    /// What reads must leave of that now: to more urgent calls, and to others on the same counter.
    pub reserved: Weight,
    /// Where the current window began, by the venue's clock; for a rolling limit, one interval
    /// ago.
    pub window_start: Timestamp,
    /// The most that the venue can have counted in the current window.
    pub used: Weight,
    /// What the venue itself last said of the current window, where it has said anything.
    pub reading: Option<Weight>,
    /// The highest `used` of any window so far.
    pub peak: Weight,
}

impl BucketView {
    /// The limit's name, `request-weight-1m`: its kind and the length of its windows.
    #[must_use]
    pub fn name(&self) -> String {
        limit_name(&self.limit)
    }
}
