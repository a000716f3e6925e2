//! The only reader of a clock.

use std::time::{Duration, Instant, SystemTime};

use tradewind_model::time::Timestamp;

/// A clock that never goes back: the wall's time when it was made, and what the monotonic clock
/// has counted since. A wall clock that is set anew does not move it; while the machine sleeps it
/// stands still, which is what a [`WallWatch`] is for.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started_at: Timestamp,
    started: Instant,
}

impl Clock {
    /// A clock that begins at the wall's time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    pub fn start() -> Self {
        Self { started_at: wall(), started: Instant::now() }
    }

    /// The wall's time now, which is all that processes have in common. Nothing is decided by it.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        wall()
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.started_at + self.started.elapsed()
    }
}

/// The wall's time. A wall clock before 1970 is not set at all; the venue's own clock corrects
/// both.
#[expect(clippy::disallowed_methods, reason = "this is where time enters")]
fn wall() -> Timestamp {
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp::EPOCH + wall.unwrap_or(Duration::ZERO)
}

/// What the wall's clock may move against the monotonic one between two looks without anybody
/// having slept or set it.
const DRIFT_MAX: Duration = Duration::from_secs(1);

/// Compares the wall's clock with ours. It is never gone by; that it has jumped says that the
/// machine slept, or that somebody has set it.
#[derive(Clone, Copy, Debug)]
pub struct WallWatch {
    clock: Clock,
    jumps: Jumps,
}

impl WallWatch {
    /// Watches from now on.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, jumps: Jumps::new(clock.now(), wall()) }
    }

    /// By how many nanoseconds the wall's clock has moved against ours since the last look; none
    /// when by no more than drift explains. To be asked before anything is sent.
    pub fn look(&mut self) -> Option<i64> {
        self.jumps.look(self.clock.now(), wall())
    }
}

/// Two clocks that should keep step.
#[derive(Clone, Copy, Debug)]
struct Jumps {
    ahead_nanos: i64,
}

impl Jumps {
    fn new(ours: Timestamp, wall: Timestamp) -> Self {
        Self { ahead_nanos: ahead(ours, wall) }
    }

    fn look(&mut self, ours: Timestamp, wall: Timestamp) -> Option<i64> {
        let ahead_nanos = ahead(ours, wall);
        let moved = ahead_nanos.saturating_sub(self.ahead_nanos);
        // Compared with the last look and not with the first: drift adds up over days.
        self.ahead_nanos = ahead_nanos;
        (Duration::from_nanos(moved.unsigned_abs()) > DRIFT_MAX).then_some(moved)
    }
}

fn ahead(ours: Timestamp, wall: Timestamp) -> i64 {
    let apart = i64::try_from(wall.as_nanos().abs_diff(ours.as_nanos())).unwrap_or(i64::MAX);
    if wall >= ours { apart } else { -apart }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_sleep_or_a_step_is_seen_once_and_drift_never() {
        let mut jumps = Jumps::new(at(1_000), at(5_000));
        // An hour of drift at 500 parts in a million, looked at every ten seconds.
        for look in 1..=360 {
            let (ours, wall) = (at(1_000 + look * 10_000), at(5_000 + look * 10_005));
            assert_eq!(jumps.look(ours, wall), None);
        }
        let (ours, wall) = (3_601_000, 3_606_800);
        assert_eq!(jumps.look(at(ours + 100), at(wall + 3_600_100)), Some(3_600_000_000_000));
        assert_eq!(jumps.look(at(ours + 200), at(wall + 3_600_200)), None, "once");
        assert_eq!(jumps.look(at(ours + 300), at(wall + 300)), Some(-3_600_000_000_000));
        assert_eq!(jumps.look(at(ours + 400), at(wall + 1_400)), None, "a second is no jump");
        assert_eq!(jumps.look(at(ours + 500), at(wall + 2_501)), Some(1_001_000_000));
    }

    #[test]
    fn a_machine_that_stays_awake_sees_no_jump() {
        let clock = Clock::start();
        let mut watch = WallWatch::new(clock);
        assert_eq!((0..1_000).find_map(|_| watch.look()), None);
        assert!(clock.now() >= clock.started_at);
    }
}
