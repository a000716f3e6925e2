//! The venue's clock, as far as it is known.
//!
//! The venue counts by its own clock. Ours is mapped onto it as an interval, never a point: a call
//! sent now lands between two moments of the venue's time, and every decision holds for all of
//! them.

use std::time::Duration;

use tradewind_model::Timestamp;

/// How far the venue's clock may be off before it has been measured.
const EPS_UNSYNCED: Duration = Duration::from_secs(1);

/// The widest error that is reckoned with. A clock that is less certain is not known at all, and
/// has to be measured before anything else is sent; the bound also bounds how many windows a call
/// can be charged to.
const EPS_MAX: Duration = Duration::from_secs(30);

/// Past the moment at which the clock's error alone would allow a call: two clocks that agree to
/// the nanosecond must not be raced to the edge of a window.
const EDGE: Duration = Duration::from_micros(100);

/// A measured clock: `venue = local + offset`, to within `eps`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VenueClock {
    offset_ns: i64,
    eps: Duration,
}

impl VenueClock {
    pub(crate) const UNSYNCED: Self = Self { offset_ns: 0, eps: EPS_UNSYNCED };

    pub(crate) fn new(offset_ns: i64, eps: Duration) -> Self {
        Self { offset_ns, eps: eps.min(EPS_MAX) }
    }

    /// A local length of time in which certainly more than `interval` passes at the venue.
    pub(crate) fn at_least(self, interval: Duration) -> Duration {
        interval + self.eps + EDGE
    }

    /// What the venue's clock most likely shows at the local time `at`: for people, not decisions.
    pub(crate) fn estimate(self, at: Timestamp) -> Timestamp {
        at.offset_by(self.offset_ns)
    }

    /// The earliest that the venue's clock can show at the local time `at`.
    pub(crate) fn earliest(self, at: Timestamp) -> Timestamp {
        at.offset_by(self.offset_ns) - self.eps
    }

    /// The latest that the venue's clock can show at the local time `at`.
    pub(crate) fn latest(self, at: Timestamp) -> Timestamp {
        at.offset_by(self.offset_ns) + self.eps
    }

    /// The local time from which on the venue's clock shows certainly more than `venue`.
    pub(crate) fn surely_past(self, venue: Timestamp) -> Timestamp {
        venue.offset_by(self.offset_ns.saturating_neg()) + self.eps + EDGE
    }
}
