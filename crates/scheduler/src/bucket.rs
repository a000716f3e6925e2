//! One limit of one owner: what it can have been charged, and whether it has room.
//!
//! Two ways of counting stand behind one face: windows that lie on the calendar are kept as the
//! venue keeps them ([`window`]), all others as a log of what may still be counted ([`rolling`]).

mod allowance;
mod foreign;
mod habits;
mod open;
mod rolling;
mod span;
mod sums;
mod wanted;
mod window;

use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::tariff::{Alignment, Limit, LimitKind, LimitScope, Weight};

use crate::bucket::rolling::RollingLog;
use crate::bucket::span::Span;
use crate::bucket::window::WindowLedger;
use crate::clock::Now;
use crate::config::Reserves;
use crate::snapshot::{BucketOwner, BucketView};
use crate::ticket::Priority;

/// How long after its connection was closed a call may still land: bytes that a proxy or the
/// kernel had in hand. Far above what a closed TCP connection needs.
pub(crate) const LANDING_TAIL: Duration = Duration::from_secs(5);

/// The number of one admission. A call that is submitted again gets a new one, so what an earlier
/// attempt may still cost is never mistaken for the later one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChargeId(pub(crate) u64);

/// What a call draws from one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount {
    /// Until the call's fate is known, and if it fails.
    pub(crate) weight: Weight,
    /// Once it has succeeded.
    pub(crate) on_success: Weight,
}

impl Amount {
    /// Nothing at all.
    pub(crate) const NOTHING: Self = Self { weight: 0, on_success: 0 };
}

/// How a charge ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Resolution {
    /// With an answer: whether it was a success, and what it said of this bucket.
    Answered { succeeded: bool, reading: Option<Weight> },
    /// With its connection closed and no answer.
    Closed,
}

/// On what terms a class may draw on a bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a> {
    pub(crate) class: Priority,
    pub(crate) reserves: &'a Reserves,
    pub(crate) pacing: bool,
}

/// One limit of one owner.
#[derive(Debug)]
pub(crate) struct Bucket {
    limit: Limit,
    owner: BucketOwner,
    ledger: Ledger,
    peak: u64,
    /// Until when only half of it is used, after the venue has turned a call away.
    halved_until: Option<Timestamp>,
    /// How many processes have one part each of it.
    share: u32,
}

#[derive(Debug)]
enum Ledger {
    Calendar(Box<WindowLedger>),
    Rolling(RollingLog),
}

impl Bucket {
    pub(crate) fn new(limit: Limit, owner: BucketOwner, share: u32) -> Self {
        let share = share_of(&limit, share);
        let ledger = match limit.alignment {
            // The venue counts unfilled orders, and gives credit for fills.
            Alignment::Calendar => Ledger::Calendar(Box::new(WindowLedger::new(
                limit.interval,
                limit.kind == LimitKind::Orders,
            ))),
            Alignment::Rolling => Ledger::Rolling(RollingLog::new(limit.interval)),
        };
        Self { limit, owner, ledger, peak: 0, halved_until: None, share }
    }

    pub(crate) const fn limit(&self) -> &Limit {
        &self.limit
    }

    pub(crate) fn set_capacity(&mut self, capacity: Weight) {
        self.limit.capacity = capacity;
    }

    /// Uses only half of it until then, or until later where that was said before.
    pub(crate) fn halve(&mut self, until: Timestamp) {
        self.halved_until = self.halved_until.max(Some(until));
    }

    /// How much of it we use: our part of what all may.
    fn capacity(&self, now: Timestamp) -> Weight {
        part(self.whole(now), self.share)
    }

    /// How much of it all may use: half, at least 1, after the venue has turned a call away.
    fn whole(&self, now: Timestamp) -> Weight {
        let capacity = self.limit.capacity;
        match self.halved_until {
            Some(until) if now < until => (capacity / 2).max(capacity.min(1)),
            _ => capacity,
        }
    }

    /// The most that `class` could ever have of an empty bucket.
    pub(crate) fn most_for(
        limit: &Limit,
        class: Priority,
        reserves: &Reserves,
        share: u32,
    ) -> Weight {
        let capacity = part(limit.capacity, share_of(limit, share));
        match limit.alignment {
            Alignment::Calendar => capacity - reserves.above(class, capacity),
            Alignment::Rolling => rolling::slots_for(class, capacity),
        }
    }

    /// Whether `weight` may certainly be drawn now; what is nearly always so is found out fast.
    /// Where this says no, [`check`](Self::check) may still say yes.
    #[inline]
    pub(crate) fn plainly_fits(&self, now: &Now, weight: Weight, terms: Terms<'_>) -> bool {
        // A call that draws nothing is none of this bucket's business, however full it is.
        weight == 0
            || match &self.ledger {
                Ledger::Calendar(windows) if self.halved_until.is_none() && self.share == 1 => {
                    windows.plainly_fits(now, weight, self.limit.capacity, terms)
                }
                Ledger::Calendar(_) | Ledger::Rolling(_) => false,
            }
    }

