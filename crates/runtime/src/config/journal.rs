//! `[journal]`: how orders, trades and decisions are written down.

use std::time::Duration;

use serde::Deserialize;

/// For how many days orders that are over are kept, unless somebody says otherwise.
const KEEP_DAYS: u64 = 90;
/// And at the most: a hundred years.
const KEEP_DAYS_MAX: u64 = 36_500;
/// A day.
const DAY: Duration = Duration::from_hours(24);

/// How orders, trades and decisions are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalSection {
    /// What a record survives from the moment on at which an order may rest on it.
    pub durability: JournalDurability,
    /// For how many days orders that are over are kept; what they traded stays counted for ever.
    pub keep_days: u64,
}

impl Default for JournalSection {
    fn default() -> Self {
        Self { durability: JournalDurability::default(), keep_days: KEEP_DAYS }
    }
}

impl JournalSection {
    /// What is out of its bounds, with the way out.
    pub(super) fn check(&self) -> Result<(), String> {
        let days = self.keep_days;
        if (1..=KEEP_DAYS_MAX).contains(&days) {
            return Ok(());
        }
        Err(format!("journal.keep_days is {days}; use 1 to {KEEP_DAYS_MAX}"))
    }

    /// How old what is over may become.
    #[must_use]
    pub fn keep(&self) -> Duration {
        DAY.saturating_mul(u32::try_from(self.keep_days).unwrap_or(u32::MAX))
    }
}

/// What a record of the journal survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalDurability {
    /// The death of the process. A loss of power can cost the last moments; orders that are
    /// forgotten by that are found at the venue by their names. Decisions survive it always.
    #[default]
    Normal,
    /// A loss of power as well: each order waits for the disk.
    Full,
}
