//! `[scheduler]`: how many calls are under way at once, and which part of the limits is ours.

use serde::Deserialize;
use tradewind_scheduler::{Concurrency, SchedulerConfig};

/// Processes that share a venue's limits at the most: with more, a part of the smallest limit is
/// nothing.
const SHARE_MAX: u32 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SchedulerSection {
    orders: u32,
    private: u32,
    public: u32,
    streams: u32,
    share: Share,
}

impl Default for SchedulerSection {
    fn default() -> Self {
        let Concurrency { orders, private, public, streams } = Concurrency::default();
        Self { orders, private, public, streams, share: Share::default() }
    }
}

/// One part of so many: `1/20`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Spelled")]
struct Share(u32);

impl Default for Share {
    /// All of it.
    fn default() -> Self {
        Self(1)
    }
}

/// A share as somebody may write it; only one of these is right.
#[derive(Deserialize)]
#[serde(untagged)]
enum Spelled {
    Text(String),
    Whole(i64),
    Fraction(f64),
}

/// No text that says a share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "scheduler.share is {text}; write \"1/20\" for one of twenty processes, with 1 to \
     {SHARE_MAX} below the line"
)]
struct InvalidShare {
    text: String,
}

impl TryFrom<Spelled> for Share {
    type Error = InvalidShare;

    fn try_from(spelled: Spelled) -> Result<Self, InvalidShare> {
        let text = match spelled {
            Spelled::Text(text) => text,
            // All of it is one of one, however it is written.
            Spelled::Whole(1) => return Ok(Self(1)),
            Spelled::Whole(whole) => return Err(InvalidShare { text: whole.to_string() }),
            Spelled::Fraction(fraction) => {
                return Err(InvalidShare { text: fraction.to_string() });
            }
        };
        let below = text.trim().strip_prefix("1/").and_then(|below| below.trim().parse().ok());
        match below {
            Some(below) if (1..=SHARE_MAX).contains(&below) => Ok(Self(below)),
            _ => Err(InvalidShare { text: format!("{text:?}") }),
        }
    }
}

impl SchedulerSection {
    /// The scheduler of it.
    pub(super) fn config(&self) -> SchedulerConfig {
        let Self { orders, private, public, streams, share: Share(share) } = *self;
        let concurrency = Concurrency { orders, private, public, streams };
        SchedulerConfig { concurrency, share, ..SchedulerConfig::default() }
    }
}
