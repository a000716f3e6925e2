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
use crate::bucket::open::{Open, OpenCharges};
use crate::bucket::span::Span;
use crate::bucket::sums::Window;
use crate::bucket::wanted::{Counted, Wanted};
use crate::bucket::{Amount, ChargeId, LANDING_TAIL, Resolution, Room, Terms};
use crate::clock::{Now, VenueClock};
use crate::ticket::Priority;

/// The windows of one limit.
#[derive(Debug)]
pub(super) struct WindowLedger {
    interval: Duration,
    /// Whether the venue's counter can go down inside a window.
    may_fall: bool,
    /// The window of the earliest landing, when that was last asked for.
    here: Span,
    open: OpenCharges,
    /// What was ever resolved.
    resolved: u64,

    /// In order of their indices; only those that can still matter.
    windows: Vec<Window>,
    habits: Habits,
    foreign: Foreign,
    wanted: Wanted,
    /// None where it takes more to tell.
    plain: Option<Plain>,
}

/// What is counted in the window at hand, while that is the only one in question and every call
/// that is open counts in it.
#[derive(Clone, Copy, Debug)]
struct Plain {
    span: Span,
    bound: u64,
}

impl WindowLedger {
    pub(super) fn new(interval: Duration, may_fall: bool) -> Self {
        Self {
            interval,
            may_fall,
            here: Span::NONE,
            open: OpenCharges::default(),
            resolved: 0,
            windows: Vec::new(),
            habits: Habits::new(interval, !may_fall),
            foreign: Foreign::new(interval),
            wanted: Wanted::Never,
            plain: None,
        }
    }

    /// The most that the venue can have counted in a window by now, and what is on its way there.
    pub(super) fn bound(&self, index: u64, clock: VenueClock) -> u64 {
        self.open_in(index, clock) + self.window(index).map_or(0, Window::resolved)
    }

    /// As [`bound`](Self::bound), of the window at hand.
    pub(super) fn bound_now(&self, now: &Now) -> u64 {
        match self.plain {
            Some(plain) if plain.span.holds(now.likely) => plain.bound,
            _ => self.bound(self.index_of(now.likely), now.clock),
        }
    }

    /// The most that we ourselves can have added to a window by now.
    fn bound_of_ours(&self, index: u64, clock: VenueClock) -> u64 {
        self.open_in(index, clock) + self.window(index).map_or(0, |window| window.own)
    }

    fn open_in(&self, index: u64, clock: VenueClock) -> u64 {
        self.open.weight_in(index, self.interval, clock)
    }

    /// What the venue last said of a window.
    pub(super) fn reading(&self, index: u64) -> Option<Weight> {
        self.window(index).and_then(|window| window.used)
    }

    /// Whether `weight` certainly fits every window that a call sent now can land in, where that
    /// can be told without much ado.
    pub(super) fn plainly_fits(
        &self,
        now: &Now,
        weight: Weight,
        capacity: Weight,
        terms: Terms<'_>,
    ) -> bool {
        let Some(Plain { span, bound }) = self.plain else { return false };
        if !span.holds(now.earliest) || !span.holds(now.written) || self.foreign.is_seen() {
            return false;
        }
        let kept = self.habits.last_kept(terms.class, capacity);
        let allowance = kept.map(|kept| Allowance {
            capacity,
            kept,
            foreign: Forecast::default(),
            is_paced: terms.pacing && terms.class.is_paced(),
        });
        allowance.is_some_and(|allowance| allowance.always_holds(bound + u64::from(weight)))
    }

    /// Whether `weight` fits every window that a call sent now can land in.
    ///
    /// # Errors
    /// With the earliest time at which it might fit, if nothing else happens.
    pub(super) fn check(
        &mut self,
        now: &Now,
        weight: Weight,
        room: Room,
        terms: Terms<'_>,
    ) -> Result<(), Timestamp> {
        let here = self.here.or_of(now.earliest, self.interval);
        self.here = here;
        let last = self.index_of(now.written);
        for index in here.index..last + 1 {
            let checked = self.check_window(index, now, weight, room, terms);
            if let Err(until) = checked {
                let counted = self.counted(index, now, room.ours);
                self.wanted = match self.wanted {
                    // More than what is counted in one window may have been in the way.
                    _ if here.index != last || room.is_shared() => Wanted::Anyhow,
                    Wanted::Never => Wanted::Below(counted),
                    Wanted::Below(before) if before.index == index => {
                        Wanted::Below(before.max(counted))
                    }
                    Wanted::Below(_) | Wanted::Anyhow => Wanted::Anyhow,
                };
                return Err(now.clock.surely_past(here.start + until));
            }
        }
        Ok(())
    }

