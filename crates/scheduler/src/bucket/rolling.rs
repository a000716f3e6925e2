//! The log of a limit whose windows are not known to lie anywhere.
//!
//! A call takes a slot from its sending until a whole interval after its answer, when no window,
//! wherever it begins, can hold both it and what is sent next. Counting from the sending instead
//! would be wrong by the time that the call took to land.

use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::tariff::Weight;

use crate::bucket::{Amount, ChargeId, LANDING_TAIL, Resolution};
use crate::clock::Now;
use crate::ticket::Priority;

/// How many of `capacity` slots a class may take: a quarter, at least one, is left to
/// [`Priority::Critical`], unless there is only one.
pub(super) fn slots_for(class: Priority, capacity: Weight) -> Weight {
    match class {
        Priority::Critical => capacity,
        Priority::Trade | Priority::Query | Priority::Background => {
            let kept = (capacity / 4).max(1).min(capacity.saturating_sub(1));
            capacity - kept
        }
    }
}

/// The slots of one limit.
#[derive(Debug)]
pub(super) struct RollingLog {
    interval: Duration,
    slots: Vec<Slot>,
    /// Whether somebody found too few free, and has not been told of a change since.
    is_wanted: bool,
}

#[derive(Debug)]
struct Slot {
    charge: ChargeId,
    amount: Amount,
    /// How many slots it is.
    weight: Weight,
    /// When it becomes free; not known before there is an answer.
    free_at: Option<Timestamp>,
}

impl RollingLog {
    pub(super) const fn new(interval: Duration) -> Self {
        Self { interval, slots: Vec::new(), is_wanted: false }
    }

    /// How many slots are taken.
    pub(super) fn used(&self, now: Timestamp) -> u64 {
        self.slots
            .iter()
            .filter(|slot| slot.free_at.is_none_or(|free_at| free_at > now))
            .map(|slot| u64::from(slot.weight))
            .sum()
    }

    /// Whether `weight` slots are free of the first `most`.
    ///
    /// # Errors
    /// With the time from which on enough are free, if nothing else happens; with none when that
    /// depends on answers.
    pub(super) fn check(
        &mut self,
        now: Timestamp,
        weight: Weight,
        most: Weight,
    ) -> Result<(), Option<Timestamp>> {
        let mut used = self.used(now);
        let room = u64::from(most.saturating_sub(weight));
        if used <= room && weight <= most {
            return Ok(());
        }
        self.is_wanted = true;
        let mut frees: Vec<(Timestamp, Weight)> = self
            .slots
            .iter()
            .filter_map(|slot| Some((slot.free_at.filter(|at| *at > now)?, slot.weight)))
            .collect();
        frees.sort_unstable();
        for (free_at, weight) in frees {
            used -= u64::from(weight);
            if used <= room {
                return Err(Some(free_at));
            }
        }
        Err(None)
    }

    /// Whether there may be room now for somebody who has found none: after any change. Tells it
    /// once.
    pub(super) const fn take_loosened(&mut self) -> bool {
        std::mem::replace(&mut self.is_wanted, false)
    }

    pub(super) fn charge(&mut self, now: Timestamp, charge: ChargeId, amount: Amount) {
        self.slots.retain(|slot| slot.free_at.is_none_or(|free_at| free_at > now));
        if amount.weight == 0 {
            return;
        }
        self.slots.push(Slot { charge, amount, weight: amount.weight, free_at: None });
    }

    pub(super) fn resolve(&mut self, now: &Now, charge: ChargeId, resolution: Resolution) {
        let interval = now.clock.at_least(self.interval);
        let Some(slot) =
            self.slots.iter_mut().find(|slot| slot.charge == charge && slot.free_at.is_none())
        else {
            return;
        };
        match resolution {
            Resolution::Answered { succeeded, reading } => {
                if succeeded {
                    slot.weight = slot.amount.on_success;
                }
                slot.free_at = Some(now.local + interval);
                if let Some(told) = reading {
                    self.note_told(now.local, interval, told);
                }
            }
            Resolution::Closed => slot.free_at = Some(now.local + LANDING_TAIL + interval),
        }
    }

    /// The venue counts more than we can have made: the rest is somebody else's with the same
    /// counter, and takes its slots for as long as ours do. What the venue counts is at most as old
    /// as a window, and ours stay at least that long, so ours are never taken for theirs.
    fn note_told(&mut self, now: Timestamp, interval: Duration, told: Weight) {
        let others = u64::from(told).saturating_sub(self.used(now));
        if let Some(weight) = Weight::try_from(others).ok().filter(|weight| *weight > 0) {
            let amount = Amount { weight, on_success: weight };
            let free_at = Some(now + interval);
            self.slots.push(Slot { charge: ChargeId(u64::MAX), amount, weight, free_at });
        }
    }

    pub(super) fn forget(&mut self, charge: ChargeId) {
        self.slots.retain(|slot| slot.charge != charge || slot.free_at.is_some());
    }
}
