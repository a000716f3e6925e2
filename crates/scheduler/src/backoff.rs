//! How long to wait before trying again.
//!
//! Full jitter: a random share of a bound that doubles. Without the randomness, everything that a
//! venue cut off at one moment would come back at one moment.

use std::time::Duration;

use tradewind_model::Timestamp;

/// A source of random numbers whose whole future is its seed (SplitMix64; Steele, Lea and Flood,
/// "Fast splittable pseudorandom number generators", 2014).
#[derive(Clone, Debug)]
pub struct Jitter {
    state: u64,
}

impl Jitter {
    /// The source of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A duration of at most `bound`, each as likely as the next; of whole microseconds.
    #[must_use]
    pub fn up_to(&mut self, bound: Duration) -> Duration {
        let micros = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX - 1);
        Duration::from_micros(self.next() % (micros + 1))
    }
}

/// A bound on waiting that doubles with each failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
}

impl Backoff {
    /// For asking after an order in doubt.
    pub const RESOLVE: Self = Self::new(Duration::from_millis(100), Duration::from_secs(2));
    /// For reads.
    pub const READ: Self = Self::new(Duration::from_millis(250), Duration::from_secs(30));
    /// For opening a stream again.
    pub const STREAM: Self = Self::new(Duration::from_millis(250), Duration::from_secs(30));

    /// A bound that begins at `base` and never passes `cap`.
    #[must_use]
    pub const fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap }
    }

    /// How long to wait after so many failures; the first failure is number 0.
    #[must_use]
    pub fn delay(self, failures: u32, jitter: &mut Jitter) -> Duration {
        jitter.up_to(self.bound(failures))
    }

    /// When to try again what is tried until it is done, after so many failures: not before what
    /// the venue asked for, and never faster than the bound allows.
    #[must_use]
    pub fn again_at(
        self,
        now: Timestamp,
        failures: u32,
        not_before: Option<Timestamp>,
        jitter: &mut Jitter,
    ) -> Timestamp {
        let at = now + self.delay(failures, jitter);
        not_before.map_or(at, |not_before| at.max(not_before))
    }

    /// The most that [`Backoff::delay`] gives.
    #[must_use]
    pub fn bound(self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures.min(31)).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_up_to_its_cap_and_delays_fill_it() {
        let backoff = Backoff::READ;
        assert_eq!(backoff.bound(0), Duration::from_millis(250));
        assert_eq!(backoff.bound(3), Duration::from_secs(2));
        assert_eq!(backoff.bound(u32::MAX), Duration::from_secs(30));
        let mut jitter = Jitter::new(1);
        let delays: Vec<_> = (0..1_000).map(|_| backoff.delay(3, &mut jitter)).collect();
        assert!(delays.iter().all(|delay| *delay <= Duration::from_secs(2)));
        assert!(delays.iter().any(|delay| *delay < Duration::from_millis(100)));
        assert!(delays.iter().any(|delay| *delay > Duration::from_millis(1_900)));
    }

    #[test]
    fn what_the_venue_asked_for_is_waited_for_and_the_bound_holds_for_ever() {
        let mut jitter = Jitter::new(1);
        let now = Timestamp::from_secs(1_800_000_000);
        let asked = now + Duration::from_secs(35);
        assert_eq!(Backoff::RESOLVE.again_at(now, 9, Some(asked), &mut jitter), asked);
        for failures in [0, 5, 1_000, u32::MAX] {
            let at = Backoff::RESOLVE.again_at(now, failures, None, &mut jitter);
            assert!(at <= now + Duration::from_secs(2));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_delays() {
        let run = |seed| {
            let mut jitter = Jitter::new(seed);
            [(); 8].map(|()| jitter.up_to(Duration::from_secs(1)))
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }
}
