//! The only source of a random number that is not of the run's own seed.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A seed for a run that was given none. Two processes that start together must not jitter
/// together, so it cannot come from the clock.
#[must_use]
pub fn fresh() -> u64 {
    // The standard library keys its hash maps from the operating system's randomness.
    RandomState::new().build_hasher().finish()
}
