//! The dispatcher: asks what may leave, in order, and keeps nothing itself.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::CallId;
use tradewind_model::outcome::Meter;
use tradewind_model::tariff::{Limit, Weight};

use crate::clock::VenueClock;
use crate::config::SchedulerConfig;
use crate::permit::Permit;
use crate::shut::ScopeKey;
use crate::snapshot::Snapshot;
use crate::ticket::{Priority, Ticket};

/// What there is to do about a waiting call.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// It may leave. It is charged, and on the wire from here on.
    Admit(Permit),
    /// Its deadline has passed; it leaves the queue and costs nothing.
    Expire(Ticket),
}

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

/// `request-weight-1m`: the kind and the window's length.
fn limit_name(limit: &Limit) -> String {
    let secs = limit.interval.as_secs();
    let length = match secs {
        0 => format!("{}ms", limit.interval.as_millis()),
        _ if secs % 86_400 == 0 => format!("{}d", secs / 86_400),
        _ if secs % 3_600 == 0 => format!("{}h", secs / 3_600),
        _ if secs % 60 == 0 => format!("{}m", secs / 60),
        _ => format!("{secs}s"),
    };
    format!("{}-{length}", limit.kind.name())
}

/// What an answer told of the call it answers.
#[derive(Clone, Copy, Debug)]
pub struct Settlement<'a> {
    /// Whether the venue did what was asked; some charge less then.
    pub succeeded: bool,
    /// What the venue said of its counters.
    pub meter: &'a Meter,
}

/// Decides when each call to one venue may leave.
#[derive(Debug)]
pub struct Scheduler {
    config: SchedulerConfig,
    clock: VenueClock,
    queue: BTreeMap<(Priority, Timestamp, u64), Ticket>,
    submitted: u64,
    in_flight: BTreeMap<CallId, EndpointGroup>,
    shut: BTreeMap<ScopeKey, Timestamp>,
}

impl Scheduler {
    /// A scheduler without limits: see [`set_limits`](Self::set_limits).
    #[must_use]
    pub fn new(config: SchedulerConfig) -> Self {
        Self {
            config,
            clock: VenueClock::UNSYNCED,
            queue: BTreeMap::new(),
            submitted: 0,
            in_flight: BTreeMap::new(),
            shut: BTreeMap::new(),
        }
    }

    /// Puts these limits in force, in place of all earlier ones. Each address, account and socket
    /// gets a counter of its own, at its first call. What was counted of a limit that stays (same
    /// kind, scope, interval and alignment) is kept, whatever its new capacity.
    pub fn set_limits(&mut self, _now: Timestamp, _limits: &[Limit]) {}

    /// Sets what is known of the venue's clock: it shows `local + offset_ns`, to within `eps`
    /// either way. Errors above 30 s are taken as 30 s.
    pub fn set_clock(&mut self, offset_ns: i64, eps: Duration) {
        self.clock = VenueClock::new(offset_ns, eps);
    }

    /// Queues a call.
    ///
    /// # Errors
    /// When it could never leave, or too many of its class wait already.
    pub fn submit(&mut self, _now: Timestamp, ticket: Ticket) -> Result<(), Never> {
        self.submitted += 1;
        self.queue
            .insert((ticket.priority, ticket.deadline, self.submitted), ticket);
        Ok(())
    }

    /// Takes a call back that still waits; none when it does not. It costs nothing.
    pub fn remove(&mut self, call: CallId) -> Option<Ticket> {
        let key = *self.queue.iter().find(|(_, ticket)| ticket.call == call)?.0;
        self.queue.remove(&key)
    }

    /// What there is to do now; none when nothing is. Ask until none.
    pub fn poll(&mut self, now: Timestamp) -> Option<Next> {
        let (key, ticket) = self.queue.first_key_value()?;
        if ticket.deadline > now
            && self
                .in_flight
                .values()
                .filter(|group| **group == ticket.group)
                .count()
                >= self.config.concurrency.cap(ticket.group) as usize
        {
            return None;
        }
        let key = *key;
        let ticket = self.queue.remove(&key)?;
        if ticket.deadline <= now {
            return Some(Next::Expire(ticket));
        }
        self.in_flight.insert(ticket.call, ticket.group);
        Some(Next::Admit(Permit::new(ticket.call, ticket.deadline, now)))
    }

    /// The earliest time at which [`poll`](Self::poll) may have something, unless something else
    /// happens before; none when only an answer or a new call can change anything. Holds from
    /// when `poll` has returned none until the next other call to the scheduler; before that, it
    /// is [`Timestamp::EPOCH`]: at once.
    #[must_use]
    pub fn wakeup(&self) -> Option<Timestamp> {
        self.queue.values().map(|ticket| ticket.deadline).min()
    }

    /// The answer to a call is complete. Does nothing for a call that is not on the wire.
    pub fn settle(&mut self, _now: Timestamp, call: CallId, _settlement: Settlement<'_>) {
        self.in_flight.remove(&call);
    }

    /// A call's connection was closed without an answer. What it costs may still be counted for
    /// 5 s. Does nothing for a call that is not on the wire.
    pub fn abandon(&mut self, _now: Timestamp, call: CallId) {
        self.in_flight.remove(&call);
    }

    /// It is proven that not a byte of a call was written: what it was charged is taken back.
    /// Does nothing for a call that is not on the wire.
    pub fn forget_unsent(&mut self, call: CallId) {
        self.in_flight.remove(&call);
    }

    /// Lets nothing of `scope` leave before `until`. Of several times, the latest holds.
    pub fn shut(&mut self, _now: Timestamp, scope: ScopeKey, until: Timestamp) {
        let entry = self.shut.entry(scope).or_insert(until);
        *entry = until.max(*entry);
    }

    /// Until when `scope` is shut; none when it is open.
    #[must_use]
    pub fn shut_until(&self, now: Timestamp, scope: &ScopeKey) -> Option<Timestamp> {
        self.shut.get(scope).copied().filter(|until| *until > now)
    }

    /// The state at `now`, for people to look at.
    #[must_use]
    pub fn snapshot(&self, _now: Timestamp) -> Snapshot {
        let flying = |group| {
            let count = self.in_flight.values().filter(|g| **g == group).count();
            (group, count)
        };
        Snapshot {
            buckets: Vec::new(),
            queued: Priority::ALL.map(|class| {
                let waiting = self.queue.keys().filter(|key| key.0 == class).count();
                (class, waiting)
            }),
            in_flight: [
                flying(EndpointGroup::Orders),
                flying(EndpointGroup::Private),
                flying(EndpointGroup::Public),
                flying(EndpointGroup::Streams),
            ],
            shut: self.shut.iter().map(|(k, t)| (*k, *t)).collect(),
        }
    }
}
