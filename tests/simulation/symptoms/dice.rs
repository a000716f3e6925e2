//! What a scene is left to chance: a function of its seed.

use std::time::Duration;

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of a seed for one purpose.
    pub(crate) const fn new(seed: u64, purpose: u64) -> Self {
        Self(seed.wrapping_mul(0xd129_0ce6_1b63_4cc5) ^ purpose.wrapping_mul(0x9fb2_1c65_1e98_df25))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low`, inclusive, to `high`, exclusive.
    pub(crate) fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low)
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.within(0, 100) < chance
    }

    pub(crate) fn seconds(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.within(low * 1_000, high * 1_000))
    }

    pub(crate) fn minutes(&mut self, low: u64, high: u64) -> Duration {
        self.seconds(low * 60, high * 60)
    }
}
