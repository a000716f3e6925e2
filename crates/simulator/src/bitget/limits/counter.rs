//! One counter, over calendar windows or over the time that has just passed.

use std::collections::VecDeque;
use std::time::Duration;

use tradewind_model::Timestamp;

use super::Windows;
use crate::limits::Window;

/// A counter of requests.
#[derive(Debug)]
pub(super) enum Counter {
    Fixed(Window),
    Sliding {
        lasts: Duration,
        /// When, and how many; what is too old is let go of.
        taken: VecDeque<(Timestamp, u32)>,
    },
}

impl Counter {
    pub(super) const fn new(windows: Windows, lasts: Duration) -> Self {
        match windows {
            Windows::Fixed => Self::Fixed(Window::new(lasts, u32::MAX)),
            Windows::Sliding => Self::Sliding { lasts, taken: VecDeque::new() },
        }
    }

    /// Counts, and returns what the window then holds.
    pub(super) fn add(&mut self, now: Timestamp, count: u32) -> u32 {
        match self {
            Self::Fixed(window) => window.add(now, count),
            Self::Sliding { taken, .. } => {
                // Those of one moment are one entry, so that no flood takes room.
                match taken.back_mut() {
                    Some((at, sum)) if *at == now => *sum = sum.saturating_add(count),
                    Some(_) | None => taken.push_back((now, count)),
                }
                self.used(now)
            }
        }
    }

    pub(super) fn used(&mut self, now: Timestamp) -> u32 {
        match self {
            Self::Fixed(window) => window.used(now),
            Self::Sliding { lasts, taken } => {
                while taken.pop_front_if(|(at, _)| now.since(*at) >= *lasts).is_some() {}
                taken.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
            }
        }
    }
}
