//! What is not working, and so is left alone for a while.
//!
//! A breaker watches one group of endpoints for one account. It counts only what says that the way
//! to the venue or the venue itself is down: connections that fail, answers that do not come,
//! errors of the server. A refusal is an answer, and never counts.
//!
//! ```text
//! closed ─▶ open for a time ─▶ probing ─▶ trial ─▶ closed
//!               ▲                 │          │
//!               └── any failure, twice as long
//! ```
//!
//! The way back leads over reads that change nothing: three of them, one at a time. Then real
//! orders go one at a time, until three have been acknowledged. What lowers risk is always tried:
//! a cancel passes an open breaker, at most once a second for an account.

mod tally;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::call::EndpointGroup;
use tradewind_model::id::{AccountId, CallId};
use tradewind_model::outcome::{Fate, NotTaken, Unknown};

use crate::backoff::Jitter;
use crate::breaker::tally::Tally;
use crate::ticket::Priority;

/// The shortest and the longest time that a breaker stays open.
const OPEN_MIN: Duration = Duration::from_secs(1);
const OPEN_MAX: Duration = Duration::from_secs(60);
/// How many probes must go well, and how many orders after them.
const SUCCESSES: u32 = 3;
/// How long a probe that was asked for may take to come; then it is asked for again.
const PROBE_PATIENCE: Duration = Duration::from_secs(30);
/// How often what lowers risk passes an open breaker of an account.
const URGENT_EVERY: Duration = Duration::from_secs(1);

/// What a breaker watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BreakerKey {
    /// For whom; none for public calls.
    pub account: Option<AccountId>,
    /// Which calls.
    pub group: EndpointGroup,
}

impl fmt::Display for BreakerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.account {
            Some(account) => write!(f, "{:?} calls of {account}", self.group),
            None => write!(f, "{:?} calls", self.group),
        }
    }
}

/// The ways of being down, each counted for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outage {
    /// The connection failed or broke.
    Transport,
    /// No answer came in time.
    Timeout,
    /// The venue's servers answered with an error of their own, or with nothing that can be read.
    Server,
    /// The venue had no room.
    Overload,
}

impl Outage {
    /// Whether what became of a call says that something is down, and what; none when the venue
    /// has answered.
    #[must_use]
    pub const fn of(fate: &Fate) -> Option<Self> {
        match fate {
            Fate::Done(_)
            | Fate::Refused(_)
            | Fate::NotTaken(NotTaken::Throttled(_) | NotTaken::NotAttempted(_)) => None,
            Fate::NotTaken(NotTaken::NotSent(_)) | Fate::Unknown(Unknown::Broken(_)) => {
                Some(Self::Transport)
            }
            Fate::NotTaken(NotTaken::Overloaded(_)) => Some(Self::Overload),
            Fate::Unknown(Unknown::Timeout) => Some(Self::Timeout),
            Fate::Unknown(Unknown::Venue { .. } | Unknown::Unreadable(_)) => Some(Self::Server),
        }
    }

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Transport => 0,
            Self::Timeout => 1,
            Self::Server => 2,
            Self::Overload => 3,
        }
    }
}

/// How a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls leave.
    Closed,
    /// Only what lowers risk does.
    Open {
        /// What is down.
        outage: Outage,
        /// Since when, however often it was tried meanwhile.
        since: Timestamp,
        /// When the first probe goes.
        until: Timestamp,
    },
    /// Reads go one at a time.
    Probing {
        /// Since when it is not closed.
        since: Timestamp,
    },
    /// Orders go one at a time.
    Trial {
        /// Since when it is not closed.
        since: Timestamp,
    },
}

#[derive(Debug)]
struct Breaker {
    tally: Tally,
    /// How long it is open the next time.
    open_for: Duration,
    /// Since when it is not closed.
    since: Timestamp,
    outage: Outage,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    Open { until: Timestamp },
    Probing { successes: u32, asked_at: Option<Timestamp>, on_wire: Option<CallId> },
    Trial { acks: u32, on_wire: Option<CallId> },
}

