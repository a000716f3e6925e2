//! Boring reads, asked once.
//!
//! Ten strategies that want the same balances at the same moment are one call. Who asks while the
//! answer is on its way waits for it, and who asks while it is fresh gets it at once. What is fresh
//! depends on what it is, and on who asks: the fees in an account's answer grow stale more slowly
//! than the balances beside them.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
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
    /// As many wait as may: refuse.
    Full,
}

/// Reads by key: who waits for them, and what the last answer was.
#[derive(Clone, Debug)]
pub struct Singleflight<K, W, V> {
    waiting: BTreeMap<K, BTreeSet<W>>,
    answers: BTreeMap<K, (Timestamp, V)>,
    waiters: usize,
    waiters_max: usize,
    answers_max: usize,
}

impl<K: Ord + Clone, W: Ord, V: Clone> Singleflight<K, W, V> {
    /// With room for so many waiters, whatever they wait for, and for so many answers.
    #[must_use]
    pub const fn new(waiters_max: usize, answers_max: usize) -> Self {
        Self {
            waiting: BTreeMap::new(),
            answers: BTreeMap::new(),
            waiters: 0,
            waiters_max,
            answers_max,
        }
    }

    /// Somebody asks. With [`Asked::Fetch`] and [`Asked::Waits`], `waiter` is kept until the
    /// answer.
    pub fn ask(&mut self, now: Timestamp, key: &K, staleness: Staleness, waiter: W) -> Asked<V> {
        if let Some((read_at, value)) = self.answers.get(key)
            && now.since(*read_at) < staleness.max_age()
        {
            return Asked::Fresh(value.clone(), *read_at);
        }
        if self.waiters >= self.waiters_max {
            return Asked::Full;
        }
        match self.waiting.get_mut(key) {
            Some(waiters) => {
                self.waiters += usize::from(waiters.insert(waiter));
                Asked::Waits
            }
            None => {
                self.waiting.insert(key.clone(), BTreeSet::from([waiter]));
                self.waiters += 1;
                Asked::Fetch
            }
        }
    }

    /// The call is over, well or badly, or was shed. Gives back who waits for it, in their order;
    /// the next to ask makes the call anew, unless the answer was kept.
    pub fn ended(&mut self, key: &K) -> BTreeSet<W> {
        let waiters = self.waiting.remove(key).unwrap_or_default();
        self.waiters -= waiters.len();
        waiters
    }

