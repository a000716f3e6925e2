//! Whether retries come in step.
//!
//! Retries of different processes that fall into the same tenth of a second, again and again, are
//! one burst to the venue, however politely each of them waited. What counts is not that they are
//! close (a failure that everybody meets at once makes everybody retry at once) but that they are
//! closer than jitter would have left them. So the correlation that was seen is compared with the
//! same log jittered: every retry moved to a random point between the failure before it and twice
//! its delay, which is where full jitter of the same mean would have put it.
//!
//! All of it in whole numbers, so that the verdict does not hang on how a machine rounds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;

use crate::attempt::Log;
use crate::names::NameId;
use crate::permille::Permille;

/// The widths of the bins that retries are counted in.
const NARROW_MS: u64 = 100;
/// See [`NARROW_MS`].
const WIDE_MS: u64 = 1_000;
/// The least delay that jitter is drawn from: the least base of a backoff in use.
const DELAY_MIN_MS: u64 = 250;
/// How often the log is jittered for comparison; the median counts.
const SURROGATES: u64 = 5;
/// The seed of that; any would do.
const SEED: u64 = 0x7472_6961_6765;
/// From which correlation on it can be called step, whatever jitter gives: a quarter is what two
/// processes show of which every fourth retry comes together.
const IN_STEP: Permille = Permille(250);
/// And how far beyond jitter: several times what chance adds to the least number of retries below.
const BEYOND_JITTER: i64 = 150;
/// How many retries have to share a bin with those of another process.
const SHARED_MIN: u64 = 20;
/// In how many separate stretches of ten seconds: one failure met by all is an accident.
const EPISODES_MIN: usize = 4;
/// How many retries are looked at; of more, every other stretch of ten seconds, and so on.
const RETRIES_MAX: usize = 20_000;
/// The length of such a stretch.
const STRETCH_MS: u64 = 10_000;

/// Whether retries of different processes come in step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synchrony {
    /// How many retries there were.
    pub retries: u64,
    /// By how many processes.
    pub instances: u64,
    /// The mean correlation between two processes' retries, counted in bins of 100 ms.
    pub correlation_100ms: Permille,
    /// What it would be with jitter.
    pub jittered_100ms: Permille,
    /// The same in bins of a second.
    pub correlation_1s: Permille,
    /// What that would be with jitter.
    pub jittered_1s: Permille,
    /// How many retries shared a bin of 100 ms with one of another process.
    pub shared: u64,
    /// The first and the last of these.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Whether they come in step.
    pub is_in_step: bool,
}

/// One retry.
#[derive(Clone, Copy)]
struct Retry {
    at_ms: u64,
    delay_ms: u64,
    /// The process, numbered from 0 among those that retried.
    process: usize,
}

/// How the retries from `from_ms` to `until_ms` lie to each other.
pub(crate) fn find(log: &Log, from_ms: u64, until_ms: u64) -> Synchrony {
    let mut numbers: BTreeMap<NameId, usize> = BTreeMap::new();
    let mut retries = Vec::new();
    for attempt in log.between(from_ms, until_ms).iter().filter(|attempt| attempt.is_retry) {
        let next = numbers.len();
        let process = *numbers.entry(log.life_of(attempt).instance).or_insert(next);
        let delay_ms = u64::from(attempt.delay_ms);
        retries.push(Retry { at_ms: attempt.at_ms, delay_ms, process });
    }
    let mut found = Synchrony {
        retries: retries.len() as u64,
        instances: numbers.len() as u64,
        ..Synchrony::default()
    };
    if numbers.len() < 2 {
        return found;
    }
    let every = retries.len() as u64 / RETRIES_MAX as u64 + 1;
    retries.retain(|retry| (retry.at_ms / STRETCH_MS).is_multiple_of(every));
    let processes = numbers.len();
    let mut random = SEED;
    let surrogates: Vec<Vec<Retry>> =
        (0..SURROGATES).map(|_| jittered(&retries, &mut random)).collect();
    let against_jitter = |width_ms| {
        let seen = correlation(&retries, processes, width_ms);
        let mut jittered: Vec<Permille> = surrogates
            .iter()
            .map(|surrogate| correlation(surrogate, processes, width_ms))
            .collect();
        jittered.sort_unstable();
        (seen, jittered[jittered.len() / 2])
    };
    (found.correlation_100ms, found.jittered_100ms) = against_jitter(NARROW_MS);
    (found.correlation_1s, found.jittered_1s) = against_jitter(WIDE_MS);
    let is_beyond = |(seen, jittered): (Permille, Permille)| {
        seen >= IN_STEP && seen.0 - jittered.0 >= BEYOND_JITTER
    };
    let narrow = is_beyond((found.correlation_100ms, found.jittered_100ms));
    let wide = is_beyond((found.correlation_1s, found.jittered_1s));
    // Where only the wide bins show it, those that share a wide bin are the ones in step.
    let shared = shared(&retries, if wide && !narrow { WIDE_MS } else { NARROW_MS });
    let episodes: BTreeSet<u64> = shared.iter().map(|at_ms| at_ms / STRETCH_MS).collect();
    found.shared = shared.len() as u64 * every;
    found.span = shared
        .first()
        .zip(shared.last())
        .map(|(first, last)| (Timestamp::from_millis(*first), Timestamp::from_millis(*last)));
    found.is_in_step =
        (narrow || wide) && found.shared >= SHARED_MIN && episodes.len() >= EPISODES_MIN;
    found
}

