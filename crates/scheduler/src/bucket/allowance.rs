//! How much of a window a class may draw, and from when on.
//!
//! Reads leave a reserve to what is more urgent, and are spread over the window, so that a refresh
//! of everything does not spend a minute in its first seconds. What is kept shrinks as the window
//! passes, because less of it can still be wanted; at the very end only a burst is kept, lest a
//! cancel wait for the next window.

use std::time::Duration;

use tradewind_model::tariff::Weight;

/// The end of a window, in which no rate is reserved any more. Of short windows, an eighth.
const TAIL: Duration = Duration::from_millis(1_500);

/// What is kept of a window for more urgent classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// All the time until the tail.
    pub(super) fixed: u64,
    /// At the window's start; nothing at its end.
    pub(super) sloped: u64,
    /// In the tail, instead of both.
    pub(super) tail: u64,
}

/// What others may draw from a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Forecast {
    /// At any moment.
    pub(super) fixed: u64,
    /// Over a whole window; in a part of it, a part of this.
    pub(super) sloped: u64,
}

/// What may be drawn from a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    pub(super) capacity: Weight,
    /// What is left to more urgent calls.
    pub(super) kept: Kept,
    /// What is left to others.
    pub(super) foreign: Forecast,
    /// Whether a quarter is given at once and the rest as the window passes.
    pub(super) is_paced: bool,
}

impl Allowance {
    /// What may be drawn from a window that has not begun.
    pub(super) fn unpaced(self) -> u64 {
        self.unpaced_with(Duration::from_secs(1), Duration::from_secs(1))
    }

    /// What may be drawn when `elapsed` of the window has certainly passed.
    pub(super) fn at(self, elapsed: Duration, interval: Duration) -> u64 {
        let left = interval.saturating_sub(elapsed);
        if elapsed >= tail_start(interval) {
            let foreign = self.foreign.fixed + part(self.foreign.sloped, left, interval);
            return u64::from(self.capacity).saturating_sub(self.kept.tail + foreign);
        }
        let unpaced = self.unpaced_with(left, interval);
        if !self.is_paced {
            return unpaced;
        }
        // A quarter at once, three quarters as the window passes.
        let capacity = u128::from(self.capacity);
        let (elapsed, interval) = (elapsed.as_nanos(), interval.as_nanos());
        let paced = capacity * (interval + 3 * elapsed) / (4 * interval);
        unpaced.min(u64::try_from(paced).unwrap_or(u64::MAX))
    }

    fn unpaced_with(self, left: Duration, interval: Duration) -> u64 {
        let fixed = self.kept.fixed + self.foreign.fixed;
        let sloped = part(self.kept.sloped + self.foreign.sloped, left, interval);
        u64::from(self.capacity).saturating_sub(fixed + sloped)
    }

    /// How much of the window must have passed before `needed` can fit, given that it does not
    /// fit now; the whole window, when it will not fit this one. Others that are not heard of may
    /// make it later, never earlier.
    pub(super) fn fits_at(self, needed: u64, elapsed: Duration, interval: Duration) -> Duration {
        let tail = tail_start(interval);
        let capacity = u64::from(self.capacity);
        let Some(slack) = capacity.checked_sub(needed) else {
            return interval;
        };
        let at = if elapsed < tail {
            let fixed = self.kept.fixed + self.foreign.fixed;
            let sloped = self.kept.sloped + self.foreign.sloped;
            let unpaced =
                slack.checked_sub(fixed).map_or(tail, |slack| when(slack, sloped, interval));
            let paced =
                if self.is_paced { self.paced_at(needed, interval) } else { Duration::ZERO };
            unpaced.max(paced).min(tail)
        } else {
            let fixed = self.kept.tail + self.foreign.fixed;
            let Some(slack) = slack.checked_sub(fixed) else {
                return interval;
            };
            when(slack, self.foreign.sloped, interval)
        };
        // Where the forecast grows with silence, this may be too early: not at once again.
        if at > elapsed { at } else { (elapsed + interval / 10_000).min(interval) }
    }

    /// The first moment at which the paced share reaches `needed`.
    fn paced_at(self, needed: u64, interval: Duration) -> Duration {
        let (needed, capacity) = (u128::from(needed), u128::from(self.capacity));
        let nanos = interval.as_nanos();
        let short = (4 * needed * nanos).saturating_sub(capacity * nanos);
        let paced = short.div_ceil(3 * capacity.max(1));
        Duration::from_nanos(u64::try_from(paced).unwrap_or(u64::MAX))
    }
}

/// How much of a window has passed when its tail begins.
fn tail_start(interval: Duration) -> Duration {
    interval - TAIL.min(interval / 8)
}

/// The part of `sloped` that is kept while `left` of the window is left, rounded up.
fn part(sloped: u64, left: Duration, interval: Duration) -> u64 {
    let part = (u128::from(sloped) * left.as_nanos()).div_ceil(interval.as_nanos().max(1));
    u64::try_from(part).unwrap_or(u64::MAX)
}

/// How much of the window must have passed until no more than `slack` of `sloped` is kept.
fn when(slack: u64, sloped: u64, interval: Duration) -> Duration {
    if slack >= sloped {
        return Duration::ZERO;
    }
    let left = u128::from(slack) * interval.as_nanos() / u128::from(sloped);
    interval.saturating_sub(Duration::from_nanos(u64::try_from(left).unwrap_or(u64::MAX)))
}
