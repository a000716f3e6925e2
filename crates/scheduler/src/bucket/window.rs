//! The ledger of a limit whose windows lie on the calendar.
//!
//! The venue adds each call to the window in which the call lands, which is somewhere between its
//! sending and its answer. So a call is charged to every window that it may have landed in, and the
//! sum of a window is an upper bound of the venue's count, never an estimate:
//!
//! - while a call is *open* (no answer yet), it counts in the window of its sending and in all
//!   later ones;
//! - once its answer is there, it counts in the windows between its sending and its answer: almost
//!   always one;
//! - what the venue says in an answer replaces our own sum where it is higher, because others may
//!   use the same counter. It covers only what had certainly landed when it was said, so everything
//!   else is added on top of it.
//!
//! The last point is the hard part. A counter that only rises needs no order among answers: the
//! highest reading is the newest, and it covers every call whose own answer brought a reading. What
//! came back without one stays on top until a later call's answer brings one. A counter that may
//! fall (a venue that gives credit for filled orders) has no such order, so each reading is kept
//! with what may have landed after it, until a call that was sent after its answer brings a newer
//! one. Among readings whose calls overlapped, the greatest bound holds: which is the newest cannot
//! be known, and others may have placed orders between them.
//!
//! Memory is bounded by the calls in flight: a resolved charge survives only in sums, and sums of
//! windows that have passed are dropped.

use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::tariff::Weight;

use crate::bucket::allowance::{Allowance, Forecast};
use crate::bucket::foreign::Foreign;
use crate::bucket::habits::Habits;
use crate::bucket::{Amount, ChargeId, LANDING_TAIL, Resolution, Room, Terms};
use crate::clock::VenueClock;
use crate::ticket::Priority;

/// How long after its admission a call may be written. A call that is admitted so close to a
/// window's end is checked against the next window as well.
const WRITE_DELAY_MAX: Duration = Duration::from_millis(60);

/// The windows of one limit.
#[derive(Debug)]
pub(super) struct WindowLedger {
    interval: Duration,
    /// Whether the venue's counter can go down inside a window.
    may_fall: bool,
    open: Vec<Open>,
    /// In order of their indices; only those that can still matter.
    windows: Vec<Window>,
    habits: Habits,
    foreign: Foreign,
}

/// A charge whose landing has no end yet.
#[derive(Debug)]
struct Open {
    charge: ChargeId,
    class: Priority,
    amount: Amount,
    sent_at: Timestamp,
    /// The first window it can have landed in.
    first: u64,
    /// When its landing ends, for a call whose connection was closed without an answer.
    ends_at: Option<Timestamp>,
    /// What was resolved since it was sent, and so may be missing from what its answer will say.
    overlapped: u64,
}

impl Open {
    /// The last window it can have landed in, if its landing ended at `at`. Never before the
    /// first, though a clock measured since then contradict the one that it was sent by.
    fn last(&self, at: Timestamp, interval: Duration, clock: VenueClock) -> u64 {
        clock.latest(at).window_index(interval).max(self.first)
    }

    fn may_land_in(&self, index: u64, interval: Duration, clock: VenueClock) -> bool {
        self.first <= index
            && self.ends_at.is_none_or(|ends_at| index <= self.last(ends_at, interval, clock))
    }
}

/// The sums of one window.
#[derive(Debug)]
struct Window {
    index: u64,
    /// Our own resolved charges.
    own: u64,
    /// Those of them that no reading is known to cover.
    unseen: u64,
    /// When the last of those was resolved.
    unseen_until: Timestamp,
    /// The highest reading.
    used: Option<Weight>,
    /// The first and the highest reading, each with what was ours by then.
    seen: Option<(Seen, Seen)>,
    /// Of a counter that may fall: the readings that may be the newest.
    bounds: Vec<Bound>,
}

/// A reading, and what was ours by then.
#[derive(Clone, Copy, Debug)]
struct Seen {
    own: u64,
    used: Weight,
}

/// A reading of a counter that may fall, and what may have landed after it.
#[derive(Debug)]
struct Bound {
    resolved_at: Timestamp,
    used: u64,
}

impl Window {
    const fn new(index: u64) -> Self {
        Self {
            index,
            own: 0,
            unseen: 0,
            unseen_until: Timestamp::EPOCH,
            used: None,
            seen: None,
            bounds: Vec::new(),
        }
    }

    /// The most that we may draw of a window that others draw on, too, by what was seen of it. The
    /// part of us all in what was left when it was first read: what was gone by then was gone for
    /// everybody, be it an earlier life of each of us or a stranger. And the same of what is left
    /// now, since a stranger may have come.
    fn part(&self, room: Room) -> Option<u64> {
        let (first, highest) = self.seen?;
        let part = |seen: Seen| {
            let left = u64::from(room.whole.saturating_sub(seen.used));
            seen.own + left * u64::from(room.ours) / u64::from(room.whole.max(1))
        };
        Some(part(first).min(part(highest)))
    }