/// The same retries as full jitter would have spread them.
fn jittered(retries: &[Retry], random: &mut u64) -> Vec<Retry> {
    retries
        .iter()
        .map(|retry| {
            let failed_ms = retry.at_ms.saturating_sub(retry.delay_ms);
            let range = 2 * retry.delay_ms.max(DELAY_MIN_MS);
            Retry { at_ms: failed_ms + next(random) % range, ..*retry }
        })
        .collect()
}

/// The next number of the generator SplitMix64 (Steele, Lea and Flood, 2014).
const fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The mean correlation over all pairs of processes, of their counts in bins of `width_ms`; the
/// better of two grids, half a bin apart, since a burst on a boundary is a burst all the same.
fn correlation(retries: &[Retry], processes: usize, width_ms: u64) -> Permille {
    [0, width_ms / 2]
        .into_iter()
        .map(|shift_ms| on_grid(retries, processes, width_ms, shift_ms))
        .max()
        .unwrap_or_default()
}

/// Sums over bins give all pairs at once: with `x` the count of a process in a bin and `S` the sum
/// over processes, the products of all pairs are `S² - Σx²`. Everything is multiplied by the
/// square of the number of bins, so that means stay whole.
fn on_grid(retries: &[Retry], processes: usize, width_ms: u64, shift_ms: u64) -> Permille {
    let mut bins: Vec<(u64, usize)> =
        retries.iter().map(|retry| ((retry.at_ms + shift_ms) / width_ms, retry.process)).collect();
    bins.sort_unstable();
    let (Some(first), Some(last)) = (bins.first(), bins.last()) else {
        return Permille::default();
    };
    let bin_count = i128::from(last.0 - first.0 + 1);
    let mut totals = vec![0_i128; processes];
    let mut squares = vec![0_i128; processes];
    let mut products = 0_i128;
    for bin in bins.chunk_by(|one, other| one.0 == other.0) {
        let sum = bin.len() as i128;
        products += sum * sum;
        for of_process in bin.chunk_by(|one, other| one.1 == other.1) {
            let (count, process) = (of_process.len() as i128, of_process[0].1);
            totals[process] += count;
            squares[process] += count * count;
            products -= count * count;
        }
    }
    let total: i128 = totals.iter().sum();
    let own: i128 = totals.iter().map(|total| total * total).sum();
    let covariance = bin_count * products - (total * total - own);
    let variances: Vec<i128> = totals
        .iter()
        .zip(&squares)
        .map(|(total, square)| (bin_count * square - total * total).max(0))
        .collect();
    let deviations: i128 = variances.iter().map(|variance| variance.isqrt()).sum();
    let scale = deviations * deviations - variances.iter().sum::<i128>();
    if scale <= 0 {
        return Permille::default();
    }
    Permille(i64::try_from(covariance * 1_000 / scale).unwrap_or(0).clamp(-1_000, 1_000))
}

/// The moments of the retries that share a bin with one of another process.
fn shared(retries: &[Retry], width_ms: u64) -> Vec<u64> {
    retries
        .chunk_by(|one, other| one.at_ms / width_ms == other.at_ms / width_ms)
        .filter(|bin| bin.iter().any(|retry| retry.process != bin[0].process))
        .flat_map(|bin| bin.iter().map(|retry| retry.at_ms))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retries(of: impl Fn(u64, usize) -> u64) -> Vec<Retry> {
        let mut retries: Vec<Retry> = (0..50)
            .flat_map(|round| (0..4).map(move |process| (round, process)))
            .map(|(round, process)| Retry {
                at_ms: 60_000 * round + of(round, process),
                delay_ms: 2_000,
                process,
            })
            .collect();
        retries.sort_by_key(|retry| retry.at_ms);
        retries
    }

    #[test]
    fn retries_at_the_same_moments_correlate_fully() {
        let seen = correlation(&retries(|_, _| 2_000), 4, NARROW_MS);
        assert!(seen.0 >= 990, "{seen:?}");
    }

    #[test]
    fn jittered_retries_do_not_correlate_in_narrow_bins() {
        let mut random = 7;
        let spread: Vec<u64> = (0..200).map(|_| next(&mut random) % 4_000).collect();
        let retries =
            retries(|round, process| spread[usize::try_from(round).unwrap() * 4 + process]);
        let seen = correlation(&retries, 4, NARROW_MS);
        assert!(seen.0.abs() <= 100, "{seen:?}");
    }

    #[test]
    fn jitter_undoes_step() {
        let mut random = SEED;
        let spread = jittered(&retries(|_, _| 2_000), &mut random);
        assert!(correlation(&spread, 4, NARROW_MS).0 <= 100);
        assert!(spread.iter().all(|retry| retry.at_ms % 60_000 < 4_000));
    }
}
