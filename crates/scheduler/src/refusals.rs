//! Requests that the venue says no to again and again.
//!
//! A strategy that sends the same bad order in a loop spends its budgets on refusals, and looks to
//! the venue like something broken. After three times the same answer to the same request, the
//! fourth is refused here; one a minute still goes, to see whether the venue has changed its mind.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::Timestamp;
use tradewind_model::id::Symbol;

/// After so many times the same answer, no more is asked.
const IDENTICAL: u32 = 3;
/// But for one in this time.
const PROBE_EVERY: Duration = Duration::from_secs(60);
/// Answers older than this are forgotten.
const MEMORY: Duration = Duration::from_secs(600);
/// How many requests are remembered; beyond that, those that were refused longest ago are not.
const ENTRIES_MAX: usize = 1_024;

/// Remembers what was refused.
#[derive(Clone, Debug, Default)]
pub struct RefusalBreaker {
    entries: BTreeMap<(Symbol, u64), Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    code: i64,
    times: u32,
    refused_at: Timestamp,
    /// When one may go to see; only means anything once it is refused here.
    next_at: Timestamp,
}

/// The same request was refused too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused {times} times alike with code {code}; change the request, or wait until {until}")]
pub struct RefusedAlike {
    /// The venue's code, each time.
    pub code: i64,
    /// How often.
    pub times: u32,
    /// When one may go again.
    pub until: Timestamp,
}

impl RefusalBreaker {
    /// Whether a request may be asked. `fingerprint` is of all of it that the venue may object to,
    /// without what differs each time: ids and times.
    ///
    /// # Errors
    /// When the same was refused too often. One a minute is let through.
    pub fn check(
        &mut self,
        now: Timestamp,
        symbol: &Symbol,
        fingerprint: u64,
    ) -> Result<(), RefusedAlike> {
        let Some(entry) = self.entries.get_mut(&(symbol.clone(), fingerprint)) else {
            return Ok(());
        };
        if entry.times < IDENTICAL || now.since(entry.refused_at) >= MEMORY {
            return Ok(());
        }
        if now < entry.next_at {
            let Entry { code, times, next_at, .. } = *entry;
            return Err(RefusedAlike { code, times, until: next_at });
        }
        entry.next_at = now + PROBE_EVERY;
        Ok(())
    }

    /// The venue has refused a request.
    pub fn note_refused(&mut self, now: Timestamp, symbol: &Symbol, fingerprint: u64, code: i64) {
        let key = (symbol.clone(), fingerprint);
        if !self.entries.contains_key(&key) {
            self.make_room(now);
        }
        let next_at = now + PROBE_EVERY;
        let fresh = Entry { code, times: 0, refused_at: now, next_at };
        let entry = self.entries.entry(key).or_insert(fresh);
        if entry.code != code || now.since(entry.refused_at) >= MEMORY {
            *entry = fresh;
        }
        entry.times = entry.times.saturating_add(1);
        (entry.refused_at, entry.next_at) = (now, next_at);
    }

    /// The venue has accepted a request.
    pub fn note_accepted(&mut self, symbol: &Symbol, fingerprint: u64) {
        if !self.entries.is_empty() {
            self.entries.remove(&(symbol.clone(), fingerprint));
        }
    }

    fn make_room(&mut self, now: Timestamp) {
        if self.entries.len() < ENTRIES_MAX {
            return;
        }
        self.entries.retain(|_, entry| now.since(entry.refused_at) < MEMORY);
        if self.entries.len() < ENTRIES_MAX {
            return;
        }
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.refused_at);
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.entries.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn symbol() -> Symbol {
        Symbol::new("BTCUSDT")
    }

    #[test]
    fn after_three_refusals_alike_one_a_minute_goes() {
        let mut breaker = RefusalBreaker::default();
        for _ in 0..3 {
            assert_eq!(breaker.check(NOW, &symbol(), 7), Ok(()));
            breaker.note_refused(NOW, &symbol(), 7, -1013);
        }
        let until = NOW + PROBE_EVERY;
        let refused = Err(RefusedAlike { code: -1013, times: 3, until });
        assert_eq!(breaker.check(NOW, &symbol(), 7), refused);
        assert_eq!(breaker.check(NOW, &symbol(), 8), Ok(()), "another request");
        assert_eq!(breaker.check(until, &symbol(), 7), Ok(()));
        assert!(breaker.check(until, &symbol(), 7).is_err(), "one, not two");
        breaker.note_accepted(&symbol(), 7);
        assert_eq!(breaker.check(until, &symbol(), 7), Ok(()));
    }

    #[test]
    fn another_answer_begins_anew() {
        let mut breaker = RefusalBreaker::default();
        for code in [-2010, -2010, -1013, -2010, -2010] {
            breaker.note_refused(NOW, &symbol(), 7, code);
        }
        assert_eq!(breaker.check(NOW, &symbol(), 7), Ok(()));
        breaker.note_refused(NOW, &symbol(), 7, -2010);
        assert!(breaker.check(NOW, &symbol(), 7).is_err());
        assert_eq!(breaker.check(NOW + MEMORY, &symbol(), 7), Ok(()), "long ago");
    }

    #[test]
    fn no_more_is_remembered_than_has_room() {
        let mut breaker = RefusalBreaker::default();
        for request in 0..3_000 {
            let now = NOW + Duration::from_millis(request);
            breaker.note_refused(now, &symbol(), request, -1);
        }
        assert_eq!(breaker.entries.len(), ENTRIES_MAX);
        assert!(breaker.entries.contains_key(&(symbol(), 2_999)));
        assert!(!breaker.entries.contains_key(&(symbol(), 0)));
    }
}
