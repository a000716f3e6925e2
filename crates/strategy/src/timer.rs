//! Timers of a strategy: one live timer a key.

use std::collections::BTreeMap;
use std::time::Duration;

use tradewind_model::time::Timestamp;

/// A strategy's own name of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerKey(pub u32);

/// When a timer is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Once, at this moment or as soon as possible after it.
    At(Timestamp),
    /// Again and again, this far apart; at least a millisecond. Beats that were missed are not
    /// made up for.
    Every(Duration),
}

#[derive(Clone, Copy, Debug)]
struct Timer {
    due: Timestamp,
    every: Option<Duration>,
}

/// The live timers.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    by_key: BTreeMap<TimerKey, Timer>,
}

impl Timers {
    /// The most timers a strategy can have; the rest are refused.
    pub(crate) const MAX: usize = 1_024;

    /// Sets a timer in place of the one of the same key.
    pub(crate) fn set(&mut self, now: Timestamp, key: TimerKey, schedule: Schedule) -> bool {
        if self.by_key.len() >= Self::MAX && !self.by_key.contains_key(&key) {
            return false;
        }
        let timer = match schedule {
            Schedule::At(due) => Timer { due, every: None },
            Schedule::Every(every) => {
                let every = every.max(Duration::from_millis(1));
                Timer { due: now + every, every: Some(every) }
            }
        };
        self.by_key.insert(key, timer);
        true
    }

    pub(crate) fn clear(&mut self, key: TimerKey) {
        self.by_key.remove(&key);
    }

    /// When the next timer is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.by_key.values().map(|timer| timer.due).min()
    }

    /// Takes the timer that has been due longest, if one is.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<TimerKey> {
        let due = self.by_key.iter().filter(|(_, timer)| timer.due <= now);
        let (key, timer) = due.min_by_key(|(key, timer)| (timer.due, **key))?;
        let (key, timer) = (*key, *timer);
        match timer.every {
            Some(every) => {
                self.by_key.insert(key, Timer { due: now + every, every: Some(every) });
            }
            None => {
                self.by_key.remove(&key);
            }
        }
        Some(key)
    }
}