    /// The most that the venue can have counted of what is resolved.
    fn resolved(&self) -> u64 {
        match self.bounds.iter().map(|bound| bound.used).max() {
            Some(greatest) => greatest,
            None => self.own.max(u64::from(self.used.unwrap_or(0)) + self.unseen),
        }
    }

    fn add(&mut self, weight: Weight) {
        let weight = u64::from(weight);
        self.own += weight;
        for bound in &mut self.bounds {
            bound.used += weight;
        }
    }

    /// Takes in what the answer to `open`, complete at `at`, said of this window.
    fn read(&mut self, open: &Open, used: Weight, at: Timestamp, may_fall: bool) {
        let seen = Seen { own: self.own, used };
        let (first, highest) = self.seen.unwrap_or((seen, seen));
        self.seen = Some((first, if used >= highest.used { seen } else { highest }));
        if may_fall {
            self.used = Some(used);
            self.bounds.retain(|bound| bound.resolved_at > open.sent_at);
            self.bounds.push(Bound { resolved_at: at, used: u64::from(used) + open.overlapped });
        } else {
            self.used = self.used.max(Some(used));
            if open.sent_at >= self.unseen_until {
                self.unseen = 0;
            }
        }
    }
}

impl WindowLedger {
    pub(super) fn new(interval: Duration, may_fall: bool) -> Self {
        Self {
            interval,
            may_fall,
            open: Vec::new(),
            windows: Vec::new(),
            habits: Habits::new(interval, !may_fall),
            foreign: Foreign::new(interval),
        }
    }

    /// The most that the venue can have counted in a window by now, and what is on its way there.
    pub(super) fn bound(&self, index: u64, clock: VenueClock) -> u64 {
        self.open_in(index, clock) + self.window(index).map_or(0, Window::resolved)
    }

    /// The most that we ourselves can have added to a window by now.
    fn bound_of_ours(&self, index: u64, clock: VenueClock) -> u64 {
        self.open_in(index, clock) + self.window(index).map_or(0, |window| window.own)
    }

    fn open_in(&self, index: u64, clock: VenueClock) -> u64 {
        self.open
            .iter()
            .filter(|open| open.may_land_in(index, self.interval, clock))
            .map(|open| u64::from(open.amount.weight))
            .sum()
    }

    /// What the venue last said of a window.
    pub(super) fn reading(&self, index: u64) -> Option<Weight> {
        self.window(index).and_then(|window| window.used)
    }

    /// Whether `weight` fits every window that a call sent now can land in.
    ///
    /// # Errors
    /// With the earliest time at which it might fit, if nothing else happens.
    pub(super) fn check(
        &self,
        now: Timestamp,
        clock: VenueClock,
        weight: Weight,
        room: Room,
        terms: Terms<'_>,
    ) -> Result<(), Timestamp> {
        let earliest = clock.earliest(now);
        let first = earliest.window_index(self.interval);
        let last = clock.latest(now + WRITE_DELAY_MAX).window_index(self.interval);
        let elapsed = earliest.since(earliest.window_start(self.interval));
        for index in first..=last {
            let bound = self.bound(index, clock) + u64::from(weight);
            let mut allowance = self.allowance(earliest, index, room.ours, terms);
            let mut needed = bound;
            if room.is_shared() {
                // What the venue counts is of all who share it, so our part is held against our
                // own sum. The others keep to theirs, so nothing more is forecast of them; but
                // where there is no room at all, a part of it is nothing.
                needed = self.bound_of_ours(index, clock) + u64::from(weight);
                allowance.foreign = Forecast::default();
                if bound > u64::from(room.whole) || self.is_crowded(index, needed, room, terms) {
                    let start = earliest.window_start(self.interval);
                    return Err(clock.surely_past(start + self.interval));
                }
            }
            // Only the window at hand is paced: what spills over its end is bounded by what the
            // window at hand had left.
            let allowed = if index == first {
                allowance.at(elapsed, self.interval)
            } else {
                allowance.unpaced()
            };
            if needed > allowed {
                let start = earliest.window_start(self.interval);
                let until = if index == first {
                    allowance.fits_at(needed, elapsed, self.interval)
                } else {
                    self.interval
                };
                return Err(clock.surely_past(start + until));
            }
        }
        Ok(())
    }

    /// Whether so much of ours would be more than our part of what others have left of a window. To
    /// lower risk is never held up by that; nor is trading, whose counter is the account's, on
    /// which nobody else trades.
    fn is_crowded(&self, index: u64, needed: u64, room: Room, terms: Terms<'_>) -> bool {
        let part = self.window(index).and_then(|window| window.part(room));
        let is_held = terms.class != Priority::Critical && !self.may_fall;
        is_held && part.is_some_and(|part| needed > part)
    }

