//! Boring reads, asked once.
//!
//! Ten strategies that want the same balances at the same moment are one call. Who asks while the
//! answer is on its way waits for it, and who asks while it is fresh gets it at once. What is fresh
//! depends on what it is.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::Timestamp;

/// How fast answers of a kind grow stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Staleness {
    /// Instruments and their filters: an hour.
    Instruments,
    /// Commission rates: an hour.
    Fees,
    /// What a key may do: ten minutes.
    Permissions,
    /// What changes with every trade: at once. The streams know it better than any read.
    Live,
}

impl Staleness {
    /// How old an answer may be and still be given.
    #[must_use]
    pub const fn max_age(self) -> Duration {
        match self {
            Self::Instruments | Self::Fees => Duration::from_secs(3_600),
            Self::Permissions => Duration::from_secs(600),
            Self::Live => Duration::ZERO,
        }
    }
}

/// What to do for somebody who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked<V> {
    /// Give this, read at that time.
    Fresh(V, Timestamp),
    /// Nobody has asked yet: make the call. The answer is told to whoever waits by then.
    Fetch,
    /// The answer is on its way.
    Waits,
    /// As many wait for it as may: refuse.
    Full,
}

/// Reads by key: who waits for them, and what the last answer was.
#[derive(Clone, Debug)]
pub struct Singleflight<K, W, V> {
    waiting: BTreeMap<K, Vec<W>>,
    answers: BTreeMap<K, (Timestamp, V)>,
    waiters_max: usize,
    answers_max: usize,
    coalesced: u64,
}

impl<K: Ord + Clone, W, V: Clone> Singleflight<K, W, V> {
    /// With room for so many waiters a key, and for so many answers.
    #[must_use]
    pub const fn new(waiters_max: usize, answers_max: usize) -> Self {
        Self {
            waiting: BTreeMap::new(),
            answers: BTreeMap::new(),
            waiters_max,
            answers_max,
            coalesced: 0,
        }
    }

    /// Somebody asks. With [`Asked::Fetch`] and [`Asked::Waits`], `waiter` is kept until the answer.
    pub fn ask(&mut self, now: Timestamp, key: &K, staleness: Staleness, waiter: W) -> Asked<V> {
        if let Some((read_at, value)) = self.answers.get(key)
            && now.since(*read_at) < staleness.max_age()
        {
            self.coalesced += 1;
            return Asked::Fresh(value.clone(), *read_at);
        }
        match self.waiting.get_mut(key) {
            Some(waiters) if waiters.len() >= self.waiters_max => Asked::Full,
            Some(waiters) => {
                waiters.push(waiter);
                self.coalesced += 1;
                Asked::Waits
            }
            None => {
                self.waiting.insert(key.clone(), vec![waiter]);
                Asked::Fetch
            }
        }
    }

    /// The answer is there, as of `read_at`, when its call was sent. Gives back who waits for it.
    pub fn answered(&mut self, read_at: Timestamp, key: &K, value: V) -> Vec<W> {
        if self.answers.len() >= self.answers_max && !self.answers.contains_key(key) {
            let oldest = self.answers.iter().min_by_key(|(_, (at, _))| *at);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.answers.remove(&oldest);
            }
        }
        if self.answers_max > 0 {
            self.answers.insert(key.clone(), (read_at, value));
        }
        self.waiting.remove(key).unwrap_or_default()
    }

    /// The call failed for good, or was shed. Gives back who waits for it: the next to ask makes
    /// the call anew.
    pub fn failed(&mut self, key: &K) -> Vec<W> {
        self.waiting.remove(key).unwrap_or_default()
    }

    /// What is known of this is wrong now, however fresh.
    pub fn invalidate(&mut self, key: &K) {
        self.answers.remove(key);
    }

    /// How many were answered without a call of their own.
    #[must_use]
    pub const fn coalesced(&self) -> u64 {
        self.coalesced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn many_who_ask_at_once_are_one_call() {
        let mut reads: Singleflight<&str, u32, u64> = Singleflight::new(3, 4);
        let mut ask = |waiter| reads.ask(NOW, &"fees", Staleness::Fees, waiter);
        assert_eq!(
            [ask(1), ask(2), ask(3), ask(4)],
            [Asked::Fetch, Asked::Waits, Asked::Waits, Asked::Full]
        );
        assert_eq!(reads.ask(NOW, &"time", Staleness::Live, 5), Asked::Fetch);
        assert_eq!(reads.answered(NOW, &"fees", 42), [1, 2, 3]);
        let later = NOW + Duration::from_secs(3_599);
        assert_eq!(reads.ask(later, &"fees", Staleness::Fees, 6), Asked::Fresh(42, NOW));
        assert_eq!(reads.ask(later, &"fees", Staleness::Permissions, 6), Asked::Fetch);
        assert_eq!(reads.failed(&"fees"), [6]);
        reads.invalidate(&"fees");
        assert_eq!(reads.ask(later, &"fees", Staleness::Fees, 7), Asked::Fetch);
        assert_eq!(reads.coalesced(), 3);
    }

    #[test]
    fn what_is_live_is_never_cached_and_answers_are_bounded() {
        let mut reads: Singleflight<u32, (), u32> = Singleflight::new(8, 2);
        for key in 0..5 {
            reads.ask(NOW, &key, Staleness::Live, ());
            let read_at = NOW + Duration::from_secs(u64::from(key));
            reads.answered(read_at, &key, key);
            assert_eq!(reads.ask(read_at, &key, Staleness::Live, ()), Asked::Fetch);
        }
        assert_eq!(reads.answers.keys().copied().collect::<Vec<_>>(), [3, 4]);
    }
}