    /// Keeps an answer for those who ask later, as of `read_at`, when its call was sent. One that
    /// grows stale at once is not worth keeping.
    pub fn keep(&mut self, read_at: Timestamp, key: &K, value: V) {
        if self.answers_max == 0 {
            return;
        }
        if self.answers.len() >= self.answers_max && !self.answers.contains_key(key) {
            let oldest = self.answers.iter().min_by_key(|(_, (at, _))| *at);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.answers.remove(&oldest);
            }
        }
        self.answers.insert(key.clone(), (read_at, value));
    }

    /// Somebody waits no longer. Tells whether anybody still does.
    pub fn leave(&mut self, key: &K, waiter: &W) -> bool {
        let Some(waiters) = self.waiting.get_mut(key) else {
            return false;
        };
        self.waiters -= usize::from(waiters.remove(waiter));
        let is_waited_for = !waiters.is_empty();
        if !is_waited_for {
            self.waiting.remove(key);
        }
        is_waited_for
    }

    /// What is known of this is wrong now, however fresh.
    pub fn invalidate(&mut self, key: &K) {
        self.answers.remove(key);
    }

    /// Who waits for this, in their order; none when nobody does.
    #[must_use]
    pub fn waiting<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&BTreeSet<W>>
    where
        K: Borrow<Q>,
    {
        self.waiting.get(key)
    }

    /// How many wait now.
    #[must_use]
    pub const fn waiters(&self) -> usize {
        self.waiters
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cases::cases;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn many_who_ask_at_once_are_one_call() {
        let mut reads: Singleflight<&str, u32, u64> = Singleflight::new(4, 4);
        let mut ask = |waiter| reads.ask(NOW, &"fees", Staleness::Fees, waiter);
        assert_eq!([ask(1), ask(2), ask(3)], [Asked::Fetch, Asked::Waits, Asked::Waits]);
        assert_eq!(reads.ask(NOW, &"time", Staleness::Live, 5), Asked::Fetch);
        assert_eq!(reads.ask(NOW, &"fees", Staleness::Fees, 4), Asked::Full);
        reads.keep(NOW, &"fees", 42);
        assert_eq!(reads.ended(&"fees").into_iter().collect::<Vec<_>>(), [1, 2, 3]);
        let later = NOW + Duration::from_secs(3_599);
        assert_eq!(reads.ask(later, &"fees", Staleness::Fees, 6), Asked::Fresh(42, NOW));
        assert_eq!(reads.ask(later, &"fees", Staleness::Permissions, 6), Asked::Fetch);
        assert_eq!(reads.ended(&"fees").into_iter().collect::<Vec<_>>(), [6]);
        reads.invalidate(&"fees");
        assert_eq!(reads.ask(later, &"fees", Staleness::Fees, 7), Asked::Fetch);
        assert_eq!(reads.waiters(), 2);
        assert_eq!(reads.waiting(&"time"), Some(&BTreeSet::from([5])));
        assert_eq!(reads.waiting(&"none"), None);
    }

    #[test]
    fn who_leaves_frees_a_place_and_the_last_one_the_key() {
        let mut reads: Singleflight<&str, u32, ()> = Singleflight::new(2, 0);
        assert_eq!(reads.ask(NOW, &"time", Staleness::Live, 1), Asked::Fetch);
        assert_eq!(reads.ask(NOW, &"time", Staleness::Live, 2), Asked::Waits);
        assert!(reads.leave(&"time", &1));
        assert_eq!(reads.ask(NOW, &"time", Staleness::Live, 3), Asked::Waits);
        assert!(reads.leave(&"time", &2));
        assert!(!reads.leave(&"time", &3));
        assert!(!reads.leave(&"time", &3), "twice is once");
        assert_eq!(reads.waiters(), 0);
        assert_eq!(reads.ask(NOW, &"time", Staleness::Live, 4), Asked::Fetch);
    }

    #[test]
    fn what_is_live_is_never_given_twice_and_answers_are_bounded() {
        let mut reads: Singleflight<u32, u32, u32> = Singleflight::new(64, 2);
        for key in 0..5 {
            let read_at = NOW + Duration::from_secs(u64::from(key));
            reads.keep(read_at, &key, key);
            assert_eq!(reads.ask(read_at, &key, Staleness::Live, key), Asked::Fetch);
        }
        assert_eq!(reads.answers.keys().copied().collect::<Vec<_>>(), [3, 4]);
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Ask { key: u8, staleness: Staleness, waiter: u8 },
        End { key: u8, keeps: bool },
        Leave { key: u8, waiter: u8 },
        Invalidate { key: u8 },
        Pass { secs: u64 },
    }

    fn step() -> impl Strategy<Value = Step> {
        let kinds = [Staleness::Instruments, Staleness::Permissions, Staleness::Live];
        let staleness = prop::sample::select(kinds.to_vec());
        prop_oneof![
            8 => (0_u8..4, staleness, any::<u8>())
                .prop_map(|(key, staleness, waiter)| Step::Ask { key, staleness, waiter }),
            3 => (0_u8..4, any::<bool>()).prop_map(|(key, keeps)| Step::End { key, keeps }),
            2 => (0_u8..4, any::<u8>()).prop_map(|(key, waiter)| Step::Leave { key, waiter }),
            1 => (0_u8..4).prop_map(|key| Step::Invalidate { key }),
            2 => (0_u64..2_000).prop_map(|secs| Step::Pass { secs }),
        ]
    }

    proptest! {
        #![proptest_config(cases())]

        /// Of each key, one call flies; whoever asked is told once, and nobody is given what is too
        /// old for them.
        #[test]
        fn one_call_of_a_key_flies_and_all_who_asked_are_told(
            steps in prop::collection::vec(step(), 1..200),
            waiters_max in 1_usize..8,
            answers_max in 0_usize..4,
        ) {
            let mut now = NOW;
            let mut reads: Singleflight<u8, u32, u64> = Singleflight::new(waiters_max, answers_max);
            let mut flights: BTreeMap<u8, BTreeSet<u32>> = BTreeMap::new();
            let mut kept: BTreeMap<u8, (Timestamp, u64)> = BTreeMap::new();
            let mut value = 0;
            for (index, step) in (0_u32..).zip(steps) {
                match step {
                    Step::Ask { key, staleness, waiter } => {
                        // Some ask twice.
                        let waiter = if waiter < 40 { u32::from(waiter) % 4 } else { 100 + index };
                        let in_flight = flights.contains_key(&key);
                        let is_full = reads.waiters() >= waiters_max;
                        let asked = reads.ask(now, &key, staleness, waiter);
                        match asked {
                            Asked::Fresh(value, read_at) => {
                                prop_assert_eq!(kept.get(&key), Some(&(read_at, value)));
                                prop_assert!(now.since(read_at) < staleness.max_age());
                            }
                            Asked::Fetch => prop_assert!(!in_flight, "two calls of {}", key),
                            Asked::Waits => prop_assert!(in_flight, "nobody has called {}", key),
                            Asked::Full => prop_assert!(is_full),
                        }
                        if matches!(asked, Asked::Fetch | Asked::Waits) {
                            flights.entry(key).or_default().insert(waiter);
                        }
                    }
                    Step::End { key, keeps } => {
                        if keeps && answers_max > 0 {
                            value += 1;
                            reads.keep(now, &key, value);
                            kept.insert(key, (now, value));
                        }
                        prop_assert_eq!(reads.ended(&key), flights.remove(&key).unwrap_or_default());
                    }
                    Step::Leave { key, waiter } => {
                        let waiting = flights.get_mut(&key);
                        let of = waiting.as_ref().map_or(0, |waiting| waiting.len().max(1));
                        let place = usize::from(waiter) % of.max(1);
                        let waiter = waiting.and_then(|waiting| waiting.iter().nth(place).copied());
                        let waiter = waiter.unwrap_or(0);
                        let is_left = flights.get_mut(&key).is_some_and(|waiting| {
                            waiting.remove(&waiter);
                            !waiting.is_empty()
                        });
                        prop_assert_eq!(reads.leave(&key, &waiter), is_left);
                        if !is_left {
                            flights.remove(&key);
                        }
                    }
                    Step::Invalidate { key } => {
                        reads.invalidate(&key);
                        kept.remove(&key);
                    }
                    Step::Pass { secs } => now = now + Duration::from_secs(secs),
                }
                let waiters: usize = flights.values().map(BTreeSet::len).sum();
                prop_assert_eq!(reads.waiters(), waiters);
                prop_assert!(waiters <= waiters_max && reads.answers.len() <= answers_max);
            }
        }
    }
}