    /// What a class may draw from a window, as of the venue's time `at`.
    pub(super) fn allowance(
        &self,
        at: Timestamp,
        index: u64,
        capacity: Weight,
        terms: Terms<'_>,
    ) -> Allowance {
        let mut foreign = self.foreign.forecast(at, index, capacity);
        if terms.class == Priority::Critical {
            // What others may draw later does not hinder a call that lands now. Reads leave that
            // to them; a cancel, which a venue takes for next to nothing, does not wait for it.
            foreign.sloped = 0;
        }
        Allowance {
            capacity,
            kept: self.habits.kept(terms.class, terms.reserves, capacity),
            foreign,
            is_paced: terms.pacing && terms.class.is_paced(),
        }
    }

    pub(super) fn charge(
        &mut self,
        now: Timestamp,
        clock: VenueClock,
        charge: ChargeId,
        class: Priority,
        amount: Amount,
    ) {
        self.tidy(now, clock);
        self.habits.draw(clock.estimate(now), class, amount.weight, amount.on_success);
        self.open.push(Open {
            charge,
            class,
            amount,
            sent_at: now,
            first: clock.earliest(now).window_index(self.interval),
            ends_at: None,
            overlapped: 0,
        });
    }

    pub(super) fn resolve(
        &mut self,
        now: Timestamp,
        clock: VenueClock,
        charge: ChargeId,
        resolution: Resolution,
    ) {
        self.tidy(now, clock);
        let Some(at) = self.open.iter().position(|open| open.charge == charge) else {
            return;
        };
        match resolution {
            Resolution::Closed => self.open[at].ends_at = Some(now + LANDING_TAIL),
            Resolution::Answered { succeeded, reading } => {
                let open = self.open.swap_remove(at);
                let Amount { weight: charged, on_success } = open.amount;
                let weight = if succeeded { on_success } else { charged };
                if !succeeded {
                    self.habits.fail(open.class, charged.saturating_sub(on_success));
                }
                self.land(now, clock, &open, weight, now, reading);
            }
        }
    }

    pub(super) fn forget(&mut self, charge: ChargeId) {
        self.open.retain(|open| open.charge != charge);
    }

    /// Whether nothing is open and all windows have passed.
    pub(super) fn is_idle(&self, now: Timestamp, clock: VenueClock) -> bool {
        let oldest = self.oldest(now, clock);
        let is_over = |open: &Open| {
            open.ends_at.is_some_and(|ends_at| open.last(ends_at, self.interval, clock) < oldest)
        };
        self.open.iter().all(is_over) && self.windows.iter().all(|window| window.index < oldest)
    }

    /// Moves a charge whose landing has ended at `at` into the sums.
    fn land(
        &mut self,
        now: Timestamp,
        clock: VenueClock,
        open: &Open,
        weight: Weight,
        at: Timestamp,
        reading: Option<Weight>,
    ) {
        let oldest = self.oldest(now, clock);
        let last = open.last(at, self.interval, clock);
        // A reading belongs to the window in which its call has certainly landed; one that may
        // tell of either of two windows tells of none.
        let reading = reading.filter(|_| open.first == last);
        for other in &mut self.open {
            other.overlapped += u64::from(weight);
        }
        let may_fall = self.may_fall;
        if let Some(used) = reading
            && !may_fall
        {
            let ours = self.bound_of_ours(last, clock) + u64::from(open.amount.weight);
            let low = u64::from(used).saturating_sub(ours);
            let sent_at = clock.estimate(open.sent_at);
            self.foreign.read(clock.estimate(at), sent_at, last, low);
        }
        for index in open.first.max(oldest)..=last {
            let window = self.window_mut(index);
            window.add(weight);
            match reading {
                None => {
                    window.unseen += u64::from(weight);
                    window.unseen_until = window.unseen_until.max(at);
                }
                Some(used) => {
                    window.read(open, used, at, may_fall);
                }
            }
        }
    }

    /// Moves into the sums what has landed by now though it was never answered, and drops the
    /// windows that no call sent from now on can land in.
    fn tidy(&mut self, now: Timestamp, clock: VenueClock) {
        let has_ended = |open: &Open| open.ends_at.is_some_and(|ends_at| ends_at <= now);
        while let Some(at) = self.open.iter().position(has_ended) {
            let open = self.open.swap_remove(at);
            let ends_at = open.ends_at.unwrap_or(now);
            self.land(now, clock, &open, open.amount.weight, ends_at, None);
        }
        let oldest = self.oldest(now, clock);
        self.windows.retain(|window| window.index >= oldest);
    }

    /// The oldest window that can still matter: the one before that of the earliest landing, lest
    /// a clock that becomes less certain finds it gone.
    fn oldest(&self, now: Timestamp, clock: VenueClock) -> u64 {
        clock.earliest(now).window_index(self.interval).saturating_sub(1)
    }

    fn window(&self, index: u64) -> Option<&Window> {
        self.windows.iter().find(|window| window.index == index)
    }

    fn window_mut(&mut self, index: u64) -> &mut Window {
        let at = self
            .windows
            .iter()
            .position(|window| window.index >= index)
            .unwrap_or(self.windows.len());
        if self.windows.get(at).is_none_or(|window| window.index != index) {
            self.windows.insert(at, Window::new(index));
        }
        &mut self.windows[at]
    }
}
