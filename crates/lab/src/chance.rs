//! Chance that repeats: its whole future is its seed.
//!
//! Whole numbers only, so that a run is the same on every machine.

use std::time::Duration;

/// A source of random numbers (SplitMix64; Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", 2014).
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The source of a seed for one purpose: sources for different purposes are unrelated.
    #[must_use]
    pub const fn new(seed: u64, purpose: u64) -> Self {
        let mut chance = Self { state: seed ^ purpose.wrapping_mul(0xd6e8_feb8_6659_fd93) };
        chance.state = chance.draw();
        chance
    }

    /// The next number, any of them equally likely.
    pub const fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when there is none.
    pub fn below(&mut self, bound: u64) -> u64 {
        let scaled = (u128::from(self.draw()) * u128::from(bound)) >> 64;
        u64::try_from(scaled).unwrap_or_default()
    }

    /// True in so many of a thousand cases.
    pub fn permille(&mut self, permille: u64) -> bool {
        permille > 0 && self.below(1_000) < permille
    }

    /// A duration up to and with `bound`.
    pub fn up_to(&mut self, bound: Duration) -> Duration {
        let nanos = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX - 1);
        Duration::from_nanos(self.below(nanos + 1))
    }

    /// The time until the next of many independent events that come once in `mean`: exponentially
    /// distributed.
    ///
    /// By comparing alone (von Neumann, "Various techniques used in connection with random
    /// digits", 1951): of numbers drawn until one is not below the one before it, the first is
    /// exponential whenever an odd number were drawn.
    pub fn wait(&mut self, mean: Duration) -> Duration {
        let mean_nanos = mean.as_nanos();
        // Each round fails by chance 1/e; so many in a row do not happen.
        for whole in 0..64_u128 {
            let first = self.draw();
            let (mut last, mut drawn) = (first, 1_u32);
            loop {
                let next = self.draw();
                if next >= last {
                    break;
                }
                last = next;
                drawn += 1;
            }
            if drawn % 2 == 1 {
                let part = (u128::from(first) * mean_nanos) >> 64;
                let nanos = mean_nanos.saturating_mul(whole).saturating_add(part);
                return Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
            }
        }
        mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_exponential() {
        let mut chance = Chance::new(7, 1);
        let mean = Duration::from_millis(100);
        let waits: Vec<_> = (0..100_000).map(|_| chance.wait(mean)).collect();
        let total: Duration = waits.iter().sum();
        let average = total / 100_000;
        assert!(average.abs_diff(mean) < Duration::from_millis(1), "{average:?}");
        // The chance to wait longer than the mean, twice and five times that: e⁻¹, e⁻², e⁻⁵.
        for (times, permille) in [(1, 368), (2, 135), (5, 7)] {
            let longer = waits.iter().filter(|wait| **wait > mean * times).count();
            assert!((longer / 100).abs_diff(permille) <= 5, "{longer} of {times} means");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_future_and_purposes_differ() {
        let run = |seed, purpose| {
            let mut chance = Chance::new(seed, purpose);
            [(); 8].map(|()| chance.below(1_000))
        };
        assert_eq!(run(7, 1), run(7, 1));
        assert_ne!(run(7, 1), run(7, 2));
        assert_ne!(run(7, 1), run(8, 1));
    }
}
