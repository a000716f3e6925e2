//! The recent starts of one instance, so that a crash loop does not become a ban.
//!
//! A process that begins asks the venue for some hundred weight before its first order. One
//! that dies at once and is started again at once by whoever watches over it asks for that every
//! second. So a start that follows a short life waits, twice as long each time.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tradewind_model::Timestamp;

use super::document::{self, Damage, exact};

/// A life that was shorter than this counts as a failure.
const SHORT: Duration = Duration::from_secs(60);
/// So many starts in a row, after short lives, are nobody's doing but a loop's.
const LOOP: usize = 3;
/// What the first of these waits.
const DELAY: Duration = Duration::from_secs(5);
/// What none waits longer than.
const DELAY_MAX: Duration = Duration::from_secs(300);
/// Starts that are remembered: more than it takes to reach the longest delay.
const KEPT: usize = 16;

/// The starts of one instance, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Starts {
    starts: Vec<Start>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Start {
    #[serde(with = "exact")]
    at: Timestamp,
    /// How long it held back before its first call.
    delay_ms: u64,
}

/// What a start is told about those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// How many starts in a row, this one included, each followed a life of less than a minute.
    pub in_a_row: usize,
    /// How long to hold back before the first call.
    pub delay: Duration,
}

#[derive(Serialize, Deserialize)]
struct Body {
    starts: Vec<Start>,
}

impl Starts {
    /// Reads them from their file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &[u8]) -> Result<Self, Damage> {
        let (_, Body { mut starts }) = document::read(text)?;
        starts.truncate(KEPT);
        Ok(Self { starts })
    }

    /// The text of their file.
    #[must_use]
    pub fn render(&self, now: Timestamp) -> Vec<u8> {
        document::write(now, Body { starts: self.starts.clone() })
    }

    /// Notes a start, and says how it is to go.
    pub fn note(&mut self, now: Timestamp) -> Turn {
        let in_a_row = self.in_a_row(now) + 1;
        let delay = match in_a_row.checked_sub(LOOP) {
            None => Duration::ZERO,
            Some(beyond) => {
                let factor = 1_u32.checked_shl(u32::try_from(beyond).unwrap_or(u32::MAX));
                DELAY.saturating_mul(factor.unwrap_or(u32::MAX)).min(DELAY_MAX)
            }
        };
        if self.starts.len() >= KEPT {
            self.starts.remove(0);
        }
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.starts.push(Start { at: now, delay_ms });
        Turn { in_a_row, delay }
    }

    /// How many starts before `now` led to a short life, one after the other.
    fn in_a_row(&self, now: Timestamp) -> usize {
        let ends = self.starts.iter().skip(1).map(|next| next.at).chain([now]);
        let lives: Vec<_> = self.starts.iter().zip(ends).collect();
        let is_short = |(start, end): &&(&Start, Timestamp)| {
            let Start { at, delay_ms } = **start;
            // What it held back is none of its life, or a long delay would end the row.
            end.since(at + Duration::from_millis(delay_ms)) < SHORT
        };
        lives.iter().rev().take_while(is_short).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn at(secs: u64) -> Timestamp {
        NOW + Duration::from_secs(secs)
    }

    #[test]
    fn the_third_start_within_a_minute_holds_back_and_each_after_it_twice_as_long() {
        let mut starts = Starts::default();
        let mut now = NOW;
        let mut delays = Vec::new();
        for _ in 0..12 {
            let Turn { delay, .. } = starts.note(now);
            delays.push(delay.as_secs());
            // It dies a second after it has begun.
            now = now + delay + Duration::from_secs(1);
        }
        assert_eq!(delays, [0, 0, 5, 10, 20, 40, 80, 160, 300, 300, 300, 300]);
    }

    #[test]
    fn a_life_of_a_minute_ends_the_row() {
        let mut starts = Starts::default();
        for secs in [0, 1] {
            starts.note(at(secs));
        }
        assert_eq!(starts.note(at(2)), Turn { in_a_row: 3, delay: DELAY });
        assert_eq!(starts.note(at(66)).in_a_row, 4, "it lived for 59 s");
        let late = starts.note(at(66 + 10 + 60));
        assert_eq!(late, Turn { in_a_row: 1, delay: Duration::ZERO });
    }

    #[test]
    fn starts_now_and_then_hold_back_nothing() {
        let mut starts = Starts::default();
        for hour in 0..50 {
            assert_eq!(starts.note(at(hour * 3_600)).delay, Duration::ZERO);
        }
        assert_eq!(starts.starts.len(), KEPT);
    }

    #[test]
    fn what_is_written_is_what_is_read_and_nothing_else_is() {
        let mut starts = Starts::default();
        starts.note(at(1));
        starts.note(at(2));
        starts.note(at(3));
        let text = starts.render(at(3));
        assert_eq!(Starts::parse(&text), Ok(starts));
        assert!(Starts::parse(&text[..text.len() / 2]).is_err());
        assert!(Starts::parse(b"").is_err());
    }
}
