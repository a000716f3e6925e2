//! `[router]`: how orders move from one route to another.

use std::time::Duration;

use serde::Deserialize;
use tradewind_model::money::Quantity;
use tradewind_router::{OnOpen, OnShut, Policy};

/// The longest time that is kept between two moves: a day.
const WINDOW_MAX_S: u64 = 86_400;
/// How long a route that is not up to date may be borne with at the most, in milliseconds.
const PATIENCE_MAX_MS: u64 = 600_000;

/// How orders move from one route to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouterSection {
    /// What becomes of orders that rest where a venue has shut its door.
    pub on_shut: WhenShut,
    /// With `mirror`: the most, in base asset, that may come to be held or sold by then.
    pub mirror_cap: Option<Quantity>,
    /// What becomes of them once it is open again.
    pub on_open: WhenOpen,
    /// How long home has to be healthy before orders go there again, in seconds; a strategy's
    /// orders of an instrument are moved at most once in as long. 0 to 86,400.
    pub fail_back_after_s: u64,
    /// How long a route that is not up to date is borne with, in milliseconds: 0 to 600,000.
    pub patience_ms: u64,
    /// The most that a strategy may come to hold of an instrument, or to have sold, over all
    /// routes, in base asset.
    pub max_position: Option<Quantity>,
}

/// See [`OnShut`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenShut {
    /// They stay, and only new orders go elsewhere.
    #[default]
    NewOnly,
    /// They are placed again elsewhere as well.
    Mirror,
}

/// See [`OnOpen`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenOpen {
    /// They are canceled before anything new goes there.
    #[default]
    CancelFirst,
    /// They stay.
    Keep,
}

impl Default for RouterSection {
    fn default() -> Self {
        let Policy { window, patience, .. } = Policy::default();
        Self {
            on_shut: WhenShut::default(),
            mirror_cap: None,
            on_open: WhenOpen::default(),
            fail_back_after_s: window.as_secs(),
            patience_ms: u64::try_from(patience.as_millis()).unwrap_or(PATIENCE_MAX_MS),
            max_position: None,
        }
    }
}

impl RouterSection {
    /// The same, as the router takes it.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let on_shut = match (self.on_shut, self.mirror_cap) {
            (WhenShut::Mirror, Some(cap)) => OnShut::Mirror { cap },
            (WhenShut::Mirror, None) | (WhenShut::NewOnly, _) => OnShut::NewOnly,
        };
        let on_open = match self.on_open {
            WhenOpen::CancelFirst => OnOpen::CancelFirst,
            WhenOpen::Keep => OnOpen::Keep,
        };
        Policy {
            on_shut,
            on_open,
            window: Duration::from_secs(self.fail_back_after_s),
            patience: Duration::from_millis(self.patience_ms),
            most: self.max_position,
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.on_shut == WhenShut::Mirror && self.mirror_cap.is_none() {
            let message = "router.on_shut is `mirror` and nothing bounds what may be held twice; \
                           set router.mirror_cap, in base asset";
            return Err(message.to_owned());
        }
        if self.fail_back_after_s > WINDOW_MAX_S {
            let given = self.fail_back_after_s;
            return Err(format!("router.fail_back_after_s is {given}; use 0 to {WINDOW_MAX_S}"));
        }
        if self.patience_ms > PATIENCE_MAX_MS {
            let given = self.patience_ms;
            return Err(format!("router.patience_ms is {given}; use 0 to {PATIENCE_MAX_MS}"));
        }
        Ok(())
    }
}
