//! The only source of a random number that is not of the run's own seed.

use std::hash::{BuildHasher, Hasher, RandomState};

use ring::rand::{SecureRandom as _, SystemRandom};

/// So many bytes that nobody can guess; none when the system has none to give.
pub(crate) fn secret<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes)
}

/// A seed for a run that was given none. Two processes that start together must not jitter
/// together, so it cannot come from the clock.
#[must_use]
pub fn fresh() -> u64 {
    // The standard library keys its hash maps from the operating system's randomness.
    RandomState::new().build_hasher().finish()
}
