//! Whether a strategy still comes back.
//!
//! The driver looks at each strategy ten times a second. A callback that is found to be the same
//! one for longer than its bound hangs: an endless loop, a lock that is never given back, a call to
//! something far away. The time between two looks counts for a second at the most, so that a
//! process which was stopped for an hour blames nobody for it.

use std::time::Duration;

use tradewind_engine::StrategyFailure;
use tradewind_model::time::Timestamp;

/// What the time between two looks counts for at the most.
const LOOK_MAX: Duration = Duration::from_secs(1);

/// What was seen of one strategy.
#[derive(Debug)]
pub(crate) struct HostWatch {
    callback_max: Duration,
    inbox_max: usize,
    calls: u64,
    lasting: Duration,
    looked_at: Timestamp,
    has_failed: bool,
}

impl HostWatch {
    pub(crate) const fn new(now: Timestamp, callback_max: Duration, inbox_max: usize) -> Self {
        Self {
            callback_max,
            inbox_max,
            calls: 0,
            lasting: Duration::ZERO,
            looked_at: now,
            has_failed: false,
        }
    }

    /// Looks at the count of calls, which is odd during one, and at what waits; says once how the
    /// strategy has failed.
    pub(crate) fn look(
        &mut self,
        now: Timestamp,
        calls: u64,
        waiting: usize,
    ) -> Option<StrategyFailure> {
        let passed = now.since(self.looked_at).min(LOOK_MAX);
        self.looked_at = now;
        let is_same_call = calls % 2 == 1 && calls == self.calls;
        self.lasting = if is_same_call { self.lasting + passed } else { Duration::ZERO };
        self.calls = calls;
        let failure = if self.has_failed {
            None
        } else if self.lasting > self.callback_max {
            Some(StrategyFailure::Hung(self.lasting))
        } else if waiting > self.inbox_max {
            Some(StrategyFailure::Flooded(waiting))
        } else {
            None
        };
        self.has_failed |= failure.is_some();
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn watch() -> HostWatch {
        HostWatch::new(at(0), Duration::from_secs(5), 100)
    }

    #[test]
    fn a_callback_that_does_not_come_back_is_told_of_once() {
        let mut watch = watch();
        let told: Vec<_> =
            (1..200).filter(|look| watch.look(at(look * 100), 7, 0).is_some()).collect();
        assert_eq!(told, [52], "five seconds after the first look that has seen it");
    }

    #[test]
    fn many_callbacks_are_not_one_that_hangs() {
        let mut watch = watch();
        for look in 1..1_000 {
            assert_eq!(watch.look(at(look * 100), look * 2 + 1, 0), None);
            assert_eq!(watch.look(at(look * 100 + 50), look * 2 + 2, 0), None);
        }
    }

    #[test]
    fn a_process_that_was_stopped_blames_nobody() {
        let mut watch = watch();
        assert_eq!(watch.look(at(100), 3, 0), None);
        assert_eq!(watch.look(at(3_600_000), 3, 0), None);
        assert_eq!(watch.look(at(3_600_100), 4, 0), None);
    }

    #[test]
    fn one_that_falls_behind_is_told_of() {
        let mut watch = watch();
        assert_eq!(watch.look(at(100), 2, 100), None);
        assert_eq!(watch.look(at(200), 4, 101), Some(StrategyFailure::Flooded(101)));
        assert_eq!(watch.look(at(300), 6, 500), None);
    }
}
