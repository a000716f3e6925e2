//! What an operator may choose of the scheduler. The defaults are safe everywhere.

use std::time::Duration;

use tradewind_model::call::EndpointGroup;
use tradewind_model::tariff::Weight;

use crate::ticket::Priority;

/// How a venue's calls are scheduled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchedulerConfig {
    /// How many calls of each group may be on the wire at once.
    pub concurrency: Concurrency,
    /// How many calls of each class may wait.
    pub queue: QueueCapacity,
    /// What each class leaves to the more urgent ones.
    pub reserves: Reserves,
    /// Whether reads are spread over a window rather than let through as they come.
    pub pacing: bool,
    /// Whether calls leave an egress one at a time until the venue has said how much of its
    /// windows an earlier life of this process has used.
    pub cold_start: bool,
    /// How long only half of a limit is used after the venue has turned a call away for it.
    pub caution: Duration,
    /// How long what was held up takes to come back once a shut scope opens.
    pub ramp: Duration,
    /// How many processes share the limits and know nothing else of each other; this one keeps to
    /// one part of each limit and of the slots on the wire. 1 when it has them alone. Limits of
    /// sockets are not shared.
    pub share: u32,
    /// What all randomness follows from. Processes that share anything need different ones, or
    /// they come back from a ban in step.
    pub seed: u64,
}

impl Default for SchedulerConfig {
    fn default() -> Self {
        Self {
            concurrency: Concurrency::default(),
            queue: QueueCapacity::default(),
            reserves: Reserves::default(),
            pacing: true,
            cold_start: true,
            caution: Duration::from_secs(600),
            ramp: Duration::from_secs(10),
            share: 1,
            seed: 0,
        }
    }
}

/// How many calls of each group may be on the wire at once; 0 is taken as 1. Of reads, fewer may
/// be while the venue is slow or in trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concurrency {
    /// Order entry and cancels. One of them, where there are at least two, is left to
    /// [`Priority::Critical`], so that a cancel never waits for slow answers to new orders.
    pub orders: u32,
    /// Signed reads. What is [`Priority::Critical`] has one more.
    pub private: u32,
    /// Unsigned reads.
    pub public: u32,
    /// Handshakes and control messages of WebSockets.
    pub streams: u32,
}

impl Default for Concurrency {
    fn default() -> Self {
        Self { orders: 8, private: 2, public: 4, streams: 1 }
    }
}

impl Concurrency {
    /// The cap of a group, at least 1.
    pub(crate) fn cap(&self, group: EndpointGroup) -> u32 {
        match group {
            EndpointGroup::Orders => self.orders,
            EndpointGroup::Private => self.private,
            EndpointGroup::Public => self.public,
            EndpointGroup::Streams => self.streams,
        }
        .max(1)
    }
}

/// How many calls of each class may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueCapacity {
    /// Of [`Priority::Critical`].
    pub critical: usize,
    /// Of [`Priority::Trade`].
    pub trade: usize,
    /// Of [`Priority::Query`].
    pub query: usize,
    /// Of [`Priority::Background`].
    pub background: usize,
}

impl Default for QueueCapacity {
    fn default() -> Self {
        Self { critical: 4_096, trade: 4_096, query: 4_096, background: 4_096 }
    }
}

impl QueueCapacity {
    pub(crate) const fn of(&self, class: Priority) -> usize {
        match class {
            Priority::Critical => self.critical,
            Priority::Trade => self.trade,
            Priority::Query => self.query,
            Priority::Background => self.background,
        }
    }
}

/// What is kept of every window for a class, and so left untouched by all less urgent ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserves {
    /// Kept for [`Priority::Critical`].
    pub critical: Reserve,
    /// Kept for [`Priority::Trade`].
    pub trade: Reserve,
    /// Kept for [`Priority::Query`].
    pub query: Reserve,
}

impl Default for Reserves {
    fn default() -> Self {
        Self {
            critical: Reserve { permille: 10, at_least: 4, learns: true },
            trade: Reserve { permille: 50, at_least: 0, learns: true },
            query: Reserve::NONE,
        }
    }
}

/// A part of a window: `permille` of it at its start, shrinking as it passes, and `at_least` until
/// it ends. Never more than a quarter of it, whatever is asked for or learnt, so that no set of
/// reserves can close a window to a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// Thousandths of the capacity.
    pub permille: u16,
    /// But not less than this.
    pub at_least: Weight,
    /// Whether more is kept when the class was seen to need more.
    pub learns: bool,
}

impl Reserve {
    /// Nothing is kept.
    pub const NONE: Self = Self { permille: 0, at_least: 0, learns: false };

    fn of(self, capacity: Weight) -> Weight {
        let share = u64::from(capacity) * u64::from(self.permille) / 1_000;
        let share = Weight::try_from(share).unwrap_or(Weight::MAX);
        share.max(self.at_least).min(capacity / 4)
    }
}

impl Reserves {
    /// What is kept for a class; none for the last, for which nothing is.
    pub(crate) const fn of(&self, class: Priority) -> Option<Reserve> {
        match class {
            Priority::Critical => Some(self.critical),
            Priority::Trade => Some(self.trade),
            Priority::Query => Some(self.query),
            Priority::Background => None,
        }
    }

    /// What `class` must leave of a window of this capacity.
    pub(crate) fn above(&self, class: Priority, capacity: Weight) -> Weight {
        let (critical, trade, query) =
            (self.critical.of(capacity), self.trade.of(capacity), self.query.of(capacity));
        match class {
            Priority::Critical => 0,
            Priority::Trade => critical,
            Priority::Query => critical + trade,
            Priority::Background => critical + trade + query,
        }
    }
}
