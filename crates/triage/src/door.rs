//! What went through one door (an exchange, by an address) over a stretch of time.

use crate::attempt::{Answer, Attempt};

/// The sums over some attempts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) attempts: u64,
    pub(crate) limited: u64,
    pub(crate) banned: u64,
    pub(crate) failed: u64,
    pub(crate) refused: u64,
    pub(crate) auth: u64,
    pub(crate) inflight: u64,
    pub(crate) inflight_max: u32,
}

impl Sums {
    pub(crate) fn of<'a>(attempts: impl IntoIterator<Item = &'a Attempt>) -> Self {
        let mut sums = Self::default();
        for attempt in attempts {
            sums.attempts += 1;
            sums.inflight += u64::from(attempt.inflight);
            sums.inflight_max = sums.inflight_max.max(attempt.inflight);
            match attempt.answer {
                Answer::Limited => sums.limited += 1,
                Answer::Banned => {
                    sums.limited += 1;
                    sums.banned += 1;
                }
                Answer::Failed | Answer::Silent => sums.failed += 1,
                Answer::Refused => sums.refused += 1,
                Answer::Auth | Answer::Clock => sums.auth += 1,
                Answer::Good | Answer::Edge | Answer::Unsent => {}
            }
        }
        sums
    }
}

/// The median of some numbers; 0 of none.
pub(crate) fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or(0)
}

/// How many attempts fell into each stretch of `width_ms` from `from_ms` to `until_ms`.
pub(crate) fn counts<'a>(
    attempts: impl IntoIterator<Item = &'a Attempt>,
    from_ms: u64,
    until_ms: u64,
    width_ms: u64,
) -> Vec<u64> {
    let len = usize::try_from(until_ms.saturating_sub(from_ms) / width_ms).unwrap_or(0);
    let mut counts = vec![0; len.min(100_000)];
    for attempt in attempts {
        let index = usize::try_from(attempt.at_ms.saturating_sub(from_ms) / width_ms);
        if let Some(count) = index.ok().and_then(|index| counts.get_mut(index)) {
            *count += 1;
        }
    }
    counts
}