    /// Whether `weight` may be drawn now.
    ///
    /// # Errors
    /// With the earliest time at which it might, if nothing else happens; with none when only an
    /// answer can make room.
    pub(crate) fn check(
        &mut self,
        now: &Now,
        weight: Weight,
        terms: Terms<'_>,
    ) -> Result<(), Option<Timestamp>> {
        if weight == 0 {
            return Ok(());
        }
        let room = Room { ours: self.capacity(now.local), whole: self.whole(now.local) };
        let checked = match &mut self.ledger {
            Ledger::Calendar(windows) => windows.check(now, weight, room, terms).map_err(Some),
            Ledger::Rolling(log) => {
                log.check(now.local, weight, rolling::slots_for(terms.class, room.ours))
            }
        };
        // When the whole of it is used again, there is room at once.
        checked.map_err(|until| match self.halved_until.filter(|whole_at| now.local < *whole_at) {
            Some(whole_at) => Some(until.map_or(whole_at, |until| until.min(whole_at))),
            None => until,
        })
    }

    /// Whether there may be room now for somebody who has found none: not, as long as no less is
    /// counted than then. Tells it once.
    pub(crate) fn take_loosened(&mut self, now: &Now) -> bool {
        let capacity = self.capacity(now.local);
        match &mut self.ledger {
            Ledger::Calendar(windows) => windows.take_loosened(now, capacity),
            Ledger::Rolling(log) => log.take_loosened(),
        }
    }

    /// Charges a call that leaves now.
    pub(crate) fn charge(&mut self, now: &Now, charge: ChargeId, class: Priority, amount: Amount) {
        match &mut self.ledger {
            Ledger::Calendar(windows) => windows.charge(now, charge, class, amount),
            Ledger::Rolling(log) => log.charge(now.local, charge, amount),
        }
        self.note_peak(now);
    }

    /// Ends a charge, of which only its call's fate decides what remains.
    pub(crate) fn resolve(&mut self, now: &Now, charge: ChargeId, resolution: Resolution) {
        match &mut self.ledger {
            Ledger::Calendar(windows) => windows.resolve(now, charge, resolution),
            Ledger::Rolling(log) => log.resolve(now, charge, resolution),
        }
        self.note_peak(now);
    }

    /// Takes a charge back as if it had never been made.
    pub(crate) fn forget(&mut self, charge: ChargeId) {
        match &mut self.ledger {
            Ledger::Calendar(windows) => windows.forget(charge),
            Ledger::Rolling(log) => log.forget(charge),
        }
    }

    /// Whether nothing in it can matter to a later decision.
    pub(crate) fn is_idle(&self, now: &Now) -> bool {
        match &self.ledger {
            Ledger::Calendar(windows) => windows.is_idle(now),
            Ledger::Rolling(log) => log.used(now.local) == 0,
        }
    }

    pub(crate) fn view(&self, now: &Now, reserves: &Reserves) -> BucketView {
        let capacity = self.capacity(now.local);
        let (window_start, used, reading) = match &self.ledger {
            Ledger::Calendar(windows) => {
                let Span { index, start, .. } = Span::of(now.likely, self.limit.interval);
                (start, windows.bound(index, now.clock), windows.reading(index))
            }
            Ledger::Rolling(log) => (now.likely - self.limit.interval, log.used(now.local), None),
        };
        let reserved = match &self.ledger {
            Ledger::Calendar(windows) => {
                let terms = Terms { class: Priority::Query, reserves, pacing: false };
                let at = now.likely;
                let window = Span::of(at, self.limit.interval);
                let elapsed = at.since(window.start);
                let allowance = windows.allowance(at, window.start, capacity, terms);
                u64::from(capacity).saturating_sub(allowance.at(elapsed, self.limit.interval))
            }
            Ledger::Rolling(_) => {
                u64::from(capacity - rolling::slots_for(Priority::Query, capacity))
            }
        };
        BucketView {
            capacity,
            reserved: to_weight(reserved),
            limit: self.limit,
            owner: self.owner,
            window_start,
            used: to_weight(used),
            reading,
            peak: to_weight(self.peak.max(used)),
        }
    }

    /// What is left of it to others by a call of this class.
    #[cfg(test)]
    pub(crate) fn left_to_others(&self, now: &Now, class: Priority) -> u64 {
        match &self.ledger {
            Ledger::Calendar(windows) => {
                windows.left_to_others(now, self.capacity(now.local), class)
            }
            Ledger::Rolling(_) => 0,
        }
    }

    fn note_peak(&mut self, now: &Now) {
        let used = match &self.ledger {
            Ledger::Calendar(windows) => windows.bound_now(now),
            Ledger::Rolling(log) => log.used(now.local),
        };
        self.peak = self.peak.max(used);
    }
}

/// How much may be drawn from a window.
#[derive(Clone, Copy, Debug)]
struct Room {
    /// By us.
    ours: Weight,
    /// By all who share it.
    whole: Weight,
}

impl Room {
    const fn is_shared(self) -> bool {
        self.ours < self.whole
    }
}

/// How many share a limit: a socket has no other user than its process.
fn share_of(limit: &Limit, share: u32) -> u32 {
    match limit.scope {
        LimitScope::Egress | LimitScope::Account => share.max(1),
        LimitScope::Socket => 1,
    }
}

/// One part of `share`; at least 1 of what is not nothing.
fn part(capacity: Weight, share: u32) -> Weight {
    (capacity / share).max(capacity.min(1))
}

fn to_weight(sum: u64) -> Weight {
    Weight::try_from(sum).unwrap_or(Weight::MAX)
}
