//! One counter over calendar windows.

use std::time::Duration;

use tradewind_model::Timestamp;

/// A counter that falls to zero whenever a calendar window of its length begins.
#[derive(Clone, Debug)]
pub struct Window {
    interval: Duration,
    limit: u32,
    index: u64,
    used: u32,
}

impl Window {
    /// An empty counter of at most `limit` per `interval`, which must not be zero.
    #[must_use]
    pub const fn new(interval: Duration, limit: u32) -> Self {
        Self { interval, limit, index: 0, used: 0 }
    }

    /// How much fits into one window.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// What the current window holds.
    pub fn used(&mut self, now: Timestamp) -> u32 {
        self.roll(now);
        self.used
    }

    /// Adds to the current window, past the limit too, and returns what it then holds.
    pub fn add(&mut self, now: Timestamp, count: u32) -> u32 {
        self.roll(now);
        self.used = self.used.saturating_add(count);
        self.used
    }

    /// Takes from the current window, never below zero.
    pub fn give_back(&mut self, now: Timestamp, count: u32) {
        self.roll(now);
        self.used = self.used.saturating_sub(count);
    }

    /// When the current window ends.
    #[must_use]
    pub fn ends_at(&self, now: Timestamp) -> Timestamp {
        now.window_start(self.interval) + self.interval
    }

    fn roll(&mut self, now: Timestamp) {
        let index = now.window_index(self.interval);
        if index > self.index {
            self.index = index;
            self.used = 0;
        }
    }
}
