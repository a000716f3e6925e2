//! Requests that the venue says no to again and again.
//!
//! A strategy that sends the same bad order in a loop spends its budgets on refusals, and looks to
//! the venue like something broken. After three times the same answer to the same request, the
//! fourth is refused here; one a minute still goes, to see whether the venue has changed its mind.

use std::collections::BTreeMap;
use std::time::Duration;

use arrayvec::ArrayVec;
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
/// How many different answers to one request are told apart; beyond that, the oldest gives way.
const CODES_MAX: usize = 4;
/// How much of the venue's words is kept, in characters.
const WORDS_MAX: usize = 160;

/// Remembers what was refused.
#[derive(Clone, Debug, Default)]
pub struct RefusalBreaker {
    entries: BTreeMap<(Symbol, u64), Entry>,
    openings: u64,
}

/// One request.
#[derive(Clone, Debug, Default)]
struct Entry {
    /// What the venue has answered, by code.
    answers: ArrayVec<Answer, CODES_MAX>,
    /// When the last of them came.
    refused_at: Timestamp,
    /// When one may go to see; none while all may.
    next_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Answer {
    code: i64,
    times: u32,
    at: Timestamp,
    words: Box<str>,
}

/// The same request was refused too often.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "refused {times} times alike ({words}, code {code}); change the request, or wait until {until}"
)]
pub struct RefusedAlike {
    /// The venue's code, each time.
    pub code: i64,
    /// The venue's words, the last time.
    pub words: String,
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
        if self.entries.is_empty() {
            return Ok(());
        }
        let Some(entry) = self.entries.get_mut(&(symbol.clone(), fingerprint)) else {
            return Ok(());
        };
        match entry.refused_alike(now) {
            Some(alike) if now < alike.until => Err(alike),
            Some(_) => {
                entry.next_at = Some(now + PROBE_EVERY);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The venue has refused a request. Gives back what is known of it when that opens its
    /// breaker: once for each opening.
    pub fn note_refused(
        &mut self,
        now: Timestamp,
        symbol: &Symbol,
        fingerprint: u64,
        code: i64,
        words: &str,
    ) -> Option<RefusedAlike> {
        let key = (symbol.clone(), fingerprint);
        if !self.entries.contains_key(&key) {
            self.make_room(now);
        }
        let entry = self.entries.entry(key).or_default();
        let was_open = entry.refused_alike(now).is_some();
        entry.note(now, code, words);
        let alike = entry.refused_alike(now);
        if alike.is_some() {
            entry.next_at = Some(now + PROBE_EVERY);
        }
        let opened = entry.refused_alike(now).filter(|_| !was_open);
        self.openings += u64::from(opened.is_some());
        opened
    }

    /// The venue has accepted a request.
    pub fn note_accepted(&mut self, symbol: &Symbol, fingerprint: u64) {
        if !self.entries.is_empty() {
            self.entries.remove(&(symbol.clone(), fingerprint));
        }
    }

    /// How often a request was refused alike for the first time too many.
    #[must_use]
    pub const fn openings(&self) -> u64 {
        self.openings
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

impl Entry {
    /// The answer that came too often, if one did.
    fn refused_alike(&self, now: Timestamp) -> Option<RefusedAlike> {
        let fresh = self.answers.iter().filter(|answer| now.since(answer.at) < MEMORY);
        let most = fresh.max_by_key(|answer| (answer.times, answer.at))?;
        (most.times >= IDENTICAL).then(|| RefusedAlike {
            code: most.code,
            words: most.words.to_string(),
            times: most.times,
            until: self.next_at.unwrap_or(now),
        })
    }

    fn note(&mut self, now: Timestamp, code: i64, words: &str) {
        self.refused_at = now;
        self.answers.retain(|answer| now.since(answer.at) < MEMORY);
        let words = words.chars().take(WORDS_MAX).collect::<String>().into_boxed_str();
        if let Some(answer) = self.answers.iter_mut().find(|answer| answer.code == code) {
            answer.times = answer.times.saturating_add(1);
            (answer.at, answer.words) = (now, words);
            return;
        }
        if self.answers.is_full() {
            let oldest = self.answers.iter().enumerate().min_by_key(|(_, answer)| answer.at);
            if let Some(oldest) = oldest.map(|(place, _)| place) {
                self.answers.remove(oldest);
            }
        }
        self.answers.push(Answer { code, times: 1, at: now, words });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn symbol() -> Symbol {
        Symbol::new("BTCUSDT")
    }

    fn refuse(breaker: &mut RefusalBreaker, at: Timestamp, code: i64) -> Option<RefusedAlike> {
        breaker.note_refused(at, &symbol(), 7, code, "no")
    }

    #[test]
    fn after_three_refusals_alike_one_a_minute_goes() {
        let mut breaker = RefusalBreaker::default();
        for _ in 0..3 {
            assert_eq!(breaker.check(NOW, &symbol(), 7), Ok(()));
            refuse(&mut breaker, NOW, -1013);
        }
        let until = NOW + PROBE_EVERY;
        let refused = RefusedAlike { code: -1013, words: "no".to_owned(), times: 3, until };
        assert_eq!(breaker.check(NOW, &symbol(), 7), Err(refused));
        assert_eq!(breaker.check(NOW, &symbol(), 8), Ok(()), "another request");
        assert_eq!(breaker.check(NOW, &Symbol::new("ETHUSDT"), 7), Ok(()), "another symbol");
        assert_eq!(breaker.check(until, &symbol(), 7), Ok(()));
        assert!(breaker.check(until, &symbol(), 7).is_err(), "one, not two");
        breaker.note_accepted(&symbol(), 7);
        assert_eq!(breaker.check(until, &symbol(), 7), Ok(()));
    }

    #[test]
    fn each_opening_is_told_once() {
        let mut breaker = RefusalBreaker::default();
        let told: Vec<_> = (0..6).map(|_| refuse(&mut breaker, NOW, -1).is_some()).collect();
        assert_eq!(told, [false, false, true, false, false, false]);
        breaker.note_accepted(&symbol(), 7);
        let told: Vec<_> = (0..4).map(|_| refuse(&mut breaker, NOW, -1).is_some()).collect();
        assert_eq!(told, [false, false, true, false], "closed in between");
        assert_eq!(breaker.openings(), 2);
    }

    #[test]
    fn answers_are_counted_by_their_codes_and_forgotten_after_a_while() {
        let mut breaker = RefusalBreaker::default();
        for code in [-2010, -1013, -2010, -1013] {
            refuse(&mut breaker, NOW, code);
        }
        assert_eq!(breaker.check(NOW, &symbol(), 7), Ok(()));
        refuse(&mut breaker, NOW, -2010);
        assert!(breaker.check(NOW, &symbol(), 7).is_err_and(|alike| alike.code == -2010));
        assert_eq!(breaker.check(NOW + MEMORY, &symbol(), 7), Ok(()), "long ago");
        for code in 0..10 {
            refuse(&mut breaker, NOW, code);
        }
        let kept = &breaker.entries[&(symbol(), 7)];
        assert_eq!(kept.answers.len(), CODES_MAX);
    }

    #[test]
    fn no_more_is_remembered_than_has_room() {
        let mut breaker = RefusalBreaker::default();
        let words = "w".repeat(10_000);
        for request in 0..3_000 {
            let now = NOW + Duration::from_millis(request);
            breaker.note_refused(now, &symbol(), request, -1, &words);
        }
        assert_eq!(breaker.entries.len(), ENTRIES_MAX);
        assert!(breaker.entries.contains_key(&(symbol(), 2_999)));
        assert!(!breaker.entries.contains_key(&(symbol(), 0)));
        let longest = breaker.entries.values().flat_map(|entry| &entry.answers);
        assert!(longest.map(|answer| answer.words.len()).max() <= Some(WORDS_MAX));
    }
}
