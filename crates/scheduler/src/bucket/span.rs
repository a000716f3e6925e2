//! One window on the calendar, and its bounds.
//!
//! Which window a moment lies in takes a division, and is asked several times for every call; the
//! answer is nearly always the one before. So it is kept.

use std::time::Duration;

use tradewind_model::Timestamp;

/// One window of a length that its keeper knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) index: u64,
    pub(super) start: Timestamp,
    end: Timestamp,
}

impl Span {
    /// Holds nothing.
    pub(super) const NONE: Self = Self { index: 0, start: Timestamp::MAX, end: Timestamp::EPOCH };

    /// The window of length `interval` that holds `at`.
    pub(super) fn of(at: Timestamp, interval: Duration) -> Self {
        let start = at.window_start(interval);
        Self { index: at.window_index(interval), start, end: start + interval }
    }

    pub(super) fn holds(self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// This, if it holds `at`; otherwise the window of length `interval` that does.
    pub(super) fn or_of(self, at: Timestamp, interval: Duration) -> Self {
        if self.holds(at) { self } else { Self::of(at, interval) }
    }
}
