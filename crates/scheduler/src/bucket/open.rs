//! Charges whose landing has no end yet.

use std::time::Duration;

use tradewind_model::Timestamp;

use crate::bucket::{Amount, ChargeId};
use crate::clock::VenueClock;
use crate::ticket::Priority;

/// A charge whose landing has no end yet.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) charge: ChargeId,
    pub(super) class: Priority,
    pub(super) amount: Amount,
    pub(super) sent_at: Timestamp,
    /// The first window it can have landed in.
    pub(super) first: u64,
    /// When its landing ends, for a call whose connection was closed without an answer.
    pub(super) ends_at: Option<Timestamp>,
    /// What had been resolved when it was sent. What was since may be missing from what its answer
    /// will say.
    pub(super) resolved_before: u64,
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

/// All of them of one limit.
#[derive(Debug, Default)]
pub(super) struct OpenCharges {
    charges: Vec<Open>,
    /// What they may weigh together.
    weight: u64,
    /// None of them can have landed in a later window only.
    first_max: u64,
    /// How many have a time at which their landing ends.
    ending: usize,
}

impl OpenCharges {
    pub(super) fn push(&mut self, open: Open) {
        self.weight += u64::from(open.amount.weight);
        self.first_max = self.first_max.max(open.first);
        self.charges.push(open);
    }

    /// Takes a charge out.
    pub(super) fn take(&mut self, charge: ChargeId) -> Option<Open> {
        let at = self.charges.iter().position(|open| open.charge == charge)?;
        Some(self.take_at(at))
    }

    /// Takes out one whose landing has ended by now.
    pub(super) fn take_ended(&mut self, now: Timestamp) -> Option<Open> {
        if self.ending == 0 {
            return None;
        }
        let has_ended = |open: &Open| open.ends_at.is_some_and(|ends_at| ends_at <= now);
        self.charges.iter().position(has_ended).map(|at| self.take_at(at))
    }

    /// The landing of a charge ends at a known time.
    pub(super) fn end_at(&mut self, charge: ChargeId, ends_at: Timestamp) {
        if let Some(open) = self.charges.iter_mut().find(|open| open.charge == charge) {
            self.ending += usize::from(open.ends_at.is_none());
            open.ends_at = Some(ends_at);
        }
    }

    /// What may land in a window.
    pub(super) fn weight_in(&self, index: u64, interval: Duration, clock: VenueClock) -> u64 {
        if let Some(all) = self.plain_weight_in(index) {
            return all;
        }
        self.charges
            .iter()
            .filter(|open| open.may_land_in(index, interval, clock))
            .map(|open| u64::from(open.amount.weight))
            .sum()
    }

    /// The same, whatever the clock, where each of them may land in that window: nearly always.
    pub(super) const fn plain_weight_in(&self, index: u64) -> Option<u64> {
        if self.ending == 0 && index >= self.first_max { Some(self.weight) } else { None }
    }

    /// Whether none of them can land in this window or a later one.
    pub(super) fn end_before(&self, index: u64, interval: Duration, clock: VenueClock) -> bool {
        self.charges.iter().all(|open| {
            open.ends_at.is_some_and(|ends_at| open.last(ends_at, interval, clock) < index)
        })
    }

    fn take_at(&mut self, at: usize) -> Open {
        let open = self.charges.swap_remove(at);
        self.weight -= u64::from(open.amount.weight);
        self.ending -= usize::from(open.ends_at.is_some());
        if self.charges.is_empty() {
            self.first_max = 0;
        }
        open
    }
}
