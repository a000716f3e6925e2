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
    /// Whether so much may be drawn whatever part of a window has passed. That is what is nearly
    /// always asked, and takes no division.
    pub(super) fn always_holds(self, needed: u64) -> bool {
        // At a window's end, less is kept than at its start.
        let Kept { fixed, sloped, .. } = self.kept;
        let left = fixed + sloped + self.foreign.fixed + self.foreign.sloped;
        let capacity = u64::from(self.capacity);
        needed + left <= capacity && (!self.is_paced || needed <= capacity / 4)
    }

    /// What may be drawn from a window that has not begun.
    pub(super) fn unpaced(self) -> u64 {
        self.unpaced_with(Duration::from_secs(1), Duration::from_secs(1))
    }

    /// What may be drawn when `elapsed` of the window has certainly passed.
    pub(super) fn at(self, elapsed: Duration, interval: Duration) -> u64 {
        let left = interval.saturating_sub(elapsed);
        if elapsed >= tail_start(interval) {
            let foreign = self.foreign.fixed + scale(self.foreign.sloped, left, interval);
            return u64::from(self.capacity).saturating_sub(self.kept.tail + foreign);
        }
        let unpaced = self.unpaced_with(left, interval);
        if !self.is_paced {
            return unpaced;
        }
        // A quarter at once, three quarters as the window passes.
        let (elapsed, interval) = (nanos(elapsed), nanos(interval));
        let sum = interval.saturating_add(elapsed.saturating_mul(3));
        unpaced.min(divide(self.capacity.into(), sum, interval.saturating_mul(4)))
    }

    fn unpaced_with(self, left: Duration, interval: Duration) -> u64 {
        let fixed = self.kept.fixed + self.foreign.fixed;
        let sloped = scale(self.kept.sloped + self.foreign.sloped, left, interval);
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
        let capacity = u64::from(self.capacity);
        // Of four times the capacity, one part is given at once and three as the window passes.
        let short = needed.saturating_mul(4).saturating_sub(capacity);
        Duration::from_nanos(divide_up(short, nanos(interval), capacity.saturating_mul(3)))
    }
}

/// How much of a window has passed when its tail begins.
fn tail_start(interval: Duration) -> Duration {
    interval - TAIL.min(interval / 8)
}

/// `amount · part / whole`, rounded up: of what shrinks evenly, what is left of it with a window.
pub(super) fn scale(amount: u64, part: Duration, whole: Duration) -> u64 {
    divide_up(amount, nanos(part), nanos(whole))
}

/// How much of the window must have passed until no more than `slack` of `sloped` is kept.
fn when(slack: u64, sloped: u64, interval: Duration) -> Duration {
    if slack >= sloped {
        return Duration::ZERO;
    }
    let left = divide(slack, nanos(interval), sloped);
    interval.saturating_sub(Duration::from_nanos(left))
}

/// A length in nanoseconds; windows are far from the 584 years that this can say.
fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

/// `a · b / c`, rounded down; `c` is taken as at least 1.
fn divide(a: u64, b: u64, c: u64) -> u64 {
    let c = c.max(1);
    match a.checked_mul(b) {
        // What nearly always fits is several times as fast.
        Some(product) => product / c,
        None => {
            let quotient = u128::from(a) * u128::from(b) / u128::from(c);
            u64::try_from(quotient).unwrap_or(u64::MAX)
        }
    }
}

/// `a · b / c`, rounded up; `c` is taken as at least 1.
fn divide_up(a: u64, b: u64, c: u64) -> u64 {
    let c = c.max(1);
    match a.checked_mul(b) {
        Some(product) => product.div_ceil(c),
        None => {
            let quotient = (u128::from(a) * u128::from(b)).div_ceil(u128::from(c));
            u64::try_from(quotient).unwrap_or(u64::MAX)
        }
    }
}