    /// Whether there may be room now for somebody who has found none. Tells it once.
    pub(super) fn take_loosened(&mut self, now: &Now, capacity: Weight) -> bool {
        let has_loosened = match self.wanted {
            Wanted::Never => false,
            Wanted::Anyhow => true,
            Wanted::Below(before) => {
                self.here = self.here.or_of(now.earliest, self.interval);
                let index = self.here.index;
                let is_alone = self.here.holds(now.written);
                let counted = self.counted(index, now, capacity);
                !is_alone || index != before.index || counted.is_below(&before)
            }
        };
        if has_loosened {
            self.wanted = Wanted::Never;
        }
        has_loosened
    }

    fn counted(&self, index: u64, now: &Now, capacity: Weight) -> Counted {
        let begun_at = (index == self.here.index).then_some(self.here.start);
        Counted {
            index,
            bound: self.bound(index, now.clock),
            foreign: self.foreign.forecast(now.earliest, begun_at, capacity),
        }
    }

    /// Whether `weight` fits a window.
    ///
    /// # Errors
    /// With how much of the window at hand must have passed before it might, if nothing else
    /// happens.
    fn check_window(
        &mut self,
        index: u64,
        now: &Now,
        weight: Weight,
        room: Room,
        terms: Terms<'_>,
    ) -> Result<(), Duration> {
        let is_here = index == self.here.index;
        let begun_at = is_here.then_some(self.here.start);
        let bound = self.bound(index, now.clock) + u64::from(weight);
        let mut allowance = Allowance {
            capacity: room.ours,
            kept: self.habits.kept(terms.class, terms.reserves, room.ours),
            foreign: self.foreign_to(now.earliest, begun_at, room.ours, terms.class),
            is_paced: terms.pacing && terms.class.is_paced(),
        };
        let mut needed = bound;
        if room.is_shared() {
            // What the venue counts is of all who share it, so our part is held against our own
            // sum. The others keep to theirs, so nothing more is forecast of them; but where there
            // is no room at all, a part of it is nothing.
            needed = self.bound_of_ours(index, now.clock) + u64::from(weight);
            allowance.foreign = Forecast::default();
            if bound > u64::from(room.whole) || self.is_crowded(index, needed, room, terms) {
                return Err(self.interval);
            }
        }
        if allowance.always_holds(needed) {
            return Ok(());
        }
        // Only the window at hand is paced: what spills over its end is bounded by what the window
        // at hand had left.
        if is_here {
            let elapsed = now.earliest.since(self.here.start);
            if needed > allowance.at(elapsed, self.interval) {
                return Err(allowance.fits_at(needed, elapsed, self.interval));
            }
        } else if needed > allowance.unpaced() {
            return Err(self.interval);
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

    /// What a class may draw from a window that began at `begun_at`, as of the venue's time `at`:
    /// for people.
    pub(super) fn allowance(
        &self,
        at: Timestamp,
        begun_at: Timestamp,
        capacity: Weight,
        terms: Terms<'_>,
    ) -> Allowance {
        Allowance {
            capacity,
            kept: self.habits.reckon(terms.class, terms.reserves, capacity),
            foreign: self.foreign_to(at, Some(begun_at), capacity, terms.class),
            is_paced: terms.pacing && terms.class.is_paced(),
        }
    }

    /// What is left of the window at hand to others by a call of this class.
    #[cfg(test)]
    pub(super) fn left_to_others(&self, now: &Now, capacity: Weight, class: Priority) -> u64 {
        let here = self.here.or_of(now.earliest, self.interval);
        let forecast = self.foreign_to(now.earliest, Some(here.start), capacity, class);
        let left = self.interval.saturating_sub(now.earliest.since(here.start));
        forecast.fixed + super::allowance::scale(forecast.sloped, left, self.interval)
    }

    /// What has to be left to others by a call of this class.
    fn foreign_to(
        &self,
        at: Timestamp,
        begun_at: Option<Timestamp>,
        capacity: Weight,
        class: Priority,
    ) -> Forecast {
        let mut foreign = self.foreign.forecast(at, begun_at, capacity);
        if class == Priority::Critical {
            // What others may draw later does not hinder a call that lands now. Reads leave that
            // to them; a cancel, which a venue takes for next to nothing, does not wait for it.
            foreign.sloped = 0;
        }
        foreign
    }

    pub(super) fn charge(&mut self, now: &Now, charge: ChargeId, class: Priority, amount: Amount) {
        self.tidy(now);
        self.habits.draw(now.likely, class, amount.weight, amount.on_success);
        // Just made current.
        let first = self.here.index;
        let resolved_before = self.resolved;
        let sent_at = now.local;
        let open = Open { charge, class, amount, sent_at, first, ends_at: None, resolved_before };
        self.open.push(open);
        match &mut self.plain {
            Some(plain) if plain.span == self.here => plain.bound += u64::from(amount.weight),
            _ => self.simplify(),
        }
    }

    pub(super) fn resolve(&mut self, now: &Now, charge: ChargeId, resolution: Resolution) {
        self.tidy(now);
        match resolution {
            Resolution::Closed => self.open.end_at(charge, now.local + LANDING_TAIL),
            Resolution::Answered { succeeded, reading } => {
                let Some(open) = self.open.take(charge) else { return };
                let Amount { weight: charged, on_success } = open.amount;
                let weight = if succeeded { on_success } else { charged };
                if !succeeded {
                    self.habits.fail(open.class, charged.saturating_sub(on_success));
                }
                self.land(now, &open, weight, now.local, reading);
            }
        }
        self.simplify();
    }

    pub(super) fn forget(&mut self, charge: ChargeId) {
        self.open.take(charge);
        self.simplify();
    }

    /// Notes what is counted in the window at hand, if that is plain.
    fn simplify(&mut self) {
        let Self { here, .. } = *self;
        self.plain = self.open.plain_weight_in(here.index).map(|open| Plain {
            span: here,
            bound: open + self.window(here.index).map_or(0, Window::resolved),
        });
    }

    /// Whether nothing is open and all windows have passed.
    pub(super) fn is_idle(&self, now: &Now) -> bool {
        let oldest = self.oldest(now);
        self.open.end_before(oldest, self.interval, now.clock)
            && self.windows.iter().all(|window| window.index < oldest)
    }

    /// Moves a charge whose landing has ended at `at` into the sums.
    fn land(
        &mut self,
        now: &Now,
        open: &Open,
        weight: Weight,
        at: Timestamp,
        reading: Option<Weight>,
    ) {
        let clock = now.clock;
        let oldest = self.oldest(now);
        let last = self.index_of(clock.latest(at)).max(open.first);
        // A reading belongs to the window in which its call has certainly landed; one that may
        // tell of either of two windows tells of none.
        let reading = reading.filter(|_| open.first == last);
        let overlapped = self.may_fall.then_some(self.resolved - open.resolved_before);
        self.resolved += u64::from(weight);
        if let Some(used) = reading
            && overlapped.is_none()
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
                    window.read(open, used, at, overlapped);
                }
            }
        }
    }

    /// Moves into the sums what has landed by now though it was never answered, and drops the
    /// windows that no call sent from now on can land in.
    fn tidy(&mut self, now: &Now) {
        while let Some(open) = self.open.take_ended(now.local) {
            let ends_at = open.ends_at.unwrap_or(now.local);
            self.land(now, &open, open.amount.weight, ends_at, None);
            self.plain = None;
        }
        self.here = self.here.or_of(now.earliest, self.interval);
        let oldest = self.here.index.saturating_sub(1);
        if self.windows.first().is_some_and(|window| window.index < oldest) {
            self.windows.retain(|window| window.index >= oldest);
        }
    }

    /// The oldest window that can still matter: the one before that of the earliest landing, lest
    /// a clock that becomes less certain finds it gone.
    fn oldest(&self, now: &Now) -> u64 {
        self.index_of(now.earliest).saturating_sub(1)
    }

    /// The number of the window that holds `at`.
    fn index_of(&self, at: Timestamp) -> u64 {
        self.here.or_of(at, self.interval).index
    }

    fn window(&self, index: u64) -> Option<&Window> {
        // The newest is what is nearly always asked for.
        self.windows.iter().rev().find(|window| window.index == index)
    }

    fn window_mut(&mut self, index: u64) -> &mut Window {
        let at = self
            .windows
            .iter()
            .rposition(|window| window.index < index)
            .map_or(0, |before| before + 1);
        if self.windows.get(at).is_none_or(|window| window.index != index) {
            self.windows.insert(at, Window::new(index));
        }
        &mut self.windows[at]
    }
}
