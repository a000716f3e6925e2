//! How much of a window a class may draw, and from when on.
//!
//! Reads leave a reserve to what is more urgent, and are spread over the window, so that a refresh
//! of everything does not spend a minute in its first seconds. At the very end of a window neither
//! serves anybody any more.

use std::time::Duration;

use tradewind_model::tariff::Weight;

/// The end of a window, in which nothing is reserved any more: whoever comes now is served by the
/// next window. Of short windows, an eighth.
const TAIL: Duration = Duration::from_millis(1_500);

/// What may be drawn from a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    pub(super) capacity: Weight,
    /// What is left to more urgent calls.
    pub(super) reserve: Weight,
    /// Whether a quarter is given at once and the rest as the window passes.
    pub(super) is_paced: bool,
}

impl Allowance {
    /// What may be drawn regardless of how much of the window has passed.
    pub(super) fn unpaced(self) -> u64 {
        u64::from(self.capacity.saturating_sub(self.reserve))
    }

    /// What may be drawn when `elapsed` of the window has certainly passed.
    pub(super) fn at(self, elapsed: Duration, interval: Duration) -> u64 {
        if elapsed >= tail_start(interval) {
            return u64::from(self.capacity);
        }
        if !self.is_paced {
            return self.unpaced();
        }
        // A quarter at once, three quarters as the window passes.
        let capacity = u128::from(self.capacity);
        let (elapsed, interval) = (elapsed.as_nanos(), interval.as_nanos());
        let paced = capacity * (interval + 3 * elapsed) / (4 * interval);
        self.unpaced().min(u64::try_from(paced).unwrap_or(u64::MAX))
    }

    /// How much of the window must have passed before `needed` can fit, given that it does not
    /// fit now; the whole window, when it will not fit this one.
    pub(super) fn fits_at(self, needed: u64, elapsed: Duration, interval: Duration) -> Duration {
        if needed > u64::from(self.capacity) || elapsed >= tail_start(interval) {
            return interval;
        }
        let tail = tail_start(interval);
        if !self.is_paced || needed > self.unpaced() {
            return tail;
        }
        // The first moment at which `paced` above reaches `needed`: both divisions round against
        // the caller, so it is never a moment too early.
        let (needed, capacity) = (u128::from(needed), u128::from(self.capacity));
        let nanos = interval.as_nanos();
        let short = (4 * needed * nanos).saturating_sub(capacity * nanos);
        let paced = short.div_ceil(3 * capacity.max(1));
        tail.min(Duration::from_nanos(u64::try_from(paced).unwrap_or(u64::MAX)))
    }
}

/// How much of a window has passed when its tail begins.
fn tail_start(interval: Duration) -> Duration {
    interval - TAIL.min(interval / 8)
}
