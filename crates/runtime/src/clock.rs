//! The only reader of a clock.

use std::time::{Duration, Instant, SystemTime};

use tradewind_model::time::Timestamp;

/// A clock that never goes back: the wall's time when it was made, and what the monotonic clock
/// has counted since. A wall clock that is set anew does not move it.
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
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        // A wall clock before 1970 is not set at all; the venue's own clock corrects both.
        let started_at = Timestamp::EPOCH + wall.unwrap_or(Duration::ZERO);
        Self { started_at, started: Instant::now() }
    }

    /// The wall's time now, which is all that processes have in common. Nothing is decided by it.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    pub fn wall(&self) -> Timestamp {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Timestamp::EPOCH + wall.unwrap_or(Duration::ZERO)
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.started_at + self.started.elapsed()
    }
}
