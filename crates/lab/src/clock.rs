//! A clock that errs.
//!
//! The world has one true time. What a venue or an instance reads is that time through a [`Clock`]:
//! off by a constant, running fast or slow, moved at once, or standing still while its machine
//! sleeps. Time read from a clock may repeat but goes back only when the clock is set back.

use std::time::Duration;

use tradewind_model::time::Timestamp;

const MILLION: i128 = 1_000_000;

/// What somebody reads when it is a given true time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// A true time, and what is read then.
    anchor: (Timestamp, Timestamp),
    /// Parts per million by which it runs fast; negative when it runs slow.
    drift_ppm: i32,
}

impl Default for Clock {
    /// A clock that is right.
    fn default() -> Self {
        Self::ahead_by_millis(0)
    }
}

impl Clock {
    /// A clock that is so many milliseconds ahead; behind when negative.
    #[must_use]
    pub const fn ahead_by_millis(millis: i64) -> Self {
        // Anchored a while after the epoch, so that a clock that is behind still has a past.
        let anchor = Timestamp::from_secs(1_000_000_000);
        let shown = anchor.offset_by(millis.saturating_mul(1_000_000));
        Self { anchor: (anchor, shown), drift_ppm: 0 }
    }

    /// The same clock, but from `now` on it gains so many millionths; loses them when negative.
    /// Good crystals stay within 100.
    #[must_use]
    pub fn drifting(self, now: Timestamp, ppm: i32) -> Self {
        Self { anchor: (now, self.read(now)), drift_ppm: ppm }
    }

    /// What is read at a true time.
    #[must_use]
    pub fn read(&self, now: Timestamp) -> Timestamp {
        let elapsed = i128::from(now.as_nanos()) - i128::from(self.anchor.0.as_nanos());
        let gained = (elapsed * i128::from(self.drift_ppm)).div_euclid(MILLION);
        stamp(i128::from(self.anchor.1.as_nanos()) + elapsed + gained)
    }

    /// The first true time at which at least `shown` is read; the end of time when it never is.
    #[must_use]
    pub fn when(&self, shown: Timestamp) -> Timestamp {
        if shown == Timestamp::MAX {
            return shown;
        }
        let wanted = i128::from(shown.as_nanos()) - i128::from(self.anchor.1.as_nanos());
        let rate = MILLION + i128::from(self.drift_ppm);
        if rate <= 0 {
            return Timestamp::MAX;
        }
        // elapsed + floor(elapsed * drift / million) = floor(elapsed * rate / million) >= wanted.
        let product = wanted * MILLION;
        let elapsed = product.div_euclid(rate) + i128::from(product.rem_euclid(rate) != 0);
        stamp(i128::from(self.anchor.0.as_nanos()) + elapsed)
    }

    /// Sets it forward by so many milliseconds at once, or back when negative.
    pub fn step_millis(&mut self, millis: i64) {
        self.anchor.1 = self.anchor.1.offset_by(millis.saturating_mul(1_000_000));
    }

    /// It stood still for so long: what it reads from now on is so much earlier.
    pub fn stood_still(&mut self, duration: Duration) {
        self.anchor.1 = self.anchor.1 - duration;
    }
}

fn stamp(nanos: i128) -> Timestamp {
    Timestamp::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_298_412);

    #[test]
    fn a_clock_is_off_by_what_was_said() {
        assert_eq!(Clock::default().read(NOW), NOW);
        assert_eq!(Clock::ahead_by_millis(40).read(NOW), NOW + Duration::from_millis(40));
        assert_eq!(Clock::ahead_by_millis(-40).read(NOW), NOW - Duration::from_millis(40));
    }

    #[test]
    fn a_clock_that_was_right_can_be_set_back_and_can_stand_still() {
        let hour = Duration::from_secs(3_600);
        let mut clock = Clock::default();
        clock.stood_still(hour);
        assert_eq!(clock.read(NOW), NOW - hour);
        clock.step_millis(-60_000);
        assert_eq!(clock.read(NOW), NOW - hour - Duration::from_secs(60));
    }

    #[test]
    fn a_drifting_clock_gains_from_now_on() {
        let clock = Clock::ahead_by_millis(500).drifting(NOW, -100);
        assert_eq!(clock.read(NOW), NOW + Duration::from_millis(500));
        let hour = Duration::from_secs(3_600);
        assert_eq!(clock.read(NOW + hour), NOW + hour + Duration::from_millis(140));
    }

    #[test]
    fn when_is_the_first_moment_that_reads_so_much() {
        for drift in [-250, -1, 0, 3, 100] {
            let clock = Clock::ahead_by_millis(-1_234).drifting(NOW, drift);
            for nanos in [0, 1, 999, 1_000_003, 86_400_000_000_007] {
                let shown = clock.read(NOW).offset_by(nanos);
                let at = clock.when(shown);
                assert!(clock.read(at) >= shown, "{drift} {nanos}");
                assert!(clock.read(at.offset_by(-1)) < shown, "{drift} {nanos}");
            }
        }
        assert_eq!(Clock::default().when(Timestamp::MAX), Timestamp::MAX);
    }
}