/// All breakers of a venue.
#[derive(Debug)]
pub(crate) struct Breakers {
    breakers: BTreeMap<BreakerKey, Breaker>,
    /// When what lowers risk may pass next.
    urgent_at: BTreeMap<Option<AccountId>, Timestamp>,
    jitter: Jitter,
}

impl Breakers {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            breakers: BTreeMap::new(),
            urgent_at: BTreeMap::new(),
            jitter: Jitter::new(seed ^ 0xb4ea_4e45),
        }
    }

    /// Whether a call may leave.
    ///
    /// # Errors
    /// With the time from which on it might; with none when only another call's end can let it.
    pub(crate) fn check(
        &self,
        now: Timestamp,
        key: &BreakerKey,
        class: Priority,
        is_probe: bool,
    ) -> Result<(), Option<Timestamp>> {
        let Some(breaker) = self.breakers.get(key) else {
            return Ok(());
        };
        let blocked = match breaker.phase {
            Phase::Closed => return Ok(()),
            Phase::Probing { asked_at: Some(_), on_wire: None, .. } if is_probe => return Ok(()),
            Phase::Trial { on_wire: None, .. } => return Ok(()),
            Phase::Open { until } => Some(until),
            Phase::Probing { .. } | Phase::Trial { .. } => None,
        };
        if class != Priority::Critical {
            return Err(blocked);
        }
        match self.urgent_at.get(&key.account) {
            Some(at) if now < *at => Err(Some(*at)),
            _ => Ok(()),
        }
    }

    /// A call leaves that [`check`](Self::check) found free to.
    pub(crate) fn leave(
        &mut self,
        now: Timestamp,
        id: CallId,
        key: &BreakerKey,
        class: Priority,
        is_probe: bool,
    ) {
        let Some(breaker) = self.breakers.get_mut(key) else { return };
        match &mut breaker.phase {
            Phase::Closed => {}
            Phase::Probing { on_wire, .. } if is_probe => *on_wire = Some(id),
            Phase::Trial { on_wire: on_wire @ None, .. } => *on_wire = Some(id),
            Phase::Open { .. } | Phase::Probing { .. } | Phase::Trial { .. } => {
                if class == Priority::Critical {
                    self.urgent_at.insert(key.account, now + URGENT_EVERY);
                }
            }
        }
    }

    /// It is known what became of a call. Tells whether that moved a breaker.
    pub(crate) fn note(
        &mut self,
        now: Timestamp,
        id: CallId,
        key: &BreakerKey,
        outage: Option<Outage>,
    ) -> bool {
        // Sockets come back by a backoff of their own.
        if key.group == EndpointGroup::Streams {
            return false;
        }
        if outage.is_none() && !self.breakers.contains_key(key) {
            return false;
        }
        let breaker = self.breakers.entry(*key).or_insert_with(|| Breaker::new(now));
        let before = breaker.phase;
        match (breaker.phase, outage) {
            (Phase::Closed, outage) => {
                if let Some(outage) = breaker.tally.note(now, outage) {
                    (breaker.since, breaker.outage) = (now, outage);
                    breaker.open(now, &mut self.jitter);
                }
            }
            (Phase::Probing { on_wire: Some(probe), .. }, Some(outage)) if probe == id => {
                breaker.outage = outage;
                breaker.open(now, &mut self.jitter);
            }
            (Phase::Trial { on_wire: Some(trial), .. }, Some(outage)) if trial == id => {
                breaker.outage = outage;
                breaker.open(now, &mut self.jitter);
            }
            (Phase::Probing { successes, on_wire: Some(probe), .. }, None) if probe == id => {
                let successes = successes + 1;
                breaker.phase = if successes < SUCCESSES {
                    Phase::Probing { successes, asked_at: None, on_wire: None }
                } else if key.group == EndpointGroup::Orders {
                    Phase::Trial { acks: 0, on_wire: None }
                } else {
                    breaker.close();
                    Phase::Closed
                };
            }
            (Phase::Trial { acks, on_wire: Some(trial) }, None) if trial == id => {
                let acks = acks + 1;
                breaker.phase = Phase::Trial { acks, on_wire: None };
                if acks == SUCCESSES {
                    breaker.close();
                }
            }
            // What left before it opened, or passed it, tells nothing new.
            (Phase::Open { .. } | Phase::Probing { .. } | Phase::Trial { .. }, _) => {}
        }
        before != breaker.phase
    }

    /// A call is over, whether it is known how or not: it stands in nobody's way any more.
    /// Tells whether it did.
    pub(crate) fn end(&mut self, id: CallId) -> bool {
        let mut has_moved = false;
        for breaker in self.breakers.values_mut() {
            match &mut breaker.phase {
                Phase::Probing { on_wire, asked_at, .. } if *on_wire == Some(id) => {
                    (*on_wire, *asked_at) = (None, None);
                    has_moved = true;
                }
                Phase::Trial { on_wire, .. } if *on_wire == Some(id) => {
                    *on_wire = None;
                    has_moved = true;
                }
                Phase::Closed
                | Phase::Open { .. }
                | Phase::Probing { .. }
                | Phase::Trial { .. } => {}
            }
        }
        has_moved
    }

    /// The next breaker that wants a probe; each is told once a probe.
    pub(crate) fn next_probe(&mut self, now: Timestamp) -> Option<BreakerKey> {
        let (key, breaker) = self
            .breakers
            .iter_mut()
            .find(|(_, breaker)| breaker.due_at().is_some_and(|due| due <= now))?;
        let successes = match breaker.phase {
            Phase::Probing { successes, .. } => successes,
            Phase::Closed | Phase::Open { .. } | Phase::Trial { .. } => 0,
        };
        breaker.phase = Phase::Probing { successes, asked_at: Some(now), on_wire: None };
        Some(*key)
    }

    /// When [`next_probe`](Self::next_probe) may have something.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.breakers.values().filter_map(Breaker::due_at).min()
    }

    /// All breakers that are not closed.
    /// What takes no order now, and how it is down.
    pub(crate) fn outages(&self) -> Vec<(BreakerKey, Outage)> {
        let takes_none = |breaker: &Breaker| match breaker.state() {
            BreakerState::Open { .. } | BreakerState::Probing { .. } => true,
            BreakerState::Closed | BreakerState::Trial { .. } => false,
        };
        let down = self.breakers.iter().filter(|(_, breaker)| takes_none(breaker));
        down.map(|(key, breaker)| (*key, breaker.outage)).collect()
    }

    pub(crate) fn states(&self) -> Vec<(BreakerKey, BreakerState)> {
        self.breakers
            .iter()
            .map(|(key, breaker)| (*key, breaker.state()))
            .filter(|(_, state)| *state != BreakerState::Closed)
            .collect()
    }
}

