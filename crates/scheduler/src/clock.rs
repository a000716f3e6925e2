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

/// How long after its admission a call may be written. A call that is admitted so close to a
/// window's end is checked against the next window as well.
const WRITE_DELAY_MAX: Duration = Duration::from_millis(60);

/// One moment, by our clock and by the venue's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) local: Timestamp,
    pub(crate) clock: VenueClock,
    /// The earliest that the venue's clock can show.
    pub(crate) earliest: Timestamp,
    /// What it most likely shows: for people, not decisions.
    pub(crate) likely: Timestamp,
    /// The latest that it can show when a call is written that is admitted now.
    pub(crate) written: Timestamp,
}

/// A measured clock: `venue = local + offset`, to within `eps`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VenueClock {
    offset_ns: i64,
    eps: Duration,
    /// The same: every decision asks for it.
    eps_ns: i64,
}

impl VenueClock {
    pub(crate) const UNSYNCED: Self = Self::within(0, EPS_UNSYNCED);

    pub(crate) fn new(offset_ns: i64, eps: Duration) -> Self {
        Self::within(offset_ns, eps.min(EPS_MAX))
    }

    /// `eps` is at most [`EPS_MAX`].
    const fn within(offset_ns: i64, eps: Duration) -> Self {
        let eps_ns = eps.as_secs().cast_signed() * 1_000_000_000 + eps.subsec_nanos() as i64;
        Self { offset_ns, eps, eps_ns }
    }

    /// The local time `local`, by both clocks.
    pub(crate) fn now(self, local: Timestamp) -> Now {
        Now {
            local,
            clock: self,
            earliest: self.earliest(local),
            likely: self.estimate(local),
            written: self.latest(local + WRITE_DELAY_MAX),
        }
    }

    /// A local length of time in which certainly more than `interval` passes at the venue.
    pub(crate) fn at_least(self, interval: Duration) -> Duration {
        interval + self.eps + EDGE
    }

    /// What the venue's clock most likely shows at the local time `at`.
    pub(crate) fn estimate(self, at: Timestamp) -> Timestamp {
        at.offset_by(self.offset_ns)
    }

    /// The earliest that the venue's clock can show at the local time `at`.
    fn earliest(self, at: Timestamp) -> Timestamp {
        at.offset_by(self.offset_ns).offset_by(-self.eps_ns)
    }

    /// The latest that the venue's clock can show at the local time `at`.
    pub(crate) fn latest(self, at: Timestamp) -> Timestamp {
        at.offset_by(self.offset_ns).offset_by(self.eps_ns)
    }

    /// The local time from which on the venue's clock shows certainly more than `venue`.
    pub(crate) fn surely_past(self, venue: Timestamp) -> Timestamp {
        venue.offset_by(self.offset_ns.saturating_neg()) + self.eps + EDGE
    }
}