impl Breaker {
    fn new(now: Timestamp) -> Self {
        Self {
            tally: Tally::default(),
            open_for: OPEN_MIN,
            since: now,
            outage: Outage::Transport,
            phase: Phase::Closed,
        }
    }

    fn open(&mut self, now: Timestamp, jitter: &mut Jitter) {
        let until = now + self.open_for + jitter.up_to(self.open_for / 4);
        self.open_for = self.open_for.saturating_mul(2).min(OPEN_MAX);
        self.phase = Phase::Open { until };
    }

    fn close(&mut self) {
        self.tally = Tally::default();
        self.open_for = OPEN_MIN;
        self.phase = Phase::Closed;
    }

    fn due_at(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Open { until } => Some(until),
            Phase::Probing { asked_at: Some(at), on_wire: None, .. } => Some(at + PROBE_PATIENCE),
            Phase::Probing { asked_at: None, .. } => Some(Timestamp::EPOCH),
            Phase::Closed | Phase::Probing { .. } | Phase::Trial { .. } => None,
        }
    }

    const fn state(&self) -> BreakerState {
        let Self { outage, since, .. } = *self;
        match self.phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open { until } => BreakerState::Open { outage, since, until },
            Phase::Probing { .. } => BreakerState::Probing { since },
            Phase::Trial { .. } => BreakerState::Trial { since },
        }
    }
}
